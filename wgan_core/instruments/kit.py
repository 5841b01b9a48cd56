"""The instruments of a run: which ones there are, what they need, and what they read. `schedule` decides when they run, `monitor` where."""

from __future__ import annotations

import dataclasses
import functools
import logging
import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from wgan_core.config import TrainConfig
from wgan_core.data import toy
from wgan_core.data.classes import shared_out
from wgan_core.data.dataset import DataError, Dataset, network_input
from wgan_core.data.load import load_dataset, may_hold_out
from wgan_core.instruments.advice import SETTLED
from wgan_core.instruments.look import Look, Seen
from wgan_core.instruments.schedule import Instrument, Lane, Measure
from wgan_core.measures import coverage, diagnose
from wgan_core.measures.coverage import Classifier, ClassifierTraining
from wgan_core.measures.diagnose import Specimen
from wgan_core.measures.distances import mean_distance_within
from wgan_core.measures.metrics import Distance, Measurement, Yardstick, diversity, diversity_in_classes, mode_report
from wgan_core.store.readings import OF_ONE_CLASS, Reading, plain

log = logging.getLogger(__name__)

IMAGES, POINTS, FEW = 1024, 512, 256
"""Number of samples on each side. At 1,024 points exact W1 would cost six times as much as at 512. Every look uses the same n: a distance's
excess over its floor grows with n, so a curve of several n would rise or fall for that reason alone."""
_FEWEST = 2
"""A distance needs so many samples on each side: data of two or three images has none."""
OF_TWO = "of two real samples"
HEALTH = 128
NEAREST = 64
_UPDATES_PER_CALL = 20
"""Number of updates of the classifier's training per call."""
_GRID = 33
"""Points per side of the grid on which the steepest place of a critic of points is searched."""


class Kit:
    """What the instruments of a run share. Everything is made on first use, in the measuring thread, and used only there.

    Args:
        config: the run's config.
        training: the data that the run trains on.
        classifiers: the folder for small classifiers; None for the usual one.
    """

    def __init__(self, config: TrainConfig, training: Dataset, classifiers: Any = None) -> None:
        self.training = training
        self._config = config
        self._folder = classifiers
        self._yardsticks: dict[int, Yardstick] = {}
        self._classifier_training: ClassifierTraining | None = None
        self._classifier: Classifier | None = None
        self._moved: tuple[int, Tensor] | None = None

    @functools.cached_property
    def held_out(self) -> Dataset | None:
        """Real data that the run never sees, if the data set has such a part and it is here. Never downloads."""
        if not may_hold_out(self._config):
            return None
        try:
            return load_dataset(self._config, held_out=True)
        except (DataError, OSError) as error:
            log.warning("%s has no held-out part here: %s", self._config.dataset, error)
            return None

    def yardstick(self, n: int) -> Yardstick:
        """The yardstick for n samples on each side."""
        if n not in self._yardsticks:
            self._yardsticks[n] = Yardstick(self.training, self.held_out, n=n)
        return self._yardsticks[n]

    @functools.cached_property
    def typical(self) -> float:
        """The mean distance between two real samples."""
        return mean_distance_within(self.yardstick(FEW).real)

    @functools.cached_property
    def blank(self) -> float:
        """The first distance if every sample were the mean of the data: what a generator has to do much better than."""
        yardstick = self.yardstick(self.n)
        return yardstick.distances[0].function(yardstick.real.mean(0, keepdim=True).expand_as(yardstick.real), yardstick.real)

    @functools.cached_property
    def diversity_noise(self) -> float | None:
        """The standard deviation of the diversity of other real samples; None if there are too few for two sets."""
        real = self.yardstick(self.n).real
        sets = [real[start : start + FEW] for start in range(0, len(real) - FEW + 1, FEW)]
        if len(sets) < 2 or not self.typical > 0:
            return None
        return float(np.std([mean_distance_within(one) / self.typical for one in sets], ddof=1))

    @functools.cached_property
    def real_labels(self) -> Tensor | None:
        """The classes [n] of the yardstick's real samples; None if they have none."""
        real = self.training if self.held_out is None else self.held_out
        return None if real.labels is None else real.labels[self.yardstick(self.n).rows]

    @functools.cached_property
    def noise_in_classes(self) -> float | None:
        """The standard deviation of the diversity within classes of as many other real samples, taken from a few parts of them."""
        real, labels = self.yardstick(self.n).real, self.real_labels
        count = len(real) // FEW
        if labels is None or count < 2:
            return None
        parts = [slice(start, start + FEW) for start in range(0, count * FEW, FEW)]
        found = [diversity_in_classes(real[part], labels[part], real, labels) for part in parts]
        return float(np.std(found, ddof=1)) / math.sqrt(count) if all(map(math.isfinite, found)) else None

    @property
    def n(self) -> int:
        """Number of samples on each side of a distance."""
        return POINTS if self.training.kind == "points" else IMAGES

    @functools.cached_property
    def z(self) -> Tensor:
        """The latents used for measuring, [1024, latent_dim], always the same ones."""
        return torch.randn(IMAGES, self._config.latent_dim, generator=torch.Generator().manual_seed(self._config.seed + 77))

    def classifier(self) -> Classifier | None:
        """The small classifier; None while it is still being trained. Each call continues its training a little."""
        if self._classifier is None and self._classifier_training is None:
            self._classifier = coverage.kept_classifier(self.training, self.held_out, self._folder)
        if self._classifier is not None:
            return self._classifier
        self._classifier_training = self._classifier_training or ClassifierTraining(self.training, self.held_out)
        self._classifier_training.advance(_UPDATES_PER_CALL)
        if self._classifier_training.finished:
            self._classifier = coverage.keep(self._classifier_training.classifier(), self.training, self.held_out, self._folder)
            self._classifier_training = None
        return self._classifier

    def moved(self, specimen: Specimen, samples: Tensor, typical: float) -> diagnose.Movement | None:
        """How far `samples` have moved since the last call; None at the first call, or if the generator has not been updated since."""
        before, self._moved = self._moved, (specimen.generator_updates, samples)
        if before is None or before[0] >= specimen.generator_updates:
            return None
        return diagnose.movement(before[1], samples, typical, specimen.generator_updates - before[0])


