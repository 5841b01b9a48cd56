"""What settings mean for other code: which of them shape the networks, what the second network is called, and what its loss shows."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from wgan_core.config.fields import TrainConfig

OF_SHAPES = (
    "architecture",
    "dcgan_width",
    "generator_widths",
    "critic_widths",
    "latent_dim",
    "image_size",
    "generator_norm",
    "critic_norm",
)
"""Settings that decide which tensors the networks have. A saved state fits no other value of them."""

_Numbers = TypeVar("_Numbers", float, NDArray[np.float64])


def is_wasserstein(config: TrainConfig) -> bool:
    """Whether this is a WGAN, with a critic and a Wasserstein estimate; otherwise it is an ordinary GAN with a discriminator."""
    return config.objective == "wasserstein"


def critic_word(config: TrainConfig) -> str:
    """critic, or discriminator in an ordinary GAN."""
    return "critic" if is_wasserstein(config) else "discriminator"


def js_bound(cross_entropy_sum: _Numbers) -> _Numbers:
    """The lower bound on the Jensen-Shannon divergence, in nats, that a discriminator proves: log 2 − (sum of both cross-entropies) / 2.
    The best discriminator reaches it (Goodfellow et al. 2014, arXiv 1406.2661, theorem 1); log 2 is the most that there can be."""
    return math.log(2) - cross_entropy_sum / 2
