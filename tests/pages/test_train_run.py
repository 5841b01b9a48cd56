"""A run on the Train page, without a browser: steering, resuming, and runs that are not as they should be."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from PIL import Image

from pages.parts.train import knobs, pictures
from pages.parts.train.controls import steered, title_of
from pages.shared.settings import read_link
from tests.app_page import button, buttons, page, press, texts
from tests.loops import begin
from tests.small import ENDLESS
from tests.waiting import wait_for, wait_while_it_trains
from wgan_core.config import PRESETS, SETTINGS, TrainConfig, steered_by
from wgan_core.runs.manager import RunManager
from wgan_core.runs.messages import Pause, Set
from wgan_core.runs.names import command_line, settings_line
from wgan_core.runs.run import Run
from wgan_core.training.gpu_use import GpuUse


class Browser:
    """What the browser has been told about the knobs, and what it sends."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.shown: dict[str, dict[str, Any]] = {}

    def mount(self, *, key: str, data: dict[str, Any], on_set_change: Any) -> None:
        self.shown = {knob["name"]: knob for knob in data["knobs"]}

    def turn(self, name: str, value: str) -> None:
        names = list(self.shown)
        knobs.take(self.run.run_id, names, {"name": name, "value": value}, lambda name, value: self.run.send(Set({name: value})))


@pytest.fixture
def browser(endless: Run, monkeypatch: pytest.MonkeyPatch) -> Browser:
    browser = Browser(endless)
    monkeypatch.setattr(knobs, "_component", browser.mount)
    return browser


def test_steering_a_run(manager: RunManager, endless: Run) -> None:
    test = page("train", run=endless.run_id)
    assert test.title[0].value == "digits, clip .05, n_critic 3, 7 more, #1" and endless.run_id in texts(test)
    press(test, "Pause")
    wait_for(endless, "paused")
    step = endless.snapshot.step
    test.number_input(key="step-count").set_value(5).run()
    press(test, "Step")
    wait_while_it_trains(endless, lambda: endless.snapshot.step == step + 5)
    test.number_input(key="steer.log_every").set_value(7).run()
    wait_while_it_trains(endless, lambda: bool(endless.snapshot.edits))
    assert [(edit.field, edit.new) for edit in endless.snapshot.edits] == [("log_every", 7)]
    test.number_input(key="steer.log_every").set_value(0).run()
    wait_while_it_trains(
        endless, lambda: f"{SETTINGS['log_every'].label} must be a whole number from 1 to 10,000, not 0." in texts(test.run())
    )
    assert endless.snapshot.config.log_every == 7
    press(test, "Save now")
    wait_while_it_trains(endless, lambda: step + 5 in endless.snapshot.saved_steps)
    press(test, "Resume")
    wait_for(endless, "running")
    press(test, "Stop")
    wait_for(endless, "stopped")


