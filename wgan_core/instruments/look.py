"""What one look of an instrument gives: readings for the run's record, and what the advice is drawn from. No torch: pages import it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wgan_core.store.readings import Reading

if TYPE_CHECKING:
    from wgan_core.measures.coverage import ClassReport
    from wgan_core.measures.diagnose import CriticHealth, ModeGap, Movement, OverfitGap
    from wgan_core.measures.lag import Lag
    from wgan_core.measures.metrics import Measurement, ModeReport


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What has been measured of a run's networks; None for what has not."""

    health: CriticHealth | None = None
    lag: Lag | None = None
    classes: ClassReport | None = None
    modes: ModeReport | None = None
    diversity: float | None = None
    """Of generated over real samples, from `metrics.diversity`."""
    mode_gap: ModeGap | None = None
    overfit: OverfitGap | None = None
    moved: Movement | None = None
    distance: Measurement | None = None
    """The first distance from real data, with its floor."""
    peak_slope: float | None = None
    """The steepest slope that the critic has had so far."""

    def updated(self, newer: Seen) -> Seen:
        """This, with everything that `newer` has in its place."""
        return dataclasses.replace(self, **{name: value for name, value in vars(newer).items() if value is not None})


@dataclass(frozen=True)
class Look:
    """What an instrument found at one step."""

    readings: list[Reading] = field(default_factory=list)
    seen: Seen = Seen()


@dataclass(frozen=True)
class Measured:
    """One look as the measuring thread hands it to its run."""

    key: str
    """The instrument."""
    readings: tuple[Reading, ...]
    seconds: float
    """What it cost."""
    trained: float
    """Seconds of training when the weights were copied."""
    edits: int = 0
    """How many live edits of the recipe there had been when the weights were copied."""
    seen: Seen = Seen()
    again: bool = False
    """Whether it is not done yet and wants another go."""
    trouble: str = ""
    """Why it failed, in a sentence."""
    asked: bool = False
    """Whether it was asked for by hand, and so is not booked."""
