"""Distances of two samples against POT, SciPy and closed forms."""

from __future__ import annotations

import math

import numpy as np
import ot
import pytest
import scipy.stats
import torch
from sklearn.neighbors import NearestNeighbors

from wgan_core.measures import distances


def normal(n: int, d: int, seed: int, mean: float = 0.0) -> torch.Tensor:
    return mean + torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("shape", [(2,), (1, 5, 5)])
def test_exact_w1_is_that_of_pot(shape: tuple[int, ...]) -> None:
    x, y = normal(90, math.prod(shape), 0).view(-1, *shape), normal(90, math.prod(shape), 1, mean=0.4).view(-1, *shape)
    cost = ot.dist(x.flatten(1).numpy(), y.flatten(1).numpy(), metric="euclidean")
    expected = ot.emd2(np.full(90, 1 / 90), np.full(90, 1 / 90), cost)
    assert distances.exact_w1(x, y) == pytest.approx(expected, rel=1e-9)


def test_exact_w1_of_a_shift_is_its_length() -> None:
    x = normal(200, 2, 2).float()
    shift = torch.tensor([0.3, -0.4])
    assert distances.exact_w1(x, x[torch.randperm(200)] + shift) == pytest.approx(0.5, abs=1e-6)
    assert distances.exact_w1(x, x) == pytest.approx(0, abs=1e-6)


def test_exact_w1_on_a_line_is_that_of_scipy() -> None:
    x, y = normal(150, 1, 3), normal(150, 1, 4, mean=1.0)
    expected = scipy.stats.wasserstein_distance(x[:, 0].numpy(), y[:, 0].numpy())
    assert distances.exact_w1(x, y) == pytest.approx(expected, rel=1e-9)
    assert distances.sliced_w1(x, y, torch.ones(1, 1)) == pytest.approx(expected, rel=1e-9)


def test_sliced_w1_is_that_of_pot_with_the_same_directions() -> None:
    x, y = normal(120, 12, 5).view(120, 3, 2, 2), normal(120, 12, 6, mean=0.3).view(120, 3, 2, 2)
    directions = distances.unit_directions(12, 64)
    # POT's p is 2 by default: another number.
    expected = ot.sliced_wasserstein_distance(x.flatten(1).numpy(), y.flatten(1).numpy(), projections=directions.numpy(), p=1)
    assert distances.sliced_w1(x, y, directions) == pytest.approx(expected, rel=1e-9)


def test_sliced_w1_of_a_shift_is_the_mean_of_its_projections() -> None:
    directions = distances.unit_directions(2, 4000)
    x = normal(50, 2, 7)
    # E |cos| over the circle is 2 / π.
    assert distances.sliced_w1(x, x + torch.tensor([3.0, 4.0]), directions) == pytest.approx(5 * 2 / math.pi, rel=0.02)


def test_directions_have_length_one_and_depend_on_the_seed() -> None:
    first = distances.unit_directions(100, 256)
    assert first.shape == (100, 256)
    assert torch.allclose(first.norm(dim=0), torch.ones(256, dtype=torch.float64))
    assert torch.equal(first, distances.unit_directions(100, 256, 0))
    assert not torch.equal(first, distances.unit_directions(100, 256, 1))


def test_energy_distance_is_that_of_scipy_without_the_pairs_of_a_row_with_itself() -> None:
    x, y = normal(80, 1, 8), normal(80, 1, 9, mean=0.7)
    biased = scipy.stats.energy_distance(x[:, 0].numpy(), y[:, 0].numpy()) ** 2  # SciPy takes the root
    within = sum(float((s - s.T).abs().mean()) for s in (x, y))
    # A V-statistic divides by n², a U-statistic by n (n − 1).
    assert distances.energy_distance(x, y) == pytest.approx(biased + within - within * 80 / 79, abs=1e-9)


def test_energy_distance_of_two_normals_has_its_closed_form() -> None:
    # E |N(m, s²)| = s √(2/π) exp(−m²/2s²) + m (1 − 2 Φ(−m/s)), with s² = 2 here.
    mean = 1.5
    between = math.sqrt(2) * math.sqrt(2 / math.pi) * math.exp(-(mean**2) / 4) + mean * (1 - 2 * scipy.stats.norm.cdf(-mean / math.sqrt(2)))
    expected = 2 * between - 2 * 2 / math.sqrt(math.pi)
    values = [distances.energy_distance(normal(600, 1, 10 + k), normal(600, 1, 30 + k, mean)) for k in range(8)]
    assert np.mean(values) == pytest.approx(expected, abs=0.06)


