"""All parameters of a network in one tensor, and all gradients in another. An optimiser step, a clip or an all-reduce then takes a few
calls on two long vectors instead of many calls on small ones."""

from __future__ import annotations

import torch
from torch import Tensor, nn

_ALIGNED = 16
"""Each parameter starts at a multiple of this many numbers (64 bytes), as it would on its own, because the speed of matrix products depends
on it."""


class FlatParameters:
    """The parameters of `network`, moved into one vector. From then on the parameters are views of it.

    Autograd adds to the gradients in place, so they have to be zeroed before each backward pass; `gradient.zero_()` does it for all of
    them.
    """

    def __init__(self, network: nn.Module) -> None:
        self._parameters = list(network.parameters())
        self.shapes = [parameter.shape for parameter in self._parameters]
        first = self._parameters[0]
        length = sum(_room(shape) for shape in self.shapes)
        self.vector = nn.Parameter(torch.zeros(length, dtype=first.dtype, device=first.device))
        """All parameters, float [length]. Between two of them there may be up to 15 zeros."""
        self.gradient = torch.zeros_like(self.vector)
        """All gradients in the same layout; it is `vector.grad`."""
        self.vector.grad = self.gradient
        for parameter, place, gradient in zip(self._parameters, self.views(self.vector.data), self.views(self.gradient), strict=True):
            place.copy_(parameter.data)
            parameter.data = place
            parameter.grad = gradient

    def views(self, vector: Tensor) -> list[Tensor]:
        """The parts of `vector` [length] that belong to each parameter, each in the parameter's shape."""
        parts: list[Tensor] = []
        start = 0
        for shape in self.shapes:
            parts.append(vector[start : start + shape.numel()].view(shape))
            start += _room(shape)
        return parts

    def join(self, parts: list[Tensor]) -> Tensor:
        """The inverse of `views`: one vector [length] from tensors shaped like the parameters."""
        vector = torch.zeros_like(self.vector.data)
        for place, part in zip(self.views(vector), parts, strict=True):
            place.copy_(part)
        return vector


def _room(shape: torch.Size) -> int:
    return -(-shape.numel() // _ALIGNED) * _ALIGNED
