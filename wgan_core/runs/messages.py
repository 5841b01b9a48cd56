"""What passes between a page and a run: commands go in, snapshots come out. All immutable."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from wgan_core.config import TrainConfig
from wgan_core.instruments.look import Measured
from wgan_core.store.history import History, Rows
from wgan_core.store.ledger import Edit
from wgan_core.store.readings import Reading

Status = Literal["queued", "loading", "running", "paused", "finished", "stopped", "failed"]
ENDED: frozenset[Status] = frozenset(("finished", "stopped", "failed"))
_MAY_FOLLOW: dict[Status, frozenset[Status]] = {
    "queued": frozenset(("loading", "stopped", "failed")),
    "loading": frozenset(("running", "stopped", "failed")),
    "running": frozenset(("paused", "finished", "stopped", "failed")),
    "paused": frozenset(("running", "finished", "stopped", "failed")),
    "finished": frozenset(),
    "stopped": frozenset(),
    "failed": frozenset(),
}


def next_status(now: Status, wanted: Status) -> Status:
    """`wanted` where it may follow `now`; anything else stays put."""
    return wanted if wanted in _MAY_FOLLOW[now] else now


@dataclass(frozen=True)
class Pause:
    """Hold at the next step boundary."""


@dataclass(frozen=True)
class Resume:
    """Go on after a pause."""


@dataclass(frozen=True)
class StepOnce:
    """Pause, and train exactly `count` critic updates."""

    count: int = 1


@dataclass(frozen=True)
class Set:
    """Change live settings, all or none."""

    changes: dict[str, Any]


@dataclass(frozen=True)
class SaveNow:
    """Keep the current step; steps saved by hand are never thinned out."""


@dataclass(frozen=True)
class Stop:
    """Save and end."""


@dataclass(frozen=True)
class CheckLag:
    """Find out whether the critic lags: a copy of it trains on beside the run, with the generator standing still."""


@dataclass(frozen=True)
class MeasureAll:
    """Have every instrument read the networks as they are now, beside its budget."""


Command = Pause | Resume | StepOnce | Set | SaveNow | Stop | CheckLag | MeasureAll | Measured


@dataclass(frozen=True)
class Pictures:
    """What the networks make of the fixed latents at `step`, beside fixed real data: images as uint8 [n, height, width, channels], points
    as float32 [n, 2]."""

    step: int
    samples: NDArray[np.uint8] | NDArray[np.float32]
    real: NDArray[np.uint8] | NDArray[np.float32]
    sample_scores: NDArray[np.float32]
    real_scores: NDArray[np.float32]
    averaged: NDArray[np.uint8] | NDArray[np.float32] | None = None
    """What the generator's moving average makes of the same latents, in runs that keep one."""

    @property
    def are_points(self) -> bool:
        """Whether these are points in the plane."""
        return self.samples.ndim == 2


@dataclass(frozen=True)
class Snapshot:
    """A run as it stood at one moment. Immutable; NumPy and plain values only."""

    run_id: str
    seq: int
    status: Status
    config: TrainConfig
    step: int = 0
    generator_updates: int = 0
    steps_per_second: float = 0.0
    history: Rows = field(default_factory=lambda: History().view())
    edits: tuple[Edit, ...] = ()
    pictures: Pictures | None = None
    saved_steps: tuple[int, ...] = ()
    readings: tuple[Reading, ...] = ()
    """All that the instruments have read, oldest first."""
    checking_lag: bool = False
    """Whether the critic's lag is being looked for."""
    measuring_all: bool = False
    """Whether what `MeasureAll` asked for is still to come."""
    notice: str = ""
    """Something the user should know while the run goes on, e.g. that the disk is full."""
    error: str = ""
    """Why the run failed, in a sentence."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in ENDED

    @property
    def seconds_left(self) -> float | None:
        """Training time to `max_steps` at the present speed; None where it is not known."""
        return (self.config.max_steps - self.step) / self.steps_per_second if self.steps_per_second > 0 else None
