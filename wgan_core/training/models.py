"""Generators and critics."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from wgan_core.config import TrainConfig
from wgan_core.training import spectral
from wgan_core.training.classes import with_class
from wgan_core.training.residual import ImageShape, ResidualCritic, ResidualGenerator, draw_residual

SampleShape = tuple[int, ...]  # shape of an image, or (2,) for a point


class MLPGenerator(nn.Module):
    """Maps latents [batch, latent_dim] to images [batch, channels, height, width] in (-1, 1), or to points [batch, 2], unbounded.

    Linear blocks with LeakyReLU; BatchNorm1d on all but the first (with norm "batch"); for images, tanh at the end. This is the
    walkthrough's generator. With output "linear", images have no tanh and are unbounded.
    """

    def __init__(
        self,
        latent_dim: int,
        sample_shape: SampleShape,
        widths: tuple[int, ...],
        slope: float,
        eps: float,
        norm: str = "batch",
        output: str = "tanh",
    ) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.sample_shape = sample_shape
        layers: list[nn.Module] = []
        for index, (inputs, outputs) in enumerate(zip((latent_dim, *widths), widths, strict=False)):
            layers.append(nn.Linear(inputs, outputs))
            if index > 0 and norm == "batch":
                layers.append(nn.BatchNorm1d(outputs, eps=eps))
            layers.append(nn.LeakyReLU(slope, inplace=True))
        layers.append(nn.Linear(widths[-1], math.prod(sample_shape)))
        if len(sample_shape) > 1 and output == "tanh":  # points are not bounded
            layers.append(nn.Tanh())
        self.layers = nn.Sequential(*layers)

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z).view(-1, *self.sample_shape)


class MLPCritic(nn.Module):
    """Maps images [batch, channels, height, width] or points [batch, 2] to one unbounded score each, [batch, 1].

    With classes, the score also depends on the class, see `with_class`.
    """

    def __init__(self, sample_shape: SampleShape, widths: tuple[int, ...], slope: float, norm: str = "none", classes: int = 0) -> None:
        super().__init__()
        self.sample_shape = sample_shape
        layers: list[nn.Module] = []
        for inputs, outputs in zip((math.prod(sample_shape), *widths), widths, strict=False):
            layers += [nn.Linear(inputs, outputs), *_norm(norm, outputs, nn.BatchNorm1d), nn.LeakyReLU(slope, inplace=True)]
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], 1 + classes))

    def forward(self, samples: Tensor, classes: Tensor | None = None) -> Tensor:
        return with_class(self.layers(samples.flatten(1)), classes)


def _norm(norm: str, channels: int, batch_norm: type[nn.Module]) -> list[nn.Module]:
    if norm == "batch":
        return [batch_norm(channels)]
    # With one group, mean and variance are taken over all features of one image: layer normalisation for any image shape.
    return [nn.GroupNorm(1, channels)] if norm == "layer" else []


@dataclass(frozen=True)
class DCGANPlan:
    """The layers of a DCGAN."""

    inner: int
    """Side of the innermost feature map, in pixels."""
    layers: tuple[tuple[int, int], ...]
    """For each hidden layer, from the innermost to the image: its number of channels, and the kernel size between it and the next layer
    (stride 2, padding 1)."""


def dcgan_plan(size: int, width: int) -> DCGANPlan:
    """The layers for images of `size` px, one of `DCGAN_SIZES`: the side doubles from 4 to 7 px up to the size.

    64 px: 4 → 8 → 16 → 32 → 64, channels 8, 4, 2, 1 times `width`. 32 px: one layer fewer; 128 px: one more; 48 px: 6 → 12 → 24 → 48. No
    layer has more than 16 times `width`. 28 px: 4 → 7 → 14 → 28, as in the WGAN-GP authors' networks for MNIST; the 7 needs a kernel of 3.
    """
    if size == 28:
        return DCGANPlan(4, ((4 * width, 3), (2 * width, 4), (width, 4)))
    halvings = next(power for power in itertools.count(1) if size >> power < 8)
    channels = (width * min(2**power, _MOST_TIMES_WIDTH) for power in reversed(range(halvings)))
    return DCGANPlan(size >> halvings, tuple((number, 4) for number in channels))


_MOST_TIMES_WIDTH = 16


class DCGANGenerator(nn.Module):
    """Maps latents [batch, latent_dim] to images [batch, channels, size, size] in (-1, 1) by transposed convolutions (1511.06434).

    BatchNorm (with norm "batch") and ReLU after all layers but the last, tanh at the end (with output "tanh"). With upsampling "nearest",
    the side is doubled by repeating pixels, and a convolution follows whose kernel is one smaller. Both together are a transposed
    convolution too, one whose kernel cannot tell even from odd pixels.
    """

    def __init__(
        self,
        latent_dim: int,
        image_shape: ImageShape,
        width: int,
        eps: float,
        norm: str = "batch",
        output: str = "tanh",
        upsampling: str = "transposed",
    ) -> None:
        super().__init__()
        self.latent_dim = latent_dim
        self.sample_shape = image_shape
        plan = dcgan_plan(image_shape[1], width)
        has_norm = norm == "batch"  # a norm would subtract the bias before it, so there is none
        layers: list[nn.Module] = [nn.ConvTranspose2d(latent_dim, plan.layers[0][0], plan.inner, bias=not has_norm)]
        for index, (channels, kernel) in enumerate(plan.layers, start=1):
            layers += [*([nn.BatchNorm2d(channels, eps=eps)] if has_norm else []), nn.ReLU(inplace=True)]
            last = index == len(plan.layers)
            outputs = image_shape[0] if last else plan.layers[index][0]
            bias = last or not has_norm
            if upsampling == "nearest":
                layers += [nn.Upsample(scale_factor=2), nn.Conv2d(channels, outputs, kernel - 1, padding=kernel - 3, bias=bias)]
            else:
                layers.append(nn.ConvTranspose2d(channels, outputs, kernel, stride=2, padding=1, bias=bias))
        self.layers = nn.Sequential(*layers, *([nn.Tanh()] if output == "tanh" else []))

    def forward(self, z: Tensor) -> Tensor:
        return self.layers(z[:, :, None, None])


class DCGANCritic(nn.Module):
    """Maps images [batch, channels, size, size] to one unbounded score each, [batch, 1]. Uses the generator's plan in reverse."""

    def __init__(self, image_shape: ImageShape, width: int, slope: float, norm: str, classes: int = 0) -> None:
        super().__init__()
        self.sample_shape = image_shape
        layers: list[nn.Module] = []
        inputs, plan = image_shape[0], dcgan_plan(image_shape[1], width)
        for outputs, kernel in reversed(plan.layers):
            layers.append(nn.Conv2d(inputs, outputs, kernel, stride=2, padding=1))
            if len(layers) > 1:  # as in the DCGAN paper, no norm directly after the image
                layers += _norm(norm, outputs, nn.BatchNorm2d)
            layers.append(nn.LeakyReLU(slope, inplace=True))
            inputs = outputs
        # The last kernel covers the whole feature map, so there is exactly one score per image.
        self.layers = nn.Sequential(*layers, nn.Conv2d(inputs, 1 + classes, plan.inner))

    def forward(self, images: Tensor, classes: Tensor | None = None) -> Tensor:
        return with_class(self.layers(images).flatten(1), classes)


