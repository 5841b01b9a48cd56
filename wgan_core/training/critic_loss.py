"""The Lipschitz methods: what keeps the critic from becoming arbitrarily steep."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from wgan_core.training.penalties import PENALTIES, Penalty


@torch.no_grad()
def clip_weights(parameters: Iterable[Tensor], clip_value: float | Tensor) -> None:
    """Clamp every parameter to [-clip_value, clip_value] in place (1701.07875, algorithm 1, line 7)."""
    for parameter in parameters:
        clamp(parameter, clip_value)


def clamp(x: Tensor, limit: float | Tensor) -> None:
    """Clamp all numbers of `x` to [-limit, limit] in place."""
    x.clamp_(-limit, limit)  # pyright: ignore[reportArgumentType, reportCallIssue]  # both numbers or both tensors


def gradient_penalty(
    critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, alpha: Tensor, penalty: Penalty = PENALTIES["gradient-penalty"]
) -> Tensor:
    """Mean of the penalty on ‖∇f(x̂)‖₂ over x̂ = alpha · real + (1 − alpha) · fake, 0-dim, with a graph; by default of (‖∇f(x̂)‖₂ − 1)²
    (1704.00028, algorithm 1 and section 4).

    Args:
        critic: gives images a score [batch, 1]. Each score must depend only on its own image, so BatchNorm is not allowed.
        real, fake: images [batch, ...] of the same shape.
        alpha: uniform on [0, 1], one number per sample, [batch, 1, 1, ...]; all 1 for a penalty at the real images.
    """
    points = between(real, fake, alpha).requires_grad_()
    (gradient,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
    return penalty.of_slope(slope_norm(gradient)).mean()


def between(real: Tensor, fake: Tensor, alpha: Tensor) -> Tensor:
    """The points alpha · real + (1 − alpha) · fake."""
    return alpha * real + (1 - alpha) * fake


def slope_norm(gradient: Tensor) -> Tensor:
    """‖∇f‖₂ of each of the gradients [batch, ...], returned as [batch]."""
    # Without the small number, the square root would have an infinite slope where the gradient is 0.
    return (gradient.flatten(1).square().sum(1) + 1e-12).sqrt()
