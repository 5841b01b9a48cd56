"""A comparison as tables for a spreadsheet: the curves in long form, and what differs together with the measures."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from wgan_core.compare.alignment import AXIS_TITLES, positions
from wgan_core.compare.curves import Kind, points
from wgan_core.compare.differences import Difference
from wgan_core.compare.measures import Row, Value
from wgan_core.compare.side import Side
from wgan_core.compare.words import conclusion


def curves_csv(sides: Mapping[str, Side], kinds: Sequence[Kind]) -> bytes:
    """One row for each point of each curve, with where it lies on every axis. sides: by letter."""
    header = [
        "Run",
        "Folder",
        *(f"{title[:1].upper()}{title[1:]}".replace(", s", " (s)") for title in AXIS_TITLES.values()),
        "Measure",
        "Value",
    ]
    lines: list[Sequence[object]] = []
    for letter, side in sides.items():
        for kind in kinds:
            curve = points(side, kind, "step")
            places = [positions(side, axis, curve.x) for axis in AXIS_TITLES]
            for index, value in enumerate(curve.y.tolist()):
                lines.append([letter, side.name, *(_number(float(place[index])) for place in places), kind.y_title, _number(value)])
    return _csv(header, lines)


def summary_csv(sides: Mapping[str, Side], differences: Sequence[Difference], rows: Sequence[Row]) -> bytes:
    """The runs, what differs between them, and their measures with noise, floor and best value; a column for each run."""
    lines: list[Sequence[object]] = [
        ["Folder", *(side.name for side in sides.values())],
        ["Last step", *(side.last for side in sides.values())],
    ]
    lines += [[row.label, *row.values] for row in differences]
    letters = "".join(sides)
    for row in rows:
        for what, of in _OF_A_VALUE:
            cells = [of(value) if value is not None else None for value in row.values]
            if any(cell is not None for cell in cells):
                lines.append([f"{row.title}{what}", *("" if cell is None else _number(cell) for cell in cells)])
        lines.append([f"{row.title}, what follows", conclusion(row, letters)])
    return _csv(["", *sides], lines)


_OF_A_VALUE: tuple[tuple[str, Callable[[Value], float | None]], ...] = (
    ("", lambda value: value.last),
    (", noise (two standard deviations)", lambda value: value.noise),
    (", floor", lambda value: value.floor),
    (", at step", lambda value: value.step),
    (", best", lambda value: value.best),
    (", best at step", lambda value: value.best_step),
)


def _number(value: float) -> str:
    return f"{value:.9g}" if np.isfinite(value) else ""


def _csv(header: Sequence[str], lines: Iterable[Sequence[object]]) -> bytes:
    """UTF-8 with a byte order mark, by which Excel knows the encoding."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(lines)
    return text.getvalue().encode("utf-8-sig")
