"""Latents that a seed alone decides: the same at every step, in every process, on every page."""

from __future__ import annotations

import functools

import torch
from torch import Tensor


@functools.lru_cache(maxsize=8)
def fixed_latents(seed: int, count: int, latent_dim: int) -> Tensor:
    """Latents [count, latent_dim] ~ N(0, I) that depend on `seed` alone, on the CPU. A larger `count` begins with the same rows."""
    return torch.stack([torch.randn(latent_dim, generator=torch.Generator().manual_seed(latent_seed(seed, row))) for row in range(count)])


def latent_seed(seed: int, row: int) -> int:
    """Seeds for single latents: row 0 of seed s is s itself, so that a latent seen in a grid can be named by one number."""
    return (seed + row) % 2**63
