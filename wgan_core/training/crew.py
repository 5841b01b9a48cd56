"""Threads that do the parts of one training step side by side, each computing on one core.

PyTorch splits a single operation among the threads of an OpenMP team. Such a team waits, spinning, at the end of every operation, so it is
as slow as its slowest member: beside one busy process two threads became up to twenty times slower than one. And how an operation is split
changes the last bits of its result. Here it is the step that is split, into parts that are the same for any number of threads. So results
do not depend on that number, nobody spins, and a part whose thread has to wait for a core is done by another thread.
"""

from __future__ import annotations

import itertools
import queue
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any

import torch

Part = Callable[[], Any]


class Crew:
    """The calling thread and `size` − 1 others. They end when the crew is no longer used.

    Args:
        size: number of threads, at least 1. A crew of one does all parts in their order.
    """

    def __init__(self, size: int = 1) -> None:
        self.size = size
        self._orders: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        for number in range(1, size):
            threading.Thread(target=_work, args=(self._orders,), name=f"crew-{number}", daemon=True).start()
        weakref.finalize(self, _dismiss, self._orders, size - 1)

    def do(self, parts: Sequence[Part]) -> list[Any]:
        """The results of all `parts`, which may be done in any order and side by side. Raises the first exception of a part, after all
        have ended.

        Gradients are switched off, unless a part switches them on, and the caller's autocast applies.
        """
        order = _Order(parts)
        for _ in range(min(self.size, len(parts)) - 1):
            self._orders.put(order)
        with torch.no_grad():
            order.take_part()
        return order.results()


class _Order:
    """Parts to do, each of which is taken by one thread."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = parts
        self._autocast = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else None
        self._found: list[Any] = [None] * len(parts)
        self._errors: list[BaseException] = []
        self._next, self._done = itertools.count(), itertools.count(1)  # taking a number from them is atomic
        self._all_done = threading.Lock()
        self._all_done.acquire()

    def help(self) -> None:
        """Do parts on another thread than the caller's, to which grad mode and autocast belong."""
        if self._autocast is None:
            self.take_part()
        else:
            with torch.autocast("cpu", self._autocast):
                self.take_part()

    def take_part(self) -> None:
        """Do parts until all are taken."""
        while (index := next(self._next)) < len(self._parts):
            try:
                self._found[index] = self._parts[index]()
            except BaseException as error:  # passed on to the thread that gave the order
                self._errors.append(error)
            if next(self._done) == len(self._parts):
                self._all_done.release()

    def results(self) -> list[Any]:
        """Wait for the parts that other threads have taken."""
        if self._parts:
            self._all_done.acquire()
        if self._errors:
            raise self._errors[0]
        return self._found


def _work(orders: queue.SimpleQueue[_Order | None]) -> None:
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    while (order := orders.get()) is not None:
        order.help()
        del order  # it holds tensors, and may be the last to do so


def _dismiss(orders: queue.SimpleQueue[_Order | None], count: int) -> None:
    for _ in range(count):
        orders.put(None)
