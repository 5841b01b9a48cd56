"""Where a step lies on each axis, and back, against cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.sides import MakeSide
from wgan_core.compare.alignment import AXES, common_reach, positions, reach, scale, step_at
from wgan_core.compare.side import split_name
from wgan_core.instruments.answers import answers
from wgan_core.store.folder import NoRun, StoreError
from wgan_core.store.parent import Parent
from wgan_core.store.readings import Reading


def test_a_step_on_each_axis(side: MakeSide) -> None:
    run = side(steps=(10, 20, 30, 40), seconds_per_step=0.5, n_critic=5, batch_size=32)
    assert {axis: positions(run, axis, [0, 10, 25, 40]).tolist() for axis in AXES} == {
        "step": [0, 10, 25, 40],
        "generator_updates": [0, 2, 5, 8],
        "samples": [0, 320, 800, 1280],
        "seconds": [0, 5, 12.5, 20],
    }


def test_and_back(side: MakeSide) -> None:
    run = side(batch_size=32)
    for axis in AXES:
        for step in (0, 10, 24, 40):
            place = float(positions(run, axis, [step])[0])
            assert step_at(run, axis, place) == step, axis
        assert step_at(run, axis, 1e9) == 40 and step_at(run, axis, -5) == 0


def test_where_the_axis_stands_still_the_last_such_step_counts(side: MakeSide) -> None:
    run = side(steps=(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), n_critic=5)  # generator updates: 0 0 0 0 1 1 1 1 1 2
    assert step_at(run, "generator_updates", 0) == 4
    assert step_at(run, "generator_updates", 1) == 9
    assert step_at(run, "generator_updates", 2) == 10


def test_two_runs_at_one_place_are_at_different_steps(side: MakeSide) -> None:
    slow, quick = side("slow", n_critic=10, steps=(10, 100)), side("quick", n_critic=2, steps=(10, 100))
    assert [step_at(run, "generator_updates", 5) for run in (slow, quick)] == [50, 10]
    assert common_reach([slow, quick], "generator_updates") == 10 and reach([slow, quick], "generator_updates") == 50


def test_a_branch_counts_its_ancestors_samples(side: MakeSide) -> None:
    side("first", batch_size=64)
    side("second", batch_size=32, parent=Parent("first", 10))
    child = side("third", batch_size=10, parent=Parent("second", 20))
    assert positions(child, "samples", [5, 10, 20, 40]).tolist() == [320, 640, 960, 1160]


def test_a_named_step_cuts_curves_readings_and_edits(side: MakeSide) -> None:
    side("a", edits=[(15, "n_critic", 2), (35, "clip_value", 0.02)])
    part = side("a", at=20)
    assert part.last == 20 and part.history[:, 0].tolist() == [10, 20]
    assert [edit.step for edit in part.edits] == [15] and (part.config.n_critic, part.config.clip_value) == (2, 0.005)


def test_a_run_without_any_point_lies_at_0(side: MakeSide) -> None:
    run = side(steps=())
    assert positions(run, "seconds", [0, 7]).tolist() == [0, 0] and step_at(run, "seconds", 3) == 0


@pytest.mark.parametrize("name", ["a@", "a@x", "a@-1", "a@1.5", "a@1@2"])
def test_a_step_that_is_no_number_is_one_sentence(name: str) -> None:
    with pytest.raises(StoreError, match="names no step"):
        split_name(name)


def test_a_step_that_was_never_reached_and_a_run_that_is_not_there(side: MakeSide) -> None:
    side("a")
    with pytest.raises(StoreError, match=r"trained to step 40 only"):
        side("a", at=41)
    from wgan_core.compare.side import open_side

    with pytest.raises(NoRun):
        open_side(side("a").folder.path.parent, "nothing")


def test_a_run_as_it_was_at_a_step(side: MakeSide) -> None:
    run = side(edits=[(20, "n_critic", 2)], readings=[Reading("sliced-w1", step, 1, 0.5, 0.1) for step in (10, 30)])
    seen = run.seen_at(20)
    assert (seen.step, seen.config.n_critic, len(seen.history), len(seen.readings)) == (20, 5, 2, 1)
    assert run.seen_at(40).config.n_critic == 2 and run.seen_at(40).generator_updates == 8
    assert [answer.key for answer in answers(seen)] == ["learns", "critic", "variety"]


def test_the_scale_of_a_run_finds_the_same_steps_without_it(side: MakeSide) -> None:
    run = side("a", steps=(3, 10, 20, 35, 40), batch_size=32)
    for axis in AXES:
        places, steps = scale(run, axis)
        assert (places[0], steps[0], steps[-1]) == (0, 0, 40) and (np.diff(steps) > 0).all()
        for place in np.linspace(0, 0.97 * places[-1], 50).round(0 if axis == "step" else 9):
            after = int(np.searchsorted(places, place, side="right"))
            share = (place - places[after - 1]) / (places[after] - places[after - 1])
            assert step_at(run, axis, place) == round(steps[after - 1] + share * (steps[after] - steps[after - 1])), axis
    side("parent", batch_size=64)
    branch = side("branch", batch_size=10, parent=Parent("parent", 20))
    assert [found.tolist() for found in scale(branch, "samples")] == [[0, 1280, 1480], [0, 20, 40]]


def test_a_long_run_has_a_short_scale(side: MakeSide) -> None:
    run = side("long", steps=range(1, 5001), seconds_per_step=0.5)
    places, steps = scale(run, "seconds")
    assert len(steps) == 400 and (steps[0], steps[-1], places[-1]) == (0, 5000, 2500)
