"""What happens along a way between latents: the critic's score, and how much the picture changes from frame to frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wgan_core.latent.saved import SavedNetworks
from wgan_core.latent.vectors import Latents


@dataclass(frozen=True)
class PathReport:
    """Along n frames."""

    scores: NDArray[np.float32]
    """The critic's, [n]. Their level means nothing."""
    change: NDArray[np.float64]
    """Euclidean distance of each frame to the one before it, pixels in [-1, 1], [n]; nan for the first, or to the last frame of a loop."""


def path_report(networks: SavedNetworks, latents: Latents, *, loop: bool = False) -> PathReport:
    """Of the way along `latents` [n, latent_dim]."""
    samples = networks.samples(latents).reshape(len(latents), -1).astype(np.float64)
    before = np.roll(samples, 1, axis=0)
    change = np.linalg.norm(samples - before, axis=1)
    if not loop:
        change[0] = np.nan
    return PathReport(networks.scores(latents), change)
