"""The learning rates in force at each step: what is set, times a share that falls over the run where the config has a schedule."""

from __future__ import annotations

import math

from wgan_core.config import SCHEDULES, TrainConfig, in_use, is_scheduled
from wgan_core.training.schedules import part_done, progress_at, value_at

RATES = ("critic_lr", "generator_lr")


def rate_share(config: TrainConfig, step: int, updates: int = 0) -> float:
    """The share of both learning rates that critic update number `step`, counted from 0, is made with; 0 to 1.

    updates: generator updates done before, for schedules over these; see `schedules`.
    """
    if config.lr_schedule == "constant":
        return 1.0
    progress = progress_at(config, step, updates)
    if config.lr_schedule == "cosine":  # the same as below but for its rounding, which runs of earlier versions have
        return config.lr_end + (1 - config.lr_end) * (1 + math.cos(math.pi * progress)) / 2
    return 1 - (1 - config.lr_end) * part_done(config.lr_schedule, progress)


def values_in_force(config: TrainConfig, step: int, updates: int = 0) -> dict[str, float]:
    """The values of all settings that have a schedule, that critic update number `step`, counted from 0, is made with, after so many
    generator `updates`."""
    names = [name for name in SCHEDULES if is_scheduled(config, name) and in_use(config, name)]
    values = {name: value_at(config, name, step, updates) for name in names}
    if config.lr_schedule != "constant":
        values |= {name: getattr(config, name) * rate_share(config, step, updates) for name in RATES}
    return values
