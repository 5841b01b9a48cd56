"""Tables of points as spreadsheets and programs write them: which signs separate cells and decimals, what is a heading, a comment or an
index.

Nothing of the file is quoted in a message, because a link can name any file that the server can read.
"""

from __future__ import annotations

import csv
import itertools
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from wgan_core.config.whole import whole_number
from wgan_core.data.dataset import DataError

_SEPARATORS = (";", "\t", "|", ",", None)
"""None: blanks. Of several that fit equally well, the first."""
_COMMENTS = ("#", "%", "//", "!")
_MISSING = frozenset(("", "na", "n/a", "#n/a", "nan", "-nan", "null", "none", "nil", ".", "-", "--", "?", "missing", "#value!", "<na>"))
_INDEX_NAMES = frozenset(
    ("", "index", "idx", "id", "row", "nr", "no", "no.", "n", "#", "unnamed: 0", "rowname", "row.names", "rownames", "obs")
)
_NAMES = (("x", "y"), ("x1", "x2"), ("x0", "x1"), ("lon", "lat"), ("longitude", "latitude"), ("v1", "v2"))
_GROUPS = re.compile(r"(?<=\d)['’\u00a0\u202f\u2009 ](?=\d{3}(?!\d))")
_BRACKETS = str.maketrans("", "", "()[]{}")
_COMMA_THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?(e[-+]?\d+)?")
_POINT_THOUSANDS = re.compile(r"[-+]?\d{1,3}(\.\d{3})+(,\d*)?(e[-+]?\d+)?")
_COMMA_DECIMAL = re.compile(r"[-+]?\d*,\d*(e[-+]?\d+)?")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?|[-+]?inf(inity)?|[-+]?nan")
_WAY_OUT = "each line should be two numbers, x and y, such as 0.5,-1.25"
_TRIED_LINES = 200
_MIXED = "mixed"


@dataclass
class Table:
    """The points [n, 2] of a file, and what the user should know about how they were read."""

    points: NDArray[np.float64]
    notes: list[str] = field(default_factory=list)
    plain: bool = False
    """Whether every line after at most one heading is two numbers, written as most programs do."""


def read_table(name: str, text: str, most: int) -> Table:
    """The points in the text of a file called `name`, at most `most`. Raises DataError with one sentence that names the cause."""
    lines, separator = _lines(text)
    separator = _separator(lines) if separator is _MIXED else separator
    whole = [(number, _cells(line, separator)) for number, line in lines]
    head, rows = _without_headings(whole)
    if not rows and len(whole) > 1:
        raise DataError(f"Line {whole[1][0]} of {name} is not two finite numbers: {_WAY_OUT}. No other line of it is.")
    if rows and all(cells[-1:] == [""] for _, cells in rows) and len(rows[0][1]) > 2:  # a separator at the end of each line
        rows = [(number, cells[:-1]) for number, cells in rows]
    if not rows:
        raise DataError(_count(name, 0, most))
    notes: list[str] = []
    rows = _two_columns(name, head, rows, notes)
    if not 2 <= len(rows) <= most:
        raise DataError(_count(name, len(rows), most))
    points = _numbers(name, rows, notes)
    if len(points) < 2:
        raise DataError(_count(name, len(points), most))
    plain = not notes and len(points) == len(rows) and all(map(_is_plain, cells_of(rows)))
    return Table(points, notes, plain and len(rows) >= len(lines) - 1 and not text.lstrip().startswith(_COMMENTS))


def cells_of(rows: list[tuple[int, list[str]]]) -> Iterator[str]:
    """All cells."""
    return (cell for _, cells in rows for cell in cells)


def _is_plain(cell: str) -> bool:
    return _NUMBER.fullmatch(cell.lower()) is not None


def _count(name: str, count: int, most: int) -> str:
    return f"{name} holds {count:,} points, one per line: it should hold from 2 to {most:,}."


