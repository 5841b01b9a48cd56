"""Critics and discriminators trained between two fixed distributions, with the same engine that trains a WGAN."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn

from wgan_core.config import TrainConfig
from wgan_core.data.dataset import Dataset
from wgan_core.paper.result import Progress
from wgan_core.training.models import MLPGenerator
from wgan_core.training.trainer import Trainer

Draw = Callable[[torch.Generator], tuple[Tensor, Tensor]]
"""Draws a batch of real points and one of generated points, each float32 [batch, d], with the given random numbers."""

BASE = TrainConfig(
    dataset="8-gaussians",  # only says that the samples are points
    generator_widths=(1,),
    generator_norm="none",
    leaky_slope=0.0,
    latent_dim=2,
    device="cpu",
    threads=1,
    max_steps=1_000_000,
)
"""The settings that the experiments in the plane have in common."""


def pair_trainer(config: TrainConfig, dimension: int) -> Trainer:
    """A trainer whose "latents" are the generated points [batch, dimension] themselves. So `critic_step(real, fake)` is that of the
    engine."""
    trainer = Trainer(config, Dataset("given", torch.zeros(config.batch_size, dimension)))
    trainer.generator = cast(MLPGenerator, nn.Identity())
    return trainer


def train_critic(config: TrainConfig, draw: Draw, updates: int, progress: Progress) -> nn.Module:
    """Train a critic with `config` between two fixed distributions. Returns a frozen float64 copy."""
    rng = torch.Generator().manual_seed(config.seed)
    trainer = pair_trainer(config, draw(rng)[0].shape[1])
    for update in range(updates):
        trainer.critic_step(*draw(rng))
        progress.report((update + 1) / updates)
    return frozen(trainer.critic)


def frozen(network: nn.Module) -> nn.Module:
    """A copy in float64 that nothing trains."""
    return copy.deepcopy(network).double().eval().requires_grad_(False)


def train_discriminator(config: TrainConfig, draw: Draw, updates: int, progress: Progress, rate: float = 1e-3) -> nn.Module:
    """Train the discriminator of a GAN (Goodfellow et al. 2014) between two fixed distributions. Returns a frozen float64 copy.

    It has the critic's layers, and σ of its output is the probability of being real. Trained with Adam on the binary cross-entropy.
    """
    adam = {"optimizer": "adam", "adam_beta1": 0.9, "adam_beta2": 0.999, "critic_lr": rate}
    return train_critic(config.replace(objective="non-saturating", lipschitz="none", **adam), draw, updates, progress)
