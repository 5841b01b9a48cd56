"""Trains small WGANs of points for a lesson, one after the other, and measures them at fixed updates."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from wgan_core.config import TrainConfig
from wgan_core.lab.frame import Array, Frame, Truth
from wgan_core.lab.laboratory import Laboratory
from wgan_core.lab.stages import Who
from wgan_core.lessons.experiment import Clock, Experiment

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
    """Exact W1 of a perfect generator."""
    limit: float
    """The picture shows the plane from -limit to limit."""
    real: Array
    """The real points shown, [POINTS, 2]."""
    rows: list[Row] = field(default_factory=list[Row])
    frames: tuple[Frame, ...] = ()
    """The last picture of each WGAN; empty if it stopped early."""

    def last(self, number: int = 0) -> Truth:
        """The last measurement of one of the WGANs."""
        return self.rows[-1].truths[number]

    def at(self, updates: int, number: int = 0) -> Truth:
        """The first measurement that was made after at least this many updates, or else the last."""
        return next((row.truths[number] for row in self.rows if row.updates >= updates), self.last(number))


class PointExperiment(Experiment):
    """The trainings of one question.

    Args:
        trainings: in their order.
        clock: seconds, monotonic.
    """

    lab: Laboratory
    """The WGANs that are trained now."""

    def __init__(self, trainings: tuple[Training, ...], clock: Clock = time.monotonic) -> None:
        self._trainings = trainings
        self.outcomes: list[Outcome] = []
        super().__init__(len(trainings), clock)

    @property
    def title(self) -> str:
        """What is being trained now."""
        return self.outcomes[-1].training.title

    @property
    def _length(self) -> int:
        return self.outcomes[-1].training.updates

    def _begin(self, number: int) -> None:
        training = self._trainings[number]
        self.lab = Laboratory(training.configs)
        self.outcomes.append(Outcome(training, self.lab.view.floor, self.lab.view.limit, self.lab.view.real.numpy()))
        self.lab.play()
        self._measure(0)

    def _update(self, number: int) -> None:
        passed = 0
        for leg in self.outcomes[-1].training.legs:
            passed += leg.updates
            if number < passed:
                self.lab.set_pace("full", leg.who)
                break
        self.lab.train(1)

    def _updated(self, count: int) -> None:
        if self.lab.notice:  # there is nothing to measure, and nothing that could be drawn
            self.notice = self.lab.notice
            self.lab.pause()
        elif count % max(1, self._length // MEASUREMENTS) == 0 or count == self._length:
            self._measure(count)

    def _measure(self, updates: int) -> None:
        truths = tuple(self.lab.view.measure(trainer) for trainer in self.lab.trainers)
        self.outcomes[-1].rows.append(Row(updates, truths))

    def _end(self) -> None:
        self.outcomes[-1].frames = self.lab.frames()
        if self._number == self._count - 1:
            self.lab.pause()
