"""Nearest real images against a k-d tree, brute force, and a critic's own last layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.spatial import KDTree
from torch import nn
from torch.nn import functional

from tests.networks import linear_layer
from wgan_core.data.dataset import ImageDataset, to_unit_range
from wgan_core.latent import neighbours
from wgan_core.latent.neighbours import By, Neighbours, critic_features
from wgan_core.training.models import DCGANCritic, MLPCritic


def images(count: int, seed: int, shape: tuple[int, ...] = (1, 5, 5), levels: int = 256) -> torch.Tensor:
    return torch.randint(0, levels, (count, *shape), dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))


def mlp(shape: tuple[int, ...] = (1, 5, 5), norm: str = "none") -> MLPCritic:
    torch.manual_seed(3)
    return MLPCritic(shape, (20, 7), 0.2, norm).eval()


def by_tree(pool: np.ndarray, queries: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    tree: Any = KDTree(pool.reshape(len(pool), -1).astype(np.float64))
    distance, index = tree.query(queries.reshape(len(queries), -1), k=range(1, k + 1))
    return index, distance


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in {"_CHUNK": 40, "_QUERIES_AT_ONCE": 16, "_MEASURED_AT_ONCE": 5}.items():
        monkeypatch.setattr(neighbours, name, size)


@pytest.mark.parametrize("k", [1, 5, 130])
def test_by_pixels_as_a_tree_finds_them(k: int) -> None:
    pool, queries = images(130, 0), images(37, 1)
    index, distance = Neighbours(ImageDataset("random", pool)).nearest(queries.numpy(), k)
    expected, expected_distance = by_tree(pool.numpy() / 127.5 - 1, queries.numpy() / 127.5 - 1, k)
    assert index.shape == (37, k) and index.dtype == np.int64 and distance.dtype == np.float64
    assert (index == expected).all()
    np.testing.assert_allclose(distance, expected_distance, rtol=1e-6)


@pytest.mark.parametrize("cached", [True, False])
def test_by_the_critic_as_a_tree_finds_them_in_its_features(cached: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "MAX_CACHED_BYTES", 130 * 7 * 4 - (not cached))
    pool, queries, critic = images(130, 0), images(37, 1), mlp()
    weights = [(layer.weight.detach().numpy(), layer.bias.detach().numpy()) for layer in (linear_layer(critic, 0), linear_layer(critic, 2))]

    def features(pixels: torch.Tensor) -> np.ndarray:
        x = pixels.numpy().reshape(len(pixels), -1) / 127.5 - 1
        for weight, bias in weights:
            x = x @ weight.T + bias
            x = np.where(x > 0, x, 0.2 * x)
        return x

    finder = Neighbours(ImageDataset("random", pool), critic)
    expected, expected_distance = by_tree(features(pool), features(queries), 4)
    for _ in range(2):  # the second time from the cache
        index, distance = finder.nearest(queries, 4, "critic")
        assert (index == expected).all()
        np.testing.assert_allclose(distance, expected_distance, rtol=1e-4)
    assert (finder._features is not None) == cached
    assert not (expected == finder.nearest(queries, 4)[0]).all()


@pytest.mark.parametrize("norm", ["none", "layer", "batch"])
def test_the_score_is_the_last_layer_of_the_features(norm: str) -> None:
    torch.manual_seed(1)
    for critic, shape in ((mlp(norm=norm), (1, 5, 5)), (DCGANCritic((3, 32, 32), 4, 0.2, norm).eval(), (3, 32, 32))):
        x = to_unit_range(images(6, 2, shape))
        features, last = critic_features(critic, x), critic.layers[-1]
        assert features.ndim == 2 and (features < 0).any() and not features.requires_grad  # after the LeakyReLU, and without a graph
        assert isinstance(last, nn.Linear | nn.Conv2d)
        score = functional.linear(features, last.weight.flatten(1), last.bias)
        torch.testing.assert_close(score, critic(x))


def test_of_equals_the_first_comes_first_and_copies_have_distance_0() -> None:
    pool = images(60, 4)
    pool[[50, 12, 33]] = pool[7].clone()
    finder = Neighbours(ImageDataset("copies", pool), mlp())
    index, distance = finder.nearest(pool[7:8], 5)
    assert index[0, :4].tolist() == [7, 12, 33, 50]
    assert (distance[0, :4] == 0).all() and distance[0, 4] > 0.01
    index, distance = finder.nearest(pool[7:8], 5, "critic")  # equal up to the rounding of another batch size
    assert {*index[0, :4].tolist()} == {7, 12, 33, 50}
    assert distance[0, :4].max() < 1e-5 and distance[0, 4] > 0.001


def test_images_that_are_nearly_equal_are_told_apart() -> None:
    # Bright images that differ by one level in one pixel each: far below what float32 keeps of the square of their length.
    pool = torch.full((9, 3, 32, 32), 250, dtype=torch.uint8)
    for row in range(9):
        pool[row, 0, 0, : 9 - row] -= 1
    index, distance = Neighbours(ImageDataset("bright", pool)).nearest(torch.full((1, 3, 32, 32), 250, dtype=torch.uint8), 3)
    assert index[0].tolist() == [8, 7, 6]
    np.testing.assert_allclose(distance[0], np.sqrt([1, 2, 3]) / 127.5, rtol=1e-4)


@pytest.mark.parametrize("by", ["pixels", "critic"])
def test_typical_is_the_median_to_the_nearest_other(by: By, monkeypatch: pytest.MonkeyPatch) -> None:
    pool, critic = images(90, 5), mlp()
    pool[3] = pool[80]
    rows = pool.numpy().reshape(90, -1) / 127.5 - 1 if by == "pixels" else critic_features(critic, to_unit_range(pool)).numpy()
    finder = Neighbours(ImageDataset("random", pool), critic)
    nearest_other = by_tree(rows, rows, 2)[1][:, 1]
    assert nearest_other.min() == 0
    assert finder.typical(by) == pytest.approx(np.median(nearest_other), rel=1e-5)
    monkeypatch.setattr(finder, "nearest", lambda *args: pytest.fail("computed again"))
    assert finder.typical(by) == pytest.approx(np.median(nearest_other), rel=1e-5)


def test_typical_looks_at_a_sample_that_is_always_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "TYPICAL_SAMPLE", 11)
    pool = images(90, 6)
    first, again = (Neighbours(ImageDataset("random", pool)) for _ in range(2))
    torch.manual_seed(99)
    assert first.typical() == again.typical()
    rows = pool.numpy().reshape(90, -1) / 127.5 - 1
    every = np.sort(by_tree(rows, rows, 2)[1][:, 1])
    assert np.isclose(every, first.typical()).any() and first.typical() != pytest.approx(np.median(every))  # 11 images: one of them


def test_data_of_copies_only_have_typical_distance_0() -> None:
    assert Neighbours(ImageDataset("one", images(1, 7).repeat(30, 1, 1, 1))).typical() == 0


def test_what_cannot_be_asked_is_refused_in_words() -> None:
    finder = Neighbours(ImageDataset("random", images(20, 8)))
    for k in (0, 21):
        with pytest.raises(ValueError, match="between 1 and 20"):
            finder.nearest(images(2, 9), k)
    for wrong in (images(2, 9).float(), images(2, 9, (1, 6, 6)), images(2, 9)[0]):
        with pytest.raises(ValueError, match="uint8 of shape 1 × 5 × 5"):
            finder.nearest(wrong)
    with pytest.raises(ValueError, match="Without a critic"):
        finder.typical("critic")
    with pytest.raises(ValueError, match="eval mode"):
        Neighbours(ImageDataset("random", images(20, 8)), mlp().train())
    with pytest.raises(ValueError, match="at least two"):
        Neighbours(ImageDataset("random", images(1, 8))).typical()
    index, distance = finder.nearest(images(0, 9))
    assert index.shape == distance.shape == (0, 5)
