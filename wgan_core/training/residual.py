"""The residual networks of the WGAN-GP authors (arXiv 1704.00028, appendix F; igul222/improved_wgan_training), for images of 32 and 64 px.

64 px: gan_64x64.py, GoodGenerator and GoodDiscriminator. 32 px: gan_cifar_resnet.py without its classes. Kernels are 3 wide, activations
ReLU, and everything before a sum is norm, ReLU, convolution, twice.
"""

from __future__ import annotations

import itertools
import math
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from wgan_core.training.classes import with_class
from wgan_core.training.spectral import drawn_weight

ImageShape = tuple[int, int, int]  # channels, height, width
Resample = Literal["up", "down", "none"]
Norm = Callable[[int], nn.Module]
"""Makes the norm of so many channels."""


class ResidualBlock(nn.Module):
    """Maps features [batch, inputs, side, side] to [batch, outputs, …], with twice the side ("up"), half of it ("down"), or the same.

    Two convolutions, each after a norm and ReLU, are added to the input. Where sizes differ, a 1 × 1 convolution brings the input to the
    size of the sum; it commutes with nearest-neighbour upsampling, so it is computed at the smaller size.
    """

    def __init__(
        self, inputs: int, outputs: int, resample: Resample, norm: Norm, *, first_bias: bool = True, from_image: bool = False
    ) -> None:
        """
        first_bias: whether the first convolution has a bias.
        from_image: the input is an image: no norms, no ReLU before the first convolution, and `outputs` channels between both.
        """
        super().__init__()
        self.resample: Resample = resample
        self.from_image = from_image
        between = inputs if resample == "down" and not from_image else outputs
        self.first_norm, self.second_norm = (nn.Identity(), nn.Identity()) if from_image else (norm(inputs), norm(between))
        self.first = nn.Conv2d(inputs, between, 3, padding=1, bias=first_bias)
        self.second = nn.Conv2d(between, outputs, 3, padding=1)
        self.shortcut = nn.Identity() if inputs == outputs and resample == "none" else nn.Conv2d(inputs, outputs, 1)

    def between(self, x: Tensor) -> Tensor:
        """What the first convolution makes of the block's input, after the second norm and before its ReLU."""
        h = x if self.from_image else functional.relu(self.first_norm(x))
        return self.second_norm(self.first(doubled(h) if self.resample == "up" else h))

    def forward(self, x: Tensor) -> Tensor:
        h = self.second(functional.relu(self.between(x)))
        if self.resample == "down":
            return self.shortcut(halved(x)) + halved(h)
        return (doubled(self.shortcut(x)) if self.resample == "up" else self.shortcut(x)) + h


def doubled(x: Tensor) -> Tensor:
    """Features [batch, channels, side, side] with each pixel made four."""
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")


def halved(x: Tensor) -> Tensor:
    """Features [batch, channels, side, side] with each four pixels averaged to one."""
    return functional.avg_pool2d(x, 2)


@dataclass(frozen=True)
class ResidualPlan:
    """The layers of both networks for one image size. Channels are multiples of the width."""

    generator: tuple[int, ...]
    """Channels of the 4 × 4 features that the latent becomes, and after each block; every block doubles the side."""
    critic: tuple[tuple[int, Resample], ...]
    """For each block: channels after it, and what it does to the side."""
    first_bias: bool
    """Whether the first convolution of a block has a bias."""
    averaged: bool
    """Whether the critic ends in ReLU and the mean over all places, and begins with a block. Otherwise it begins with a convolution, and
    its last layer takes all of the 4 × 4 features."""


RESIDUAL_PLANS: types.MappingProxyType[int, ResidualPlan] = types.MappingProxyType(
    {
        32: ResidualPlan((1, 1, 1, 1), ((1, "down"), (1, "down"), (1, "none"), (1, "none")), first_bias=True, averaged=True),
        64: ResidualPlan((8, 8, 4, 2, 1), ((2, "down"), (4, "down"), (8, "down"), (8, "down")), first_bias=False, averaged=False),
    }
)

