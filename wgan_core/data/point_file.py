"""A file of points in the plane as a data set, and the folder where uploaded files are kept."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from wgan_core.data.array_errors import ARRAY_ERRORS
from wgan_core.data.dataset import DataError, Dataset
from wgan_core.data.picture_files import clean_path, printable
from wgan_core.data.point_text import Table, read_table
from wgan_core.data.uploads import store

MAX_POINTS = 1_000_000
MAX_BYTES = 100_000_000
HALF_WIDTH = 2.0
"""Points are scaled to lie in [-2, 2] in both directions, about as large as the published toy data."""
_OTHER_FILES = (
    (b"PK\x03\x04", "it is an Excel workbook or an archive"),
    (b"\xd0\xcf\x11\xe0", "it is an Excel workbook"),
    (b"%PDF", "it is a PDF"),
    (b"\x89PNG", "it is a picture"),
    (b"\xff\xd8\xff", "it is a picture"),
    (b"\x1f\x8b", "it is packed"),
    (b"PAR1", "it is a Parquet file"),
    (b"\x89HDF", "it is an HDF5 file"),
)


def load_points(file: str) -> Dataset:
    """The points of a CSV file, two numbers per line, as spreadsheets, R, pandas, NumPy and other programs write it (see `point_text`); or
    of a NumPy array [n, 2] (.npy).

    The centre of the bounding box is moved to 0 and everything is divided by one factor, so that the wider side reaches from -2 to 2. This
    keeps the shape, gives the networks numbers of a suitable size, and fixes the limits of plots. The notes state the shift and the factor.

    Raises:
        DataError: there is no such file, it is too large, it has too few or too many lines, or a line is not two finite numbers.
    """
    if not file.strip():
        raise DataError("csv needs a file of points: upload one on the Train page, or write its path into the data folder setting.")
    path = clean_path(file)
    name = printable(path.name)
    table = _array(path, name) if path.suffix.lower() == ".npy" and path.is_file() else read_table(name, _text(path, name), MAX_POINTS)
    points = table.points
    low, high = points.min(0), points.max(0)
    middle, factor = low / 2 + high / 2, float((high / 2 - low / 2).max()) / HALF_WIDTH
    if not factor > 0:
        raise DataError(f"All points in {name} are the same, so there is nothing to learn: add different ones.")
    scaled = torch.from_numpy(((points - middle) / factor).astype(np.float32))
    shifted = f"x' = (x - {middle[0]:.6g}) / {factor:.6g}, y' = (y - {middle[1]:.6g}) / {factor:.6g}"
    notes = (*table.notes, f"The points of {name} were shifted and scaled to lie in [-2, 2]: {shifted}.")
    return Dataset("csv", scaled, source=printable(str(path)), notes=notes, form=() if table.plain else ("table",))


def _text(path: Path, name: str) -> str:
    """The text of a file, with plain ends of lines."""
    try:
        if not path.is_file():
            raise DataError(
                f"There is no file {printable(str(path))}: write the path of a CSV file of points into the data folder setting."
            )
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{name} has more than {MAX_BYTES // 10**6} MB: keep at most {MAX_POINTS:,} points.")
        text = _decoded(path.read_bytes(), name).replace("\r\n", "\n").replace("\r", "\n")
    except (OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(_unreadable(name, getattr(error, "strerror", None) or "it is not text")) from None
    if text.count("\n") > MAX_POINTS + 100:  # some headings and comments
        raise DataError(f"{name} has more than {MAX_POINTS:,} lines: keep at most {MAX_POINTS:,} points.")
    return text


def _unreadable(name: str, reason: str) -> str:
    return f"{name} cannot be read ({reason}): save it as CSV text in UTF-8."


def _decoded(content: bytes, name: str) -> str:
    """Text in UTF-8, in UTF-16 as Excel's "Unicode text", or in the usual code page of Windows."""
    for beginning, what in _OTHER_FILES:
        if content.startswith(beginning):
            raise DataError(_unreadable(name, what))
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = content.decode("utf-16", "replace")
        if not any("0" <= character <= "9" for character in text):
            raise DataError(_unreadable(name, "it is not text"))
        return text
    if b"\0" in content:
        raise DataError(_unreadable(name, "it is not text"))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _array(path: Path, name: str) -> Table:
    try:
        array: NDArray[np.generic] = open_memmap(path, mode="r")
    except ARRAY_ERRORS:
        raise DataError(f"{name} cannot be read as a NumPy array: save it again with numpy.save.") from None
    if array.ndim != 2 or array.shape[1] != 2 or array.dtype.kind not in "iuf" or not 2 <= len(array) <= MAX_POINTS:
        shape = " × ".join(map(str, array.shape))
        raise DataError(f"{name} holds an array of {shape}: points are [number, 2], from 2 to {MAX_POINTS:,} of them.")
    points = np.array(array, dtype=np.float64)
    finite = np.isfinite(points).all(1)
    if finite.sum() < 2:
        raise DataError(f"{name} holds fewer than two points of finite numbers.")
    left_out = int((~finite).sum())
    which = "1 point" if left_out == 1 else f"{left_out:,} points"
    note = f"{which} of {name} that {'is' if left_out == 1 else 'are'} not finite {'was' if left_out == 1 else 'were'} left out."
    return Table(points[finite], [note] if left_out else [])


def keep_upload(name: str, content: bytes) -> Path:
    """Keep an uploaded file of points, named after the file and a hash of its contents, so that runs find it again. Returns its path.

    Raises:
        DataError: it cannot be written.
    """
    return store(name, content, ".npy" if name.lower().endswith(".npy") else ".csv")
