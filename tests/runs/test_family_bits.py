"""Every objective, penalty, schedule and addition, in a few combined runs: resumed, repeated and branched, all is the same to the bit."""

from __future__ import annotations

import json
import queue
from pathlib import Path
from typing import Any, get_args

import pytest

from tests.loops import begin, drive, go_on
from tests.trainers import same, states
from wgan_core.config import SCHEDULES, SETTINGS, TrainConfig
from wgan_core.config.methods import MethodName
from wgan_core.runs.branch import branched_loop
from wgan_core.runs.messages import SaveNow, Set
from wgan_core.runs.replay import replay
from wgan_core.store.folder import RunFolder

ADAM = {"optimizer": "adam"}
# Each with an edit of a live setting that it uses. Together they have every objective and every Lipschitz method but "none", which
# test_branch and test_ordinary_gan have; test_residual has the residual networks.
RUNS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "least-squares, r1, labels, averaged": (
        {"objective": "least-squares", "lipschitz": "r1-penalty", "labels": "conditional", "ema_decay": 0.9, "gp_every": 2, **ADAM},
        {"gp_lambda": 3.0},
    ),
    "hinge, one-sided, scheduled penalty, augmented": (
        {"objective": "hinge", "lipschitz": "one-sided-penalty", "gp_lambda_schedule": "linear", "augment": "all", **ADAM},
        {"gp_lambda_end": 4.0},
    ),
    "wasserstein, divergence, n_critic in jumps, labels, mirrored": (
        {
            "lipschitz": "divergence-penalty",
            "labels": "conditional",
            "n_critic": 6,
            "n_critic_schedule": "steps",
            "n_critic_end": 2,
            "flip": "horizontal",
        },
        {"n_critic": 5},
    ),
    "minimax, spectral, averaged, augmented, cosine": (
        {"objective": "minimax", "lipschitz": "spectral-norm", "ema_decay": 0.9, "augment": "translation-cutout", "lr_schedule": "cosine"},
        {"critic_lr": 5e-4},
    ),
    "wasserstein, clipped ever closer over generator updates, labels, averaged": (
        {"clip_schedule": "cosine", "clip_end": 0.01, "schedule_updates": 6, "n_critic": 2, "labels": "conditional", "ema_decay": 0.5},
        {"clip_end": 0.02},
    ),
    "points with classes, non-saturating, penalty": (
        {
            "dataset": "8-gaussians",
            "labels": "conditional",
            "objective": "non-saturating",
            "lipschitz": "gradient-penalty",
            "generator_norm": "none",
            "latent_dim": 2,
            "gp_share": "half",
        },
        {"n_critic": 2},
    ),
}
STEPS, HALF, EDITED = 22, 13, 9
"""Half of the way is in the middle of a cycle, with images made ahead."""


@pytest.mark.slow
@pytest.mark.arithmetic
@pytest.mark.parametrize("name", RUNS)
def test_resumed_repeated_and_branched_it_is_the_same(name: str, tmp_path: Path, config: TrainConfig) -> None:
    changes, edit = RUNS[name]
    config = config.replace(**({"max_steps": 40, "n_critic": 5} | changes))
    parent = begin(tmp_path / "whole", config, STEPS, {EDITED: Set(edit), HALF: SaveNow()})
    whole = states(parent.trainer)

    begin(tmp_path / "halves", config, HALF, {EDITED: Set(edit)})
    assert same(states(go_on(tmp_path / "halves", STEPS - HALF).trainer), whole)
    repeated = replay(RunFolder.open(tmp_path / "halves"))
    assert repeated.drifted is None and {HALF, STEPS} <= {*repeated.same}
    child = branched_loop(tmp_path / "whole", HALF, {}, tmp_path / "branch", queue.SimpleQueue())
    assert same(states(drive(child, STEPS - HALF).trainer), whole)


def test_every_choice_has_a_run(config: TrainConfig) -> None:
    runs = [config.replace(**({"max_steps": 40} | changes)) for changes, _ in RUNS.values()]
    assert {run.lipschitz for run in runs} == {*get_args(MethodName)} - {"none"}
    for field in ("objective", "labels", "augment", "ema_decay", "lr_schedule", "clip_schedule", "gp_lambda_schedule", "n_critic_schedule"):
        default = SETTINGS[field].default
        assert any(getattr(run, field) != default for run in runs), field
    assert {run.objective for run in runs} == {*SETTINGS["objective"].choices}


NEWER = ("objective", "labels", "augment", "flip", "gp_every", "gp_share", "lr_schedule", "lr_end", "schedule_updates", "upsampling")
NEWER += ("resnet_width", "precision", "best_by", "stop_after", "ema_decay", "critic_warmup", "clipped", *SCHEDULES)
"""What a run of an earlier version may lack; of `SCHEDULES`, both parts. That it was rounded exactly is told by test_store."""


@pytest.mark.arithmetic
def test_a_run_of_an_earlier_version_goes_on_as_what_it_was(tmp_path: Path, config: TrainConfig) -> None:
    whole = states(begin(tmp_path / "whole", config, STEPS).trainer)
    begin(tmp_path / "early", config, HALF)
    path = tmp_path / "early" / "config.json"
    meta = json.loads(path.read_text())
    lacking = {part for name in NEWER for part in SCHEDULES.get(name, (name,))}
    assert lacking <= meta["config"].keys()
    meta["config"] = {name: value for name, value in meta["config"].items() if name not in lacking}
    path.write_text(json.dumps(meta))
    folder = RunFolder.open(tmp_path / "early")
    default = {name: SETTINGS[name].default for name in lacking}
    assert {name: getattr(folder.config, name) for name in lacking} == default
    assert same(states(go_on(tmp_path / "early", STEPS - HALF).trainer), whole)
    assert replay(RunFolder.open(tmp_path / "early")).drifted is None
