"""The presets beside their sources, and what of the networks and the set-up form only they use."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from tests.app_page import page
from tests.counting import parameter_count
from wgan_core.config import POINT_SETS, PRESET_NOTES, PRESETS, TrainConfig
from wgan_core.data.catalog import DATASETS
from wgan_core.data.dataset import Dataset, ImageDataset
from wgan_core.training.models import build_critic, build_generator
from wgan_core.training.trainer import Trainer

# From the published programs, not from the presets.
CLIPPED = {"lipschitz": "clip", "clipped": "all", "optimizer": "rmsprop", "critic_lr": 5e-5, "generator_lr": 5e-5}
WALKTHROUGH = CLIPPED | {  # train.py, wgan.py: 200 epochs of 938 batches
    **{"dataset": "fashion-mnist", "image_size": 32, "batch_size": 64, "latent_dim": 100, "n_critic": 25},
    **{"architecture": "mlp", "generator_widths": (128, 256, 512, 1024), "critic_widths": (512, 256), "leaky_slope": 0.2},
    **{"generator_norm": "batch", "batchnorm_eps": 0.8, "critic_norm": "none", "generator_output": "tanh", "weight_init": "pytorch"},
    **{"critic_warmup": "none", "critic_gradients": "fresh", "max_steps": 200 * 938},
}
PYTORCH_GAN = WALKTHROUGH | {"dataset": "mnist", "image_size": 28, "n_critic": 5}
PENALTY = {"lipschitz": "gradient-penalty", "gp_lambda": 10, "optimizer": "adam", "n_critic": 5}
WGAN_PAPER = CLIPPED | {  # WassersteinGAN/main.py: 25 epochs of 782 batches of CIFAR-10
    **{"image_size": 64, "batch_size": 64, "latent_dim": 100, "clip_value": 0.01, "n_critic": 5, "critic_warmup": "original"},
    **{"dataset": "cifar10", "critic_gradients": "fresh", "max_steps": 25 * 782},
}
GP_PAPER = PENALTY | {  # improved_wgan_training: 200,000 generator updates
    **{"architecture": "dcgan", "dcgan_width": 64, "latent_dim": 128, "critic_lr": 1e-4, "generator_lr": 1e-4, "adam_beta2": 0.9},
    **{"weight_init": "pytorch", "batchnorm_eps": 1e-5, "leaky_slope": 0.2, "critic_warmup": "none", "max_steps": 5 * 200_000},
}
RESNET = {"architecture": "resnet", "weight_init": "he", "generator_norm": "batch", "batch_size": 64, "adam_beta1": 0, "dataset": "cifar10"}
TOY = {
    **{"dataset": "8-gaussians", "batch_size": 256, "latent_dim": 2, "n_critic": 5, "generator_norm": "none", "leaky_slope": 0},
    **{"generator_widths": (512,) * 3, "critic_widths": (512,) * 3, "critic_norm": "none", "max_steps": 5 * 100_000},
}
SOURCES: dict[str, dict[str, Any]] = {
    "walkthrough": WALKTHROUGH | {"clip_value": 0.005},
    "walkthrough-as-published": WALKTHROUGH | {"clip_value": 0.005, "critic_gradients": "accumulated"},
    "pytorch-gan": PYTORCH_GAN | {"clip_value": 0.01},
    "pytorch-gan-gp": PYTORCH_GAN | PENALTY | {"critic_lr": 2e-4, "generator_lr": 2e-4, "adam_beta1": 0.5, "adam_beta2": 0.999},
    "gan": WALKTHROUGH  # PyTorch-GAN, gan.py: 200 epochs of 938 batches
    | {"objective": "non-saturating", "lipschitz": "none", "n_critic": 1}
    | {"optimizer": "adam", "critic_lr": 2e-4, "generator_lr": 2e-4, "adam_beta1": 0.5, "adam_beta2": 0.999},
    "gan-dcgan": {  # the DCGAN paper, section 4 and figure 1: 1,024 channels at 4 px; 25 epochs of 390 batches of CIFAR-10
        **{"objective": "non-saturating", "lipschitz": "none", "n_critic": 1, "batch_size": 128, "latent_dim": 100},
        **{"optimizer": "adam", "critic_lr": 2e-4, "generator_lr": 2e-4, "adam_beta1": 0.5, "adam_beta2": 0.999},
        **{"architecture": "dcgan", "dcgan_width": 1024 // 8, "image_size": 64, "leaky_slope": 0.2, "weight_init": "normal"},
        **{"generator_norm": "batch", "critic_norm": "batch", "generator_output": "tanh", "dataset": "cifar10", "max_steps": 25 * 390},
    },
    "wgan-toy": TOY | CLIPPED | {"clip_value": 0.01},
    "wgan-gp-toy": TOY | PENALTY | {"gp_lambda": 0.1, "critic_lr": 1e-4, "generator_lr": 1e-4, "adam_beta1": 0.5, "adam_beta2": 0.9},
    "wgan-paper-mlp": WGAN_PAPER
    | {
        **{"architecture": "mlp", "generator_widths": (512, 512, 512), "critic_widths": (512, 512, 512), "leaky_slope": 0},
        **{"generator_norm": "none", "critic_norm": "none", "generator_output": "linear", "weight_init": "pytorch"},
    },
    "wgan-paper-dcgan": WGAN_PAPER
    | {
        **{"architecture": "dcgan", "dcgan_width": 64, "leaky_slope": 0.2, "weight_init": "normal", "batchnorm_eps": 1e-5},
        **{"generator_norm": "batch", "critic_norm": "batch", "generator_output": "tanh"},
    },
    "wgan-gp-mnist": GP_PAPER
    | {
        **{"dataset": "mnist", "image_size": 28, "batch_size": 50, "adam_beta1": 0.5},
        **{"generator_norm": "none", "critic_norm": "none"},
    },
    "wgan-gp-64": GP_PAPER | RESNET | {"image_size": 64, "resnet_width": 64, "critic_norm": "layer"},  # gan_64x64.py
    "wgan-gp-32": GP_PAPER  # gan_cifar_resnet.py without its classes: 100,000 generator updates at rates that fall to 0
    | RESNET
    | {
        **{"image_size": 32, "resnet_width": 128, "critic_norm": "none", "max_steps": 5 * 100_000},
        **{"critic_lr": 2e-4, "generator_lr": 2e-4, "lr_schedule": "linear", "lr_end": 0},
    },
}


@pytest.mark.parametrize("name", SOURCES)
def test_a_preset_has_its_sources_numbers(name: str) -> None:
    values = PRESETS[name].model_dump()
    assert {field: values[field] for field in SOURCES[name]} == SOURCES[name]
    assert values["ema_decay"] == 0 and values["precision"] == "float32"  # which no source has


def test_every_preset_has_a_note_and_only_four_have_no_source() -> None:
    assert PRESETS.keys() == PRESET_NOTES.keys() == SOURCES.keys() | {"quick-start", "walkthrough-next", "showcase", "own-pictures"}
    assert all(note.endswith(".") and len(note) < 900 for note in PRESET_NOTES.values())


def linear(*sizes: int) -> int:
    """Weights and biases of a chain of fully connected layers."""
    return sum(inputs * outputs + outputs for inputs, outputs in itertools.pairwise(sizes))


# Kernels, then biases, then two numbers for each feature that has a norm; counted by hand.
PARAMETERS = {
    "walkthrough-as-published": (linear(100, 128, 256, 512, 1024, 32 * 32) + 2 * (256 + 512 + 1024), linear(32 * 32, 512, 256, 1)),
    "wgan-paper-mlp": (linear(100, 512, 512, 512, 3 * 64 * 64), linear(3 * 64 * 64, 512, 512, 512, 1)),
    "wgan-paper-dcgan": (
        16 * (100 * 512 + 512 * 256 + 256 * 128 + 128 * 64 + 64 * 3) + 3 + 2 * (512 + 256 + 128 + 64),
        16 * (3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512) + (64 + 128 + 256 + 512 + 1) + 2 * (128 + 256 + 512),
    ),
    "wgan-gp-mnist": (
        128 * 256 * 16 + 256 * 128 * 9 + 128 * 64 * 16 + 64 * 16 + (256 + 128 + 64 + 1),
        64 * 16 + 64 * 128 * 16 + 128 * 256 * 9 + 256 * 16 + (64 + 128 + 256 + 1),
    ),
    "wgan-gp-64": (8_540_483, 7_491_841),  # counted by hand in tests/training/test_residual.py
    "wgan-gp-32": (1_204_483, 1_053_825),
}


def shape_of(config: TrainConfig) -> tuple[int, ...]:
    return (2,) if config.dataset in POINT_SETS else (DATASETS[config.dataset].channels, config.image_size, config.image_size)


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_networks_are_of_the_sources_size(name: str) -> None:
    config = PRESETS[name]
    networks = build_generator(config, shape_of(config)), build_critic(config, shape_of(config))
    assert tuple(map(parameter_count, networks)) == PARAMETERS[name]


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_trains(name: str) -> None:
    """On a few random rows of its shape, a generator update after each step."""
    config = PRESETS[name].replace(batch_size=4, n_critic=1, critic_warmup="none", dcgan_width=8, resnet_width=8, device="cpu")
    shape, rng = shape_of(config), torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (8, *shape), dtype=torch.uint8, generator=rng)
    dataset = Dataset("random", torch.randn(8, 2, generator=rng)) if len(shape) == 1 else ImageDataset("random", images)
    trainer = Trainer(config, dataset)
    before = [parameter.detach().clone() for parameter in (*trainer.generator.parameters(), *trainer.critic.parameters())]
    for _ in range(2):
        scores = trainer.train_step()
        assert scores.real.isfinite() and trainer.last_generator_loss.isfinite()
    after = [*trainer.generator.named_parameters(), *trainer.critic.named_parameters()]
    still = [name for old, (name, new) in zip(before, after, strict=True) if torch.equal(old, new)]
    # A bias of the critic's last layer shifts both means alike and may stay; so may those of a last block with nothing but it behind.
    shifts = {after[-1][0]} | ({"layers.4.second.bias", "layers.4.shortcut.bias"} if name == "wgan-gp-64" else set())
    assert set(still) <= shifts


# What they brought with them.


def test_a_dcgan_without_norm_has_biases_instead() -> None:
    config = TrainConfig(architecture="dcgan", image_size=28, dcgan_width=4, latent_dim=5)
    for norm, norms in (("batch", 3), ("none", 0)):
        generator = build_generator(config.replace(generator_norm=norm), (1, 28, 28))
        layers = list(generator.modules())
        assert sum(isinstance(layer, nn.BatchNorm2d) for layer in layers) == norms
        biases = [layer.bias is not None for layer in layers if isinstance(layer, nn.ConvTranspose2d)]
        assert biases == [norm == "none"] * 3 + [True]


def test_a_28_px_dcgan_goes_by_4_7_14_28() -> None:
    config = TrainConfig(architecture="dcgan", image_size=28, dcgan_width=4, latent_dim=5)
    for network, x, sides in (
        (build_generator(config, (1, 28, 28)), torch.zeros(2, 5), [4, 7, 14, 28]),
        (build_critic(config, (1, 28, 28)), torch.zeros(2, 1, 28, 28), [14, 7, 4, 1]),
    ):
        seen: list[int] = []

        def note(layer: nn.Module, given: object, made: torch.Tensor, seen: list[int] = seen) -> None:
            seen.append(made.shape[-1])

        for layer in network.modules():
            if isinstance(layer, nn.ConvTranspose2d | nn.Conv2d):
                layer.register_forward_hook(note)
        network(x)
        assert seen == sides


@pytest.mark.parametrize("changes", [{}, {"architecture": "dcgan", "image_size": 28, "dcgan_width": 4}], ids=["mlp", "dcgan"])
def test_linear_output_is_tanh_output_before_tanh(changes: dict[str, Any]) -> None:
    config = TrainConfig(image_size=8, generator_widths=(8,), latent_dim=5).replace(**changes)
    shape = shape_of(config)
    bounded, free = build_generator(config, shape), build_generator(config.replace(generator_output="linear"), shape)
    free.load_state_dict(bounded.state_dict())
    with torch.no_grad():
        next(layer for layer in reversed(list(free.layers)) if isinstance(layer, nn.Linear | nn.ConvTranspose2d)).weight.mul_(300)
        bounded.load_state_dict(free.state_dict())
        z = torch.randn(6, 5, generator=torch.Generator().manual_seed(0))
        made = free(z)
    assert made.abs().max() > 1
    torch.testing.assert_close(bounded(z), torch.tanh(made))


# The set-up form on what goes badly together.


@pytest.mark.parametrize(
    ("link", "says"),
    [
        ({"preset": "walkthrough", "optimizer": "adam", "adam_beta1": "0.5"}, "Clipping runs with Adam's momentum (β1 = 0.5)"),
        ({"preset": "walkthrough", "critic_widths": "64,64,64,64,64,64"}, "The critic has 7 layers and clipped weights"),
        ({"preset": "wgan-paper-dcgan"}, "BatchNorm in a clipped critic: its scales are clipped to ±0.01 too"),
        ({"preset": "walkthrough", "optimizer": "adam", "adam_beta1": "0"}, ""),
        ({"preset": "pytorch-gan-gp"}, ""),
        ({"preset": "wgan-paper-dcgan", "clipped": "weights"}, ""),
    ],
)
def test_the_set_up_form_warns(runs: Path, link: dict[str, str], says: str) -> None:
    test = page("train", **link)
    assert [warning.value[: len(says)] for warning in test.warning] == ([says] if says else [])
