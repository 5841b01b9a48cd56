"""Images written as a table of numbers, one image in each line, with its class before or after its pixels: as Kaggle passes MNIST on."""

from __future__ import annotations

import gzip
import itertools
import math
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wgan_core.data.dataset import DataError
from wgan_core.data.picture_files import HELD_OUT_NAMES, PICTURE_SUFFIXES, TRAINING_NAMES, printable

SUFFIXES = (".csv", ".csv.gz", ".tsv")
_LABEL_NAMES = frozenset(("label", "labels", "class", "target", "y", "digit"))
_FEWEST_PIXELS = 16
_AT_ONCE = 2_000
"""Lines that are read in one piece."""
_LONGEST_LINE = 10_000_000
_MOST_CHARACTERS = 4 * 10**9
_DAMAGED = (OSError, EOFError, ValueError, zlib.error)
"""What reading a file raises that is damaged, packed or not, or no text."""

Progress = Callable[[str, int, int], None]


class PixelTable(NamedTuple):
    """Images [n, h, w], or [n, h, w, 3] in colour, uint8 or float32, and their labels [n], if there are any."""

    images: NDArray[np.generic]
    labels: NDArray[np.generic] | None


class _Layout(NamedTuple):
    separator: str
    headings: int
    """Lines before the first image."""
    columns: int
    label: int | None
    """Where the class stands, from 0; None without classes."""
    channels: int


def is_pixel_table(path: Path) -> bool:
    """Whether a file is such a table, judged by its first two lines. Never raises."""
    try:
        return path.name.lower().endswith(SUFFIXES) and path.is_file() and _layout(path) is not None
    except _DAMAGED:
        return False


def tables_in(folder: Path) -> dict[bool, Path]:
    """The training table (False) and the held-out one (True) of a folder that holds such tables, and neither pictures nor folders, beside
    which a table of numbers is about them; empty if it is none. A single table is for training; of two, one is called test or
    validation."""
    try:
        entries = sorted((entry for entry in os.scandir(folder) if not entry.name.startswith(".")), key=lambda entry: entry.name)
        if any(entry.is_dir() or os.path.splitext(entry.name)[1].lower() in PICTURE_SUFFIXES for entry in entries):
            return {}
    except OSError:
        return {}
    tables = [folder / entry.name for entry in entries if is_pixel_table(folder / entry.name)]
    found = {_is_held_out(path): path for path in tables}
    if len(tables) == 1:
        return {False: tables[0]}
    return found if len(tables) == 2 and len(found) == 2 else {}


def _is_held_out(path: Path) -> bool:
    words = set(path.name.lower().split(".")[0].replace("-", "_").split("_"))
    return bool(words & HELD_OUT_NAMES) and not words & TRAINING_NAMES


_last: dict[tuple[Path, int, int], PixelTable] = {}
"""The two tables that were read last, such as a training and a test table. A page asks for them several times: for the number of images,
for examples, for the training."""


def read_pixel_table(path: Path, progress: Progress) -> PixelTable:
    """The images of a table. If all their numbers are whole and from 0 to 255 they become uint8. Raises DataError with one sentence that
    names the line."""
    stat = path.stat()
    key = path, stat.st_size, stat.st_mtime_ns
    found = _last.get(key)
    if found is None:
        try:
            found = _read(path, stat.st_size, progress)
        except _DAMAGED as error:
            if isinstance(error, DataError):
                raise
            raise DataError(f"{printable(path.name)} is damaged, or no text in UTF-8: fetch or save it again.") from None
        for old in list(_last)[:-1]:
            _last.pop(old, None)
        _last[key] = found
    return found


