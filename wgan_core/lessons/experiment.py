"""Spreads the trainings of a question over a time in which they can be watched."""

from __future__ import annotations

import abc
import math
import time
from collections.abc import Callable

WATCHED_SECONDS = 8.0
"""A training is spread over this long, so that it can be watched on a fast machine too. On a slow one it takes longer."""
LOOK_SECONDS = 0.8
"""The longest that is trained between two looks."""
Clock = Callable[[], float]


class Experiment(abc.ABC):
    """Trainings one after the other. Nothing happens between two calls of `advance`.

    Args:
        count: number of trainings.
        clock: seconds, monotonic.
    """

    def __init__(self, count: int, clock: Clock = time.monotonic) -> None:
        self._count = count
        self._number = 0
        self._clock = clock
        self._updates = 0
        self._begun = clock()
        self.notice = ""
        """Why it stopped early, in words; empty if it did not."""
        self._begin(0)

    @property
    def done(self) -> bool:
        """Whether all trainings have ended."""
        return self._number == self._count or bool(self.notice)

    @property
    def fraction(self) -> float:
        """How much of all trainings is done, from 0 to 1."""
        return 1.0 if self.done else (self._number + self._updates / self._length) / self._count

    def advance(self) -> None:
        """Train as far as this training should be by now, or for `LOOK_SECONDS`, whichever is shorter. To be called at every look."""
        if self.done:
            return
        now = self._clock()
        due = min(self._length, math.ceil(self._length * (now - self._begun) / WATCHED_SECONDS))
        while self._updates < due and not self.notice and self._clock() < now + LOOK_SECONDS:
            self._update(self._updates)
            self._updates += 1
            self._updated(self._updates)
        if self._updates == self._length and not self.notice:
            self._end()
            self._number += 1
            self._updates, self._begun = 0, self._clock()
            if not self.done:
                self._begin(self._number)

    @property
    @abc.abstractmethod
    def title(self) -> str:
        """What is being trained now."""

    @property
    @abc.abstractmethod
    def _length(self) -> int:
        """Number of updates of the present training."""

    @abc.abstractmethod
    def _begin(self, number: int) -> None:
        """Set up training `number`, from 0."""

    @abc.abstractmethod
    def _update(self, number: int) -> None:
        """Make update `number` of the present training, from 0."""

    @abc.abstractmethod
    def _updated(self, count: int) -> None:
        """After `count` updates: measure, if it is time to. May set `notice`."""

    @abc.abstractmethod
    def _end(self) -> None:
        """The present training has had its updates."""
