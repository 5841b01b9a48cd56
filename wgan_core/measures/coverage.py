"""Which classes a generator makes, according to a small classifier that is trained here in seconds and saved for later.

The classifier's penultimate features also give FD-CNN, a Fréchet distance. It must never be called FID, because it is comparable only under
the same classifier. The classifier's hash is therefore shown beside every figure.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import safetensors
import safetensors.torch
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from wgan_core.data.cache_folder import cache_folder
from wgan_core.data.dataset import Dataset
from wgan_core.measures.distances import frechet_distance
from wgan_core.measures.metrics import Distance, as_measured
from wgan_core.store.files import parse_json
from wgan_core.training.models import initialise

log = logging.getLogger(__name__)

FEATURES = 64
LARGEST_SIDE = 32
"""Larger images are averaged down to this many pixels per side. Their class can still be recognised."""
UPDATES = 400
BATCH = 128
RATE = 3e-3
TRAINING_VERSION = 1
"""Increase this with any change of network or training, so that saved classifiers are trained again."""
CONFIDENT = 0.9


class SmallClassifier(nn.Module):
    """Two strided convolutions and two linear layers: maps images [n, channels, side, side] in [-1, 1] to logits [n, classes]."""

    def __init__(self, channels: int, side: int, classes: int) -> None:
        super().__init__()
        inner = -(-min(side, LARGEST_SIDE) // 4)
        self.convolutions = nn.Sequential(
            nn.Conv2d(channels, 16, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU()
        )
        self.penultimate = nn.Linear(32 * inner * inner, FEATURES)
        self.last = nn.Linear(FEATURES, classes)

    def features(self, images: Tensor) -> Tensor:
        """The penultimate layer after its ReLU, [n, 64]."""
        if images.shape[-1] > LARGEST_SIDE:
            images = functional.adaptive_avg_pool2d(images, LARGEST_SIDE)
        return functional.relu(self.penultimate(self.convolutions(images).flatten(1)))

    def forward(self, images: Tensor) -> Tensor:
        return self.last(self.features(images))


@dataclass(frozen=True)
class Classifier:
    """A trained classifier and its accuracy."""

    network: SmallClassifier
    class_names: tuple[str, ...]
    accuracy: float
    """Share of correct answers on real images that it was not trained on."""
    tested_on: str
    """Which images it was tested on, in words."""
    hash: str
    """A hash of its weights."""
    seconds: float
    """Training time."""

    @torch.no_grad()
    def features(self, samples: Tensor) -> Tensor:
        """Penultimate features [n, 64] of images, in the form in which the metrics measure them."""
        return torch.cat([self.network.features(part) for part in as_measured(samples).split(1024)])

    @torch.no_grad()
    def probabilities(self, samples: Tensor) -> Tensor:
        """Class probabilities [n, classes]."""
        return self.network.last(self.features(samples)).softmax(1)


@dataclass(frozen=True)
class ClassReport:
    """The classes of generated images beside those of equally many real images."""

    class_names: tuple[str, ...]
    shares: NDArray[np.float64]
    """Share of each class among the generated images, by the classifier's first choice, [classes]."""
    real_shares: NDArray[np.float64]
    """Share of each class among the real images, by the same classifier."""
    confident: float
    """Share of generated images for which the classifier is at least 90 % sure."""
    real_confident: float
    n: int
    accuracy: float
    classifier: str
    """The classifier's hash."""
    seconds: float
    right: NDArray[np.float64] | None = None
    """For a generator that is told classes: of the images that should show a class, the share that the classifier takes for it, [classes];
    nan for a class of which there are none. None for other generators."""

    @property
    def right_overall(self) -> float | None:
        """The mean of `right` over the classes, each of which counts the same; None for generators that are told none."""
        return None if self.right is None else float(np.nanmean(self.right))

    @property
    def covered(self) -> int:
        """Number of classes that occur at least a tenth as often as in real images."""
        return int(((self.shares >= self.real_shares / 10) & (self.real_shares > 0)).sum())

    @property
    def classes(self) -> int:
        """Number of classes that occur in the real images."""
        return int((self.real_shares > 0).sum())

    @property
    def imbalance(self) -> float:
        """Total variation, half the summed difference of the shares: 0 if they equal those of real images, 1 if they have nothing in
        common."""
        return float(np.abs(self.shares - self.real_shares).sum() / 2)


