"""How far the generated distribution is from the data: measured distances, each beside its floor.

A distance between two finite samples is not 0 even if both come from the data. This floor is most of the value for exact W1 between images:
at n = 64, ten blurred class means beat real images. So a value means something only as its excess over the floor at the same n. Images are
measured by the sliced W1, whose floor is small (compare Stanczuk et al., arXiv 2103.01678).

Images, including generated ones, are first rounded to the 256 levels of a pixel. Half of the pixels of clothes are exactly black, which
tanh never reaches.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import stdtrit
from torch import Tensor

from wgan_core.data.dataset import Dataset, to_uint8, to_unit_range
from wgan_core.measures import distances

Mode = Literal["eval", "train"]
"""Mode of the generator's BatchNorm: eval (running statistics) or train (statistics of the batch)."""

PROJECTIONS = 256
FLOOR_DRAWS = 8
"""Number of pairs of real samples over which a floor is averaged."""
_SD_FACTOR = float(stdtrit(FLOOR_DRAWS - 1, 0.975)) * math.sqrt(1 + 1 / FLOOR_DRAWS) / 2
"""Twice the standard deviation of so few draws, times this, is an interval with 95 % of new values. It accounts for the uncertainty of the
draws' mean and spread."""


@dataclass(frozen=True)
class Distance:
    """A way to compare two samples of equal size. `key` identifies it in caches and files."""

    key: str
    title: str
    unit: str
    function: Callable[[Tensor, Tensor], float]
    projections: int = 0
    """Number of random directions that it uses; 0 if none."""
    min_rows: int = 2
    """With fewer rows per sample than this, it means nothing."""


def _sliced(x: Tensor, y: Tensor) -> float:
    return distances.sliced_w1(x, y, distances.unit_directions(x[0].numel(), PROJECTIONS))


_PLANE = "the data's own unit"
_PIXELS = "Euclidean distance of images with pixels in [-1, 1]"
EXACT_W1 = Distance("exact-w1", "Exact W1", _PLANE, distances.exact_w1)
SLICED_W1 = Distance("sliced-w1", "Sliced W1", f"{_PIXELS}, mean along one direction", _sliced, PROJECTIONS)
ENERGY_POINTS = Distance("energy", "Energy distance", _PLANE, distances.energy_distance)
ENERGY_IMAGES = Distance("energy", "Energy distance", _PIXELS, distances.energy_distance)


@dataclass(frozen=True)
class Measurement:
    """One distance between generated and real samples, with everything needed to judge it."""

    key: str
    title: str
    value: float
    floor: float
    """The value between real samples at the same n: the mean over `FLOOR_DRAWS` pairs."""
    floor_sd: float
    """The spread of the values of real samples around the floor. The excess of a perfect generator lies within twice this in about 95 % of
    cases; in 90 % if the data has no more than 2n rows, because the pairs are then much alike."""
    n: int
    """Number of rows on each side."""
    unit: str
    mode: Mode
    reference: Literal["held-out", "training"]
    """Which real data it was compared with."""
    projections: int
    seconds: float
    """The cost of the value, without the floor."""

    @property
    def excess(self) -> float:
        """value − floor. For samples as good as real ones it is about 0, and negative as often as positive."""
        return self.value - self.floor


@dataclass(frozen=True)
class Floor:
    """The distance between real samples over `FLOOR_DRAWS` pairs: its mean, the standard deviation of a new value around it (that of the
    pairs, widened because they are few), and the seconds that this took (once)."""

    mean: float
    sd: float
    seconds: float


@dataclass(frozen=True)
class Nearest:
    """The nearest training image of each generated one. Blurred images lie near everything, so a small distance does not prove a copy."""

    index: NDArray[np.int64]
    """Rows of the training images, [n]."""
    distance: NDArray[np.float64]
    """[n], in the unit of the data."""
    typical: float
    """The same for real images: the median distance from a held-out image to the nearest training image; without held-out images, from a
    training image to the nearest other one."""
    seconds: float

    @property
    def ratio(self) -> float:
        """The median distance of the generated images, relative to that of real ones; near 0 if training images are copied."""
        return float(np.median(self.distance)) / self.typical if self.typical else math.nan


