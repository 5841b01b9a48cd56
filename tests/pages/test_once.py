"""What is made once for all browser tabs."""

from __future__ import annotations

import gc
import threading
import weakref

import pytest

from pages.shared.once import Once
from tests.waiting import PATIENCE


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
