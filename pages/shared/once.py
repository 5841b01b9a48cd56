"""What is made once for all browser tabs, such as the charts of a run in one state: the newest few are kept."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")


class Once(Generic[T]):
    """Values by key, each made once, however many threads ask for it at the same time. Safe from any thread.

    For what has another key at every look. `st.cache_resource` and `st.cache_data` drop old values, too, but keep a lock and the hash of
    every key that there ever was: some 250 bytes, six times a second while somebody watches a run, which is 5 MB an hour.

    Args:
        entries: how many values are kept, those that were asked for last.
    """

    def __init__(self, entries: int) -> None:
        self._entries = entries
        self._made: OrderedDict[Hashable, Future[T]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value of `key`, made by `make` unless it is kept. What `make` raises is raised for all who wait, and not kept."""
        with self._lock:
            found, is_new = self._made.get(key), key not in self._made
            if found is None:
                found = self._made[key] = Future()
            self._made.move_to_end(key)
            while len(self._made) > self._entries:
                self._made.popitem(last=False)
        if is_new:
            self._make(key, found, make)
        return found.result()

    def _make(self, key: Hashable, into: Future[T], make: Callable[[], T]) -> None:
        try:
            into.set_result(make())
        except BaseException as error:
            with self._lock:
                if self._made.get(key) is into:
                    del self._made[key]
            into.set_exception(error)
