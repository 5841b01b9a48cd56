"""The instruments: what each reads on a run whose truth is known, when they are due, and that they stay within their budget."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import ot
import pytest
import torch

from tests.data_sets import modes
from wgan_core.config import TrainConfig
from wgan_core.data import toy
from wgan_core.data.dataset import Dataset, ImageDataset
from wgan_core.data.load import load_dataset
from wgan_core.instruments.kit import Kit, lanes_for
from wgan_core.instruments.knowledge import Knowledge
from wgan_core.instruments.look import LoopNumbers, Seen
from wgan_core.instruments.schedule import Instrument, Lane
from wgan_core.measures import coverage
from wgan_core.measures.coverage import classifier_for
from wgan_core.measures.diagnose import Specimen, take_specimen
from wgan_core.measures.lag import Lag
from wgan_core.store.readings import Reading, advice_in, from_line, newest, to_line
from wgan_core.training.trainer import Trainer

POINTS = TrainConfig(
    dataset="8-gaussians",
    latent_dim=2,
    generator_widths=(8,),
    generator_norm="none",
    critic_widths=(16, 16),
    batch_size=16,
    clip_value=0.1,
    device="cpu",
    threads=1,
)


@pytest.fixture(scope="module")
def eight() -> Dataset:
    return load_dataset(POINTS)


def instrument(lanes: tuple[Lane, ...], key: str) -> Instrument:
    return next(one for lane in lanes for one in lane.instruments if one.key == key)


def read(kit: Kit, specimen: Specimen, key: str) -> dict[str, Reading]:
    found = instrument(lanes_for(specimen.config, kit.training), key).measure(kit, specimen)
    assert found is not None
    assert all(from_line(to_line(reading)) is not None for reading in found.readings)
    return newest(found.readings)


# Which there are.


@pytest.mark.parametrize(
    ("changes", "keys"),
    [
        ({"dataset": "8-gaussians"}, {"critic-health", "truth", "energy", "overfit-gap"}),
        ({"dataset": "8-gaussians", "generator_norm": "batch"}, {"critic-health", "truth", "energy", "overfit-gap", "mode-gap"}),
        ({"dataset": "digits", "generator_norm": "batch"}, {"critic-health", "truth", "energy", "nearest", "mode-gap", "classes"}),
        ({"dataset": "fashion-mnist"}, {"critic-health", "truth", "energy", "nearest", "overfit-gap", "classes"}),
        ({"dataset": "image-folder"}, {"critic-health", "truth", "energy", "nearest"}),
    ],
    ids=("points", "points-with-a-norm", "digits", "fashion-mnist", "image-folder"),
)
def test_each_run_gets_what_makes_sense_for_it(changes: dict[str, Any], keys: set[str]) -> None:
    config = POINTS.replace(**changes)
    labels = torch.arange(4) % 2 if config.dataset in ("digits", "fashion-mnist") else None
    points = config.dataset == "8-gaussians"
    data = torch.zeros(4, 2) if points else torch.zeros(4, 1, 8, 8, dtype=torch.uint8)
    lanes = lanes_for(config, Dataset(config.dataset, data, labels, ("a", "b") if labels is not None else ()))
    assert {one.key for lane in lanes for one in lane.instruments} == keys
    assert sum(lane.share for lane in lanes) == pytest.approx(1)


# What they read.


@pytest.mark.slow
def test_points_are_measured_against_held_out_points_by_optimal_transport(eight: Dataset) -> None:
    specimen = take_specimen(Trainer(POINTS, eight))
    kit = Kit(POINTS, eight)
    found = read(kit, specimen, "truth")
    w1 = found["exact-w1"]
    assert (w1.n, w1.reference, w1.mode) == (512, "held-out", "eval")
    held_out = torch.from_numpy(toy.draw("8-gaussians", toy.TRAINING_POINTS, POINTS.seed, stream=1))
    assert kit.held_out is not None and torch.equal(kit.held_out.data, held_out)
    made, real = specimen.generate(kit.z[:512]).double().numpy(), kit.yardstick(512).real.double().numpy()
    plan = np.full(512, 1 / 512)
    expected: Any = ot.emd2(plan, plan, ot.dist(made, real, metric="euclidean"))
    assert w1.value == pytest.approx(float(expected), rel=1e-5)
    assert w1.value is not None and w1.floor is not None and 0.03 < w1.floor < 0.3 and w1.value > 3 * w1.floor
    again = read(kit, specimen, "truth")
    assert again["exact-w1"].n == 512
    assert "movement" not in again  # the generator was not updated in between


def test_modes_are_counted(eight: Dataset) -> None:
    class Three(torch.nn.Module):
        def forward(self, z: torch.Tensor) -> torch.Tensor:
            means = torch.from_numpy(modes("8-gaussians").means[:3]).float()
            return means[torch.arange(len(z)) % 3]

    specimen = take_specimen(Trainer(POINTS, eight))
    found = read(Kit(POINTS, eight), Specimen(POINTS, 7, 3, Three(), specimen.critic), "truth")
    assert (found["modes"].value, found["modes"].details["total"]) == (3, 8)
    assert found["modes"].details["high_quality"] == 1
    assert (found["modes"].step, found["modes"].generator_updates) == (7, 3)


def test_movement_and_diversity_are_those_of_the_same_latents(eight: Dataset) -> None:
    class Shifted(torch.nn.Module):
        def __init__(self, by: float) -> None:
            super().__init__()
            self.by = by

        def forward(self, z: torch.Tensor) -> torch.Tensor:
            return z * 0.5 + self.by

    kit, critic = Kit(POINTS, eight), take_specimen(Trainer(POINTS, eight)).critic
    first = read(kit, Specimen(POINTS, 10, 5, Shifted(0.0), critic), "truth")
    second = read(kit, Specimen(POINTS, 20, 9, Shifted(1.0), critic), "truth")
    rows = kit.yardstick(256).real.double()
    typical = float(torch.cdist(rows, rows).sum() / (256 * 255))
    assert "movement" not in first
    assert second["movement"].value == pytest.approx(math.sqrt(2) / typical, rel=1e-5)
    assert second["movement"].details == {"over_generator_updates": 4}
    made = kit.z[:256].double() * 0.5
    assert first["diversity"].value == pytest.approx(float(torch.cdist(made, made).sum() / (256 * 255)) / typical, rel=1e-4)


def test_the_critics_health_of_a_linear_critic_is_exact(eight: Dataset) -> None:
    """f(x) = 3 x + 4 y has the slope 5 everywhere, its weights one at each place, and its bounds by hand."""
    specimen = take_specimen(Trainer(POINTS.replace(clip_value=4.0), eight))
    critic = torch.nn.Sequential(torch.nn.Linear(2, 1, bias=False)).double()
    critic[0].weight.data = torch.tensor([[3.0, 4.0]], dtype=torch.float64)
    specimen = Specimen(specimen.config, 1, 0, specimen.generator, critic)
    health = read(Kit(specimen.config, eight), specimen, "critic-health")["critic-health"]
    assert health.value == pytest.approx(5)
    details = health.details
    assert details["bounds"]["spectral"]["value"] == pytest.approx(5)
    assert details["bounds"]["box"]["value"] == pytest.approx(4 * math.sqrt(2))
    assert details["bounds"]["display_w1"]["value"] == pytest.approx(details["estimate"] / 5)
    assert all(values == pytest.approx([5] * 5) for values in details["norms"].values())
    (layer,) = details["layers"]
    assert layer["at_boundary"] == pytest.approx(0.5) and layer["clip_value"] == 4
    read_back = from_line(to_line(health))
    assert read_back is not None and read_back.value == pytest.approx(5)


def test_a_critic_with_batchnorm_says_why_it_has_no_constant(config: TrainConfig, dataset: ImageDataset) -> None:
    trainer = Trainer(config.replace(critic_norm="batch"), dataset)
    health = read(Kit(config, dataset), take_specimen(trainer), "critic-health")["critic-health"]
    assert health.value is None and "BatchNorm" in health.details["bounds"]["empirical"]["reason"]


def test_the_classifier_learns_a_part_at_a_time_and_comes_to_the_same(config: TrainConfig, tmp_path: Path) -> None:
    digits = load_dataset(config)
    specimen = take_specimen(Trainer(config, digits))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coverage, "UPDATES", 50)
        whole = classifier_for(digits, folder=tmp_path / "whole")
        kit = Kit(config, digits, tmp_path / "parts")
        classes = instrument(lanes_for(config, digits), "classes")
        assert [classes.measure(kit, specimen) is None for _ in range(2)] == [True, True]
        look = classes.measure(kit, specimen)
        assert look is not None
        found = newest(look.readings)
        assert found["classes"].details["classifier"] == whole.hash == found["fd-cnn"].details["classifier"]
        assert (found["classes"].details["total"], found["classes"].n) == (10, 898)
        again = Kit(config, digits, tmp_path / "parts")
        assert instrument(lanes_for(config, digits), "classes").measure(again, specimen) is not None  # kept


def keys(knowledge: Knowledge, config: TrainConfig, step: int) -> list[str] | None:
    """What is advised at `step`; None where nothing has changed since it was last said."""
    advice = knowledge.advice(config, step, 3, LoopNumbers(np.empty(0)))
    return None if advice is None else [one["key"] for one in advice_in([advice])]


def test_advice_follows_from_what_was_read_and_is_said_once(config: TrainConfig) -> None:
    knowledge = Knowledge()
    assert keys(knowledge, config, 10) == []
    assert keys(knowledge, config, 11) is None
    assert keys(knowledge, config.replace(optimizer="adam"), 12) == ["momentum-with-clipping"]
    assert keys(knowledge, config, 13) == []


def test_an_old_lag_is_no_news(config: TrainConfig) -> None:
    knowledge = Knowledge()
    knowledge.take(Seen(lag=Lag(np.array([0, 200]), np.array([1.0, 3.0]), np.ones(2), 64, 1.0)), 100)
    assert keys(knowledge, config, 200) == ["critic-lagging"]
    assert keys(knowledge, config, 201) == []


def test_what_a_look_lacks_stays_as_it_was() -> None:
    knowledge = Knowledge()
    knowledge.take(Seen(diversity=0.4), 10)
    knowledge.take(Seen(), 20)
    assert knowledge.seen == Seen(diversity=0.4)
    knowledge.take(Seen(diversity=0.0), 30)
    assert knowledge.seen.diversity == 0.0


@pytest.mark.parametrize("key", ["critic-health", "truth", "energy"])
def test_every_look_is_at_as_many(eight: Dataset, key: str) -> None:
    specimen, kit = take_specimen(Trainer(POINTS, eight)), Kit(POINTS, eight)
    first, second = (read(kit, specimen, key) for _ in range(2))
    assert {name: reading.n for name, reading in first.items()} == {
        name: reading.n for name, reading in second.items() if name != "movement"
    }


def test_details_are_what_the_folder_gives_back(eight: Dataset) -> None:
    """An unclipped critic has no share at ±c: None in a live run too, not nan."""
    config = POINTS.replace(lipschitz="gradient-penalty")
    for key in ("critic-health", "truth"):
        readings = read(Kit(config, eight), take_specimen(Trainer(config, eight)), key)
        assert key == "truth" or key in readings
        assert any(reading.details for reading in readings.values())
        for reading in readings.values():
            kept = from_line(to_line(reading))
            assert kept is not None and kept.details == reading.details
    health = read(Kit(config, eight), take_specimen(Trainer(config, eight)), "critic-health")["critic-health"]
    assert [layer["at_boundary"] for layer in health.details["layers"]] == [None] * 3


@pytest.mark.parametrize(("generator_updates", "known"), [(380, False), (2000, True)])
def test_the_modes_of_batchnorm_count_only_once_the_generator_has_settled(eight: Dataset, generator_updates: int, known: bool) -> None:
    config = POINTS.replace(generator_widths=(8, 8), generator_norm="batch")
    kit, specimen = Kit(config, eight), take_specimen(Trainer(config, eight))
    specimen = dataclasses.replace(specimen, generator_updates=generator_updates)
    found = instrument(lanes_for(config, eight), "mode-gap").measure(kit, specimen)
    assert found is not None and [one.key for one in found.readings] == ["mode-gap"]
    assert (found.seen.mode_gap is not None) is known
