"""A run of an ordinary GAN: what is recorded, that it goes on and is repeated bit for bit, and what it has no answer to."""

from __future__ import annotations

import copy
import queue
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from tests.loops import begin, drive, go_on
from tests.trainers import all_weights
from wgan_core.config import TrainConfig, has_js_bound, js_bound, main_number
from wgan_core.data.load import load_dataset
from wgan_core.runs.launch import new_loop
from wgan_core.runs.messages import CheckLag, Set
from wgan_core.runs.recorder import Recorder
from wgan_core.runs.replay import replay
from wgan_core.store.folder import RunFolder
from wgan_core.store.history import column
from wgan_core.training.critic_passes import CriticScores
from wgan_core.training.packing import Taken
from wgan_core.training.trainer import Trainer


@pytest.fixture(params=["minimax", "non-saturating", "least-squares", "hinge"])
def gan(request: pytest.FixtureRequest, config: TrainConfig) -> TrainConfig:
    return config.replace(objective=request.param, lipschitz="none", optimizer="adam", log_every=1, max_steps=1000)


def test_the_loss_is_recorded_and_no_estimate(tmp_path: Path, gan: TrainConfig) -> None:
    rows = begin(tmp_path / "run", gan, 12).recorder.history.view()
    assert np.isnan(column(rows, "wasserstein_estimate")).all()
    loss = column(rows, "critic_loss")
    assert np.isfinite(loss).all() and (loss > 0).all()
    assert main_number(gan).column == ("js_bound" if has_js_bound(gan) else "critic_loss")
    if has_js_bound(gan):
        np.testing.assert_allclose(column(rows, "js_bound"), [js_bound(float(one)) for one in loss])
        assert (column(rows, "js_bound") < np.log(2)).all()
    np.testing.assert_allclose(RunFolder.open(tmp_path / "run").read_metrics(), rows, rtol=1e-8)


@pytest.mark.parametrize("lipschitz", ["r1-penalty", "gradient-penalty"])
def test_a_penalty_is_no_part_of_the_recorded_loss(tmp_path: Path, gan: TrainConfig, lipschitz: str) -> None:
    """Otherwise the bound, log 2 − loss / 2, would be the lower the stronger the penalty is, and even below 0."""
    trainer = Trainer(gan.replace(lipschitz=lipschitz, gp_lambda=1000.0), load_dataset(gan))
    recorder = Recorder(RunFolder.create(tmp_path / "run", trainer.config))
    critic = copy.deepcopy(trainer.critic)
    seen: list[tuple[Tensor, Tensor]] = []
    ascend = trainer._ascend

    def watched(real: Callable[[], Tensor], fake: Taken, *args: Any, **kwargs: Any) -> CriticScores:
        seen.append((real(), fake.images()))
        return ascend(lambda: seen[0][0], Taken(lambda: seen[0][1], fake.follow), *args, **kwargs)

    trainer._ascend = watched
    scores = trainer.train_step()
    recorder.record(trainer, scores, 0.0)
    recorder.flush()
    with torch.no_grad():
        real, fake = (critic(one)[:, 0] for one in seen[0])
    textbook = {
        "minimax": functional.softplus(-real) + functional.softplus(fake),
        "least-squares": ((real - 1) ** 2 + fake**2) / 2,
        "hinge": functional.relu(1 - real) + functional.relu(1 + fake),
    }
    textbook["non-saturating"] = textbook["minimax"]
    assert float(scores.penalty) > 1
    assert column(recorder.history.view(), "critic_loss") == pytest.approx([float(textbook[gan.objective].mean())], rel=1e-5)


@pytest.mark.arithmetic
def test_two_halves_equal_the_whole_and_a_replay_too(tmp_path: Path, gan: TrainConfig) -> None:
    whole = begin(tmp_path / "whole", gan, 40, {10: Set({"critic_lr": 2e-3})})
    begin(tmp_path / "halves", gan, 17, {10: Set({"critic_lr": 2e-3})})
    halves = go_on(tmp_path / "halves", 23)
    assert all_weights(whole.trainer).equal(all_weights(halves.trainer))
    assert replay(RunFolder.open(tmp_path / "halves")).drifted is None


def test_there_is_no_lag_to_check(tmp_path: Path, gan: TrainConfig) -> None:
    loop = drive(new_loop(gan, tmp_path / "run", queue.SimpleQueue()), 3, {1: CheckLag()})
    assert "no Wasserstein estimate" in loop.recorder.notice
