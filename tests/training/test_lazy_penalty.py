"""A penalty at every k-th critic update, on a share of the batch, against a plain loop that shares no code with the engine."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.trainers import all_weights, same, states, take_over, train, weights
from wgan_core.config import TrainConfig
from wgan_core.data.dataset import ImageDataset
from wgan_core.training.crew import Crew
from wgan_core.training.trainer import Trainer

pytestmark = pytest.mark.arithmetic
STEPS, BATCH, LAMBDA = 11, 16, 3.0


@pytest.fixture
def lazy(config: TrainConfig) -> TrainConfig:
    """Of every third update, on every second sample."""
    recipe = {"lipschitz": "gradient-penalty", "gp_every": 3, "gp_share": "half", "gp_lambda": LAMBDA, "optimizer": "adam"}
    # Without BatchNorm: the biases before one have a gradient of rounding alone, which Adam blows up.
    return config.replace(**recipe, critic_lr=1e-3, generator_lr=1e-3, n_critic=5, generator_norm="none")


def plain_loop(trainer: Trainer, generator: nn.Module, critic: nn.Module, steps: int) -> None:
    """Train networks that start as those of `trainer`, on the batches and numbers that it will draw."""
    config = trainer.config
    for ours, theirs in ((trainer.generator, generator), (trainer.critic, critic)):
        take_over(theirs, ours)
    betas = (config.adam_beta1, config.adam_beta2)
    of_critic, of_generator = (torch.optim.Adam(network.parameters(), lr=1e-3, betas=betas) for network in (critic, generator))
    rng = torch.Generator().manual_seed(config.seed + 1)
    batches = [trainer_batch(trainer, step) for step in range(steps)]
    for step, real in enumerate(batches):
        fake = generator(torch.randn(BATCH, config.latent_dim, generator=rng)).detach()
        loss = critic(fake).mean() - critic(real).mean()
        if step in (0, 3, 6, 9):
            share = torch.rand(BATCH // 2, 1, 1, 1, generator=rng)
            pairs = list(range(0, BATCH, 2))
            points = (share * real[pairs] + (1 - share) * fake[pairs]).requires_grad_()
            (slope,) = torch.autograd.grad(critic(points).sum(), points, create_graph=True)
            loss = loss + 3 * LAMBDA * ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()
        of_critic.zero_grad()
        loss.backward()
        of_critic.step()
        if step % 5 == 4:
            of_generator.zero_grad()
            (-critic(generator(torch.randn(BATCH, config.latent_dim, generator=rng))).mean()).backward()
            of_generator.step()


def trainer_batch(trainer: Trainer, step: int) -> Tensor:
    trainer.step = step
    real = trainer.next_batch()
    trainer.step = 0
    return real


@pytest.mark.parametrize(
    "changes",
    [{}, {"critic_norm": "layer"}, {"architecture": "dcgan", "dcgan_width": 4}],
    ids=["mlp", "mlp-layer-norm", "dcgan"],
)
def test_equals_a_plain_loop(changes: dict[str, Any], lazy: TrainConfig, dataset: ImageDataset) -> None:
    trainer = Trainer(lazy.replace(**changes), dataset)
    generator, critic = Trainer(trainer.config, dataset).generator, Trainer(trainer.config, dataset).critic
    plain_loop(trainer, generator, critic, STEPS)
    train(trainer, STEPS)
    torch.testing.assert_close(all_weights(trainer), weights(generator, critic), rtol=0, atol=2e-5)


def test_the_penalty_weighs_k_times_as_much_and_nothing_in_between(lazy: TrainConfig, dataset: ImageDataset) -> None:
    always, now_and_then = (Trainer(lazy.replace(gp_every=every), dataset) for every in (1, 4))
    first, lazy_first = always.train_step(), now_and_then.train_step()
    assert float(lazy_first.penalty) == pytest.approx(4 * float(first.penalty)) and float(first.penalty) > 0
    assert [float(now_and_then.train_step().penalty) > 0 for _ in range(5)] == [False, False, False, True, False]


def test_a_critic_update_apart_from_the_run_has_the_plain_penalty(lazy: TrainConfig, dataset: ImageDataset) -> None:
    """As the measurement of the critic's lag needs it, which trains the critic further without counting steps."""
    found: list[list[float]] = []
    for every in (1, 3):
        trainer = Trainer(lazy.replace(gp_every=every), dataset)
        real, z = trainer.next_batch(), trainer.draw_noise(BATCH)
        found.append([float(trainer.critic_step(real, z).penalty) for _ in range(2)])
    assert found[0] == found[1] and all(found[0])


@pytest.mark.parametrize("saved_at", [1, 2, 7])
def test_a_resumed_run_keeps_the_rhythm(saved_at: int, lazy: TrainConfig, dataset: ImageDataset) -> None:
    whole, half = Trainer(lazy, dataset), Trainer(lazy, dataset)
    train(half, saved_at)
    resumed = Trainer(lazy, dataset, crew=Crew(2))
    resumed.load_state_dict(states_by_part(half))
    train(resumed, STEPS - saved_at)
    assert same(states(train(whole, STEPS)), states(resumed))


def states_by_part(trainer: Trainer) -> dict[str, dict[str, Tensor]]:
    return {part: {name: tensor.clone() for name, tensor in tensors.items()} for part, tensors in trainer.state_dict().items()}
