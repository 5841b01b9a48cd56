"""Spectral normalisation of a critic (Miyato et al. 2018, arXiv 1802.05957), by PyTorch's own parametrisation.

Each weight matrix is divided by an estimate of its largest singular value: uᵀ W v, with two vectors that follow the singular vectors by one
power iteration at each forward pass in train mode. They are buffers of the critic and are saved with it. In eval mode they stand still. A
convolution's kernel is taken as a matrix [outputs, inputs · height · width], as in the paper, whose norm is not that of the convolution.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations
from torch.nn.utils.parametrize import is_parametrized

_FIRST_ITERATIONS = 15 + 1
"""As in PyTorch, which makes another one when it checks the new parametrisation."""
SEED_OFFSET = 2
"""From the run's seed to that of the vectors' first values."""


def normalise(critic: nn.Module) -> None:
    """Divide the weights of all linear and convolution layers by their spectral norms from now on. `begin` has to follow once the weights
    are drawn, or a saved state has to be loaded."""
    for layer in list(critic.modules()):
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            parametrizations.spectral_norm(layer)


def drawn_weight(layer: nn.Module) -> Tensor:
    """The weight of a layer as it is trained: before its normalisation, if it has one."""
    if not is_parametrized(layer, "weight"):
        return layer.get_parameter("weight")
    return layer.get_parameter("parametrizations.weight.original")


@torch.no_grad()
def begin(critic: nn.Module, seed: int) -> None:
    """Draw the vectors u and v of each layer, from the run's seed, and bring them close to the singular vectors of its weight.

    The numbers are those that PyTorch's `spectral_norm` draws layer by layer after `torch.manual_seed(seed + SEED_OFFSET)`. They come from
    a generator of their own, because PyTorch's global one is shared by all threads. Nothing is done for a network without spectral norm.
    """
    rng = torch.Generator().manual_seed(seed + SEED_OFFSET)
    for layer, norm in _norms(critic):
        matrix = drawn_weight(layer).flatten(1)
        for name, size in zip(("_u", "_v"), matrix.shape, strict=True):
            drawn = torch.empty(size).normal_(0, 1, generator=rng).to(matrix)
            norm.get_buffer(name).copy_(functional.normalize(drawn, dim=0, eps=norm.eps))
        norm._power_method(matrix, _FIRST_ITERATIONS)


def written_in(critic: nn.Module) -> nn.Module:
    """A copy of the critic whose layers hold the normalised weights themselves, as in eval mode; the critic itself if it has no such norms.
    Other programs can read it."""
    if not any(_norms(critic)):
        return critic
    plain = copy.deepcopy(critic).eval()
    for layer, _ in list(_norms(plain)):
        # Not by `remove_parametrizations`: it changes the layer's class, which the copy shares with the layer that trains.
        weight = cast(Tensor, layer.weight).detach().clone()
        del layer.parametrizations
        layer.__class__ = type(layer).__bases__[0]
        layer.register_parameter("weight", nn.Parameter(weight))
    return plain


def _norms(critic: nn.Module) -> Iterator[tuple[nn.Module, parametrizations._SpectralNorm]]:
    """The layers that are normalised, each with what normalises it."""
    for layer in critic.modules():
        if is_parametrized(layer, "weight"):
            norm = layer.get_submodule("parametrizations.weight.0")
            assert isinstance(norm, parametrizations._SpectralNorm)
            yield layer, norm
