"""What a lesson is made of: steps, each with a short text and, usually, something to predict and to train."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from wgan_core.lessons.asking import Found, Judgement, Question
from wgan_core.lessons.digits import DigitExperiment, DigitOutcome, DigitTraining
from wgan_core.lessons.lines import LinesExperiment, LinesRow, LinesTraining
from wgan_core.lessons.points import Outcome, PointExperiment, Training

Curve = Literal["w1", "estimate", "slope", "scaled"]
"""What the chart beside a training shows: exact W1, the estimate, the steepest slope, or estimate / steepest slope with exact W1."""
Page = Literal["lab", "train", "explore", "paper", "learn"]


@dataclass(frozen=True)
class Link:
    """A way to go on, on another page or in another lesson."""

    page: Page
    label: str
    params: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What all tasks have: a prediction to make and to compare."""

    question: Question
    judge: Callable[[Any, Found], Judgement]
    """From the guess and what was measured."""
    explain: Callable[[Found], str]
    """What to take home, with the numbers just measured."""


@dataclass(frozen=True, kw_only=True)
class PointTask(Asked):
    """Predict, then train WGANs of points."""

    trainings: Callable[[Any, int], tuple[Training, ...]]
    """From the guess, or None, and the seed."""
    measure: Callable[[Sequence[Outcome]], dict[str, float]]
    curve: Curve = "w1"
    log: bool = False
    """Whether the chart's scale is logarithmic."""
    layers: tuple[str, ...] = ("landscape", "contours", "real", "generated")
    """What the picture shows, see `LAYERS` of the laboratory's picture."""

    def begin(self, guess: Any, seed: int) -> PointExperiment:
        """The training, ready to go."""
        return PointExperiment(self.trainings(guess, seed))

    def found(self, experiment: Any) -> dict[str, float]:
        """What was measured, once it has ended."""
        return self.measure(experiment.outcomes)


@dataclass(frozen=True, kw_only=True)
class LinesTask(Asked):
    """Predict, then train a critic and a discriminator on two parallel lines."""

    trainings: tuple[LinesTraining, ...]
    measure: Callable[[Sequence[LinesRow]], dict[str, float]]

    def begin(self, guess: Any, seed: int) -> LinesExperiment:
        """The training, ready to go."""
        return LinesExperiment(self.trainings, seed)

    def found(self, experiment: Any) -> dict[str, float]:
        """What was measured, once it has ended."""
        return self.measure(experiment.rows)


@dataclass(frozen=True, kw_only=True)
class DigitTask(Asked):
    """Predict, then train WGANs of digits."""

    training: Callable[[Any, int], DigitTraining]
    """From the guess, or None, and the seed."""
    measure: Callable[[DigitOutcome], dict[str, float]]
    curve: Literal["distance", "estimate"] = "distance"

    def begin(self, guess: Any, seed: int) -> DigitExperiment:
        """The training, ready to go. Raises DataError if the digits cannot be loaded."""
        return DigitExperiment(self.training(guess, seed))

    def found(self, experiment: Any) -> dict[str, float]:
        """What was measured, once it has ended."""
        return self.measure(experiment.outcomes[0])


Task = PointTask | LinesTask | DigitTask


@dataclass(frozen=True)
class Step:
    """A screen of a lesson."""

    name: str
    """Unique within the lesson. Predictions are kept under it."""
    title: str
    text: str
    """Markdown, short: what this step is about."""
    task: Task | None = None
    links: tuple[Link, ...] = ()
    """For the last step: where to go on."""
