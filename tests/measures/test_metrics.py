"""Measured values, their floors, and the anchors they were calibrated with."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import stats

from wgan_core.config import TrainConfig
from wgan_core.data import toy
from wgan_core.data.dataset import DataError, Dataset, to_unit_range
from wgan_core.data.load import load_dataset
from wgan_core.measures import distances, metrics
from wgan_core.measures.metrics import ENERGY_IMAGES, EXACT_W1, SLICED_W1, Distance, Yardstick


def points(n: int, seed: int) -> torch.Tensor:
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(seed))


def images(n: int, seed: int, size: int = 4) -> torch.Tensor:
    return torch.randint(0, 256, (n, 1, size, size), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))


def test_a_measurement_says_all_that_is_needed_to_judge_it() -> None:
    yardstick = Yardstick(Dataset("a", points(400, 0)), Dataset("b", points(300, 1)), n=128)
    shifted = points(200, 2) + torch.tensor([3.0, 4.0])
    found = yardstick.measure(EXACT_W1, shifted, "train")
    assert found.value == distances.exact_w1(shifted[:128], yardstick.real)
    assert found.value == pytest.approx(5, abs=0.6)
    assert 0 < found.floor < 0.5 and 0 < found.floor_sd < found.floor
    assert found.excess == found.value - found.floor
    assert (found.n, found.mode, found.reference, found.projections, found.unit) == (128, "train", "held-out", 0, "the data's own unit")
    assert 0 < found.seconds < 5


def test_real_samples_have_no_excess() -> None:
    yardstick = Yardstick(Dataset("a", points(3000, 3)), n=200)
    used = set(yardstick.rows.tolist())
    rest = torch.stack([row for index, row in enumerate(points(3000, 3)) if index not in used])
    found = yardstick.measure(EXACT_W1, rest[:200])
    assert abs(found.excess) < 4 * found.floor_sd
    # The very rows that it compares with would be better than any new sample.
    assert yardstick.measure(EXACT_W1, yardstick.real).value == pytest.approx(0, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "expected"), [("8-gaussians", 0.069), ("25-gaussians", 0.078), ("swiss-roll", 0.10)])
def test_floors_of_distributions_in_the_plane(name: str, expected: float) -> None:
    training, held_out = (Dataset(name, torch.from_numpy(toy.draw(name, 8192, 0, stream=stream))) for stream in (0, 1))
    assert Yardstick(training, held_out).floor(EXACT_W1).mean == pytest.approx(expected, rel=0.2)


def test_a_floor_is_found_once_for_the_same_data() -> None:
    calls: list[int] = []

    def count(x: torch.Tensor, y: torch.Tensor) -> float:
        calls.append(len(x))
        # Two different sets of rows: 0 is taken by no pair of a permutation.
        assert not {tuple(row) for row in x.tolist()} & {tuple(row) for row in y.tolist()}
        return float(len(calls))

    distance = Distance("counted", "Counted", "", count)
    for _ in range(2):
        yardstick = Yardstick(Dataset("a", points(100, 4)), n=40)
        floor = yardstick.floor(distance)
        widened = np.std(range(1, 9), ddof=1) * stats.t(7).ppf(0.975) * np.sqrt(1 + 1 / 8) / 2
        assert (floor.mean, floor.sd) == (4.5, pytest.approx(widened))
    assert calls == [40] * 8
    Yardstick(Dataset("a", points(100, 4)), n=30).floor(distance)
    Yardstick(Dataset("a", points(100, 5)), n=40).floor(distance)
    assert calls == [40] * 8 + [30] * 8 + [40] * 8


@pytest.mark.slow
def test_a_perfect_generator_is_outside_the_band_in_one_of_twenty_cases() -> None:
    """Over new data each time: the floor's own error is in the band."""
    rng = np.random.default_rng(0)
    outside = []
    for trial in range(400):
        training, held_out, perfect = (torch.from_numpy(rng.standard_normal((size, 2), np.float32)) for size in (300, 300, 30))
        yardstick = Yardstick(Dataset(f"training {trial}", training), Dataset(f"held-out {trial}", held_out), n=30)
        found = yardstick.measure(EXACT_W1, perfect)
        outside.append(abs(found.excess) > 2 * found.floor_sd)
    assert 0.015 < np.mean(outside) < 0.085  # 400 trials of 5 %, give or take three standard deviations


