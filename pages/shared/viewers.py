"""How many browser tabs look at a run, and how often each may ask for news: many viewers together must not slow the training down."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable

import streamlit as st

GONE_SECONDS = 10.0
"""A tab that has not asked for so long is closed, or in the background of its browser."""
_STEPS = ((21, 2.0), (9, 1.5), (0, 1.0))
"""From so many viewers on, each asks after so many seconds."""
_SESSION = "viewer"


class Viewers:
    """The tabs that look at one run. Safe from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen: dict[str, float] = {}
        self._seconds = _STEPS[-1][1]
        self._lock = threading.Lock()

    def look(self, session: str) -> float:
        """A tab looks. Returns the seconds until it may ask again: at once more when tabs come, less again when half of them have left, so
        that it does not change back and forth."""
        with self._lock:
            now = self._clock()
            self._seen[session] = now
            self._seen = {one: seen for one, seen in self._seen.items() if now - seen < GONE_SECONDS}
            wanted, with_twice = (_seconds(count) for count in (len(self._seen), 2 * len(self._seen)))
            if wanted > self._seconds or with_twice < self._seconds:
                self._seconds = wanted
            return self._seconds


def _seconds(count: int) -> float:
    return next(seconds for least, seconds in _STEPS if count >= least)


@st.cache_resource(max_entries=64, show_spinner=False)
def _viewers(run_id: str) -> Viewers:
    return Viewers()


def seconds_between_looks(run_id: str) -> float:
    """The seconds after which this tab may ask for news of a run again."""
    return _viewers(run_id).look(st.session_state.setdefault(_SESSION, secrets.token_hex(8)))
