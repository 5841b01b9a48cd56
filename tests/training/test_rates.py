"""Learning rates that fall over a run: against PyTorch's own schedulers, in a plain loop, after edits, after a resume."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from wgan_core.config import ConfigError, TrainConfig
from wgan_core.data.dataset import ImageDataset
from wgan_core.training.rates import rate_share
from wgan_core.training.trainer import Trainer

STEPS = 40


def rates(trainer: Trainer) -> tuple[float, float]:
    return tuple(optimizer.param_groups[0]["lr"] for optimizer in (trainer.critic_optimizer, trainer.generator_optimizer))  # type: ignore[return-value]


@pytest.mark.parametrize("end", [0.0, 0.05, 1.0])
def test_the_shares_are_those_of_pytorchs_schedulers(end: float) -> None:
    optimizers = [torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0) for _ in range(2)]
    linear = torch.optim.lr_scheduler.LinearLR(optimizers[0], 1.0, end, STEPS)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimizers[1], STEPS, eta_min=end)
    for step in range(STEPS + 1):
        for name, scheduler in (("linear", linear), ("cosine", cosine)):
            config = TrainConfig(lr_schedule=name, lr_end=end, max_steps=STEPS)  # pyright: ignore[reportArgumentType]
            assert rate_share(config, step) == pytest.approx(scheduler.get_last_lr()[0], abs=1e-12)
            scheduler.optimizer.step()
            scheduler.step()


def test_without_a_schedule_nothing_changes_and_after_the_end_nothing_more() -> None:
    assert {rate_share(TrainConfig(max_steps=STEPS), step) for step in (0, 7, STEPS, 10**6)} == {1.0}
    assert rate_share(TrainConfig(lr_schedule="linear", max_steps=STEPS), 10**6) == pytest.approx(0.05)


@pytest.mark.parametrize("changes", [{"lr_schedule": "linear"}, {"lr_schedule": "cosine", "lr_end": 0.0}], ids=["linear", "cosine"])
def test_each_step_is_made_with_the_rates_of_its_number(changes: dict[str, Any], config: TrainConfig, dataset: ImageDataset) -> None:
    config = config.replace(max_steps=STEPS, critic_lr=1e-3, generator_lr=5e-4, **changes)
    trainer = Trainer(config, dataset)
    for step in range(STEPS):
        trainer.train_step()
        assert rates(trainer) == pytest.approx((1e-3 * rate_share(config, step), 5e-4 * rate_share(config, step)), rel=1e-12)


def test_an_edit_is_on_top_of_the_schedule_and_another_length_stretches_it(config: TrainConfig, dataset: ImageDataset) -> None:
    config = config.replace(lr_schedule="linear", lr_end=0.0, max_steps=STEPS)
    trainer = Trainer(config, dataset)
    for _ in range(STEPS // 2):
        trainer.train_step()
    trainer.configure(config.replace(critic_lr=2e-3))
    assert rates(trainer) == pytest.approx((1e-3, config.generator_lr / 2))
    trainer.configure(trainer.config.replace(max_steps=2 * STEPS))
    assert rates(trainer) == pytest.approx((1.5e-3, config.generator_lr * 3 / 4))


def test_a_run_goes_on_with_the_rates_it_had(config: TrainConfig, dataset: ImageDataset) -> None:
    config = config.replace(lr_schedule="cosine", max_steps=STEPS)
    whole, first = Trainer(config, dataset), Trainer(config, dataset)
    for _ in range(STEPS):
        whole.train_step()
    for _ in range(17):
        first.train_step()
    second = Trainer(config, dataset)
    second.load_state_dict(first.state_dict())
    for _ in range(STEPS - 17):
        second.train_step()
    assert all(torch.equal(a, b) for a, b in zip(whole.generator.parameters(), second.generator.parameters(), strict=True))


def test_what_cannot_be_a_schedule_is_one_sentence() -> None:
    with pytest.raises(ConfigError, match="lr_end must be a number from 0 to 1, not 1.5"):
        TrainConfig().replace(lr_end=1.5)
    with pytest.raises(ConfigError, match="lr_schedule must be one of constant, linear, cosine"):
        TrainConfig().replace(lr_schedule="exponential")
