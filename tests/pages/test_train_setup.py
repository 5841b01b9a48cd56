"""Setting up a run on the Train page, without a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from pages.parts.train import forecast
from tests.app_page import button, page, press, texts
from tests.waiting import until
from wgan_core.config import PRESETS, SETTINGS, TrainConfig
from wgan_core.config.setting_info import describe_range
from wgan_core.forecast.speed_trial import SpeedTrial
from wgan_core.runs.manager import RunManager
from wgan_core.runs.run import Run


def test_every_setting_has_a_widget_with_its_range(manager: RunManager) -> None:
    test = page("train", preset="walkthrough", dataset="image-folder")
    for name, info in SETTINGS.items():
        widget = next(w for kind in (test.number_input, test.selectbox, test.text_input) for w in kind if w.key == f"setup.{name}")
        assert info.label in widget.label and info.flag in widget.help and f"Takes {describe_range(info)}." in widget.help
        assert ("live" if info.live else "new run") in widget.label


def test_a_link_opens_the_page_set_up_the_same(manager: RunManager) -> None:
    test = page("train", preset="quick-start", clip_value="0.03", n_critic="7", critic_widths="64,32")
    assert test.number_input(key="setup.clip_value").value == 0.03
    assert test.number_input(key="setup.n_critic").value == 7
    assert test.text_input(key="setup.critic_widths").value == "64,32"
    assert "Clip value c 0.03" in texts(test)
    press(test, "Start training")
    (run,) = manager.all_active()
    assert run.snapshot.config == PRESETS["quick-start"].replace(clip_value=0.03, n_critic=7, critic_widths=(64, 32))


def test_changes_go_into_the_link_and_the_preset_takes_them_back(manager: RunManager) -> None:
    test = page("train")
    test.number_input(key="setup.n_critic").set_value(9).run()
    assert {key: test.query_params[key] for key in ("preset", "n_critic")} == {"preset": "quick-start", "n_critic": "9"}
    press(test, "Back to the preset")
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
    press(test, "Download MNIST")
    until(lambda: "MNIST could not be downloaded: check the network and try again." in texts(test.run()))


def test_the_cost_of_a_run_like_none_before_is_tried(manager: RunManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "try_speed", lambda config: SpeedTrial(0.01, 0.03))
    test = page("train", max_steps="3000")
    assert "per generator update" not in texts(test)
    press(test, "How long will it take?")
    assert "About 60 ms per generator update; 1,000 of them in 60 s, at the 50 steps per second of a short trial on noise." in texts(test)
    # What leaves the updates as they are needs no new trial; other networks do.
    test.number_input(key="setup.n_critic").set_value(1).run()
    assert "About 40 ms per generator update; 3,000 of them in 2 min" in texts(test)
    test.text_input(key="setup.critic_widths").set_value("8").run()
    assert "per generator update" not in texts(test) and button(test, "How long will it take?")


def test_a_trial_that_fails_is_a_sentence(manager: RunManager, tmp_path: Path) -> None:
    test = page("train", dataset="image-folder", data_root=str(tmp_path))
    press(test, "How long will it take?")
    assert "There are no images that can be read in" in texts(test) and not test.exception


def test_no_trial_beside_a_run_on_the_same_device(manager: RunManager, endless: Run) -> None:
    assert button(page("train"), "How long will it take?").disabled


def test_a_second_start_says_what_trains_and_offers_to_queue(manager: RunManager, endless: Run) -> None:
    test = page("train")
    assert f"**{endless.run_id}** is running." in texts(test)
    press(test, "Start training")
    assert f"{endless.run_id} is training on cpu already" in texts(test)
    press(test, "Queue it")
    assert [run.snapshot.status for run in manager.all_active()] == ["running", "queued"]


def test_the_set_up_shows_what_the_lipschitz_method_needs_first(manager: RunManager) -> None:
    test = page("train", preset="pytorch-gan-gp")
    assert test.selectbox(key="setup.lipschitz").value == "gradient-penalty"
    assert test.number_input(key="setup.gp_lambda").value == 10
    test.selectbox(key="setup.lipschitz").set_value("clip").run()
    assert test.query_params["lipschitz"] == "clip" and not test.exception