# The measurements.


def _reading(key: str, specimen: Specimen, value: float | None, **more: Any) -> Reading:
    sound = value is not None and math.isfinite(value)
    # Details in the same form as in the run's file, so that a live run and a loaded run are drawn alike.
    more["details"] = plain(more.get("details", {}))
    return Reading(key, specimen.step, specimen.generator_updates, float(value) if sound and value is not None else None, **more)


def look_at_critic(kit: Kit, specimen: Specimen) -> Look:
    """The critic's health: slopes, weights and the clip boundary, gradients by depth."""
    # Convolutions in float64 take a hundred times as long as the MLP's matrices.
    n = HEALTH // (1 if specimen.config.architecture == "mlp" else 4)
    looked_at, which = _of_largest_class(specimen)
    real = network_input(kit.training.data[_rows(kit.training, n, which)])
    health = diagnose.examine(looked_at, real, extra=_grid(kit) if kit.training.kind == "points" else None)
    unit, details = "score per unit of distance", _health_details(health)
    if which is not None:
        details["class"] = kit.training.class_names[which]
    reading = _reading("critic-health", specimen, health.constant.value, n=health.n, unit=unit, details=details)
    return Look([reading], Seen(health=health))


def _of_largest_class(specimen: Specimen) -> tuple[Specimen, int | None]:
    """The networks as a critic's instruments look at them, and the number of the class: a critic that is told classes is as many critics,
    and that of the class with the most samples is looked at."""
    if specimen.classes is None:
        return specimen, None
    return specimen.of_class(specimen.classes.largest), specimen.classes.largest


def _rows(dataset: Dataset, n: int, which: int | None) -> Tensor:
    """The rows of a data set used for measuring, of one class or of all, always the same ones."""
    if which is None or dataset.labels is None:
        return _spread(len(dataset), n)
    own = (dataset.labels == which).nonzero()[:, 0]
    return own[_spread(len(own), n)]


def _health_details(health: diagnose.CriticHealth) -> dict[str, Any]:
    norms = health.norms
    bounds = {"empirical": health.constant, "spectral": health.spectral, "box": health.box, "display_w1": health.display_w1}
    return {
        "estimate": health.estimate,
        "norms": None if norms is None else norms.quantiles(),
        "alignment": None if norms is None else norms.alignment,
        "bounds": {name: {"value": bound.value, "reason": bound.reason} for name, bound in bounds.items()},
        "layers": [
            {
                "name": layer.name,
                "counts": layer.counts,
                "limit": float(layer.edges[-1]),
                "at_boundary": layer.at_boundary,
                "beyond": layer.beyond,
                "clip_value": layer.clip_value,
            }
            for layer in health.boundary
        ],
        "depth": {
            name: {"names": depth.names, "log10_norms": depth.log10_norms, "weight_rms": depth.weight_rms, "slope": depth.slope}
            for name, depth in (("critic", health.critic_depth), ("generator", health.generator_depth))
        },
    }


