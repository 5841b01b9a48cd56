"""Each page without a browser, by Streamlit's AppTest."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.parts.explore import grid_view, inside_view, pins
from pages.parts.train import forecast
from pages.shared.server import run_manager
from tests.app_page import link, page
from tests.project import PROJECT
from wgan_core.config import PRESETS, SETTINGS, TrainConfig
from wgan_core.export import export
from wgan_core.forecast.speed_trial import SpeedTrial
from wgan_core.latent.vectors import latents_to_link
from wgan_core.runs.manager import RunManager
from wgan_core.runs.messages import Pause
from wgan_core.runs.run import Run
from wgan_core.store.folder import RunFolder

PAGES = ["home", "train", "explore"]


@pytest.fixture
def manager(runs: Path) -> Iterator[RunManager]:
    st.cache_resource.clear()
    manager = run_manager()
    assert manager.root == runs
    yield manager
    manager.shutdown()
    st.cache_resource.clear()


def texts(test: AppTest) -> str:
    """Everything the page says in words."""
    kinds = (test.markdown, test.caption, test.error, test.warning, test.info, test.title, test.subheader)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def button(test: AppTest, label: str):  # type: ignore[no-untyped-def]
    return next(button for button in test.button if label in button.label)


def wait_for(run: Run, *statuses: str) -> None:
    pause = threading.Event()
    for _ in range(4000):
        if run.snapshot.status in statuses:
            return
        pause.wait(0.005)
    raise AssertionError(f"{run.snapshot.status}: {run.snapshot.error}")


def wait_until_edited(run: Run) -> None:
    pause = threading.Event()
    for _ in range(1000):
        if run.snapshot.edits:
            return
        pause.wait(0.005)


@pytest.fixture
def finished(manager: RunManager, config: TrainConfig) -> Run:
    run = manager.start(config)
    wait_for(run, "finished")
    return run


@pytest.fixture
def endless(manager: RunManager, config: TrainConfig) -> Run:
    run = manager.start(config.replace(max_steps=10**9))
    wait_for(run, "running")
    return run


@pytest.mark.parametrize("name", PAGES)
def test_every_page_opens_with_no_run_at_all(manager: RunManager, name: str) -> None:
    page(name)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opened_by_its_address_first_gets_its_frame(manager: RunManager, name: str) -> None:
    """Streamlit runs a file in pages/ alone until st.navigation has been called once."""
    test = AppTest.from_file(str(PROJECT / "pages" / f"{name}.py"), default_timeout=30)
    with pytest.MonkeyPatch.context() as patch:
        called: list[object] = []
        patch.setattr("pages.shared.frame.navigation", lambda: called.append("navigation"))
        patch.setattr("pages.shared.frame.st.rerun", lambda: (called.append("rerun"), st.stop()))
        test.run()
    assert called == ["navigation", "rerun"] and not test.exception and not test.title


# Home.


def test_the_quick_start_trains_the_quick_start(manager: RunManager) -> None:
    test = page("home")
    assert "Wasserstein estimate" in texts(test) and "Found: " in texts(test)
    button(test, "Quick start").click().run()
    (run,) = manager.all_active()
    assert run.snapshot.config == PRESETS["quick-start"]


def test_a_quick_start_beside_another_run_offers_to_queue(manager: RunManager, endless: Run) -> None:
    test = page("home")
    button(test, "Quick start").click().run()
    assert f"{endless.run_id} is training on cpu already" in texts(test)
    button(test, "Queue it").click().run()
    assert [run.snapshot.status for run in manager.all_active()] == ["running", "queued"]


def test_home_lists_runs(manager: RunManager, finished: Run) -> None:
    shown = texts(page("home"))
    assert finished.run_id in shown and "finished" in shown


# Train: set up.


def test_every_setting_has_a_widget_with_its_range(manager: RunManager) -> None:
    test = page("train", preset="walkthrough", dataset="image-folder")
    for name, info in SETTINGS.items():
        widget = next(w for kind in (test.number_input, test.selectbox, test.text_input) for w in kind if w.key == f"setup.{name}")
        assert info.label in widget.label and info.flag in widget.help
        assert ("live" if info.live else "new run") in widget.label


def test_a_link_opens_the_page_set_up_the_same(manager: RunManager) -> None:
    test = page("train", preset="quick-start", clip_value="0.03", n_critic="7", critic_widths="64,32")
    assert test.number_input(key="setup.clip_value").value == 0.03
    assert test.number_input(key="setup.n_critic").value == 7
    assert test.text_input(key="setup.critic_widths").value == "64,32"
    assert "Clip value c 0.03" in texts(test)
    button(test, "Start training").click().run()
    (run,) = manager.all_active()
    assert run.snapshot.config == PRESETS["quick-start"].replace(clip_value=0.03, n_critic=7, critic_widths=(64, 32))


def test_changes_go_into_the_link_and_the_preset_takes_them_back(manager: RunManager) -> None:
    test = page("train")
    test.number_input(key="setup.n_critic").set_value(9).run()
    assert {key: test.query_params[key] for key in ("preset", "n_critic")} == {"preset": "quick-start", "n_critic": "9"}
    button(test, "Back to the preset").click().run()
    assert test.number_input(key="setup.n_critic").value == 3
    assert "n_critic" not in test.query_params


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"clip_value": "-1"}, "clip_value must be a number above 0 and at most 10, not '-1'. The preset's value was taken."),
        ({"n_critic": "lots"}, "n_critic must be a whole number from 1 to 1,000, not 'lots'."),
        ({"preset": "best"}, "This link names the preset 'best', which does not exist; quick-start was taken."),
    ],
)
def test_a_bad_link_is_a_sentence(manager: RunManager, params: dict[str, str], sentence: str) -> None:
    test = page("train", **params)
    assert sentence in texts(test)
    assert test.number_input(key="setup.n_critic").value == 3


def test_a_bad_value_is_a_sentence_beside_it_and_start_waits(manager: RunManager) -> None:
    test = page("train")
    test.number_input(key="setup.clip_value").set_value(11.0).run()
    assert [error.value for error in test.error] == ["clip_value must be a number above 0 and at most 10, not 11.0."]
    assert button(test, "Start training").disabled
    test.text_input(key="setup.critic_widths").set_value("12,x").run()
    assert any(error.value.startswith("critic_widths must be 1 to 16 whole numbers") for error in test.error)
    test.number_input(key="setup.clip_value").set_value(0.1).run()
    test.text_input(key="setup.critic_widths").set_value("12,13").run()
    assert not test.error and not button(test, "Start training").disabled


def test_values_that_do_not_go_together_are_a_sentence_and_start_waits(manager: RunManager) -> None:
    test = page("train", preset="walkthrough-next", critic_norm="batch")
    assert "critic_norm batch cannot be combined with the gradient penalty" in texts(test)
    assert test.selectbox(key="setup.critic_norm").value == "layer"
    test.number_input(key="setup.image_size").set_value(40).run()
    assert [error.value for error in test.error] == ["image_size must be 28, 32 or 64 for the architecture dcgan, not 40."]
    assert button(test, "Start training").disabled


def test_a_set_that_is_not_here_offers_its_download(manager: RunManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(config: TrainConfig, progress: object) -> None:
        from wgan_core.data.dataset import DataError

        raise DataError("MNIST could not be downloaded: check the network and try again.")

    monkeypatch.setattr("wgan_core.data.download.download", offline)
    test = page("train", dataset="mnist", data_root=str(tmp_path))
    assert "MNIST is not on this machine yet: 60,000 images, a download of about 12 MB." in texts(test)
    button(test, "Download MNIST").click().run()
    threading.Event().wait(0.2)
    test.run()
    assert "MNIST could not be downloaded: check the network and try again." in texts(test)


def test_the_cost_of_a_run_like_none_before_is_tried(manager: RunManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "try_speed", lambda config: SpeedTrial(0.01, 0.03))
    test = page("train", max_steps="3000")
    assert "per generator update" not in texts(test)
    button(test, "How long will it take?").click().run()
    assert "About 60 ms per generator update; 1,000 of them in 60 s, at the 50 steps per second of a short trial on noise." in texts(test)
    # What leaves the updates as they are needs no new trial; other networks do.
    test.number_input(key="setup.n_critic").set_value(1).run()
    assert "About 40 ms per generator update; 3,000 of them in 2 min" in texts(test)
    test.text_input(key="setup.critic_widths").set_value("8").run()
    assert "per generator update" not in texts(test) and button(test, "How long will it take?")


def test_a_trial_that_fails_is_a_sentence(manager: RunManager, tmp_path: Path) -> None:
    test = page("train", dataset="image-folder", data_root=str(tmp_path))
    button(test, "How long will it take?").click().run()
    assert "There are no images that can be read in" in texts(test) and not test.exception


def test_no_trial_beside_a_run_on_the_same_device(manager: RunManager, endless: Run) -> None:
    assert button(page("train"), "How long will it take?").disabled


def test_a_second_start_says_what_trains_and_offers_to_queue(manager: RunManager, endless: Run) -> None:
    test = page("train")
    assert f"**{endless.run_id}** is running." in texts(test)
    button(test, "Start training").click().run()
    assert f"{endless.run_id} is training on cpu already" in texts(test)
    button(test, "Queue it").click().run()
    assert [run.snapshot.status for run in manager.all_active()] == ["running", "queued"]


# Train: a run.


def test_steering_a_run(manager: RunManager, endless: Run) -> None:
    test = page("train", run=endless.run_id)
    assert f"### {endless.run_id}" in texts(test)
    button(test, "Pause").click().run()
    wait_for(endless, "paused")
    step = endless.snapshot.step
    test.number_input(key="step-count").set_value(5).run()
    button(test, "Step").click().run()
    assert endless.snapshot.step == step + 5
    test.number_input(key="steer.clip_value").set_value(0.02).run()
    assert [(edit.field, edit.new) for edit in endless.snapshot.edits] == [("clip_value", 0.02)]
    test.number_input(key="steer.n_critic").set_value(0).run()
    assert "n_critic must be a whole number from 1 to 1,000, not 0." in texts(test)
    assert endless.snapshot.config.n_critic == 3
    button(test, "Save now").click().run()
    assert step + 5 in endless.snapshot.saved_steps
    button(test, "Resume").click().run()
    wait_for(endless, "running")
    button(test, "Stop").click().run()
    wait_for(endless, "stopped")


def test_a_run_with_gradient_penalty_is_steered_by_lambda(manager: RunManager, config: TrainConfig) -> None:
    run = manager.start(config.replace(max_steps=10**9, lipschitz="gradient-penalty", optimizer="adam"))
    wait_for(run, "running")
    test = page("train", run=run.run_id)
    assert not [widget for widget in test.number_input if widget.key == "steer.clip_value"]
    test.number_input(key="steer.gp_lambda").set_value(3.0).run()
    wait_until_edited(run)
    assert [(edit.field, edit.new) for edit in run.snapshot.edits] == [("gp_lambda", 3.0)]


def test_the_set_up_shows_what_the_lipschitz_method_needs_first(manager: RunManager) -> None:
    test = page("train", preset="pytorch-gan-gp")
    assert test.selectbox(key="setup.lipschitz").value == "gradient-penalty"
    assert test.number_input(key="setup.gp_lambda").value == 10
    test.selectbox(key="setup.lipschitz").set_value("clip").run()
    assert test.query_params["lipschitz"] == "clip" and not test.exception


def test_a_second_tab_sees_what_the_first_changed(manager: RunManager, endless: Run) -> None:
    first, second = page("train", run=endless.run_id), page("train", run=endless.run_id)
    first.number_input(key="steer.n_critic").set_value(8).run()
    second.run()
    assert second.number_input(key="steer.n_critic").value == 8


def test_a_finished_run_can_be_resumed_with_other_settings(manager: RunManager, finished: Run) -> None:
    test = page("train", run=finished.run_id)
    test.number_input(key="resume.max_steps").set_value(90)
    test.number_input(key="resume.n_critic").set_value(2).run()
    button(test, "Resume from step 60").click().run()
    again = manager.get(finished.run_id)
    assert again is not None and again is not finished
    wait_for(again, "finished")
    assert (again.snapshot.step, again.snapshot.config.n_critic) == (90, 2)


def test_a_run_with_weights_only_is_not_offered_to_resume(manager: RunManager, finished: Run) -> None:
    for step in (manager.root / finished.run_id / "steps").iterdir():
        (step / "training.safetensors").unlink()
    test = page("train", run=finished.run_id)
    assert "This run keeps weights only" in texts(test)
    assert not [button for button in test.button if "Resume" in button.label]


def test_a_new_run_takes_over_the_settings(manager: RunManager, finished: Run) -> None:
    test = page("train", run=finished.run_id)
    button(test, "New run").click().run()
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
    button(test, "Set up a new run").click().run()
    assert button(test, "Start training")


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


# Export.


def open_export(run_id: str) -> AppTest:
    test = page("train", run=run_id)
    assert not test.download_button and not test.code
    test.session_state[f"export.{run_id}"] = True
    return test.run()


def test_a_script_and_a_notebook_of_a_run_that_trains(manager: RunManager, endless: Run) -> None:
    test = open_export(endless.run_id)
    (shown,) = test.code
    assert shown.value == export(RunFolder.open(manager.root / endless.run_id), "script").content.decode().strip()
    assert test.download_button[0].label == f"Download {endless.run_id}.py"
    test.segmented_control(key="export.kind").set_value("notebook").run()
    assert test.download_button[0].label == f"Download {endless.run_id}.ipynb" and not test.code
    endless.stop()


def test_networks_of_a_run_of_an_earlier_server(manager: RunManager, finished: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is made when the button is pressed, and not in the process of the pages."""
    manager._runs.clear()
    asked: list[tuple[Any, ...]] = []
    monkeypatch.setattr(
        "pages.parts.train.export_view.export_in_subprocess", lambda *args, **options: asked.append((*args, options)) or b"made"
    )
    offered: list[Any] = []
    monkeypatch.setattr(
        "pages.parts.train.export_view.st.download_button", lambda label, data, *args, **options: offered.append((label, data))
    )
    test = open_export(finished.run_id)
    test.segmented_control(key="export.kind").set_value("exported-program").run()
    test.segmented_control(key="export.part").set_value("critic").run()
    test.selectbox(key="export.step").set_value(60).run()
    label, make = offered[-1]
    assert label == f"Download {finished.run_id}-critic.pt2" and not asked and not test.exception
    assert make() == b"made"
    assert asked == [(manager.root / finished.run_id, "exported-program", {"step": 60, "part": "critic"})]