def test_energy_distance_of_one_distribution_is_zero_on_average_and_may_be_negative() -> None:
    values = np.array([distances.energy_distance(normal(100, 3, k), normal(100, 3, 100 + k)) for k in range(40)])
    assert abs(values.mean()) < 3 * values.std() / math.sqrt(40)
    assert 5 < (values < 0).sum() < 35


def test_mean_distance_within_leaves_a_row_and_itself_out() -> None:
    assert distances.mean_distance_within(torch.tensor([[0.0, 0.0], [3.0, 4.0], [3.0, 4.0]])) == pytest.approx(10 / 3)


def test_frechet_distance_of_known_gaussians() -> None:
    # Samples with exactly these moments: whitened, then stretched and moved.
    raw = normal(2000, 3, 11)
    white = (raw - raw.mean(0)) @ torch.linalg.inv(torch.linalg.cholesky(torch.cov(raw.T))).T
    first, second = torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64), torch.tensor([3.0, 0.5, 0.0], dtype=torch.float64)
    x, y = white * first, white * second + torch.tensor([1.0, 0.0, 2.0])
    # For diagonal covariances: ‖μ₁ − μ₂‖² + Σ (σ₁ − σ₂)²; the last feature of y is constant, so its covariance is singular.
    assert distances.frechet_distance(x, y) == pytest.approx(5 + float((first - second).square().sum()), rel=1e-6)
    assert distances.frechet_distance(x, x) == pytest.approx(0, abs=1e-6)


def test_frechet_distance_of_covariances_that_do_not_commute() -> None:
    x, y = normal(500, 4, 12) @ normal(4, 4, 13), normal(500, 4, 14) @ normal(4, 4, 15) + 1
    first, second = np.cov(x.T.numpy()), np.cov(y.T.numpy())
    root = scipy.linalg.sqrtm(first @ second)
    expected = float(((x.mean(0) - y.mean(0)) ** 2).sum()) + np.trace(first + second - 2 * root.real)
    assert distances.frechet_distance(x, y) == pytest.approx(expected, rel=1e-6)


def test_nearest_rows_whatever_the_chunks() -> None:
    pool = torch.randint(0, 256, (500, 1, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    queries = torch.randint(0, 256, (40, 1, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    queries[3] = pool[250]
    expected = torch.cdist(queries.flatten(1).double(), pool.flatten(1).double(), compute_mode="donot_use_mm_for_euclid_dist").min(1)
    for chunk in (64, 2048):
        index, distance = distances.nearest_rows(queries, pool, chunk=chunk)
        assert torch.equal(index, expected.indices)
        assert torch.allclose(distance, expected.values)
    assert index[3] == 250 and distance[3] == 0


def test_nearest_rows_can_leave_the_row_itself_out() -> None:
    pool = torch.tensor([[0.0, 0.0], [1.0, 0.0], [5.0, 0.0], [5.0, 0.5]])
    index, distance = distances.nearest_rows(pool, pool, exclude=torch.arange(4), chunk=3)
    assert index.tolist() == [1, 0, 3, 2]
    assert distance.tolist() == pytest.approx([1, 1, 0.5, 0.5])


def test_coverage_is_that_of_scikit_learn_s_neighbours() -> None:
    rng = torch.Generator().manual_seed(4)
    x, y = torch.randn(60, 3, generator=rng) * 0.7, torch.randn(60, 3, generator=rng)
    reach = NearestNeighbors(n_neighbors=6).fit(y.numpy()).kneighbors(y.numpy())[0][:, 5]  # the first neighbour is the row itself
    nearest = NearestNeighbors(n_neighbors=1).fit(x.numpy()).kneighbors(y.numpy())[0][:, 0]
    found = distances.covered_share(x, y)
    assert found == pytest.approx(float((nearest <= reach).mean())) and 0.5 < found < 1
    assert distances.covered_share(y, y) == 1
    assert distances.covered_share(y[:1].expand(60, 3), y) == pytest.approx(float((torch.cdist(y, y[:1])[:, 0].numpy() <= reach).mean()))


def test_samples_of_different_size_are_refused() -> None:
    for distance in (distances.exact_w1, lambda x, y: distances.sliced_w1(x, y, torch.ones(2, 1))):
        with pytest.raises(ValueError, match="both samples must have the same size, not 3 and 4"):
            distance(torch.zeros(3, 2), torch.zeros(4, 2))
