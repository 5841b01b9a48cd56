"""Branches: with nothing changed they repeat their parent bit for bit; otherwise they carry over what fits, and say what begins anew."""

from __future__ import annotations

import json
import queue
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn.utils import parameters_to_vector

from tests.loops import begin, drive, go_on
from tests.trainers import all_weights
from wgan_core.cli.main import main
from wgan_core.config import ConfigError, TrainConfig
from wgan_core.library.trash import delete
from wgan_core.runs import branch as branch_module
from wgan_core.runs.branch import ancestry, branched_loop
from wgan_core.runs.launch import new_loop, of_these_settings, snapshot_from_folder
from wgan_core.runs.loop import RunLoop
from wgan_core.runs.messages import SaveNow, Set
from wgan_core.runs.replay import replay
from wgan_core.store.folder import RunFolder, StoreError
from wgan_core.store.readings import Reading


def branch(parent: Path, step: int, steps: int, name: str = "branch", **changes: Any) -> RunLoop:
    """A branch beside its parent, trained and stopped."""
    return drive(branched_loop(parent, step, changes, parent.parent / name, queue.SimpleQueue()), steps)


RECIPES = {
    "clip": {},
    "penalty": {"lipschitz": "gradient-penalty", "optimizer": "adam"},
    "averaged": {"ema_decay": 0.9},
    "accumulated": {"critic_gradients": "accumulated"},
    "schedule": {"lr_schedule": "cosine", "max_steps": 60},
    "gan": {"objective": "non-saturating", "lipschitz": "none", "optimizer": "adam"},
    "conditional": {"labels": "conditional"},
    "points": {"dataset": "8-gaussians", "generator_norm": "none", "latent_dim": 2},
}


@pytest.mark.arithmetic
@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("step", [20, 23], ids=["at-a-cycle's-end", "within-a-cycle"])
def test_with_nothing_changed_it_repeats_its_parent(tmp_path: Path, config: TrainConfig, recipe: str, step: int) -> None:
    config = config.replace(**({"max_steps": 1000, "n_critic": 5, "log_every": 1} | RECIPES[recipe]))
    parent = begin(tmp_path / "parent", config, 40, {step: SaveNow()})
    child = branch(tmp_path / "parent", step, 40 - step)
    assert child.trainer.step == 40
    for part, tensors in parent.trainer.state_dict().items():
        ours = child.trainer.state_dict()[part]
        assert all(torch.equal(ours[name], tensors[name]) for name in tensors), part
    rows = [[0, 1, 3, 4, 5, 6, 7], parent.recorder.history.view(), child.recorder.history.view()]  # all but seconds
    np.testing.assert_allclose(rows[1][:, rows[0]], rows[2][:, rows[0]], rtol=1e-8)


@pytest.mark.arithmetic
def test_before_and_after_a_live_edit_and_of_a_parent_that_trains(tmp_path: Path, config: TrainConfig) -> None:
    edits = {15: SaveNow(), 20: Set({"clip_value": 0.03, "n_critic": 2}), 30: SaveNow()}
    loop = new_loop(config.replace(max_steps=1000), tmp_path / "parent", queue.SimpleQueue())
    for _ in range(40):
        if loop.trainer.step in edits:
            loop._inbox.put(edits[loop.trainer.step])
        loop.tick()
    after = branch(tmp_path / "parent", 30, 10, "after")  # the parent holds its folder
    before = drive(
        branched_loop(tmp_path / "parent", 15, {}, tmp_path / "before", queue.SimpleQueue()), 25, {20: edits[20]}
    )  # edited as the parent was
    assert torch.equal(all_weights(after.trainer), all_weights(loop.trainer))
    assert torch.equal(all_weights(before.trainer), all_weights(loop.trainer))
    assert after.recorder.folder.config.clip_value == 0.03  # the setting in force
    loop.recorder.folder.release()


@pytest.mark.parametrize(
    ("changes", "anew"),
    [
        ({"clip_value": 0.02}, ()),
        ({"lipschitz": "gradient-penalty"}, ()),
        ({"batch_size": 8}, ()),
        ({"objective": "minimax", "lipschitz": "none"}, ()),
        ({"optimizer": "adam"}, ("memory of both optimisers",)),
        ({"seed": 9}, ("another seed",)),
        ({"ema_decay": 0.5}, ("averaged generator",)),
        ({"critic_gradients": "accumulated"}, ("sum of the critic's gradients",)),
        ({"precision": "bfloat16"}, ()),
    ],
)
def test_other_settings_carry_over_what_fits(tmp_path: Path, config: TrainConfig, changes: dict[str, Any], anew: tuple[str, ...]) -> None:
    parent = begin(tmp_path / "parent", config.replace(max_steps=1000), 20)
    child = branched_loop(tmp_path / "parent", 20, changes, tmp_path / "branch", queue.SimpleQueue())
    assert torch.equal(all_weights(child.trainer), all_weights(parent.trainer))  # the networks, before it trains on
    drive(child, 5)
    folder = RunFolder.open(tmp_path / "branch")
    assert folder.parent is not None
    assert dict(folder.parent.differs) == {name: (getattr(config, name), value) for name, value in changes.items()}
    assert len(folder.parent.anew) == len(anew) and all(word in said for word, said in zip(anew, folder.parent.anew, strict=True))
    assert not torch.equal(all_weights(child.trainer), all_weights(parent.trainer))
    # It is a run like others: it goes on, and is repeated.
    go_on(tmp_path / "branch", 5)
    assert replay(folder).drifted is None and replay(folder).same == (25, 30)


