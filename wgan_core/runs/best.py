"""The best kept step of a run, by what its instruments read, and whether the run still gains.

A step is better only if its value is lower than the best one's by more than noise: twice the standard deviation that the value has between
two sets of real data. Nothing is measured again: the reading that found a step best is the one that is told.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wgan_core.config import TrainConfig
from wgan_core.store.folder import RunFolder, StoreError
from wgan_core.store.readings import DISTANCES, KINDS, Reading
from wgan_core.timeline.pins import pin, unpin

NOISE = 2.0
"""Standard deviations."""
LOOKS: Mapping[str, str] = {"distance": "truth", "fd-cnn": "classes"}
"""The instrument that reads each measure, by the choice of `best_by`."""
_KEYS: Mapping[str, tuple[str, ...]] = {"distance": DISTANCES[:2], "fd-cnn": ("fd-cnn",)}
NAMED = "Best by "
"""Begins the text of the best step's pin."""
NOTED = "best-step"
"""What the ledger calls a step that was found best."""


@dataclass(frozen=True)
class Best:
    """A step that was found best."""

    step: int
    key: str
    """Of the reading."""
    value: float
    band: float
    """So much lower has a value to be to be better."""

    @property
    def text(self) -> str:
        """In words, for the timeline: Best by Sliced W1: 0.0189 ± 0.002."""
        return f"{NAMED}{KINDS[self.key].title}: {self.value:.3g} ± {self.band:.1g}"


def best_read(readings: Iterable[Reading], choice: str) -> Best | None:
    """What one look has read of the chosen measure; None if nothing."""
    for one in readings:
        if one.key in _KEYS.get(choice, ()) and one.value is not None and one.floor_sd is not None:
            return Best(one.step, one.key, one.value, NOISE * one.floor_sd)
    return None


class BestStep:
    """Follows one run. Used by the run's thread only.

    Args:
        folder: the run's, which is written to.
        ledger: its entries so far, with step, what happened and details: of a run that goes on, they tell which step was best.
        step: where the run goes on.
    """

    def __init__(self, folder: RunFolder, ledger: Sequence[tuple[int, str, Mapping[str, Any]]], step: int) -> None:
        self._folder = folder
        noted = [_from(entry[0], entry[2]) for entry in ledger if entry[1] == NOTED and entry[0] <= step]
        self.best: Best | None = next((one for one in reversed(noted) if one is not None and one.step in folder.steps()), None)
        self.looks = 0
        """Looks without a gain since the best one, or since the run was started or resumed."""

    def take(self, readings: Sequence[Reading], config: TrainConfig) -> Best | None:
        """Judge what one look has read. Returns the new best step, which is pinned in place of the one before; None if it is none."""
        found = best_read(readings, config.best_by)
        if found is None:
            return None
        if self.best is not None and self.best.key == found.key and not found.value < self.best.value - max(found.band, self.best.band):
            self.looks += 1
            return None
        if found.step not in self._folder.steps():  # the disk was full, or it is gone
            return None
        before, self.best, self.looks = self.best, found, 0
        with contextlib.suppress(StoreError):  # a folder that cannot be written to, which is said elsewhere
            pin(self._folder, found.step, found.text)
            if before is not None:
                self._let_go(before.step)
        return found

    def _let_go(self, step: int) -> None:
        """Unpin a step, unless somebody has pinned it with other words."""
        if any(mark.step == step and mark.text.startswith(NAMED) for mark in self._folder.past.marks()):
            unpin(self._folder, step)

    def stops(self, config: TrainConfig) -> bool:
        """Whether the run has not gained for as many looks as the settings allow."""
        return 0 < config.stop_after <= self.looks


def counted_looks(count: int) -> str:
    """1 look, 5 looks."""
    return f"{count} look{'s' * (count != 1)}"


def _from(step: int, details: Mapping[str, Any]) -> Best | None:
    """What the ledger tells of a step; None if it cannot be understood."""
    key, value, band = details.get("measure"), details.get("value"), details.get("band")
    if not isinstance(key, str) or key not in KINDS or not isinstance(value, (int, float)) or not isinstance(band, (int, float)):
        return None
    return Best(step, key, float(value), max(0.0, float(band)))