def _spread(size: int, n: int) -> Tensor:
    """The rows of the training data used for measuring, always the same ones."""
    return torch.randperm(size, generator=torch.Generator().manual_seed(1))[: min(n, size)]


def _grid(kit: Kit) -> Tensor:
    limit = toy.view_limit(kit.training.name)
    side = torch.linspace(-limit, limit, _GRID)
    return torch.cartesian_prod(side, side)


def _truth(kit: Kit, specimen: Specimen) -> Look:
    """The first distance, and whatever else can be read from the same samples at almost no cost."""
    yardstick = kit.yardstick(kit.n)
    if yardstick.n < _FEWEST:
        return Look()
    samples = specimen.generate(kit.z[: yardstick.n])
    measured = yardstick.measure(yardstick.distances[0], samples)
    found = [_distance(specimen, measured, blank=kit.blank)]
    few = samples[:FEW]
    variety = _variety(kit, specimen, samples)
    found.append(variety)
    moved = kit.moved(specimen, few, kit.typical)
    if moved is not None:
        updates = {"over_generator_updates": moved.generator_updates}
        found.append(_reading("movement", specimen, moved.share, n=len(few), unit="of two real samples", details=updates))
    modes, mixture = None, toy.DISTRIBUTIONS.get(kit.training.name)
    if isinstance(mixture, toy.Gaussians) and len(mixture.means) > 1:
        modes = mode_report(samples.numpy(), mixture.means, mixture.sd)
        details = {"total": len(modes.shares), "shares": modes.shares, "high_quality": modes.high_quality}
        found.append(_reading("modes", specimen, modes.hit, n=modes.n, unit="modes", details=details))
    return Look(found, Seen(diversity=variety.value, moved=moved, modes=modes, distance=measured, blank=kit.blank - measured.floor))


def _variety(kit: Kit, specimen: Specimen, samples: Tensor) -> Reading:
    """How much two samples differ; two of one class, if the networks are told classes."""
    yardstick = kit.yardstick(kit.n)
    if specimen.classes is not None and kit.real_labels is not None:
        labels = shared_out(len(samples), specimen.classes)
        varied = diversity_in_classes(samples, labels, yardstick.real, kit.real_labels)
        details = {"noise": kit.noise_in_classes}
        return _reading("diversity", specimen, varied, n=len(samples), unit=f"{OF_TWO} {OF_ONE_CLASS}", details=details)
    varied = diversity(samples[:FEW], yardstick.real[:FEW])
    return _reading("diversity", specimen, varied, n=len(samples[:FEW]), unit=OF_TWO, details={"noise": kit.diversity_noise})


def _distance(specimen: Specimen, measured: Measurement, **details: Any) -> Reading:
    key = measured.key if not measured.key.startswith("fd-cnn") else "fd-cnn"
    details = {"projections": measured.projections, **details} if measured.projections else details
    return _reading(
        key,
        specimen,
        measured.value,
        floor=measured.floor,
        floor_sd=measured.floor_sd,
        n=measured.n,
        unit=measured.unit,
        mode=measured.mode,
        reference=measured.reference,
        details=details,
    )


def _energy(kit: Kit, specimen: Specimen) -> Look:
    yardstick = kit.yardstick(POINTS)  # of images too: its floor costs n², and its excess does not depend on n
    if yardstick.n < _FEWEST:
        return Look()
    return Look([_distance(specimen, yardstick.measure(yardstick.distances[1], specimen.generate(kit.z[: yardstick.n])))])


def _nearest(kit: Kit, specimen: Specimen) -> Look:
    yardstick = kit.yardstick(FEW)
    if yardstick.n < _FEWEST:
        return Look()
    nearest = yardstick.nearest(specimen.generate(kit.z[:NEAREST]))
    details = {"typical": nearest.typical, "distance": float(np.median(nearest.distance)), "rows": nearest.index[:16]}
    unit = "of the distance of a real image to its nearest"
    return Look([_reading("nearest", specimen, nearest.ratio, n=NEAREST, unit=unit, reference=yardstick.reference, details=details)])


