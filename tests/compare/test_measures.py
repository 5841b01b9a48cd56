"""The table of measures: last, best, noise, and which differences exceed it."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from tests.sides import MakeSide
from wgan_core.compare.measures import SCALED, Ranking, Value, compare, measures_table, noise_of, ranking
from wgan_core.compare.seeds import band, groups
from wgan_core.compare.words import conclusion, number, seeds_in_words
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
    # A steady fall is no noise, and one bend in it counts little.
    falling = [swd(step, 0.5 - step / 1000, 0.0) for step in (10, 20, 30, 40, 50)]
    assert noise_of(falling) == pytest.approx(0, abs=1e-12)
    bent = [swd(step, value, 0.0) for step, value in enumerate((5.0, 1.0, 0.9, 0.8, 0.7, 0.6))]
    assert noise_of(bent) == pytest.approx(0, abs=1e-12)
    rng = np.random.default_rng(0)
    found = [noise_of([swd(k, float(value), 0.0) for k, value in enumerate(rng.normal(0.3, 0.05, 6))]) or 0 for _ in range(2000)]
    assert np.median(found) == pytest.approx(2 * 0.05, rel=0.1)
    assert noise_of([swd(k, 0.3, 0.0) for k in range(4)]) == 0.0  # too few to tell: the floor's
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
    assert ranking(row) == Ranking(0, (1,), ())
    assert conclusion(row, "ABC") == "A is lowest, by more than the noise. B cannot be told from it."
    other = side("d", dataset="mnist", readings=[swd(10, 0.1)])
    (row,) = measures_table([*sides, other])
    assert "different data" in row.why_not and ranking(row) is None
    assert conclusion(row, "ABCD") == row.why_not


@pytest.mark.parametrize(
    ("key", "values", "best"), [("diversity", (0.7, 1.1, 1.5), 1), ("classes", (3.0, 9.0, 5.0), 1), ("energy", (3.0, 9.0, 5.0), 0)]
)
def test_what_is_better_depends_on_the_measure(side: MakeSide, key: str, values: tuple[float, ...], best: int) -> None:
    sides = [side(f"r{place}", readings=[Reading(key, 10, 2, one)]) for place, one in enumerate(values)]
    (row,) = measures_table(sides)
    found = ranking(row)
    assert found is not None and found.best == best and len(found.unknown) == 2
    assert "the noise is not known" in conclusion(row, "ABC")


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


def test_what_follows_in_words(side: MakeSide) -> None:
    made = itertools.count()

    def said(key: str, *readings: list[Reading]) -> str:
        sides = [side(f"run{next(made)}", readings=found) for found in readings]
        (row,) = (row for row in measures_table(sides) if row.key == key)
        return conclusion(row, "ABC"[: len(readings)])

    assert said("sliced-w1", [swd(10, 0.3)], [swd(10, 0.301)]) == "No difference beyond the noise."
    assert said("sliced-w1", [swd(10, 0.3)], []) == "Measured in one run only."
    assert said("classes", [Reading("classes", 10, 2, 9.0)], [Reading("classes", 10, 2, 9.0)]) == "No difference."
    steady, higher = ([Reading("critic-health", k, 1, level + k / 1000, details={}) for k in range(6)] for level in (1.0, 2.0))
    assert said("critic-health", steady, higher) == "They differ by more than the noise."


def test_several_seeds_in_words(side: MakeSide) -> None:
    names = {"a": (0.1, 0), "b": (0.2, 1), "c": (0.15, 2), "d": (0.3, 0), "e": (0.4, 1), "f": (0.35, 2)}
    sides = [
        side(name, seed=seed, clip_value=0.1 if name in "abc" else 0.2, readings=[swd(10, value)]) for name, (value, seed) in names.items()
    ]
    rows = measures_table(sides)
    assert groups(sides) == ((0, 1, 2), (3, 4, 5))
    assert seeds_in_words(rows, "ABCDEF", groups(sides)) == [
        "Sliced W1 over seeds: ABC 0.15 (0.1 to 0.2, 3 seeds), DEF 0.35 (0.3 to 0.4, 3 seeds). Every seed of ABC is better than every one "
        "of DEF."
    ]
    assert "Every" not in seeds_in_words(rows, "ABCDEF", [(0, 1), (3, 4)])[0]  # too few seeds to say so
    assert seeds_in_words(rows, "ABCDEF", [(0,), (1,)]) == []
    assert "overlap" in seeds_in_words(rows, "ABCDEF", [(0, 1, 3), (2, 4, 5)])[0]


def test_numbers_are_written_without_powers_of_ten_where_they_need_none(side: MakeSide) -> None:
    plain, share = (measures_table([side(key, readings=[Reading(key, 10, 2, 0.5)])])[0] for key in ("energy", "diversity"))
    assert [number(plain, value) for value in (1123.4, 0.0123456, 17.24, 0.0)] == ["1,123", "0.0123", "17.2", "0"]
    assert number(plain, 4.2, digits=1) == "4" and number(share, 0.04567) == "4.6%"


def test_a_value_of_long_ago_is_compared_with_nothing(side: MakeSide) -> None:
    sides = [side("a", steps=(10, 2000), readings=[swd(200, 0.6)]), side("b", steps=(10, 2000), readings=[swd(1990, 0.3)])]
    (row,) = measures_table(sides)
    assert ranking(row) is None and conclusion(row, "AB") == "Nothing yet: last measured in A at step 200."
    (row,) = measures_table(sides, until=[600, 2000])  # the first 500 steps are warm-up
    assert conclusion(row, "AB") == "B is lowest, by more than the noise."


def test_the_noise_of_learning_by_heart_is_the_one_that_the_reading_tells() -> None:
    """Its reading holds two standard deviations already, and jumps that are smaller do not make it surer."""
    readings = [Reading("overfit-gap", step, step, 0.004, details={"noise": 0.047}) for step in range(100, 700, 100)]
    assert noise_of(readings) == pytest.approx(0.047)
