"""Time in tests: a clock that goes only when told to, and waiting for what another thread or process does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from wgan_core.config import TrainConfig
from wgan_core.runs.manager import RunManager
from wgan_core.runs.messages import Snapshot
from wgan_core.runs.run import Run

# How long anything may take before a test fails. Many times what it takes on an idle machine: a machine that is busy is no failure.
PATIENCE = 60.0


class Clock:
    """Seconds that pass when told to, and `tick` of them at each look."""

    def __init__(self, now: float = 100.0, tick: float = 0.0) -> None:
        self.now, self.tick = now, tick

    def __call__(self) -> float:
        self.now += self.tick
        return self.now

    perf_counter = __call__


def until(condition: Callable[[], bool], what: object = "it did not come about", *, pause: float = 0.005) -> None:
    """Wait until `condition()`. Raises AssertionError with `what` (or, of a function, with what it returns) when patience is at its end."""
    waiting, end = threading.Event(), time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(what() if callable(what) else what)
        waiting.wait(pause)


def wait_for(run: Run, *statuses: str) -> Snapshot:
    """Until the run is in one of `statuses`, and its thread is over if that is an end. One that ended in another fails at once, with its
    error."""

    def come() -> bool:
        snapshot = run.snapshot
        assert snapshot.status in statuses or not snapshot.ended, said()
        return snapshot.status in statuses

    def said() -> str:
        return f"{run.snapshot.status}, not {' or '.join(statuses)}: {run.snapshot.error}"

    until(come, said)
    assert not run.snapshot.ended or run.join(PATIENCE)
    return run.snapshot


def trained(manager: RunManager, config: TrainConfig) -> Run:
    """A run of `config`, trained to its end by `manager`."""
    run = manager.start(config)
    run.watch()  # else no pictures are made
    wait_for(run, "finished")
    return run


def wait_while_it_trains(run: Run, condition: Callable[[], bool]) -> None:
    """Until `condition()`; the run must not end before."""

    def come() -> bool:
        met = condition()
        assert met or not run.snapshot.ended, run.snapshot.error
        return met

    until(come)