def test_the_use_of_a_gpu_is_told_where_there_is_one(manager: RunManager, endless: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    wait_while_it_trains(endless, lambda: endless.snapshot.step > 0)
    assert "GPU" not in page("train", run=endless.run_id).get("progress")[0].proto.text
    monkeypatch.setattr("pages.parts.train.run_view.gpu_use", lambda device: GpuUse(3 * 2**29, 80 * 2**30, 0.456))
    assert page("train", run=endless.run_id).get("progress")[0].proto.text.endswith("GPU memory 1.5 of 80 GiB, 46% busy")


def test_only_one_thing_is_called_stop(manager: RunManager, endless: Run) -> None:
    test = page("train", run=endless.run_id)
    labels = [each.label for kind in (test.button, test.number_input, test.selectbox, test.toggle) for each in kind]
    assert [label for label in labels if "stop" in label.lower()] == ["Stop"]


def test_knobs_turn_settings_and_say_what_they_were(manager: RunManager, browser: Browser) -> None:
    test = page("train", run=browser.run.run_id)
    assert list(browser.shown) == ["clip_value", "n_critic", "critic_lr", "generator_lr"]
    assert browser.shown["clip_value"] | {"was": ""} == browser.shown["clip_value"]
    browser.turn("clip_value", "0.02")
    wait_while_it_trains(browser.run, lambda: bool(browser.run.snapshot.edits))
    test.run()
    shown = browser.shown["clip_value"]
    assert (shown["value"], shown["was"], shown["was_value"]) == (0.02, "was .05", 0.05)
    assert "**1** step " in texts(test) and "Clip value c .05 → .02" in texts(test)


def test_a_knob_refuses_what_cannot_be_used(manager: RunManager, browser: Browser) -> None:
    test = page("train", run=browser.run.run_id)
    sent: list[Any] = []
    names = list(browser.shown)
    for wrong in (None, 7, {}, {"name": "seed", "value": "3"}, {"name": "n_critic"}, {"name": "n_critic", "value": "lots"}):
        knobs.take(browser.run.run_id, names, wrong, lambda *pair: sent.append(pair))
    assert not sent
    test.session_state[knobs._PROBLEM] = browser.run.run_id, "n_critic", "n_critic must be more."
    test.run()
    assert browser.shown["n_critic"]["problem"] == "n_critic must be more." and not browser.shown["clip_value"]["problem"]


def test_stops_of_a_knob_lie_evenly_on_a_log_scale() -> None:
    found = knobs.stops(1e-4, 1.0, whole=False)
    assert (found[0], found[-1], len(found)) == (1e-4, 1.0, 81)
    ratios = [after / before for before, after in itertools.pairwise(found)]
    assert min(ratios) > 1.05 and max(ratios) < 1.2
    whole = knobs.stops(1, 100, whole=True)
    assert whole[:6] == [1, 2, 3, 4, 5, 6] and whole[-1] == 100 and all(isinstance(stop, int) for stop in whole)


def test_the_usual_range_holds_the_presets_of_its_kind() -> None:
    for preset in PRESETS.values():
        for name in (*steered_by(preset.lipschitz), "n_critic", "critic_lr", "generator_lr"):
            low, high = knobs.usual_range(preset, name)
            assert low < getattr(preset, name) < high or (low == 1 and preset.n_critic == 1)
            assert knobs.ENDS[name][0] <= low and high <= knobs.ENDS[name][1]
    assert knobs.usual_range(PRESETS["quick-start"], "clip_value") == pytest.approx((0.005 / 3, 0.03))


def test_a_run_with_gradient_penalty_is_steered_by_lambda(config: TrainConfig) -> None:
    assert steered(config.replace(lipschitz="gradient-penalty", optimizer="adam"))[0] == "gp_lambda"
    assert steered(config.replace(lipschitz="none")) == ("n_critic", "critic_lr", "generator_lr")


@pytest.mark.slow
def test_a_second_tab_sees_what_the_first_changed(manager: RunManager, endless: Run) -> None:
    first, second = page("train", run=endless.run_id), page("train", run=endless.run_id)
    first.number_input(key="steer.log_every").set_value(8).run()
    wait_while_it_trains(endless, lambda: endless.snapshot.config.log_every == 8)
    second.run()
    assert second.number_input(key="steer.log_every").value == 8


def test_the_settings_can_be_copied_as_a_link_and_as_a_command(manager: RunManager, finished: Run) -> None:
    test = page("train", run=finished.run_id)
    assert settings_line(finished.snapshot.config) in texts(test)
    link, command = [code.value for code in test.code if "critic" in code.value][:2]
    query = {name: values[0] for name, values in parse_qs(link.partition("?")[2]).items()}
    assert read_link(query)[1:] == (finished.snapshot.config, [])
    assert command == command_line(finished.snapshot.config)


def test_who_comes_back_to_an_ended_run_sees_its_last_step(
    manager: RunManager, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: dict[str, int] = {}
    monkeypatch.setattr(pictures, "moment_picture", lambda newest, kept, *, key, **rest: shown.__setitem__(key, newest[0]))
    run = manager.start(config)  # nobody looks while it trains
    wait_for(run, "finished")
    page("train", run=run.run_id)
    assert shown.pop("grid-generated") == 60
    manager._runs.clear()  # another server, later
    page("train", run=run.run_id)
    assert shown["grid-generated"] == 60


def test_a_run_that_was_stopped_in_the_queue_promises_nothing(manager: RunManager, endless: Run, config: TrainConfig) -> None:
    waiting = manager.start(config, queue=True)
    test = page("train", run=waiting.run_id)
    assert "Number 1 in the queue. Before it: digits, clip .05, n_critic 3, 7 more, #1 (running" in test.get("progress")[0].proto.text
    press(test, "Stop")
    assert "This run ended before its training began, so there is nothing to resume or to explore." in texts(test)
    assert not buttons(test, "Resume") and not test.get("page_link") and not test.exception


def test_a_queued_run_behind_a_paused_one_can_start(manager: RunManager, endless: Run, config: TrainConfig) -> None:
    waiting = manager.start(config.replace(max_steps=ENDLESS), queue=True)
    endless.send(Pause())
    wait_for(endless, "paused")
    press(page("train", run=waiting.run_id), "Start now")
    wait_for(waiting, "running")
    test = page("train", run=endless.run_id)
    assert button(test, "Resume").disabled and button(test, "Step").disabled
    assert button(test, "Resume").help == f"{title_of(waiting.snapshot)} is training on the same device. Pause or stop it first."


def test_a_finished_run_can_be_resumed_with_other_settings(manager: RunManager, finished: Run) -> None:
    test = page("train", run=finished.run_id)
    test.number_input(key="resume.max_steps").set_value(90)
    test.number_input(key="resume.n_critic").set_value(2).run()
    press(test, "Resume from step 60")
    again = manager.get(finished.run_id)
    assert again is not None and again is not finished
    wait_for(again, "finished")
    assert (again.snapshot.step, again.snapshot.config.n_critic) == (90, 2)


def test_a_run_that_was_interrupted_near_its_end_is_resumed_to_that_end(manager: RunManager, config: TrainConfig) -> None:
    begin(manager.root / "interrupted", config, 40)
    test = page("train", run="interrupted")
    assert test.number_input(key="resume.max_steps").value == config.max_steps == 60
    press(test, "Resume from step 40")
    again = manager.get("interrupted")
    assert again is not None
    wait_for(again, "finished")
    assert (again.snapshot.step, again.snapshot.edits) == (60, ())
    test = page("train", run="interrupted")
    assert test.number_input(key="resume.max_steps").value == 1060 and button(test, "Resume from step 60 to 1,060")


def test_a_run_with_weights_only_is_not_offered_to_resume(manager: RunManager, finished: Run) -> None:
    for step in (manager.root / finished.run_id / "steps").iterdir():
        (step / "training.safetensors").unlink()
    test = page("train", run=finished.run_id)
    assert "This run holds only the networks' weights" in texts(test)
    assert not buttons(test, "Resume")


def test_a_new_run_takes_over_the_settings(manager: RunManager, finished: Run) -> None:
    test = page("train", run=finished.run_id)
    press(test, "New run")
    assert test.number_input(key="setup.batch_size").value == 16
    assert test.text_input(key="setup.critic_widths").value == "24,12"
    assert "run" not in test.query_params


def test_a_run_of_an_earlier_server_is_shown_from_its_folder(manager: RunManager, finished: Run) -> None:
    manager._runs.clear()
    shown = texts(page("train", run=finished.run_id))
    assert "finished" in shown and "Wasserstein estimate" in shown


@pytest.mark.parametrize("run_id", ["../../etc", "gone"])
def test_a_link_to_a_run_that_is_not_there(manager: RunManager, run_id: str) -> None:
    test = page("train", run=run_id)
    assert "The run may have been deleted or moved." in texts(test)
    press(test, "Set up a new run")
    assert button(test, "Start training")


@pytest.mark.slow
def test_a_run_folder_deleted_while_shown(manager: RunManager, finished: Run) -> None:
    import shutil

    manager._runs.clear()
    test = page("train", run=finished.run_id)
    explore = page("explore", run=finished.run_id)
    shutil.rmtree(manager.root / finished.run_id)
    assert not test.run().exception and "is not a run folder" in texts(test)
    assert not explore.run().exception and "There is no trained run yet" in texts(explore)


def test_files_that_could_not_be_read_are_reported(manager: RunManager, config: TrainConfig, tmp_path: Path) -> None:
    for index in range(20):
        Image.new("L", (9, 9), index).save(tmp_path / f"{index}.png")
    (tmp_path / "text.png").write_text("hello")
    run = manager.start(config.replace(dataset="image-folder", data_root=str(tmp_path)))
    wait_for(run, "finished")
    assert "1 file could not be read as an image of at most 50 megapixels and is left out: text.png." in texts(
        page("train", run=run.run_id)
    )


def test_a_failed_run_says_why(manager: RunManager, config: TrainConfig) -> None:
    run = manager.start(config.replace(dataset="image-folder", data_root="/nowhere"))
    wait_for(run, "failed")
    assert "There is no folder /nowhere" in texts(page("train", run=run.run_id))
