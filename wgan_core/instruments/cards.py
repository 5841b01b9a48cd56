"""What belongs to each rule besides its text: the question that it answers, and the lesson that explains it. The only such table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Question = Literal["learns", "critic", "variety"]
"""Does it learn? Is the critic healthy? Are the samples varied?"""
Lesson = Literal["noise", "distance", "landscape", "clipping", "n-critic", "curve", "gradient-penalty", "pictures", "gan"]


@dataclass(frozen=True)
class Card:
    """A rule as the pages show it."""

    question: Question
    lesson: Lesson


CARDS: dict[str, Card] = {
    "critic-rate-too-high": Card("critic", "clipping"),
    "generator-rate-too-high": Card("learns", "pictures"),
    "clip-out-of-reach": Card("critic", "clipping"),
    "critic-rate-too-low": Card("critic", "curve"),
    "generator-rate-too-low": Card("learns", "pictures"),
    "too-little-room": Card("variety", "pictures"),
    "linear-units": Card("critic", "landscape"),
    "tiny-batch": Card("learns", "distance"),
    "penalty-out-of-range": Card("critic", "gradient-penalty"),
    "few-generator-updates": Card("learns", "n-critic"),
    "estimate-jumped": Card("critic", "curve"),
    "saturated-samples": Card("learns", "pictures"),
    "spectral-norm-alone": Card("critic", "gradient-penalty"),
    "no-constraint": Card("critic", "clipping"),
    "dying-critic": Card("critic", "clipping"),
    "momentum-with-clipping": Card("critic", "clipping"),
    "deep-critic-with-clipping": Card("critic", "gradient-penalty"),
    "clipped-norm": Card("critic", "clipping"),
    "piled-gradients": Card("critic", "clipping"),
    "nothing-holds-the-critic": Card("critic", "clipping"),
    "saturated-weights": Card("critic", "clipping"),
    "linear-critic": Card("critic", "landscape"),
    "vanishing-gradient": Card("critic", "gradient-penalty"),
    "exploding-gradient": Card("critic", "gradient-penalty"),
    "critic-lagging": Card("critic", "n-critic"),
    "negative-estimate": Card("critic", "n-critic"),
    "penalty-not-holding": Card("critic", "gradient-penalty"),
    "overfitted-critic": Card("critic", "distance"),
    "still-generator": Card("learns", "pictures"),
    "missing-modes": Card("variety", "gan"),
    "samples-too-alike": Card("variety", "gan"),
    "distance-rising": Card("learns", "curve"),
    "distance-stuck": Card("learns", "n-critic"),
    "wrong-class": Card("variety", "pictures"),
    "sure-discriminator": Card("critic", "gan"),
    "batchnorm-modes-differ": Card("learns", "pictures"),
}
"""By the rule's key."""
