"""The guard names the step whose scores were not finite, however late it looks."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from wgan_core.runs.guard import LOOK_EVERY, Guard, NotFinite
from wgan_core.training.trainer import CriticScores


def scores(real: float = 1.0, discriminator_loss: float | None = None) -> CriticScores:
    loss = None if discriminator_loss is None else torch.tensor(discriminator_loss)
    return CriticScores(torch.tensor(real), torch.tensor(0.5), torch.tensor(0.0), loss)


def at(step: int, device: str) -> Any:
    """A trainer after `step`, as far as a guard looks at it."""
    return SimpleNamespace(device=torch.device(device), step=step)


def test_on_a_cpu_it_looks_at_once() -> None:
    guard = Guard()
    guard.watch(at(1, "cpu"), scores())
    with pytest.raises(NotFinite) as caught:
        guard.watch(at(2, "cpu"), scores(math.inf))
    assert caught.value.step is None  # the step that the trainer is at


def test_an_infinite_score_is_seen_where_the_loss_is_not_infinite() -> None:
    """A discriminator that is surer of real samples than numbers can say has a loss of 0 there."""
    with pytest.raises(NotFinite):
        Guard().watch(at(1, "cpu"), scores(math.inf, discriminator_loss=0.5))


@pytest.mark.parametrize("bad", [1, 7, LOOK_EVERY])
def test_elsewhere_it_looks_at_many_steps_together_and_names_the_first(bad: int) -> None:
    guard = Guard()
    with pytest.raises(NotFinite) as caught:
        for step in range(1, LOOK_EVERY + 1):
            guard.watch(at(100 + step, "cuda"), scores(math.nan if step >= bad else 1.0))
    assert caught.value.step == 100 + bad


def test_it_looks_earlier_when_asked_and_sees_a_discriminators_loss() -> None:
    guard = Guard()
    guard.look()
    for step in range(1, 6):
        guard.watch(at(step, "cuda"), scores(discriminator_loss=math.inf if step == 4 else 0.0))
    with pytest.raises(NotFinite) as caught:
        guard.look()
    assert caught.value.step == 4
    guard.look()  # what was seen is not looked at again
