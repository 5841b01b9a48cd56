"""Parts of the Explore page without a browser: directions, the user's own latents, nearest images, the user's own image."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st
import torch
from PIL import Image

from pages.parts.explore import image_view, latent_explorer, latent_state, nearest_view
from tests.app_page import link, page, press, texts
from tests.waiting import trained
from wgan_core.config import TrainConfig
from wgan_core.data.load import load_dataset
from wgan_core.latent import directions
from wgan_core.latent.place import Place
from wgan_core.latent.saved import SavedNetworks, newest_readable
from wgan_core.latent.seeds import fixed_latents
from wgan_core.latent.vectors import latent_to_text, latents_to_link
from wgan_core.runs.manager import RunManager
from wgan_core.runs.run import Run
from wgan_core.store.folder import RunFolder


@pytest.fixture(autouse=True)
def no_classifiers_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wgan_core.measures.coverage.default_folder", lambda: tmp_path / "classifiers")


@pytest.fixture
def networks(manager: RunManager, finished: Run) -> SavedNetworks:
    return newest_readable(RunFolder.open(manager.root / finished.run_id))


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The pictures, by key."""
    found: dict[str, bytes] = {}
    for module in (image_view, nearest_view):
        monkeypatch.setattr(module, "live_image", lambda png, key, alt, caption="", width=0: found.update({key: png}))
    return found


