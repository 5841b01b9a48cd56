"""What is made once for all browser tabs."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest

from pages.parts.train import curves_view, pictures
from pages.shared.once import Once
from tests.waiting import PATIENCE
from wgan_core.config import PRESETS
from wgan_core.figures.training import ESTIMATE
from wgan_core.runs.messages import Snapshot
from wgan_core.store.history import COLUMNS


class Thing:
    """Something that a weak reference can watch."""


def test_a_value_is_made_once_and_the_newest_few_are_kept() -> None:
    once, made = Once[int](2), list[int]()

    def value(key: int) -> int:
        return once.get(key, lambda: made.append(key) or 10 * key)

    assert [value(key) for key in (1, 2, 1, 3)] == [10, 20, 10, 30] and made == [1, 2, 3]
    assert value(1) == 10 and made == [1, 2, 3]  # it was asked for after 2
    assert value(2) == 20 and made == [1, 2, 3, 2]


def test_nothing_stays_of_values_that_are_not_kept_nor_of_their_keys() -> None:
    once, things = Once[Thing](4), list[weakref.ref[Thing]]()

    def new() -> Thing:
        things.append(weakref.ref(thing := Thing()))
        return thing

    for _ in range(50):
        once.get(new(), new)
    gc.collect()
    assert len(things) == 100 and sum(thing() is not None for thing in things) == 2 * 4


def test_threads_that_ask_together_wait_for_one_of_them() -> None:
    once, gate, made = Once[Thing](1), threading.Barrier(8), list[Thing]()
    found: list[Thing] = []

    def make() -> Thing:
        made.append(Thing())
        return made[-1]

    def ask() -> None:
        gate.wait(PATIENCE)
        found.append(once.get("key", make))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert len(made) == 1 and found == made * 8


def test_what_could_not_be_made_is_tried_again() -> None:
    once = Once[int](2)

    def fails() -> int:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        once.get("key", fails)
    assert once.get("key", lambda: 7) == 7


def test_a_run_that_comes_to_the_same_step_again_is_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resumed from an earlier step by the command line, with other settings."""
    first, second = (np.full((4, 8, 8, 1), tone, np.uint8) for tone in (10, 200))
    assert pictures.grid_png("run", 60, first) == pictures.grid_png("run", 60, first) != pictures.grid_png("run", 60, second)

    drawn: list[object] = []
    monkeypatch.setattr(curves_view, "live_chart", lambda chart, **options: drawn.append(chart))
    monkeypatch.setattr(curves_view, "cursor_of", lambda snapshot: None)
    view = curves_view.View(0.0, "step", log_y=False, whole=True, since=0)
    for estimate in (0.5, 0.5, 0.25):
        rows = np.ones((2, len(COLUMNS)))
        rows[:, COLUMNS.index("step")], rows[1, COLUMNS.index("wasserstein_estimate")] = (5, 60), estimate
        snapshot = Snapshot("run", 0, "finished", PRESETS["quick-start"], step=60, history=rows)
        curves_view._chart(snapshot, view, ESTIMATE, "estimate", "The estimate", 200)
    assert drawn[0] is drawn[1] and drawn[1] is not drawn[2]
