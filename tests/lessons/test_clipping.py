"""The lesson on clipping: what it says follows from what was measured."""

from __future__ import annotations

import pytest

from wgan_core.lessons import clipping

FREE = {"first": 3.0, "last": 75.0, "first_estimate": 0.1, "estimate": 9.0, "w1": 0.4, "updates": 1500.0}
CLIPPED = {"c": 0.03, "w1_first": 1.3, "w1": 0.4, "steepest": 3.0, "estimate": 0.2, "slope": 1.0, "floor": 0.15}


@pytest.mark.parametrize(("last", "right"), [(3.3, "same"), (9.0, "some"), (75.0, "much"), (3000.0, "huge")])
def test_the_growth_that_was_measured_decides(last: float, right: str) -> None:
    found = {**FREE, "last": last}
    assert [guess for guess in clipping.GROWTH if clipping.judge_free(guess, found).agrees] == [right]
    assert f"{last / 3:.3g} times" in clipping.judge_free(right, found).words or last == 3000


@pytest.mark.parametrize(("w1", "stopped"), [(1.29, True), (1.6, True), (1.0, False), (0.4, False)])
def test_a_small_c_has_stopped_the_learning_only_if_the_points_stood_still(w1: float, stopped: bool) -> None:
    judged = clipping.judge_small(0.03, {**CLIPPED, "w1": w1})
    assert judged.agrees == stopped and f"from 1.3 to {w1:.3g}" in judged.words
    assert ("learned nothing" in judged.words) == stopped


@pytest.mark.parametrize(("steepest", "broken"), [(99.0, False), (100.0, True), (4891.0, True)])
def test_a_large_c_has_let_the_critic_go_only_if_it_became_steep(steepest: float, broken: bool) -> None:
    judged = clipping.judge_large(1.0, {**CLIPPED, "steepest": steepest})
    assert judged.agrees == broken and f"{steepest:,.0f}" in judged.words


def test_what_hides_a_steep_critic_is_said_only_where_the_points_learned() -> None:
    assert "learned all the same" in clipping.explain_large(CLIPPED)
    assert "did not learn either" in clipping.explain_large({**CLIPPED, "w1": 1.3})
