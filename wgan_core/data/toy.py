"""Distributions in the plane whose true shape is known. NumPy only.

Three of them are from figures 1 and 3 of the WGAN-GP paper, with the numbers of its published toy code (github.com/igul222/
improved_wgan_training, gan_toy.py). The others were made for this project.

Points are computed in float64 and rounded to float32 at the end, so that machines whose sine or logarithm differs in the last bit still get
the same points. This matters because a run recognises its data by a hash.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
"""[n, 2]"""
Floats = NDArray[np.float64]


class Distribution(Protocol):
    """A distribution in the plane."""

    @property
    def limit(self) -> float:
        """Plots show [-limit, limit] in both directions. Practically all points lie inside."""
        ...

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """`n` independent points, [n, 2]."""
        ...


@dataclass(frozen=True)
class Gaussians:
    """A mixture of Gaussians, each with the same sd in all directions."""

    limit: float
    means: Floats
    """[modes, 2]"""
    sd: float
    weights: Floats
    """[modes], summing to 1."""

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        modes = rng.choice(len(self.means), size=n, p=self.weights)
        return self.means[modes] + self.sd * rng.standard_normal((n, 2))


@dataclass(frozen=True)
class Segments:
    """Uniform on straight line segments that are equally likely."""

    limit: float
    starts: Floats
    """[lines, 2]"""
    ends: Floats

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        lines = rng.integers(len(self.starts), size=n)
        return self.starts[lines] + rng.random((n, 1)) * (self.ends - self.starts)[lines]

    def distance(self, points: NDArray[np.floating]) -> Floats:
        """Distance from each of the points [n, 2] to the nearest line, [n]."""
        direction = self.ends - self.starts
        from_start = points.astype(np.float64)[:, None] - self.starts
        along = np.clip((from_start * direction).sum(2) / (direction**2).sum(1), 0, 1)
        return np.linalg.norm(from_start - along[:, :, None] * direction, axis=2).min(1)


@dataclass(frozen=True)
class Circle:
    """Uniform on a circle around 0."""

    limit: float
    radius: float

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        angle = 2 * math.pi * rng.random(n)
        return self.radius * np.column_stack((np.cos(angle), np.sin(angle)))

    def distance(self, points: NDArray[np.floating]) -> Floats:
        """Distance from each of the points [n, 2] to the circle, [n]."""
        return np.abs(np.linalg.norm(points.astype(np.float64), axis=1) - self.radius)


@dataclass(frozen=True)
class SwissRoll:
    """scikit-learn's `make_swiss_roll` seen from the side: (t cos t, t sin t) with t uniform on [1.5 π, 4.5 π], plus Gaussian noise."""

    limit: float
    noise: float
    """The sd of the noise, before scaling."""
    scale: float
    """Everything is divided by this."""

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        t = 1.5 * math.pi * (1 + 2 * rng.random(n))
        return (self.curve(t) * self.scale + self.noise * rng.standard_normal((n, 2))) / self.scale

    def curve(self, t: Floats) -> Floats:
        """The spiral without noise at angles t [n]; returns [n, 2]."""
        return np.column_stack((t * np.cos(t), t * np.sin(t))) / self.scale


def _equal(limit: float, means: Floats, sd: float) -> Gaussians:
    return Gaussians(limit, means, sd, np.full(len(means), 1 / len(means)))


def _eight_gaussians() -> Gaussians:
    """On a circle of radius 2 with sd 0.02, all divided by 1.414, as in the toy code."""
    angle = np.arange(8) * math.pi / 4
    return _equal(2.0, 2 * np.column_stack((np.cos(angle), np.sin(angle))) / 1.414, 0.02 / 1.414)


def _twenty_five_gaussians() -> Gaussians:
    """At all pairs of even numbers from -4 to 4, sd 0.05, all divided by 2.828. The toy code uses the modes in equal numbers; here they are
    drawn at random."""
    x, y = np.meshgrid(np.arange(-2.0, 3.0), np.arange(-2.0, 3.0), indexing="ij")
    return _equal(2.0, 2 * np.column_stack((x.ravel(), y.ravel())) / 2.828, 0.05 / 2.828)


def _grid() -> Segments:
    """Three horizontal and three vertical lines, 1 apart and 2 long."""
    at, low, high = np.array([-1.0, 0.0, 1.0]), np.full(3, -1.0), np.full(3, 1.0)
    starts = np.concatenate((np.column_stack((low, at)), np.column_stack((at, low))))
    return Segments(1.5, starts, np.concatenate((np.column_stack((high, at)), np.column_stack((at, high)))))


def _two_lines() -> Segments:
    """Both lines of the WGAN paper's example 1 (1701.07875, figure 1) together: vertical, parallel, 1 long and 1 apart."""
    return Segments(1.25, np.array([[-0.5, -0.5], [0.5, -0.5]]), np.array([[-0.5, 0.5], [0.5, 0.5]]))


DISTRIBUTIONS: MappingProxyType[str, Distribution] = MappingProxyType(
    {
        "8-gaussians": _eight_gaussians(),
        "25-gaussians": _twenty_five_gaussians(),
        "swiss-roll": SwissRoll(2.5, noise=0.25, scale=7.5),
        "ring": Circle(1.5, radius=1.0),
        "grid": _grid(),
        "two-lines": _two_lines(),
        # Away from 0, where every generator starts, so that it has to both move and spread.
        "gaussian": _equal(2.5, np.array([[1.0, 0.5]]), 0.5),
    }
)
"""By data set name."""

TRAINING_POINTS = 50_000
FILE_LIMIT = 2.5
"""Limit for plots of points from a file, which are scaled to lie in [-2, 2]."""


def draw(name: str, n: int, seed: int, *, stream: int = 0) -> Points:
    """`n` points of the distribution `name`. The same seed and stream give the same points; a different seed or stream gives different
    ones.

    stream: 0 gives the training points of runs and 1 their held-out points. Use other numbers for points that are in neither set.
    """
    return DISTRIBUTIONS[name].sample(n, np.random.default_rng([seed, stream])).astype(np.float32)


def modes_of(name: str, points: Points) -> NDArray[np.int64] | None:
    """The number of the Gaussian that each of the points [n, 2] lies nearest to, [n]: the modes lie so far apart that it was drawn from it.
    None for a distribution that is no mixture."""
    mixture = DISTRIBUTIONS.get(name)
    if not isinstance(mixture, Gaussians) or len(mixture.means) < 2:
        return None
    return ((points[:, None] - mixture.means) ** 2).sum(2).argmin(1)


def view_limit(name: str) -> float:
    """The limit for plots of the point set `name`, which show [-limit, limit] in both directions."""
    return DISTRIBUTIONS[name].limit if name in DISTRIBUTIONS else FILE_LIMIT