def grey(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"))


# What the browser gets and sends.


def test_the_message_holds_this_seed_and_the_63_after_it(manager: RunManager, finished: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[dict[str, Any], bytes]] = []
    original = latent_explorer.message
    monkeypatch.setattr(latent_explorer, "message", lambda *args: sent.append(original(*args)) or sent[-1])
    page("explore", run=finished.run_id, seed="7", at="1,2", d="random 2:1.5")
    header, body = sent[-1]
    numbers = np.frombuffer(body, "<f4").reshape(-1, 6)
    assert len(numbers) == 64 + 1 and len(header["planes"]) == 64 == len(set(header["planes"]))
    assert np.array_equal(numbers[:64], fixed_latents(7, 64, 6).numpy())
    assert np.array_equal(numbers[64], directions.random_direction(6, 2).vector)
    assert header["state"] == {"x": 1.0, "y": 2.0, "dimensions": {}, "directions": {"random 2": 1.5}, "truncation": 1.0, "mix": 0.0}
    assert header["planes"][0] == latent_state.plane_name(7) and header["dimensions"] == list(range(6))


def test_only_what_fits_is_taken_over_from_the_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    state: dict[str, Any] = {}
    monkeypatch.setattr(st, "session_state", state)
    sent = {"x": 1.0, "y": 0.0, "dimensions": {"2": 0.5}, "directions": {}, "truncation": 1.0, "edit": 1}

    def send(value: Any) -> Place:
        state["key"] = {"state": value}
        latent_explorer._take("key", 6)
        return latent_state.place()

    assert send(sent | {"version": 0}) == Place(1.0, 0.0, {2: 0.5}) and latent_state.version() == 0 and latent_state.can_undo()
    latent_state.reset()  # by a button: what the browser says of the time before is late
    assert latent_state.version() == 1
    assert send(sent | {"version": 0}) == Place()
    for bad in (None, {}, sent, sent | {"version": "x"}, sent | {"version": 1, "x": "far"}, sent | {"version": 1, "dimensions": {"6": 1}}):
        assert send(bad) == Place()
    state[latent_state.SEED] = 3
    for chosen, seed in ((5, 8), (0, 8), (64, 8), (-1, 8), ("a", 8)):
        state["key"] = {"chosen": chosen}
        latent_explorer._choose("key")
        assert latent_state.current_seed() == seed
    for count, shown in ((64, 64), (7, 64), (None, 64), ("1", 64), (1, 1)):
        latent_explorer.set_image_count(count)
        assert latent_explorer.image_count() == shown


# The user's own latent.


@pytest.mark.slow
def test_a_pasted_latent_its_link_and_undo(finished: Run, networks: SavedNetworks, manager: RunManager) -> None:
    z = np.array([0.5, -1.25, 2, 0, 1, -0.125], np.float32)  # exact in 16 bits
    test = page("explore", run=finished.run_id, seed="4")
    test.text_area(key="explore.pasted").set_value("[1, 2]").run()
    press(test, "Go to this latent")
    assert "A latent of this run is a list of 6 finite numbers." in texts(test)
    test.text_area(key="explore.pasted").set_value(latent_to_text(z)).run()
    press(test, "Go to this latent")
    assert "Your own latent is used instead of the seed's." in texts(test)
    assert f"**Critic score {networks.scores(z[None])[0]:.4g}**" in texts(test)
    assert np.array_equal(np.frombuffer(base64.urlsafe_b64decode(link(test)["latent"]), "<f2"), z)
    again = page("explore", **link(test))
    assert f"**Critic score {networks.scores(z[None])[0]:.4g}**" in texts(again)
    press(test, "Undo")
    assert "latent" not in link(test) and f"{networks.scores(fixed_latents(4, 1, 6).numpy())[0]:.4g}" in texts(test)
    press(test, "Redo")
    assert "latent" in link(test)
    press(test, "New random")
    assert "latent" not in link(test)


@pytest.mark.slow
def test_a_damaged_latent_in_a_link_is_explained(finished: Run, manager: RunManager) -> None:
    for text in ("x", "é", base64.urlsafe_b64encode(np.full(6, np.nan, "<f2").tobytes()).decode()):
        test = page("explore", run=finished.run_id, latent=text)
        assert "The latent in this link is incomplete or damaged. The seed's latent is used instead." in texts(test)
        assert "latent" not in link(test)


# Directions.


@pytest.mark.slow
def test_a_way_gets_a_name_and_stays_with_the_run(finished: Run, manager: RunManager) -> None:
    test = page("explore", run=finished.run_id, seed="4")
    press(test, "Save direction")
    assert "Move away from the seed's latent first." in texts(test)
    test = page("explore", run=finished.run_id, seed="4", z="3:2")
    test.text_input(key="explore.direction-name").set_value("a,b").run()
    press(test, "Save direction")
    assert "A direction's name has 1 to 40 characters, without commas or invisible characters." in texts(test)
    test.text_input(key="explore.direction-name").set_value("random 1").run()
    press(test, "Save direction")
    assert "'random 1' is reserved for a direction that the program finds: choose another name." in texts(test)
    test.text_input(key="explore.direction-name").set_value("third").run()
    press(test, "Save direction")
    (kept,) = directions.saved_directions(RunFolder.open(manager.root / finished.run_id))
    way = 2 - float(fixed_latents(4, 1, 6)[0, 2])
    assert kept.name == "third" and abs(kept.vector[2]) == pytest.approx(1, abs=1e-5) and kept.sd == pytest.approx(abs(way), rel=1e-5)
    assert test.multiselect(key="explore.directions").value == ["third"] and "third" in test.multiselect(key="explore.directions").options
    assert "third" in page("explore", run=finished.run_id).multiselect(key="explore.directions").options
    press(test, "Delete “third”")
    assert "third" not in test.multiselect(key="explore.directions").options


def test_found_directions_move_the_latent(finished: Run, networks: SavedNetworks, manager: RunManager) -> None:
    test = page("explore", run=finished.run_id, seed="4", d="images 2:1.5,activations 1:-1,gone:2")
    assert test.multiselect(key="explore.directions").value == ["images 2", "activations 1"]
    image, activation = directions.of_images(networks)[1], directions.of_activations(networks)[0]
    z = fixed_latents(4, 1, 6)[0].numpy() + 1.5 * image.sd * image.vector - activation.sd * activation.vector
    assert f"**Critic score {networks.scores(z[None].astype(np.float32))[0]:.4g}**" in texts(test)
    assert "Moved: images 2, activations 1." in texts(test) and link(test)["d"] == "images 2:1.5,activations 1:-1"
    assert test.toast[0].value == "Removed, because this run does not have them: gone."
    # Without its slider a direction is not gone along; undo brings both back.
    test.multiselect(key="explore.directions").set_value(["images 2"]).run()
    assert link(test)["d"] == "images 2:1.5" and "Moved: images 2." in texts(test)
    press(test, "Undo")
    assert link(test)["d"] == "images 2:1.5,activations 1:-1"
    assert test.multiselect(key="explore.directions").value == ["images 2", "activations 1"]


def test_what_another_run_lacks_is_let_go_and_said(finished: Run, manager: RunManager, config: TrainConfig) -> None:
    other = trained(manager, config.replace(latent_dim=9, generator_widths=(5, 8)))
    test = page("explore", run=other.run_id, z="8:1.5,2:1", d="activations 5:1,random 2:1")
    assert not test.toast and "activations 6" not in test.multiselect(key="explore.directions").options  # its first layer has 5 numbers
    test.selectbox(key="explore.run").set_value(finished.run_id).run()
    assert test.toast[0].value == "Removed, because this run does not have them: z8."
    assert link(test)["z"] == "2:1" and link(test)["d"] == "activations 5:1,random 2:1"


def test_sliders_on_the_server_set_what_the_browsers_do(finished: Run, networks: SavedNetworks, manager: RunManager) -> None:
    test = page("explore", run=finished.run_id, seed="4", psi="0.5", d="images 2:1.5")
    test.segmented_control(key="explore.where").set_value("on the server").run()
    before = fixed_latents(4, 1, 6)[0].numpy()
    assert test.slider(key="explore.z2").value == pytest.approx(float(before[2]), abs=0.01)  # not what direction and ψ make of it
    test.slider(key="explore.z2").set_value(3.5).run()
    assert test.slider(key="explore.z2").value == 3.5
    test.slider(key="explore.d-images 2").set_value(-2.0).run()
    test.slider(key="explore.psi").set_value(0.75).run()
    test.number_input(key="explore.x").set_value(0.25).run()
    assert {name: link(test)[name] for name in ("xy", "z", "d", "psi")} == {"xy": "0.25,0", "z": "3:3.5", "d": "images 2:-2", "psi": "0.75"}
    image = directions.of_images(networks)[1]
    z = Place(x=0.25, dimensions={2: 3.5}).before(before, latent_state.plane_name(4))
    z = (z - 2 * image.sd * image.vector) * np.float32(0.75)
    assert f"**Critic score {networks.scores(z[None].astype(np.float32))[0]:.4g}**" in texts(test)


def test_links_that_lead_elsewhere_say_so(finished: Run, manager: RunManager) -> None:
    test = page("explore", run=finished.run_id, step="7", seed=str(2**31), latent=latents_to_link(np.zeros(7, np.float32)))
    said = texts(test)
    assert (
        "No networks of step 7 are kept. You explore those of step 0, the nearest." in said
        and "names the seed '2147483648', which cannot be used. Seed 0" in said
    )
    assert "does not have as many numbers as this run needs" in said


@pytest.mark.slow
def test_the_step_stays_when_the_page_is_left(finished: Run, manager: RunManager) -> None:
    steps = RunFolder.open(manager.root / finished.run_id).steps()
    assert len(steps) > 1
    test = page("explore", run=finished.run_id, step=str(steps[0]))
    test.switch_page("pages/home.py").run()
    test.switch_page("pages/explore.py").run()
    assert link(test)["at"] == str(steps[0])


@pytest.mark.slow
def test_directions_of_classes(finished: Run, manager: RunManager) -> None:
    test = page("explore", run=finished.run_id)
    options = test.multiselect(key="explore.directions").options
    assert "more 0" in options and "more 9" in options and "random 4" in options and "images 6" in options and "images 7" not in options
    test.multiselect(key="explore.directions").set_value(["more 3", "random 1"]).run()
    assert not test.exception  # an untrained generator may make no threes: then there is no slider, but a word
    assert len(test.multiselect(key="explore.directions").value) == 2
    assert ("There is no direction “more 3”: the classifier recognises too few" in texts(test)) != (
        "more 3" in test.session_state["explore.known"]
    )


@pytest.mark.slow
def test_directions_of_a_folders_classes(manager: RunManager, config: TrainConfig, tmp_path: Path) -> None:
    for name, level in (("dark", 20), ("light", 200)):
        (tmp_path / "images" / name).mkdir(parents=True)
        for index in range(12):
            Image.new("L", (8, 8), level + index).save(tmp_path / "images" / name / f"{index}.png")
    run = trained(manager, config.replace(dataset="image-folder", data_root=str(tmp_path / "images")))
    test = page("explore", run=run.run_id)
    options = test.multiselect(key="explore.directions").options
    assert {"more dark", "more light"} <= set(options) and "more 0" not in options
    test.multiselect(key="explore.directions").set_value(["more dark"]).run()
    assert not test.exception


# Nearest images, the user's own image.


@pytest.mark.slow
def test_nearest_training_images(
    finished: Run, networks: SavedNetworks, shown: dict[str, bytes], config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = page("explore", run=finished.run_id, seed="4", view="nearest")
    data = load_dataset(config).data.numpy().reshape(-1, 64).astype(float)
    mine = networks.pixels(fixed_latents(4, 1, 6).numpy())[0, :, :, 0].ravel().astype(float)
    distances = np.linalg.norm(data - mine, axis=1) / 127.5
    nearest = data[distances.argmin()].reshape(8, 8)
    assert np.array_equal(grey(shown["explore-nearest-pixels"])[:8, :8], nearest)
    assert f"by pixels**: the nearest is {distances.min():.3g} away. Real images are" in texts(test)
    assert "by the critic's features**" in texts(test) and grey(shown["explore-nearest-critic"]).shape == (8, 8 * 9 - 1)
    for count, scale in ((3, ". Real images are"), (1, " away.\n")):
        few = replace(load_dataset(config), data=load_dataset(config).data[:count])
        monkeypatch.setattr(nearest_view, "run_data", lambda run_id, few=few: few)
        nearest_view._neighbours.clear()
        assert scale in texts(page("explore", run=finished.run_id, seed="4", view="nearest"))
        assert grey(shown["explore-nearest-critic"]).shape == (8, 8 * 9 - 1)


@pytest.mark.slow
def test_a_training_image_is_found_and_explored(
    finished: Run, networks: SavedNetworks, shown: dict[str, bytes], config: TrainConfig
) -> None:
    test = page("explore", run=finished.run_id, seed="4", view="image")
    test.number_input(key="explore.image-row").set_value(11).run()
    press(test, "Find training image")
    for _ in range(30):
        test.run()
    assert "explore-image-nearest-pixels" in shown
    target = load_dataset(config).data[11, 0].numpy()
    assert np.array_equal(grey(shown["explore-inverted"])[:, :8], target)
    candidates = networks.samples(torch.randn(1024, 6, generator=torch.Generator().manual_seed(0)).numpy())[:, 0]
    errors = np.sort(np.sqrt(((candidates - (target / 127.5 - 1)) ** 2).mean((1, 2))))
    begun = re.search(r"The search started at ([\d.]+), from one of the nearest of 1,024 random images", texts(test))
    assert begun is not None and errors[0] - 6e-4 <= float(begun[1]) <= errors[7] + 6e-4
    assert np.array_equal(grey(shown["explore-image-nearest-pixels"])[:, :8], target)  # it is one of them
    press(test, "Explore from here")
    assert "Your own latent is used instead of the seed's." in texts(test)
    found = np.frombuffer(base64.urlsafe_b64decode(link(test)["latent"]), "<f2").astype(np.float32)
    made = networks.pixels(found[None])[0, :, :, 0]
    assert np.abs(grey(shown["explore-inverted"])[:, 9:].astype(int) - made).max() <= 2  # links hold 16 bits a number
    press(test, "Find held-out image")
    assert "digits has no held-out images" in texts(test)


def test_a_picture_that_cannot_be_read_is_a_sentence(finished: Run, shown: dict[str, bytes]) -> None:
    test = page("explore", run=finished.run_id, view="image")
    test.file_uploader(key="explore.image-file").set_value(("bad.png", b"nonsense", "image/png")).run()
    assert "This file is not a picture that can be read" in texts(test)
    good = io.BytesIO()
    Image.new("L", (40, 20), 255).save(good, "PNG")
    test.file_uploader(key="explore.image-file").set_value(("good.png", good.getvalue(), "image/png")).run()
    assert not test.error and (grey(shown["explore-inverted"])[:, :8] == 255).all()
    test.toggle(key="explore.image-inverted").set_value(True).run()  # after the upload too
    assert not test.exception and (grey(shown["explore-inverted"])[:, :8] == 0).all()


@pytest.mark.slow
def test_whether_training_images_are_copied(
    finished: Run, shown: dict[str, bytes], config: TrainConfig, networks: SavedNetworks, monkeypatch: pytest.MonkeyPatch
) -> None:
    test = page("explore", run=finished.run_id, view="image")
    label = f"Compare {image_view.COMPARED_IMAGES} training and {image_view.COMPARED_IMAGES} held-out images"
    press(test, label)
    assert "digits has no held-out images" in texts(test)
    # Images that the generator made are met, others are not.
    learned = networks.pixels(np.random.default_rng(0).standard_normal((5, 6)).astype(np.float32)).transpose(0, 3, 1, 2)
    comparison = image_view.Comparison("any")
    comparison.run(networks, learned, load_dataset(config).data[:5].numpy())
    assert comparison.result is not None and comparison.result.train < 0.05 < comparison.result.heldout and comparison.fraction == 1
    test.session_state["explore.comparison"] = image_view.Comparison(_name(finished, networks), result=comparison.result)
    test.run()
    low, high = comparison.result.interval
    assert 1.5 < low < comparison.result.ratio < high
    said = f"ratio is {comparison.result.ratio:.2f} (95 % of resamples: {low:.2f} to {high:.2f})."
    assert said in texts(test) and "It comes much nearer to training images, so it has memorised them." in texts(test)
    for few, verdict in (
        (1.1, "a little nearer to training images, which is usual"),
        (0.9, "does not come nearer to training images than chance"),
    ):
        result = replace(comparison.result, interval=(few, 2.0))
        test.session_state["explore.comparison"] = image_view.Comparison(_name(finished, networks), result=result)
        test.run()
        assert verdict in texts(test)
    stopped = image_view.Comparison("any")
    stopped.stop.set()
    stopped.run(networks, learned, learned)
    assert stopped.problem == "The comparison was stopped." and not stopped.under_way


def _name(finished: Run, networks: SavedNetworks) -> str:
    return f"{finished.run_id}-step{networks.step}"


def test_truncation_and_what_it_costs(finished: Run, networks: SavedNetworks, manager: RunManager) -> None:
    test = page("explore", run=finished.run_id, psi="0.5")
    share = directions.diversity(networks, 0.5)
    assert 0 < share < 1 and f"At ψ = 0.5, random images from this generator differ from each other {share:.0%} as much" in texts(test)
