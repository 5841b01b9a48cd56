"""The settings that a kept step of a run was made with, where they have schedules."""

from __future__ import annotations

from wgan_core.config import TrainConfig
from wgan_core.store.folder import RunFolder
from wgan_core.store.history import generator_updates_at
from wgan_core.training.schedules import in_force_after


def updates_before(folder: RunFolder, step: int) -> int:
    """Generator updates done before critic update number `step` of the run, counted from 1; between recorded steps, about. 0 where nothing
    depends on it."""
    if not folder.config.schedule_updates:
        return 0
    return generator_updates_at(folder.read_metrics(), max(0, step - 1))


def settings_before(folder: RunFolder, step: int) -> TrainConfig:
    """The settings that critic update number `step` was made with, with the values of that step in place of schedules."""
    return in_force_after(folder.config_before(step), step, updates_before(folder, step))
