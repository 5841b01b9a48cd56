"""Schedules of c, λ and n_critic: against curves written out, in a plain loop, after edits, after a resume, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from tests.trainers import all_weights, largest_weight, train
from wgan_core.config import ConfigError, TrainConfig, check_value, has_schedule, parse_config
from wgan_core.data.dataset import ImageDataset
from wgan_core.instruments.monitor import _judged
from wgan_core.measures.diagnose import copy_weights
from wgan_core.training.rates import values_in_force
from wgan_core.training.schedules import in_force, value_at
from wgan_core.training.trainer import Trainer
from wgan_core.training.warmup import generator_updates_within, mean_n_critic

STEPS = 40
CLIP = {"clip_value": 0.05, "clip_end": 0.01, "max_steps": STEPS}


def curve(shape: str, first: float, last: float) -> np.ndarray:
    """The values of steps 0 to STEPS, by NumPy and by a wave."""
    share = np.arange(STEPS + 1) / STEPS
    done = {"linear": share, "cosine": 0.5 - 0.5 * np.cos(np.pi * share), "steps": np.digitize(share, (0.25, 0.5, 0.75)) / 3}[shape]
    return first + (last - first) * done


@pytest.mark.parametrize("shape", ["linear", "cosine", "steps"])
def test_the_curves(shape: Any) -> None:
    config = TrainConfig(clip_schedule=shape, **CLIP)
    assert [value_at(config, "clip_value", step) for step in range(STEPS + 1)] == pytest.approx(list(curve(shape, 0.05, 0.01)))
    assert value_at(config, "clip_value", 0) == 0.05 and value_at(config, "clip_value", 10**6) == pytest.approx(0.01)
    rising = TrainConfig(n_critic=2, n_critic_schedule=shape, n_critic_end=9, max_steps=STEPS)
    values = [value_at(rising, "n_critic", step) for step in range(STEPS + 1)]
    assert values == [round(value) for value in curve(shape, 2, 9)] and all(isinstance(value, int) for value in values)


def test_the_settings_in_force_have_the_values_and_no_schedule() -> None:
    config = TrainConfig(clip_schedule="linear", n_critic=9, n_critic_schedule="steps", n_critic_end=3, lr_schedule="linear", **CLIP)
    now = in_force(config, STEPS // 2)
    assert (now.clip_value, now.n_critic) == (pytest.approx(0.03), 5) and now.critic_lr == config.critic_lr
    assert in_force(now, 7) == now and not has_schedule(now.replace(lr_schedule="constant"))
    shown = values_in_force(config, STEPS // 2)
    assert shown == pytest.approx({"clip_value": 0.03, "n_critic": 5, "critic_lr": 5e-5 * 0.525, "generator_lr": 5e-5 * 0.525})
    assert in_force(TrainConfig(), 7) == TrainConfig() and values_in_force(TrainConfig(), 7) == {}


def test_every_critic_update_is_clipped_to_the_value_of_its_number(config: TrainConfig, dataset: ImageDataset) -> None:
    config = config.replace(clip_schedule="cosine", **CLIP)
    trainer = Trainer(config, dataset)
    for step in range(STEPS):
        train(trainer, 1)
        assert largest_weight(trainer) == pytest.approx(value_at(config, "clip_value", step))
    assert copy_weights(trainer).config.clip_value == _judged(trainer).clip_value == value_at(config, "clip_value", STEPS - 1)


def test_the_penalty_has_the_weight_of_its_step(config: TrainConfig, dataset: ImageDataset) -> None:
    """A run whose λ is edited at each step to the same values has the same weights."""
    config = config.replace(lipschitz="gradient-penalty", gp_lambda=10.0, max_steps=STEPS)
    scheduled, edited = Trainer(config.replace(gp_lambda_schedule="linear", gp_lambda_end=0.5), dataset), Trainer(config, dataset)
    for value in curve("linear", 10.0, 0.5)[:STEPS]:
        edited.configure(config.replace(gp_lambda=float(value)))
        train(edited, 1)
    assert torch.allclose(all_weights(train(scheduled, STEPS)), all_weights(edited), atol=1e-7)
    assert not torch.allclose(all_weights(scheduled), all_weights(train(Trainer(config, dataset), STEPS)), atol=1e-4)


def test_the_generator_is_updated_when_the_count_of_its_step_is_reached(config: TrainConfig, dataset: ImageDataset) -> None:
    config = config.replace(n_critic=6, n_critic_schedule="linear", n_critic_end=1, max_steps=STEPS)
    trainer, since, updates = Trainer(config, dataset), 0, 0
    for step in range(STEPS):
        train(trainer, 1)
        since += 1
        if since >= round(6 - 5 * step / STEPS):
            since, updates = 0, updates + 1
        assert (trainer.generator_updates, trainer.critic_updates_since_generator) == (updates, since)
    assert abs(generator_updates_within(config) - updates) <= 1
    assert mean_n_critic(config) == pytest.approx(STEPS / updates, rel=0.1) and mean_n_critic(TrainConfig()) == 25


def test_an_edit_moves_one_end_of_the_curve_and_another_length_stretches_it(config: TrainConfig, dataset: ImageDataset) -> None:
    config = config.replace(clip_schedule="linear", **CLIP)
    trainer = train(Trainer(config, dataset), STEPS // 2)

    def clip_now() -> float:
        return trainer._now.clip_value

    trainer.configure(config.replace(clip_value=0.09))
    assert clip_now() == pytest.approx(0.05)
    trainer.configure(trainer.config.replace(clip_end=0.001, max_steps=STEPS // 2))
    assert clip_now() == pytest.approx(0.001)  # at the new end, at once: a jump, as the settings say
    assert largest_weight(train(trainer, 1)) == pytest.approx(0.001)
    trainer.configure(trainer.config.replace(max_steps=2 * (STEPS // 2 + 1)))
    assert clip_now() == pytest.approx(0.0455)


@pytest.mark.parametrize(
    "changes",
    [
        {"clip_schedule": "steps", "n_critic": 7, "n_critic_schedule": "linear", "n_critic_end": 2},
        {"lipschitz": "gradient-penalty", "gp_lambda_schedule": "cosine", "optimizer": "adam", "n_critic_schedule": "steps"},
    ],
    ids=["clip", "penalty"],
)
def test_a_run_goes_on_to_the_bit(changes: dict[str, Any], config: TrainConfig, dataset: ImageDataset) -> None:
    config = config.replace(max_steps=STEPS, **changes)
    whole, first, second = (Trainer(config, dataset) for _ in range(3))
    train(whole, STEPS)
    second.load_state_dict(train(first, 17).state_dict())
    assert second.critic_updates_wanted == in_force(config, 17).n_critic
    assert torch.equal(all_weights(whole), all_weights(train(second, STEPS - 17)))


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"clip_schedule": "linear", "clip_end": 0}, "clip_end must be a number above 0 and at most 10, not 0."),
        ({"lipschitz": "gradient-penalty", "gp_lambda_end": 0.0}, "gp_lambda_end must be a number above 0 and at most 10000, not 0.0."),
        ({"clip_end": math.inf}, "clip_end must be a number above 0 and at most 10, not inf."),
        ({"n_critic_end": 0}, "n_critic_end must be a whole number from 1 to 1,000, not 0."),
        ({"n_critic_end": 2.5}, "n_critic_end must be a whole number from 1 to 1,000, not 2.5."),
        ({"n_critic_schedule": "exponential"}, "n_critic_schedule must be one of constant, linear, cosine, steps, not 'exponential'."),
        (
            {"clip_schedule": "linear", "lipschitz": "gradient-penalty"},
            "clip_schedule linear has no effect with lipschitz gradient-penalty: choose clip_schedule constant, or lipschitz clip.",
        ),
        (
            {"gp_lambda_schedule": "steps"},
            "gp_lambda_schedule steps has no effect with lipschitz clip: choose gp_lambda_schedule constant, or lipschitz "
            "gradient-penalty.",
        ),
    ],
)
def test_what_makes_no_sense_is_one_sentence(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refused:
        parse_config(values)
    assert str(refused.value) == sentence


def test_a_schedule_of_another_method_is_a_value_by_itself() -> None:
    """A field of the page, a flag of a branch: which method it goes with is known only when all settings are."""
    assert check_value("gp_lambda_schedule", "linear") == "linear"
    with pytest.raises(ConfigError, match="gp_lambda_schedule must be one of"):
        check_value("gp_lambda_schedule", "wave")
    with pytest.raises(ConfigError, match="nothing is not a setting"):
        check_value("nothing", 1)


def test_a_run_of_an_earlier_version_has_no_schedules() -> None:
    values = TrainConfig(clip_value=0.03).model_dump()
    early = {name: value for name, value in values.items() if not name.endswith(("_schedule", "_end", "_updates"))}
    config = parse_config(early)
    assert not has_schedule(config) and in_force(config, 10**6) is config


# Schedules over generator updates.


def test_each_update_has_the_values_of_the_generator_updates_before_it(config: TrainConfig, dataset: ImageDataset) -> None:
    """In a plain count: c falls over 6 generator updates, then stays, while n_critic and the run's length have no part in it."""
    config = config.replace(clip_schedule="linear", clip_value=0.05, clip_end=0.01, lr_schedule="steps", lr_end=0.1, schedule_updates=6)
    trainer, updates = Trainer(config.replace(max_steps=1000, n_critic=3, critic_warmup="none"), dataset), 0
    for step in range(30):
        train(trainer, 1)
        value = 0.05 - 0.04 * min(1, updates / 6)
        assert largest_weight(trainer) == pytest.approx(value) and trainer.settings_of_newest.clip_value == pytest.approx(value)
        share = {0: 1, 1: 0.7, 2: 0.4, 3: 0.1}[min(3, int(4 * updates / 6))]
        assert trainer.critic_optimizer.param_groups[0]["lr"] == pytest.approx(config.critic_lr * share)
        assert copy_weights(trainer).config.clip_value == _judged(trainer).clip_value == trainer.settings_of_newest.clip_value
        updates += (step + 1) % 3 == 0
    assert trainer.generator_updates == updates == 10


def test_n_critic_over_generator_updates_is_forecast_and_goes_on_to_the_bit(config: TrainConfig, dataset: ImageDataset) -> None:
    config = config.replace(max_steps=90, n_critic=8, n_critic_schedule="linear", n_critic_end=2, schedule_updates=10)
    whole, first, second = (Trainer(config, dataset) for _ in range(3))
    train(whole, 90)
    second.load_state_dict(train(first, 31).state_dict())
    assert torch.equal(all_weights(whole), all_weights(train(second, 59)))
    counts = [round(8 - 6 * min(1, update / 10)) for update in range(100)]
    assert whole.generator_updates == next(n for n in range(100) if sum(counts[: n + 1]) > 90)
    assert abs(generator_updates_within(config) - whole.generator_updates) <= 1
    assert mean_n_critic(config) == pytest.approx(90 / whole.generator_updates, rel=0.06)


def test_a_schedule_over_nothing_changes_no_bit(config: TrainConfig, dataset: ImageDataset) -> None:
    with_length = Trainer(config.replace(schedule_updates=5), dataset)
    assert torch.equal(all_weights(train(with_length, 20)), all_weights(train(Trainer(config, dataset), 20)))
