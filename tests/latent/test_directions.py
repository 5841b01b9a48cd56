"""Directions against closed forms: linear generators whose components are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.networks import BASE, linear_layer, networks
from wgan_core.latent import directions
from wgan_core.latent.directions import Direction
from wgan_core.latent.saved import SavedNetworks
from wgan_core.store.folder import RunFolder, StoreError

RNG = np.random.default_rng(4)


def linear(matrix: np.ndarray) -> SavedNetworks:
    """x = matrix @ z as an MLP generator: slope 1 makes LeakyReLU the identity, and the last layer is the unit matrix."""
    size = len(matrix)
    side = int(np.sqrt(size))
    saved = networks(
        (1, side, side),
        generator_widths=(size,),
        generator_norm="none",
        leaky_slope=1.0,
        generator_output="linear",
        latent_dim=matrix.shape[1],
    )
    with torch.no_grad():
        for index, weight in ((0, torch.from_numpy(matrix).float()), (2, torch.eye(size))):
            layer = linear_layer(saved.generator, index)
            layer.weight.copy_(weight)
            layer.bias.zero_()
    return saved


@pytest.mark.parametrize("find", [directions.of_activations, directions.of_images])
def test_of_a_linear_generator_they_are_its_singular_vectors(find) -> None:
    left, _ = np.linalg.qr(RNG.standard_normal((16, 5)))
    right, _ = np.linalg.qr(RNG.standard_normal((5, 5)))
    found = find(linear(left @ np.diag([9.0, 5, 3, 2, 1]) @ right.T), 3, samples=6000)
    assert len(found) == 3
    for number, one in enumerate(found):
        assert abs(one.vector @ right[:, number]) == pytest.approx(1, abs=0.02)
        assert np.linalg.norm(one.vector) == pytest.approx(1, abs=1e-5) and one.sd == pytest.approx(1, abs=0.05)
    assert "68% of their variance" in found[0].note  # 81 of 120, give or take the sample


def test_a_step_along_one_moves_the_picture_as_far_as_its_component_varies() -> None:
    """A network that is not linear: along a component of its images, found here by SVD, a step of sd goes as far as images lie apart."""
    saved = networks(generator_output="linear")
    z = np.random.default_rng(9).standard_normal((2000, 7)).astype(np.float32)
    pictures = saved.samples(z).reshape(2000, -1)
    _, _, components = np.linalg.svd(pictures - pictures.mean(0), full_matrices=False)
    for one, component in zip(directions.of_images(saved, 3), components, strict=False):
        moved = (saved.samples((z + one.sd * one.vector).astype(np.float32)).reshape(2000, -1) - pictures) @ component
        assert abs(moved.mean()) == pytest.approx((pictures @ component).std(), rel=0.3)


def test_classes_by_the_sign_of_one_number() -> None:
    saved = linear(np.eye(9))

    def classify(images: torch.Tensor) -> torch.Tensor:
        third = images.flatten(1)[:, 3]
        return torch.stack([(third <= 0).float(), (third > 0).float() * 2, torch.zeros(len(images))], dim=1)

    found = directions.of_classes(saved, classify, ("low", "high", "never"))
    assert [one.name for one in found] == ["more low", "more high"]
    assert found[1].vector[3] > 0.99 and found[0].vector[3] < -0.99
    assert "of 4096 random images, whose halves agree to 0.9" in found[0].note


def test_a_class_by_chance_gives_no_direction() -> None:
    labels = torch.from_numpy(RNG.integers(0, 40, 4096))
    found = directions.of_classes(
        linear(np.eye(100)), lambda images: torch.nn.functional.one_hot(labels, 40).float(), [str(number) for number in range(40)]
    )
    assert found == ()  # each of some 100 latents, whose mean has a length of 1 by chance alone


def test_random_ones_are_the_same_for_the_same_seed() -> None:
    assert np.array_equal(directions.random_direction(30, 5).vector, directions.random_direction(30, 5).vector)
    assert abs(directions.random_direction(30, 5).vector @ directions.random_direction(30, 6).vector) < 0.9


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "run", BASE, dataset={"shape": [1, 8, 8]})


def unit(index: int) -> np.ndarray:
    return np.eye(7, dtype=np.float32)[index]


def test_named_directions_stay_with_the_run(folder: RunFolder) -> None:
    assert directions.saved_directions(folder) == ()
    first = Direction("smile", RNG.standard_normal(7).astype(np.float32), 1.5, "found by hand", 1200)
    directions.save_direction(folder, first)
    directions.save_direction(folder, Direction("tilt", unit(2)))
    one, _ = directions.saved_directions(RunFolder.open(folder.path))
    assert np.array_equal(one.vector, first.vector) and (one.name, one.sd, one.note, one.step) == ("smile", 1.5, "found by hand", 1200)
    directions.save_direction(folder, Direction(" smile ", unit(1)))
    assert [one.name for one in directions.saved_directions(folder)] == ["tilt", "smile"]
    assert np.array_equal(directions.saved_directions(folder)[1].vector, unit(1))
    directions.delete_direction(folder, "tilt")
    directions.delete_direction(folder, "never there")
    assert [one.name for one in directions.saved_directions(folder)] == ["smile"]


@pytest.mark.parametrize("name", ["", "   ", "a" * 41, "two\nlines", "a,b"])
def test_names_that_cannot_be(folder: RunFolder, name: str) -> None:
    with pytest.raises(StoreError, match="A direction's name has 1 to 40 letters"):
        directions.save_direction(folder, Direction(name, unit(0)))


@pytest.mark.parametrize(
    "text", ["{", "[1]", "{}x", '[{"name": "a", "vector": [1, 2], "sd": 1, "note": "", "step": 0}]', '[{"name": "a"}]']
)
def test_a_damaged_file_is_a_sentence(folder: RunFolder, text: str) -> None:
    (folder.path / directions.FILE).write_text(text)
    with pytest.raises(StoreError, match=r"directions.json is damaged: repair or delete it."):
        directions.saved_directions(folder)


def test_truncation_makes_alike() -> None:
    saved = linear(np.eye(9))
    assert directions.diversity(saved, 1.0) == 1.0
    assert directions.diversity(saved, 0.5) == pytest.approx(0.5, abs=1e-6)  # of a linear generator just as much
    assert directions.diversity(saved, 0.0) == 0.0
