"""Latents found again: against latents that are known, least squares, and the length of typical latents."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.optimize
import torch

from tests.networks import linear_layer
from wgan_core.latent import inversion
from wgan_core.latent.inversion import Inversion, invert, invert_many, memorisation
from wgan_core.latent.saved import SavedNetworks
from wgan_core.training.models import MLPCritic, MLPGenerator, initialise

SHAPE = (1, 6, 6)
DIM = 6


def networks(*, slope: float = 0.2, norm: str = "batch", output: str = "tanh", shape: tuple[int, ...] = SHAPE) -> SavedNetworks:
    generator = MLPGenerator(DIM, shape, (24, 32), slope, 0.8, norm, output)
    rng = torch.Generator().manual_seed(3)
    initialise(generator, "pytorch", rng)
    with torch.no_grad():  # PyTorch's start makes images that are nearly grey
        linear_layer(generator, 0).weight.mul_(4)
        if norm == "batch":
            for _ in range(40):  # running statistics that are neither 0 nor 1
                generator(torch.randn(64, DIM, generator=rng))
    return SavedNetworks(generator, MLPCritic(shape, (8,), 0.2), DIM, 7)


def linear() -> tuple[SavedNetworks, np.ndarray, np.ndarray]:
    """A linear generator, its matrix [pixels, DIM] and its offset [pixels]."""
    made = networks(slope=1.0, norm="none", output="linear")
    offset = made.samples(np.zeros((1, DIM), np.float32)).reshape(-1).astype(np.float64)
    return made, made.samples(np.eye(DIM, dtype=np.float32)).reshape(DIM, -1).T - offset[:, None], offset


def latents(count: int, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((count, DIM)).astype(np.float32)


@pytest.mark.slow
def test_the_latent_of_a_generated_image_is_found_again() -> None:
    made, z = networks(), latents(3)
    assert made.samples(z).std() > 0.1  # else any latent would do
    for one, image in zip(z, made.samples(z), strict=True):
        found = invert(made, image, steps=300)
        assert found.error < 1e-3
        np.testing.assert_allclose(found.z, one, atol=0.02)
        # The error is that of the image which the latent gives.
        assert found.error == pytest.approx(math.sqrt(((made.samples(found.z[None])[0] - image) ** 2).mean()), abs=1e-6)


def test_a_linear_generator_is_inverted_as_by_least_squares() -> None:
    made, matrix, offset = linear()
    rng = np.random.default_rng(4)
    # Not an image that the generator makes; its solution lies within the shell.
    target = matrix @ latents(1)[0] + offset + 0.1 * rng.standard_normal(len(offset))
    solution = np.linalg.lstsq(matrix, target - offset)[0]
    assert abs(np.linalg.norm(solution) - math.sqrt(DIM)) < inversion.SHELL
    found = invert(made, target.reshape(SHAPE).astype(np.float32), steps=400)
    np.testing.assert_allclose(found.z, solution, atol=2e-3)
    assert found.error == pytest.approx(np.sqrt(((matrix @ solution + offset - target) ** 2).mean()), rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("length", [20.0, 0.05])
def test_a_latent_stays_near_the_lengths_that_the_generator_was_trained_on(length: float) -> None:
    made, matrix, offset = linear()
    far = latents(1)[0].astype(np.float64) / np.linalg.norm(latents(1)[0]) * length
    target = matrix @ far + offset

    def objective(z: np.ndarray) -> float:
        beyond = max(0, abs(np.linalg.norm(z) - math.sqrt(DIM)) - 1.5)
        return ((matrix @ z + offset - target) ** 2).mean() + 0.01 * beyond**2

    best = min((scipy.optimize.minimize(objective, start) for start in 3.0 * latents(20, 9).astype(np.float64)), key=lambda one: one.fun)
    found = invert(made, target.reshape(SHAPE).astype(np.float32), steps=600)
    np.testing.assert_allclose(found.z, best.x, rtol=1e-2, atol=1e-2)
    assert abs(np.linalg.norm(found.z) - length) > 0.25  # without the prior it would be that of `far`
    # What is reported is the error of the pixels, without the prior.
    assert found.error == pytest.approx(math.sqrt(((matrix @ found.z + offset - target) ** 2).mean()), rel=1e-3)


def test_steps_are_taken_as_asked_and_the_error_only_falls() -> None:
    made = networks()
    search = Inversion(made, made.samples(latents(1))[0], steps=25)
    shown = [search.advance(count) for count in (0, 1, 10, 10, 10, 10)]
    assert [one.step for one in shown] == [0, 1, 11, 21, 25, 25] and {one.of for one in shown} == {25}
    assert [one.done for one in shown] == [False] * 4 + [True] * 2
    errors = [one.error for one in shown]
    assert errors == sorted(errors, reverse=True) and errors[3] < 0.5 * errors[0]
    assert (shown[4].z == shown[5].z).all() and shown[0].z.dtype == np.float32 and shown[0].z.shape == (DIM,)
    assert not (shown[0].z == shown[4].z).all()  # what was shown is not changed later


def test_the_same_arguments_give_the_same_bits_however_the_steps_are_cut() -> None:
    made = networks()
    image = np.tanh(np.random.default_rng(2).standard_normal(SHAPE)).astype(np.float32)
    whole = invert(made, image, steps=30)
    search = Inversion(made, image, steps=30)
    while not (part := search.advance(7)).done:
        pass
    assert part.error == whole.error and (part.z == whole.z).all()
    assert (invert(made, image, steps=30).z == whole.z).all()
    assert not (invert(made, image, steps=30, seed=1).z == whole.z).all()


def test_starts_are_the_best_of_the_candidates() -> None:
    made = networks()
    image = made.samples(latents(1))[0]
    candidates = torch.randn(inversion.CANDIDATES, DIM, generator=torch.Generator().manual_seed(5)).numpy()
    best = np.sqrt(((made.samples(candidates) - image) ** 2).mean((1, 2, 3))).min()
    assert Inversion(made, image, seed=5).advance(0).error == pytest.approx(best, rel=1e-5)


def test_the_networks_stay_as_they_are() -> None:
    made = networks()
    before = {name: tensor.clone() for name, tensor in made.generator.state_dict().items()}
    with torch.no_grad():  # as a caller may be
        found = invert(made, made.samples(latents(1))[0], steps=20)
    assert found.step == 20
    after = made.generator.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(one.grad is None and one.requires_grad for one in made.generator.parameters())
    assert not made.generator.training


@pytest.mark.slow
def test_many_images_are_inverted_as_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inversion, "_IMAGES_AT_ONCE", 2)
    made = networks()
    images = made.samples(latents(5))
    seen: list[float] = []
    found = invert_many(made, images, steps=60, progress=seen.append)
    singly = [invert(made, image, steps=60) for image in images]
    np.testing.assert_allclose(found.errors, [one.error for one in singly], atol=1e-3)
    np.testing.assert_allclose(found.z, [one.z for one in singly], atol=1e-2)
    assert found.z.shape == (5, DIM)
    assert seen == sorted(seen) and seen[-1] == 1.0 and 0.03 < seen[0] < 0.05


def test_memorisation_compares_medians() -> None:
    report = memorisation([0.1, 0.2, 9.0], np.array([0.3, 0.5, 0.6, 0.7]))
    assert (report.train, report.heldout, report.ratio) == pytest.approx((0.2, 0.55, 2.75))
    assert memorisation([0.0], [0.1]).ratio == math.inf and math.isnan(memorisation([0.0], [0.0]).ratio)
    with pytest.raises(ValueError, match="at least one training image"):
        memorisation([0.1], [])


@pytest.mark.slow
def test_the_ratios_interval_is_the_bootstraps() -> None:
    rng = np.random.default_rng(0)
    train, heldout = rng.lognormal(0.0, 0.4, 60), rng.lognormal(0.3, 0.4, 80)
    ratios = [np.median(rng.choice(heldout, 80)) / np.median(rng.choice(train, 60)) for _ in range(4000)]
    found = memorisation(train, heldout)
    assert found.interval == pytest.approx(np.quantile(ratios, [0.025, 0.975]), rel=0.04)
    assert found.interval[0] < found.ratio < found.interval[1]
    assert np.isnan(memorisation([0.1], heldout).interval).all() and np.isnan(memorisation([0.0, 0.0], heldout).interval).all()


def test_what_cannot_be_inverted_is_refused_in_words() -> None:
    made, image = networks(), np.zeros(SHAPE, np.float32)
    with pytest.raises(ValueError, match="images of 1 × 6 × 6 .* 1 × 8 × 8 cannot"):
        Inversion(made, np.zeros((1, 8, 8), np.float32))
    with pytest.raises(ValueError, match="finite"):
        Inversion(made, image + np.nan)
    for wrong in ({"steps": 0}, {"starts": 0}, {"starts": 1025}):
        with pytest.raises(ValueError, match="1 to 1024 starts"):
            Inversion(made, image, **wrong)
    with pytest.raises(ValueError, match="makes points"):
        Inversion(networks(shape=(2,)), np.zeros(2, np.float32))
    with torch.no_grad():
        linear_layer(made.generator, 0).weight.fill_(math.nan)
    with pytest.raises(ValueError, match="earlier step"):
        Inversion(made, image)