@pytest.mark.parametrize("optimizer", ["rmsprop", "adam"])
@pytest.mark.parametrize(("before", "after"), [("float32", "bfloat16"), ("bfloat16", "float32")])
def test_the_optimisers_remember_across_precisions(tmp_path: Path, config: TrainConfig, before: str, after: str, optimizer: str) -> None:
    """RMSprop in one pass keeps the same average under another name. Without it all weights would move 10 times
    the learning rate at once."""
    parent = begin(tmp_path / "parent", config.replace(max_steps=1000, precision=before, optimizer=optimizer), 20)
    child = branched_loop(tmp_path / "parent", 20, {"precision": after}, tmp_path / "branch", queue.SimpleQueue())
    for name in ("generator_optimizer", "critic_optimizer"):
        one, other = (list(getattr(loop.trainer, name).state_dict()["state"][0].items()) for loop in (parent, child))
        (square,), (carried,) = ([value for key, value in state if key in ("square_avg", "exp_avg_sq")] for state in (one, other))
        assert float(square.max()) > 0 and torch.equal(square, carried)
    before_step = parameters_to_vector(child.trainer.critic.parameters()).detach().clone()
    drive(child, 1)
    moved = (parameters_to_vector(child.trainer.critic.parameters()).detach() - before_step).abs()
    assert 0 < float(moved.median()) < 4 * config.critic_lr  # 10 for RMSprop without a memory


def test_other_data_are_fine_tuned_on(tmp_path: Path, config: TrainConfig) -> None:
    points = config.replace(dataset="8-gaussians", generator_norm="none", latent_dim=2, max_steps=1000)
    begin(tmp_path / "parent", points, 20)
    child = branch(tmp_path / "parent", 20, 5, dataset="ring")
    assert child.recorder.folder.parent is not None and "the data" in child.recorder.folder.parent.anew[-1]
    assert child.recorder.folder.meta["dataset"]["name"] == "ring"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"critic_widths": (9,)},
            "Critic hidden widths cannot differ in a branch, because the networks of step 20 would not fit: leave it at",
        ),
        ({"labels": "conditional"}, "Labels cannot differ in a branch"),
        ({"latent_dim": 3}, "Latent dimensions cannot differ in a branch"),
        ({"max_steps": 20}, "The branch would begin at its end: set Length of the run to more than 20."),
    ],
)
def test_what_cannot_fit_is_refused_by_its_label(tmp_path: Path, config: TrainConfig, changes: dict[str, Any], sentence: str) -> None:
    begin(tmp_path / "parent", config.replace(max_steps=1000), 20)
    with pytest.raises(ConfigError) as refused:
        branch(tmp_path / "parent", 20, 1, **changes)
    assert str(refused.value).startswith(sentence)
    assert not (tmp_path / "branch").exists()


def test_points_do_not_fit_networks_for_images(tmp_path: Path, config: TrainConfig) -> None:
    begin(tmp_path / "parent", config.replace(dataset="digits", max_steps=1000), 20)
    with pytest.raises(StoreError, match="The networks of step 20 do not fit this data"):
        branch(tmp_path / "parent", 20, 1, dataset="8-gaussians")
    assert not (tmp_path / "branch").exists()


def test_a_missing_or_damaged_step_is_a_sentence(tmp_path: Path, config: TrainConfig) -> None:
    begin(tmp_path / "parent", config.replace(max_steps=1000), 20)
    with pytest.raises(StoreError, match=r"Step 7 is not saved in this run \(saved: 0, 20\)"):
        branch(tmp_path / "parent", 7, 1)
    (tmp_path / "parent" / "steps" / "00000020" / "training.safetensors").unlink()
    with pytest.raises(StoreError, match="it keeps weights only"):
        branch(tmp_path / "parent", 20, 1)
    assert not (tmp_path / "branch").exists()


