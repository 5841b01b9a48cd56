"""Questions refuse what is no answer to them, and numbers are written so that people can read them."""

from __future__ import annotations

import pytest

from wgan_core.lessons.asking import Choice, Drawing, Slider, in_words, within
from wgan_core.lessons.catalog import LESSONS
from wgan_core.lessons.step import Step
from wgan_core.lessons.steps import STEPS

ALL = [(lesson, step) for lesson, steps in STEPS.items() for step in steps]


def test_what_is_an_answer() -> None:
    choice, slider = Choice("", {"a": "A"}), Slider("", (0.1, 1.0), 0.1)
    drawing = Drawing("", 2, "", "", "")
    assert choice.accepts("a") and not choice.accepts("b") and not choice.accepts(1.0) and not choice.accepts(["a"])
    assert slider.accepts(1) and not slider.accepts(0.2) and not slider.accepts("a")
    assert drawing.accepts([0, 0.5]) and not drawing.accepts([0.5]) and not drawing.accepts([0.5, 2]) and not drawing.accepts("ab")


@pytest.mark.parametrize(
    ("value", "words"), [(0.35225, "0.352"), (4891.9, "4,892"), (-0.5, "-0.5"), (7.36e-15, "7.36 × 10⁻¹⁵"), (0, "0"), (12.34, "12.3")]
)
def test_numbers_in_words(value: float, words: str) -> None:
    assert in_words(value) == words


def test_a_range_holds_its_lower_end_only() -> None:
    ranges = {"low": (0.0, 2.0), "high": (2.0, 5.0)}
    assert [within(value, ranges) for value in (0, 2, 5)] == ["low", "high", ""]


@pytest.mark.parametrize("name", STEPS)
def test_a_lesson_ends_with_a_question_and_ways_to_go_on(name: str) -> None:
    *before, last = STEPS[name]
    assert name in LESSONS and len({step.name for step in STEPS[name]}) == len(STEPS[name])
    assert all(step.task is not None for step in before) and len(before) >= 2
    assert last.task is None and "Think about it" in last.text and last.text.rstrip().endswith("?") and last.links


@pytest.mark.parametrize(("lesson", "step"), ALL, ids=lambda value: value if isinstance(value, str) else value.name)
def test_a_step_has_little_to_read_before_something_can_be_done(lesson: str, step: Step) -> None:
    words = step.text.split() + (step.task.question.words.split() if step.task is not None else [])
    assert len(words) <= 90
