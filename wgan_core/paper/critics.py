"""Critics and discriminators trained between two fixed distributions, with the same engine that trains a WGAN."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from wgan_core.config import TrainConfig
from wgan_core.data.dataset import Dataset
from wgan_core.paper.result import Progress
from wgan_core.training.models import MLPGenerator, build_critic, initialise
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
    rng = torch.Generator().manual_seed(config.seed)
    discriminator = build_critic(config, (draw(rng)[0].shape[1],))
    initialise(discriminator, config.weight_init, rng)
    optimizer = torch.optim.Adam(discriminator.parameters(), lr=rate)
    for update in range(updates):
        real, fake = draw(rng)
        optimizer.zero_grad()
        cross_entropy(discriminator(real), discriminator(fake)).backward()
        optimizer.step()
        progress.report((update + 1) / updates)
    return frozen(discriminator)


def cross_entropy(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """−E log D(real) − E log(1 − D(fake)) with D = σ(logit), 0-dim. This is the sum of both halves, not their mean."""
    return functional.softplus(-real_logits).mean() + functional.softplus(fake_logits).mean()


def js_bound(cross_entropy_sum: float) -> float:
    """The lower bound on the Jensen-Shannon divergence that a discriminator proves: log 2 − (sum of both cross-entropies) / 2. The best
    discriminator reaches it (Goodfellow et al. 2014, theorem 1)."""
    return math.log(2) - cross_entropy_sum / 2
