"""A CSV file of points in the plane as a data set, and the folder where uploaded files are kept."""

from __future__ import annotations

import hashlib
import math
import os
import re
from pathlib import Path

import numpy as np
import platformdirs
import torch
from numpy.typing import NDArray

from wgan_core.data.dataset import DataError, Dataset

MAX_POINTS = 1_000_000
MAX_BYTES = 100_000_000
HALF_WIDTH = 2.0
"""Points are scaled to lie in [-2, 2] in both directions, about as large as the published toy data."""


def load_points(file: str) -> Dataset:
    """The points of a CSV file: two numbers per line, separated by a comma, a semicolon, a tab or spaces. A first line of headings and
    empty lines are skipped.

    The centre of the bounding box is moved to 0 and everything is divided by one factor, so that the wider side reaches from -2 to 2. This
    keeps the shape, gives the networks numbers of a suitable size, and fixes the limits of plots. The notes state the shift and the factor.

    Raises:
        DataError: there is no such file, it is too large, it has too few or too many lines, or a line is not two finite numbers.
    """
    if not file.strip():
        raise DataError("csv needs a file of points: upload one on the Train page, or write its path into the data folder setting.")
    path = Path(os.path.expanduser(file))  # unlike Path.expanduser, leaves ~nobody as it is
    points = _parse(path.name, _lines(path))
    low, high = points.min(0), points.max(0)
    middle, factor = low / 2 + high / 2, float((high / 2 - low / 2).max()) / HALF_WIDTH
    if not factor > 0:
        raise DataError(f"All points in {path.name} are the same, so there is nothing to learn: add different ones.")
    scaled = torch.from_numpy(((points - middle) / factor).astype(np.float32))
    note = f"The points of {path.name} were shifted and scaled to lie in [-2, 2]: x' = (x - {middle[0]:.6g}) / {factor:.6g}, "
    return Dataset("csv", scaled, source=str(path), notes=(f"{note}y' = (y - {middle[1]:.6g}) / {factor:.6g}.",))


def _lines(path: Path) -> list[tuple[int, str]]:
    """The non-empty lines of a file, each with its line number, counted from 1."""
    try:
        if not path.is_file():
            raise DataError(f"There is no file {path}: write the path of a CSV file of points into the data folder setting.")
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path.name} has more than {MAX_BYTES // 10**6} MB: keep at most {MAX_POINTS:,} points.")
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except (OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        reason = "it is not text" if isinstance(error, UnicodeDecodeError) else getattr(error, "strerror", None) or str(error)
        raise DataError(f"{path.name} cannot be read ({reason}): save it as CSV text in UTF-8.") from None
    if text.count("\n") > MAX_POINTS + 1:
        raise DataError(f"{path.name} has more than {MAX_POINTS:,} lines: keep at most {MAX_POINTS:,} points.")
    return [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]


def _parse(name: str, lines: list[tuple[int, str]]) -> NDArray[np.float64]:
    """The points [n, 2] in the lines of a file. Raises DataError."""
    if lines and len(cells := _cells(lines[0][1])) == 2 and not any(map(_is_number, cells)):  # headings
        lines = lines[1:]
    if not 2 <= len(lines) <= MAX_POINTS:
        raise DataError(f"{name} holds {len(lines):,} points, one per line: it should hold from 2 to {MAX_POINTS:,}.")
    points = np.empty((len(lines), 2))
    for row, (number, line) in enumerate(lines):
        numbers = _numbers(line)
        if numbers is None:
            raise DataError(f"Line {number} of {name} {_fault(line)}: each line should be two numbers, x and y, such as 0.5,-1.25.")
        points[row] = numbers
    return points


def _cells(line: str) -> list[str]:
    separator = next((mark for mark in (";", "\t", ",") if mark in line), None)
    return [cell.strip() for cell in line.split(separator)]


def _numbers(line: str) -> list[float] | None:
    """The two numbers of a line; None if the line is anything else."""
    try:
        numbers = [float(cell) for cell in _cells(line)]
    except ValueError:
        return None
    return numbers if len(numbers) == 2 and all(map(math.isfinite, numbers)) else None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _fault(line: str) -> str:
    """What is wrong with a line. The line itself is not quoted, because a link can name any file that the server can read."""
    cells = _cells(line)
    if len(cells) != 2:
        return f"has {len(cells)} {'column' if len(cells) == 1 else 'columns'}"
    return "is not two finite numbers"


def keep_upload(name: str, content: bytes) -> Path:
    """Keep an uploaded file in the user's cache, named after the file and a hash of its contents, so that runs find it again. Returns its
    path.

    Raises:
        DataError: it cannot be written.
    """
    folder = Path(platformdirs.user_cache_dir("wgan-playground")) / "uploads"
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(name).stem).strip("-")[:60] or "points"
    path = folder / f"{stem}-{hashlib.blake2b(content, digest_size=6).hexdigest()}.csv"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            aside = path.with_suffix(".part")
            aside.write_bytes(content)
            aside.replace(path)
    except OSError as error:
        raise DataError(f"The upload cannot be saved in {folder} ({error.strerror}): free some space there.") from error
    return path
