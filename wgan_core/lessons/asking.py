"""What a lesson asks before something is trained, and how a prediction is compared with what was measured. Uses no PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Guess = str | float | list[float]
"""The name of an option, a number, or the heights of a drawn curve."""
Found = Mapping[str, float]
"""What was measured, by name. It is kept with the prediction, so that the comparison can be shown again."""


@dataclass(frozen=True)
class Choice:
    """A question with a few answers to choose from."""

    words: str
    options: Mapping[str, str]
    """The answers by name."""

    def accepts(self, guess: object) -> bool:
        """Whether `guess` is an answer to this question."""
        return isinstance(guess, str) and guess in self.options


@dataclass(frozen=True)
class Slider:
    """A question whose answer is one of these numbers, in rising order."""

    words: str
    values: Sequence[float]
    start: float
    """Where the slider stands at first."""
    label: Callable[[float], str] = "{:g}".format

    def accepts(self, guess: object) -> bool:
        """Whether `guess` is an answer to this question."""
        return isinstance(guess, float | int) and float(guess) in self.values


@dataclass(frozen=True)
class Drawing:
    """A question whose answer is a curve."""

    words: str
    places: int
    """How many heights the curve has, evenly spaced along the training."""
    left: str
    """What is at the left end of the curve; `right`: at its right end."""
    right: str
    up: str
    """What the height means."""

    def accepts(self, guess: object) -> bool:
        """Whether `guess` is an answer to this question: heights from 0 to 1."""
        return (
            isinstance(guess, list)
            and len(guess) == self.places
            and all(isinstance(height, float | int) and 0 <= height <= 1 for height in guess)
        )


def place_key(place: int) -> str:
    """The name in `Found` of a measured curve's height at a place, from 0."""
    return f"height {place}"


Question = Choice | Slider | Drawing


@dataclass(frozen=True)
class Judgement:
    """A prediction beside what was measured."""

    agrees: bool
    words: str


def within(value: float, ranges: Mapping[str, tuple[float, float]]) -> str:
    """The name of the range, from low (included) to high (not included), that holds `value`; "" if none does."""
    return next((name for name, (low, high) in ranges.items() if low <= value < high), "")


def in_words(value: float) -> str:
    """A measured number for a sentence: 0.352, 4,890, 7.36 × 10⁻¹⁵."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    text = f"{value:.3g}"
    if "e" not in text:
        return text
    digits, _, power = text.partition("e")
    return f"{digits} × 10{str(int(power)).translate(_RAISED)}"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
