"""A generator in the form in which the browser runs it: BatchNorm is folded into the layers where one comes before it, every convolution is
a transposed one, and weights are rounded to 16 bits if that cannot be seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from wgan_core.latent.folding import Folded, folded, run
from wgan_core.latent.saved import SavedNetworks
from wgan_core.training.device import compute_beside_training

MAX_BYTES = 40_000_000
"""Larger generators run on the server instead."""
MAX_UNSEEN_CHANGE = 0.4 / 127.5
"""The largest change of a pixel in [-1, 1] that rounded weights may cause: less than half of one of 256 levels."""
_PROBES = 32


@dataclass(frozen=True)
class BrowserGenerator:
    """Everything that the browser needs to make images or points."""

    layers: tuple[dict[str, Any], ...]
    """In order. Each has its kind ("dense", "deconv" or "affine": channels times numbers plus numbers), its sizes, its activation ("leaky",
    "tanh" or "none"), and the slope of the activation. In residual networks, "source" is the layer whose result it takes, if that is not
    the one before, and "plus" the one whose result is added to its own."""
    shape: tuple[int, ...]
    """Channels, height, width of an image; (2,) for points."""
    half: bool
    """Whether the weights are float16; otherwise they are float32. Little endian."""
    weights: bytes
    """For all layers in order: the kernel ([in, out], [height, width, out, in], or for affine ones [out]), then the bias [out]."""
    deviation: float
    """Largest change of a pixel in [-1, 1] caused by rounding, over 32 random latents; 0 if nothing is rounded, as for points."""


class TooLarge(ValueError):
    """The generator is too large for the browser and runs on the server. The message says why."""


def browser_generator(networks: SavedNetworks) -> BrowserGenerator:
    """The generator of `networks`, with BatchNorm using its running statistics. If it is told classes, its inputs are a latent and what
    `with_classes` puts behind it.

    Raises:
        TooLarge: it is too large to be sent to a browser.
    """
    generator = networks.generator
    _check_size(sum(parameter.numel() for parameter in generator.parameters()))  # before anything is made of them
    compute_beside_training()
    layers = folded(generator)
    _check_size(sum(layer.kernel.numel() + layer.bias.numel() for layer in layers))  # a doubled kernel is larger
    z = networks.inputs(torch.randn(_PROBES, networks.latent_dim, generator=torch.Generator().manual_seed(0)))
    wanted = run(layers, z)
    rounded = [replace(layer, kernel=layer.kernel.half().float(), bias=layer.bias.half().float()) for layer in layers]
    deviation = float((run(rounded, z) - wanted).abs().max())
    half = not networks.makes_points and deviation <= MAX_UNSEEN_CHANGE  # also false for nan, where a weight does not fit into 16 bits
    parts = [
        np.ascontiguousarray(array, "<f2" if half else "<f4") for layer in layers for array in (_for_browser(layer), layer.bias.numpy())
    ]
    return BrowserGenerator(
        tuple(_describe(layer) for layer in layers),
        tuple(generator.sample_shape),
        half,
        b"".join(part.tobytes() for part in parts),
        deviation if half else 0.0,
    )


def _check_size(numbers: int) -> None:
    if 2 * numbers > MAX_BYTES:
        raise TooLarge(f"Its weights take {2 * numbers / 1e6:.0f} MB, which is too much to send to a browser.")


def _for_browser(layer: Folded) -> np.ndarray:
    if layer.kind == "affine":
        return layer.kernel.numpy()
    return (layer.kernel.T if layer.kind == "dense" else layer.kernel.permute(2, 3, 1, 0)).contiguous().numpy()


def _describe(layer: Folded) -> dict[str, Any]:
    described: dict[str, Any] = {"kind": layer.kind, "inputs": layer.inputs, "outputs": len(layer.bias)}
    if layer.kind == "deconv":
        described |= {"kernel": layer.kernel.shape[-1], "stride": layer.stride, "padding": layer.padding}
    described["activation"] = layer.activation
    if layer.activation == "leaky":
        described["slope"] = layer.slope
    return described | {name: value for name, value in (("source", layer.source), ("plus", layer.plus)) if value is not None}
