"""The Laboratory page, without a browser."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from pages.components import lab_stage
from pages.parts.lab import lab_setup
from pages.shared.data_place import trust
from tests.app_page import link, page, press, texts
from tests.counting import drawing_to_text
from wgan_core.config import SETTINGS
from wgan_core.data import uploads
from wgan_core.data.uploads import uploads_folder
from wgan_core.lab import drawing
from wgan_core.lab.frame import GRID, MESH, POINTS
from wgan_core.lab.laboratory import Laboratory
from wgan_core.lab.setup import BASE, EXPERIMENTS

LABEL = {name: info.label for name, info in SETTINGS.items()}
SMALL = {"generator_widths": "8", "critic_widths": "8", "batch_size": "16", "n_critic": "3"}


@pytest.fixture(autouse=True)
def no_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, runs: Path) -> None:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / name))


def lab(test: AppTest) -> Laboratory:
    return test.session_state[lab_setup.LABORATORY]


def setting(test: AppTest, name: str, scope: str = lab_setup.SCOPE) -> Any:
    return test.number_input(key=f"{scope}.{name}")


@pytest.mark.slow
def test_it_stands_still_until_play_and_trains_at_every_look() -> None:
    test = page("lab", **SMALL)
    assert lab(test).trainers[0].step == 0 and test.button(key="lab-play").label == "Play" and lab(test).pace == "slow"
    test.segmented_control(key=lab_setup.PACE).set_value("full").run()
    press(test, "Play")
    begun = lab(test).trainers[0].step
    assert begun > 0 and test.button(key="lab-pause").label == "Pause"
    test.run()
    assert lab(test).trainers[0].step > begun
    press(test, "Pause")
    stands = lab(test).trainers[0].step
    test.run()
    assert lab(test).trainers[0].step == stands
    press(test, "Critic update")
    press(test, "Generator update")
    assert lab(test).trainers[0].step == stands + 1
    press(test, "Restart")
    assert lab(test).trainers[0].step == 0


def test_an_ordinary_gan_is_called_so_and_its_numbers_by_their_names() -> None:
    pair = EXPERIMENTS["ordinary-gan"].config, EXPERIMENTS["ordinary-gan"].config.replace(**EXPERIMENTS["ordinary-gan"].twin or {})
    one = Laboratory(pair)
    header, _ = lab_stage.message(one, one.frames(), [])
    wgan, gan = header["panels"]
    assert wgan["title"].startswith("WGAN, weights clipped to") and wgan["numbers"].startswith("Estimate")
    assert gan["title"].startswith("Ordinary GAN, minimax")
    assert gan["numbers"].startswith("Jensen-Shannon bound") and "mean push at" in gan["numbers"]


@pytest.mark.slow
@pytest.mark.parametrize("pace", ["full", "slow"])
def test_weights_that_become_infinite_are_told_and_the_page_goes_on(pace: str) -> None:
    test = page("lab", **SMALL)
    test.segmented_control(key=lab_setup.PACE).set_value(pace).run()
    with torch.no_grad():
        for parameter in lab(test).trainers[0].critic.parameters():
            parameter.fill_(float("inf"))
    press(test, "Play")
    assert "became infinite at critic update" in test.error[0].value
    for _ in range(3):
        press(test, "Play")  # it stays
        assert test.button(key="lab-play").label == "Play"
    header, _ = lab_stage.message(lab(test), lab(test).frames(), ["landscape", "arrows"])
    json.dumps(header, allow_nan=False)  # a browser cannot read NaN
    assert header["panels"][0]["top"] == "no scores: they are infinite"
    press(test, "Restart")
    assert not test.error


def test_the_table_beside_the_picture_holds_the_measured_numbers() -> None:
    test = page("lab", **SMALL)
    press(test, "Critic update")
    (now,), shown = lab(test).truth()[-1], texts(test)
    assert now.step == 1
    for words, value in (
        ("Exact W1", now.w1),
        ("Its floor", lab(test).view.floor),
        ("Estimate", now.estimate),
        ("Steepest slope (K_emp)", now.steepest),
        ("Estimate / K_emp", now.scaled),
    ):
        assert f"| {words} | {value:.4g} |" in shown


def test_one_cycle_cycle_by_cycle() -> None:
    test = page("lab", **SMALL)
    test.segmented_control(key="lab-pace").set_value("cycles").run()
    press(test, "One cycle")
    assert (lab(test).trainers[0].step, lab(test).trainers[0].generator_updates) == (3, 1)
    assert test.button(key="lab-play").label == "Play"
    test.segmented_control(key=lab_setup.WHO).set_value("critic").run()
    press(test, "One cycle")
    assert (lab(test).trainers[0].step, lab(test).trainers[0].generator_updates) == (6, 1)


def test_live_settings_reach_the_training_and_others_begin_it_anew() -> None:
    test = page("lab", **SMALL)
    press(test, "Critic update")
    before = lab(test)
    setting(test, "clip_value").set_value(0.004).run()
    assert lab(test) is before and before.configs[0].clip_value == 0.004 and before.trainers[0].step == 1
    assert link(test)["clip_value"] == "0.004"
    test.text_input(key="lab.critic_widths").set_value("8,4").run()
    assert lab(test) is not before and lab(test).configs[0].critic_widths == (8, 4) and lab(test).trainers[0].step == 0


def test_a_note_holds_for_the_experiments_own_settings_only() -> None:
    test = page("lab")
    note = EXPERIMENTS["first-look"].note
    assert note in texts(test)
    setting(test, "clip_value").set_value(0.05).run()
    assert note not in texts(test) and f"You have changed the settings of “{EXPERIMENTS['first-look'].title}”." in texts(test)
    press(test, "Reset to the experiment")
    assert note in texts(test) and lab(test).configs[0] == BASE and link(test) == {"experiment": "first-look"}


@pytest.mark.slow
def test_a_value_that_cannot_be_used_keeps_the_laboratory_and_is_explained() -> None:
    test = page("lab", **SMALL)
    before = lab(test)
    test.text_input(key="lab.critic_widths").set_value("8,x").run()
    assert f"{LABEL['critic_widths']} must be 1 to 16 whole numbers" in texts(test)
    assert lab(test) is before
    test.text_input(key="lab.critic_widths").set_value("600").run()
    assert "at most 512 units per layer here" in texts(test)
    test.text_input(key="lab.critic_widths").set_value("8").run()
    assert lab(test) is before and not test.error


@pytest.mark.slow
def test_a_second_wgan_in_lockstep() -> None:
    test = page("lab", **SMALL)
    test.toggle(key=lab_setup.TWO).set_value(True).run()
    first, second = lab(test).configs
    assert (first.lipschitz, second.lipschitz, second.optimizer) == ("clip", "gradient-penalty", "adam")
    assert second.critic_widths == first.critic_widths == (8,)
    press(test, "Critic update")
    assert [trainer.step for trainer in lab(test).trainers] == [1, 1]
    assert "| Measure | Weights clipped to ±0.1, rmsprop | Gradient penalty, λ 1, adam |" in texts(test)
    # Its live settings are live too.
    before = lab(test)
    setting(test, "gp_lambda", lab_setup.TWIN).set_value(7.0).run()
    assert lab(test) is before and before.configs[1].gp_lambda == 7.0 and before.configs[0].gp_lambda == 1.0
    assert link(test)["b.lipschitz"] == "gradient-penalty" and link(test)["b.gp_lambda"] == "7"
    again = page("lab", **link(test))
    assert lab(again).configs == lab(test).configs
    test.toggle(key=lab_setup.TWO).set_value(False).run()
    assert len(lab(test).configs) == 1 and not any(name.startswith("b.") for name in link(test))


@pytest.mark.slow
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_experiments_and_their_links(name: str) -> None:
    test = page("lab")
    test.button(key=f"lab-choose-{name}").click().run()
    assert not test.exception and EXPERIMENTS[name].note in texts(test)
    assert link(test) == {"experiment": name}
    found = lab(test)
    assert found.configs[0] == EXPERIMENTS[name].config and len(found.configs) == 1 + (EXPERIMENTS[name].twin is not None)
    assert found.who == EXPERIMENTS[name].who and found.pace == EXPERIMENTS[name].pace
    again = page("lab", experiment=name)
    assert lab(again).configs == found.configs and lab(again).who == found.who


@pytest.mark.slow
def test_a_link_without_the_experiments_second_wgan() -> None:
    test = page("lab", experiment="two-clip-values", **SMALL)
    assert len(lab(test).configs) == 2
    test.toggle(key=lab_setup.TWO).set_value(False).run()
    assert link(test)["second"] == "off"
    assert len(lab(page("lab", **link(test))).configs) == 1


def test_batchnorm_in_the_critic_and_what_does_not_go_with_it() -> None:
    test = page("lab", critic_norm="batch", **SMALL)
    assert lab(test).configs[0].critic_norm == "batch" and len(lab(test).configs) == 1
    assert "| Steepest slope (K_emp) | — |" in texts(test) and "No steepest slope: The critic has BatchNorm" in texts(test)
    test.toggle(key=lab_setup.TWO).set_value(True).run()
    assert not test.exception and len(lab(test).configs) == 2 and lab(test).configs[1].lipschitz == "clip"
    test = page("lab", experiment="clip-against-penalty", critic_norm="batch", **SMALL)
    assert "The second WGAN of this experiment does not work with the settings in this link." in texts(test) and len(lab(test).configs) == 1


def test_two_wgans_have_two_names() -> None:
    test = page("lab", **SMALL, **{"b.critic_lr": "0.0001"})
    row = next(line for line in texts(test).splitlines() if line.startswith("| Measure |"))
    _, first, second = (cell.strip() for cell in row.strip("| ").split("|"))
    assert first != second and "0.0001" in second


@pytest.mark.parametrize(
    ("params", "sentence"),
    [
        ({"experiment": "none"}, "This link names the experiment 'none', which does not exist. The first experiment is used instead."),
        (
            {"clip_value": "-1"},
            f"{LABEL['clip_value']} must be a number above 0 and at most 10, not '-1'. The experiment's value is used instead.",
        ),
        ({"dataset": "mnist"}, "The laboratory is for points in the plane, not for mnist"),
        ({"critic_widths": "1000"}, "at most 512 units per layer here"),
        (
            {"critic_norm": "batch", "lipschitz": "gradient-penalty"},
            f"{LABEL['critic_norm']}: batch cannot be combined with the gradient penalty",
        ),
        ({"b.critic_lr": "x"}, f"{LABEL['critic_lr']} must be a number"),
        ({"drawn": "ab"}, "This link holds a drawing that is cut off or changed"),
    ],
)
def test_links_that_cannot_be_used_are_explained_and_the_rest_is_used(params: dict[str, str], sentence: str) -> None:
    test = page("lab", **params)
    assert sentence in "\n".join(str(warning.value) for warning in test.warning)
    assert lab(test).configs[0] == BASE


def test_a_drawing_comes_with_its_link() -> None:
    points = np.column_stack((np.linspace(-2, 2, 40), np.linspace(-1, 1, 40) ** 3)).astype(np.float32)
    test = page("lab", drawn=drawing_to_text(points), **SMALL)
    assert "This link brings a drawing of 40 points." in texts(test)
    assert list(uploads_folder().glob("drawn-*")) == []  # nothing is made by a link
    press(test, "Train on this drawing")
    config = lab(test).configs[0]
    assert config.dataset == "csv" and Path(config.data_root).name.startswith("drawn-")
    data = lab(test).trainers[0].data
    assert len(data) == 40 and float(data[:, 0].min()) == -2 and float(data[:, 0].max()) == 2
    # The file is this machine's affair; the link holds the drawing itself.
    assert link(test)["drawn"] == drawing_to_text(points)
    assert "data_root" not in link(test) and "dataset" not in link(test)
    press(test, "Critic update")
    assert lab(test).trainers[0].step == 1
    again = page("lab", drawn=drawing_to_text(points), **SMALL)  # which is here now
    assert lab(again).configs[0].data_root == config.data_root


def test_only_the_newest_drawings_are_kept_and_one_that_is_gone_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_DRAWINGS", 3)
    mine = drawing.to_csv(np.array([[0.0, 0.0], [1.0, 0.5]], np.float32))
    old = uploads.store("drawn", b"9,9\n3,4\n", ".csv")  # of an earlier version
    os.utime(old, (0, 0))
    brought = uploads.store("points", b"1,2\n3,4\n", ".csv")
    for number in range(5):
        uploads.keep_drawing(b"1,2\n3,%d\n" % number)
        uploads.keep_drawing(mine)  # as at every look at the page
    kept = list(uploads_folder().glob("drawn-*"))
    assert len(kept) == 3 and uploads.place_of("drawn", mine, ".csv") in kept and old not in kept
    assert [one.path for one in uploads.uploads()] == [brought]
    points = np.column_stack((np.linspace(-2, 2, 40), np.linspace(-1, 1, 40) ** 3)).astype(np.float32)
    test = page("lab", {lab_setup.DRAWING: drawing_to_text(points)}, experiment="ring", **SMALL)
    test.selectbox(key=lab_setup.SOURCE).set_value("drawn").run()
    file = Path(lab(test).configs[0].data_root)
    file.unlink()
    press(test, "Restart")  # of which the page's fragment does not look at the settings
    assert not test.exception
    test.run()
    assert file.exists() and len(lab(test).trainers[0].data) == 40


def test_who_only_looks_on_makes_no_file_of_a_drawing() -> None:
    text = drawing_to_text(np.array([[0.0, 0.0], [1.0, 0.5]], np.float32))
    test = page("lab", {lab_setup.DRAWING: text}, controls="off", **SMALL)
    test.selectbox(key=lab_setup.SOURCE).set_value("drawn").run()
    assert not test.exception and list(uploads_folder().glob("drawn-*")) == []


def test_points_that_are_still_to_come() -> None:
    test = page("lab", **SMALL)
    test.selectbox(key=lab_setup.SOURCE).set_value("drawn").run()
    assert "Open “Points” above and draw some points." in texts(test)
    assert lab(test).configs[0].dataset == "8-gaussians" and test.button(key="lab-play")  # what was there stays
    test.selectbox(key=lab_setup.SOURCE).set_value("csv").run()
    assert "Open “Points” above and upload a CSV file of points." in texts(test)
    test.selectbox(key=lab_setup.SOURCE).set_value("ring").run()
    assert lab(test).configs[0].dataset == "ring"


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("1,2\n3,x\n4,5\n")
    trust(str(file))
    test = page("lab", dataset="csv", data_root=str(file), **SMALL)
    assert "Line 2 of bad.csv is not two finite numbers" in texts(test)
    file.write_text("1,2\n3,4\n4,5\n")
    test.run()
    assert lab(test).configs[0].data_root == str(file) and len(lab(test).trainers[0].data) == 18  # 3 points, 6 times: a batch is 16


# What the browser gets.


def unpack(one: Laboratory, layers: list[str]) -> tuple[dict[str, Any], np.ndarray]:
    header, body = lab_stage.message(one, one.frames(), layers)
    json.dumps(header, allow_nan=False)  # NaN is no JSON, and browsers do not read it
    return header, np.frombuffer(body, "<f4")


def test_the_message_to_the_browser() -> None:
    config = BASE.replace(generator_widths=(8,), critic_widths=(8,), batch_size=16, n_critic=2)
    one = Laboratory((config, config.replace(lipschitz="gradient-penalty", optimizer="adam")))
    header, numbers = unpack(one, ["landscape"])
    each = GRID * GRID + 4 * POINTS + 2 * MESH * MESH
    assert len(numbers) == 2 * POINTS + 2 * each
    assert np.array_equal(numbers[: 2 * POINTS].reshape(-1, 2), one.view.real.numpy())
    second = numbers[2 * POINTS + each :]
    frame = one.frames()[1]
    assert np.array_equal(second[: GRID * GRID].reshape(GRID, GRID), frame.landscape)
    assert np.array_equal(second[GRID * GRID :][: 2 * POINTS].reshape(-1, 2), frame.generated)
    assert header["playing"] is False and header["beats"] == [] and header["concerned"] == []
    assert [panel["title"] for panel in header["panels"]] == ["Weights clipped to ±0.1, rmsprop", "Gradient penalty, λ 1, adam"]
    clipped, free = (panel["weights"] for panel in header["panels"])
    assert [sum(layer["counts"]) for layer in clipped] == [16, 8]
    assert 0 < clipped[0]["c"] <= 1 and free[0]["c"] is None and free[0]["words"].startswith("layer 1: up to ")


def test_slow_motion_in_the_browsers_words() -> None:
    one = Laboratory((BASE.replace(generator_widths=(8,), critic_widths=(8,), batch_size=16, n_critic=2),))
    one.set_pace("slow", "both")
    one.stage_seconds = 0.5
    one.play()
    one.advance(0.1)
    header, _ = unpack(one, [])
    assert header["heading"] == "Critic update 1 of 2: draw" and header["restMs"] == 500
    assert header["beats"] == [("C", "now"), ("C", ""), ("G", "")]
    assert header["concerned"] == ["real", "noise", "generator", "generated"]
    one.stage_seconds = 0.0
    for _ in range(2):
        one.advance(0.1)
    header, _ = unpack(one, [])
    assert header["heading"] == "Critic update 1 of 2: climb" and "→" in header["panels"][0]["numbers"]
    for _ in range(6):
        one.advance(0.1)
    header, _ = unpack(one, [])
    assert header["heading"] == "Generator update: which way?"
    assert header["beats"] == [("C", "done"), ("C", "done"), ("G", "now")]
    many = Laboratory((BASE.replace(n_critic=200),))
    many.set_pace("slow", "both")
    many.play()
    many.advance(0.1)
    assert unpack(many, [])[0]["beats"] == [("C 1/200", "now"), ("G", "")]


def test_a_flat_critic_is_said_to_be_flat() -> None:
    one = Laboratory((EXPERIMENTS["deep-critic"].config,))
    for _ in range(20):
        one.critic_step()
    (panel,) = unpack(one, [])[0]["panels"]
    assert panel["top"] == "flat: no slope to follow" and panel["bottom"] == ""