INNER = 4
"""Side of the innermost features, in pixels."""


class ResidualGenerator(nn.Module):
    """Maps latents [batch, latent_dim] to images [batch, channels, size, size] in (-1, 1); unbounded with output "linear".

    A linear layer makes 4 × 4 features, blocks double their side, and norm, ReLU and a convolution make the image.
    """

    def __init__(self, latent_dim: int, image_shape: ImageShape, width: int, eps: float, norm: str = "batch", output: str = "tanh") -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.sample_shape = image_shape
        plan = RESIDUAL_PLANS[image_shape[1]]
        channels = [width * times for times in plan.generator]

        def norm_of(number: int) -> nn.Module:
            return nn.BatchNorm2d(number, eps=eps) if norm == "batch" else nn.Identity()

        blocks = (ResidualBlock(*pair, "up", norm_of, first_bias=plan.first_bias) for pair in itertools.pairwise(channels))
        self.layers = nn.Sequential(
            nn.Linear(latent_dim, channels[0] * INNER**2),
            nn.Unflatten(1, (channels[0], INNER, INNER)),
            *blocks,
            norm_of(channels[-1]),
            nn.ReLU(),
            nn.Conv2d(channels[-1], image_shape[0], 3, padding=1),
            *([nn.Tanh()] if output == "tanh" else []),
        )

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z)


class ResidualCritic(nn.Module):
    """Maps images [batch, channels, size, size] to one unbounded score each, [batch, 1]. With classes, it also depends on the class."""

    def __init__(self, image_shape: ImageShape, width: int, norm: str, classes: int = 0) -> None:
        super().__init__()
        self.sample_shape = image_shape
        plan = RESIDUAL_PLANS[image_shape[1]]

        def norm_of(number: int) -> nn.Module:
            # With one group, mean and variance are taken over all features of one image.
            kinds = {"batch": nn.BatchNorm2d, "layer": lambda channels: nn.GroupNorm(1, channels)}
            return kinds[norm](number) if norm in kinds else nn.Identity()

        layers: list[nn.Module] = [] if plan.averaged else [nn.Conv2d(image_shape[0], width, 3, padding=1)]
        inputs = image_shape[0] if plan.averaged else width
        for times, resample in plan.critic:
            block = ResidualBlock(inputs, times * width, resample, norm_of, first_bias=plan.first_bias, from_image=not layers)
            layers.append(block)
            inputs = times * width
        if plan.averaged:
            layers += [nn.ReLU(), nn.AvgPool2d(image_shape[1] // 4)]
        self.layers = nn.Sequential(*layers, nn.Flatten(), nn.Linear(inputs if plan.averaged else inputs * INNER**2, 1 + classes))

    def forward(self, images: Tensor, classes: Tensor | None = None) -> Tensor:
        return with_class(self.layers(images), classes)


def draw_residual(network: nn.Module, rng: torch.Generator) -> None:
    """Draw the weights of a residual network from `rng` as its authors' code does (tflib/ops/conv2d.py, linear.py): uniform with mean 0.

    The variance is 4 / (inputs + outputs) for the 3 × 3 convolutions in the blocks and 2 / (inputs + outputs) elsewhere, counted with the
    places of the kernel; biases are 0. The last convolution of the generator for 64 px has the former too.
    """
    strong: nn.Module | None = None
    if isinstance(network, ResidualGenerator) and network.sample_shape[1] == 64:
        strong = [layer for layer in network.layers if isinstance(layer, nn.Conv2d)][-1]
    for name, module in network.named_modules():
        if not isinstance(module, (nn.Linear, nn.Conv2d)):
            continue
        weight = drawn_weight(module)
        places = weight[0, 0].numel()
        variance = (4 if module is strong or name.endswith(("first", "second")) else 2) / (places * sum(weight.shape[:2]))
        bound = math.sqrt(3 * variance)
        nn.init.uniform_(weight, -bound, bound, generator=rng)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
