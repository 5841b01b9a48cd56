"""The experiments on results of the papers, and their outcomes. Imports neither torch nor Plotly."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go


class Stopped(Exception):
    """The experiment was stopped before it finished."""


class Progress:
    """The progress of an experiment, and whether it should continue. May be read and stopped from any thread.

    Args:
        show: called with the fraction done, from 0 to 1, by the computing thread.
        stop: set when the experiment should end.
    """

    def __init__(self, show: Callable[[float], None] = lambda fraction: None, stop: threading.Event | None = None) -> None:
        self._show = show
        self._stop = stop or threading.Event()

    def stop(self) -> None:
        """Make the experiment end at its next `report`."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stop.is_set()

    def report(self, fraction: float) -> None:
        """Called by the experiment many times a second. Raises Stopped."""
        if self.stopping:
            raise Stopped
        self._show(min(1.0, fraction))

    def part(self, start: float, end: float) -> Progress:
        """The progress of a part, during which this one goes from `start` to `end`."""
        return Progress(lambda fraction: self.report(start + fraction * (end - start)), self._stop)


@dataclass(frozen=True)
class Check:
    """One measured number and its threshold. nan fails."""

    what: str
    measured: float
    low: float | None = None
    high: float | None = None

    @property
    def passed(self) -> bool:
        """Whether low ≤ measured ≤ high, as far as these are given."""
        return bool((self.low is None or self.measured >= self.low) and (self.high is None or self.measured <= self.high))

    @property
    def threshold(self) -> str:
        """The threshold in words: "≥ 0.99", "≤ 1e-06", "0.9 to 1.1"."""
        if self.low is not None and self.high is not None:
            return f"{self.low:.4g} to {self.high:.4g}"
        return f"≥ {self.low:.4g}" if self.low is not None else f"≤ {self.high:.4g}"


@dataclass(frozen=True)
class Result:
    """The outcome of one run of an experiment."""

    name: str
    title: str
    criterion: str
    checks: tuple[Check, ...]
    figure: go.Figure
    seconds: float
    seed: int

    @property
    def passed(self) -> bool:
        """Whether every check passed."""
        return all(check.passed for check in self.checks)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values, without the figure."""
        checks = [
            {"what": check.what, "measured": check.measured, "threshold": check.threshold, "passed": check.passed} for check in self.checks
        ]
        return {
            "name": self.name,
            "title": self.title,
            "passed": self.passed,
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
            "criterion": self.criterion,
            "checks": checks,
        }


Measure = Callable[[int, Progress], "tuple[tuple[Check, ...], go.Figure]"]
"""Computes an experiment from its seed; returns the checks and the figure."""


@dataclass(frozen=True)
class Experiment:
    """A result of a paper that can be reproduced here."""

    name: str
    title: str
    source: str
    """Which figure of which paper."""
    claim: str
    """What the paper says, and what is done here."""
    criterion: str
    """The condition under which it counts as reproduced."""
    fooled_by: str
    """What could make it pass or fail for the wrong reason, and how this is avoided."""
    figure_words: str
    """A description of the figure for people who cannot see it."""
    typical_seconds: int
    """Duration on one core of a laptop."""
    measure: Measure
