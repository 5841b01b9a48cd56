"""The values in force at each step where settings have a schedule: from what is set to what the schedule ends with.

A schedule ends where the run does, so a change of `max_steps` stretches what is left of it; or, with `schedule_updates`, after so many
generator updates, wherever the run ends. An edit of the setting, or of its end, moves that end of the curve for the steps still to come.

Everywhere here, `updates` is the number of generator updates done before the critic update in question. It matters only to schedules over
generator updates.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from wgan_core.config import SCHEDULES, TrainConfig, is_scheduled

JUMPS = 3
"""Of the shape "steps": one after each quarter of the run but the last."""


def part_done(shape: str, progress: float) -> float:
    """How much of the way from the first value to the last is done when `progress` of the run is; both from 0 to 1."""
    if shape == "linear":
        return progress
    if shape == "cosine":
        return (1 - math.cos(math.pi * progress)) / 2
    return min(JUMPS, int((JUMPS + 1) * progress)) / JUMPS if shape == "steps" else 0.0


def progress_at(config: TrainConfig, step: int, updates: int = 0) -> float:
    """How much of the schedules is over before critic update number `step`, counted from 0; 0 to 1."""
    if config.schedule_updates:
        return min(1.0, updates / config.schedule_updates)
    return min(1.0, step / config.max_steps)


def value_at(config: TrainConfig, name: str, step: int, updates: int = 0) -> float:
    """The value of the setting `name`, one of `SCHEDULES`, that critic update number `step`, counted from 0, is made with. n_critic is
    rounded to a whole number."""
    return value_when(config, name, progress_at(config, step, updates))


def value_when(config: TrainConfig, name: str, progress: float) -> float:
    """The value of the setting `name` when so much of the schedules is over; n_critic is rounded to a whole number."""
    first, last = getattr(config, name), getattr(config, SCHEDULES[name].end)
    done = part_done(getattr(config, SCHEDULES[name].shape), progress)
    value = first + (last - first) * done
    return round(value) if name == "n_critic" else value


def in_force(config: TrainConfig, step: int, updates: int = 0, *, of: Iterable[str] = SCHEDULES) -> TrainConfig:
    """The settings that critic update number `step`, counted from 0, is made with: `config` with the values of that step in place of the
    schedules `of` these settings. The learning rates are left as they are set, see `rates`."""
    changing = [name for name in of if is_scheduled(config, name)]
    if not changing:
        return config
    values = {name: value_at(config, name, step, updates) for name in changing}
    return config.model_copy(update=values | {SCHEDULES[name].shape: "constant" for name in changing})


def in_force_after(config: TrainConfig, step: int, updates: int = 0, *, of: Iterable[str] = SCHEDULES) -> TrainConfig:
    """The settings that the newest of `step` critic updates was made with, and that describe its networks.

    updates, of: see `in_force`.
    """
    return in_force(config, max(0, step - 1), updates, of=of)
