"""What makes it a Wasserstein GAN: the estimate, and what keeps the critic Lipschitz.

One sign everywhere: Wasserstein estimate = E f(real) - E f(fake); larger means farther apart (1701.07875, equation 2).
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor


def wasserstein_estimate(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """E f(real) - E f(fake) of critic scores [batch, 1], as a 0-dim tensor. The critic ascends it; it is W1 only up to the critic's
    Lipschitz constant."""
    return real_scores.mean() - fake_scores.mean()


def generator_loss(fake_scores: Tensor) -> Tensor:
    """-E f(G(z)), 0-dim. Its level means nothing: f may be shifted by any constant."""
    return -fake_scores.mean()


@torch.no_grad()
def clip_weights(parameters: Iterable[Tensor], clip_value: float) -> None:
    """Clamp every parameter to [-clip_value, clip_value] in place (1701.07875, algorithm 1, line 7)."""
    for parameter in parameters:
        parameter.clamp_(-clip_value, clip_value)
