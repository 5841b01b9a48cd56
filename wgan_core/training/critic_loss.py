"""What makes it a Wasserstein GAN: the estimate, and what keeps the critic Lipschitz.

One sign everywhere: Wasserstein estimate = E f(real) - E f(fake); larger means farther apart (1701.07875, equation 2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

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


def gradient_penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, alpha: Tensor) -> Tensor:
    """Mean of (‖∇f(x̂)‖₂ − 1)² over x̂ = alpha · real + (1 − alpha) · fake, 0-dim, with a graph (1704.00028, algorithm 1 and section 4).

    Args:
        critic: scores images [batch, 1]; each score must depend on its own image alone, so no BatchNorm.
        real, fake: images [batch, ...] of equal shape.
        alpha: uniform on [0, 1], one for each sample, [batch, 1, 1, ...].
    """
    between = (alpha * real + (1 - alpha) * fake).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    return (slope_norm(gradient) - 1).square().mean()


def slope_norm(gradient: Tensor) -> Tensor:
    """‖∇f‖₂ of each of the gradients [batch, ...], [batch]."""
    # Without the small number the square root has an infinite slope where the gradient vanishes.
    return (gradient.flatten(1).square().sum(1) + 1e-12).sqrt()