def test_n_leaves_enough_for_a_floor() -> None:
    assert Yardstick(Dataset("a", points(100, 0)), n=1024).n == 50
    assert Yardstick(Dataset("a", points(100, 0)), Dataset("b", points(80, 1)), n=1024).n == 80
    assert Yardstick(Dataset("a", points(60, 0)), Dataset("b", points(80, 1)), n=1024).n == 60


def test_too_few_samples_are_refused() -> None:
    yardstick = Yardstick(Dataset("a", points(100, 0)), n=40)
    with pytest.raises(ValueError, match="Exact W1 needs at least 40 samples on each side"):
        yardstick.measure(EXACT_W1, points(39, 1))
    with pytest.raises(ValueError, match="FD needs at least 640 samples"):
        yardstick.measure(Distance("fd", "FD", "", distances.frechet_distance, min_rows=640), points(100, 1))


def test_the_kind_of_data_decides_what_is_measured() -> None:
    assert [d.key for d in Yardstick(Dataset("a", points(10, 0))).distances] == ["exact-w1", "energy"]
    assert [d.key for d in Yardstick(Dataset("a", images(10, 0))).distances] == ["sliced-w1", "energy"]
    assert SLICED_W1.projections >= 256


def test_images_are_compared_at_the_levels_of_a_pixel() -> None:
    training = images(200, 6)
    training[:, :, :2] = 0
    yardstick = Yardstick(Dataset("a", training), n=100)
    # What tanh makes of black: nearly −1, and the same level.
    generated = to_unit_range(training[yardstick.rows]).clamp(-0.999, 0.999)
    for distance in (SLICED_W1, EXACT_W1):
        assert yardstick.measure(distance, generated).value == pytest.approx(0, abs=1e-5)
    assert distances.exact_w1(generated, yardstick.real) > 2e-3
    # A level more everywhere is a shift by 2/255 in each of 16 pixels.
    lighter = Yardstick(Dataset("a", training.clamp(max=254)), n=100)
    generated = to_unit_range(training.clamp(max=254)[lighter.rows] + 1) + 0.002
    assert lighter.measure(EXACT_W1, generated).value == pytest.approx(math.sqrt(16) * 2 / 255, rel=1e-4)


def test_points_are_compared_as_they_are() -> None:
    x = points(5, 7) * 1e-4
    assert torch.equal(metrics.as_measured(x), x)


def test_the_nearest_training_image() -> None:
    training = images(300, 8)
    yardstick = Yardstick(Dataset("a", training), Dataset("b", images(100, 9)), n=64)
    generated = to_unit_range(training[[7, 123]].clone())
    generated[1, 0, 0, 0] = to_unit_range(training[123, 0, 0, :1] ^ 16)[0]  # 16 levels away in one pixel
    found = yardstick.nearest(generated)
    assert found.index.tolist() == [7, 123]
    assert found.distance.tolist() == pytest.approx([0, 16 / 127.5])
    expected = torch.cdist(images(100, 9)[yardstick.rows[:2]].flatten(1).double(), training.flatten(1).double()).min(1).values / 127.5
    assert found.typical == pytest.approx(float(expected.median()))
    assert found.ratio == pytest.approx(8 / 127.5 / found.typical)


def test_the_typical_distance_without_held_out_images_leaves_the_image_itself_out() -> None:
    data = torch.tensor([[0.0, 0.0], [0.0, 2.0], [10.0, 0.0], [10.0, 2.0]])
    assert Yardstick(Dataset("a", data), n=2).nearest(data).typical == pytest.approx(2)


def test_diversity_in_classes_is_that_of_a_loop_over_pairs() -> None:
    rng = np.random.default_rng(5)
    labels, real_labels = rng.integers(0, 3, 40), rng.integers(0, 4, 50)
    samples, real = rng.normal(size=(40, 2)), rng.normal(size=(50, 2))

    def within(rows: NDArray[np.float64], of: NDArray[np.int64], label: int) -> float:
        own = rows[of == label]
        return float(np.mean([np.linalg.norm(a - b) for i, a in enumerate(own) for j, b in enumerate(own) if i != j]))

    expected = sum(within(samples, labels, label) for label in range(3)) / sum(within(real, real_labels, label) for label in range(3))
    tensors = [torch.from_numpy(array) for array in (samples, labels, real, real_labels)]
    assert metrics.diversity_in_classes(*tensors) == pytest.approx(expected, rel=1e-6)


