"""What is known about a run so far, and the advice drawn from it. Used only by the run's thread."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from wgan_core.config import TrainConfig
from wgan_core.instruments.advice import Observations
from wgan_core.instruments.look import LoopNumbers, Seen
from wgan_core.instruments.verdict import verdict
from wgan_core.store.readings import ADVICE, Reading, first_distance, plain


class Knowledge:
    """Everything that the instruments of one run have seen.

    Args:
        readings: what they had read before this process resumed the run.
    """

    def __init__(self, readings: Iterable[Reading] = ()) -> None:
        readings = tuple(readings)
        slopes = [one.value for one in readings if one.key == "critic-health" and one.value is not None]
        self.seen = Seen(peak_slope=max(slopes, default=None), excesses=tuple(_excess(one) for one in first_distance(readings)))
        self._lag_step = 0
        self._said: Any = next((dict(one.details) for one in reversed(readings) if one.key == ADVICE), None)

    def take(self, seen: Seen, step: int) -> None:
        """Add what a look found in the networks of `step`."""
        if seen.distance is not None:
            seen = dataclasses.replace(seen, excesses=(*self.seen.excesses, seen.distance.excess))
        self.seen = self.seen.updated(seen)
        slope = seen.health.constant.value if seen.health is not None else None
        if slope is not None:
            self.seen = dataclasses.replace(self.seen, peak_slope=max(slope, self.seen.peak_slope or 0.0))
        if seen.lag is not None:
            self._lag_step = step

    def forget_lag(self) -> None:
        """Drop the critic's lag, because it was measured too long ago."""
        self.seen = dataclasses.replace(self.seen, lag=None)

    def recipe_changed(self) -> None:
        """Drop what the run is compared with, because a setting of the recipe was changed: a critic must not be called dying because it was
        steep while the run was broken, nor a distance risen because it was lower before."""
        self.seen = dataclasses.replace(self.seen, lag=None, peak_slope=None, excesses=())

    def observations(self, config: TrainConfig, step: int, updates: int, loop: LoopNumbers) -> Observations:
        """What the rules of the advice judge: the run at `step`, what its loop knows, and everything measured so far.

        The critic's lag counts until the run is twice as long as when it was measured.
        """
        if step > 2 * self._lag_step:
            self.forget_lag()
        return Observations(config, step, updates, loop.recent, loop, **vars(self.seen))

    def advice(self, config: TrainConfig, step: int, updates: int, loop: LoopNumbers, *, measured: bool = True) -> Reading | None:
        """The advice as a record for the run at `step`; None if it has not changed. Without a new look (`measured`) it has changed only if
        other rules speak, so that a number that moves at each step does not make a record at each."""
        found = verdict(self.observations(config, step, updates, loop))
        details = {"advice": [plain(advice) for advice in found]}
        same = details == self._said if measured else _without_numbers(details) == _without_numbers(self._said)
        if same or (self._said is None and not measured and not found):  # that nothing is wrong is for a look to say
            return None
        self._said = details
        return Reading(ADVICE, step, updates, sum(advice.level == "warning" for advice in found), unit="warnings", details=details)


def _excess(reading: Reading) -> float:
    return reading.excess or 0.0


def _without_numbers(said: Any) -> Any:
    """Which rules have spoken, and which settings they name."""
    return [(one.get("key"), one.get("level"), one.get("setting")) for one in said["advice"]] if said else None
