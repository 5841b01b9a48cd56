"""The messages between a page and a run: commands go in, snapshots come out. All are immutable."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from wgan_core.config import TrainConfig
from wgan_core.instruments.look import Measured
from wgan_core.store.history import History, Rows
from wgan_core.store.ledger import Edit
from wgan_core.store.parent import Parent
from wgan_core.store.readings import Reading
from wgan_core.timeline.sizes import Sizes

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
    """`wanted` if it may follow `now`, otherwise `now`."""
    return wanted if wanted in _MAY_FOLLOW[now] else now


@dataclass(frozen=True)
class Pause:
    """Pause between two steps."""


@dataclass(frozen=True)
class Resume:
    """Continue after a pause."""


@dataclass(frozen=True)
class StepOnce:
    """Pause, and then train exactly `count` critic updates."""

    count: int = 1


@dataclass(frozen=True)
class Set:
    """Change live settings, all of them or none."""

    changes: dict[str, Any]


@dataclass(frozen=True)
class SaveNow:
    """Save the current step. Steps saved by hand are never removed."""


@dataclass(frozen=True)
class Stop:
    """Save and end."""


@dataclass(frozen=True)
class Note:
    """Write into the ledger what somebody has done to the run from outside its loop, such as a new title."""

    what: str
    details: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True)
class Publish:
    """Publish a snapshot now, because somebody has begun to look at the run."""


@dataclass(frozen=True)
class CheckLag:
    """Find out whether the critic lags: a copy of it trains on beside the run while the generator stands still."""


@dataclass(frozen=True)
class MeasureAll:
    """Let every instrument read the networks now, outside the budget."""


Steering = Pause | Resume | StepOnce | Set | SaveNow | Stop | CheckLag | MeasureAll | Note
"""What somebody can have a run do."""


@dataclass(frozen=True)
class By:
    """A command with the name of the person who sent it, for the ledger."""

    name: str
    command: Steering


Command = Steering | Publish | Measured | By


def is_stop(command: Command) -> bool:
    """Whether the command ends the run, whoever sent it."""
    return isinstance(command.command if isinstance(command, By) else command, Stop)


@dataclass(frozen=True)
class Pictures:
    """Samples of the fixed latents at `step`, beside fixed real data: images as uint8 [n, height, width, channels], or points as float32
    [n, 2]."""

    step: int
    samples: NDArray[np.uint8] | NDArray[np.float32]
    real: NDArray[np.uint8] | NDArray[np.float32]
    sample_scores: NDArray[np.float32]
    real_scores: NDArray[np.float32]
    averaged: NDArray[np.uint8] | NDArray[np.float32] | None = None
    """Samples of the averaged generator from the same latents, in runs that have one."""
    classes: tuple[str, ...] = ()
    """What the rows of the grid are called, one for each class; empty in runs that are told no classes."""

    @property
    def are_points(self) -> bool:
        """Whether these are points in the plane."""
        return self.samples.ndim == 2


@dataclass(frozen=True)
class Snapshot:
    """The state of a run at one moment. Immutable; NumPy and plain values only."""

    run_id: str
    seq: int
    status: Status
    config: TrainConfig
    step: int = 0
    generator_updates: int = 0
    batches_per_epoch: int = 0
    """Critic updates in an epoch; 0 if that is not known."""
    steps_per_second: float = 0.0
    history: Rows = field(default_factory=lambda: History().view())
    edits: tuple[Edit, ...] = ()
    pictures: Pictures | None = None
    saved_steps: tuple[int, ...] = ()
    sizes: Sizes | None = None
    """What the run's folder holds, by kind, as of the last save; the setting `history_budget` limits it."""
    readings: tuple[Reading, ...] = ()
    """All readings of the instruments, oldest first."""
    parent: Parent | None = None
    """Where a branch began. The history before that step is its parent's."""
    checking_lag: bool = False
    """Whether the critic's lag is being measured."""
    measuring_all: bool = False
    """Whether results of `MeasureAll` are still pending."""
    notice: str = ""
    """Something the user should know while the run continues, e.g. that the disk is full."""
    error: str = ""
    """Why the run failed, in one sentence."""
    loaded: float = 0.0
    """While its data is loaded: the share that is done."""

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in ENDED

    @property
    def seconds_left(self) -> float | None:
        """Training time left until `max_steps` at the present speed; None if the speed is unknown."""
        return (self.config.max_steps - self.step) / self.steps_per_second if self.steps_per_second > 0 else None
