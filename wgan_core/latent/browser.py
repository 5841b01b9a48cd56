"""A generator in the form in which the browser runs it: BatchNorm is folded into the layers, and weights are rounded to 16 bits if that
cannot be seen."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from wgan_core.latent.saved import SavedNetworks
from wgan_core.training.device import compute_beside_training
from wgan_core.training.models import MLPGenerator

MAX_BYTES = 40_000_000
"""Larger generators run on the server instead."""
MAX_UNSEEN_CHANGE = 0.4 / 127.5
"""The largest change of a pixel in [-1, 1] that rounded weights may cause: less than half of one of 256 levels."""
_PROBES = 32


@dataclass(frozen=True)
class BrowserGenerator:
    """Everything that the browser needs to make images or points."""

    layers: tuple[dict[str, Any], ...]
    """In order. Each has its kind ("dense" or "deconv"), its sizes, its activation ("leaky", "tanh" or "none"), and the slope of the
    activation."""
    shape: tuple[int, ...]
    """Channels, height, width of an image; (2,) for points."""
    half: bool
    """Whether the weights are float16; otherwise they are float32. Little endian."""
    weights: bytes
    """For all layers in order: the kernel ([in, out], or [height, width, out, in]), then the bias [out]."""
    deviation: float
    """Largest change of a pixel in [-1, 1] caused by rounding, over 32 random latents; 0 if nothing is rounded, as for points."""


class TooLarge(ValueError):
    """The generator is too large for the browser and runs on the server. The message says why."""


def browser_generator(networks: SavedNetworks) -> BrowserGenerator:
    """The generator of `networks`, with BatchNorm using its running statistics.

    Raises:
        TooLarge: it is too large to be sent to a browser.
    """
    generator = networks.generator
    size = 2 * sum(parameter.numel() for parameter in generator.parameters())
    if size > MAX_BYTES:
        raise TooLarge(f"Its weights take {size / 1e6:.0f} MB, which is too much to send to a browser.")
    compute_beside_training()
    folded = _folded(generator.layers)
    z = torch.randn(_PROBES, networks.latent_dim, generator=torch.Generator().manual_seed(0))
    wanted = _run(folded, z, generator)
    rounded = [_Layer(layer.module, layer.kernel.half().float(), layer.bias.half().float(), layer.after) for layer in folded]
    deviation = float((_run(rounded, z, generator) - wanted).abs().max())
    half = not networks.makes_points and deviation <= MAX_UNSEEN_CHANGE  # also false for nan, where a weight does not fit into 16 bits
    parts = [
        np.ascontiguousarray(array, "<f2" if half else "<f4") for layer in folded for array in (_for_browser(layer), layer.bias.numpy())
    ]
    return BrowserGenerator(
        tuple(_describe(layer) for layer in folded),
        tuple(generator.sample_shape),
        half,
        b"".join(part.tobytes() for part in parts),
        deviation if half else 0.0,
    )


@dataclass(frozen=True)
class _Layer:
    module: nn.Linear | nn.ConvTranspose2d
    kernel: Tensor
    """In PyTorch's layout."""
    bias: Tensor
    after: nn.Module | None
    """LeakyReLU, ReLU or Tanh."""


@torch.no_grad()
def _folded(layers: nn.Sequential) -> list[_Layer]:
    """The layers, each with the BatchNorm after it multiplied into its weights. Computed in float64."""
    found: list[_Layer] = []
    modules = list(layers)
    for index, module in enumerate(modules):
        if not isinstance(module, (nn.Linear, nn.ConvTranspose2d)):
            continue
        outputs = module.out_features if isinstance(module, nn.Linear) else module.out_channels
        kernel = module.weight.double()
        bias = module.bias.double() if module.bias is not None else torch.zeros(outputs, dtype=torch.float64)
        behind = modules[index + 1 :]
        if behind and isinstance(norm := behind[0], (nn.BatchNorm1d, nn.BatchNorm2d)):
            assert norm.running_mean is not None and norm.running_var is not None
            scale = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
            kernel = kernel * (scale[:, None] if isinstance(module, nn.Linear) else scale[None, :, None, None])
            bias = (bias - norm.running_mean.double()) * scale + norm.bias.double()
            behind = behind[1:]
        after = behind[0] if behind and isinstance(behind[0], (nn.LeakyReLU, nn.ReLU, nn.Tanh)) else None
        found.append(_Layer(module, kernel.float(), bias.float(), after))
    return found


@torch.no_grad()
def _run(layers: list[_Layer], z: Tensor, generator: nn.Module) -> Tensor:
    x = z if isinstance(generator, MLPGenerator) else z[:, :, None, None]
    for layer in layers:
        if isinstance(layer.module, nn.Linear):
            x = nn.functional.linear(x, layer.kernel, layer.bias)
        else:
            module = layer.module
            x = nn.functional.conv_transpose2d(x, layer.kernel, layer.bias, module.stride, module.padding)  # pyright: ignore[reportArgumentType]
        if layer.after is not None:
            x = copy.deepcopy(layer.after)(x)
    return x.flatten(1)


def _for_browser(layer: _Layer) -> np.ndarray:
    kernel = layer.kernel
    return (kernel.T if isinstance(layer.module, nn.Linear) else kernel.permute(2, 3, 1, 0)).contiguous().numpy()


def _describe(layer: _Layer) -> dict[str, Any]:
    after: dict[str, Any] = {"activation": "none"}
    if isinstance(layer.after, nn.Tanh):
        after = {"activation": "tanh"}
    elif layer.after is not None:
        after = {"activation": "leaky", "slope": getattr(layer.after, "negative_slope", 0.0)}
    module = layer.module
    if isinstance(module, nn.Linear):
        return {"kind": "dense", "inputs": module.in_features, "outputs": module.out_features, **after}
    sizes = {"kernel": module.kernel_size[0], "stride": module.stride[0], "padding": module.padding[0]}
    return {"kind": "deconv", "inputs": module.in_channels, "outputs": module.out_channels, **sizes, **after}
