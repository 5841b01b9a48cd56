"""Spectral normalisation against PyTorch's own in a textbook loop, and NumPy's singular values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from tests.loops import begin, go_on
from tests.small import SMALL, SMALL_ON_POINTS
from tests.trainers import all_weights, take_over
from wgan_core.config import ConfigError, TrainConfig
from wgan_core.data.load import load_dataset
from wgan_core.lab.frame import View
from wgan_core.measures import diagnose
from wgan_core.runs.branch import branched_config
from wgan_core.runs.replay import replay
from wgan_core.store.folder import RunFolder
from wgan_core.training.spectral import SEED_OFFSET, written_in
from wgan_core.training.trainer import Trainer

NORMED = SMALL_ON_POINTS.replace(
    dataset="8-gaussians", objective="hinge", lipschitz="spectral-norm", optimizer="adam", critic_widths=(16, 8), generator_widths=(12, 8)
)


def trainer_of(config: TrainConfig, steps: int = 0) -> Trainer:
    trainer = Trainer(config, load_dataset(config))
    for _ in range(steps):
        trainer.train_step()
    return trainer


def textbook(config: TrainConfig, steps: int) -> tuple[nn.Module, nn.Module]:
    """SNGAN as one writes it with PyTorch: `spectral_norm` on every layer, the hinge loss, one Adam per network."""
    trainer = Trainer(config.replace(lipschitz="none"), load_dataset(config))
    generator = nn.Sequential(nn.Linear(2, 12), nn.LeakyReLU(0.2), nn.Linear(12, 8), nn.LeakyReLU(0.2), nn.Linear(8, 2))
    critic = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
    take_over(generator, trainer.generator)
    take_over(critic, trainer.critic)
    torch.manual_seed(config.seed + SEED_OFFSET)
    for layer in critic:
        if isinstance(layer, nn.Linear):
            spectral_norm(layer)
    betas = (config.adam_beta1, config.adam_beta2)
    g_optimizer = torch.optim.Adam(generator.parameters(), lr=config.generator_lr, betas=betas)
    c_optimizer = torch.optim.Adam(critic.parameters(), lr=config.critic_lr, betas=betas)
    rng = torch.Generator().manual_seed(config.seed + 1)
    order = torch.randperm(len(trainer.data), generator=torch.Generator().manual_seed(config.seed * 1_000_003))

    def latents() -> Tensor:
        return torch.randn(config.batch_size, config.latent_dim, generator=rng)

    for step in range(steps):
        real = trainer.data[order[step * config.batch_size : (step + 1) * config.batch_size]]
        fake = generator(latents()).detach()
        c_optimizer.zero_grad()
        (torch.relu(1 - critic(real)).mean() + torch.relu(1 + critic(fake)).mean()).backward()
        c_optimizer.step()
        if (step + 1) % config.n_critic == 0:
            g_optimizer.zero_grad()
            (-critic(generator(latents())).mean()).backward()
            g_optimizer.step()
    return generator, critic


@pytest.mark.arithmetic
def test_training_is_the_textbooks_with_the_vectors_of_the_power_iteration() -> None:
    trainer = trainer_of(NORMED, 12)
    for mine, theirs in zip((trainer.generator, trainer.critic), textbook(NORMED, 12), strict=True):
        renamed = dict(zip(mine.state_dict(), theirs.state_dict().values(), strict=True))
        for name, tensor in mine.state_dict().items():  # where a gradient is nearly 0, Adam's first steps amplify its rounding
            torch.testing.assert_close(tensor, renamed[name], rtol=1e-3, atol=1e-4)
    assert {name.rsplit(".", 1)[-1] for name in trainer.critic.state_dict()} == {"bias", "original", "_u", "_v"}


@pytest.mark.parametrize(
    "config", [NORMED, SMALL.replace(lipschitz="spectral-norm", architecture="dcgan", dcgan_width=4)], ids=["mlp", "dcgan"]
)
def test_every_weight_matrix_ends_with_a_largest_singular_value_of_1(config: TrainConfig) -> None:
    trainer = trainer_of(config, 30)
    specimen = diagnose.take_specimen(trainer)
    for layer in specimen.critic.get_submodule("layers").children():
        if isinstance(layer, (nn.Linear, nn.Conv2d)):
            matrix = layer.weight.detach().flatten(1).numpy()
            assert np.linalg.svd(matrix, compute_uv=False)[0] == pytest.approx(1, abs=0.1)


def test_the_weights_begin_as_without_it() -> None:
    with_norm, without = (build.critic.state_dict() for build in (trainer_of(NORMED), trainer_of(NORMED.replace(lipschitz="none"))))
    for name, weight in without.items():
        assert torch.equal(weight, with_norm[name if name in with_norm else name.replace("weight", "parametrizations.weight.original")])


def test_its_bound_is_1_and_what_instruments_see_is_finite() -> None:
    trainer = trainer_of(NORMED, 30)
    health = diagnose.examine(diagnose.take_specimen(trainer), trainer.data[:64])
    assert health.spectral.value == pytest.approx(1, abs=0.1)
    assert health.constant.value is not None and health.spectral.value is not None
    assert health.constant.value <= health.spectral.value * (1 + 1e-9)
    assert np.isfinite(health.critic_depth.weight_rms).all() and len(health.boundary) == 3


@pytest.mark.arithmetic
def test_looking_changes_nothing_and_two_halves_equal_the_whole(tmp_path: Path) -> None:
    config = NORMED.replace(max_steps=1000, log_every=1)
    whole = begin(tmp_path / "whole", config, 40)
    begin(tmp_path / "halves", config, 17)
    halves = go_on(tmp_path / "halves", 23)
    assert all_weights(whole.trainer).equal(all_weights(halves.trainer))
    assert replay(RunFolder.open(tmp_path / "halves")).drifted is None
    before = {name: tensor.clone() for name, tensor in halves.trainer.critic.state_dict().items()}
    view = View(config, halves.trainer.data)
    view.look(halves.trainer)
    view.measure(halves.trainer)
    halves.trainer.score(halves.trainer.data[:8])
    assert all(torch.equal(tensor, before[name]) for name, tensor in halves.trainer.critic.state_dict().items())


def test_a_branch_cannot_switch_it_on_or_off(tmp_path: Path) -> None:
    begin(tmp_path / "run", NORMED.replace(max_steps=1000), 5)
    with pytest.raises(ConfigError, match=r"^Lipschitz method cannot change to or from spectral-norm .*, or start a new run\.$"):
        branched_config(RunFolder.open(tmp_path / "run"), 5, {"lipschitz": "none"})


def test_it_trains_in_half_precision() -> None:
    trainer = trainer_of(NORMED.replace(precision="bfloat16"), 12)
    assert all(torch.isfinite(value).all() for value in trainer.critic.state_dict().values())


@pytest.mark.parametrize(("other", "value"), [("critic_norm", "layer"), ("critic_norm", "batch"), ("labels", "conditional")])
def test_what_it_cannot_be_combined_with_is_refused_by_both_names(other: str, value: str) -> None:
    with pytest.raises(ConfigError, match=rf"^{other} {value} cannot be combined with lipschitz spectral-norm.*\.$"):
        SMALL.replace(lipschitz="spectral-norm", **{other: value})


def test_other_programs_get_a_critic_with_the_normalised_weights() -> None:
    trainer = trainer_of(NORMED, 12)
    critic = trainer.critic.eval()
    plain, points = written_in(critic), torch.randn(7, 2)
    assert {name.rsplit(".", 1)[-1] for name in plain.state_dict()} == {"weight", "bias"}
    assert torch.equal(plain(points), critic(points))
    program = torch.export.export(plain, (points,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    torch.testing.assert_close(program.module()(points[:3]), critic(points[:3]))
    trainer.train_step()  # the one that trains is as it was
