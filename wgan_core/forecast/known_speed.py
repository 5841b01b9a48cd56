"""How fast runs like a planned one went before, so that its cost can be told beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from wgan_core.config import TrainConfig
from wgan_core.store.folder import RunFolder, StoreError, list_runs
from wgan_core.store.history import column
from wgan_core.training.device import resolve_device

_NO_MATTER = frozenset(
    (
        "clip_value",
        "gp_lambda",
        "n_critic",
        "critic_lr",
        "generator_lr",
        "lr_schedule",
        "lr_end",
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
    )
)
"""Settings that leave the speed as it is; `n_critic` shifts it in a way that is known."""
_GENERATOR_UPDATE = 1.0
"""What a generator update is taken to cost, in critic updates; five presets have 0.4 to 1.8 on one core."""
_LOOKED_AT = 50
"""Runs, the newest first."""


@dataclass(frozen=True)
class KnownSpeed:
    """What a run of the same networks, data and batch size on this kind of device reached."""

    steps_per_second: float
    """For the `n_critic` that was asked for."""
    run_id: str
    n_critic: int
    """Of that run; where it is another, the speed is a rougher guess."""


def known_speed(root: Path, config: TrainConfig) -> KnownSpeed | None:
    """The speed of the newest run below `root` that was trained here with all that matters for it as in `config`; of the same `n_critic` if
    there is one. None where there is none. Runs that keep weights only were trained elsewhere."""
    found: list[KnownSpeed] = []
    for summary in list_runs(root)[:_LOOKED_AT]:
        if not same_speed(summary.config, config):
            continue
        try:
            folder = RunFolder.open(summary.path)
            speed = _speed(folder) if folder.can_resume() else None
        except StoreError:
            continue
        if speed is not None:
            known = KnownSpeed(_shifted(speed, summary.config.n_critic, config.n_critic), summary.run_id, summary.config.n_critic)
            if known.n_critic == config.n_critic:
                return known
            found.append(known)
    return found[0] if found else None


def _shifted(speed: float, measured: int, wanted: int) -> float:
    """Critic updates a second with a generator update after every `wanted`, where it was `speed` after every `measured`."""
    return speed * (1 + _GENERATOR_UPDATE / measured) / (1 + _GENERATOR_UPDATE / wanted)


def same_speed(one: TrainConfig, other: TrainConfig) -> bool:
    """Whether runs of both take as long for an update here: networks, data, batch size, device, and all else that matters for it."""
    if resolve_device(one.device) != resolve_device(other.device):
        return False
    first, second = one.model_dump(), other.model_dump()
    return all(first[name] == second[name] for name in first.keys() - _NO_MATTER)


def _speed(folder: RunFolder) -> float | None:
    """Steps per second over the later half of what was recorded; None for less than a second of it."""
    rows = folder.read_metrics()
    rows = rows[len(rows) // 2 :]
    if len(rows) < 2:
        return None
    seconds = float(column(rows, "seconds")[-1] - column(rows, "seconds")[0])
    steps = float(column(rows, "step")[-1] - column(rows, "step")[0])
    return steps / seconds if seconds >= 1 and steps > 0 else None
