"""Generators and critics."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from wgan_core.config import TrainConfig

ImageShape = tuple[int, int, int]  # channels, height, width


class MLPGenerator(nn.Module):
    """Maps latents [batch, latent_dim] to images [batch, channels, height, width] in (-1, 1).

    Linear blocks with LeakyReLU, BatchNorm1d on all but the first, tanh at the end: the walkthrough's generator.
    """

    def __init__(self, latent_dim: int, image_shape: ImageShape, widths: tuple[int, ...], slope: float, eps: float) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.image_shape = image_shape
        layers: list[nn.Module] = []
        for index, (inputs, outputs) in enumerate(zip((latent_dim, *widths), widths, strict=False)):
            layers.append(nn.Linear(inputs, outputs))
            if index > 0:
                layers.append(nn.BatchNorm1d(outputs, eps=eps))
            layers.append(nn.LeakyReLU(slope, inplace=True))
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], math.prod(image_shape)), nn.Tanh())

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z).view(-1, *self.image_shape)


class MLPCritic(nn.Module):
    """Maps images [batch, channels, height, width] to one unbounded score each, [batch, 1]. No normalisation: see 1704.00028, section 4."""

    def __init__(self, image_shape: ImageShape, widths: tuple[int, ...], slope: float) -> None:
        super().__init__()
        self.image_shape = image_shape
        layers: list[nn.Module] = []
        for inputs, outputs in zip((math.prod(image_shape), *widths), widths, strict=False):
            layers += [nn.Linear(inputs, outputs), nn.LeakyReLU(slope, inplace=True)]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], 1))

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images.flatten(1))


def build_generator(config: TrainConfig, image_shape: ImageShape) -> MLPGenerator:
    """The generator that `config` describes, for images of `image_shape`."""
    return MLPGenerator(config.latent_dim, image_shape, config.generator_widths, config.leaky_slope, config.batchnorm_eps)


def build_critic(config: TrainConfig, image_shape: ImageShape) -> MLPCritic:
    """The critic that `config` describes, for images of `image_shape`."""
    return MLPCritic(image_shape, config.critic_widths, config.leaky_slope)


def initialise(network: nn.Module, scheme: str, rng: torch.Generator) -> None:
    """Draw all weights of `network` from `rng` (a CPU generator), layer by layer.

    scheme "pytorch": what nn.Linear does by itself (so seeding PyTorch globally gives the same numbers), but from a generator of our own:
    PyTorch's global one is shared by all threads, and two runs that start together would not be reproducible.
    scheme "normal": weights N(0, 0.02²), biases 0.
    """
    for module in network.modules():
        if not isinstance(module, nn.Linear):
            continue
        if scheme == "normal":
            nn.init.normal_(module.weight, 0.0, 0.02, generator=rng)
            nn.init.zeros_(module.bias)
        else:
            nn.init.kaiming_uniform_(module.weight, a=math.sqrt(5), generator=rng)
            bound = 1 / math.sqrt(module.in_features)
            nn.init.uniform_(module.bias, -bound, bound, generator=rng)


def parameter_count(network: nn.Module) -> int:
    """Number of trained parameters."""
    return sum(parameter.numel() for parameter in network.parameters())
