"""All parameters of a network in one tensor, and all its gradients in another: an optimiser's step, a clip or an all-reduce is then a few
calls on two long vectors instead of many on small ones."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_ALIGNED = 16
"""Each parameter begins at a multiple of this many numbers (64 bytes), as it would by itself: matrix products depend on that for speed."""


class FlatParameters:
    """The parameters of `network`, moved into one vector that they are views of from then on.

    Autograd adds to the gradients in place, so they have to be zeroed before each backward pass; `gradient.zero_()` does it for all.
    """

    def __init__(self, network: nn.Module) -> None:
        self._parameters = list(network.parameters())
        self.shapes = [parameter.shape for parameter in self._parameters]
        first = self._parameters[0]
        length = sum(_room(shape) for shape in self.shapes)
        self.vector = nn.Parameter(torch.zeros(length, dtype=first.dtype, device=first.device))
        """Every parameter, float [length]; between them lie up to 15 zeros."""
        self.gradient = torch.zeros_like(self.vector)
        """The same for the gradients; it is `vector.grad`."""
        self.vector.grad = self.gradient
        for parameter, place, gradient in zip(self._parameters, self.views(self.vector.data), self.views(self.gradient), strict=True):
            place.copy_(parameter.data)
            parameter.data = place
            parameter.grad = gradient

    def views(self, vector: Tensor) -> list[Tensor]:
        """The parts of a `vector` [length] that belong to each parameter, in its shape."""
        parts: list[Tensor] = []
        start = 0
        for shape in self.shapes:
            parts.append(vector[start : start + shape.numel()].view(shape))
            start += _room(shape)
        return parts

    def join(self, parts: list[Tensor]) -> Tensor:
        """The inverse of `views`: one vector [length] of tensors shaped like the parameters."""
        vector = torch.zeros_like(self.vector.data)
        for place, part in zip(self.views(vector), parts, strict=True):
            place.copy_(part)
        return vector


def _room(shape: torch.Size) -> int:
    return -(-shape.numel() // _ALIGNED) * _ALIGNED
