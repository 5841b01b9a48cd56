"""Convolutional networks, norms, and what may be combined."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from tests.counting import parameter_count
from wgan_core.config import PRESETS, ConfigError, TrainConfig, parse_config
from wgan_core.data.dataset import ImageDataset
from wgan_core.latent.saved import load_networks
from wgan_core.runs.recorder import Recorder
from wgan_core.store.folder import RunFolder
from wgan_core.training.models import DCGANCritic, DCGANGenerator, build_critic, build_generator, initialise
from wgan_core.training.trainer import Trainer


def dcgan(**changes: object) -> TrainConfig:
    return TrainConfig(architecture="dcgan", dcgan_width=4, latent_dim=6, batch_size=8, device="cpu", n_critic=2).replace(**changes)


def images(count: int, channels: int, size: int) -> ImageDataset:
    rng = torch.Generator().manual_seed(0)
    return ImageDataset("random", torch.randint(0, 256, (count, channels, size, size), dtype=torch.uint8, generator=rng))


@pytest.mark.parametrize("size", [8, 14, 16, 28, 32, 48, 64, 96, 128])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_size_gives_images_and_one_score_each(size: int, channels: int) -> None:
    config = dcgan(image_size=size)
    generator, critic = build_generator(config, (channels, size, size)), build_critic(config, (channels, size, size))
    made = generator(torch.randn(5, 6))
    assert made.shape == (5, channels, size, size) and made.abs().max() <= 1
    assert critic(made).shape == (5, 1)


def test_the_dcgan_at_64_px_is_the_papers() -> None:
    """Counted by hand for width 64, z 100, RGB: kernels 4 × 4; BatchNorm has two numbers a channel."""
    generator = DCGANGenerator(100, (3, 64, 64), 64, 1e-5)
    kernels = 100 * 512 + 512 * 256 + 256 * 128 + 128 * 64 + 64 * 3
    assert parameter_count(generator) == 16 * kernels + 2 * (512 + 256 + 128 + 64) + 3
    critic = DCGANCritic((3, 64, 64), 64, 0.2, "batch")
    kernels = 3 * 64 + 64 * 128 + 128 * 256 + 256 * 512 + 512
    assert parameter_count(critic) == 16 * kernels + (64 + 128 + 256 + 512 + 1) + 2 * (128 + 256 + 512)


@pytest.mark.parametrize("architecture", ["mlp", "dcgan"])
def test_layer_norm_leaves_each_image_to_itself_and_batch_norm_does_not(architecture: str) -> None:
    batch = torch.randn(6, 1, 32, 32, generator=torch.Generator().manual_seed(1))
    for norm, alone_differs in (("none", False), ("layer", False), ("batch", True)):
        critic = build_critic(dcgan(architecture=architecture, critic_norm=norm, image_size=32), (1, 32, 32))
        together, alone = critic(batch)[:2], critic(batch[:2])
        assert torch.allclose(together, alone, atol=1e-5) != alone_differs, norm


def test_layer_norm_is_pytorchs_layer_norm() -> None:
    critic = build_critic(dcgan(critic_norm="layer", image_size=32), (1, 32, 32))
    norm = next(module for module in critic.modules() if isinstance(module, nn.GroupNorm))
    features = torch.randn(3, 8, 5, 5)
    assert torch.allclose(norm(features), nn.functional.layer_norm(features, (8, 5, 5)), atol=1e-6)


def test_pytorch_initialisation_of_convolutions_is_that_of_pytorch() -> None:
    for build in (build_generator, build_critic):
        torch.manual_seed(42)
        theirs = build(dcgan(image_size=32), (3, 32, 32))
        ours = build(dcgan(image_size=32), (3, 32, 32))
        initialise(ours, "pytorch", torch.Generator().manual_seed(42))
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.equal(a, b)


def test_normal_initialisation_of_convolutions_is_the_dcgans() -> None:
    generator = build_generator(dcgan(image_size=64, dcgan_width=32, latent_dim=100), (3, 64, 64))
    initialise(generator, "normal", torch.Generator().manual_seed(0))
    kernel = next(module for module in generator.modules() if isinstance(module, nn.ConvTranspose2d)).weight.detach()
    scale = torch.cat([module.weight.detach() for module in generator.modules() if isinstance(module, nn.BatchNorm2d)])
    assert float(kernel.std()) == pytest.approx(0.02, rel=0.02) and abs(float(kernel.mean())) < 1e-3
    assert float(scale.mean()) == pytest.approx(1, abs=0.01) and float(scale.std()) == pytest.approx(0.02, rel=0.2)


@pytest.mark.parametrize(
    "changes", [{}, {"lipschitz": "gradient-penalty", "optimizer": "adam", "critic_norm": "layer"}, {"critic_norm": "batch"}]
)
def test_a_dcgan_trains_resumes_and_is_read_back(tmp_path: Path, changes: dict[str, object]) -> None:
    config, data = dcgan(image_size=28, **changes), images(40, 3, 28)

    def trained(steps: int, trainer: Trainer | None = None) -> Trainer:
        trainer = trainer or Trainer(config, data)
        for _ in range(steps):
            trainer.train_step()
        return trainer

    whole, half = trained(6), trained(3)
    folder = RunFolder.create(tmp_path / "run", config, dataset={"shape": [3, 28, 28]})
    assert Recorder(folder).save(half)
    resumed = Trainer(config, data)
    resumed.load_state_dict(folder.read_step(3))
    trained(3, resumed)
    for a, b in zip(whole.critic.state_dict().values(), resumed.critic.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    z = whole.draw_noise(2).numpy()
    assert load_networks(folder, 3).pixels(z).shape == (2, 28, 28, 3)


def test_scoring_pictures_does_not_change_a_critic_with_batch_norm() -> None:
    config = dcgan(image_size=32, critic_norm="batch")
    trainer = Trainer(config, images(16, 1, 32))
    before = {name: tensor.clone() for name, tensor in trainer.critic.state_dict().items()}
    trainer.score(trainer.next_batch())
    assert all(torch.equal(before[name], tensor) for name, tensor in trainer.critic.state_dict().items())
    assert trainer.critic.training


def test_clipping_weights_alone_leaves_biases_and_norms(config: TrainConfig) -> None:
    for clipped, reaches in (("all", True), ("weights", False)):
        trainer = Trainer(config.replace(clipped=clipped, critic_norm="layer"), images(16, 1, 8))
        with torch.no_grad():
            for parameter in trainer.critic.parameters():
                parameter.fill_(1.0)
        trainer.train_step()
        for parameter in trainer.critic.parameters():
            inside = float(parameter.detach().abs().max()) <= config.clip_value * (1 + 1e-6)
            assert inside == (reaches or parameter.ndim > 1)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"architecture": "dcgan", "image_size": 50},
            "image_size must be 48 or 56 for the architecture dcgan, not 50: its layers halve the side until 4 to 7 px are left.",
        ),
        ({"critic_norm": "batch", "lipschitz": "gradient-penalty"}, "critic_norm batch cannot be combined with the gradient penalty"),
    ],
)
def test_what_does_not_go_together_is_a_sentence(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(values)
    assert str(caught.value).startswith(sentence)


def test_the_walkthroughs_next_step_has_its_faults_mended() -> None:
    config = PRESETS["walkthrough-next"]
    assert (config.architecture, config.lipschitz, config.critic_norm, config.image_size) == ("dcgan", "gradient-penalty", "layer", 32)
    assert build_critic(config, (1, 32, 32))(torch.zeros(3, 1, 32, 32)).shape == (3, 1)
