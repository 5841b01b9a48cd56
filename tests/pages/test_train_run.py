"""A run on the Train page, without a browser: steering, resuming, and runs that are not as they should be."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.app_page import button, buttons, page, press, texts
from tests.small import ENDLESS
from tests.waiting import wait_for, wait_while_it_trains
from wgan_core.config import SETTINGS, TrainConfig
from wgan_core.runs.manager import RunManager
from wgan_core.runs.run import Run


def test_steering_a_run(manager: RunManager, endless: Run) -> None:
    test = page("train", run=endless.run_id)
    assert "### digits, clip .05, " in texts(test) and endless.run_id in texts(test)
    press(test, "Pause")
    wait_for(endless, "paused")
    step = endless.snapshot.step
    test.number_input(key="step-count").set_value(5).run()
    press(test, "Step")
    wait_while_it_trains(endless, lambda: endless.snapshot.step == step + 5)
    test.number_input(key="steer.clip_value").set_value(0.02).run()
    wait_while_it_trains(endless, lambda: bool(endless.snapshot.edits))
    assert [(edit.field, edit.new) for edit in endless.snapshot.edits] == [("clip_value", 0.02)]
    test.number_input(key="steer.n_critic").set_value(0).run()
    wait_while_it_trains(
        endless, lambda: f"{SETTINGS['n_critic'].label} must be a whole number from 1 to 1,000, not 0." in texts(test.run())
    )
    assert endless.snapshot.config.n_critic == 3
    press(test, "Save now")
    wait_while_it_trains(endless, lambda: step + 5 in endless.snapshot.saved_steps)
    press(test, "Resume")
    wait_for(endless, "running")
    press(test, "Stop")
    wait_for(endless, "stopped")


def test_a_run_with_gradient_penalty_is_steered_by_lambda(manager: RunManager, config: TrainConfig) -> None:
    run = manager.start(config.replace(max_steps=ENDLESS, lipschitz="gradient-penalty", optimizer="adam"))
    wait_for(run, "running")
    test = page("train", run=run.run_id)
    assert not [widget for widget in test.number_input if widget.key == "steer.clip_value"]
    test.number_input(key="steer.gp_lambda").set_value(3.0).run()
    wait_while_it_trains(run, lambda: bool(run.snapshot.edits))
    assert [(edit.field, edit.new) for edit in run.snapshot.edits] == [("gp_lambda", 3.0)]


@pytest.mark.slow
def test_a_second_tab_sees_what_the_first_changed(manager: RunManager, endless: Run) -> None:
    first, second = page("train", run=endless.run_id), page("train", run=endless.run_id)
    first.number_input(key="steer.n_critic").set_value(8).run()
    wait_while_it_trains(endless, lambda: endless.snapshot.config.n_critic == 8)
    second.run()
    assert second.number_input(key="steer.n_critic").value == 8


def test_a_finished_run_can_be_resumed_with_other_settings(manager: RunManager, finished: Run) -> None:
    test = page("train", run=finished.run_id)
    test.number_input(key="resume.max_steps").set_value(90)
    test.number_input(key="resume.n_critic").set_value(2).run()
    press(test, "Resume from step 60")
    again = manager.get(finished.run_id)
    assert again is not None and again is not finished
    wait_for(again, "finished")
    assert (again.snapshot.step, again.snapshot.config.n_critic) == (90, 2)


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
    assert "1 file could not be read as images of at most 50 megapixels and were left out: text.png." in texts(
        page("train", run=run.run_id)
    )


def test_a_failed_run_says_why(manager: RunManager, config: TrainConfig) -> None:
    run = manager.start(config.replace(dataset="image-folder", data_root="/nowhere"))
    wait_for(run, "failed")
    assert "There is no folder /nowhere" in texts(page("train", run=run.run_id))
