"""Curves of several runs along one axis: critic updates, generator updates, real samples seen, or seconds of training."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from wgan_core.compare.side import Side
from wgan_core.store.history import column

Numbers = NDArray[np.float64]
Axis = Literal["step", "generator_updates", "samples", "seconds"]
AXES: tuple[Axis, ...] = get_args(Axis)
AXIS_TITLES: dict[Axis, str] = {
    "step": "critic updates",
    "generator_updates": "generator updates",
    "samples": "real samples seen",
    "seconds": "training time, s",
}

_SCALE_POINTS = 400


def positions(side: Side, axis: Axis, steps: Iterable[float]) -> Numbers:
    """Where `steps` of a run lie on the axis, [n]. Between two recorded steps, generator updates and seconds are interpolated."""
    at = np.asarray(tuple(steps), dtype=np.float64)
    if axis == "step":
        return at
    if axis == "samples":
        begun, sizes = zip(*side.batch_sizes, strict=True)
        return np.clip(at[:, None] - begun, 0.0, np.diff(begun, append=np.inf)) @ np.array(sizes, dtype=np.float64)
    recorded = column(side.history, "step")
    if not len(recorded):
        return np.zeros_like(at)
    # Every run begins at (0, 0), also if its first steps were not recorded.
    return np.interp(at, np.concatenate(([0.0], recorded)), np.concatenate(([0.0], column(side.history, axis))))


def step_at(side: Side, axis: Axis, place: float) -> int:
    """The step of a run at a place on the axis, at most its last one. Where the axis stands still, the last such step."""
    if axis == "step":
        return int(min(side.last, max(0.0, place)))
    recorded = column(side.history, "step")
    steps = np.unique(np.concatenate(([0.0], recorded, [float(side.last)])))
    along = positions(side, axis, steps)
    if place >= along[-1]:
        return side.last
    after = int(np.searchsorted(along, place, side="right"))
    if after == 0:
        return 0
    low, high = along[after - 1], along[after]
    return round(steps[after - 1] + (place - low) / (high - low) * (steps[after] - steps[after - 1]))


def scale(side: Side, axis: Axis) -> tuple[Numbers, Numbers]:
    """Places on the axis and the steps of the run there, both ascending from 0 to its end, [n] each: enough to find steps without the run.

    Between them, `step_at` is linear; of a long run only some are given.
    """
    recorded = column(side.history, "step") if axis not in ("step", "samples") else np.empty(0)
    batches = [float(step) for step, _ in side.batch_sizes] if axis == "samples" else []
    steps = np.unique(np.concatenate(([0.0], recorded, batches, [float(side.last)])))
    steps = steps[steps <= side.last]
    steps = steps[np.unique(np.linspace(0, len(steps) - 1, _SCALE_POINTS).round().astype(int))] if len(steps) > _SCALE_POINTS else steps
    return positions(side, axis, steps), steps


def reach(sides: Sequence[Side], axis: Axis) -> float:
    """The place where the run that goes farthest on the axis ends."""
    return max((float(positions(side, axis, [side.last])[0]) for side in sides), default=0.0)


def common_reach(sides: Sequence[Side], axis: Axis) -> float:
    """The farthest place on the axis that all runs reach."""
    return min((float(positions(side, axis, [side.last])[0]) for side in sides), default=0.0)
