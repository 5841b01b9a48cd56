"""The distributions in the plane against their definitions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.spatial import KDTree

from wgan_core.config import POINT_SETS
from wgan_core.data import toy
from wgan_core.data.catalog import DATASETS

N = 20_000
# As the WGAN-GP authors' toy code lists them, before scaling.
DIAGONAL = 1 / math.sqrt(2)
EIGHT = [(1, 0), (-1, 0), (0, 1), (0, -1), *((x, y) for x in (DIAGONAL, -DIAGONAL) for y in (DIAGONAL, -DIAGONAL))]
MIXTURES = {
    "8-gaussians": ([(2 * x / 1.414, 2 * y / 1.414) for x, y in EIGHT], 0.02 / 1.414),
    "25-gaussians": ([(2 * x / 2.828, 2 * y / 2.828) for x in range(-2, 3) for y in range(-2, 3)], 0.05 / 2.828),
    "gaussian": ([(1.0, 0.5)], 0.5),
}


def test_every_set_of_points_is_drawn_or_a_file() -> None:
    assert {*toy.DISTRIBUTIONS, "csv"} == POINT_SETS
    assert {name for name, info in DATASETS.items() if info.kind == "points"} == POINT_SETS


@pytest.mark.parametrize("name", MIXTURES)
def test_mixtures_have_their_means_spread_and_weights(name: str) -> None:
    means, sd = np.array(MIXTURES[name][0]), MIXTURES[name][1]
    points = toy.draw(name, N, seed=3).astype(np.float64)
    nearest = np.linalg.norm(points[:, None] - means, axis=2).argmin(1)
    counts = np.bincount(nearest, minlength=len(means))
    expected = N / len(means)
    assert np.abs(counts - expected).max() <= 4 * math.sqrt(expected)
    offsets = points - means[nearest]
    assert np.abs(offsets).max() < 5.5 * sd
    for mode in range(len(means)):
        own = offsets[nearest == mode]
        assert np.abs(own.mean(0)).max() < 4 * sd / math.sqrt(len(own))
    np.testing.assert_allclose(offsets.T @ offsets / N, sd**2 * np.eye(2), atol=0.03 * sd**2)
    assert stats.kstest(offsets[:, 0] / sd, "norm").pvalue > 0.001


@pytest.mark.parametrize("name", MIXTURES)
def test_the_description_of_a_mixture_is_that_of_its_points(name: str) -> None:
    described = toy.DISTRIBUTIONS[name]
    assert isinstance(described, toy.Gaussians)
    means, sd = MIXTURES[name]
    tree: Any = KDTree(described.means)
    distances, order = tree.query(means)
    assert sorted(order) == list(range(len(means))) and distances.max() < 1e-12
    assert described.sd == pytest.approx(sd) and described.weights == pytest.approx(np.full(len(means), 1 / len(means)))


def test_weights_that_are_not_equal() -> None:
    mixture = toy.Gaussians(2.0, np.array([[-1.0, 0.0], [1.0, 0.0]]), 0.01, np.array([0.2, 0.8]))
    assert (mixture.sample(N, np.random.default_rng(0))[:, 0] > 0).mean() == pytest.approx(0.8, abs=0.012)


def chance_of(first: np.ndarray, second: np.ndarray) -> float:
    """That two samples of one distribution differ as much as these, by Kolmogorov and Smirnov."""
    found: Any = stats.ks_2samp(first, second)
    return float(found.pvalue)


def test_the_swiss_roll_is_scikit_learns() -> None:
    from sklearn.datasets import make_swiss_roll

    theirs = make_swiss_roll(N, noise=0.25, random_state=1)[0][:, [0, 2]] / 7.5
    ours = toy.draw("swiss-roll", N, seed=1)
    for a, b in ((ours, theirs), (ours[:, ::-1], theirs[:, ::-1])):
        assert chance_of(a[:, 0], b[:, 0]) > 0.001
    assert chance_of(np.linalg.norm(ours, axis=1), np.linalg.norm(theirs, axis=1)) > 0.001
    t = np.linspace(1.5 * math.pi, 4.5 * math.pi, 20_000)
    spiral = KDTree(np.column_stack((t * np.cos(t), t * np.sin(t))) / 7.5)
    off = [math.sqrt(np.square(spiral.query(points)[0]).mean()) for points in (ours, theirs)]
    assert off[0] == pytest.approx(0.25 / 7.5, rel=0.02) and off[0] == pytest.approx(off[1], rel=0.02)
    assert np.abs(spiral.query(toy.SwissRoll(2.5, 0.25, 7.5).curve(t[::100]))[0]).max() < 1e-12


def test_the_ring_is_a_circle_evenly() -> None:
    points = toy.draw("ring", N, seed=2).astype(np.float64)
    assert np.abs(np.linalg.norm(points, axis=1) - 1).max() < 1e-6
    assert stats.kstest(np.arctan2(points[:, 1], points[:, 0]), stats.uniform(-math.pi, 2 * math.pi).cdf).pvalue > 0.001


def test_the_grid_is_six_lines_evenly() -> None:
    x, y = toy.draw("grid", N, seed=2).T
    assert max(np.abs(x).max(), np.abs(y).max()) <= 1
    upright, across = (np.isin(values, (-1, 0, 1)) for values in (x, y))
    assert (upright | across).all() and not (upright & across).any()
    for at in (-1, 0, 1):
        for mine, along in ((x == at, y), (y == at, x)):
            assert mine.sum() == pytest.approx(N / 6, abs=4 * math.sqrt(N / 6))
            assert stats.kstest(along[mine], stats.uniform(-1, 2).cdf).pvalue > 0.001


def test_two_lines_are_parallel_one_apart_and_one_long() -> None:
    x, y = toy.draw("two-lines", N, seed=2).T
    assert set(x.tolist()) == {-0.5, 0.5} and (x > 0).mean() == pytest.approx(0.5, abs=0.015)
    for side in (-0.5, 0.5):
        assert stats.kstest(y[x == side], stats.uniform(-0.5, 1).cdf).pvalue > 0.001


def test_lines_may_run_slantwise() -> None:
    line = toy.Segments(2.0, np.array([[0.0, 0.0]]), np.array([[1.0, 2.0]]))
    x, y = line.sample(1000, np.random.default_rng(0)).T
    np.testing.assert_allclose(y, 2 * x, atol=1e-12)
    assert line.distance(np.column_stack((x, y))).max() < 1e-12
    assert line.distance(np.array([[2.0, -1.0]])) == pytest.approx(np.sqrt(5))


def test_the_distance_from_lines_and_circle() -> None:
    lines, circle = toy.DISTRIBUTIONS["two-lines"], toy.DISTRIBUTIONS["ring"]
    assert isinstance(lines, toy.Segments) and isinstance(circle, toy.Circle)
    # In the middle; beyond an end, where the nearest point is the end; on a line; beside one.
    points = np.array([[0.0, 0.2], [0.8, 0.9], [0.5, 0.3], [-0.75, 0.0]], dtype=np.float32)
    assert lines.distance(points) == pytest.approx([0.5, 0.5, 0.0, 0.25])
    assert circle.distance(np.array([[3.0, 4.0], [0.0, 0.0], [0.0, -1.0]])) == pytest.approx([4, 1, 0])
    for name, shape in (("two-lines", lines), ("grid", toy.DISTRIBUTIONS["grid"]), ("ring", circle)):
        assert isinstance(shape, toy.Segments | toy.Circle)
        assert shape.distance(toy.draw(name, 1000, seed=5)).max() < 1e-6


@pytest.mark.parametrize("name", toy.DISTRIBUTIONS)
def test_a_seed_gives_the_same_points_and_another_seed_or_stream_others(name: str) -> None:
    first = toy.draw(name, 500, seed=7)
    assert first.dtype == np.float32 and first.shape == (500, 2)
    np.testing.assert_array_equal(first, toy.draw(name, 500, seed=7))
    for other in (toy.draw(name, 500, seed=8), toy.draw(name, 500, seed=7, stream=1)):
        assert (other != first).any(1).mean() > 0.9
    limit = toy.view_limit(name)
    assert (np.abs(toy.draw(name, N, seed=7)).max(1) < limit).mean() > 0.995
    assert np.abs(first).max() > limit / 3


def test_runs_know_these_points_again() -> None:
    """Run folders keep a hash of their data: other numbers from the same seed would keep them from being resumed."""
    np.testing.assert_allclose(toy.draw("ring", 2, seed=0), [[-0.65201628, -0.75820500], [-0.12400357, 0.99228179]], atol=1e-6)
    np.testing.assert_allclose(toy.draw("8-gaussians", 2, seed=0), [[-0.99109274, -0.99866730], [-0.00757665, 1.41954160]], atol=1e-6)
