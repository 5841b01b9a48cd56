"""Latents that depend only on a seed: the same at every step, in every process, on every page."""

from __future__ import annotations

import functools

import torch
from torch import Tensor


@functools.lru_cache(maxsize=8)
def fixed_latents(seed: int, count: int, latent_dim: int) -> Tensor:
    """Latents [count, latent_dim] ~ N(0, I), on the CPU, that depend only on `seed`. A larger `count` starts with the same rows."""
    return torch.stack([torch.randn(latent_dim, generator=torch.Generator().manual_seed(latent_seed(seed, row))) for row in range(count)])


def latent_seed(seed: int, row: int) -> int:
    """The seed of a single latent. Row 0 of seed s has the seed s itself, so that one number can name a latent seen in a grid."""
    return (seed + row) % 2**63