def _lines(text: str) -> tuple[list[tuple[int, str]], str | None]:
    """The lines with their numbers, without empty ones and comments, and the separator that Excel's first line may name."""
    separator: str | None = _MIXED
    lines: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip()
        if number == 1 and (named := re.fullmatch(r'"?sep=(.|\\t)"?', stripped)):
            separator = "\t" if named[1] == "\\t" else named[1]
        elif stripped and (not stripped.startswith(_COMMENTS) or stripped.upper().startswith(("#N/A", "#VALUE!"))):
            lines.append((number, line))
    return lines, separator


def _separator(lines: Sequence[tuple[int, str]]) -> str | None:
    """The sign for which the most lines consist of numbers, two in a line if possible."""

    def fit(separator: str | None) -> tuple[int, int]:
        split = [_cells(line, separator) for _, line in lines[-_TRIED_LINES:]]
        sound = [cells for cells in split if len(cells) > 1 and any(map(_may_be_number, cells))]
        whole = sum(all(_may_be_number(cell) or _is_missing(cell) for cell in cells) for cells in sound)
        return whole, sum(len(cells) == 2 for cells in sound)

    fits = {separator: fit(separator) for separator in _SEPARATORS}
    best = max(fits.values())
    if best[0] == 0:  # no line is sound: the message counts the columns of the usual separator
        return next((mark for mark in (";", "\t", ",") if any(mark in line for _, line in lines[-1:])), None)
    return next(separator for separator in _SEPARATORS if fits[separator] == best)


def _cells(line: str, separator: str | None) -> list[str]:
    if '"' in line and separator is not None:
        try:
            line_cells = next(csv.reader([line.strip()], delimiter=separator, skipinitialspace=True), [])
        except csv.Error:
            line_cells = line.split(separator)
    else:
        line_cells = line.split(separator)
    return [cell.strip().strip("\"'") for cell in line_cells]


def _tidy(cell: str) -> str:
    """A cell with the signs of other languages as Python writes them, but with its commas."""
    cell = cell.translate(_BRACKETS).strip().replace("−", "-").replace("*^", "e").lower()
    cell = _GROUPS.sub("", cell)
    return re.sub(r"(?<=[\d.])d(?=[-+]?\d)", "e", cell)  # Fortran


def _is_missing(cell: str) -> bool:
    return cell.strip().lower() in _MISSING


def _may_be_number(cell: str) -> bool:
    tidy = _tidy(cell)
    patterns = (_NUMBER, _COMMA_DECIMAL, _COMMA_THOUSANDS, _POINT_THOUSANDS)
    return any(pattern.fullmatch(tidy) for pattern in patterns) and tidy not in ("", ",")


