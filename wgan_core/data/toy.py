"""Distributions in the plane with known truth. NumPy only.

Three are those of the WGAN-GP paper's figures 1 and 3, with the numbers of its published toy code (github.com/igul222/
improved_wgan_training, gan_toy.py); the others are of this project.

Points are computed in float64 and rounded to float32 at the end, so that machines whose sine and logarithm differ in the last bit still
agree on them: a run knows its data by a hash.
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
        """Plots show [-limit, limit] both ways; practically all points lie inside."""
        ...

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        """`n` independent points, [n, 2]."""
        ...


@dataclass(frozen=True)
class Gaussians:
    """A mixture of Gaussians, each with the same sd in every direction."""

    limit: float
    means: Floats
    """[modes, 2]"""
    sd: float
    weights: Floats
    """[modes], adding up to 1."""

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        modes = rng.choice(len(self.means), size=n, p=self.weights)
        return self.means[modes] + self.sd * rng.standard_normal((n, 2))


@dataclass(frozen=True)
class Segments:
    """Uniform along straight lines that are equally likely, and nowhere else."""

    limit: float
    starts: Floats
    """[lines, 2]"""
    ends: Floats

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        lines = rng.integers(len(self.starts), size=n)
        return self.starts[lines] + rng.random((n, 1)) * (self.ends - self.starts)[lines]

    def distance(self, points: NDArray[np.floating]) -> Floats:
        """How far points [n, 2] lie from the nearest line, [n]."""
        direction = self.ends - self.starts
        from_start = points.astype(np.float64)[:, None] - self.starts
        along = np.clip((from_start * direction).sum(2) / (direction**2).sum(1), 0, 1)
        return np.linalg.norm(from_start - along[:, :, None] * direction, axis=2).min(1)


@dataclass(frozen=True)
class Circle:
    """Uniform on a circle around 0, and nowhere else."""

    limit: float
    radius: float

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        angle = 2 * math.pi * rng.random(n)
        return self.radius * np.column_stack((np.cos(angle), np.sin(angle)))

    def distance(self, points: NDArray[np.floating]) -> Floats:
        """How far points [n, 2] lie from the circle, [n]."""
        return np.abs(np.linalg.norm(points.astype(np.float64), axis=1) - self.radius)


@dataclass(frozen=True)
class SwissRoll:
    """scikit-learn's `make_swiss_roll` seen from the side: (t cos t, t sin t) with t uniform on [1.5 π, 4.5 π], plus Gaussian noise."""

    limit: float
    noise: float
    """Its sd, before scaling."""
    scale: float
    """What everything is divided by."""

    def sample(self, n: int, rng: np.random.Generator) -> Floats:
        t = 1.5 * math.pi * (1 + 2 * rng.random(n))
        return (self.curve(t) * self.scale + self.noise * rng.standard_normal((n, 2))) / self.scale

    def curve(self, t: Floats) -> Floats:
        """The spiral without noise at the angles t [n], [n, 2]."""
        return np.column_stack((t * np.cos(t), t * np.sin(t))) / self.scale


def _equal(limit: float, means: Floats, sd: float) -> Gaussians:
    return Gaussians(limit, means, sd, np.full(len(means), 1 / len(means)))


def _eight_gaussians() -> Gaussians:
    """On a circle of radius 2, sd 0.02, all divided by 1.414, as the toy code has it."""
    angle = np.arange(8) * math.pi / 4
    return _equal(2.0, 2 * np.column_stack((np.cos(angle), np.sin(angle))) / 1.414, 0.02 / 1.414)


def _twenty_five_gaussians() -> Gaussians:
    """At twice the whole numbers from -2 to 2 both ways, sd 0.05, all divided by 2.828. The toy code deals the modes out evenly; here they
    are drawn."""
    x, y = np.meshgrid(np.arange(-2.0, 3.0), np.arange(-2.0, 3.0), indexing="ij")
    return _equal(2.0, 2 * np.column_stack((x.ravel(), y.ravel())) / 2.828, 0.05 / 2.828)


def _grid() -> Segments:
    """Three lines across and three upright, a distance of 1 apart, each 2 long."""
    at, low, high = np.array([-1.0, 0.0, 1.0]), np.full(3, -1.0), np.full(3, 1.0)
    starts = np.concatenate((np.column_stack((low, at)), np.column_stack((at, low))))
    return Segments(1.5, starts, np.concatenate((np.column_stack((high, at)), np.column_stack((at, high)))))


def _two_lines() -> Segments:
    """Both lines of the WGAN paper's example 1 (1701.07875, figure 1) at once: upright, parallel, 1 long and 1 apart."""
    return Segments(1.25, np.array([[-0.5, -0.5], [0.5, -0.5]]), np.array([[-0.5, 0.5], [0.5, 0.5]]))


DISTRIBUTIONS: MappingProxyType[str, Distribution] = MappingProxyType(
    {
        "8-gaussians": _eight_gaussians(),
        "25-gaussians": _twenty_five_gaussians(),
        "swiss-roll": SwissRoll(2.5, noise=0.25, scale=7.5),
        "ring": Circle(1.5, radius=1.0),
        "grid": _grid(),
        "two-lines": _two_lines(),
        # Off the middle, where every generator begins, so that it has to move and to spread.
        "gaussian": _equal(2.5, np.array([[1.0, 0.5]]), 0.5),
    }
)
"""By the name of the data set."""

TRAINING_POINTS = 50_000
FILE_LIMIT = 2.5
"""Of plots of points from a file, which are scaled to lie in [-2, 2]."""


def draw(name: str, n: int, seed: int, *, stream: int = 0) -> Points:
    """`n` points of the distribution `name`: the same ones for the same seed and stream, others for another of either.

    stream: 0 is what runs train on, 1 their held-out points; take others for points that neither has.
    """
    return DISTRIBUTIONS[name].sample(n, np.random.default_rng([seed, stream])).astype(np.float32)


def view_limit(name: str) -> float:
    """Plots of the point set `name` show [-limit, limit] both ways."""
    return DISTRIBUTIONS[name].limit if name in DISTRIBUTIONS else FILE_LIMIT
