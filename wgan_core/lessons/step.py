"""What a lesson is made of: steps, each with a short text and, usually, something to predict and to train."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from wgan_core.lessons.asking import Found, Judgement, Question
from wgan_core.lessons.points import Outcome, Training

Curve = Literal["w1", "estimate", "slope", "scaled"]
"""What the chart beside a training shows: exact W1, the estimate, the steepest slope, or estimate / steepest slope with exact W1."""
Page = Literal["lab", "train", "explore", "paper", "learn"]


@dataclass(frozen=True)
class Link:
    """A way to go on, on another page or in another lesson."""

    page: Page
    label: str
    params: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class PointTask:
    """Predict, then train WGANs of points."""

    question: Question
    trainings: Callable[[Any, int], tuple[Training, ...]]
    """From the guess, or None, and the seed."""
    measure: Callable[[Sequence[Outcome]], dict[str, float]]
    judge: Callable[[Any, Found], Judgement]
    explain: Callable[[Found], str]
    """What to take home, with the numbers just measured."""
    curve: Curve = "w1"
    log: bool = False
    """Whether the chart's scale is logarithmic."""
    layers: tuple[str, ...] = ("landscape", "contours", "real", "generated")
    """What the picture shows, see `LAYERS` of the laboratory's picture."""


Task = PointTask


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
