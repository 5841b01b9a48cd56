"""The speed of a run."""

from __future__ import annotations

from collections.abc import Callable


class Speed:
    """Measures training time without pauses, and recent steps per second."""

    def __init__(self, clock: Callable[[], float], step: int) -> None:
        self._clock = clock
        self._running = True
        self._since = clock()
        self._before = 0.0
        self._mark = (self._since, step)
        self._rate = 0.0

    def seconds(self) -> float:
        """Seconds trained so far."""
        return self._before + (self._clock() - self._since if self._running else 0.0)

    def set_running(self, running: bool, step: int) -> None:
        """Start or stop the clock."""
        self._before = self.seconds()
        self._since = self._clock()
        self._running = running
        self._mark = (self._since, step)

    def update(self, step: int) -> float:
        """Steps per second, slightly smoothed so that the time left does not jump."""
        now, (then, step_then) = self._clock(), self._mark
        if self._running and now - then >= 0.4 and step > step_then:
            rate = (step - step_then) / (now - then)
            self._rate = rate if self._rate == 0 else 0.7 * self._rate + 0.3 * rate
            self._mark = (now, step)
        return self._rate