def test_one_picture_for_each_class_is_not_diverse_in_classes() -> None:
    labels = torch.arange(100) % 5
    one_for_each = torch.randn(5, 2, generator=torch.Generator().manual_seed(4))
    real = one_for_each[labels] + 0.5 * torch.randn(100, 2, generator=torch.Generator().manual_seed(5))
    assert metrics.diversity(one_for_each[labels], real) > 0.8
    assert metrics.diversity_in_classes(one_for_each[labels], labels, real, labels) == 0
    assert math.isnan(metrics.diversity_in_classes(real, labels, torch.zeros(100, 2), labels))


def test_diversity_is_one_for_the_data_and_zero_for_a_collapse() -> None:
    x = points(500, 10)
    assert metrics.diversity(x, points(500, 11)) == pytest.approx(1, abs=0.1)
    assert metrics.diversity(x * 0.25, x) == pytest.approx(0.25)
    assert metrics.diversity(torch.ones(500, 2), x) == 0


def test_modes_that_are_hit() -> None:
    means, sd = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), 0.1
    # Three sd are just inside, a little more is outside; a mode with less than 1 % of the points is not hit.
    made = np.concatenate((np.tile([0.29, 0.0], (150, 1)), np.tile([1.0, 0.29], (48, 1)), [[0.0, 1.0]], [[0.31, 0.0]]))
    report = metrics.mode_report(made, means, sd)
    assert report.shares.tolist() == [0.75, 0.24, 0.005]
    assert (report.hit, report.n) == (2, 200)
    assert report.high_quality == pytest.approx(199 / 200)


def test_a_mixture_itself_hits_all_modes_with_the_known_quality() -> None:
    mixture = toy.DISTRIBUTIONS["25-gaussians"]
    assert isinstance(mixture, toy.Gaussians)
    report = metrics.mode_report(toy.draw("25-gaussians", 20_000, 0), mixture.means, mixture.sd)
    assert report.hit == 25
    assert report.high_quality == pytest.approx(1 - math.exp(-4.5), abs=0.003)  # χ² with two degrees of freedom


def test_anchors_on_fashion() -> None:
    """Real, class means, 100 memorised images and the mean image, at n = 1024: measured apart from this code, on another draw."""
    try:
        training = load_dataset(TrainConfig(dataset="fashion-mnist", image_size=32))
    except DataError:
        pytest.skip("needs Fashion-MNIST in the folder that WGAN_DATA_ROOT names")
    assert training.labels is not None
    rng = torch.Generator().manual_seed(1)
    x = to_unit_range(training.data)
    yardstick = Yardstick(training)
    rest = torch.randperm(len(x), generator=rng)
    means = torch.stack([x[training.labels == label].mean(0) for label in range(10)])
    made = {
        "real": x[rest[:1024]],
        "class means": means[torch.randint(10, (1024,), generator=rng)],
        "memorised": x[rest[-100:]][torch.randint(100, (1024,), generator=rng)],
        "mean image": x.mean(0, keepdim=True).expand(1024, -1, -1, -1),
    }
    sliced = {name: yardstick.measure(SLICED_W1, samples).value for name, samples in made.items()}
    assert yardstick.floor(SLICED_W1).mean == pytest.approx(0.024, abs=0.008)
    assert sliced["real"] == pytest.approx(0.024, abs=0.02)
    assert sliced["class means"] == pytest.approx(0.177, rel=0.1)
    assert sliced["memorised"] == pytest.approx(0.079, rel=0.3)
    assert sliced["mean image"] == pytest.approx(0.422, rel=0.05)
    energy = {name: yardstick.measure(ENERGY_IMAGES, samples).value for name, samples in made.items()}
    assert energy["real"] == pytest.approx(0, abs=0.05)
    assert energy["class means"] == pytest.approx(1.6, rel=0.1)
    assert energy["memorised"] == pytest.approx(0.27, abs=0.15)
    assert energy["mean image"] == pytest.approx(10.6, rel=0.05)
    # At n = 64 exact W1 ranks blurred class means before real images: why it is no metric for images.
    assert distances.exact_w1(made["class means"][:64], yardstick.real[:64]) < distances.exact_w1(made["real"][:64], yardstick.real[:64])
    assert distances.exact_w1(made["real"][:256], yardstick.real[:256]) == pytest.approx(11.4, abs=0.4)
