"""What the learner has done so far: the furthest step of each lesson, and each prediction with what was measured. The browser keeps it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from wgan_core.lessons.asking import Guess
from wgan_core.lessons.catalog import LESSONS

_PROGRESS = "learn-progress"
MAX_TEXT = 100_000
"""Characters. What a browser sends may be anything."""


@dataclass
class Result:
    """One prediction, and what was measured then."""

    guess: Guess | None
    """None: trained without a prediction."""
    found: dict[str, float]


@dataclass
class Progress:
    """Everything that is kept."""

    reached: dict[str, int] = field(default_factory=dict[str, int])
    """The furthest step of each lesson that was begun."""
    ended: set[str] = field(default_factory=set[str])
    """The lessons whose last step was reached."""
    results: dict[str, Result] = field(default_factory=dict[str, Result])
    """By lesson and step, such as "clipping.small"."""
    last: str = ""
    """The lesson that was open last."""

    def to_text(self) -> str:
        """As JSON."""
        results = {key: {"guess": result.guess, "found": result.found} for key, result in self.results.items()}
        return json.dumps({"reached": self.reached, "ended": sorted(self.ended), "last": self.last, "results": results})


def from_text(text: str) -> Progress:
    """What a browser kept. Whatever cannot be used is left out."""
    progress = Progress()
    try:
        kept = json.loads(text[:MAX_TEXT]) if text else {}
    except (ValueError, RecursionError):  # the latter by brackets within brackets within …
        return progress
    if not isinstance(kept, dict):
        return progress
    for name, step in _mapping(kept.get("reached")).items():
        if name in LESSONS and isinstance(step, int) and 0 < step < 100:
            progress.reached[name] = step
    ended, last = kept.get("ended"), kept.get("last")
    progress.ended = {name for name in ended if name in LESSONS} if isinstance(ended, list) else set()
    progress.last = last if isinstance(last, str) and last in LESSONS else ""
    for key, result in _mapping(kept.get("results")).items():
        found = {name: float(value) for name, value in _mapping(_mapping(result).get("found")).items() if _is_number(value)}
        if found:
            progress.results[key] = Result(_mapping(result).get("guess"), found)
    return progress


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def progress() -> Progress:
    """Of this session. Before the browser has sent what it keeps, it is empty."""
    return st.session_state.setdefault(_PROGRESS, Progress())


def take_over(text: str) -> None:
    """Adopt what the browser kept, and add what was done in this session before it arrived."""
    mine, kept = progress(), from_text(text)
    for name, step in mine.reached.items():
        kept.reached[name] = max(step, kept.reached.get(name, 0))
    kept.ended |= mine.ended
    kept.results |= mine.results
    kept.last = mine.last or kept.last
    st.session_state[_PROGRESS] = kept


def visited(lesson: str, step: int, of: int) -> None:
    """Note that a step of a lesson is shown."""
    now = progress()
    now.last = lesson
    now.reached[lesson] = max(step, now.reached.get(lesson, 0))
    if step == of:
        now.ended.add(lesson)
