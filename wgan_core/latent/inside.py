"""Inside the networks for one latent: the activations of each layer of the generator, and the pixels that move the critic's score."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wgan_core.latent.saved import SavedNetworks
from wgan_core.latent.vectors import Latents
from wgan_core.measures.lipschitz import gradients
from wgan_core.training.device import compute_beside_training
from wgan_core.training.residual import ResidualBlock

_ACTIVATIONS = (nn.LeakyReLU, nn.ReLU, nn.Tanh)


@dataclass(frozen=True)
class LayerView:
    """One layer of the generator, after its nonlinearity."""

    name: str
    maps: NDArray[np.float32]
    """Feature maps [n, height, width]. A fully connected layer has one map with its units row by row, and the last row is filled up with
    nan."""
    silent: float
    """Share of units with negative input, of which LeakyReLU or ReLU passes little or nothing on. For a residual block, of the units before
    its last convolution."""


def layer_views(networks: SavedNetworks, z: Latents) -> tuple[LayerView, ...]:
    """The generator's hidden layers for one latent [latent_dim], first to last, without the image itself."""
    compute_beside_training()
    views: list[LayerView] = []
    x = torch.from_numpy(np.ascontiguousarray(z))[None]
    layers = networks.generator.layers
    if not isinstance(layers[0], nn.Linear):
        x = x[:, :, None, None]
    with torch.no_grad():
        for module in layers:
            before, x = x, module(x.clone())
            if isinstance(module, _ACTIVATIONS) and module is not layers[-1]:
                kind = "convolution" if x.ndim == 4 else "units"
                size = f"{x.shape[1]} maps of {x.shape[2]} × {x.shape[3]}" if x.ndim == 4 else f"{x.shape[1]} {kind}"
                views.append(LayerView(f"layer {len(views) + 1}: {size}", _maps(x[0]), float((before < 0).float().mean())))
            elif isinstance(module, ResidualBlock):
                size = f"{x.shape[1]} maps of {x.shape[2]} × {x.shape[3]}"
                views.append(LayerView(f"block {len(views) + 1}: {size}", _maps(x[0]), float((module.between(before) < 0).float().mean())))
    return tuple(views)


def _maps(x: Tensor) -> NDArray[np.float32]:
    if x.ndim == 3:
        return x.numpy().copy()
    columns = math.ceil(math.sqrt(2 * len(x)))
    rows = math.ceil(len(x) / columns)
    flat = np.full(rows * columns, np.nan, np.float32)
    flat[: len(x)] = x.numpy()
    return flat.reshape(1, rows, columns)


def score_by_pixel(networks: SavedNetworks, z: Latents) -> NDArray[np.float32]:
    """Gradient times input: the contribution of each pixel of the image of `z` [latent_dim] to the critic's score, to first order, [h, w].
    The channels are summed.

    The gradient says how the score would change. Multiplied by the pixel's value (black is −1, white 1), it says what the pixel contributes
    compared with middle grey (Shrikumar et al., arXiv 1605.01713).
    """
    compute_beside_training()
    image = torch.from_numpy(networks.samples(z[None]))
    gradient = gradients(networks.critic, image).view_as(image)
    return (gradient * image)[0].sum(0).numpy()
