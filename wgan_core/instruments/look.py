"""The result of one look of an instrument: readings for the run's record, and what the advice is drawn from. Imports no torch, because
pages import it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wgan_core.store.ledger import Edit
from wgan_core.store.readings import Reading

if TYPE_CHECKING:
    from wgan_core.measures.coverage import ClassReport
    from wgan_core.measures.diagnose import CriticHealth, ModeGap, Movement, OverfitGap
    from wgan_core.measures.lag import Lag
    from wgan_core.measures.metrics import Measurement, ModeReport


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What has been measured on a run's networks; None for what has not been."""

    health: CriticHealth | None = None
    lag: Lag | None = None
    classes: ClassReport | None = None
    modes: ModeReport | None = None
    diversity: float | None = None
    """Diversity of generated samples relative to real ones, from `metrics.diversity`."""
    mode_gap: ModeGap | None = None
    overfit: OverfitGap | None = None
    moved: Movement | None = None
    distance: Measurement | None = None
    """The first distance from real data, with its floor."""
    peak_slope: float | None = None
    """The steepest slope that the critic has had so far."""
    excesses: tuple[float, ...] = ()
    """The first distance above its floor, at each look so far."""
    blank: float | None = None
    """What that would be if all samples were the mean of the data."""

    def updated(self, newer: Seen) -> Seen:
        """A copy in which everything that `newer` has replaces the old values."""
        return dataclasses.replace(self, **{name: value for name, value in vars(newer).items() if value not in (None, ())})


@dataclass(frozen=True)
class LoopNumbers:
    """What the training loop itself knows of a run, at no cost."""

    recent: NDArray[np.float64]
    """The newest Wasserstein estimates."""
    last_edit: Edit | None = None
    """The newest change of a live setting."""
    before: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    """The estimates recorded just before it."""
    since: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    """The newest of those recorded since."""
    losses: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    """The newest losses of the critic."""
    saturated: float | None = None
    """Share of the pixels of the fixed samples that are black or white; None for points, and where no pictures are drawn."""
    real_saturated: float | None = None
    """The same for real images."""


@dataclass(frozen=True)
class Look:
    """The result of an instrument at one step."""

    readings: list[Reading] = field(default_factory=list)
    seen: Seen = Seen()


@dataclass(frozen=True)
class Measured:
    """One look, as the measuring thread passes it to the run."""

    key: str
    """The instrument's key."""
    readings: tuple[Reading, ...]
    seconds: float
    """The cost."""
    trained_seconds: float
    """Seconds of training at the time when the weights were copied."""
    edits: int = 0
    """Number of edits of the recipe at the time when the weights were copied."""
    seen: Seen = Seen()
    again: bool = False
    """Whether the instrument is not finished and has to be called again."""
    trouble: str = ""
    """Why it failed, in one sentence."""
    asked: bool = False
    """Whether the user asked for it, in which case it does not count against the budget."""
