"""Setting up a run on the Train page, without a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pages.parts.train import forecast, preset_cards
from pages.parts.train.controls import steered, title_of
from pages.shared.data_place import trust
from pages.shared.problems import problem_text
from pages.shared.run_time import settings_in_force
from tests.app_page import button, buttons, page, press, texts
from tests.preset_pictures import STEPS
from tests.waiting import until, wait_while_it_trains
from wgan_core.config import PRESET_NOTES, PRESETS, SETTINGS, ConfigError, TrainConfig
from wgan_core.config.preset_cards import AIMS, FOR_A_GPU, IN_A_SENTENCE
from wgan_core.config.setting_info import describe_range
from wgan_core.forecast.speed_trial import SpeedTrial
from wgan_core.runs.manager import RunManager
from wgan_core.runs.run import Run

LABEL = {name: info.label for name, info in SETTINGS.items()}
"""What the page calls each setting."""


# Of each setting that needs others, a set-up in which it has an effect.
SHOWING: tuple[dict[str, str], ...] = (
    {"preset": "walkthrough", "dataset": "image-folder", "clip_schedule": "linear", "n_critic_schedule": "linear"},
    {"preset": "showcase", "gp_lambda_schedule": "cosine"},
    {"preset": "wgan-gp-64"},
)


def test_every_setting_has_a_widget_with_its_range(manager: RunManager) -> None:
    unseen = set(SETTINGS)
    for link in SHOWING:
        test = page("train", **link)
        shown = {w.key: w for kind in (test.number_input, test.selectbox, test.text_input) for w in kind}
        for name in [name for name in unseen if f"setup.{name}" in shown]:
            info, widget = SETTINGS[name], shown[f"setup.{name}"]
            assert info.label in widget.label and info.help in widget.help and f"Allowed: {describe_range(info)}." in widget.help
            assert info.flag not in widget.help
            assert ("live" if info.live else "new run") in widget.label
            unseen.remove(name)
    assert unseen == set()


def test_what_has_no_effect_is_not_shown_and_not_in_the_way(manager: RunManager) -> None:
    test = page("train", preset="quick-start", clip_schedule="linear", clip_end="0.002")
    assert "setup.gp_lambda" not in {w.key for w in test.number_input}
    test.selectbox(key="setup.lipschitz").select("gradient-penalty").run()
    assert {"setup.clip_value", "setup.clip_end", "setup.dcgan_width"}.isdisjoint({w.key for w in test.number_input})
    assert not test.error and not next(button for button in test.button if button.label == "Start training").disabled
    test.selectbox(key="setup.lipschitz").select("clip").run()
    assert (test.selectbox(key="setup.clip_schedule").value, test.number_input(key="setup.clip_end").value) == ("linear", 0.002)


def test_names_for_links_and_the_command_line_are_shown_on_request(manager: RunManager) -> None:
    test = page("train")
    test.toggle(key="settings-show-names").set_value(True).run()
    help_text = test.number_input(key="setup.clip_value").help
    assert "Name in links: `clip_value`; on the command line: `--clip-value`." in help_text


def test_problems_are_told_with_labels_and_without_the_servers_folders(runs: Path) -> None:
    label = SETTINGS["clip_value"].label
    assert problem_text("clip_value must be above 0, not '-1'.") == f"{label} must be above 0, not '-1'."
    norm = SETTINGS["critic_norm"].label
    assert problem_text(ConfigError("critic_norm batch cannot be combined.")) == f"{norm}: batch cannot be combined."
    assert problem_text(f"{runs / 'odd' / 'config.json'} is damaged: delete it.") == "odd/config.json is damaged: delete it."
    assert problem_text("There is no file /srv/data/points.csv: check it.") == "There is no file …/points.csv: check it."
    for plain in ("See https://arxiv.org/abs/1701.07875.", "The ratio 1/2 of train/test is odd.", "No images."):
        assert problem_text(plain) == plain


def test_a_schedule_is_drawn_before_the_start_and_its_rates_told_while_it_trains(
    manager: RunManager, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: dict[str, Any] = {}
    monkeypatch.setattr(
        "pages.parts.train.schedule_form.live_chart", lambda figure, key, **options: drawn.__setitem__(key, (figure, options["alt"]))
    )
    page("train", preset="walkthrough", dataset="digits")
    assert "setup-rates" not in drawn
    test = page("train", preset="walkthrough", dataset="digits", lr_schedule="linear", lr_end="0.1", critic_lr="0.001", max_steps="1000")
    assert test.number_input(key="setup.lr_end").value == 0.1
    figure, words = drawn["setup-rates"]
    assert (figure.data[0].x[-1], figure.data[0].y[0]) == (1000, 0.001) and figure.data[0].y[-1] == pytest.approx(0.0001)
    assert words.startswith("Learning rates over the run: the critic's falls from 0.001 to 0.0001, ")
    run = manager.start(config.replace(lr_schedule="linear", lr_end=0.5, max_steps=10**9, critic_lr=1e-3))
    wait_while_it_trains(run, lambda: run.snapshot.step > 0)
    shown = page("train", run=run.run_id).get("progress")[0].proto.text
    assert shown.endswith("learning rates at 100% (linear schedule)")


def test_schedules_of_c_and_n_critic_are_set_drawn_and_steered(
    manager: RunManager, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: dict[str, Any] = {}
    monkeypatch.setattr(
        "pages.parts.train.schedule_form.live_chart", lambda figure, key, **options: drawn.__setitem__(key, (figure, options["alt"]))
    )
    test = page("train", preset="walkthrough", dataset="digits", max_steps="1000", clip_schedule="cosine", clip_end="0.001")
    assert "setup-schedule-n_critic" not in drawn and test.number_input(key="setup.clip_end").value == 0.001
    test.selectbox(key="setup.n_critic_schedule").set_value("steps").run()
    figure, words = drawn["setup-schedule-n_critic"]
    assert (figure.data[0].y[0], figure.data[0].y[-1]) == (25, 5) and words == "n_critic over the run: from 25 to 5, steps"
    assert test.query_params["n_critic_schedule"] == "steps" and len(drawn) == 2
    length = test.number_input(key="setup.schedule_updates")
    assert length.value == 0
    length.set_value(20).run()  # of the 40 that fit into the run at first
    figure = drawn["setup-schedule-clip_value"][0]
    assert figure.data[0].y[-1] == pytest.approx(0.001) == figure.data[0].y[-60] and test.query_params["schedule_updates"] == "20"
    # Of another Lipschitz method, that of c would be refused, so it is taken back.
    test.selectbox(key="setup.lipschitz").set_value("none").run()
    assert not test.exception and "clip_schedule" not in test.query_params and not buttons(test, "Start training")[0].disabled
    run = manager.start(config.replace(clip_schedule="linear", clip_end=0.01, max_steps=10**9))
    wait_while_it_trains(run, lambda: run.snapshot.step > 0)
    shown = page("train", run=run.run_id)
    assert shown.get("progress")[0].proto.text.endswith("Clip value c 0.05 (linear schedule)")
    assert steered(run.snapshot.config) == ("clip_value", "clip_end", "n_critic", "critic_lr", "generator_lr")
    assert settings_in_force(run.snapshot)[0] == (0, "Clip value c 0.05 (linear schedule)")


def test_the_length_can_be_set_in_epochs(manager: RunManager, config: TrainConfig) -> None:
    test = page("train", preset="walkthrough", dataset="digits", max_steps="280")
    field = test.number_input(key="setup-epochs")
    assert field.value == 10 and "28 batches" in field.help and "The last 5 of them are left out" in field.help
    field.set_value(3.0).run()
    assert test.number_input(key="setup.max_steps").value == 84 and test.query_params["max_steps"] == "84"
    test.number_input(key="setup.batch_size").set_value(128).run()
    assert test.number_input(key="setup-epochs").value == 6  # of 14 batches
    run = manager.start(config.replace(max_steps=10**9))
    wait_while_it_trains(run, lambda: run.snapshot.step > 0)
    assert " · epoch " in page("train", run=run.run_id).get("progress")[0].proto.text


def test_every_preset_has_a_card_with_a_sentence() -> None:
    assert {name for names in AIMS.values() for name in names} == PRESETS.keys() == IN_A_SENTENCE.keys()
    assert {name for name, note in PRESET_NOTES.items() if "Meant for a GPU" in note} == FOR_A_GPU


def test_the_pictures_on_the_cards_are_those_that_are_listed() -> None:
    listed = preset_cards.made()
    files = {path.stem: path for path in preset_cards.PICTURES.glob("*.png")}
    assert files.keys() == listed.keys() <= PRESETS.keys()
    for name, path in files.items():
        assert path.stat().st_size < 60_000 and listed[name] == {"step": STEPS[name], "seed": PRESETS[name].seed}
        with Image.open(path) as picture:
            assert min(picture.size) >= 60


def test_a_card_fills_in_its_preset_and_says_how_long_its_picture_takes(manager: RunManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preset_cards, "_speed", lambda root, name: 100.0 if name == "quick-start" else None)
    test = page("train")
    assert "3 min to this picture on this machine." in texts(test)
    assert button(test, "Chosen").disabled and not buttons(test, "Use pytorch-gan")
    test.segmented_control(key="setup-aim").set_value("Clothes and digits").run()
    press(test, "Use pytorch-gan-gp")
    assert test.selectbox(key="setup.lipschitz").value == "gradient-penalty" and test.query_params["preset"] == "pytorch-gan-gp"
    assert PRESET_NOTES["pytorch-gan-gp"] in texts(test) and button(test, "Use pytorch-gan")
    test.segmented_control(key="setup-aim").set_value("Colour").run()
    assert "No picture yet: CIFAR-10 was not at hand." in texts(test) and "**wgan-gp-64** :violet-badge[GPU]" in texts(test)


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
    press(test, "Reset to the preset")
    assert test.number_input(key="setup.n_critic").value == 3
    assert "n_critic" not in test.query_params


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        (
            {"clip_value": "-1"},
            f"{LABEL['clip_value']} must be a number above 0 and at most 10, not '-1'. The preset's value is used instead.",
        ),
        ({"n_critic": "lots"}, "n_critic must be a whole number from 1 to 1,000, not 'lots'."),
        ({"preset": "best"}, "This link names the preset 'best', which does not exist. The preset quick-start is used instead."),
    ],
)
def test_a_bad_link_is_a_sentence(manager: RunManager, params: dict[str, str], sentence: str) -> None:
    test = page("train", **params)
    assert sentence in texts(test)
    assert test.number_input(key="setup.n_critic").value == 3


def test_a_bad_value_is_a_sentence_beside_it_and_start_waits(manager: RunManager) -> None:
    test = page("train")
    test.number_input(key="setup.clip_value").set_value(11.0).run()
    assert [error.value for error in test.error] == [f"{LABEL['clip_value']} must be a number above 0 and at most 10, not 11.0."]
    assert button(test, "Start training").disabled
    test.text_input(key="setup.critic_widths").set_value("12,x").run()
    assert any(error.value.startswith(f"{LABEL['critic_widths']} must be 1 to 16 whole numbers") for error in test.error)
    test.number_input(key="setup.clip_value").set_value(0.1).run()
    test.text_input(key="setup.critic_widths").set_value("12,13").run()
    assert not test.error and not button(test, "Start training").disabled


def test_values_that_do_not_go_together_are_a_sentence_and_start_waits(manager: RunManager) -> None:
    test = page("train", preset="walkthrough-next", critic_norm="batch")
    assert f"{LABEL['critic_norm']}: batch cannot be combined with the gradient penalty" in texts(test)
    assert test.selectbox(key="setup.critic_norm").value == "layer"
    test.number_input(key="setup.image_size").set_value(50).run()
    (error,) = test.error
    assert error.value.startswith(f"{LABEL['image_size']} must be 48 or 56 for the architecture dcgan, not 50: ")
    assert button(test, "Start training").disabled


def test_a_set_that_is_not_here_offers_its_download(manager: RunManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(config: TrainConfig, progress: object) -> None:
        from wgan_core.data.dataset import DataError

        raise DataError("MNIST could not be downloaded: check the network and try again.")

    monkeypatch.setattr("wgan_core.data.download.download", offline)
    trust(str(tmp_path))
    test = page("train", dataset="mnist", data_root=str(tmp_path))
    assert "MNIST has to be downloaded first: 60,000 images, about 12 MB." in texts(test)
    press(test, "Download MNIST")
    until(lambda: "MNIST could not be downloaded: check the network and try again." in texts(test.run()))


def test_the_cost_of_a_run_like_none_before_is_tried(manager: RunManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecast, "try_speed", lambda config: SpeedTrial(0.01, 0.03))
    test = page("train", max_steps="3000")
    assert "per generator update" not in texts(test)
    press(test, "How long will it take?")
    assert (
        "About 60 ms per generator update; 1,000 of them in 60 s, at 50 steps per second, the speed of a short trial on random data."
        in texts(test)
    )
    # What leaves the updates as they are needs no new trial; other networks do.
    test.number_input(key="setup.n_critic").set_value(1).run()
    assert "About 40 ms per generator update; 3,000 of them in 2 min" in texts(test)
    test.text_input(key="setup.critic_widths").set_value("8").run()
    assert "per generator update" not in texts(test) and button(test, "How long will it take?")


def test_a_trial_that_fails_is_a_sentence(manager: RunManager, tmp_path: Path) -> None:
    trust(str(tmp_path))
    test = page("train", dataset="image-folder", data_root=str(tmp_path))
    press(test, "How long will it take?")
    assert "There are no images that can be read in" in texts(test) and not test.exception


def test_no_trial_beside_a_run_on_the_same_device(manager: RunManager, endless: Run) -> None:
    assert button(page("train"), "How long will it take?").disabled


def test_a_second_start_says_what_trains_and_offers_to_queue(manager: RunManager, endless: Run) -> None:
    test = page("train")
    assert f"**{title_of(endless.snapshot)}** is running." in texts(test)
    press(test, "Start training")
    assert "#1 is running on cpu: stop or pause it first" in texts(test)
    press(test, "Add to the queue")
    assert [run.snapshot.status for run in manager.all_active()] == ["running", "queued"]


def test_the_set_up_shows_what_the_lipschitz_method_needs_first(manager: RunManager) -> None:
    test = page("train", preset="pytorch-gan-gp")
    assert test.selectbox(key="setup.lipschitz").value == "gradient-penalty"
    assert test.number_input(key="setup.gp_lambda").value == 10
    test.selectbox(key="setup.lipschitz").set_value("clip").run()
    assert test.query_params["lipschitz"] == "clip" and not test.exception
