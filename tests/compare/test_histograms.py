"""Weights and scores at the kept step nearest to the cursor, of runs that keep them and of earlier ones that do not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.loops import begin
from tests.sides import MakeSide
from wgan_core.compare.histograms import Scores, score_heaps, scores_near, slope_near, weight_heaps, weights_near
from wgan_core.compare.pictures import picture_near
from wgan_core.compare.side import Side, open_side
from wgan_core.config import TrainConfig
from wgan_core.data.dataset import ImageDataset
from wgan_core.data.load import load_dataset
from wgan_core.runs.messages import SaveNow
from wgan_core.store.folder import StoreError
from wgan_core.store.readings import Reading
from wgan_core.timeline.histograms import Histogram, Histograms, to_line


def trained(root: Path, config: TrainConfig, *, forget: bool = False) -> Side:
    """A run with steps 20 and 30. forget: as an earlier version would have left it, without histograms."""
    begin(root / "run", config.replace(max_steps=100), 30, {20: SaveNow()})
    kept = root / "run" / "histograms.jsonl"
    kept.unlink(missing_ok=True)
    if not forget:
        kept.write_text("".join(to_line(histograms(step)) + "\n" for step in (20, 30)))
    return open_side(root, "run")


def histograms(step: int) -> Histograms:
    """With all scores in one bin, the generated ones around -1 and the real ones around 2."""
    real, generated = (np.array([0] * place + [step] + [0] * (3 - place)) for place in (3, 0))
    weights = tuple(Histogram(f"{name} layer 1", np.array([1, 3]), -0.5, 0.5) for name in ("critic", "generator"))
    return Histograms(
        step, step // 3, 2.0, -1.0, weights, (Histogram("real", real, -1.5, 2.5), Histogram("generated", generated, -1.5, 2.5))
    )


def never() -> ImageDataset:
    raise AssertionError("the data are not needed")


def layer(name: str, limit: Any, counts: Any) -> dict[str, Any]:
    return {"name": name, "limit": limit, "counts": counts}


def test_what_a_run_keeps_needs_no_data(tmp_path: Path, config: TrainConfig) -> None:
    side = trained(tmp_path, config)
    scores = scores_near(side, 22, never)
    assert (scores.step, scores.middle, scores.edges.tolist()) == (20, -1.0, [-1.5, -0.5, 0.5, 1.5, 2.5])
    assert (scores.real.tolist(), scores.generated.tolist()) == ([0, 0, 0, 1], [1, 0, 0, 0])
    for network in ("critic", "generator"):
        found = weights_near(side, 22, network)
        assert found is not None and found[0] == 20 and [one.name for one in found[1]] == ["layer 1"]
        assert found[1][0].shares.tolist() == [0.25, 0.75] and found[1][0].edges.tolist() == [-0.5, 0, 0.5]
    assert scores_near(open_side(tmp_path, "run@25"), 1000, never).step == 20  # nothing after a named step


@pytest.mark.slow
def test_of_an_earlier_run_the_scores_are_computed_and_are_those_of_its_critic(tmp_path: Path, config: TrainConfig) -> None:
    side = trained(tmp_path, config, forget=True)
    data = load_dataset(side.started)
    scores = scores_near(side, 19, lambda: data)
    assert scores.step == 20
    # The critic of step 20, by plain matrix products.
    parts = side.folder.read_part(20, "critic")
    hidden = data.data[:: len(data.data) // 512][:512].flatten(1) / 127.5 - 1
    *inner, last = sorted(name.removesuffix(".weight") for name in parts if name.endswith(".weight"))
    for name in inner:
        hidden = torch.nn.functional.leaky_relu(hidden @ parts[f"{name}.weight"].T + parts[f"{name}.bias"], side.started.leaky_slope)
    real = (hidden @ parts[f"{last}.weight"].T + parts[f"{last}.bias"]).flatten().numpy()
    np.testing.assert_allclose(scores.real, np.histogram(real, scores.edges)[0] / 512, atol=2 / 512)


def test_data_of_another_shape_are_a_sentence(tmp_path: Path, config: TrainConfig) -> None:
    side = trained(tmp_path, config, forget=True)
    other = ImageDataset("other", torch.zeros(600, 1, 4, 4, dtype=torch.uint8))
    with pytest.raises(StoreError, match="another shape"):
        scores_near(side, 20, lambda: other)


def test_a_run_without_networks_or_pictures_is_a_sentence(side: MakeSide) -> None:
    with pytest.raises(StoreError, match="keeps no networks"):
        scores_near(side(), 20, never)
    with pytest.raises(StoreError, match="keeps no pictures"):
        picture_near(side(), 20)
    assert weights_near(side(), 20, "critic") is None


def test_the_picture_nearest_to_a_step_but_none_after_a_named_one(tmp_path: Path, config: TrainConfig) -> None:
    side = trained(tmp_path, config)
    assert picture_near(side, 21).step in (20, 21) and picture_near(side, 1000).step <= 30
    assert picture_near(open_side(tmp_path, "run@7"), 1000).step <= 7


def test_weights_of_earlier_runs_come_from_the_reading_that_is_nearest(side: MakeSide) -> None:
    looks = [Reading("critic-health", step, 1, 1.0, details={"layers": [layer("layer 1", step / 100, [step, 0])]}) for step in (10, 20, 40)]
    found = weights_near(side(readings=looks), 28, "critic")
    assert found is not None and found[0] == 20
    np.testing.assert_allclose(found[1][0].edges, [-0.2, 0, 0.2])
    assert found[1][0].shares.tolist() == [1, 0]
    assert slope_near(side(), 28) == 1.0


@pytest.mark.parametrize(
    "odd", [7, {}, layer("x", 0, [1]), layer("x", 1, []), layer("x", 1, "ab"), layer("x", None, [1]), layer("x", 1, [None])]
)
def test_a_layer_of_a_stranger_that_cannot_be_drawn_is_left_out(side: MakeSide, odd: Any) -> None:
    look = Reading("critic-health", 10, 1, 1.0, details={"layers": [odd, layer("layer 2", 1.0, [1, 3])]})
    found = weights_near(side(readings=[look]), 10, "critic")
    assert found is not None and [one.name for one in found[1]] == ["layer 2"]


def test_in_units_of_the_largest_weight_a_narrow_and_a_wide_layer_have_the_same_ends(side: MakeSide) -> None:
    layers = []
    for letter, limit in (("A", 0.01), ("B", 3.0)):
        look = Reading("critic-health", 10, 1, 1.0, details={"layers": [layer("layer 1", limit, [1, 2])]})
        found = weights_near(side(letter, readings=[look]), 10, "critic")
        assert found is not None
        layers.append((letter, len(layers), found[1]))
    assert [heap.edges.tolist() for heap in weight_heaps(layers, own_unit=True)["layer 1"]] == [[-1, 0, 1]] * 2
    assert [heap.edges[-1] for heap in weight_heaps(layers, own_unit=False)["layer 1"]] == [0.01, 3.0]


def test_scores_are_shifted_to_the_mean_of_the_generated_ones_and_divided_by_the_slope() -> None:
    scores = Scores(10, np.array([0.0, 1.0]), np.array([1.0, 0.0]), np.array([4.0, 6.0, 8.0]), 5.0)
    real, generated = score_heaps([("A", 0, scores, 2.0)], scaled=True)
    assert real.edges.tolist() == generated.edges.tolist() == [-0.5, 0.5, 1.5]
    assert (real.name, generated.name, generated.dash) == ("A, real", "A, generated", "dot")
    assert score_heaps([("A", 0, scores, None)], scaled=True)[0].edges.tolist() == [-1, 1, 3]
