"""The Diagnosis tab, and what the set-up form says before a run starts, tested with Streamlit's AppTest."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
import torch
from PIL import Image

from pages.parts.train.diagnosis_view import _how_measured, memory_in_words
from pages.shared.data_place import trust
from pages.shared.server import run_manager
from tests.app_page import button, buttons, link, page, press, texts
from tests.small import ENDLESS
from tests.waiting import PATIENCE, wait_for, wait_while_it_trains
from wgan_core.config import PRESETS, TrainConfig
from wgan_core.forecast.input_check import check_own_data
from wgan_core.instruments.advice import Observations
from wgan_core.instruments.answers import QUESTIONS
from wgan_core.instruments.verdict import verdict
from wgan_core.runs.manager import RunManager
from wgan_core.runs.messages import Set
from wgan_core.runs.run import Run
from wgan_core.store.folder import RunFolder
from wgan_core.store.readings import KINDS, Reading, advice_in, newest, plain

DIAGNOSIS = {"view.tab": "Diagnosis", "view.instruments": True}


@pytest.fixture
def measured(manager: RunManager, config: TrainConfig) -> Run:
    run = manager.start(config.replace(max_steps=ENDLESS, instruments_budget=50, optimizer="adam"))
    wait_while_it_trains(run, lambda: {"critic-health", "sliced-w1", "energy", "advice"} <= newest(run.snapshot.readings).keys())
    return run


@pytest.mark.slow
def test_the_tab_shows_what_was_read_with_its_floor_and_how(measured: Run) -> None:
    test = page("train", DIAGNOSIS, run=measured.run_id)
    shown = texts(test, helps=True)
    w1 = newest(measured.snapshot.readings)["sliced-w1"]
    assert "How far from real data: Sliced W1" in shown and "(floor" in shown and f"n = {w1.n}" in shown
    assert "there is no held-out data" in shown and "BatchNorm in eval mode" in shown and f"; took {w1.seconds:.2g} s" in shown
    for words in ("K_emp", "K_spec", "K_box", "in the unit of W1; for comparison only, not a bound", "decades per layer toward the input"):
        assert words in shown
    assert "The instruments have used" in shown and "Their budget is 50 % of the whole run" in shown
    assert {"Diversity"} <= {metric.label for metric in test.metric}
    # The training's charts are not drawn while their tab is closed.
    assert not [slider for slider in test.slider if slider.label == "Smoothing"]


@pytest.mark.parametrize(
    ("value", "estimate", "words"),
    [
        (0.1, 2.0, "judges the 200 training samples and held-out ones alike, within the noise"),
        (-0.3, 2.0, "scores held-out samples higher than the 200 training samples"),
        (0.4, 2.0, "a part of the estimate is that the critic knows the 200 training samples"),
        (0.8, 2.0, "most of the estimate is that the critic knows the 200 training samples"),
        (0.8, -2.0, "Nothing can be said"),
        (None, 0.0, "Nothing can be said"),
    ],
)
def test_what_is_known_by_heart_in_words(value: float | None, estimate: float, words: str) -> None:
    reading = Reading("overfit-gap", 4, 1, value, details={"noise": 0.2, "training": 200, "estimate": estimate})
    assert words in memory_in_words(reading)


def test_what_an_earlier_version_found_known_by_heart_has_its_noise_too() -> None:
    details = {"gap": 0.4, "standard_error": 0.1, "estimate": 2.0}
    assert memory_in_words(Reading("overfit-gap", 4, 1, 0.2, details=details)).endswith(
        "a part of the estimate is that the critic knows the training samples."
    )
    assert memory_in_words(Reading("overfit-gap", 4, 1, 0.09, details=details)).endswith("within the noise.")


@pytest.mark.slow
def test_only_slopes_have_the_unit_of_slopes() -> None:
    reading = Reading("critic-health", 4, 1, 1.0, unit="score per unit of distance")
    assert "unit: score per unit of distance" in _how_measured([reading])
    assert "unit" not in _how_measured([reading], unit=False)


def test_advice_stands_at_the_top_and_the_first_warning_outside(measured: Run) -> None:
    test = page("train", DIAGNOSIS, run=measured.run_id)
    (warning,) = (element.value for element in test.warning if "β1" in element.value)
    assert button(test, "New run with Optimiser: rmsprop")
    outside = page("train", run=measured.run_id)
    (first,) = (element.value for element in outside.warning if "β1" in element.value)
    assert first in warning and "back to" not in " ".join(button.label for button in outside.button)


@pytest.mark.slow
def test_the_button_checks_for_lag_and_the_answer_is_shown(measured: Run) -> None:
    test = page("train", DIAGNOSIS, run=measured.run_id)
    press(test, "Check for lag")
    wait_while_it_trains(measured, lambda: "critic-lag" in newest(measured.snapshot.readings))
    test.run()
    assert "after 200 more updates, " in texts(test)
    path = run_manager().root / measured.run_id
    assert [entry["what"] for entry in RunFolder.open(path).ledger()].count("critic-lag") == 1


@pytest.mark.slow
def test_everything_is_measured_when_asked(manager: RunManager, config: TrainConfig) -> None:
    run = manager.start(config.replace(max_steps=ENDLESS, instruments_budget=0))
    wait_for(run, "running")
    test = page("train", DIAGNOSIS, run=run.run_id)
    press(test, "Measure everything now")
    assert [toast.value for toast in test.toast] == ["Measuring everything. The numbers will appear within seconds."]
    wait_while_it_trains(run, lambda: {"critic-health", "sliced-w1", "nearest", "classes"} <= newest(run.snapshot.readings).keys())
    test.run()
    assert "How far from real data: Sliced W1" in texts(test) and "Classes covered" in texts(test)
    run.stop()
    assert run.join(PATIENCE)
    test.run()
    assert not buttons(test, "Measure everything now")


@pytest.mark.slow
def test_a_run_of_another_process_is_read_from_its_folder(measured: Run, manager: RunManager) -> None:
    measured.stop()
    assert measured.join(PATIENCE)
    manager._runs.clear()
    test = page("train", DIAGNOSIS, run=measured.run_id)
    assert "How far from real data: Sliced W1" in texts(test) and "β1" in texts(test)
    assert button(test, "Check for lag").disabled
    assert "This can be checked only while the run trains in this program." in texts(test)


def test_a_run_without_readings_says_so(manager: RunManager, config: TrainConfig) -> None:
    RunFolder.create(manager.root / "bare", config).append_ledger(0, "status", status="stopped")
    shown = texts(page("train", DIAGNOSIS, run="bare"))
    assert shown.count("Not measured: the run was too short, or its instruments were off.") == 3


def test_undefined_constants_have_a_reason_in_their_place(manager: RunManager, config: TrainConfig) -> None:
    folder = RunFolder.create(manager.root / "odd", config)
    reason = "The critic has BatchNorm."
    bounds = {name: {"value": None, "reason": reason} for name in ("empirical", "spectral", "box", "display_w1")}
    depth = {name: {"names": ["critic layer 1"], "log10_norms": [-3.0], "slope": None} for name in ("critic", "generator")}
    details: dict[str, Any] = {"norms": None, "bounds": bounds, "layers": [], "depth": depth, "estimate": 1.0}
    folder.append_readings([Reading("critic-health", 5, 1, None, n=64, details=details)])
    shown = texts(page("train", DIAGNOSIS, run="odd"))
    assert "No steepest slope (K_emp): The critic has BatchNorm." in shown and "not a bound" not in shown


# Before a run starts.


def test_the_cost_is_told_where_a_speed_is_known(manager: RunManager, config: TrainConfig) -> None:
    quick = PRESETS["quick-start"]
    assert "per generator update" not in texts(page("train", preset="quick-start"))
    folder = RunFolder.create(manager.root / "before", quick)
    rows = np.zeros((3, 8))
    rows[:, 0], rows[:, 2] = (1000, 2000, 3000), (10, 20, 30)
    folder.append_metrics(rows)
    folder.write_step(3000, {part: {"x": torch.zeros(1)} for part in ("generator", "critic", "training")})
    st.cache_data.clear()
    shown = texts(page("train", preset="quick-start", n_critic="20"))
    # 100 critic updates a second with a generator update after every third are 127 with one after every twentieth.
    assert "About 158 ms per generator update" in shown and "estimated from the run before, whose n_critic was 3." in shown


def test_a_folder_of_constant_images_is_noticed(manager: RunManager, tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for index in range(12):
        Image.new("L", (20, 20), index).save(folder / f"{index}.png")
    trust(str(folder))
    shown = texts(page("train", dataset="image-folder", data_root=str(folder)))
    assert "12 of 12 images have a single colour" in shown
    assert "There are 12 samples; below about 1000" in shown


def test_of_a_large_folder_a_part_is_looked_at_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(12):
        Image.new("L", (20, 20), index).save(tmp_path / f"{index}.png")
    monkeypatch.setattr("wgan_core.forecast.input_check._PREVIEW", 6)
    texts = [advice.text for advice in check_own_data(TrainConfig(dataset="image-folder", data_root=str(tmp_path)))]
    assert any(text.startswith("6 of the 12 images were looked at. 6 of 6 images have a single colour") for text in texts)


def test_points_that_repeat_are_noticed(manager: RunManager, tmp_path: Path) -> None:
    file = tmp_path / "points.csv"
    rows = np.random.default_rng(0).normal(size=(600, 2))
    np.savetxt(file, np.concatenate((rows, rows)), delimiter=",")
    trust(str(file))
    shown = texts(page("train", dataset="csv", data_root=str(file)))
    assert "600 of 1200 samples are exact copies of others" in shown


def test_the_tab_begins_with_three_answers_and_folds_the_instruments(manager: RunManager, config: TrainConfig) -> None:
    folder = RunFolder.create(manager.root / "answered", config)
    folder.append_readings([Reading("sliced-w1", 700, 350, 0.0301, floor=0.03, floor_sd=0.001, n=64)])
    test = page("train", {"view.tab": "Diagnosis"}, run="answered")
    shown = texts(test)
    for question in QUESTIONS.values():
        assert f"**{question}**" in shown
    assert "The samples are as close to real data as other real data: Sliced W1 0.0301 at step 700" in shown
    assert "How far from real data" not in shown
    assert "How far from real data" in texts(page("train", DIAGNOSIS, run="answered"))


def test_what_a_card_advises_is_one_press_away_and_goes_into_the_ledger(manager: RunManager, config: TrainConfig) -> None:
    run = manager.start(config.replace(max_steps=ENDLESS, critic_lr=0.5))
    wait_while_it_trains(run, lambda: bool(advice_in(run.snapshot.readings)))
    test = page("train", DIAGNOSIS, run=run.run_id)
    press(test, "Set Critic learning rate to 0.0005")
    wait_while_it_trains(run, lambda: run.snapshot.config.critic_lr == 5e-4 and not advice_in(run.snapshot.readings))
    edits = [entry for entry in RunFolder.open(manager.root / run.run_id).ledger() if entry["what"] == "edit"]
    assert [(entry["field"], entry["old"], entry["new"]) for entry in edits] == [("critic_lr", 0.5, 5e-4)]


def test_a_setting_that_cannot_change_is_mended_in_a_new_run(manager: RunManager, config: TrainConfig) -> None:
    folder = RunFolder.create(manager.root / "narrow", config.replace(latent_dim=1))
    (told,) = verdict(Observations(config.replace(latent_dim=1)))
    folder.append_readings([Reading("advice", 5, 1, 1, details={"advice": [plain(told)]})])
    test = page("train", DIAGNOSIS, run="narrow")
    assert test.session_state["train-run"] == "narrow"
    press(test, "New run with Latent dimensions: 16")
    assert "run" not in link(test) and button(test, "Start training")
    assert [one.value for one in test.number_input if one.label.startswith("Latent dimensions")] == [16]


def test_the_last_look_shows_its_cost(manager: RunManager, config: TrainConfig) -> None:
    folder = RunFolder.create(manager.root / "ended", config)
    rows = np.zeros((1, 8))
    rows[:, 0] = 900
    folder.append_metrics(rows)

    def read(key: str, step: int, seconds: float) -> Reading:
        return Reading(key, step, 1, 0.9, seconds=seconds, trained=10.0, spent=0.2)

    folder.append_readings([read("diversity", 800, 0.2)])
    assert "The last look" not in texts(page("train", DIAGNOSIS, run="ended"))
    folder.append_readings([read("diversity", 900, 0.4), read("movement", 900, 0.4), read("mode-gap", 900, 0.25)])
    st.cache_resource.clear()
    assert "The last look, at the end of the run, took 0.65 s more." in texts(page("train", DIAGNOSIS, run="ended"))


@pytest.mark.parametrize("key", [*KINDS, "advice"])
def test_a_reading_without_its_details_leaves_the_other_parts(key: str, manager: RunManager, config: TrainConfig) -> None:
    folder = RunFolder.create(manager.root / "damaged", config)
    folder.append_readings([Reading("diversity", 5, 1, 0.9, n=64), Reading(key, 5, 1, 0.5)])
    test = page("train", DIAGNOSIS, run="damaged")
    assert "Diversity" in {metric.label for metric in test.metric}
    folder.append_readings(
        [Reading(key, 6, 1, None, details={"advice": 1, "norms": [1], "bounds": 2, "layers": 3, "depth": 4, "names": 5})]
    )
    st.cache_resource.clear()
    page("train", DIAGNOSIS, run="damaged")


def test_an_edit_that_breaks_a_run_is_told_at_once_and_can_be_undone(manager: RunManager, config: TrainConfig) -> None:
    run = manager.start(config.replace(max_steps=10**9, critic_lr=1e-3))
    wait_while_it_trains(run, lambda: run.snapshot.step > 0)
    run.send(Set({"critic_lr": 0.5}))
    wait_while_it_trains(run, lambda: bool(advice_in(run.snapshot.readings)))
    test = page("train", run=run.run_id)
    assert "The critic's learning rate is too high: " in texts(test)
    press(test, "Set Critic learning rate back to 0.001")
    wait_while_it_trains(run, lambda: run.snapshot.config.critic_lr == 1e-3)
    assert "critic-rate-too-high" not in {one["key"] for one in advice_in(run.snapshot.readings)}
    assert "is too high" not in texts(page("train", run=run.run_id))
