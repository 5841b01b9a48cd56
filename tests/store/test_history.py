"""The table of the curves: appended by one thread, read by any."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from tests.waiting import until
from wgan_core.store.history import COLUMNS, History, column, generator_updates_at


def numbered(first: int, count: int) -> np.ndarray:
    """Rows that hold their number in every column."""
    return np.repeat(np.arange(first, first + count, dtype=np.float64)[:, None], len(COLUMNS), axis=1)


def test_rows_come_back_in_order_whatever_the_portions() -> None:
    history = History()
    assert history.view().shape == (0, 8)
    for first, count in ((0, 1), (1, 0), (1, 1022), (1023, 1), (1024, 1), (1025, 5000), (6025, 3)):
        history.append(numbered(first, count))
    np.testing.assert_array_equal(history.view(), numbered(0, 6028))


def test_the_generator_updates_at_a_step_lie_between_those_that_are_recorded() -> None:
    rows = np.zeros((2, len(COLUMNS)))
    rows[:, :2] = (10, 2), (20, 6)
    assert [generator_updates_at(rows, step) for step in (0, 5, 10, 15, 20, 99)] == [0, 1, 2, 4, 6, 6]
    assert generator_updates_at(rows[:0], 7) == 0


def test_a_view_is_no_copy_cannot_be_written_and_does_not_grow() -> None:
    history = History(numbered(0, 3))
    view = history.view()
    assert np.shares_memory(view, history.view())
    with pytest.raises(ValueError, match="read-only"):
        view[0, 0] = 9
    history.append(numbered(3, 1))  # the rows handed out are locked, the table is not
    assert (len(view), len(history.view())) == (3, 4)


def test_the_rows_it_begins_with_stay_the_callers() -> None:
    rows = numbered(0, 3)
    history = History(rows)
    rows[:] = -1
    np.testing.assert_array_equal(history.view(), numbered(0, 3))


def test_columns_go_by_name() -> None:
    rows = np.arange(16, dtype=np.float64).reshape(2, 8)
    assert column(rows, "step").tolist() == [0, 8]
    assert column(rows, "wasserstein_estimate").tolist() == [3, 11]
    assert column(rows, "fake_score").tolist() == [7, 15]


def test_a_reader_never_sees_a_row_that_is_half_written() -> None:
    """However the two threads take turns: it is written until what was read has grown ten times."""
    history, torn, seen, ended = History(), [], set(), threading.Event()

    def read() -> None:
        while not ended.is_set():
            view = history.view()
            if not np.array_equal(view, numbered(0, len(view))):
                torn.append(len(view))
            seen.add(len(view))

    def write() -> bool:
        history.append(numbered(len(history.view()), 20))
        return len(seen) > 10 and len(history.view()) >= 6000

    reader = threading.Thread(target=read)
    reader.start()
    until(write, pause=0.0)
    ended.set()
    reader.join()
    assert torn == []
