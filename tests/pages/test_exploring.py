"""The Explore page, without a browser: sliders, links, ways, grids, and what is inside."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from pages.parts.explore import grid_view, inside_view, latent_state, pins
from tests.app_page import button, link, page, press, texts
from tests.small import ENDLESS
from tests.waiting import wait_for
from wgan_core.config import TrainConfig
from wgan_core.latent.seeds import fixed_latents
from wgan_core.latent.vectors import latents_to_link
from wgan_core.runs.manager import RunManager
from wgan_core.runs.messages import Pause
from wgan_core.runs.run import Run
from wgan_core.store.folder import RunFolder


@pytest.mark.slow
def test_exploring(manager: RunManager, finished: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    test = page("explore", run=finished.run_id, seed="5")
    assert test.number_input(key="explore.seed").value == 5
    assert "Critic score" in texts(test) and "Nothing moved yet" in texts(test)
    test.segmented_control(key="explore.where").set_value("on the server").run()
    first = test.slider(key="explore.z0").value
    test.slider(key="explore.z1").set_value(2.5).run()
    assert "Moved: z2." in texts(test)
    assert test.slider(key="explore.z0").value == first and test.slider(key="explore.z1").value == 2.5
    assert test.query_params["z"] == "2:2.5"
    press(test, "Reset")
    assert "Nothing moved yet" in texts(test) and test.slider(key="explore.z1").value != 2.5
    press(test, "Undo")
    assert test.slider(key="explore.z1").value == 2.5 and "Moved: z2." in texts(test)
    press(test, "Undo")
    assert "Nothing moved yet" in texts(test) and button(test, "Undo").disabled
    press(test, "Redo")
    assert test.slider(key="explore.z1").value == 2.5
    assert button(test, "seed 5").key == "explore.back-1"
    press(test, "Reset")
    monkeypatch.setattr(latent_state.secrets, "randbelow", lambda below: below - 1)
    press(test, "New random")
    assert test.number_input(key="explore.seed").value == 99_999 and test.query_params["seed"] == "99999"
    assert test.slider(key="explore.z0").value == pytest.approx(float(fixed_latents(99_999, 1, 6)[0, 0]), abs=0.01) != first


@pytest.mark.slow
def test_a_link_names_a_latent(manager: RunManager, finished: Run) -> None:
    test = page("explore", run=finished.run_id, seed="5", at="1.5,-2", z="2:1.25", psi="0.5")
    assert {name: test.query_params[name] for name in ("seed", "xy", "z", "psi")} == {
        "seed": "5",
        "xy": "1.5,-2",
        "z": "2:1.25",
        "psi": "0.5",
    }
    test.segmented_control(key="explore.where").set_value("on the server").run()
    assert test.slider(key="explore.z1").value == 1.25 and test.slider(key="explore.psi").value == 0.5
    wrong = page("explore", run=finished.run_id, seed="5", xy="here", psi="0.5")
    assert "Part of the latent in this link cannot be used: xy='here' was left out." in "\n".join(str(one.value) for one in wrong.warning)
    assert wrong.query_params["psi"] == "0.5" and "xy" not in wrong.query_params


@pytest.mark.slow
def test_interpolation_wants_seeds_and_pins(manager: RunManager, finished: Run) -> None:
    test = page("explore", run=finished.run_id)
    for bad in ("1", ",".join(map(str, range(33))), "a, b", "-1, 2", "1, p1"):
        test.text_input(key="explore.path-seeds").set_value(bad).run()
        assert any("Enter 2 to 32 seeds" in error.value for error in test.error), bad
    test.text_input(key="explore.path-seeds").set_value("4, 5").run()
    assert not test.error and "25 images, generated once" in texts(test)
    assert test.query_params["through"] == "4, 5"
    assert page("explore", run=finished.run_id, through="8,9").text_input(key="explore.path-seeds").value == "8,9"
    test.toggle(key="explore.loop").set_value(True).run()
    assert "48 images, generated once" in texts(test)
    press(test, "Pin for interpolation")
    assert test.text_input(key="explore.path-seeds").value == "4, 5, p1" and "1 pinned: p1. The path leads" in texts(test)
    press(test, "New random")
    button(test, "Pin for interpolation").click().run()
    assert test.text_input(key="explore.path-seeds").value == "4, 5, p1, p2" and "2 pinned: p1 to p2." in texts(test)
    test.text_input(key="explore.path-seeds").set_value("p2, 7, P1").run()
    assert not test.error and "72 images" in texts(test)
    test.segmented_control(key="explore.way").set_value("linear").run()
    assert (link(test)["way"], link(test)["loop"]) == ("linear", "1")
    again = page("explore", **link(test))
    assert "2 pinned: p1 to p2." in texts(again) and "72 images" in texts(again) and link(again) == link(test)
    elsewhere = page("explore", **link(test) | {"view": "grids"})  # what that section does not show is not lost
    assert link(elsewhere) == link(test) | {"view": "grids"}
    press(test, "Remove pins")
    assert "pinned" not in texts(test) and test.text_input(key="explore.path-seeds").value == "1, 2, 3"
    # The default path is not the user's: pins take its place.
    press(test, "Pin for interpolation")
    assert test.text_input(key="explore.path-seeds").value == "1, 2, 3" and "1 pinned: p1. Pin another" in texts(test)
    press(test, "Pin for interpolation")
    assert test.text_input(key="explore.path-seeds").value == "p1, p2"


@pytest.mark.slow
def test_pins_that_a_link_cannot_hold(manager: RunManager, finished: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for text in ("x", "é", "AAAA", latents_to_link(np.full(finished.snapshot.config.latent_dim, np.nan))):
        test = page("explore", run=finished.run_id, pins=text)
        assert "The pins in this link are incomplete or damaged, so they were ignored." in texts(test) and "pins" not in link(test)
    monkeypatch.setattr(pins, "MAX_NUMBERS_IN_LINK", finished.snapshot.config.latent_dim)
    press(test, "Pin for interpolation")
    assert "pins" in link(test)
    press(test, "Pin for interpolation")
    assert "2 pinned: p1 to p2." in texts(test) and "too long for the page's address" in texts(test)
    assert not {"pins", "through"} & link(test).keys()


def test_numbers_in_a_link_that_are_none(manager: RunManager, finished: Run) -> None:
    test = page("explore", run=finished.run_id, seed="²", step="9" * 5000, show="6４", at="0,0")
    assert not test.exception and test.number_input(key="explore.seed").value == 0 and "show" not in link(test)
    assert link(page("explore", run=finished.run_id, show="64"))["show"] == "64"
    test.text_input(key="explore.path-seeds").set_value("²,³").run()
    assert not test.exception and "Enter 2 to 32 seeds" in test.error[0].value


def test_grids_and_what_is_inside(manager: RunManager, finished: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: dict[str, str] = {}
    for module in (grid_view, inside_view):
        monkeypatch.setattr(module, "live_image", lambda png, key, alt, caption="", width=0: shown.update({key: f"{alt}. {caption}"}))
    test = page("explore", run=finished.run_id, view="grids")
    assert shown.keys() == {"explore-around", "explore-plane"} and "r = 0.05, 0.1, 0.2, 0.4, 0.8, 1.6" in shown["explore-around"]
    assert test.query_params["view"] == "grids"
    for bad in ("1, 2", "1, 2, x", "1, 2, 3, 4"):
        test.text_input(key="explore.plane-keys").set_value(bad).run()
        assert any("Enter three seeds" in error.value for error in test.error), bad
    shown.clear()
    test.segmented_control(key="explore.section").set_value("inside").run()
    assert test.query_params["view"] == "inside"
    assert shown.keys() == {"explore-layer-0", "explore-layer-1", "explore-effect"}
    assert "layer 1: 16 units" in shown["explore-layer-0"] and "Before the nonlinearity, " in shown["explore-layer-1"]


def test_colours_of_what_is_inside() -> None:
    pictures = inside_view.coloured(np.array([[[2.0, -1.0, 0.0, np.nan]]], np.float32))
    assert pictures[0, 0].tolist() == [[59, 130, 214], [240, 188, 143], [255, 255, 255], [128, 128, 128]]


def test_exploring_damaged_weights_is_a_sentence(manager: RunManager, finished: Run) -> None:
    path = manager.root / finished.run_id / "steps" / "00000060" / "generator.safetensors"
    path.write_bytes(b"torn")
    assert "generator.safetensors of step 60 is damaged" in texts(page("explore", run=finished.run_id))


def test_a_link_to_another_machines_run(manager: RunManager, finished: Run) -> None:
    assert "This link names the run 'elsewhere', which does not exist here" in texts(page("explore", run="elsewhere"))


@pytest.mark.slow
def test_what_a_run_saves_while_it_is_explored_is_a_click_away(
    manager: RunManager, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = manager.start(config.replace(max_steps=ENDLESS, save_every=6))
    wait_for(run, "running")
    folder, pause = RunFolder.open(manager.root / run.run_id), threading.Event()
    while len(folder.steps()) < 2:
        pause.wait(0.01)
    run.send(Pause())
    wait_for(run, "paused")
    first, *_, last = folder.steps()
    test = page("explore", run=run.run_id, step=str(first))
    assert f"This run is paused at step {run.snapshot.step:,}." in texts(test) and link(test)["at"] == str(first)
    assert not any(one.label.startswith("Show step") for one in test.button)
    # As where the page was drawn before the last step was saved.
    monkeypatch.setattr("pages.parts.explore.source_choice.saved_steps", lambda run_id: (first, last, last + 7))
    test.run()
    press(test, f"Show step {last + 7:,}, saved just now")
    assert not test.exception and int(link(test).get("at", last + 7)) == last + 7
