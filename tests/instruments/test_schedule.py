"""When instruments are due: simulated, with no clock, with costs of our own or with those measured on presets."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
import torch

from wgan_core.config import PRESETS
from wgan_core.data.dataset import Dataset
from wgan_core.instruments.kit import lanes_for
from wgan_core.instruments.look import Look
from wgan_core.instruments.schedule import FIRST_RATE, Instrument, Lane, Schedule, allowance

Costs = dict[str, tuple[float, ...]]
"""Seconds that the looks of each instrument take, in their order; the last one repeats."""


def lane(share: float, *keys: str, cost: float = 0.05, min_gap_seconds: float = 1.0) -> Lane:
    return Lane(
        share,
        tuple(Instrument(key, lambda kit, specimen: Look(), cost, cost) for key in keys),
        gap_share=0.1,
        min_gap_seconds=min_gap_seconds,
        max_gap_seconds=20,
    )


class Simulation:
    """A run that trains for `seconds`, with instruments on a clock of their own. `parts`: calls that a first look of it needs."""

    def __init__(self, lanes: tuple[Lane, ...], costs: Costs, seconds: float, budget: float = 0.03, parts: dict[str, int] | None = None):
        self.schedule = Schedule(lanes)
        self.looks: dict[str, list[float]] = defaultdict(list)
        calls: dict[str, int] = defaultdict(int)
        now, busy_until, tick = 0.0, 0.0, max(0.01, seconds / 50_000)
        while now < seconds:
            now += tick
            if now < busy_until or (chosen := self.schedule.next(now, budget, seconds)) is None:
                continue
            key = chosen.key
            cost = costs[key][min(calls[key], len(costs[key]) - 1)]
            calls[key] += 1
            again = calls[key] < (parts or {}).get(key, 1)
            self.schedule.done(key, now, cost, again=again)
            busy_until = now + cost
            if not again:
                self.looks[key].append(busy_until)

    @property
    def first(self) -> dict[str, float]:
        """When each instrument had its first reading."""
        return {key: looks[0] for key, looks in self.looks.items()}


def test_the_allowance_is_the_budget_at_the_end_and_ahead_of_it_before() -> None:
    assert allowance(60, 60, 0.03) == pytest.approx(1.8) and allowance(15, 60, 0.03) == pytest.approx(0.9)
    assert allowance(1200, 36_000, 0.03) == pytest.approx(36) == allowance(1200 - 1e-9, 36_000, 0.03)
    assert allowance(36_000, 36_000, 0.03) == pytest.approx(1080)


@pytest.mark.parametrize("seconds", [10, 60, 300, 3600])
def test_the_share_of_the_whole_run_stays_within_the_budget(seconds: float) -> None:
    lanes = (lane(0.4, "a", cost=0.05), lane(0.4, "b", cost=0.3), lane(0.2, "c", "d", cost=0.1, min_gap_seconds=3))
    run = Simulation(lanes, {"a": (0.05,), "b": (0.3,), "c": (0.1,), "d": (0.1,)}, seconds)
    assert 0.6 * 0.03 < run.schedule.spent / seconds <= 0.03 + 1e-9
    if seconds >= 60:
        assert max(run.first.values()) < 20 and len(run.first) == 4
        gaps = np.diff(run.looks["a"])
        assert gaps[:2].max() < gaps[-2:].max()  # rarer as the run goes on
        assert abs(len(run.looks["c"]) - len(run.looks["d"])) <= 1


# Seconds measured on one core, on a quiet machine: the first looks, the later ones.
QUICK: Costs = {
    "critic-health": (0.085, 0.047),
    "truth": (0.38, 0.05),
    "nearest": (0.01, 0.005),
    "classes": (0.13, 0.03),
    "mode-gap": (0.11,),
    "energy": (0.13, 0.02),
}
WALKTHROUGH: Costs = {
    "critic-health": (0.29, 0.24),
    "truth": (0.93, 0.14),
    "nearest": (0.075, 0.043),
    "classes": (0.4, 0.16),
    "mode-gap": (0.33,),
    "overfit-gap": (0.17,),
    "energy": (0.43, 0.06),
}
POINTS: Costs = {"critic-health": (0.22,), "truth": (0.25, 0.12), "energy": (0.044, 0.016), "overfit-gap": (0.1,)}


def lanes_of(preset: str) -> tuple[Lane, ...]:
    config = PRESETS[preset]
    if config.dataset.endswith("gaussians"):
        return lanes_for(config, Dataset(config.dataset, torch.zeros(4, 2)))
    return lanes_for(config, Dataset(config.dataset, torch.zeros(4, 1, 8, 8, dtype=torch.uint8), torch.arange(4) % 2, ("a", "b")))


def slower(costs: Costs, factor: float) -> Costs:
    return {key: tuple(factor * cost for cost in some) for key, some in costs.items()}


@pytest.mark.parametrize(
    ("preset", "costs", "seconds"),
    [
        ("quick-start", QUICK, 60.0),
        ("walkthrough", WALKTHROUGH, 1260.0),
        ("walkthrough", slower(WALKTHROUGH, 2.0), 2500.0),  # half as fast a machine
        ("pytorch-gan-gp", WALKTHROUGH, 2300.0),
        ("walkthrough-next", slower(WALKTHROUGH, 20.0), 33_000.0),  # a DCGAN on one core
        ("wgan-gp-toy", POINTS, 20_000.0),
        ("wgan-toy", POINTS, 180.0),
    ],
)
def test_every_instrument_reads_within_20_seconds_or_2_percent(preset: str, costs: Costs, seconds: float) -> None:
    run = Simulation(lanes_of(preset), costs, seconds)
    assert run.first.keys() == costs.keys()
    assert max(run.first.values()) < max(20.0, 0.02 * seconds), run.first
    assert run.schedule.spent <= 0.03 * seconds
    # Three quarters of the time there is a distance of the last tenth of the run, with which a page may say that all is well.
    moments = np.linspace(max(20.0, 0.02 * seconds), seconds, 500)
    fresh = [any(0.9 * now <= look <= now for look in run.looks["truth"]) for now in moments]
    assert np.mean(fresh) > 0.75, np.mean(fresh)


def test_the_classifiers_training_counts_too() -> None:
    """On a machine that has no classifier yet, it takes 19 calls and 5 s."""
    run = Simulation(lanes_of("walkthrough"), WALKTHROUGH | {"classes": (0.27,) * 19 + (0.16,)}, 1260.0, parts={"classes": 20})
    assert max(run.first.values()) < 27 and run.schedule.spent <= 0.03 * 1260
    assert run.schedule.spent > 5


@pytest.mark.parametrize(("costs", "seconds"), [(QUICK, 5.0), (QUICK, 15.0), (WALKTHROUGH, 10.0), (slower(QUICK, 3), 15.0)])
def test_a_short_run_keeps_its_share(costs: Costs, seconds: float) -> None:
    """1,500 steps of the walkthrough take 10 s."""
    run = Simulation(lanes_of("quick-start" if costs.keys() == QUICK.keys() else "walkthrough"), costs, seconds)
    assert 0 < run.schedule.spent <= 0.03 * seconds * 1.1


def test_costs_are_learnt_from_the_first_look_on() -> None:
    """What is three times as dear as declared makes one expect the same of the next."""
    schedule = Schedule((lane(0.5, "a", cost=0.1), lane(0.5, "b", cost=0.1)))
    schedule.done("a", 1.0, 0.3)
    assert schedule.next(11.0, 0.05, 11.0) is None  # 0.3 + 0.3 > 0.55
    chosen = schedule.next(12.1, 0.05, 12.1)
    assert chosen is not None and chosen.key == "b"


def test_nothing_overtakes_a_first_look_that_waits() -> None:
    """`dear` comes when it fits; until then `often`, which is cheap and due all the time, waits too."""
    often, dear = lane(0.5, "often", cost=0.05, min_gap_seconds=0.1), lane(0.5, "dear", cost=3.0)
    run = Simulation((often, dear), {"often": (0.05,), "dear": (3.0,)}, 600)
    assert run.looks["often"][1] > run.first["dear"] and run.first["dear"] < 3.05 / FIRST_RATE + 3.1


def test_a_first_look_that_a_run_cannot_afford_does_not_hold_up_the_others() -> None:
    run = Simulation((lane(0.5, "a", cost=0.05), lane(0.5, "dear", cost=30.0)), {"a": (0.05,), "dear": (30.0,)}, 100)
    assert len(run.looks["a"]) > 5 and "dear" not in run.looks


def test_a_first_look_that_had_to_load_everything_does_not_hold_up_its_lane() -> None:
    lanes = (lane(0.35, "health", cost=0.03), lane(0.3, "truth", cost=0.06), lane(0.35, "rare", cost=0.1))
    run = Simulation(lanes, {"health": (0.7, 0.03), "truth": (0.06,), "rare": (0.1,)}, 120)
    assert run.looks["health"][1] - run.looks["health"][0] < 40
    assert run.schedule.spent <= 0.03 * 120 + 0.1


def test_no_budget_no_look() -> None:
    assert not Simulation((lane(1.0, "a"),), {"a": (0.1,)}, 50, 0.0).looks


def test_a_lane_that_costs_much_does_not_starve_another() -> None:
    run = Simulation((lane(0.5, "cheap", cost=0.01), lane(0.5, "dear", cost=2.0)), {"cheap": (0.01,), "dear": (2.0,)}, 600)
    assert len(run.looks["cheap"]) > 20 and len(run.looks["dear"]) >= 4


def key_of(chosen: Instrument | None) -> str:
    return chosen.key if chosen else "none"


def test_what_is_unfinished_is_due_at_once_and_what_failed_never_again() -> None:
    schedule = Schedule((lane(1.0, "a", "b", min_gap_seconds=100),))
    for now, key in ((0.1, "a"), (0.3, "b")):
        assert key_of(schedule.next(now, 0.5, 1000.0)) == key
        schedule.done(key, now, 0.001)
    assert schedule.next(5.0, 0.5, 1000.0) is None
    schedule.done("b", 5.0, 0.001, again=True)
    assert key_of(schedule.next(5.01, 0.5, 1000.0)) == "b"
    schedule.done("b", 5.02, 0.001)
    schedule.leave_out("b")
    schedule.hurry("b")
    assert schedule.next(6.0, 0.5, 1000.0) is None
    schedule.hurry("a")
    assert key_of(schedule.next(6.0, 0.5, 1000.0)) == "a"


def test_what_is_hurried_goes_before_all_but_first_looks() -> None:
    schedule = Schedule((lane(0.5, "a", min_gap_seconds=100), lane(0.5, "b", "c", min_gap_seconds=100)))
    schedule.hurry("b")
    for now, key in ((1.0, "a"), (1.4, "b"), (5.0, "c")):
        assert key_of(schedule.next(now, 0.03, 1000.0)) == key
        schedule.done(key, now, 0.05)
    assert schedule.next(6.0, 0.03, 1000.0) is None  # the hurry was over with its first look
    schedule.hurry("b")
    assert key_of(schedule.next(6.0, 0.03, 1000.0)) == "b"


def test_no_lane_borrows_what_another_has_saved() -> None:
    """`often` is due all the time and would spend what `dear` has to save for its next look."""
    often = Lane(
        0.5, (Instrument("often", lambda kit, specimen: Look(), 0.05, 0.05),), gap_share=0.01, min_gap_seconds=0.1, max_gap_seconds=1
    )
    dear = Lane(0.5, (Instrument("dear", lambda kit, specimen: Look(), 0.3, 0.3),), gap_share=0.1, min_gap_seconds=1, max_gap_seconds=10)
    run = Simulation((often, dear), {"often": (0.05,), "dear": (0.3,)}, 200)
    cost = {name: len(run.looks[name]) * each for name, each in (("often", 0.05), ("dear", 0.3))}
    assert cost["dear"] >= 0.5 * 0.03 * 200 - 0.31 and cost["often"] >= 0.5 * 0.03 * 200 - 0.31