_floors: dict[tuple[str, str, str, int, int], Floor] = {}


class Yardstick:
    """Measures generated samples of one data set, at equal n, always against the same real rows.

    The real rows come from the held-out part, if there is one. Computes on the CPU, in the calling thread.

    Args:
        training: the data that the generator learns from: images as uint8, or points [N, 2].
        held_out: real data that the generator never sees.
        n: number of rows on each side; fewer if there is too little data for a floor at that n.
        seed: selects the real rows.
    """

    def __init__(self, training: Dataset, held_out: Dataset | None = None, *, n: int = 1024, seed: int = 0) -> None:
        self._training = training.data.cpu()
        self._real = self._training if held_out is None else held_out.data.cpu()
        self.reference: Literal["held-out", "training"] = "training" if held_out is None else "held-out"
        # A floor compares two disjoint halves of the same data, or training data with held-out data.
        self.n = min(n, len(self._training) // 2) if held_out is None else min(n, len(self._training), len(self._real))
        self._seed = seed
        self._names = (training.fingerprint, held_out.fingerprint if held_out is not None else "")
        self.rows = _draw(len(self._real), self.n, self._rng(0))
        """Which real rows the generated ones are compared with, int64 [n]."""
        self.real = as_measured(self._real[self.rows])
        """Those rows in the form in which they are measured."""
        self._typical: dict[int, float] = {}

    @property
    def distances(self) -> tuple[Distance, ...]:
        """The distances worth measuring on this kind of data, the most informative first."""
        return (EXACT_W1, ENERGY_POINTS) if self._training.ndim == 2 else (SLICED_W1, ENERGY_IMAGES)

    def measure(self, distance: Distance, samples: Tensor, mode: Mode = "eval") -> Measurement:
        """`distance` between the first n of `samples` [at least n, ...] and the real rows. The first call for a distance also computes its
        floor.

        Raises:
            ValueError: there are fewer samples than n, or n is smaller than the distance needs.
        """
        if len(samples) < self.n or self.n < distance.min_rows:
            raise ValueError(f"{distance.title} needs at least {max(self.n, distance.min_rows)} samples on each side")
        start = time.perf_counter()
        value = distance.function(as_measured(samples[: self.n]), self.real)
        seconds = time.perf_counter() - start
        floor = self.floor(distance)
        return Measurement(
            distance.key,
            distance.title,
            value,
            floor.mean,
            floor.sd,
            self.n,
            distance.unit,
            mode,
            self.reference,
            distance.projections,
            seconds,
        )

    def floor(self, distance: Distance) -> Floor:
        """The floor of this distance; computed once per process for the same data and n."""
        key = (*self._names, distance.key, self.n, self._seed)
        if key not in _floors:
            start = time.perf_counter()
            values = [distance.function(*self._pair(draw)) for draw in range(FLOOR_DRAWS)]
            _floors[key] = Floor(float(np.mean(values)), float(np.std(values, ddof=1)) * _SD_FACTOR, time.perf_counter() - start)
        return _floors[key]

    def _pair(self, draw: int) -> tuple[Tensor, Tensor]:
        """Two real samples of n rows that share no row."""
        rng = self._rng(1 + draw)
        if self.reference == "held-out":
            training, real = (_draw(len(part), self.n, rng) for part in (self._training, self._real))
            return as_measured(self._training[training]), as_measured(self._real[real])
        both = _draw(len(self._training), 2 * self.n, rng)
        return as_measured(self._training[both[: self.n]]), as_measured(self._training[both[self.n :]])

    def nearest(self, samples: Tensor) -> Nearest:
        """The nearest training row to each of `samples` [m, ...]. O(m · N · d): 0.1 s for 256 images of 32 px against 8,000."""
        start = time.perf_counter()
        index, distance = distances.nearest_rows(_levels(samples), self._training)
        seconds = time.perf_counter() - start
        scale = 1.0 if self._training.ndim == 2 else 1 / 127.5
        return Nearest(index.numpy(), distance.numpy() * scale, self._typical_nearest(min(len(samples), self.n)) * scale, seconds)

    def _typical_nearest(self, count: int) -> float:
        if count not in self._typical:
            rows = self.rows[:count]
            exclude = rows if self.reference == "training" else None
            _, distance = distances.nearest_rows(self._real[rows], self._training, exclude)
            self._typical[count] = float(distance.median())
        return self._typical[count]

    def _rng(self, stream: int) -> torch.Generator:
        return torch.Generator().manual_seed(self._seed * 1_000_003 + stream)


def as_measured(samples: Tensor) -> Tensor:
    """Samples in the form in which distances are measured, on the CPU. Points stay as they are. Images, uint8 or float in [-1, 1], are
    rounded to the 256 levels of a pixel and returned as float32 in [-1, 1]."""
    samples = samples.detach().cpu()
    if samples.ndim == 2:
        return samples
    return to_unit_range(samples if samples.dtype == torch.uint8 else to_uint8(samples))


def diversity(samples: Tensor, real: Tensor) -> float:
    """The mean distance between two generated samples, relative to two real ones: 1 if they differ as much as real data, 0 if all are
    equal. Not a number if all real samples are equal.

    Random noise also has a high diversity, so this detects a collapse but does not measure quality.
    """
    between_real = distances.mean_distance_within(as_measured(real))
    return distances.mean_distance_within(as_measured(samples)) / between_real if between_real > 0 else math.nan


def diversity_in_classes(samples: Tensor, labels: Tensor, real: Tensor, real_labels: Tensor) -> float:
    """The diversity within classes: how much two generated samples of one class differ, relative to two real ones of that class, all
    classes alike. So it finds what `diversity` cannot see in samples [n, ...] of told classes `labels` [n]: one picture for each class
    differs from the others about as much as real data does. Not a number if no class has two different real samples."""
    generated, in_real = as_measured(samples), as_measured(real)
    parts = [
        (generated[labels == label], in_real[real_labels == label]) for label in sorted(set(labels.tolist()) & set(real_labels.tolist()))
    ]
    within = [[distances.mean_distance_within(rows) for rows in part] for part in parts if min(map(len, part)) > 1]
    between_real = sum(of_real for _, of_real in within)
    return sum(of_generated for of_generated, _ in within) / between_real if between_real > 0 else math.nan


def _levels(samples: Tensor) -> Tensor:
    samples = samples.detach().cpu()
    return samples if samples.ndim == 2 or samples.dtype == torch.uint8 else to_uint8(samples)


def _draw(size: int, count: int, rng: torch.Generator) -> Tensor:
    return torch.randperm(size, generator=rng)[:count]


# Mixtures of Gaussians in the plane.


@dataclass(frozen=True)
class ModeReport:
    """How generated points are distributed over the modes of a mixture."""

    shares: NDArray[np.float64]
    """Share of all points within three standard deviations of each mode, [modes]."""
    hit: int
    """Number of modes that have at least `MODE_SHARE` of the points."""
    high_quality: float
    """Share of points within three standard deviations of any mode; 0.989 for the mixture itself, in the plane."""
    n: int


MODE_SHARE = 0.01


def mode_report(points: NDArray[np.floating], means: NDArray[np.floating], sd: float) -> ModeReport:
    """The modes hit by `points` [n, 2], for a mixture of N(mean, sd² I) with `means` [modes, 2]. Each point counts for its nearest mode."""
    distance = np.linalg.norm(points[:, None] - means[None], axis=2)
    near = distance.min(1) <= 3 * sd
    shares = np.bincount(distance.argmin(1)[near], minlength=len(means)) / len(points)
    return ModeReport(shares, int((shares >= MODE_SHARE).sum()), float(near.mean()), len(points))
