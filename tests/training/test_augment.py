"""Augmentation against loops over pixels, what it leaves alone, and what of the training sees it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from wgan_core.config import ConfigError, TrainConfig, parse_config
from wgan_core.data.dataset import ImageDataset
from wgan_core.training.augment import CHANGES, NUMBERS, Augmentation, augmented
from wgan_core.training.crew import Crew
from wgan_core.training.packing import Taken
from wgan_core.training.trainer import Trainer

SMALL = TrainConfig(
    image_size=8, latent_dim=5, generator_widths=(12,), critic_widths=(10, 6), batch_size=6, n_critic=3, device="cpu", augment="all"
)
RECIPES: dict[str, dict[str, Any]] = {
    "clip": {},
    "penalty": {"lipschitz": "gradient-penalty", "optimizer": "adam"},
    "autograd": {"critic_norm": "layer", "objective": "non-saturating", "lipschitz": "gradient-penalty"},
    "dcgan": {"architecture": "dcgan", "dcgan_width": 4, "augment": "translation-cutout"},
}


def by_loops(images: NDArray[np.float64], numbers: NDArray[np.float64], changes: tuple[str, ...]) -> NDArray[np.float64]:
    """Pixel by pixel, after the paper's own code: DiffAugment_pytorch.py, at its amounts 1/8 and 1/2."""
    result = images.copy()
    count, channels, side, _ = images.shape
    for n in range(count):
        brightness, saturation, contrast, down, across, covered_down, covered_across = numbers[n]
        if "colour" in changes:
            result[n] += brightness - 0.5
            if channels == 3:
                for place in np.ndindex(side, side):
                    pixel = result[n][:, place[0], place[1]]
                    grey = pixel.sum() / 3
                    result[n][:, place[0], place[1]] = grey + 2 * saturation * (pixel - grey)
            mean = result[n].sum() / result[n].size
            result[n] = mean + (0.5 + contrast) * (result[n] - mean)
        if "translation" in changes:
            most = math.floor(side / 8 + 0.5)
            by = [math.floor(number * (2 * most + 1)) - most for number in (down, across)]
            before = result[n].copy()
            for row, column in np.ndindex(side, side):
                from_row, from_column = row + by[0], column + by[1]
                inside = 0 <= from_row < side and 0 <= from_column < side
                result[n][:, row, column] = before[:, from_row, from_column] if inside else 0
        if "cutout" in changes:
            size = math.floor(side / 2 + 0.5)
            middle = [math.floor(number * (side + 1 - size % 2)) for number in (covered_down, covered_across)]
            for step_down, step_across in np.ndindex(size, size):
                row, column = (
                    min(max(at - size // 2 + step, 0), side - 1) for at, step in zip(middle, (step_down, step_across), strict=True)
                )
                result[n][:, row, column] = 0
    return result


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [8, 13, 28])
@pytest.mark.parametrize("policy", ["colour", "translation", "cutout", "translation-cutout", "all"])
def test_every_pixel_is_that_of_the_formula(policy: str, side: int, channels: int) -> None:
    rng = np.random.default_rng(side + channels)
    images, numbers = rng.uniform(-1, 1, (12, channels, side, side)), rng.uniform(0, 1, (12, NUMBERS))
    numbers[0], numbers[1] = 0, np.nextafter(np.float32(1), np.float32(0))  # the ends
    found = augmented(torch.from_numpy(images), torch.from_numpy(numbers).float(), CHANGES[policy])
    assert found.numpy() == pytest.approx(by_loops(images, numbers.astype(np.float32).astype(float), CHANGES[policy]), abs=2e-6)


def test_gradients_reach_the_images_where_they_are_seen() -> None:
    """By finite differences: nothing below what is covered or shifted out, everything else as it is."""
    rng = torch.Generator().manual_seed(0)
    images, numbers = torch.rand(3, 3, 6, 6, generator=rng), torch.rand(3, NUMBERS, generator=rng)
    weights = torch.rand(3, 3, 6, 6, generator=rng)
    images.requires_grad_()
    (gradient,) = torch.autograd.grad((augmented(images, numbers, CHANGES["all"]) * weights).sum(), images)
    with torch.no_grad():
        for place in ((0, 0, 0, 0), (1, 2, 3, 3), (2, 1, 5, 2), (2, 0, 1, 4)):
            step = torch.zeros_like(images)
            step[place] = 0.25
            difference = augmented(images + step, numbers, CHANGES["all"]) - augmented(images - step, numbers, CHANGES["all"])
            assert float((difference * weights).sum()) / 0.5 == pytest.approx(float(gradient[place]), abs=1e-5)


def data(count: int = 20) -> ImageDataset:
    rng = torch.Generator().manual_seed(0)
    return ImageDataset("random", torch.randint(0, 256, (count, 1, 8, 8), dtype=torch.uint8, generator=rng))


def bits(trainer: Trainer) -> list[Tensor]:
    return [tensor.clone() for part in ("generator", "critic") for tensor in trainer.state_dict()[part].values()]


def train(trainer: Trainer, steps: int) -> Trainer:
    for _ in range(steps):
        trainer.train_step()
    return trainer


@pytest.mark.parametrize("name", RECIPES)
def test_threads_and_resuming_leave_the_bits(name: str) -> None:
    config = SMALL.replace(**RECIPES[name])
    whole = bits(train(Trainer(config, data()), 8))
    for threads in (2, 3):
        other = bits(train(Trainer(config, data(), crew=Crew(threads)), 8))
        assert all(torch.equal(a, b) for a, b in zip(whole, other, strict=True)), threads
    half, resumed = train(Trainer(config, data()), 5), Trainer(config, data())
    resumed.load_state_dict({part: {key: value.clone() for key, value in state.items()} for part, state in half.state_dict().items()})
    assert all(torch.equal(a, b) for a, b in zip(whole, bits(train(resumed, 3)), strict=True))


def test_another_seed_and_another_step_give_other_changes() -> None:
    trainer, other = Trainer(SMALL, data()), Trainer(SMALL.replace(seed=1), data())
    first, second = trainer._augmentation._numbers(1), trainer._augmentation._numbers(2)
    assert first.shape == (3, SMALL.batch_size, NUMBERS) and not torch.equal(first, second)
    assert not (first == other._augmentation._numbers(1)).any() and not (first[0] == first[1]).any()


def test_real_and_generated_images_are_changed_otherwise() -> None:
    """As the method asks for: the same images come out different as real ones and as generated ones."""
    images = torch.rand(SMALL.batch_size, 1, 8, 8, generator=torch.Generator().manual_seed(3))
    real, fake = Augmentation(SMALL, torch.device("cpu"), None).of_step(lambda: images, Taken(lambda: images, lambda: None), 1)
    assert not torch.equal(real(), fake.images())


def test_critic_and_generator_see_changed_images_and_the_saved_ones_are_not() -> None:
    """Networks whose inputs are noted: no row of the data among what the critic got, and its generated images changed too."""
    trainer, seen = Trainer(SMALL.replace(critic_norm="layer", n_critic=1), data()), []
    trainer.critic.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach().clone()))
    trainer.train_step()
    real = trainer.data.float() / 127.5 - 1
    assert len(seen) == 3  # generated, real, and those of the generator's update
    for batch in seen:
        assert (torch.cdist(batch.flatten(1), real.flatten(1)) > 1e-3).all()
    covered = seen[2] == 0  # a square of four pixels a side, unless it lies beyond the edge
    assert (covered.sum((1, 2, 3)) >= 4).all()
    z = trainer.draw_noise(3)
    assert torch.equal(trainer.sample(z), trainer.generator.eval()(z))


def test_the_extra_updates_of_the_lag_are_augmented_with_other_numbers() -> None:
    trainer, seen = Trainer(SMALL.replace(critic_norm="layer"), data()), []
    trainer.critic.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach().clone()))
    real, z = trainer.next_batch(), trainer.draw_noise(SMALL.batch_size)
    for _ in range(2):
        trainer.critic_step(real, z)
    assert len(seen) == 4 and not torch.equal(seen[1], seen[3])


def test_points_are_not_augmented() -> None:
    with pytest.raises(ConfigError, match=r"^augment must be none for the points of ring, not cutout: only images can be augmented\.$"):
        parse_config({"dataset": "ring", "augment": "cutout"})
