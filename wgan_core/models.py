"""Generators and critics."""

from __future__ import annotations

import itertools
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
    """Maps images [batch, channels, height, width] to one unbounded score each, [batch, 1]."""

    def __init__(self, image_shape: ImageShape, widths: tuple[int, ...], slope: float, norm: str = "none") -> None:
        super().__init__()
        self.image_shape = image_shape
        layers: list[nn.Module] = []
        for inputs, outputs in zip((math.prod(image_shape), *widths), widths, strict=False):
            layers += [nn.Linear(inputs, outputs), *_norm(norm, outputs, nn.BatchNorm1d), nn.LeakyReLU(slope, inplace=True)]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], 1))

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images.flatten(1))


def _norm(norm: str, channels: int, batch_norm: type[nn.Module]) -> list[nn.Module]:
    if norm == "batch":
        return [batch_norm(channels)]
    # One group: mean and variance over all features of one image, which is layer normalisation at every image shape.
    return [nn.GroupNorm(1, channels)] if norm == "layer" else []


def dcgan_plan(size: int, width: int) -> tuple[int, list[int]]:
    """Side of the innermost feature map, and the channels of the hidden layers from there to the image.

    64 px: 4 → 8 → 16 → 32 → 64, channels 8, 4, 2, 1 times `width`; 32 px: one doubling less; 28 px: 7 → 14 → 28.
    """
    inner, doublings = {28: (7, 2), 32: (4, 3), 64: (4, 4)}[size]
    return inner, [width * 2**power for power in reversed(range(doublings))]


class DCGANGenerator(nn.Module):
    """Maps latents [batch, latent_dim] to images [batch, channels, size, size] in (-1, 1) by transposed convolutions (1511.06434).

    BatchNorm and ReLU after all layers but the last, tanh at the end.
    """

    def __init__(self, latent_dim: int, image_shape: ImageShape, width: int, eps: float) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.image_shape = image_shape
        inner, channels = dcgan_plan(image_shape[1], width)
        layers: list[nn.Module] = [nn.ConvTranspose2d(latent_dim, channels[0], inner, bias=False)]
        for inputs, outputs in itertools.pairwise((*channels, image_shape[0])):
            layers += [nn.BatchNorm2d(inputs, eps=eps), nn.ReLU(inplace=True)]
            layers.append(nn.ConvTranspose2d(inputs, outputs, 4, stride=2, padding=1, bias=outputs is image_shape[0]))
        self.layers = nn.Sequential(*layers, nn.Tanh())

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z[:, :, None, None])


class DCGANCritic(nn.Module):
    """Maps images [batch, channels, size, size] to one unbounded score each, [batch, 1]: the generator's plan the other way round."""

    def __init__(self, image_shape: ImageShape, width: int, slope: float, norm: str) -> None:
        super().__init__()
        self.image_shape = image_shape
        inner, channels = dcgan_plan(image_shape[1], width)
        layers: list[nn.Module] = []
        for index, (inputs, outputs) in enumerate(itertools.pairwise((image_shape[0], *reversed(channels)))):
            layers.append(nn.Conv2d(inputs, outputs, 4, stride=2, padding=1))
            if index > 0:  # as in the DCGAN, not on what comes straight from the image
                layers += _norm(norm, outputs, nn.BatchNorm2d)
            layers.append(nn.LeakyReLU(slope, inplace=True))
        # The last kernel covers the whole feature map, so that there is exactly one score an image.
        self.layers = nn.Sequential(*layers, nn.Conv2d(channels[0], 1, inner))

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images).flatten(1)


def build_generator(config: TrainConfig, image_shape: ImageShape) -> MLPGenerator | DCGANGenerator:
    """The generator that `config` describes, for images of `image_shape`."""
    if config.architecture == "dcgan":
        return DCGANGenerator(config.latent_dim, image_shape, config.dcgan_width, config.batchnorm_eps)
    return MLPGenerator(config.latent_dim, image_shape, config.generator_widths, config.leaky_slope, config.batchnorm_eps)


def build_critic(config: TrainConfig, image_shape: ImageShape) -> MLPCritic | DCGANCritic:
    """The critic that `config` describes, for images of `image_shape`."""
    if config.architecture == "dcgan":
        return DCGANCritic(image_shape, config.dcgan_width, config.leaky_slope, config.critic_norm)
    return MLPCritic(image_shape, config.critic_widths, config.leaky_slope, config.critic_norm)


_WEIGHTED = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)


def initialise(network: nn.Module, scheme: str, rng: torch.Generator) -> None:
    """Draw all weights of `network` from `rng` (a CPU generator), layer by layer.

    scheme "pytorch": what PyTorch's layers do by themselves (so seeding PyTorch globally gives the same numbers), but from a generator of
    our own: PyTorch's global one is shared by all threads, and two runs that start together would not be reproducible.
    scheme "normal": weights N(0, 0.02²), biases 0, and the scales of BatchNorm2d N(1, 0.02²) (1511.06434).
    """
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and scheme == "normal":
            nn.init.normal_(module.weight, 1.0, 0.02, generator=rng)
        if not isinstance(module, _WEIGHTED):
            continue
        if scheme == "normal":
            nn.init.normal_(module.weight, 0.0, 0.02, generator=rng)
        else:
            nn.init.kaiming_uniform_(module.weight, a=math.sqrt(5), generator=rng)
        if module.bias is not None:
            # PyTorch counts as inputs of a layer what one slice of its weight holds, for transposed convolutions too.
            bound = 0.0 if scheme == "normal" else 1 / math.sqrt(module.weight[0].numel())
            nn.init.uniform_(module.bias, -bound, bound, generator=rng)


def parameter_count(network: nn.Module) -> int:
    """Number of trained parameters."""
    return sum(parameter.numel() for parameter in network.parameters())
