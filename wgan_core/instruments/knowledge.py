"""What is known about a run so far, and the advice drawn from it. Used only by the run's thread."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wgan_core.config import TrainConfig
from wgan_core.instruments.advice import Observations, advise
from wgan_core.instruments.look import Seen
from wgan_core.store.readings import ADVICE, Reading, plain


class Knowledge:
    """Everything that the instruments of one run have seen."""

    def __init__(self) -> None:
        self.seen = Seen()
        self._lag_step = 0
        self._said: Any = None

    def take(self, seen: Seen, step: int) -> None:
        """Add what a look found in the networks of `step`."""
        self.seen = self.seen.updated(seen)
        if seen.lag is not None:
            self._lag_step = step

    def forget_lag(self) -> None:
        """Drop the critic's lag, because a setting was changed."""
        self.seen = dataclasses.replace(self.seen, lag=None)

    def advice(self, config: TrainConfig, step: int, updates: int, recent: NDArray[np.float64] | None) -> Reading | None:
        """The advice as a record for the run at `step`; None if it has not changed.

        The critic's lag counts until the run is twice as long as when it was measured.
        """
        if step > 2 * self._lag_step:
            self.forget_lag()
        found = advise(Observations(config, step, updates, recent, **vars(self.seen)))
        details = {"advice": [plain(advice) for advice in found]}
        if details == self._said:
            return None
        self._said = details
        return Reading(ADVICE, step, updates, sum(advice.level == "warning" for advice in found), unit="warnings", details=details)