def _read(path: Path, size: int, progress: Progress) -> PixelTable:
    layout = _layout(path)
    if layout is None:
        raise DataError(f"{printable(path.name)} has changed and is no table of pixels any more.")
    pixels: list[NDArray[np.generic]] = []
    labels: list[NDArray[np.float32]] = []
    done = 0
    with _opened(path) as file:
        for _ in range(layout.headings):
            file.readline()
        for first, lines in _pieces(file, layout.headings + 1):
            cells = _numbers(lines, first, layout, printable(path.name))
            if layout.label is not None:
                labels.append(cells[:, layout.label])
                cells = np.delete(cells, layout.label, axis=1)
            bytes_only = bool(((cells >= 0) & (cells <= 255) & (cells == np.floor(cells))).all())
            pixels.append(cells.astype(np.uint8) if bytes_only else cells)
            done += sum(map(len, lines))
            if done > _MOST_CHARACTERS:
                most = f"{_MOST_CHARACTERS / 1e9:.0f}"
                raise DataError(f"{printable(path.name)} has more than {most} GB of text: store its images as an array with numpy.save.")
            progress("Reading the table", min(done, size), size)
    if not all(part.dtype == np.uint8 for part in pixels):
        pixels = [part.astype(np.float32) for part in pixels]
    joined = np.concatenate(pixels)
    side = math.isqrt(joined.shape[1] // layout.channels)
    images = joined.reshape(-1, side, side) if layout.channels == 1 else joined.reshape(-1, 3, side, side).transpose(0, 2, 3, 1)
    classes = np.concatenate(labels) if labels else None
    whole = classes is not None and bool((classes == np.floor(classes)).all())
    return PixelTable(images, classes.astype(np.int64) if whole and classes is not None else classes)


def _pieces(file: IO[str], number: int) -> Iterator[tuple[int, list[str]]]:
    """The lines in pieces, each with the number of its first line, without empty lines."""
    while lines := list(itertools.takewhile(bool, (file.readline(_LONGEST_LINE) for _ in range(_AT_ONCE)))):
        filled = [line for line in lines if line.strip()]
        if filled:
            yield number, filled
        number += len(lines)


def _numbers(lines: list[str], first: int, layout: _Layout, name: str) -> NDArray[np.float32]:
    try:
        found = np.loadtxt(lines, dtype=np.float32, delimiter=layout.separator, comments=None, quotechar='"', ndmin=2)
    except ValueError:
        found = None
    if found is not None and found.shape == (len(lines), layout.columns) and np.isfinite(found).all():
        return found
    for number, line in enumerate(lines, first):
        cells = _cells(line, layout.separator)
        if len(cells) != layout.columns:
            raise DataError(f"Line {number:,} of {name} has {len(cells):,} columns, and the first has {layout.columns:,}: mend that line.")
        if not all(map(_is_number, cells)):
            raise DataError(f"Line {number:,} of {name} holds something other than numbers: fill in or remove that line.")
    raise DataError(f"{name} cannot be read from line {first:,} on: save it as CSV text in UTF-8.")


def _layout(path: Path) -> _Layout | None:
    with _opened(path) as file:
        lines = [line for line in (file.readline(_LONGEST_LINE) for _ in range(2)) if line.strip()]
    if not lines:
        return None
    separator = next((sign for sign in (",", "\t", ";") if sign in lines[-1]), ",")
    head, last = _cells(lines[0], separator), _cells(lines[-1], separator)
    if len(head) != len(last) or not all(map(_is_number, last)):
        return None
    named = not all(map(_is_number, head))
    labels = [index for index, cell in enumerate(head) if cell.lower() in _LABEL_NAMES] if named else []
    if not labels and _channels(len(last)) is None and _channels(len(last) - 1) is not None:
        labels = [0]
    channels = _channels(len(last) - len(labels))
    if channels is None or len(labels) > 1:
        return None
    return _Layout(separator, int(named), len(last), labels[0] if labels else None, channels)


def _channels(pixels: int) -> int | None:
    """1 or 3, if so many numbers make a square image of so many channels; else None."""
    fits = (channels for channels in (1, 3) if pixels % channels == 0 and math.isqrt(pixels // channels) ** 2 * channels == pixels)
    return next(fits, None) if pixels >= _FEWEST_PIXELS else None


def _cells(line: str, separator: str) -> list[str]:
    return [cell.strip().strip('"') for cell in line.lstrip("\ufeff").rstrip("\r\n").split(separator)]


def _is_number(cell: str) -> bool:
    try:
        return math.isfinite(float(cell))
    except ValueError:
        return False


def _opened(path: Path) -> IO[str]:
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding="utf-8-sig")
    return path.open(encoding="utf-8-sig")
