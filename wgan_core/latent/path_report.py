"""Measurements along a path between latents: the critic's score, and the change of the picture from frame to frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wgan_core.latent.saved import SavedNetworks
from wgan_core.latent.vectors import Latents


@dataclass(frozen=True)
class PathReport:
    """Measurements at n frames along a path."""

    scores: NDArray[np.float32]
    """The critic's scores, [n]. Their level means nothing."""
    change: NDArray[np.float64]
    """Euclidean distance of each frame from the one before it, with pixels in [-1, 1], [n]. The first is nan or, in a loop, the distance
    from the last frame."""


def path_report(networks: SavedNetworks, latents: Latents, *, loop: bool = False) -> PathReport:
    """Measurements along the path through `latents` [n, latent_dim]."""
    samples = networks.samples(latents).reshape(len(latents), -1).astype(np.float64)
    before = np.roll(samples, 1, axis=0)
    change = np.linalg.norm(samples - before, axis=1)
    if not loop:
        change[0] = np.nan
    return PathReport(networks.scores(latents), change)
