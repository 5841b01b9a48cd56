"""A run of an ordinary GAN on the Train page: its words are those of a GAN."""

from __future__ import annotations

from tests.app_page import page, texts
from tests.waiting import trained
from wgan_core.config import TrainConfig
from wgan_core.runs.manager import RunManager


def test_a_gan_has_a_discriminator_and_no_estimate(manager: RunManager, config: TrainConfig) -> None:
    run = trained(manager, config.replace(objective="non-saturating", lipschitz="none", optimizer="adam"))
    said = texts(page("train", run=run.run_id))
    assert "**Jensen-Shannon bound**" in said and "**Discriminator scores**" in said
    assert "Wasserstein estimate" not in said and "Critic scores" not in said


def test_a_gan_without_a_bound_shows_its_loss_and_no_bound(manager: RunManager, config: TrainConfig) -> None:
    run = trained(manager, config.replace(objective="hinge", lipschitz="none", optimizer="adam"))
    said = texts(page("train", run=run.run_id))
    assert "**Discriminator loss**" in said and "**Discriminator scores**" in said
    assert "Jensen-Shannon" not in said and "Wasserstein estimate" not in said and "Critic scores" not in said


def test_a_wgan_has_a_critic_and_an_estimate(manager: RunManager, config: TrainConfig) -> None:
    said = texts(page("train", run=trained(manager, config).run_id))
    assert "**Wasserstein estimate**" in said and "**Critic scores**" in said
    assert "Jensen-Shannon" not in said and "Discriminator" not in said
