"""The Explore page of a run that is told classes: one class, two, what the browser gets, and links."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pages.parts.explore import latent_explorer as explorer
from pages.parts.explore.latent_source import of_class, open_source
from tests.app_page import page, press, texts
from tests.small import SMALL
from tests.waiting import trained
from wgan_core.latent.folding import folded, run
from wgan_core.latent.place import Place, from_browser, from_params
from wgan_core.runs.manager import RunManager
from wgan_core.training.classes import weight_of_class


@pytest.fixture
def told(manager: RunManager) -> str:
    return trained(manager, SMALL.replace(labels="conditional", max_steps=20)).run_id


@pytest.mark.slow
def test_a_class_and_the_way_to_another(told: str) -> None:
    test = page("explore", run=told, seed="3")
    assert test.selectbox(key="explore.class").value == 0 and test.query_params["class"] == "0"
    test.selectbox(key="explore.class").set_value(4).run()
    assert test.query_params["class"] == "4" and "to" not in test.query_params
    test.selectbox(key="explore.class-to").set_value(7).run()
    test.segmented_control(key="explore.where").set_value("on the server").run()
    assert test.slider(key="explore.mix").label == "4 → 7"
    test.slider(key="explore.mix").set_value(0.5).run()
    assert (test.query_params["class"], test.query_params["to"], test.query_params["mix"]) == ("4", "7", "0.5")
    press(test, "Undo")
    assert "mix" not in test.query_params
    for section in ("grids", "nearest", "image", "inside"):
        test.segmented_control(key="explore.section").set_value(section).run()
        assert not test.exception and not test.error, section


@pytest.mark.slow
def test_a_link_names_classes(told: str) -> None:
    test = page("explore", run=told, **{"class": "9", "to": "2", "mix": "0.25"})
    assert (test.selectbox(key="explore.class").value, test.selectbox(key="explore.class-to").value) == (9, 2)
    assert test.query_params["mix"] == "0.25"
    test = page("explore", run=told, **{"class": "skirt"})
    assert "names the class 'skirt', which this run does not have" in texts(test)
    assert test.selectbox(key="explore.class").value == 0


def test_the_browser_computes_what_the_server_does(told: str) -> None:
    """By the layers and the class that are sent to it."""
    source = of_class(open_source(told, None), 4, 7, 0.25)
    header, _ = explorer.message(source, "w", [0], ())
    sent = header["classes"]
    assert sent == {"count": 10, "from": 4, "to": 7, "weight": weight_of_class(6), "label": "4 → 7", "words": sent["words"]}
    row = np.zeros(10, np.float32)
    row[4], row[7] = 0.75 * sent["weight"], 0.25 * sent["weight"]
    z = np.random.default_rng(0).standard_normal((3, 6), dtype=np.float32)
    inputs = torch.from_numpy(np.concatenate((z, np.tile(row, (3, 1))), axis=1))
    made = run(folded(source.whole.generator), inputs)
    assert np.allclose(made.numpy(), source.networks.samples(z).reshape(3, -1), atol=1e-5)
    assert explorer.program(source) is explorer.program(of_class(source, 1, 1, 0.0))  # no weights are sent again


def test_a_place_between_classes() -> None:
    assert Place(mix=0.5).to_params() == {"mix": "0.5"}
    assert from_params({"mix": "0.5"}, 6) == (Place(mix=0.5), [])
    assert from_params({"mix": "x"}, 6)[1] == ["Part of the latent in this link cannot be used: mix='x' was left out."]
    sent = {"x": 0, "y": 0, "dimensions": {}, "directions": {}, "truncation": 1, "mix": 7}
    assert from_browser(sent, 6) == Place(mix=1.0)
