"""What the experiments on handwritten digits have in common: what is trained on, what is held out, and how good the samples are."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from wgan_core.config import PRESETS, TrainConfig
from wgan_core.data.dataset import Dataset
from wgan_core.data.load import load_dataset
from wgan_core.measures.coverage import Classifier, classifier_score, train_classifier
from wgan_core.measures.distances import sliced_w1, unit_directions
from wgan_core.measures.metrics import PROJECTIONS, as_measured, diversity
from wgan_core.training.trainer import Trainer

HELD_OUT = 497
"""Number of the 1,797 digits that nothing is trained on."""

DIGITS = PRESETS["quick-start"].replace(device="cpu", max_steps=1_000_000)
PENALISED = DIGITS.replace(lipschitz="gradient-penalty", optimizer="adam", critic_lr=5e-4, generator_lr=2e-4, n_critic=5)
"""A WGAN with the gradient penalty."""
ORDINARY_GAN: dict[str, Any] = {
    "objective": "non-saturating",
    "lipschitz": "none",
    "optimizer": "adam",
    "adam_beta1": 0.5,
    "adam_beta2": 0.999,
    "critic_lr": 2e-4,
    "generator_lr": 2e-4,
    "n_critic": 1,
}
"""A GAN with the loss −log D and the settings of the DCGAN paper (1511.06434), which both WGAN papers compare with."""


def halves(config: TrainConfig, held_out: int = HELD_OUT) -> tuple[Tensor, Tensor]:
    """Digits to train on and held-out ones, both uint8 [n, 1, side, side]. The same for every seed."""
    digits = load_dataset(config)
    order = torch.randperm(len(digits), generator=torch.Generator().manual_seed(1))
    return digits.data[order[held_out:]], digits.data[order[:held_out]]


def split(config: TrainConfig, held_out: int = HELD_OUT) -> tuple[Dataset, Tensor]:
    """The same as a data set, and in the form in which samples are measured."""
    training, new = halves(config, held_out)
    return Dataset("digits, 1,300 of them", training), as_measured(new)


def checkpoints(updates: int, count: int = 12) -> list[int]:
    """Checkpoints at equal ratios, the first after 1/27 of all updates."""
    return np.geomspace(updates / 27, updates, count).round().astype(int).tolist()


@cache
def classifier(size: int) -> Classifier:
    """Of all digits, `size` px: it only judges, and nothing is trained against it."""
    return train_classifier(load_dataset(DIGITS.replace(image_size=size)))


@dataclass(frozen=True)
class Judged:
    """How good 497 new samples are."""

    sliced: float
    """Sliced W1 to the held-out digits."""
    score: float
    """The classifier score: 1 (all alike, or nothing recognisable) to 10."""
    diversity: float
    """How much two samples differ, relative to two real digits: 0 if the generator makes one image only."""


def new_samples(trainer: Trainer) -> Tensor:
    """Samples in the form in which they are measured, as many as there are held-out digits, of the same latents each time."""
    z = torch.randn(HELD_OUT, trainer.config.latent_dim, generator=torch.Generator().manual_seed(trainer.config.seed + 1000))
    return as_measured(trainer.sample(z))


def judge(trainer: Trainer) -> Judged:
    """Judge the trainer's `new_samples`."""
    samples, (_, held_out) = new_samples(trainer), split(trainer.config)
    probabilities = classifier(trainer.config.image_size).probabilities(samples)
    directions = unit_directions(held_out[0].numel(), PROJECTIONS)
    return Judged(sliced_w1(samples, held_out, directions), classifier_score(probabilities), diversity(samples, held_out))
