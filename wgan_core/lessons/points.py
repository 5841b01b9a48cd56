"""Trains small WGANs of points for a lesson, one after the other, and measures them at fixed updates."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from wgan_core.config import TrainConfig
from wgan_core.lab.frame import Frame, Truth
from wgan_core.lab.laboratory import Laboratory
from wgan_core.lab.stages import Who

WATCHED_SECONDS = 8.0
"""A training is spread over this long, so that it can be watched on a fast machine too. On a slow one it takes longer."""
LOOK_SECONDS = 0.4
"""The longest that is trained between two looks."""
MEASUREMENTS = 40
"""How often a training is measured."""


@dataclass(frozen=True)
class Leg:
    """A stretch of training."""

    who: Who
    updates: int
    """Of the critic, or of the generator if only the generator trains."""


@dataclass(frozen=True)
class Training:
    """One or two WGANs to train side by side."""

    names: tuple[str, ...]
    """What the chart calls each of them."""
    configs: tuple[TrainConfig, ...]
    legs: tuple[Leg, ...]

    @property
    def title(self) -> str:
        """All of them together."""
        return " against ".join(self.names)

    @property
    def updates(self) -> int:
        """Of all legs."""
        return sum(leg.updates for leg in self.legs)


@dataclass(frozen=True)
class Row:
    """A measurement of all WGANs of a training."""

    updates: int
    """Since the beginning of the training, over all legs."""
    truths: tuple[Truth, ...]


@dataclass
class Outcome:
    """What was seen of one training."""

    training: Training
    floor: float
    rows: list[Row] = field(default_factory=list[Row])
    frames: tuple[Frame, ...] = ()
    """The last picture of each WGAN; empty if it stopped early."""
    notice: str = ""
    """Why it stopped early."""

    def last(self, number: int = 0) -> Truth:
        """The last measurement of one of the WGANs."""
        return self.rows[-1].truths[number]

    def at(self, updates: int, number: int = 0) -> Truth:
        """The first measurement that was made after at least this many updates, or else the last."""
        return next((row.truths[number] for row in self.rows if row.updates >= updates), self.last(number))


class PointExperiment:
    """The trainings of one question. Nothing happens between two calls of `advance`.

    Args:
        trainings: in their order.
        clock: seconds, monotonic.
    """

    def __init__(self, trainings: tuple[Training, ...], clock: Callable[[], float] = time.monotonic) -> None:
        self._trainings = trainings
        self._clock = clock
        self.outcomes: list[Outcome] = []
        self.lab = self._begin()

    @property
    def done(self) -> bool:
        """Whether all trainings have ended."""
        return not self.lab.playing

    @property
    def notice(self) -> str:
        """Why it stopped early, in words; empty if it did not."""
        return self.outcomes[-1].notice

    @property
    def fraction(self) -> float:
        """How much of the updates has been made, from 0 to 1."""
        before = sum(outcome.training.updates for outcome in self.outcomes[:-1])
        return 1.0 if self.done else (before + self._updates) / sum(training.updates for training in self._trainings)

    def advance(self) -> None:
        """Train as far as this training should be by now, or for `LOOK_SECONDS`, whichever is shorter. To be called at every look."""
        if self.done:
            return
        now, of = self._clock(), self.outcomes[-1].training.updates
        due = min(of, math.ceil(of * (now - self._begun) / WATCHED_SECONDS))
        while self._updates < due and not self.lab.notice and self._clock() < now + LOOK_SECONDS:
            self._one_update()
        if self.lab.notice or self._updates == of:
            self._end()

    def _begin(self) -> Laboratory:
        training = self._trainings[len(self.outcomes)]
        lab = Laboratory(training.configs)
        self._updates, self._begun = 0, self._clock()
        self.outcomes.append(Outcome(training, lab.view.floor))
        lab.play()
        self.lab = lab
        self._measure()
        return lab

    def _one_update(self) -> None:
        training, passed = self.outcomes[-1].training, 0
        for leg in training.legs:
            passed += leg.updates
            if self._updates < passed:
                self.lab.set_pace("full", leg.who)
                break
        self.lab.train(1)
        self._updates += 1
        if self._updates % max(1, training.updates // MEASUREMENTS) == 0:
            self._measure()

    def _measure(self) -> None:
        truths = tuple(self.lab.view.measure(trainer) for trainer in self.lab.trainers)
        self.outcomes[-1].rows.append(Row(self._updates, truths))

    def _end(self) -> None:
        outcome = self.outcomes[-1]
        if self.lab.notice:  # there is nothing to measure, and nothing that could be drawn
            outcome.notice = self.lab.notice
            self.lab.pause()
            return
        if outcome.rows[-1].updates != self._updates:
            self._measure()
        outcome.frames = self.lab.frames()
        if len(self.outcomes) < len(self._trainings):
            self._begin()
        else:
            self.lab.pause()
