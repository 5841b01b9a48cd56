"""Distances between two samples of equal size, as plain functions without a floor. All are computed in float64.

A sample is a tensor [n, ...], of points [n, 2] or of images [n, channels, height, width]. The ground distance is Euclidean over all axes
but the first, so its unit is that of one coordinate (for images, a pixel value in [-1, 1]).
"""

from __future__ import annotations

import functools
from collections.abc import Iterable

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor


def exact_w1(x: Tensor, y: Tensor) -> float:
    """The Wasserstein-1 distance between two samples of equal size n: the rows of `x` are matched with those of `y` as cheaply as possible,
    and the mean cost per row is returned. O(n³) at worst; 0.1 to 0.3 s at n = 1024. For points; between images it says little (see
    `metrics`).

    Raises:
        ValueError: the samples differ in size.
    """
    _check_equal(x, y)
    cost = torch.cdist(_rows(x), _rows(y)).numpy()
    rows, columns = linear_sum_assignment(cost)
    return float(cost[rows, columns].mean())


def sliced_w1(x: Tensor, y: Tensor, directions: Tensor) -> float:
    """The sliced Wasserstein-1 distance: the samples are projected to each of `directions` [d, k] of length 1, and the exact W1 of the
    projections is averaged.

    Raises:
        ValueError: the samples differ in size.
    """
    _check_equal(x, y)
    along_x, along_y = (_rows(sample) @ directions.double() for sample in (x, y))
    return float((along_x.sort(0).values - along_y.sort(0).values).abs().mean())


@functools.lru_cache(maxsize=4)
def unit_directions(dimension: int, count: int, seed: int = 0) -> Tensor:
    """Random unit vectors, uniform on the sphere, float64 [dimension, count]. The same arguments give the same directions."""
    directions = torch.randn(dimension, count, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return directions / directions.norm(dim=0)


def energy_distance(x: Tensor, y: Tensor) -> float:
    """2 E‖X − Y‖ − E‖X − X'‖ − E‖Y − Y'‖, estimated without bias (pairs of a row with itself are left out). So two samples of the same
    distribution give 0 on average, and a small negative number about half of the time (Székely and Rizzo 2013)."""
    between = float(torch.cdist(_rows(x), _rows(y)).mean())
    return 2 * between - mean_distance_within(x) - mean_distance_within(y)


def mean_distance_within(x: Tensor) -> float:
    """The mean distance between two different rows of `x`, which measures how diverse a sample is. Needs at least two rows."""
    rows = _rows(x)
    distances = torch.cdist(rows, rows).fill_diagonal_(0)
    return float(distances.sum() / (len(rows) * (len(rows) - 1)))


def frechet_distance(x: Tensor, y: Tensor) -> float:
    """‖μ₁ − μ₂‖² + tr(Σ₁ + Σ₂ − 2 (Σ₁Σ₂)^½) for features [n, d]: the squared Fréchet distance between the Gaussians fitted to both samples.

    The trace of the root is computed as the sum of the singular values of Σ₁^½ Σ₂^½, which stays real if a covariance is singular.
    """
    first, second = _rows(x), _rows(y)
    roots = [_root(torch.cov(sample.T)) for sample in (first, second)]
    overlap = torch.linalg.svdvals(roots[0] @ roots[1]).sum()
    spread = sum((root * root).sum() for root in roots)
    return float((first.mean(0) - second.mean(0)).square().sum() + spread - 2 * overlap)


def covered_share(x: Tensor, y: Tensor, neighbours: int = 5) -> float:
    """Coverage (Naeem et al. 2020, arXiv 2002.09797): the share of the rows of `y` that have a row of `x` within the distance to their own
    5th nearest neighbour among the rows of `y`. Near 1 if `x` reaches everything in `y`; 0 if `x` lies elsewhere.

    Raises:
        ValueError: the samples differ in size.
    """
    _check_equal(x, y)
    real = _rows(y)
    within = torch.cdist(real, real).fill_diagonal_(torch.inf)
    reach = within.kthvalue(min(neighbours, len(real) - 1), dim=1).values
    return float((torch.cdist(real, _rows(x)).min(1).values <= reach).double().mean())


def nearest_rows(queries: Tensor, pool: Tensor, exclude: Tensor | None = None, chunk: int = 2048) -> tuple[Tensor, Tensor]:
    """For each row of `queries`, the index (int64) of the nearest row of `pool` and its distance (float64), both [n].

    Args:
        exclude: for each query, an index into `pool` that must not be the answer, [n]: the query itself, if it comes from the pool.
        chunk: rows of `pool` that are compared together. Limits the memory to at most 4 · chunk · (d + n) bytes.
    """
    rows = queries.flatten(1).float()
    best = torch.full((len(rows),), torch.inf)
    index = torch.zeros(len(rows), dtype=torch.long)
    for start in range(0, len(pool), chunk):
        part = pool[start : start + chunk].flatten(1).float()
        squared = _coarse(rows, part)
        if exclude is not None:
            inside = (exclude >= start) & (exclude < start + len(part))
            squared[inside, exclude[inside] - start] = torch.inf
        found = squared.min(1)
        closer = found.values < best
        best = torch.where(closer, found.values, best)
        index = torch.where(closer, found.indices + start, index)
    # The distances of the nearest rows are computed again, because the coarse ones are inaccurate where two rows are nearly equal.
    return index, (_rows(queries) - _rows(pool[index])).norm(dim=1)


def nearest_candidates(queries: Tensor, parts: Iterable[Tensor], count: int) -> Tensor:
    """For each row of `queries`, the rows of a pool that are nearest by a coarse measure, as int64 [n, min(count, rows of the pool)].

    It uses float32, so two rows at about the same distance may swap places. Ask for a few more than you need, and measure those exactly.

    Args:
        parts: the pool in chunks of rows, which limits the memory.
    """
    rows = queries.flatten(1).float()
    best, index = torch.empty(len(rows), 0), torch.empty(len(rows), 0, dtype=torch.long)
    start = 0
    for part in parts:
        found = _coarse(rows, part.flatten(1).float()).topk(min(count, len(part)), largest=False)
        both, indices = torch.cat([best, found.values], 1), torch.cat([index, found.indices + start], 1)
        best, kept = both.topk(min(count, both.shape[1]), largest=False)
        index = indices.gather(1, kept)
        start += len(part)
    return index


def _coarse(rows: Tensor, part: Tensor) -> Tensor:
    """‖q − p‖² without ‖q‖², which is the same for all p. float32 [n, m], inaccurate where two rows are nearly equal."""
    return torch.addmm(part.square().sum(1), rows, part.T, alpha=-2)


def _rows(sample: Tensor) -> Tensor:
    return sample.flatten(1).double()


def _root(covariance: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(covariance)
    return (vectors * values.clamp(min=0).sqrt()) @ vectors.T


def _check_equal(x: Tensor, y: Tensor) -> None:
    if len(x) != len(y):
        raise ValueError(f"both samples must have the same size, not {len(x)} and {len(y)}")
