"""The table of measures: last, best, noise, and which differences exceed it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from tests.sides import MakeSide
from wgan_core.compare.measures import SCALED, Value, compare, leaders, measures_table, noise_of
from wgan_core.compare.seeds import band, groups
from wgan_core.store.readings import Reading


def swd(step: int, value: float | None, sd: float = 0.002) -> Reading:
    return Reading("sliced-w1", step, step // 5, value, 0.02, sd, 1024, "pixel range", reference="held-out")


def health(step: int, display: float | None) -> Reading:
    bounds = {"empirical": {"value": 2.0, "reason": ""}, "display_w1": {"value": display, "reason": "flat"}}
    return Reading("critic-health", step, 1, 2.0, details={"bounds": bounds})


def test_last_best_floor_and_steps(side: MakeSide) -> None:
    a = side("a", readings=[swd(10, 0.5), swd(20, 0.3), swd(30, 0.4), swd(40, None)])
    b = side("b", readings=[health(40, 5.0)])
    rows = {row.key: row for row in measures_table([a, b])}
    assert list(rows) == ["sliced-w1", SCALED, "critic-health"]
    value = rows["sliced-w1"].values[0]
    assert value is not None and rows["sliced-w1"].values[1] is None
    assert (value.last, value.step, value.best, value.best_step, value.floor, value.noise) == (0.4, 30, 0.3, 20, 0.02, 0.004)
    assert [value and (value.last, value.best) for value in rows[SCALED].values] == [None, (5.0, None)]


def test_only_readings_up_to_a_step_count(side: MakeSide) -> None:
    a, b = (side(name, readings=[swd(10, 0.5), swd(20, 0.3), swd(40, 0.2)]) for name in "ab")
    (row,) = measures_table([a, b], until=[25, 40])
    assert [value and (value.last, value.step) for value in row.values] == [(0.3, 20), (0.2, 40)]


def test_noise_is_two_standard_deviations_of_what_jumps_more() -> None:
    assert noise_of([swd(10, 0.3)]) == pytest.approx(0.004)
    # A steady fall is no noise: jumps of 0.01 each give sd 0.01 / sqrt 2.
    falling = [swd(step, 0.5 - step / 1000, 0.0) for step in (10, 20, 30, 40)]
    assert noise_of(falling) == pytest.approx(2 * 0.01 / math.sqrt(2))
    rng = np.random.default_rng(0)
    found = [noise_of([swd(k, float(value), 0.0) for k, value in enumerate(rng.normal(0.3, 0.05, 6))]) for _ in range(2000)]
    # The mean of the variance, which is what is without bias.
    assert np.mean(np.square([one or 0 for one in found])) == pytest.approx((2 * 0.05) ** 2, rel=0.05)
    assert noise_of([Reading("nearest", 1, 1, 0.5)]) is None
    assert noise_of([Reading("diversity", 1, 1, 0.9, details={"noise": 0.01})]) == 0.02


def value(last: float, noise: float | None) -> Value:
    return Value(last, 10, noise, None, last, 10)


def test_a_difference_counts_if_it_exceeds_both_noises_together() -> None:
    assert compare(value(1.0, 0.3), value(1.49, 0.4)) == "no difference beyond the noise"
    assert compare(value(1.0, 0.3), value(1.51, 0.4)) == "differs"
    assert compare(value(1.0, 0.3), value(9.0, None)) == "noise unknown"


def test_the_best_and_those_that_cannot_be_told_from_it(side: MakeSide) -> None:
    values = {"a": 0.30, "b": 0.302, "c": 0.5}
    sides = [side(name, readings=[swd(10, found)]) for name, found in values.items()]
    (row,) = measures_table(sides)
    assert leaders(row) == (0, (1,))
    other = side("d", dataset="mnist", readings=[swd(10, 0.1)])
    (row,) = measures_table([*sides, other])
    assert "different data" in row.why_not and leaders(row) is None


@pytest.mark.parametrize(
    ("key", "values", "best"), [("diversity", (0.7, 1.1, 1.5), 1), ("classes", (3.0, 9.0, 5.0), 1), ("energy", (3.0, 9.0, 5.0), 0)]
)
def test_what_is_better_depends_on_the_measure(side: MakeSide, key: str, values: tuple[float, ...], best: int) -> None:
    sides = [side(f"r{place}", readings=[Reading(key, 10, 2, one)]) for place, one in enumerate(values)]
    (row,) = measures_table(sides)
    found = leaders(row)
    assert found is not None and found[0] == best


@pytest.mark.parametrize("details", [{"bounds": 7}, {"bounds": {"display_w1": []}}, {"bounds": {"display_w1": {"value": "x"}}}, {}])
def test_readings_of_a_stranger_cost_nothing(side: MakeSide, details: dict[str, Any]) -> None:
    runs = [side(name, readings=[Reading("critic-health", 10, 2, 1.0, details=details)]) for name in "ab"]
    assert [row.key for row in measures_table(runs)] == ["critic-health"]


def test_seeds_of_one_setting_belong_together(side: MakeSide) -> None:
    sides = [side("a"), side("b", seed=1), side("c", clip_value=0.1), side("d", seed=2, threads=2), side("e", clip_value=0.1, seed=1)]
    assert groups(sides) == ((0, 1, 3), (2, 4))
    assert groups([side("a"), side("f")]) == ((0,), (1,))  # one seed twice
    falls = [side("g", lr_schedule="linear"), side("h", lr_schedule="linear", seed=1, max_steps=500)]
    assert groups(falls) == ((0,), (1,))
    assert groups([side("i", edits=[(20, "n_critic", 2)]), side("b")]) == ((0,), (1,))


def test_a_band_is_mean_lowest_and_highest_where_all_curves_are() -> None:
    x = np.array([0.0, 10.0, 20.0])
    found = band([(x, x), (np.array([5.0, 15.0]), np.array([15.0, 25.0]))])
    assert (found.x[0], found.x[-1], found.count) == (5.0, 15.0, 2)
    np.testing.assert_allclose(found.low, found.x)
    np.testing.assert_allclose(found.high, found.x + 10)
    np.testing.assert_allclose(found.mean, found.x + 5)
    assert len(band([(x, x), (x + 100, x)]).x) == 0
