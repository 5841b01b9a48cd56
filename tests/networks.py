"""Small networks as they are read from a run folder."""

from __future__ import annotations

from typing import Any

import torch

from wgan_core.config import TrainConfig
from wgan_core.latent.saved import SavedNetworks
from wgan_core.training.models import build_critic, build_generator, initialise

BASE = TrainConfig(latent_dim=7, generator_widths=(12, 20), critic_widths=(8,), dcgan_width=4, resnet_width=4, device="cpu")


def networks(shape: tuple[int, ...] = (1, 8, 8), **changes: Any) -> SavedNetworks:
    """With BatchNorm statistics that are not those of the start."""
    config = BASE.replace(**changes)
    generator = build_generator(config, shape)
    rng = torch.Generator().manual_seed(1)
    initialise(generator, config.weight_init, rng)
    for module in generator.modules():
        if isinstance(module, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)):
            assert module.running_mean is not None and module.running_var is not None
            with torch.no_grad():
                module.running_mean.normal_(0, 0.3, generator=rng)
                module.running_var.uniform_(0.3, 2, generator=rng)
                module.weight.uniform_(0.5, 1.5, generator=rng)
                module.bias.normal_(0, 0.2, generator=rng)
    return SavedNetworks(generator, build_critic(config, shape), config.latent_dim, 3)


def linear_layer(network: torch.nn.Module, index: int) -> torch.nn.Linear:
    """Of the network's `layers`, the one at `index`."""
    layers = network.layers
    assert isinstance(layers, torch.nn.Sequential)
    found = layers[index]
    assert isinstance(found, torch.nn.Linear)
    return found


def linear_layers(network: torch.nn.Module) -> list[torch.nn.Linear]:
    """All of them, from the input on."""
    return [layer for layer in network.modules() if isinstance(layer, torch.nn.Linear)]
