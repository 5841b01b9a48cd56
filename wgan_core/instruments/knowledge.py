"""What is known about a run so far, and the advice drawn from it. Used only by the run's thread."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wgan_core.config import TrainConfig
from wgan_core.instruments.advice import Observations
from wgan_core.instruments.look import Seen
from wgan_core.instruments.verdict import verdict
from wgan_core.store.readings import ADVICE, Reading, plain


class Knowledge:
    """Everything that the instruments of one run have seen.

    Args:
        readings: what they had read before this process resumed the run.
    """

    def __init__(self, readings: Iterable[Reading] = ()) -> None:
        readings = tuple(readings)
        slopes = [one.value for one in readings if one.key == "critic-health" and one.value is not None]
        self.seen = Seen(peak_slope=max(slopes, default=None))
        self._lag_step = 0
        self._said: Any = next((dict(one.details) for one in reversed(readings) if one.key == ADVICE), None)

    def take(self, seen: Seen, step: int) -> None:
        """Add what a look found in the networks of `step`."""
        self.seen = self.seen.updated(seen)
        slope = seen.health.constant.value if seen.health is not None else None
        if slope is not None:
            self.seen = dataclasses.replace(self.seen, peak_slope=max(slope, self.seen.peak_slope or 0.0))
        if seen.lag is not None:
            self._lag_step = step

    def forget_lag(self) -> None:
        """Drop the critic's lag, because a setting was changed."""
        self.seen = dataclasses.replace(self.seen, lag=None)

    @property
    def has_spoken(self) -> bool:
        """Whether advice, or that there is none, has been told before."""
        return self._said is not None

    def observations(self, config: TrainConfig, step: int, updates: int, recent: NDArray[np.float64] | None) -> Observations:
        """What the rules of the advice judge: the run at `step`, and everything measured so far.

        The critic's lag counts until the run is twice as long as when it was measured.
        """
        if step > 2 * self._lag_step:
            self.forget_lag()
        seen = self.seen
        return Observations(
            config,
            step,
            updates,
            recent,
            health=seen.health,
            lag=seen.lag,
            classes=seen.classes,
            modes=seen.modes,
            diversity=seen.diversity,
            mode_gap=seen.mode_gap,
            overfit=seen.overfit,
            moved=seen.moved,
            distance=seen.distance,
            peak_slope=seen.peak_slope,
        )

    def advice(self, config: TrainConfig, step: int, updates: int, recent: NDArray[np.float64] | None) -> Reading | None:
        """The advice as a record for the run at `step`; None if it has not changed."""
        found = verdict(self.observations(config, step, updates, recent))
        details = {"advice": [plain(advice) for advice in found]}
        if details == self._said:
            return None
        self._said = details
        return Reading(ADVICE, step, updates, sum(advice.level == "warning" for advice in found), unit="warnings", details=details)
