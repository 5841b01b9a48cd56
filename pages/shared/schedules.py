"""Schedules in words: which values they give the settings at a step."""

from __future__ import annotations

from wgan_core.config import SCHEDULES, SETTINGS, TrainConfig
from wgan_core.training.rates import RATES, rate_share, values_in_force


def by_schedule(config: TrainConfig, step: int, updates: int) -> list[str]:
    """What the schedules make of the settings at critic update number `step`, counted from 0, after so many generator `updates`; empty
    without a schedule."""
    values = values_in_force(config, step, updates)
    words = [
        f"{SETTINGS[name].label} {value:.3g} ({getattr(config, SCHEDULES[name].shape)} schedule)"
        for name, value in values.items()
        if name not in RATES
    ]
    if config.lr_schedule != "constant":
        words.append(f"learning rates at {rate_share(config, step, updates):.0%} ({config.lr_schedule} schedule)")
    return words
