"""Runs of one setting with other seeds, taken together: the mean and the band from the lowest to the highest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wgan_core.compare.differences import OF_THE_MACHINE
from wgan_core.compare.side import Side
from wgan_core.config import has_schedule

Numbers = NDArray[np.float64]
_POINTS = 400


@dataclass(frozen=True)
class Band:
    """Several curves as one, each [n]."""

    x: Numbers
    mean: Numbers
    low: Numbers
    high: Numbers
    count: int


def groups(sides: Sequence[Side]) -> tuple[tuple[int, ...], ...]:
    """The places of runs that differ in nothing but their seed and their machine, together; the others alone. In the order of `sides`."""
    found: dict[object, list[int]] = {}
    for place, side in enumerate(sides):
        found.setdefault(_but_for_the_seed(side), []).append(place)
    apart: list[tuple[int, ...]] = []
    for places in found.values():
        seeds = {sides[place].started.seed for place in places}
        # Two runs with one seed are no two draws of anything.
        apart += [tuple(places)] if len(seeds) == len(places) else [(place,) for place in places]
    return tuple(sorted(apart))


def _but_for_the_seed(side: Side) -> object:
    courses = side.described.courses
    # With a schedule, the length decides the values.
    apart = OF_THE_MACHINE | ({"seed", "max_steps"} if not has_schedule(side.started) else {"seed"})
    kept = tuple(courses[name] for name in courses if name not in apart)
    return kept, side.described.data, side.described.origin, side.until


def band(curves: Sequence[tuple[Numbers, Numbers]]) -> Band:
    """Mean, lowest and highest of curves (x, y), over the part of the axis that all of them cover.

    curves: x ascending and y finite, [n] each, at least one point each.
    """
    first = max(float(x[0]) for x, _ in curves)
    last = min(float(x[-1]) for x, _ in curves)
    if last < first:
        empty = np.empty(0)
        return Band(empty, empty, empty, empty, len(curves))
    x = np.linspace(first, last, _POINTS) if last > first else np.array([first])
    values = np.stack([np.interp(x, *curve) for curve in curves])
    return Band(x, values.mean(0), values.min(0), values.max(0), len(curves))
