"""A generator as a list of simple layers without norms, in the order in which a browser computes them.

BatchNorm (with its running statistics) is multiplied into the layer before it. Every convolution is written as a transposed one: a plain
one has its kernel turned round, and one after nearest-neighbour upsampling has a kernel one larger, each number of which is a sum.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from wgan_core.training.models import Generator
from wgan_core.training.residual import ResidualBlock


@dataclass(frozen=True)
class Folded:
    """A layer: its product with `kernel`, plus `bias`, plus the result of another layer, and the activation."""

    kind: Literal["dense", "deconv", "affine"]
    kernel: Tensor
    """dense: [out, in]; deconv: [in, out, k, k], as in PyTorch; affine: [channels]."""
    bias: Tensor
    """[out]."""
    stride: int = 1
    padding: int = 0
    activation: Literal["leaky", "tanh", "none"] = "none"
    slope: float = 0.0
    """Of "leaky"; 0 for ReLU."""
    source: int | None = None
    """The number of the layer whose result this one takes; None for the layer before it."""
    plus: int | None = None
    """The number of the layer whose result is added to this one's before the activation."""

    @property
    def inputs(self) -> int:
        """The number of its input channels."""
        return self.kernel.shape[1 if self.kind == "dense" else 0]


@torch.no_grad()
def folded(generator: Generator) -> list[Folded]:
    """The layers of `generator`. Computed in float64, returned as float32."""
    layers: list[Folded] = []
    modules = list(generator.layers)
    for index, module in enumerate(modules):
        behind = modules[index + 1 :]
        if isinstance(module, ResidualBlock):
            layers += _block(module, len(layers) - 1)
        elif isinstance(module, nn.Linear | nn.ConvTranspose2d | nn.Conv2d):
            layer = _layer(module, doubled=index > 0 and isinstance(modules[index - 1], nn.Upsample))
            if behind and isinstance(behind[0], nn.Unflatten):
                layer = _by_place(layer, behind[0].unflattened_size[0])
            elif behind and isinstance(behind[0], nn.BatchNorm1d | nn.BatchNorm2d):
                layer = _with_norm(layer, behind.pop(0))
            layers.append(_with_activation(layer, behind))
        elif isinstance(module, nn.BatchNorm2d | nn.Identity) and isinstance(modules[index - 1], ResidualBlock):
            channels = layers[-1].bias
            layers.append(replace(_affine(module, len(channels)), activation="leaky"))
    return [replace(layer, kernel=layer.kernel.float(), bias=layer.bias.float()) for layer in layers]


def _layer(module: nn.Module, *, doubled: bool = False) -> Folded:
    """doubled: whether a convolution comes after upsampling by two."""
    assert isinstance(module, nn.Linear | nn.ConvTranspose2d | nn.Conv2d)
    kernel = module.weight.double()
    if isinstance(module, nn.Linear):
        return Folded("dense", kernel, module.bias.double())
    bias = module.bias.double() if module.bias is not None else torch.zeros(module.out_channels, dtype=torch.float64)
    if isinstance(module, nn.ConvTranspose2d):
        return Folded("deconv", kernel, bias, int(module.stride[0]), int(module.padding[0]))
    turned = kernel.flip(2, 3).transpose(0, 1)
    padding = module.kernel_size[0] - 1 - int(module.padding[0])
    if not doubled:
        return Folded("deconv", turned, bias, 1, padding)
    wide = functional.pad(turned, (1, 1, 1, 1))  # each input pixel is met twice in each direction
    summed = wide[..., :-1, :] + wide[..., 1:, :]
    return Folded("deconv", summed[..., :-1] + summed[..., 1:], bias, 2, padding)


def _by_place(layer: Folded, channels: int) -> Folded:
    """A dense layer that makes features: its outputs in the browser's order, with the channels of a place together."""
    order = torch.arange(len(layer.bias)).view(channels, -1).T.flatten()
    return replace(layer, kernel=layer.kernel[order], bias=layer.bias[order])


def _affine(norm: nn.Module, channels: int) -> Folded:
    """A BatchNorm, or none, as a factor and a number to add for each channel."""
    if not isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d):
        return Folded("affine", torch.ones(channels, dtype=torch.float64), torch.zeros(channels, dtype=torch.float64))
    assert norm.running_mean is not None and norm.running_var is not None
    scale = norm.weight.double() / (norm.running_var.double() + norm.eps).sqrt()
    return Folded("affine", scale, norm.bias.double() - norm.running_mean.double() * scale)


def _with_norm(layer: Folded, norm: nn.Module) -> Folded:
    factor = _affine(norm, len(layer.bias))
    by_output = factor.kernel[:, None] if layer.kind == "dense" else factor.kernel[None, :, None, None]
    return replace(layer, kernel=layer.kernel * by_output, bias=layer.bias * factor.kernel + factor.bias)


def _with_activation(layer: Folded, behind: list[nn.Module]) -> Folded:
    if behind and isinstance(behind[0], nn.Tanh):
        return replace(layer, activation="tanh")
    if behind and isinstance(behind[0], nn.LeakyReLU | nn.ReLU):
        return replace(layer, activation="leaky", slope=float(getattr(behind[0], "negative_slope", 0.0)))
    return layer


def _block(block: ResidualBlock, before: int) -> list[Folded]:
    """The layers of a block that doubles the side, whose input is the result of the layer number `before`."""
    assert block.resample == "up" and isinstance(block.shortcut, nn.Conv2d)
    entered = replace(_affine(block.first_norm, block.first.in_channels), activation="leaky", source=before)
    first = _with_norm(_layer(block.first, doubled=True), block.second_norm)
    return [
        replace(_layer(block.shortcut, doubled=True), source=before),
        entered,
        replace(first, activation="leaky"),
        replace(_layer(block.second), plus=before + 1),
    ]


@torch.no_grad()
def run(layers: list[Folded], z: Tensor) -> Tensor:
    """What the layers make of latents `z` [n, latent_dim], flattened to [n, numbers]."""
    made: list[Tensor] = []
    for layer in layers:
        x = z if not made else made[-1 if layer.source is None else layer.source]
        if layer.kind == "dense":
            x = functional.linear(x, layer.kernel, layer.bias)
        else:
            x = x if x.ndim == 4 else _as_features(x, layer.inputs)
            x = _affinely(layer, x) if layer.kind == "affine" else _convolved(layer, x)
        if layer.plus is not None:
            x = x + made[layer.plus]
        if layer.activation != "none":
            x = x.tanh() if layer.activation == "tanh" else functional.leaky_relu(x, layer.slope)
        made.append(x)
    return made[-1].flatten(1)


def _as_features(x: Tensor, channels: int) -> Tensor:
    side = round((x.shape[1] / channels) ** 0.5)
    return x.view(len(x), side, side, channels).permute(0, 3, 1, 2)


def _affinely(layer: Folded, x: Tensor) -> Tensor:
    return x * layer.kernel[:, None, None] + layer.bias[:, None, None]


def _convolved(layer: Folded, x: Tensor) -> Tensor:
    return functional.conv_transpose2d(x, layer.kernel, layer.bias, layer.stride, layer.padding)
