"""Many tabs that look at one run."""

from __future__ import annotations

from pages.shared.viewers import GONE_SECONDS, Viewers


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_more_look_the_less_often_each_asks_and_never_more_than_two_seconds_late() -> None:
    viewers = Viewers(Clock())
    found = [viewers.look(f"tab {index}") for index in range(60)]
    assert found[0] == found[7] == 1.0 and found[8] == found[19] == 1.5 and found[20] == found[59] == 2.0
    assert found == sorted(found)


def test_the_same_tab_counts_once() -> None:
    viewers = Viewers(Clock())
    assert {viewers.look("tab") for _ in range(100)} == {1.0}


def test_tabs_that_left_are_forgotten_but_one_that_comes_and_goes_changes_nothing() -> None:
    viewers = Viewers(clock := Clock())
    for index in range(21):
        viewers.look(f"tab {index}")
    for _ in range(2):
        clock.now += 0.6 * GONE_SECONDS
        for index in range(20):  # one has left
            viewers.look(f"tab {index}")
    assert viewers.look("tab 0") == 2.0
    clock.now += GONE_SECONDS + 1
    assert viewers.look("tab 0") == 1.0
