"""The networks' arithmetic, recomputed by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, nn

from wgan_core.config import TrainConfig
from wgan_core.training.models import build_critic, build_generator, initialise


def leaky(x: Tensor, slope: float) -> Tensor:
    return torch.where(x > 0, x, slope * x)


def test_the_generator_in_training_is_what_its_docstring_says(config: TrainConfig) -> None:
    """In particular BatchNorm adds batchnorm_eps to the variance, and its momentum stays PyTorch's."""
    config = config.replace(batchnorm_eps=0.8, leaky_slope=0.3)
    generator = build_generator(config, (1, 8, 8)).train()
    first, second, norm, last = (module for module in generator.modules() if isinstance(module, nn.Linear | nn.BatchNorm1d))
    z = torch.randn(16, config.latent_dim, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        norm.weight.copy_(torch.linspace(0.5, 2, 24))
        norm.bias.copy_(torch.linspace(-1, 1, 24))
        hidden = leaky(z @ first.weight.T + first.bias, 0.3) @ second.weight.T + second.bias
        mean, variance = hidden.mean(0), hidden.var(0, correction=0)
        normalised = (hidden - mean) / (variance + 0.8).sqrt() * norm.weight + norm.bias
        expected = torch.tanh(leaky(normalised, 0.3) @ last.weight.T + last.bias)
        torch.testing.assert_close(generator(z), expected.view(16, 1, 8, 8), rtol=1e-5, atol=1e-6)
    assert isinstance(norm, nn.BatchNorm1d)
    torch.testing.assert_close(norm.running_mean, 0.1 * mean)
    torch.testing.assert_close(norm.running_var, 0.9 + 0.1 * hidden.detach().var(0))


def test_the_critic_is_linear_layers_and_nothing_else(config: TrainConfig) -> None:
    critic = build_critic(config.replace(leaky_slope=0.1), (3, 8, 8))
    images = torch.randn(5, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    x = images.reshape(5, -1)
    layers = [module for module in critic.modules() if isinstance(module, nn.Linear)]
    with torch.no_grad():
        for index, layer in enumerate(layers):
            x = x @ layer.weight.T + layer.bias
            x = leaky(x, 0.1) if index < len(layers) - 1 else x
        torch.testing.assert_close(critic(images), x, rtol=1e-5, atol=1e-6)
        layers[-1].bias.fill_(1e4)
        assert critic(images).min() > 9e3  # no squashing at the end
    kinds = {type(module) for module in critic.modules()} - {type(critic), nn.Sequential}
    assert kinds == {nn.Linear, nn.LeakyReLU}


def test_images_and_latents_given_are_left_as_they_are(config: TrainConfig) -> None:
    """The activations work in place; what the caller holds must not be what they overwrite."""
    z, images = torch.randn(4, config.latent_dim), torch.randn(4, 1, 8, 8)
    z_before, images_before = z.clone(), images.clone()
    build_generator(config, (1, 8, 8))(z)
    build_critic(config, (1, 8, 8))(images)
    assert torch.equal(z, z_before) and torch.equal(images, images_before)


@pytest.mark.parametrize("slope", [0.0, 1.0])
def test_the_ends_of_the_slopes_range_can_be_trained(config: TrainConfig, slope: float) -> None:
    config = config.replace(leaky_slope=slope)
    generator, critic = build_generator(config, (1, 8, 8)), build_critic(config, (1, 8, 8))
    critic(generator(torch.randn(4, config.latent_dim))).mean().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in generator.parameters())


@pytest.mark.parametrize("scheme", ["pytorch", "normal"])
def test_initial_weights_have_the_schemes_distribution(config: TrainConfig, scheme: str) -> None:
    critic = build_critic(config.replace(critic_widths=(400, 300)), (1, 16, 16))
    initialise(critic, scheme, torch.Generator().manual_seed(3))
    for layer in (module for module in critic.modules() if isinstance(module, nn.Linear)):
        weight, bias = layer.weight.detach(), layer.bias.detach()
        if scheme == "normal":
            assert (bias == 0).all()
            # Five standard errors of the mean and of the deviation of n normal numbers.
            assert abs(float(weight.mean())) < 5 * 0.02 / math.sqrt(weight.numel())
            assert abs(float(weight.std()) - 0.02) < 5 * 0.02 / math.sqrt(2 * weight.numel())
            continue
        bound = 1 / math.sqrt(layer.in_features)
        for values in (weight, bias):
            assert float(values.abs().max()) <= bound
        if weight.numel() > 1000:
            assert float(weight.abs().max()) > 0.99 * bound
            assert float(weight.std()) == pytest.approx(bound / math.sqrt(3), rel=0.02)


def test_drawing_weights_leaves_pytorchs_global_random_numbers_alone(config: TrainConfig) -> None:
    """They are shared by all threads: a run that used them would not be reproducible beside another."""
    critic = build_critic(config, (1, 8, 8))
    before = torch.get_rng_state()
    for scheme in ("pytorch", "normal"):
        initialise(critic, scheme, torch.Generator().manual_seed(0))
    assert torch.equal(torch.get_rng_state(), before)
