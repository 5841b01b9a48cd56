"""A batch of images from a generator of convolutions, made before its turn."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from wgan_core.training.models import DCGANGenerator


class ConvolutionPass:
    """The images of one batch of latents [batch, latent_dim], in train mode. The running statistics follow when the batch is taken.

    So batches that are made side by side leave the same statistics as batches made one after the other, to the last bit.
    """

    count = 1
    """Number of batches."""

    @torch.no_grad()
    def __init__(self, generator: DCGANGenerator, z: Tensor) -> None:
        self._before_norm: list[tuple[nn.BatchNorm2d, Tensor]] = []
        x = z[:, :, None, None]
        for layer in generator.layers:
            if isinstance(layer, nn.BatchNorm2d):
                self._before_norm.append((layer, x))
                x = functional.batch_norm(x, None, None, layer.weight, layer.bias, training=True, eps=layer.eps)
            else:
                x = layer(x)
        self._images = x

    def images(self, index: int) -> Tensor:
        """The images [batch, c, h, w]. There is one batch, with the index 0."""
        return self._images

    @torch.no_grad()
    def follow(self, index: int) -> None:
        """Update the running statistics."""
        for layer, x in self._before_norm:
            assert layer.running_mean is not None and layer.running_var is not None and layer.num_batches_tracked is not None
            layer.num_batches_tracked.add_(1)
            momentum = layer.momentum if layer.momentum is not None else 1 / float(layer.num_batches_tracked)
            torch.batch_norm_update_stats(x, layer.running_mean, layer.running_var, momentum)
        self._before_norm.clear()


def widest_layer(generator: DCGANGenerator) -> int:
    """Numbers per image in the widest layer before the image."""
    channels = [layer.weight.shape[1] if isinstance(layer, nn.ConvTranspose2d) else len(layer.weight) for layer in _convolutions(generator)]
    side, inner = generator.sample_shape[1], generator.layers[0].kernel_size
    assert isinstance(inner, tuple)
    sides = [min(side, inner[0] * 2**index) for index in range(len(channels))]
    return max(number * edge**2 for number, edge in zip(channels[:-1], sides, strict=False))


def _convolutions(generator: DCGANGenerator) -> list[nn.ConvTranspose2d | nn.Conv2d]:
    return [layer for layer in generator.layers if isinstance(layer, nn.ConvTranspose2d | nn.Conv2d)]
