"""Tables for a terminal: columns that are as wide as what they hold, as far as the terminal goes."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

_GAP = 2


@dataclass
class Column:
    """One column."""

    heading: str
    cells: Sequence[str]
    right: bool = False
    least: int = 0
    """The width to which it may be cut; 0 if it is never cut."""
    enough: int = 10**6
    """It is cut to this width to make room for optional columns."""
    optional: bool = False
    """Whether it is left out where there is no room for it."""

    @property
    def width(self) -> int:
        """Of its widest cell."""
        return max(cells_wide(text) for text in (self.heading, *self.cells))


def lines(columns: Sequence[Column], width: int) -> list[str]:
    """The table, at most `width` cells of a terminal wide where its columns can be cut as far as that."""
    columns = _that_fit(columns, width)
    widths = [column.width for column in columns]
    too_wide = sum(widths) + _GAP * (len(widths) - 1) - width
    for at, column in enumerate(columns):
        if column.least and too_wide > 0:
            cut = min(too_wide, max(0, widths[at] - column.least))
            widths[at] -= cut
            too_wide -= cut
    rows = [[column.heading for column in columns], *zip(*(column.cells for column in columns), strict=True)]
    return [_line(columns, widths, row) for row in rows]


def _that_fit(columns: Sequence[Column], width: int) -> list[Column]:
    """All columns that must be there, and of the others as many as have room beside them."""
    room = width - sum(min(column.width, column.enough) + _GAP for column in columns if not column.optional)
    taken = itertools.accumulate(column.width + _GAP for column in columns if column.optional)
    fitting = sum(1 for end in taken if end <= room)
    optional = [column for column in columns if column.optional][:fitting]
    return [column for column in columns if not column.optional or column in optional]


def _line(columns: Sequence[Column], widths: Sequence[int], row: Sequence[str]) -> str:
    cells = [_fitted(text, width, right=column.right) for column, width, text in zip(columns, widths, row, strict=True)]
    return (" " * _GAP).join(cells).rstrip()


def _fitted(text: str, width: int, *, right: bool) -> str:
    if cells_wide(text) > width:
        while cells_wide(text) > width - 1:
            text = text[:-1]
        text += "…"
    blanks = " " * (width - cells_wide(text))
    return blanks + text if right else text + blanks


def cells_wide(text: str) -> int:
    """How many cells of a terminal a text takes: two for a Chinese or Japanese character, none for an accent put on the one before."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.combining(letter) > 0 or unicodedata.category(letter) == "Cf" for letter in text)


def short_duration(seconds: float) -> str:
    """At most six characters: 40s, 12m, 3h05m, 2d04h."""
    minutes, hours = round(seconds / 60), int(seconds // 3600)
    if seconds < 90:
        return f"{seconds:.0f}s"
    if minutes < 90:
        return f"{minutes}m"
    return f"{hours}h{int(seconds % 3600 // 60):02d}m" if hours < 48 else f"{hours // 24}d{hours % 24:02d}h"


def short_size(size: int) -> str:
    """In MB, or GB from a thousand."""
    return f"{size / 1e6:.1f}MB" if size < 1e9 else f"{size / 1e9:.1f}GB"
