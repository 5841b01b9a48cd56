"""What is measured on a kept step is what the run measured there: oracles are the trainer itself and its instruments."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.loops import begin
from tests.small import SMALL, SMALL_ON_POINTS
from wgan_core.data.load import load_dataset
from wgan_core.instruments.kit import Kit, look_at_critic
from wgan_core.measures.diagnose import take_specimen
from wgan_core.runs.messages import SaveNow, Set
from wgan_core.store.folder import RunFolder, StoreError
from wgan_core.timeline.looks import LANDSCAPE, health_at, landscape_at, scores_at

LONG = SMALL.replace(max_steps=1000)


def test_scores_are_those_of_the_runs_own_pictures(tmp_path: Path) -> None:
    loop = begin(tmp_path / "run", LONG, 40)
    pictures = loop.recorder.fixed_samples(loop.trainer), loop.recorder.fixed_real(loop.trainer)
    wanted = [loop.trainer.critic(part).detach().flatten().numpy() for part in pictures]
    found = scores_at(RunFolder.open(tmp_path / "run"), 40, load_dataset(LONG))
    np.testing.assert_allclose(found.samples, wanted[0], atol=1e-6)
    np.testing.assert_allclose(found.real, wanted[1], atol=1e-6)
    assert len(scores_at(RunFolder.open(tmp_path / "run"), 40, None).real) == 0


def test_the_critics_health_is_that_of_the_run(tmp_path: Path) -> None:
    loop = begin(tmp_path / "run", LONG, 40, {20: Set({"clip_value": 0.02})})
    specimen = take_specimen(loop.trainer)
    (wanted,) = look_at_critic(Kit(loop.trainer.config, load_dataset(LONG)), specimen).readings
    found = health_at(RunFolder.open(tmp_path / "run"), 40, load_dataset(LONG), generator_updates=specimen.generator_updates)
    assert found == wanted and found.step == 40
    assert found.details["layers"][0]["clip_value"] == 0.02  # the one in force there


def test_the_clip_value_of_a_step_is_the_one_before_an_edit_at_it(tmp_path: Path) -> None:
    begin(tmp_path / "run", LONG, 40, {19: SaveNow(), 20: Set({"clip_value": 0.02})})
    folder, data = RunFolder.open(tmp_path / "run"), load_dataset(LONG)
    assert health_at(folder, 19, data).details["layers"][0]["clip_value"] == 0.05


def test_the_landscape_is_the_critic_over_the_plane(tmp_path: Path) -> None:
    loop = begin(tmp_path / "run", SMALL_ON_POINTS.replace(max_steps=1000), 30)
    found = landscape_at(RunFolder.open(tmp_path / "run"), 30)
    assert found.scores.shape == (LANDSCAPE, LANDSCAPE) and found.limit == 1.25
    corners = torch.tensor([[-1.25, -1.25], [1.25, -1.25], [-1.25, 1.25]])  # the first row is at the bottom
    wanted = loop.trainer.critic(corners).detach().flatten().numpy()
    np.testing.assert_allclose([found.scores[0, 0], found.scores[0, -1], found.scores[-1, 0]], wanted, atol=1e-6)


def test_a_step_that_is_not_kept(tmp_path: Path) -> None:
    begin(tmp_path / "run", LONG, 40)
    for look in (lambda folder: scores_at(folder, 7, None), lambda folder: health_at(folder, 7, load_dataset(LONG))):
        with pytest.raises(StoreError, match="Step 7"):
            look(RunFolder.open(tmp_path / "run"))
