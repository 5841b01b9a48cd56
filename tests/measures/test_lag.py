"""Whether the critic lags: a copy trains on, and the run knows nothing of it."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest
import torch

from tests.trainers import same, states, train
from wgan_core.config import TrainConfig
from wgan_core.data.dataset import Dataset, ImageDataset
from wgan_core.data.load import load_dataset
from wgan_core.measures.lag import Cancelled, Lag, _steepest, copy_state, critic_lag, twin, twin_from
from wgan_core.training.objective import wasserstein_estimate
from wgan_core.training.trainer import Trainer

KINDS: list[dict[str, Any]] = [
    {},
    {"lipschitz": "gradient-penalty", "optimizer": "adam"},
    {"critic_gradients": "accumulated", "optimizer": "adam"},
    {"critic_norm": "batch", "ema_decay": 0.9},
    {"precision": "bfloat16"},
]


@pytest.mark.parametrize("changes", KINDS, ids=str)
def test_the_run_is_untouched_to_the_bit(changes: dict[str, Any], config: TrainConfig, dataset: ImageDataset) -> None:
    trainer, other = (train(Trainer(config.replace(**changes), dataset), 10) for _ in range(2))
    before = states(trainer)
    lag = critic_lag(twin(trainer), 20, n=64)
    assert lag.estimates[0] != lag.estimates[-1]
    assert same(states(trainer), before)
    train(trainer, 10)
    train(other, 10)
    assert same(states(trainer), states(other))


@pytest.mark.parametrize("changes", KINDS, ids=str)
def test_a_twin_goes_on_as_the_run_does_with_its_optimiser(changes: dict[str, Any], config: TrainConfig, dataset: ImageDataset) -> None:
    trainer = train(Trainer(config.replace(**changes), dataset), 10)
    copied = twin(trainer)
    train(trainer, 10)
    train(copied, 10)
    assert same(states(trainer), states(copied))


def test_the_generator_stands_still_and_the_critic_does_what_the_textbook_does(config: TrainConfig, dataset: ImageDataset) -> None:
    trainer = Trainer(config.replace(generator_norm="none"), dataset)  # a new one: its RMSprop begins where the textbook's does
    copied = twin(trainer)
    lag = critic_lag(copied, 20, n=60, seed=5)
    assert all(torch.equal(value, trainer.generator.state_dict()[name]) for name, value in copied.generator.state_dict().items())

    rng, batch = torch.Generator().manual_seed(5), config.batch_size
    pick = lambda: dataset.data[torch.randint(len(dataset), (batch,), generator=rng)].float() / 127.5 - 1  # noqa: E731
    noise = lambda: torch.randn(batch, config.latent_dim, generator=rng)  # noqa: E731
    critic, generator = copy.deepcopy(trainer.critic), copy.deepcopy(trainer.generator).requires_grad_(False)
    real = torch.cat([pick() for _ in range(4)])  # 60 rounded up to whole batches
    fake = generator(torch.cat([noise() for _ in range(4)]))
    optimizer = torch.optim.RMSprop(critic.parameters(), lr=config.critic_lr)
    expected = []
    for update in range(21):
        with torch.no_grad():
            expected.append(float(wasserstein_estimate(critic(real), critic(fake))))
        if update == 20:
            break
        x, z = pick(), noise()
        optimizer.zero_grad()
        (critic(generator(z)).mean() - critic(x).mean()).backward()
        optimizer.step()
        for parameter in critic.parameters():
            parameter.data.clamp_(-config.clip_value, config.clip_value)
    assert lag.n == 64
    assert lag.updates.tolist() == list(range(0, 21, 2))
    assert lag.estimates == pytest.approx(expected[::2], rel=1e-3)


@pytest.mark.slow
def test_one_update_a_generator_step_lags_and_many_do_not() -> None:
    digits = load_dataset(TrainConfig(dataset="digits", image_size=8))
    config = TrainConfig(
        image_size=8,
        latent_dim=8,
        generator_widths=(32,),
        critic_widths=(32,),
        batch_size=64,
        clip_value=0.03,
        critic_lr=3e-4,
        generator_lr=3e-3,
        device="cpu",
        threads=1,
        max_steps=10**6,
    )
    hasty = train(Trainer(config.replace(n_critic=1), digits), 300)
    patient = train(Trainer(config.replace(n_critic=1000), digits), 999)
    assert critic_lag(twin(hasty), n=512).found < 0.5
    assert abs(critic_lag(twin(patient), n=512).found - 1) < 0.05


def test_points_have_a_lag_too(config: TrainConfig) -> None:
    trainer = train(Trainer(config, Dataset("points", torch.randn(64, 2, generator=torch.Generator().manual_seed(0)) + 2)), 5)
    assert critic_lag(twin(trainer), 50, n=64).found < 1


def test_a_critic_that_only_becomes_steeper_does_not_lag() -> None:
    config = TrainConfig(dataset="two-lines", latent_dim=2, generator_widths=(8,), critic_widths=(8,), generator_norm="none", device="cpu")
    two = load_dataset(config)
    trainer = Trainer(config, two)
    real, fake = two.data[:64].float(), trainer.generator(torch.randn(64, 2)).detach()
    before = _steepest(trainer.critic, real, fake)
    with torch.no_grad():
        for parameter in list(trainer.critic.parameters())[-2:]:
            parameter.mul_(7)
    assert _steepest(trainer.critic, real, fake) == pytest.approx(7 * before, rel=1e-5)
    lag = Lag(np.arange(4), np.array([1.0, 7.0, 7.0, 7.0]), np.array([before, 7 * before, 7 * before, 7 * before]), 64, 0.0)
    assert lag.found == pytest.approx(1)


def test_a_critic_with_batchnorm_has_no_slope_to_divide_by(config: TrainConfig, dataset: ImageDataset) -> None:
    lag = critic_lag(twin(train(Trainer(config.replace(critic_norm="batch"), dataset), 3)), 10, n=64)
    assert lag.slopes.tolist() == [1.0] * 11 and lag.scaled.tolist() == lag.estimates.tolist()


def test_what_it_had_found_is_a_share_of_what_it_finds() -> None:
    def of(*estimates: float) -> Lag:
        return Lag(np.arange(len(estimates)), np.array(estimates), np.full(len(estimates), 2.0), 64, 0.0)

    assert of(2.0, 9.0, 3.0, 4.0, 5.0).found == pytest.approx(0.5) and of(2.0, 9.0, 3.0, 4.0, 5.0).after == 2
    assert of(2.0, 9.0, 1.0, 1.0, 1.0).found == pytest.approx(2)
    assert of(-1.0, 0.0, 1.0, 1.0, 1.0).found == -1
    assert math.isnan(of(-1.0, 0.0, -2.0, -2.0, -2.0).found)


def test_a_copied_state_stays_what_it_was(config: TrainConfig, dataset: ImageDataset) -> None:
    trainer = train(Trainer(config.replace(optimizer="adam"), dataset), 7)
    before, copied = states(trainer), copy_state(trainer)
    train(trainer, 7)
    assert same(states(twin_from(trainer.config, dataset, copied)), before) and not same(states(trainer), before)


def test_a_check_that_nobody_waits_for_is_broken_off(config: TrainConfig, dataset: ImageDataset) -> None:
    asked: list[int] = []
    with pytest.raises(Cancelled):
        critic_lag(twin(Trainer(config, dataset)), 20, n=16, cancelled=lambda: len(asked) >= 3 or bool(asked.append(0)))
    assert len(asked) == 3