def test_the_branch_is_whole_without_its_parent(tmp_path: Path, config: TrainConfig) -> None:
    """It has the past, keeps the step where it began for ever, and can be repeated from there."""
    begin(tmp_path / "parent", config.replace(max_steps=10_000, log_every=1), 130)
    branch(tmp_path / "parent", 130, 20, clip_value=0.02)
    for _ in range(3):
        go_on(tmp_path / "branch", 30)
    shutil.rmtree(tmp_path / "parent")
    folder = RunFolder.open(tmp_path / "branch")
    assert 130 in folder.steps()  # also where doubling intervals would drop it
    assert folder.read_metrics()[:, 0].tolist() == list(range(1, 241))
    assert min(folder.samples()) < 130
    assert replay(folder).drifted is None
    snapshot = snapshot_from_folder(folder)
    assert snapshot.parent is not None and (snapshot.parent.step, snapshot.step) == (130, 240)


def test_the_command_line(tmp_path: Path, config: TrainConfig, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WGAN_RUNS_ROOT", str(tmp_path))
    begin(tmp_path / "parent", config.replace(max_steps=1000), 20)
    assert main(["train", "--branch", "parent@20", "--clip-value", "0.02", "--max-steps", "30", "--out", str(tmp_path / "one")]) == 0
    assert main(["train", "--branch", str(tmp_path / "one"), "--max-steps", "40", "--out", str(tmp_path / "two")]) == 0
    capsys.readouterr()
    assert main(["info", str(tmp_path / "two"), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["branch_of"] == ["one@30", "parent@20"] and facts["differs_from_parent_in"] == {"max_steps": "30 -> 40"}
    assert main(["replay", str(tmp_path / "two")]) == 0
    said = capsys.readouterr().out
    assert said.count("Reproduced") == 3 and "from step 30 of one on" in said and "begins with the weights of step 20" in said
    assert main(["train", "--branch", "parent@x"]) == 2
    assert "write RUN@STEP" in capsys.readouterr().err
    assert main(["train", "--branch", "parent@20", "--critic-widths", "7"]) == 2


def test_a_circle_of_parents_ends(tmp_path: Path, config: TrainConfig) -> None:
    begin(tmp_path / "a", config.replace(max_steps=1000), 10)
    branch(tmp_path / "a", 10, 5, "b")
    meta = json.loads((tmp_path / "a" / "config.json").read_text())
    meta["parent"] = {"run_id": "b", "step": 15}
    (tmp_path / "a" / "config.json").write_text(json.dumps(meta))
    assert [parent.run_id for parent in ancestry(RunFolder.open(tmp_path / "b"))] == ["a", "b"]


@pytest.mark.parametrize(
    "parent", [5, "x", {}, {"run_id": "a"}, {"run_id": "a", "step": True}, {"run_id": 1, "step": 1}, {"run_id": "a", "step": -1}]
)
def test_a_parent_that_cannot_be_read_is_a_damaged_run(tmp_path: Path, config: TrainConfig, parent: Any) -> None:
    begin(tmp_path / "a", config.replace(max_steps=1000), 3)
    meta = json.loads((tmp_path / "a" / "config.json").read_text()) | {"parent": parent}
    (tmp_path / "a" / "config.json").write_text(json.dumps(meta))
    with pytest.raises(StoreError, match="is damaged"):
        RunFolder.open(tmp_path / "a")


def test_what_was_measured_under_other_settings_is_no_measure_for_the_run(tmp_path: Path, config: TrainConfig) -> None:
    """A parent's past, and what came before an edit, are not what a resumed run is compared with."""
    begin(tmp_path / "parent", config.replace(max_steps=1000), 20)
    folder = branch(tmp_path / "parent", 20, 20).recorder.folder
    readings = tuple(Reading(key, step, step // 3, 1.0) for key, step in (("critic-health", 15), ("advice", 15), ("critic-health", 30)))
    assert [(one.key, one.step) for one in of_these_settings(folder, readings)] == [("advice", 15), ("critic-health", 30)]
    folder.append_ledger(35, "edit", field="clip_value", old=config.clip_value, new=0.02)
    assert [(one.key, one.step) for one in of_these_settings(folder, readings)] == [("advice", 15)]


def test_a_parent_is_not_deleted_while_a_branch_takes_its_past(
    tmp_path: Path, config: TrainConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    parent = begin(tmp_path / "parent", config, 30).recorder.folder
    real = branch_module.inherit

    def inherit(*arguments: Any, **options: Any) -> Any:
        with pytest.raises(StoreError, match="is being read"):
            delete(tmp_path, ["parent"])
        return real(*arguments, **options)

    monkeypatch.setattr(branch_module, "inherit", inherit)
    branched_loop(parent.path, 30, {"max_steps": 90}, tmp_path / "branch", queue.SimpleQueue()).recorder.folder.release()
    delete(tmp_path, ["parent"])
    assert RunFolder.open(tmp_path / "branch").read_step(30)