def _without_headings(rows: list[tuple[int, list[str]]]) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The last heading, and the rows after the headings: lines at the beginning that hold no number."""
    headings = list(itertools.takewhile(lambda row: not any(map(_may_be_number, row[1])), rows))
    return (headings[-1][1] if headings else []), rows[len(headings) :]


def _two_columns(name: str, head: list[str], rows: list[tuple[int, list[str]]], notes: list[str]) -> list[tuple[int, list[str]]]:
    """The rows with the two columns that hold the points. An index is left out. Raises DataError if it is not clear which they are."""
    widths = {len(cells) for _, cells in rows}
    if widths == {2}:
        return rows
    width = max(widths, key=lambda width: sum(len(cells) == width for _, cells in rows))
    if width == 3 and widths == {3} and _has_index(head, rows):
        notes.append(f"The first column of {name} numbers the lines, so it was left out.")
        return [(number, cells[1:]) for number, cells in rows]
    names = [cell.lower() for cell in head]
    chosen = next((pair for pair in _NAMES if names.count(pair[0]) == names.count(pair[1]) == 1 and "z" not in names), None)
    if chosen is not None and widths == {len(names)} and width > 2:
        first, second = (names.index(column) for column in chosen)
        notes.append(f"{name} has {width} columns: those called {chosen[0]} and {chosen[1]} were used.")
        return [(number, [cells[first], cells[second]]) for number, cells in rows]
    number, cells = next((number, cells) for number, cells in rows if len(cells) != 2)
    columns = f"{len(cells)} {'column' if len(cells) == 1 else 'columns'}"
    hint = ""
    if len(cells) == 4 and all(cell.lstrip("-+").isdecimal() for cell in cells):
        hint = " If it has decimal commas, write a semicolon between the numbers."
    elif len(cells) > 2:
        hint = " Keep two columns, or call them x and y in a first line."
    raise DataError(f"Line {number} of {name} has {columns}: {_WAY_OUT}.{hint}")


def _has_index(head: list[str], rows: list[tuple[int, list[str]]]) -> bool:
    """Whether the first of three columns only counts the rows. A heading of two names belongs to the other two, as in R."""
    if len(head) == 3 and head[0].lower() not in _INDEX_NAMES:
        return False
    first = [cells[0] for _, cells in rows]
    counted = [whole_number(cell) for cell in first]
    if any(number is None for number in counted):
        return len(head) == 2 or (len(head) == 3 and head[0] == "")  # row names
    begin = counted[0] or 0
    in_order = counted == list(range(begin, begin + len(counted)))
    return in_order if head else in_order and begin in (0, 1) and len(counted) > 2


def _numbers(name: str, rows: list[tuple[int, list[str]]], notes: list[str]) -> NDArray[np.float64]:
    """The numbers of all rows. Rows with a missing number are left out. Raises DataError."""
    points = np.empty((len(rows), 2))
    kept, missing = 0, 0
    convert = _converter(name, rows)
    for number, cells in rows:
        if any(map(_is_missing, cells)):
            missing += 1
            continue
        try:
            x, y = convert(cells[0]), convert(cells[1])
        except ValueError:
            raise DataError(f"Line {number} of {name} is not two finite numbers: {_WAY_OUT}.") from None
        if not (math.isfinite(x) and math.isfinite(y)):
            raise DataError(f"Line {number} of {name} is not two finite numbers: one is infinite or too large. Remove that line.")
        points[kept] = x, y
        kept += 1
    if missing:
        lines = "1 line" if missing == 1 else f"{missing:,} lines"
        notes.append(f"{lines} of {name} with a missing number {'was' if missing == 1 else 'were'} left out.")
    return points[:kept]


def _converter(name: str, rows: list[tuple[int, list[str]]]) -> Callable[[str], float]:
    """What turns a cell into a number: Python's own reading, or one for the commas of this file. Raises DataError if it is not clear what
    the commas stand for."""
    cells = [cell for cell in cells_of(rows) if not _is_missing(cell)]
    with_comma = [_tidy(cell) for cell in cells if "," in cell]
    if not with_comma:
        # Points between groups of three, as in 1.234.567, cannot be decimals.
        if any(cell.count(".") > 1 for cell in cells):
            return lambda cell: _plain(_tidy(cell).replace(".", ""))
        return lambda cell: _plain(cell) if cell.isascii() and cell[-1:].isdigit() else _plain(_tidy(cell))
    decimal = any(_COMMA_DECIMAL.fullmatch(cell) and not _COMMA_THOUSANDS.fullmatch(cell) for cell in with_comma)
    decimal = decimal or any("." in cell and _POINT_THOUSANDS.fullmatch(cell) for cell in with_comma)
    thousands = any(_COMMA_THOUSANDS.fullmatch(cell) and ("." in cell or cell.count(",") > 1) for cell in with_comma)
    # 1,234 and 2.5 in one file: the point is the decimal sign.
    thousands = thousands or (not decimal and any("." in cell for cell in cells))
    if decimal and not thousands:
        return lambda cell: _plain(_tidy(cell).replace(".", "").replace(",", ".") if "," in cell else _tidy(cell))
    if thousands and not decimal:
        return lambda cell: _plain(_tidy(cell).replace(",", ""))
    raise DataError(
        f"In {name} it is not clear whether commas inside numbers stand for decimals or for thousands: save it with decimal points and "
        "without thousands separators."
    )


def _plain(cell: str) -> float:
    if "_" in cell:  # Python's own sign for thousands
        raise ValueError
    try:
        return float(cell)
    except ValueError:
        return float(_tidy(cell))
