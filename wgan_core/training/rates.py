"""The learning rates in force at each step: what is set, times a share that falls over the run where the config has a schedule."""

from __future__ import annotations

import math

from wgan_core.config import TrainConfig


def rate_share(config: TrainConfig, step: int) -> float:
    """The share of both learning rates that critic update number `step`, counted from 0, is made with; 0 to 1.

    The schedule ends where the run does, so a change of `max_steps` stretches what is left of it.
    """
    if config.lr_schedule == "constant":
        return 1.0
    progress = min(1.0, step / config.max_steps)
    if config.lr_schedule == "linear":
        return 1 - (1 - config.lr_end) * progress
    return config.lr_end + (1 - config.lr_end) * (1 + math.cos(math.pi * progress)) / 2
