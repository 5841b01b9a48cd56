"""The small classifier, and what it tells of generated images. Digits at 8 px: they come with the installation."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from scipy.stats import entropy
from sklearn.linear_model import LogisticRegression

from wgan_core.config import TrainConfig
from wgan_core.data.dataset import Dataset, to_unit_range
from wgan_core.data.load import load_dataset
from wgan_core.measures import coverage, distances
from wgan_core.measures.coverage import Classifier, class_report, classifier_for, classifier_score, fd_cnn, train_classifier
from wgan_core.measures.metrics import Yardstick


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset(TrainConfig(dataset="digits", image_size=8))


@pytest.fixture(scope="module")
def classifier(digits: Dataset) -> Classifier:
    return train_classifier(digits)


@pytest.mark.slow
def test_it_is_as_good_as_a_known_classifier_on_images_it_never_saw(digits: Dataset, classifier: Classifier) -> None:
    assert digits.labels is not None
    aside = torch.arange(len(digits)) % 5 == 4
    rows = digits.data.flatten(1).float() / 255
    known = LogisticRegression(max_iter=200).fit(rows[~aside].numpy(), digits.labels[~aside].numpy())
    assert classifier.accuracy >= known.score(rows[aside].numpy(), digits.labels[aside].numpy()) - 0.01
    assert classifier.tested_on == "359 training images set aside"
    right = classifier.probabilities(digits.data[aside]).argmax(1) == digits.labels[aside]
    assert classifier.accuracy == float(right.double().mean())


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights(digits: Dataset, classifier: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "UPDATES", 20)
    torch.manual_seed(1)
    first = train_classifier(digits)
    torch.manual_seed(2)
    assert train_classifier(digits).hash == first.hash
    assert train_classifier(digits, seed=1).hash != first.hash != classifier.hash


@pytest.mark.slow
def test_held_out_images_are_what_it_is_tested_on(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "UPDATES", 60)
    assert digits.labels is not None
    wrong = Dataset("wrong", digits.data[:100], (digits.labels[:100] + 1) % 10, digits.class_names)
    found = train_classifier(digits, wrong)
    assert found.tested_on == "100 held-out images"
    assert found.accuracy < 0.1


def test_features_are_64_and_of_images_at_the_levels_of_a_pixel(digits: Dataset, classifier: Classifier) -> None:
    images = digits.data[:3]
    features = classifier.features(images)
    assert features.shape == (3, 64) and bool((features >= 0).all())
    assert torch.equal(features, classifier.features(to_unit_range(images) + 0.003))
    assert not torch.equal(features, classifier.features(to_unit_range(images) + 0.005))


def test_all_classes_are_found_in_real_images(digits: Dataset, classifier: Classifier) -> None:
    assert digits.labels is not None
    report = class_report(classifier, digits.data[:900], digits.data[897:])
    assert (report.covered, report.classes, report.n) == (10, 10, 900)
    assert report.imbalance < 0.06
    assert report.shares == pytest.approx(np.bincount(digits.labels[:900].numpy(), minlength=10) / 900, abs=0.015)
    assert report.confident == pytest.approx(report.real_confident, abs=0.05)
    assert report.classifier == classifier.hash and report.accuracy == classifier.accuracy


def test_a_generator_of_three_classes_covers_three(digits: Dataset, classifier: Classifier) -> None:
    assert digits.labels is not None
    some = digits.data[digits.labels < 3]
    report = class_report(classifier, some, digits.data)
    assert report.covered == 3
    assert report.shares[:3].sum() > 0.97
    assert report.imbalance == pytest.approx(0.7, abs=0.03)


def test_noise_is_less_sure_than_digits(digits: Dataset, classifier: Classifier) -> None:
    noise = torch.full((200, 1, 8, 8), 0.0) + 0.2 * torch.randn(200, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    report = class_report(classifier, noise, digits.data)
    assert report.real_confident > 0.9
    assert report.confident < report.real_confident - 0.2


def test_fd_cnn_is_the_frechet_distance_of_its_features(digits: Dataset, classifier: Classifier) -> None:
    distance = fd_cnn(classifier)
    yardstick = Yardstick(digits, n=700)
    noisy = to_unit_range(digits.data) + 0.3 * torch.randn(digits.data.shape, generator=torch.Generator().manual_seed(1))
    found = yardstick.measure(distance, noisy)
    expected = distances.frechet_distance(classifier.features(noisy[:700]), classifier.features(yardstick.real))
    assert found.value == pytest.approx(expected)
    assert found.excess > 3 * found.floor > 0
    assert classifier.hash[:8] in found.unit and found.title == "FD-CNN"
    assert "FID" not in found.title + found.unit


def test_fd_cnn_needs_ten_images_a_feature(digits: Dataset, classifier: Classifier) -> None:
    with pytest.raises(ValueError, match="FD-CNN needs at least 640 samples"):
        Yardstick(digits, n=600).measure(fd_cnn(classifier), digits.data)


def test_a_kept_classifier_is_used_again(digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "UPDATES", 5)
    first = classifier_for(digits, folder=tmp_path)
    (kept,) = tmp_path.iterdir()
    assert kept.name.startswith("digits-") and kept.suffix == ".safetensors"
    monkeypatch.setattr(coverage, "train_classifier", lambda *args: pytest.fail("trained again"))
    again = classifier_for(digits, folder=tmp_path)
    assert (again.hash, again.accuracy, again.tested_on, again.seconds) == (first.hash, first.accuracy, first.tested_on, first.seconds)
    assert torch.equal(again.features(digits.data[:9]), first.features(digits.data[:9]))


@pytest.mark.parametrize("what", ["pixels", "labels", "held-out", "seed"])
def test_other_data_get_another_classifier(what: str, digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "UPDATES", 2)
    labels = digits.labels
    assert labels is not None
    classifier_for(digits, folder=tmp_path)
    others = {
        "pixels": lambda: classifier_for(Dataset("digits", 255 - digits.data, digits.labels, digits.class_names), folder=tmp_path),
        "labels": lambda: classifier_for(Dataset("digits", digits.data, labels.roll(1), digits.class_names), folder=tmp_path),
        "held-out": lambda: classifier_for(digits, digits, folder=tmp_path),
        "seed": lambda: classifier_for(digits, folder=tmp_path, seed=1),
    }
    others[what]()
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("damage", ["torn", "changed", "other network", "no metadata"])
def test_a_damaged_classifier_is_trained_anew(damage: str, digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "UPDATES", 5)
    first = classifier_for(digits, folder=tmp_path)
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    tensors = safetensors.torch.load(whole)
    with safetensors.safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    if damage == "torn":
        path.write_bytes(whole[:-100])
    elif damage == "changed":
        tensors["last.bias"][0] += 1
        path.write_bytes(safetensors.torch.save(tensors, metadata))
    elif damage == "other network":
        path.write_bytes(safetensors.torch.save({"last.bias": tensors["last.bias"]}, metadata))
    else:
        path.write_bytes(safetensors.torch.save(tensors))
    again = classifier_for(digits, folder=tmp_path)
    assert again.hash == first.hash
    assert torch.equal(safetensors.torch.load(path.read_bytes())["last.bias"], first.network.last.bias)


def test_a_folder_that_cannot_be_written_costs_a_warning_only(
    digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(coverage, "UPDATES", 5)
    (tmp_path / "file").touch()
    with caplog.at_level(logging.WARNING):
        assert classifier_for(digits, folder=tmp_path / "file").hash
    assert "could not be saved" in caplog.text


@pytest.mark.parametrize(
    "dataset",
    [
        Dataset("folder", torch.zeros(10, 1, 8, 8, dtype=torch.uint8)),
        Dataset("folder", torch.zeros(10, 1, 8, 8, dtype=torch.uint8), torch.zeros(10, dtype=torch.long), ("one",)),
        Dataset("folder", torch.zeros(10, 2), torch.zeros(10, dtype=torch.long), ("a", "b")),
    ],
)
def test_data_without_classes_have_no_classifier(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="folder has no images with labels of at least two classes, so there is no classifier of it"):
        classifier_for(dataset, folder=tmp_path)


@pytest.mark.parametrize("side", [4, 5, 28, 33, 64])
def test_any_size_and_colour_will_do(side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "UPDATES", 1)
    images = torch.randint(0, 256, (20, 3, side, side), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    found = train_classifier(Dataset("any", images, torch.arange(20) % 2, ("a", "b")))
    assert found.probabilities(images).sum(1).tolist() == pytest.approx([1.0] * 20)


def test_the_classifier_score_is_the_inception_scores_formula() -> None:
    p = np.random.default_rng(0).dirichlet(np.full(10, 0.3), 50)
    by_scipy = np.exp(np.mean([entropy(row, p.mean(0)) for row in p]))
    assert classifier_score(torch.tensor(p)) == pytest.approx(by_scipy)
    assert classifier_score(torch.eye(10)) == pytest.approx(10) and classifier_score(torch.eye(10)[:1].expand(5, 10)) == pytest.approx(1)
