"""A run of an ordinary GAN: what is recorded, that it goes on and is repeated bit for bit, and what it has no answer to."""

from __future__ import annotations

import queue
from pathlib import Path

import numpy as np
import pytest

from tests.loops import begin, drive, go_on
from tests.trainers import all_weights
from wgan_core.config import TrainConfig, has_js_bound, js_bound, main_number
from wgan_core.runs.launch import new_loop
from wgan_core.runs.messages import CheckLag, Set
from wgan_core.runs.replay import replay
from wgan_core.store.folder import RunFolder
from wgan_core.store.history import column


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
