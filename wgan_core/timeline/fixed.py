"""What the networks make of a run's fixed latents: the same ones at every step."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wgan_core.data import toy
from wgan_core.data.dataset import network_input, to_uint8
from wgan_core.figures.images import Pixels
from wgan_core.latent.seeds import fixed_latents
from wgan_core.training.trainer import Trainer

GRID = 64
"""Number of images in the sample grid."""
SCATTER = 512
"""Number of points in the sample scatter plot."""


def fixed_samples(trainer: Trainer, *, averaged: bool = False) -> Tensor:
    """Samples of the run's fixed latents, from the generator or the averaged generator, with BatchNorm in eval mode: images [64, c, h,
    w] or points [512, 2]."""
    return trainer.sample(fixed_latents(trainer.config.seed, _how_many(trainer), trainer.config.latent_dim), averaged=averaged)


def fixed_real(trainer: Trainer) -> Tensor:
    """As many real images, in [-1, 1], or points (all, if there are fewer). They are the same at every step."""
    order = torch.randperm(len(trainer.data), generator=torch.Generator().manual_seed(trainer.config.seed))
    return network_input(trainer.data[order[: _how_many(trainer)].to(trainer.device)])


def _how_many(trainer: Trainer) -> int:
    return SCATTER if trainer.data.ndim == 2 else GRID


def as_shown(samples: Tensor) -> Pixels | NDArray[np.float32]:
    """Images or points in the form in which pages get them, see `as_pixels` and `as_points`."""
    return as_points(samples) if samples.ndim == 2 else as_pixels(samples)


def as_pixels(samples: Tensor) -> Pixels:
    """Images [n, c, h, w] in [-1, 1] as read-only uint8 [n, h, w, c]."""
    pixels = to_uint8(samples).permute(0, 2, 3, 1).contiguous().cpu().numpy()
    pixels.flags.writeable = False
    return pixels


def as_points(samples: Tensor) -> toy.Points:
    """Points [n, 2] as a read-only float32 array."""
    points = samples.float().cpu().numpy()
    points.flags.writeable = False
    return points