def test_a_network_that_cannot_be_exported_is_a_sentence(manager: RunManager, finished: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    test = open_export(finished.run_id)
    monkeypatch.setattr("wgan_core.export.weights.missing_packages", lambda: ("onnxscript",))
    test.segmented_control(key="export.kind").set_value("onnx").run()
    assert "run `pip install onnxscript` first." in texts(test) and not test.download_button
    (manager.root / finished.run_id / "steps" / "00000060" / "critic.safetensors").write_bytes(b"torn")
    test.segmented_control(key="export.kind").set_value("exported-program").run()
    test.selectbox(key="export.step").set_value(60).run()
    assert "critic.safetensors of step 60 is damaged" in texts(test) and not test.download_button


# Explore.


def test_exploring(manager: RunManager, finished: Run) -> None:
    test = page("explore", run=finished.run_id, seed="5")
    assert test.number_input(key="explore.seed").value == 5
    assert "Critic score" in texts(test) and "Nothing moved yet" in texts(test)
    test.segmented_control(key="explore.where").set_value("on the server").run()
    first = test.slider(key="explore.z0").value
    test.slider(key="explore.z1").set_value(2.5).run()
    assert "Moved: z2." in texts(test)
    assert test.slider(key="explore.z0").value == first and test.slider(key="explore.z1").value == 2.5
    assert test.query_params["z"] == "2:2.5"
    button(test, "Reset").click().run()
    assert "Nothing moved yet" in texts(test) and test.slider(key="explore.z1").value != 2.5
    button(test, "Undo").click().run()
    assert test.slider(key="explore.z1").value == 2.5 and "Moved: z2." in texts(test)
    for _ in range(2):
        button(test, "Undo").click().run() if not button(test, "Undo").disabled else None
    assert "Nothing moved yet" in texts(test) and button(test, "Undo").disabled
    button(test, "Redo").click().run()
    assert test.slider(key="explore.z1").value == 2.5
    assert button(test, "seed 5").key == "explore.back-1"
    button(test, "Reset").click().run()
    button(test, "New random").click().run()
    assert test.number_input(key="explore.seed").value != 5 or test.slider(key="explore.z0").value == first
    assert test.query_params["seed"] == str(test.number_input(key="explore.seed").value)


def test_a_link_names_a_latent(manager: RunManager, finished: Run) -> None:
    test = page("explore", run=finished.run_id, seed="5", at="1.5,-2", z="2:1.25", psi="0.5")
    assert {name: test.query_params[name] for name in ("seed", "at", "z", "psi")} == {
        "seed": "5",
        "at": "1.5,-2",
        "z": "2:1.25",
        "psi": "0.5",
    }
    test.segmented_control(key="explore.where").set_value("on the server").run()
    assert test.slider(key="explore.z1").value == 1.25 and test.slider(key="explore.psi").value == 0.5
    wrong = page("explore", run=finished.run_id, seed="5", at="here", psi="0.5")
    assert "Part of the latent in this link cannot be used: at='here' was left out." in "\n".join(str(one.value) for one in wrong.warning)
    assert wrong.query_params["psi"] == "0.5" and "at" not in wrong.query_params


def test_interpolation_wants_seeds_and_pins(manager: RunManager, finished: Run) -> None:
    test = page("explore", run=finished.run_id)
    for bad in ("1", ",".join(map(str, range(33))), "a, b", "-1, 2", "1, p1"):
        test.text_input(key="explore.path-seeds").set_value(bad).run()
        assert any("Write two to 32 seeds" in error.value for error in test.error), bad
    test.text_input(key="explore.path-seeds").set_value("4, 5").run()
    assert not test.error and "25 images, drawn once" in texts(test)
    assert test.query_params["through"] == "4, 5"
    assert page("explore", run=finished.run_id, through="8,9").text_input(key="explore.path-seeds").value == "8,9"
    test.toggle(key="explore.loop").set_value(True).run()
    assert "48 images, drawn once" in texts(test)
    button(test, "Pin for interpolation").click().run()
    assert test.text_input(key="explore.path-seeds").value == "4, 5" and "1 pinned: p1. Pin one more" in texts(test)
    button(test, "New random").click().run()
    button(test, "Pin for interpolation").click().run()
    assert test.text_input(key="explore.path-seeds").value == "p1, p2" and "2 pinned: p1 to p2." in texts(test)
    test.text_input(key="explore.path-seeds").set_value("p2, 7, P1").run()
    assert not test.error and "72 images" in texts(test)
    test.segmented_control(key="explore.way").set_value("linear").run()
    assert (link(test)["way"], link(test)["loop"]) == ("linear", "1")
    again = page("explore", **link(test))
    assert "2 pinned: p1 to p2." in texts(again) and "72 images" in texts(again) and link(again) == link(test)
    elsewhere = page("explore", **link(test) | {"view": "grids"})  # what that section does not show is not lost
    assert link(elsewhere) == link(test) | {"view": "grids"}
    button(test, "Remove pins").click().run()
    assert "pinned" not in texts(test) and test.text_input(key="explore.path-seeds").value == "1, 2, 3"


def test_pins_that_a_link_cannot_hold(manager: RunManager, finished: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("x", "é", "AAAA", latents_to_link(np.full(finished.snapshot.config.latent_dim, np.nan))):
        test = page("explore", run=finished.run_id, pins=text)
        assert "This link holds pins that are cut off or changed; they were left out." in texts(test) and "pins" not in link(test)
    monkeypatch.setattr(pins, "MOST_IN_LINK", finished.snapshot.config.latent_dim)
    button(test, "Pin for interpolation").click().run()
    assert "pins" in link(test)
    button(test, "Pin for interpolation").click().run()
    assert "2 pinned: p1 to p2." in texts(test) and "too many for the page's address" in texts(test)
    assert not {"pins", "through"} & link(test).keys()


def test_numbers_in_a_link_that_are_none(manager: RunManager, finished: Run) -> None:
    test = page("explore", run=finished.run_id, seed="²", step="9" * 5000, show="6４", at="0,0")
    assert not test.exception and test.number_input(key="explore.seed").value == 0 and "show" not in link(test)
    assert link(page("explore", run=finished.run_id, show="64"))["show"] == "64"
    test.text_input(key="explore.path-seeds").set_value("²,³").run()
    assert not test.exception and "Write two to 32 seeds" in test.error[0].value


def test_grids_and_what_is_inside(manager: RunManager, finished: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: dict[str, str] = {}
    for module in (grid_view, inside_view):
        monkeypatch.setattr(module, "live_image", lambda png, key, alt, caption="", width=0: shown.update({key: f"{alt}. {caption}"}))
    test = page("explore", run=finished.run_id, view="grids")
    assert shown.keys() == {"explore-around", "explore-plane"} and "r = 0.05, 0.1, 0.2, 0.4, 0.8, 1.6" in shown["explore-around"]
    assert test.query_params["view"] == "grids"
    for bad in ("1, 2", "1, 2, x", "1, 2, 3, 4"):
        test.text_input(key="explore.plane-keys").set_value(bad).run()
        assert any("Write three seeds" in error.value for error in test.error), bad
    shown.clear()
    test.segmented_control(key="explore.section").set_value("inside").run()
    assert test.query_params["view"] == "inside"
    assert shown.keys() == {"explore-layer-0", "explore-layer-1", "explore-effect"}
    assert "layer 1: 16 units" in shown["explore-layer-0"] and "below 0 before the nonlinearity" in shown["explore-layer-1"]


def test_colours_of_what_is_inside() -> None:
    pictures = inside_view.coloured(np.array([[[2.0, -1.0, 0.0, np.nan]]], np.float32))
    assert pictures[0, 0].tolist() == [[59, 130, 214], [240, 188, 143], [255, 255, 255], [128, 128, 128]]


def test_exploring_damaged_weights_is_a_sentence(manager: RunManager, finished: Run) -> None:
    path = manager.root / finished.run_id / "steps" / "00000060" / "generator.safetensors"
    path.write_bytes(b"torn")
    assert "generator.safetensors of step 60 is damaged" in texts(page("explore", run=finished.run_id))


def test_a_link_to_another_machines_run(manager: RunManager, finished: Run) -> None:
    assert "This link names the run 'elsewhere', which is not here" in texts(page("explore", run="elsewhere"))


def test_what_a_run_saves_while_it_is_explored_is_a_click_away(
    manager: RunManager, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = manager.start(config.replace(max_steps=10**9, save_every=6))
    wait_for(run, "running")
    folder, pause = RunFolder.open(manager.root / run.run_id), threading.Event()
    while len(folder.steps()) < 2:
        pause.wait(0.01)
    run.send(Pause())
    wait_for(run, "paused")
    first, *_, last = folder.steps()
    test = page("explore", run=run.run_id, step=str(first))
    assert f"This run is paused at step {run.snapshot.step:,}." in texts(test) and link(test)["step"] == str(first)
    assert not any(one.label.startswith("Show step") for one in test.button)
    # As where the page was drawn before the last step was saved.
    monkeypatch.setattr("pages.parts.explore.source_choice.saved_steps", lambda run_id: (first, last, last + 7))
    test.run()
    button(test, f"Show step {last + 7:,}, saved just now").click().run()
    assert not test.exception and link(test)["step"] == str(last)
