"""The speed of earlier runs like a planned one, to predict its cost."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wgan_core.config import SCHEDULES, TrainConfig
from wgan_core.runs.names import run_title
from wgan_core.store.folder import RunFolder, StoreError, list_runs
from wgan_core.store.history import column
from wgan_core.training.device import resolve_device
from wgan_core.training.warmup import mean_n_critic

_NOT_AFFECTING_SPEED = frozenset(
    (
        "clip_value",
        "gp_lambda",
        "n_critic",
        "critic_lr",
        "generator_lr",
        "lr_schedule",
        "lr_end",
        "schedule_updates",
        *(part for schedule in SCHEDULES.values() for part in schedule),
        "adam_beta1",
        "adam_beta2",
        "critic_warmup",
        "max_steps",
        "seed",
        "device",
        "data_root",
        "leaky_slope",
        "batchnorm_eps",
        "weight_init",
        "log_every",
        "save_every",
        "instruments_budget",
        "history_budget",
        "best_by",
        "stop_after",
    )
)
"""Settings that do not affect the speed. `n_critic` does affect it, but in a known way."""
_GENERATOR_UPDATE = 1.0
"""Assumed cost of a generator update, in critic updates. In five presets it is 0.4 to 1.8 on one core."""
_MAX_RUNS = 50
"""Number of runs to look at, newest first."""


@dataclass(frozen=True)
class KnownSpeed:
    """The speed that a run with the same networks, data and batch size reached on this kind of device."""

    steps_per_second: float
    """Converted to the requested `n_critic`."""
    run_id: str
    title: str
    """What people call that run."""
    n_critic: int
    """The `n_critic` of that run. If it differs from the requested one, the speed is a rougher guess."""


def known_speed(root: Path, config: TrainConfig) -> KnownSpeed | None:
    """The speed of the newest run below `root` that was trained here with the same settings, as far as they affect the speed; preferably
    one with the same `n_critic`. None if there is none. Runs that keep weights only were trained elsewhere and are skipped."""
    found: list[KnownSpeed] = []
    for summary in list_runs(root)[:_MAX_RUNS]:
        if not same_speed(summary.config, config):
            continue
        try:
            folder = RunFolder.open(summary.path)
            speed = _speed(folder) if folder.can_resume() else None
        except StoreError:
            continue
        if speed is not None:
            measured, wanted = mean_n_critic(summary.config), mean_n_critic(config)
            title = run_title(summary.run_id, summary.config)
            known = KnownSpeed(_shifted(speed, measured, wanted), summary.run_id, title, round(measured))
            if measured == wanted:
                return known
            found.append(known)
    return found[0] if found else None


def _shifted(speed: float, measured: float, wanted: float) -> float:
    """Critic updates per second with a generator update after every `wanted`, given that it was `speed` after every `measured`."""
    return speed * (1 + _GENERATOR_UPDATE / measured) / (1 + _GENERATOR_UPDATE / wanted)


def same_speed(one: TrainConfig, other: TrainConfig) -> bool:
    """Whether an update takes equally long in both runs here: same device, networks, data, batch size, and whatever else affects it."""
    if resolve_device(one.device) != resolve_device(other.device):
        return False
    first, second = one.model_dump(), other.model_dump()
    return all(first[name] == second[name] for name in first.keys() - _NOT_AFFECTING_SPEED)


def _speed(folder: RunFolder) -> float | None:
    """Steps per second over the later half of the recorded curve; None if that half covers less than a second."""
    rows = folder.read_metrics()
    rows = rows[len(rows) // 2 :]
    if len(rows) < 2:
        return None
    seconds = float(column(rows, "seconds")[-1] - column(rows, "seconds")[0])
    steps = float(column(rows, "step")[-1] - column(rows, "step")[0])
    return steps / seconds if seconds >= 1 and steps > 0 else None