def class_report(classifier: Classifier, samples: Tensor, real: Tensor, told: Tensor | None = None) -> ClassReport:
    """The classes of `samples` beside those of equally many `real` images. told: the classes [n] that the samples should show, if their
    generator was told any."""
    start = time.perf_counter()
    made, known = (classifier.probabilities(images).double().numpy() for images in (samples, real))
    shares, real_shares = (np.bincount(p.argmax(1), minlength=p.shape[1]) / len(p) for p in (made, known))
    confident, real_confident = (float((p.max(1) >= CONFIDENT).mean()) for p in (made, known))
    seconds = time.perf_counter() - start
    return ClassReport(
        classifier.class_names,
        shares,
        real_shares,
        confident,
        real_confident,
        len(samples),
        classifier.accuracy,
        classifier.hash,
        seconds,
        None if told is None else _right(made.argmax(1), told.numpy(), made.shape[1]),
    )


def _right(found: NDArray[np.int64], told: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """The share of right answers for each class, nan where there is no sample."""
    asked, right = (np.bincount(labels, minlength=classes).astype(float) for labels in (told, told[found == told]))
    return np.divide(right, asked, out=np.full(classes, np.nan), where=asked > 0)


def classifier_score(probabilities: Tensor) -> float:
    """exp(E KL(p(class | image) ‖ p(class))), from 1 to the number of classes: the formula of the Inception score (Salimans et al. 2016,
    arXiv 1606.03498). It is high if each image is clearly of one class and all classes occur equally often.

    It must never be called an Inception score, because the classifier is another one.

    Args:
        probabilities: class probabilities of each image, [n, classes].
    """
    of_image = probabilities.double().clamp_min(1e-12)
    of_all = of_image.mean(0, keepdim=True)
    return float((of_image * (of_image.log() - of_all.log())).sum(1).mean().exp())


def fd_cnn(classifier: Classifier) -> Distance:
    """FD-CNN: the Fréchet distance between the classifier's features. Needs ten images per feature, 640. It is biased upward, as FID is, so
    compare it only at equal n (arXiv 1801.01401)."""

    def distance(x: Tensor, y: Tensor) -> float:
        return frechet_distance(classifier.features(x), classifier.features(y))

    unit = f"squared distance of features of classifier {classifier.hash[:8]}"
    return Distance(f"fd-cnn-{classifier.hash}", "FD-CNN", unit, distance, min_rows=10 * FEATURES)


# Training and saving it.


def default_folder() -> Path:
    """The folder in the user's cache where classifiers are saved."""
    return cache_folder("classifiers")


def classifier_for(training: Dataset, held_out: Dataset | None = None, folder: Path | None = None, seed: int = 0) -> Classifier:
    """The classifier of a labelled data set: loaded if it was saved before, otherwise trained now (seconds on one core) and saved.

    Computes in the calling thread. The same data, seed and machine give the same weights. If the folder cannot be written, this is only
    logged.

    Args:
        training: images with labels.
        held_out: labelled images to test it on; without them, every fifth training image is set aside for the test.
        folder: where classifiers are saved; default `default_folder()`.

    Raises:
        ValueError: there are no images, no labels, or fewer than two classes.
    """
    return kept_classifier(training, held_out, folder, seed) or keep(
        train_classifier(training, held_out, seed), training, held_out, folder, seed
    )


def has_classes(dataset: Dataset) -> bool:
    """Whether a classifier of `dataset` is possible: images with labels of at least two classes."""
    return dataset.kind == "images" and dataset.labels is not None and len(dataset.class_names) >= 2


def kept_classifier(training: Dataset, held_out: Dataset | None = None, folder: Path | None = None, seed: int = 0) -> Classifier | None:
    """The classifier saved earlier, or None. Arguments and errors as for `classifier_for`."""
    return _read(_path(training, held_out, folder, seed), training)


def keep(
    classifier: Classifier, training: Dataset, held_out: Dataset | None = None, folder: Path | None = None, seed: int = 0
) -> Classifier:
    """Save `classifier` for next time, and return it. Arguments as for `classifier_for`."""
    path = _path(training, held_out, folder, seed)
    try:
        _write(path, classifier)
    except OSError as error:
        log.warning("The classifier could not be saved in %s: %s", path.parent, error)
    return classifier


def _path(training: Dataset, held_out: Dataset | None, folder: Path | None, seed: int) -> Path:
    if not has_classes(training) or training.labels is None:
        raise ValueError(f"{training.name} has no images with labels of at least two classes, so there is no classifier of it.")
    split = f"{training.fingerprint}-{held_out.fingerprint if held_out is not None else ''}"
    labels = hashlib.blake2b(training.labels.numpy().tobytes(), digest_size=16).hexdigest()
    name = hashlib.blake2b(f"{TRAINING_VERSION} {seed} {split} {labels}".encode(), digest_size=12).hexdigest()
    return (folder or default_folder()) / f"{training.name}-{name}.safetensors"


def train_classifier(training: Dataset, held_out: Dataset | None = None, seed: int = 0) -> Classifier:
    """Train a classifier in one go. Arguments as for `classifier_for`."""
    training_run = ClassifierTraining(training, held_out, seed)
    training_run.advance(UPDATES)
    return training_run.classifier()


class ClassifierTraining:
    """The training of a classifier, which can be done in parts: `UPDATES` batches of `BATCH` images, Adam with a rate that falls to 0.

    Arguments as for `classifier_for`.
    """

    def __init__(self, training: Dataset, held_out: Dataset | None = None, seed: int = 0) -> None:
        assert training.labels is not None
        images, labels = training.data, training.labels
        if held_out is not None and held_out.labels is not None:
            self._tested_on, self._test = f"{len(held_out)} held-out images", (held_out.data, held_out.labels)
        else:
            aside = torch.arange(len(images)) % 5 == 4
            self._tested_on, self._test = f"{int(aside.sum())} training images set aside", (images[aside], labels[aside])
            images, labels = images[~aside], labels[~aside]
        self._images, self._labels, self._class_names = images, labels, training.class_names
        self._network = SmallClassifier(images.shape[1], images.shape[2], len(training.class_names))
        self._rng = torch.Generator().manual_seed(seed)
        initialise(self._network, "pytorch", self._rng)
        self._optimizer = torch.optim.Adam(self._network.parameters(), lr=RATE)
        self._done = 0
        self._seconds = 0.0

    @property
    def finished(self) -> bool:
        """Whether all updates are done."""
        return self._done >= UPDATES

    def advance(self, updates: int) -> None:
        """Do `updates` more updates, or as many as are left."""
        start, end = time.perf_counter(), min(self._done + updates, UPDATES)
        for update in range(self._done, end):
            self._optimizer.param_groups[0]["lr"] = RATE * (1 - update / UPDATES)
            rows = torch.randint(len(self._images), (BATCH,), generator=self._rng)
            loss = functional.cross_entropy(self._network(as_measured(self._images[rows])), self._labels[rows])
            self._optimizer.zero_grad()
            loss.backward()
            self._optimizer.step()
        self._done = end
        self._seconds += time.perf_counter() - start

    def classifier(self) -> Classifier:
        """The trained classifier, tested."""
        start = time.perf_counter()
        network = self._network.eval().requires_grad_(False)
        found = Classifier(network, self._class_names, 0.0, self._tested_on, _hash(network), 0.0)
        images, labels = self._test
        right = found.probabilities(images).argmax(1) == labels
        seconds = self._seconds + time.perf_counter() - start
        return dataclasses.replace(found, accuracy=float(right.double().mean()), seconds=seconds)


def _hash(network: nn.Module) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode() + tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


def _write(path: Path, classifier: Classifier) -> None:
    about = {name: getattr(classifier, name) for name in ("class_names", "accuracy", "tested_on", "hash", "seconds")}
    data = safetensors.torch.save(classifier.network.state_dict(), {"about": json.dumps(about)})
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
        file.write(data)
    os.replace(file.name, path)


def _read(path: Path, training: Dataset) -> Classifier | None:
    """The saved classifier; None if there is none, or if it is damaged or has been changed."""
    try:
        with safetensors.safe_open(path, framework="pt") as file:
            about = parse_json(file.metadata()["about"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        network = SmallClassifier(training.data.shape[1], training.data.shape[2], len(training.class_names))
        network.load_state_dict(tensors)
        network.eval().requires_grad_(False)
        classifier = Classifier(network, training.class_names, about["accuracy"], about["tested_on"], about["hash"], about["seconds"])
    except FileNotFoundError:
        return None
    except (OSError, safetensors.SafetensorError, RuntimeError, ValueError, KeyError, TypeError) as error:
        log.warning("The saved classifier %s cannot be read (%s) and is trained again.", path, error)
        return None
    return classifier if _hash(network) == classifier.hash else None