def _classes(kit: Kit, specimen: Specimen) -> Look | None:
    classifier = kit.classifier()
    if classifier is None:
        return None
    yardstick = kit.yardstick(IMAGES)
    samples = specimen.generate(kit.z[: yardstick.n])
    told = None if specimen.classes is None else shared_out(len(samples), specimen.classes)
    report = coverage.class_report(classifier, samples, yardstick.real, told)
    details = {
        "total": report.classes,
        "names": report.class_names,
        "shares": report.shares,
        "real_shares": report.real_shares,
        "imbalance": report.imbalance,
        "confident": report.confident,
        "real_confident": report.real_confident,
        "classifier": classifier.hash,
        "accuracy": classifier.accuracy,
        "tested_on": classifier.tested_on,
    }
    found = [_reading("classes", specimen, report.covered, n=report.n, unit="classes", reference=yardstick.reference, details=details)]
    if report.right is not None:
        right = {"names": report.class_names, "right": report.right, "classifier": classifier.hash, "accuracy": classifier.accuracy}
        found.append(_reading("class-accuracy", specimen, report.right_overall, n=report.n, unit="of the images", details=right))
    distance: Distance = coverage.fd_cnn(classifier)
    if yardstick.n >= distance.min_rows:
        found.append(_distance(specimen, yardstick.measure(distance, samples), classifier=classifier.hash, accuracy=classifier.accuracy))
    return Look(found, Seen(classes=report))


def _mode_gap(kit: Kit, specimen: Specimen) -> Look:
    gap = diagnose.mode_gap(specimen)
    if gap is None:
        return Look()
    details = {"difference": gap.difference, "noise": gap.noise}
    unit = "of the distance of two eval samples"
    read = [_reading("mode-gap", specimen, gap.ratio, n=gap.n, unit=unit, mode="train and eval", details=details)]
    # At first the generator changes faster than its running statistics follow. That says nothing about later.
    return Look(read, Seen(mode_gap=gap if specimen.generator_updates >= SETTLED else None))


def _overfit(kit: Kit, specimen: Specimen) -> Look:
    assert kit.held_out is not None
    looked_at, which = _of_largest_class(specimen)
    rows = [_rows(part, IMAGES, which) for part in (kit.training, kit.held_out)]
    if min(map(len, rows)) < _FEWEST:
        return Look()
    # All of a few training images, against as many held-out ones as elsewhere: the noise comes from both.
    parts = [network_input(part.data[own]) for part, own in zip((kit.training, kit.held_out), rows, strict=True)]
    gap = dataclasses.replace(diagnose.overfit_gap(looked_at, *parts), training=len(kit.training))
    details = {name: getattr(gap, name) for name in ("gap", "standard_error", "estimate", "noise", "training")}
    reading = _reading("overfit-gap", specimen, gap.share, n=gap.n, unit="of the estimate", reference="held-out", details=details)
    return Look([reading], Seen(overfit=gap))


_COSTS: dict[str, dict[str, tuple[float, float]]] = {
    "points": {"critic-health": (0.22, 0.22), "truth": (0.25, 0.12), "energy": (0.05, 0.02), "overfit-gap": (0.1, 0.1)},
    "mlp": {
        "critic-health": (0.3, 0.25),
        "truth": (0.95, 0.15),
        "energy": (0.45, 0.1),
        "nearest": (0.08, 0.05),
        "mode-gap": (0.33, 0.33),
        "overfit-gap": (0.17, 0.17),
        "classes": (0.3, 0.2),
    },
}
"""Seconds that the first look and a later one take on one quiet core, measured with `wgan-gp-toy` and `walkthrough`. Smaller networks and
images cost less; the schedule learns from its first looks by how much."""


def lanes_for(config: TrainConfig, training: Dataset) -> tuple[Lane, ...]:
    """The instruments that suit a run, in the order in which they look first."""
    points = training.kind == "points"
    costs = _COSTS["points" if points else "mlp"]

    def instrument(key: str, measure: Measure) -> Instrument:
        return Instrument(key, measure, *costs.get(key, _COSTS["mlp"][key]))

    rare: list[Instrument] = []
    if not points:
        rare.append(instrument("nearest", _nearest))
    if coverage.has_classes(training):
        rare.append(instrument("classes", _classes))
    if config.generator_norm == "batch":
        rare.append(instrument("mode-gap", _mode_gap))
    if may_hold_out(config):
        rare.append(instrument("overfit-gap", _overfit))
    rare.append(instrument("energy", _energy))
    return (
        Lane(0.3, (instrument("critic-health", look_at_critic),), gap_share=0.085, min_gap_seconds=0.5, max_gap_seconds=30),
        Lane(0.5, (instrument("truth", _truth),), gap_share=0.085, min_gap_seconds=1, max_gap_seconds=60),
        Lane(0.2, tuple(rare), gap_share=0.3, min_gap_seconds=3, max_gap_seconds=600),
    )


def complete(reading: Reading, *, seconds: float, trained: float, spent: float) -> Reading:
    """`reading` with its cost and time filled in."""
    return dataclasses.replace(reading, seconds=seconds, trained=trained, spent=spent)
