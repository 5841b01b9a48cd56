"""From the timeline to a branch, a pin or the Explore page; and back to an earlier step after a run went wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pages.parts.train import go_back, time_view
from pages.parts.train.go_back import way_before, way_with, ways_after_failure
from tests.app_page import button, link, page, press, texts
from tests.loops import begin
from tests.small import SMALL
from wgan_core.runs.launch import snapshot_from_folder
from wgan_core.runs.manager import RunManager
from wgan_core.runs.messages import SaveNow, Set, Snapshot
from wgan_core.runs.run import Run
from wgan_core.store.folder import RunFolder
from wgan_core.store.readings import Reading
from wgan_core.timeline.reading import Timeline

LONG = SMALL.replace(max_steps=1000)


def test_a_step_is_pinned_and_unpinned(manager: RunManager, finished: Run) -> None:
    folder = RunFolder.open(manager.root / finished.run_id)
    page("train", run=finished.run_id)
    time_view.act(finished.run_id, "pin", 60)
    assert folder.past.marked_steps() == {60}
    time_view.act(finished.run_id, "unpin", 60)
    assert folder.past.marked_steps() == set()


def test_what_has_just_been_thinned_out_cannot_be_pinned(manager: RunManager, finished: Run) -> None:
    test = page("train", {time_view._PROBLEM: "Step 7 is not kept, so it cannot be pinned."}, run=finished.run_id)
    assert "Step 7 is not kept" in test.error[0].value
    assert "Step 7 is not kept" not in texts(test.run())


@pytest.mark.parametrize(("name", "wanted"), [("branch", {"branch": "RUN@60"}), ("explore", {"run": "RUN"})])
def test_from_a_step_to_its_branch_and_its_latent_space(manager: RunManager, finished: Run, name: str, wanted: dict[str, str]) -> None:
    test = page("train", {time_view._PRESSED: (finished.run_id, name, 60)}, run=finished.run_id)
    found = link(test)
    assert {key: found.get(key, "").replace(finished.run_id, "RUN") for key in wanted} == wanted and not test.exception


def edited(path: Path) -> Snapshot:
    begin(path, LONG, 40, {10: SaveNow(), 20: Set({"n_critic": 5})})
    return snapshot_from_folder(RunFolder.open(path))


def test_the_step_before_an_edit_is_a_way_back(runs: Path, manager: RunManager) -> None:
    snapshot = edited(runs / "run")
    way = way_before(snapshot, snapshot.edits[0])
    assert way is not None and (way.step, dict(way.changes)) == (20, {})
    assert way.label == "Go back to step 20, before n_critic 3 → 5"


def test_advice_is_tried_from_the_last_step_that_was_sound(runs: Path, manager: RunManager) -> None:
    snapshot = edited(runs / "run")
    full = [moment.step for moment in Timeline.of(RunFolder.open(runs / "run")).moments if moment.full]
    way = way_with(snapshot, {"key": "lagging", "setting": "n_critic", "value": 9})
    assert way is not None and (way.step, dict(way.changes)) == (max(full), {"n_critic": 9})
    assert way.label == f"Go back to step {max(full)} and try with n_critic: 9"
    varied = replace(snapshot, readings=(Reading("diversity", 12, 4, 0.9), Reading("diversity", 30, 10, 0.2)))
    key = next(key for key, card in go_back.CARDS.items() if card.question == "variety")
    way = way_with(varied, {"key": key, "setting": "n_critic", "value": 9})
    assert way is not None and way.step == max(step for step in full if step <= 12)
    for advice in ({"setting": "n_critic"}, {"setting": "image_size", "value": 16}, {"setting": "n_critic", "value": 5}, {}):
        assert way_with(snapshot, {"key": "lagging", **advice}) is None  # nothing advised, of the shapes, or so already


def test_after_numbers_became_infinite_the_error_offers_ways_back(runs: Path, manager: RunManager) -> None:
    snapshot = edited(runs / "run")
    error = "A score or weight became infinite or not a number at step 40, so the run was stopped."
    RunFolder.open(runs / "run").append_ledger(40, "status", status="failed", error=error)
    test = page("train", run="run")
    before, slower = ways_after_failure(replace(snapshot, status="failed", error=error))
    assert before.label == "Go back to step 20, before n_critic 3 → 5"
    assert slower.label == "Go back to step 40 and try with Critic learning rate: .0001"
    assert error in texts(test) and button(test, before.label)
    press(test, slower.label)
    assert link(test)["branch"] == "run@40" and link(test)["critic_lr"] == "0.0001"
    assert button(test, "Train on from step 40")
    test = page("train", run="run")
    press(test, before.label)
    assert link(test)["branch"] == "run@20" and test.number_input(key="setup.n_critic").value == 3


def test_advice_says_that_it_is_not_about_the_past(runs: Path, manager: RunManager) -> None:
    edited(runs / "run")
    advice = {"key": "lagging", "level": "warning", "text": "The critic lags behind.", "setting": "n_critic", "value": 9}
    RunFolder.open(runs / "run").append_readings([Reading("advice", 40, 12, 1.0, details={"advice": [advice]})])
    RunFolder.open(runs / "run").append_ledger(40, "status", status="stopped")
    test = page("train", run="run", at="5")
    assert "About step 40, the newest: The critic lags behind." in texts(test)
    test = page("train", run="run")
    assert "About step 40" not in texts(test)
    press(test, "Go back to step 20, before n_critic 3 → 5")  # the edit that the advice is about
    assert link(test) == {"branch": "run@20"}