Generator = MLPGenerator | DCGANGenerator | ResidualGenerator
Critic = MLPCritic | DCGANCritic | ResidualCritic


def build_generator(config: TrainConfig, shape: SampleShape, classes: int = 0) -> Generator:
    """The generator that `config` describes, for images or points of `shape`. With classes, its input is longer by one number for each, see
    `with_classes`. Raises ValueError if it cannot make these."""
    inputs = config.latent_dim + classes
    eps, norm, output = config.batchnorm_eps, config.generator_norm, config.generator_output
    if config.architecture == "dcgan":
        return DCGANGenerator(inputs, _image_shape(shape), config.dcgan_width, eps, norm, output, config.upsampling)
    if config.architecture == "resnet":
        return ResidualGenerator(inputs, _image_shape(shape), config.resnet_width, eps, norm, output)
    return MLPGenerator(inputs, shape, config.generator_widths, config.leaky_slope, eps, norm, output)


def build_critic(config: TrainConfig, shape: SampleShape, classes: int = 0) -> Critic:
    """The critic that `config` describes, for images or points of `shape`. Raises ValueError if it cannot score these."""
    if config.architecture == "dcgan":
        critic = DCGANCritic(_image_shape(shape), config.dcgan_width, config.leaky_slope, config.critic_norm, classes)
    elif config.architecture == "resnet":
        critic = ResidualCritic(_image_shape(shape), config.resnet_width, config.critic_norm, classes)
    else:
        critic = MLPCritic(shape, config.critic_widths, config.leaky_slope, config.critic_norm, classes)
    if config.lipschitz == "spectral-norm":
        spectral.normalise(critic)
    return critic


def _image_shape(shape: SampleShape) -> ImageShape:
    if len(shape) != 3:
        raise ValueError("Convolutions are for images only: choose the architecture mlp for points.")
    return shape


_WEIGHTED = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)


def initialise(network: nn.Module, scheme: str, rng: torch.Generator) -> None:
    """Draw all weights of `network` from `rng` (a CPU generator), layer by layer.

    scheme "pytorch": PyTorch's own initialisation, so seeding PyTorch globally gives the same numbers. But they come from a separate random
    generator, because PyTorch's global one is shared by all threads, and two runs that start at the same time would not be reproducible.
    scheme "normal": weights N(0, 0.02²), biases 0, and the scales of BatchNorm2d N(1, 0.02²) (1511.06434).
    scheme "he": of residual networks only, see `draw_residual`.
    """
    if scheme == "he":
        draw_residual(network, rng)
        return
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and scheme == "normal":
            nn.init.normal_(module.weight, 1.0, 0.02, generator=rng)
        if not isinstance(module, _WEIGHTED):
            continue
        weight = spectral.drawn_weight(module)
        if scheme == "normal":
            nn.init.normal_(weight, 0.0, 0.02, generator=rng)
        else:
            nn.init.kaiming_uniform_(weight, a=math.sqrt(5), generator=rng)
        if module.bias is not None:
            # PyTorch takes the number of inputs from one slice of the weight, also for transposed convolutions.
            bound = 0.0 if scheme == "normal" else 1 / math.sqrt(weight[0].numel())
            nn.init.uniform_(module.bias, -bound, bound, generator=rng)
