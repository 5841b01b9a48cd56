"""A run whose networks are told classes, through its folder: what is kept, shown, measured, continued and refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from PIL import Image

from tests.loops import begin, go_on
from wgan_core.config import TrainConfig
from wgan_core.data.classes import Classes
from wgan_core.data.load import load_dataset
from wgan_core.figures.images import sample_grid
from wgan_core.instruments.kit import Kit, lanes_for
from wgan_core.latent.saved import load_networks
from wgan_core.measures.coverage import Classifier, class_report
from wgan_core.measures.diagnose import take_specimen
from wgan_core.measures.lag import critic_lag, twin
from wgan_core.runs import run_data
from wgan_core.runs.replay import replay
from wgan_core.store.folder import RunFolder, StoreError
from wgan_core.timeline.fixed import fixed_inputs
from wgan_core.timeline.looks import health_at, landscape_at, scores_at
from wgan_core.training.trainer import Trainer


@pytest.fixture
def told(config: TrainConfig) -> TrainConfig:
    return config.replace(labels="conditional", ema_decay=0.9)


def test_it_is_kept_shown_measured_and_repeated(tmp_path: Path, told: TrainConfig) -> None:
    loop = begin(tmp_path / "run", told, 25)
    folder = RunFolder.open(tmp_path / "run")
    assert Classes.from_meta(folder.meta["dataset"]["classes"]).names == tuple("0123456789")
    pictures = loop._draw()
    assert pictures.samples.shape == pictures.real.shape == (80, 8, 8, 1) and pictures.classes == tuple("0123456789")
    kept = np.asarray(Image.open(folder.samples()[25]))
    assert np.array_equal(kept, sample_grid(pictures.samples.astype(np.uint8), pictures.classes)[:, :, 0])

    networks, data = load_networks(folder, 25), load_dataset(told)
    z, labels = fixed_inputs(told.seed, told.latent_dim, networks.classes, points=False)
    assert labels is not None and labels[:9].tolist() == [0] * 8 + [1] and torch.equal(z[:8], z[8:16])
    assert np.array_equal(networks.pixels(z.numpy(), labels.numpy()), pictures.samples)
    one = networks.of_class(np.eye(10)[4])
    assert one.classes is None and np.allclose(one.samples(z[:8].numpy()), networks.samples(z[:8].numpy(), np.full(8, 4)), atol=1e-5)
    found = scores_at(folder, 25, data)
    assert np.allclose(found.samples, pictures.sample_scores, atol=1e-5) and np.allclose(found.real, pictures.real_scores, atol=1e-5)
    assert data.labels is not None
    shown = torch.randperm(len(data), generator=torch.Generator().manual_seed(told.seed))
    fours = shown[data.labels[shown] == 4][:8]
    assert np.array_equal(pictures.real[32:40, :, :, 0], data.data[fours, 0].numpy())
    assert health_at(folder, 25, data).details["class"] == "3"  # the most frequent digit

    assert replay(folder).same == tuple(step for step in folder.steps() if step)
    assert go_on(tmp_path / "run", 10).trainer.step == 35


def test_every_instrument_looks_at_it(told: TrainConfig, tmp_path: Path) -> None:
    data = load_dataset(told)
    trainer = Trainer(told, data)
    for _ in range(12):
        trainer.train_step()
    kit, specimen = Kit(told, data, tmp_path), take_specimen(trainer)
    read = {}
    for lane in lanes_for(told, data):
        for one in lane.instruments:
            while (look := one.measure(kit, specimen)) is None:
                pass  # the classifier is trained in parts
            read |= {reading.key: reading for reading in look.readings}
    assert {"critic-health", "sliced-w1", "energy", "nearest", "mode-gap", "classes", "class-accuracy"} <= read.keys()
    assert len(read["class-accuracy"].details["right"]) == 10 and 0 <= (read["class-accuracy"].value or 0) < 0.5  # hardly trained
    assert all(reading.value is not None for reading in read.values()), read
    # Each class has its share of what the distances look at, and the weights are those that are clipped.
    assert all(layer["beyond"] == 0 for layer in read["critic-health"].details["layers"])
    bounds = read["critic-health"].details["bounds"]
    assert bounds["empirical"]["value"] <= bounds["spectral"]["value"] <= bounds["box"]["value"]
    lag = critic_lag(twin(trainer), 20, n=64)
    assert np.isfinite(lag.estimates).all() and lag.estimates[-1] > lag.estimates[0]


def test_the_right_class_is_what_a_classifier_says_of_what_was_asked_for() -> None:
    """A classifier that looks at the first pixel, and images that are right, wrong, and of a class that nobody asks for."""
    shades = torch.linspace(-1, 1, 3)

    class FirstPixel:
        class_names, accuracy, hash = ("a", "b", "c"), 0.9, "h"

        def probabilities(self, samples: torch.Tensor) -> torch.Tensor:
            return torch.eye(3)[(samples[:, 0, 0, 0, None] - shades).abs().argmin(1)]

    images = shades[[0, 0, 2, 1]][:, None, None, None].expand(-1, 1, 8, 8)
    told = torch.tensor([0, 0, 0, 1])
    report = class_report(cast(Classifier, FirstPixel()), images, images, told)
    assert report.right is not None and report.right[:2].tolist() == [2 / 3, 1] and np.isnan(report.right[2])
    assert report.right_overall == pytest.approx(5 / 6)
    assert class_report(cast(Classifier, FirstPixel()), images, images).right_overall is None


def test_points_have_modes_as_classes(config: TrainConfig, tmp_path: Path) -> None:
    points = config.replace(dataset="8-gaussians", labels="conditional", latent_dim=2, generator_norm="none")
    loop = begin(tmp_path / "run", points, 6)
    pictures, folder = loop._draw(), RunFolder.open(tmp_path / "run")
    found = scores_at(folder, 6, load_dataset(points))
    assert np.allclose(found.samples, pictures.sample_scores, atol=1e-5) and np.allclose(found.real, pictures.real_scores, atol=1e-5)
    assert landscape_at(folder, 6).scores.std() > 0


def test_a_folder_that_does_not_tell_its_classes_is_damaged(tmp_path: Path, told: TrainConfig) -> None:
    begin(tmp_path / "run", told, 3)
    path = tmp_path / "run" / "config.json"
    meta = json.loads(path.read_text())
    meta["dataset"]["classes"]["counts"].pop()
    path.write_text(json.dumps(meta))
    with pytest.raises(StoreError, match="does not give the classes of the data: restore it from a copy"):
        load_networks(RunFolder.open(tmp_path / "run"), 3)


def test_other_labels_of_the_same_images_are_noticed(tmp_path: Path, told: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(tmp_path / "run", told, 3)
    data = load_dataset(told)
    assert data.labels is not None
    other = dataclasses.replace(data, labels=data.labels.flip(0))
    monkeypatch.setattr(run_data, "load_dataset", lambda *args, **more: other)
    with pytest.raises(StoreError, match="The labels of the data differ from those that this run was trained with"):
        go_on(tmp_path / "run", 1)


def test_a_run_of_an_earlier_version_is_told_no_classes(tmp_path: Path, config: TrainConfig) -> None:
    begin(tmp_path / "run", config, 3)
    path = tmp_path / "run" / "config.json"
    meta = json.loads(path.read_text())
    del meta["config"]["labels"]
    assert "classes" not in meta["dataset"]
    path.write_text(json.dumps(meta))
    folder = RunFolder.open(tmp_path / "run")
    assert folder.config.labels == "ignore" and load_networks(folder, 3).classes is None
    assert go_on(tmp_path / "run", 2).trainer.step == 5


def test_the_names_are_written_beside_the_rows() -> None:
    pixels = np.zeros((24, 16, 16, 1), np.uint8)
    picture = sample_grid(pixels, ("a", "a very long name of a class that does not fit", "お"))
    assert picture.shape[0] == 2 * (3 * 17 - 1) and picture.shape[1] - 2 * (8 * 17 - 1) <= 124
    beside = picture[:, : picture.shape[1] - 2 * (8 * 17 - 1), 0]
    assert all((beside[34 * row : 34 * row + 32] > 150).any() for row in range(3))  # letters in every row


def test_one_picture_for_each_class_is_not_varied(told: TrainConfig) -> None:
    """Its samples differ as much as real ones do, but those of one class are all the same."""
    data = load_dataset(told)
    assert data.labels is not None
    specimen = take_specimen(Trainer(told, data))
    means = torch.stack([data.data[data.labels == label].float().mean(0) for label in range(10)]) / 127.5 - 1

    class OneForEach(torch.nn.Module):
        def forward(self, z: torch.Tensor) -> torch.Tensor:
            return means[z[:, told.latent_dim :].argmax(1)]

    kit = Kit(told, data)
    (truth,) = (one for lane in lanes_for(told, data) for one in lane.instruments if one.key == "truth")
    found = truth.measure(kit, dataclasses.replace(specimen, generator=OneForEach()))
    assert found is not None and found.seen.diversity == pytest.approx(0, abs=1e-6)
    (variety,) = (one for one in found.readings if one.key == "diversity")
    assert (
        variety.value == found.seen.diversity and variety.unit == "of two real samples of one class" and 0 < variety.details["noise"] < 0.05
    )
