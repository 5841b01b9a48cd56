"""How far the generated distribution really is from the data: measured values, each beside what real data get against real data.

A distance between two finite samples is not 0 even where both come from the data, and for exact W1 between images that floor is most of the
value: at n = 64 ten blurred class means beat real images. So a value means something only as the excess over its floor at the same n, and
images are measured by the sliced W1, whose floor is small (compare Stanczuk et al., arXiv 2103.01678).

Images are rounded to the 256 levels of a pixel first, generated ones too: half of the pixels of clothes are exactly black, which tanh never
reaches.
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
"""Of the generator's BatchNorm: running statistics, or those of the batch."""

PROJECTIONS = 256
FLOOR_DRAWS = 8
"""Pairs of real samples that a floor is the mean of."""
_WIDER = float(stdtrit(FLOOR_DRAWS - 1, 0.975)) * math.sqrt(1 + 1 / FLOOR_DRAWS) / 2
"""What makes twice the standard deviation of so few draws an interval that holds 95 % of new ones: their mean and spread are not exact."""


@dataclass(frozen=True)
class Distance:
    """A way to compare two samples of equal size. `key` names it in caches and files."""

    key: str
    title: str
    unit: str
    function: Callable[[Tensor, Tensor], float]
    projections: int = 0
    """Random directions it takes; 0 where it takes none."""
    least: int = 2
    """Rows of each sample below which it means nothing."""


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
    """One distance of generated from real samples, with all that is needed to judge it."""

    key: str
    title: str
    value: float
    floor: float
    """What real samples get against real samples at the same n: mean over `FLOOR_DRAWS` pairs."""
    floor_sd: float
    """How much a value of real samples varies around that: the excess of a perfect generator lies within twice this in about 95 %
    of cases, and in 90 % where the data have no more than 2n rows, whose pairs are much alike."""
    n: int
    """Rows on either side."""
    unit: str
    mode: Mode
    reference: Literal["held-out", "training"]
    """Which real images it was compared with."""
    projections: int
    seconds: float
    """What the value cost, without the floor."""

    @property
    def excess(self) -> float:
        """value − floor; about 0 where the samples are as good as real ones, and as often below as above."""
        return self.value - self.floor


@dataclass(frozen=True)
class Floor:
    """Real against real over `FLOOR_DRAWS` pairs: their mean, the standard deviation of a new value around it (that of the pairs, widened
    for their small number), and the seconds they took (once)."""

    mean: float
    sd: float
    seconds: float


@dataclass(frozen=True)
class Nearest:
    """The nearest training image of each generated one. Blurred images lie near everything: a small distance is not yet a copy."""

    index: NDArray[np.int64]
    """Rows of the training images, [n]."""
    distance: NDArray[np.float64]
    """[n], in the unit of the data."""
    typical: float
    """The same for real images: median distance of a held-out image to the nearest training image; without held-out images, of a training
    image to the nearest other one."""
    seconds: float

    @property
    def ratio(self) -> float:
        """Median distance of the generated images over that of real ones; near 0 where training images are copied."""
        return float(np.median(self.distance)) / self.typical if self.typical else math.nan


_floors: dict[tuple[str, str, str, int, int], Floor] = {}


