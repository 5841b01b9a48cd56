"""The objectives against the textbook: closed forms in float64, and a loop with PyTorch's own cross-entropy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import expit
from torch import Tensor, nn

from tests.kernels import assert_same
from tests.small import SMALL_ON_POINTS
from tests.trainers import take_over
from wgan_core.config import TrainConfig, guessing_loss, js_bound
from wgan_core.data.load import load_dataset
from wgan_core.training.objective import OBJECTIVES
from wgan_core.training.trainer import Trainer

REAL = torch.tensor([[3.0], [-1.5], [0.0], [40.0]], dtype=torch.float64)
FAKE = torch.tensor([[-2.0], [0.5], [-40.0]], dtype=torch.float64)
GAN = SMALL_ON_POINTS.replace(
    dataset="8-gaussians",
    objective="non-saturating",
    lipschitz="none",
    optimizer="adam",
    critic_widths=(16, 8),
    generator_widths=(12, 8),
    generator_norm="none",
    batch_size=32,
    n_critic=2,
    critic_lr=1e-3,
    generator_lr=2e-3,
    device="cpu",
    threads=1,
)


def test_the_losses_are_those_of_the_paper() -> None:
    """Goodfellow et al. 2014: V(D, G) = E log D(x) + E log(1 − D(G(z))). The discriminator raises it, the minimax generator lowers it."""
    d_real, d_fake = expit(REAL.numpy()), expit(FAKE.numpy())
    value = np.log(d_real).mean() + np.log1p(-d_fake).mean()
    for name in ("minimax", "non-saturating"):
        assert float(OBJECTIVES[name].critic_loss(REAL, FAKE)) == pytest.approx(-value, rel=1e-12)
    assert float(OBJECTIVES["minimax"].generator_loss(FAKE)) == pytest.approx(np.log1p(-d_fake).mean(), rel=1e-12)
    assert float(OBJECTIVES["non-saturating"].generator_loss(FAKE)) == pytest.approx(-np.log(d_fake).mean(), rel=1e-12)
    assert float(OBJECTIVES["wasserstein"].critic_loss(REAL, FAKE)) == pytest.approx(FAKE.numpy().mean() - REAL.numpy().mean())
    assert float(OBJECTIVES["wasserstein"].generator_loss(FAKE)) == pytest.approx(-FAKE.numpy().mean())


def test_least_squares_and_hinge_are_those_of_their_papers() -> None:
    """LSGAN, arXiv 1611.04076, equation 9: ½ E (D − 1)² + ½ E D², and ½ E (D − 1)². Hinge, arXiv 1802.05957, equations 16 and 17."""
    real, fake = REAL.numpy(), FAKE.numpy()
    squares, hinge = OBJECTIVES["least-squares"], OBJECTIVES["hinge"]
    assert float(squares.critic_loss(REAL, FAKE)) == pytest.approx(((real - 1) ** 2).mean() / 2 + (fake**2).mean() / 2, rel=1e-12)
    assert float(squares.generator_loss(FAKE)) == pytest.approx(((fake - 1) ** 2).mean() / 2, rel=1e-12)
    assert float(hinge.critic_loss(REAL, FAKE)) == pytest.approx(np.clip(1 - real, 0, None).mean() + np.clip(1 + fake, 0, None).mean())
    assert float(hinge.generator_loss(FAKE)) == pytest.approx(-fake.mean())


@pytest.mark.parametrize(("name", "middle"), [("minimax", 0.0), ("non-saturating", 0.0), ("least-squares", 0.5), ("hinge", 0.0)])
def test_guessing_has_the_lowest_loss_where_both_kinds_are_alike(name: Any, middle: float) -> None:
    """By brute force: of all scores, the one that is best if real and generated samples get the same."""
    losses = {score: float(OBJECTIVES[name].critic_loss(*torch.full((2, 4, 1), score))) for score in np.arange(-3, 3.01, 0.125)}
    assert losses[middle] == pytest.approx(min(losses.values()), abs=1e-6)
    assert guessing_loss(GAN.replace(objective=name)) == pytest.approx(losses[middle])


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_push_is_minus_the_slope_of_the_generators_loss(name: str) -> None:
    scores = FAKE.clone().requires_grad_()
    (len(FAKE) * OBJECTIVES[name].generator_loss(scores)).backward()  # of the sum, so that each row has its own
    assert scores.grad is not None
    torch.testing.assert_close(OBJECTIVES[name].push(FAKE), -scores.grad, rtol=1e-12, atol=0)


def test_a_sure_discriminator_stops_the_minimax_generator_only() -> None:
    sure = torch.tensor([[-20.0]])
    assert float(OBJECTIVES["minimax"].push(sure)) < 1e-8
    assert float(OBJECTIVES["non-saturating"].push(sure)) == pytest.approx(1)
    assert float(OBJECTIVES["wasserstein"].push(sure)) == 1


def test_the_bound_runs_from_nothing_to_log_2() -> None:
    undecided = torch.zeros(4, 1)
    certain = torch.full((4, 1), 60.0)
    assert js_bound(float(OBJECTIVES["minimax"].critic_loss(undecided, undecided))) == pytest.approx(0, abs=1e-7)
    assert js_bound(float(OBJECTIVES["minimax"].critic_loss(certain, -certain))) == pytest.approx(math.log(2))


def textbook(config: TrainConfig, steps: int) -> tuple[nn.Module, nn.Module, list[float]]:
    """A GAN as in PyTorch's tutorials: BCEWithLogitsLoss against ones and zeros, one Adam per network. Returns its discriminator's losses
    too."""
    trainer = Trainer(config, load_dataset(config))
    generator = nn.Sequential(nn.Linear(2, 12), nn.LeakyReLU(0.2), nn.Linear(12, 8), nn.LeakyReLU(0.2), nn.Linear(8, 2))
    discriminator = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
    take_over(generator, trainer.generator)
    take_over(discriminator, trainer.critic)
    betas = (config.adam_beta1, config.adam_beta2)
    g_optimizer = torch.optim.Adam(generator.parameters(), lr=config.generator_lr, betas=betas)
    d_optimizer = torch.optim.Adam(discriminator.parameters(), lr=config.critic_lr, betas=betas)
    ones, zeros = torch.ones(config.batch_size, 1), torch.zeros(config.batch_size, 1)
    entropy = nn.BCEWithLogitsLoss() if config.objective != "least-squares" else lambda f, target: nn.functional.mse_loss(f, target) / 2
    rng, losses = torch.Generator().manual_seed(config.seed + 1), []
    order = torch.randperm(len(trainer.data), generator=torch.Generator().manual_seed(config.seed * 1_000_003))

    def latents() -> Tensor:
        return torch.randn(config.batch_size, config.latent_dim, generator=rng)

    for step in range(steps):
        real = trainer.data[order[step * config.batch_size : (step + 1) * config.batch_size]]
        fake = generator(latents()).detach()
        d_optimizer.zero_grad()
        loss = entropy(discriminator(real), ones) + entropy(discriminator(fake), zeros)
        loss.backward()
        d_optimizer.step()
        losses.append(loss.item())
        if (step + 1) % config.n_critic == 0:
            g_optimizer.zero_grad()
            logits = discriminator(generator(latents()))
            # Minimax: lower log(1 − D), which is minus the cross-entropy against zeros.
            (-entropy(logits, zeros) if config.objective == "minimax" else entropy(logits, ones)).backward()
            g_optimizer.step()
    return generator, discriminator, losses


@pytest.mark.parametrize("objective", ["minimax", "non-saturating", "least-squares"])
def test_training_is_the_textbooks_gan(objective: Any) -> None:
    config = GAN.replace(objective=objective, latent_dim=2)
    trainer = Trainer(config, load_dataset(config))
    generator, discriminator, losses = textbook(config, 40)
    ours = [float(trainer.train_step().loss) for _ in range(40)]
    assert ours == pytest.approx(losses, rel=1e-5)
    for mine, theirs in ((trainer.generator, generator), (trainer.critic, discriminator)):
        renamed = dict(zip(mine.state_dict(), theirs.state_dict().values(), strict=True))
        assert_same(mine.state_dict(), renamed, to_the_bit=False, rate=2e-3)


def test_the_two_generators_move_differently_and_the_discriminators_first_step_is_the_same() -> None:
    trainers = [Trainer(GAN.replace(objective=name), load_dataset(GAN)) for name in ("minimax", "non-saturating")]
    for trainer in trainers:
        trainer.train_step()
    first, second = (trainer.critic.state_dict() for trainer in trainers)
    assert all(torch.equal(first[name], second[name]) for name in first)
    for trainer in trainers:
        trainer.train_step()  # the generator's update is in the second step
    first, second = (trainer.generator.state_dict() for trainer in trainers)
    assert not all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize(("objective", "updates"), [("non-saturating", 400), ("least-squares", 400), ("hinge", 1000)])
def test_a_gan_learns_the_ring(objective: Any, updates: int) -> None:
    """That the signs are right: real and generated points come nearer to each other."""
    config = GAN.replace(
        objective=objective, dataset="ring", latent_dim=2, critic_widths=(64, 64), generator_widths=(64, 64), n_critic=1, batch_size=128
    )
    trainer = Trainer(config, load_dataset(config))
    z = torch.randn(512, 2, generator=torch.Generator().manual_seed(5))

    def off() -> float:
        """How far from the ring the points lie on average."""
        return float((trainer.sample(z).norm(dim=1) - float(trainer.data.norm(dim=1).mean())).abs().mean())

    before = off()
    for _ in range(updates):
        trainer.train_step()
    assert off() < before / 3
