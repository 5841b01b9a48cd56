"""Speeds of earlier runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from wgan_core.config import TrainConfig
from wgan_core.forecast.known_speed import known_speed
from wgan_core.store.folder import RunFolder


def keep_run(root: Path, name: str, config: TrainConfig, rates: tuple[float, float], *, resumable: bool = True) -> None:
    """A run that did 1,000 steps at the first rate and 1,000 at the second."""
    folder = RunFolder.create(root / name, config)
    steps = np.arange(0, 2001, 100.0)
    seconds = np.where(steps <= 1000, steps / rates[0], 1000 / rates[0] + (steps - 1000) / rates[1])
    rows = np.zeros((len(steps), 8))
    rows[:, 0], rows[:, 2] = steps, seconds
    folder.append_metrics(rows)
    part = {"x": torch.zeros(1)}
    folder.write_step(2000, {"generator": part, "critic": part} | ({"training": part} if resumable else {}))


def test_the_later_half_of_a_run_with_the_same_networks_counts(tmp_path: Path, config: TrainConfig) -> None:
    assert known_speed(tmp_path, config) is None
    keep_run(tmp_path, "one", config, (10.0, 40.0))
    for change in ({"clip_value": 0.3}, {"seed": 7}, {"max_steps": 9}, {"device": "auto"} if not torch.cuda.is_available() else {}):
        known = known_speed(tmp_path, config.replace(**change))
        assert known is not None and known.steps_per_second == pytest.approx(40) and known.run_id == "one"


@pytest.mark.parametrize(
    "change",
    [
        {"critic_widths": (8,)},
        {"batch_size": 32},
        {"image_size": 16},
        {"lipschitz": "gradient-penalty"},
        {"threads": 2},
        {"dataset": "mnist"},
    ],
    ids=str,
)
def test_other_networks_data_or_threads_tell_nothing(change: dict[str, object], tmp_path: Path, config: TrainConfig) -> None:
    keep_run(tmp_path, "one", config, (10.0, 40.0))
    assert known_speed(tmp_path, config.replace(**change)) is None


def test_the_same_n_critic_is_preferred(tmp_path: Path, config: TrainConfig) -> None:
    keep_run(tmp_path, "same", config, (10.0, 40.0))
    keep_run(tmp_path, "zother", config.replace(n_critic=9), (10.0, 50.0))
    first, second = known_speed(tmp_path, config), known_speed(tmp_path, config.replace(n_critic=9))
    third = known_speed(tmp_path, config.replace(n_critic=4))
    assert first is not None and second is not None and third is not None
    assert (first.steps_per_second, second.steps_per_second) == (pytest.approx(40), pytest.approx(50)) and third.n_critic in (3, 9)
    speed, own = {3: (40, 3), 9: (50, 9)}[third.n_critic]
    seconds = 1 / speed / (own + 1)  # of one critic update, where a cycle of n critic updates and a generator update costs n + 1 of them
    assert third.steps_per_second == pytest.approx(4 / (5 * own * seconds))


def test_runs_that_tell_nothing(tmp_path: Path, config: TrainConfig) -> None:
    keep_run(tmp_path, "weights-only", config, (10.0, 40.0), resumable=False)
    keep_run(tmp_path, "short", config, (10.0, 2000.0))
    RunFolder.create(tmp_path / "empty", config)
    assert known_speed(tmp_path, config) is None