class Yardstick:
    """Measures generated samples against one data set, at equal n, always against the same real rows.

    Real rows come from the held-out part where there is one. Computes on the CPU, in the calling thread.

    Args:
        training: what the generator learns from: images as uint8, or points [N, 2].
        held_out: real data that it never sees.
        n: rows on either side; fewer if the data are too few for a floor at that n.
        seed: which real rows.
    """

    def __init__(self, training: Dataset, held_out: Dataset | None = None, *, n: int = 1024, seed: int = 0) -> None:
        self._training = training.data.cpu()
        self._real = self._training if held_out is None else held_out.data.cpu()
        self.reference: Literal["held-out", "training"] = "training" if held_out is None else "held-out"
        # A floor compares two different halves of the same data, or training with held-out data.
        self.n = min(n, len(self._training) // 2) if held_out is None else min(n, len(self._training), len(self._real))
        self._seed = seed
        self._names = (training.fingerprint, held_out.fingerprint if held_out is not None else "")
        self.rows = _draw(len(self._real), self.n, self._rng(0))
        """Which real rows the generated ones are compared with, int64 [n]."""
        self.real = as_measured(self._real[self.rows])
        """Those rows, as they are measured."""
        self._typical: dict[int, float] = {}

    @property
    def distances(self) -> tuple[Distance, ...]:
        """What is worth measuring on this kind of data, the most telling first."""
        return (EXACT_W1, ENERGY_POINTS) if self._training.ndim == 2 else (SLICED_W1, ENERGY_IMAGES)

    def measure(self, distance: Distance, samples: Tensor, mode: Mode = "eval") -> Measurement:
        """`distance` of the first n of `samples` [at least n, ...] from the real rows. The first call for a distance also finds its floor.

        Raises:
            ValueError: fewer samples than n, or n below what the distance needs.
        """
        if len(samples) < self.n or self.n < distance.least:
            raise ValueError(f"{distance.title} needs at least {max(self.n, distance.least)} samples on either side")
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
        """Real against real by this distance; computed once per process for the same data and n."""
        key = (*self._names, distance.key, self.n, self._seed)
        if key not in _floors:
            start = time.perf_counter()
            values = [distance.function(*self._pair(draw)) for draw in range(FLOOR_DRAWS)]
            _floors[key] = Floor(float(np.mean(values)), float(np.std(values, ddof=1)) * _WIDER, time.perf_counter() - start)
        return _floors[key]

    def _pair(self, draw: int) -> tuple[Tensor, Tensor]:
        """Two real samples of n rows without a row in common."""
        rng = self._rng(1 + draw)
        if self.reference == "held-out":
            training, real = (_draw(len(part), self.n, rng) for part in (self._training, self._real))
            return as_measured(self._training[training]), as_measured(self._real[real])
        both = _draw(len(self._training), 2 * self.n, rng)
        return as_measured(self._training[both[: self.n]]), as_measured(self._training[both[self.n :]])

    def nearest(self, samples: Tensor) -> Nearest:
        """The nearest training row of each of `samples` [m, ...]. O(m · N · d): 0.1 s for 256 images of 32 px against 8,000."""
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
    """What distances are taken of, on the CPU: points as they are; images, uint8 or float in [-1, 1], at the 256 levels of a pixel, float32
    in [-1, 1]."""
    samples = samples.detach().cpu()
    if samples.ndim == 2:
        return samples
    return to_unit_range(samples if samples.dtype == torch.uint8 else to_uint8(samples))


def diversity(samples: Tensor, real: Tensor) -> float:
    """Mean distance of two generated samples over that of two real ones: 1 where they differ as much as real data, 0 where all are equal.

    Noise differs too: this finds a collapse, it does not show quality.
    """
    return distances.mean_distance_within(as_measured(samples)) / distances.mean_distance_within(as_measured(real))


def _levels(samples: Tensor) -> Tensor:
    samples = samples.detach().cpu()
    return samples if samples.ndim == 2 or samples.dtype == torch.uint8 else to_uint8(samples)


def _draw(size: int, count: int, rng: torch.Generator) -> Tensor:
    return torch.randperm(size, generator=rng)[:count]


# Mixtures of Gaussians in the plane.


@dataclass(frozen=True)
class ModeReport:
    """How generated points lie to the modes of a mixture."""

    shares: NDArray[np.float64]
    """Of all points, those within three standard deviations of each mode, [modes]."""
    hit: int
    """Modes that hold at least `MODE_SHARE` of the points."""
    high_quality: float
    """Share of points within three standard deviations of any mode; 0.989 for the mixture itself in the plane."""
    n: int


MODE_SHARE = 0.01


def mode_report(points: NDArray[np.floating], means: NDArray[np.floating], sd: float) -> ModeReport:
    """Modes hit by `points` [n, 2] of the mixture of N(mean, sd² I), `means` [modes, 2]. Each point counts for its nearest mode."""
    distance = np.linalg.norm(points[:, None] - means[None], axis=2)
    near = distance.min(1) <= 3 * sd
    shares = np.bincount(distance.argmin(1)[near], minlength=len(means)) / len(points)
    return ModeReport(shares, int((shares >= MODE_SHARE).sum()), float(near.mean()), len(points))
