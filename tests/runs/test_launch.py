"""New loops and resumed ones, through real folders."""

from __future__ import annotations

import json
import queue
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.disks import full
from tests.loops import begin, drive, go_on
from wgan_core.config import ConfigError, TrainConfig
from wgan_core.data.dataset import ImageDataset
from wgan_core.runs.launch import new_loop, resumed_loop, snapshot_from_folder
from wgan_core.runs.loop import RunLoop
from wgan_core.runs.messages import Set
from wgan_core.store.folder import RunFolder, StoreError
from wgan_core.store.history import COLUMNS
from wgan_core.training.device import describe_device, resolve_device


@pytest.fixture(autouse=True)
def data(dataset: ImageDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """70 random images wherever a data set is loaded: an epoch has four batches."""
    for place in ("launch", "run_data"):
        monkeypatch.setattr(f"wgan_core.runs.{place}.load_dataset", lambda config, **options: dataset)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run"


def bits(loop: RunLoop) -> dict[str, bytes]:
    """Everything that training goes on from, byte for byte."""
    state = loop.trainer.state_dict()
    return {f"{part}/{name}": tensor.numpy().tobytes() for part in state for name, tensor in state[part].items()}


def fingerprint(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file() and file.name != ".lock"}


# 2N = N + resume + N.


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5, 8, 11])
def test_two_halves_equal_the_whole_to_the_bit(path: Path, tmp_path: Path, config: TrainConfig, steps: int) -> None:
    """n_critic is 3 and an epoch has 4 steps: cut at both, at neither, before the first generator update, across an epoch's end."""
    whole = begin(tmp_path / "whole", config, 2 * steps)
    begin(path, config, steps)
    halves = go_on(path, steps)
    assert bits(halves) == bits(whole)
    without_seconds = [index for index, name in enumerate(COLUMNS) if name != "seconds"]
    np.testing.assert_allclose(
        halves.recorder.history.view()[:, without_seconds], whole.recorder.history.view()[:, without_seconds], rtol=1e-8
    )


def test_live_edits_before_and_after_the_cut_change_no_bit(path: Path, tmp_path: Path, config: TrainConfig) -> None:
    edits = {
        2: Set({"n_critic": 5, "critic_lr": 2e-3}),
        7: Set({"clip_value": 0.01}),
        9: Set({"n_critic": 2, "generator_lr": 1e-2}),
    }
    whole = begin(tmp_path / "whole", config, 14, edits)
    begin(path, config, 7, edits)
    halves = go_on(path, 7, edits)
    assert bits(halves) == bits(whole)
    assert halves.trainer.config == whole.trainer.config
    assert [(edit.step, edit.field) for edit in halves.recorder.folder.edits()] == [
        (2, "n_critic"), (2, "critic_lr"), (7, "clip_value"), (9, "n_critic"), (9, "generator_lr")
    ]  # fmt: skip


def test_an_edit_made_after_the_last_step_before_stopping_still_holds(path: Path, config: TrainConfig) -> None:
    loop = new_loop(config, path, queue.SimpleQueue())
    loop.tick()
    loop._inbox.put(Set({"n_critic": 8}))
    drive(loop, 0)
    for _ in range(2):  # resuming from the very step it was made at does not undo it
        assert go_on(path, 0).trainer.config.n_critic == 8


def test_another_seed_gives_other_bits(path: Path, tmp_path: Path, config: TrainConfig) -> None:
    first, second = begin(path, config, 3), begin(tmp_path / "other", config.replace(seed=1), 3)
    same = [name for name, value in bits(first).items() if bits(second)[name] == value]
    constant_at_first = ("training/counters", "num_batches_tracked", ".step", "critic_optimizer.5.square_avg")
    assert [name for name in same if not name.endswith(constant_at_first)] == []


# Changes on resuming.


def test_the_budget_can_be_raised_and_the_run_goes_on(path: Path, config: TrainConfig) -> None:
    loop = new_loop(config.replace(max_steps=4), path, queue.SimpleQueue())
    while loop.tick():
        pass
    loop.recorder.folder.release()
    assert (loop.status, RunFolder.open(path).status()) == ("finished", "finished")
    again = resumed_loop(path, {"max_steps": 6}, queue.SimpleQueue())
    while again.tick():
        pass
    again.recorder.folder.release()
    assert (again.trainer.step, again.status) == (6, "finished")
    assert [(edit.field, edit.old, edit.new) for edit in again.recorder.folder.edits()] == [("max_steps", 4, 6)]


def test_where_this_machine_has_things_is_no_edit(path: Path, config: TrainConfig) -> None:
    begin(path, config, 2)
    loop = go_on(path, 1, data_root="elsewhere", device="cpu", threads=1)
    assert loop.trainer.config.data_root == "elsewhere"
    assert loop.recorder.folder.edits() == ()


def test_changes_that_cannot_be_leave_the_folder_byte_for_byte(path: Path, config: TrainConfig) -> None:
    begin(path, config, 4)
    before = fingerprint(path)
    with pytest.raises(ConfigError, match="clip_value must be a number above 0 and at most 10, not -1."):
        resumed_loop(path, {"n_critic": 4, "clip_value": -1}, queue.SimpleQueue())
    assert fingerprint(path) == before
    assert not RunFolder.open(path).is_held()


@pytest.mark.slow
def test_a_run_that_is_held_is_refused_and_left_alone(path: Path, config: TrainConfig) -> None:
    loop = new_loop(config, path, queue.SimpleQueue())
    loop.tick()
    before = fingerprint(path)
    with pytest.raises(StoreError, match="is being trained already, here or by another process: stop it there first."):
        resumed_loop(path, {}, queue.SimpleQueue())
    assert fingerprint(path) == before
    drive(loop, 1)


def test_a_folder_that_is_in_use_is_not_begun_again(path: Path, config: TrainConfig) -> None:
    begin(path, config, 1)
    with pytest.raises(StoreError, match="exists already"):
        new_loop(config, path, queue.SimpleQueue())


def test_a_run_without_steps_is_a_sentence(path: Path, config: TrainConfig) -> None:
    RunFolder.create(path, config)
    with pytest.raises(StoreError, match="This run has no saved step to resume from: start a new one with its settings."):
        resumed_loop(path, {}, queue.SimpleQueue())


# Damage. Two steps are kept, 4 and 8; the newer one is spoilt.


def spoil_truncate(step: Path) -> None:
    file = step / "training.safetensors"
    file.write_bytes(file.read_bytes()[:-10])


def spoil_swap(step: Path) -> None:
    shutil.copy(step / "critic.safetensors", step / "generator.safetensors")


def spoil_missing(step: Path) -> None:
    (step / "critic.safetensors").unlink()


def spoil_empty(step: Path) -> None:
    shutil.rmtree(step)
    step.mkdir()


def spoil_older(step: Path) -> None:
    shutil.copy(step.parent / "00000004" / "generator.safetensors", step)


@pytest.mark.parametrize("spoil", [spoil_truncate, spoil_swap, spoil_missing, spoil_empty, spoil_older])
def test_an_older_step_helps_out(path: Path, tmp_path: Path, config: TrainConfig, spoil: Callable[[Path], None]) -> None:
    begin(path, config, 4)
    go_on(path, 4)
    spoil(path / "steps" / "00000008")
    loop = go_on(path, 6)
    assert loop.recorder.notice == "Step 8 could not be read and was set aside; the run continues from step 4."
    assert bits(loop) == bits(begin(tmp_path / "whole", config, 10))
    assert loop.recorder.folder.read_metrics()[:, 0].tolist() == list(range(1, 11))
    assert [entry.name[:16] for entry in (path / "steps").iterdir() if entry.name.startswith("damaged")] == ["damaged-00000008"]


@pytest.mark.parametrize(("part", "name"), [("generator", "layers.0.weight"), ("critic", "layers.0.bias")])
def test_weights_that_are_not_finite_are_not_gone_on_from(path: Path, config: TrainConfig, part: str, name: str) -> None:
    loop = begin(path, config, 4)
    state = loop.trainer.state_dict()
    state[part] = state[part] | {name: torch.full_like(state[part][name], torch.nan)}
    loop.recorder.folder.write_step(6, state)
    assert go_on(path, 1).trainer.step == 5


def test_edits_made_after_the_step_that_is_gone_back_to_no_longer_hold(path: Path, config: TrainConfig) -> None:
    begin(path, config, 4)
    go_on(path, 4, {6: Set({"n_critic": 9})})
    for step in ("00000006", "00000008"):  # 6 was saved before the edit, which is in force from there on
        spoil_missing(path / "steps" / step)
    loop = go_on(path, 1)
    assert loop.trainer.config.n_critic == 3
    assert loop._edits == ()


def test_curves_are_not_lost_when_the_disk_is_full_while_resuming(path: Path, config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(path, config, 4)
    go_on(path, 4)
    spoil_missing(path / "steps" / "00000008")
    before = RunFolder.open(path).read_metrics()

    for name in ("store.files.write_synced", "store.folder.append_lines"):
        monkeypatch.setattr(f"wgan_core.{name}", full)
    with pytest.raises(StoreError, match="The run folder .* cannot be written: No space left on device."):
        resumed_loop(path, {}, queue.SimpleQueue())
    np.testing.assert_array_equal(RunFolder.open(path).read_metrics(), before)
    assert not RunFolder.open(path).is_held()


def test_a_run_of_another_kind_of_device_can_be_gone_on_with(path: Path, config: TrainConfig) -> None:
    """CUDA keeps its random numbers in 16 bytes; the CPU cannot take them, but weights and optimisers it can."""
    loop = begin(path, config, 4)
    state = loop.trainer.state_dict()
    state["training"] = state["training"] | {"noise_rng": torch.arange(16, dtype=torch.uint8)}
    loop.recorder.folder.write_step(4, state)
    first = go_on(path, 2)
    assert (first.trainer.step, first.recorder.notice) == (6, "")
    shutil.rmtree(path / "steps" / "00000006")
    second = go_on(path, 2)
    assert bits(first) == bits(second)  # other numbers than the GPU would have drawn, but the same ones each time


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("counters", torch.tensor([4, 1])),
        ("noise_rng", torch.zeros(5056)),
        ("last_generator_loss", torch.zeros(2)),
        ("critic_optimizer.0.square_avg", torch.zeros(2)),
        ("critic_optimizer.x.step", torch.zeros(())),
    ],
)
def test_a_training_state_that_makes_no_sense_is_set_aside_too(path: Path, config: TrainConfig, name: str, value: torch.Tensor) -> None:
    loop = begin(path, config, 4)
    state = loop.trainer.state_dict()
    state["training"] = state["training"] | {name: value}
    loop.recorder.folder.write_step(6, state)
    assert "Step 6 could not be read and was set aside" in go_on(path, 1).recorder.notice


# A run read from its folder.


def test_a_snapshot_from_a_folder_is_read_only_and_has_the_edits(path: Path, config: TrainConfig) -> None:
    begin(path, config, 6, {2: Set({"n_critic": 2})})
    snapshot = snapshot_from_folder(RunFolder.open(path))
    assert [(edit.step, edit.field, edit.old, edit.new) for edit in snapshot.edits] == [(2, "n_critic", 3, 2)]
    assert (snapshot.config.n_critic, snapshot.step, snapshot.generator_updates, snapshot.saved_steps) == (2, 6, 2, (0, 2, 6))
    with pytest.raises(ValueError, match="read-only"):
        snapshot.history[0] = 0


def test_a_run_that_has_just_been_made_has_a_snapshot_too(path: Path, config: TrainConfig) -> None:
    snapshot = snapshot_from_folder(RunFolder.create(path, config))
    assert (snapshot.step, snapshot.status, len(snapshot.history), snapshot.saved_steps, snapshot.error) == (0, "stopped", 0, (), "")


@pytest.mark.parametrize(
    "entry",
    [
        {"step": 3, "what": "edit"},
        {"step": 3, "what": "edit", "field": ["n_critic"], "old": 3, "new": 4},
        {"step": 3, "what": "edit", "field": "n_critic", "new": 4},
        {"step": "3", "what": "edit", "field": "n_critic", "old": 3, "new": 4},
    ],
)
def test_a_hand_edited_ledger_does_no_harm(path: Path, config: TrainConfig, entry: dict[str, Any]) -> None:
    begin(path, config, 4)
    with (path / "ledger.jsonl").open("a") as file:
        file.write(json.dumps(entry) + "\n")
    snapshot = snapshot_from_folder(RunFolder.open(path))
    assert (snapshot.edits, snapshot.config.n_critic) == ((), 3)
    assert go_on(path, 1).trainer.step == 5


def test_a_run_keeps_the_device_that_it_was_trained_on(path: Path, config: TrainConfig) -> None:
    begin(path, config.replace(device="auto"), 1)
    assert RunFolder.open(path).meta["device"] == describe_device(resolve_device("auto"))


def test_an_edit_out_of_range_in_the_ledger_is_a_sentence(path: Path, config: TrainConfig) -> None:
    begin(path, config, 4)
    RunFolder.open(path).append_ledger(2, "edit", field="n_critic", old=3, new=-5)
    with pytest.raises(StoreError, match=r"ledger\.jsonl holds an impossible edit: n_critic must be a whole number from 1 to 1,000"):
        snapshot_from_folder(RunFolder.open(path))


def test_rows_without_a_step_are_left_out(path: Path, config: TrainConfig) -> None:
    begin(path, config, 4)
    with (path / "metrics.csv").open("a") as file:
        file.write(",,,,,,,\n5,nan,0.1,1,1,1,1,1\ninf,1,0.1,1,1,1,1,1\n")
    snapshot = snapshot_from_folder(RunFolder.open(path))
    assert (snapshot.step, snapshot.generator_updates, len(snapshot.history)) == (4, 1, 4)


@pytest.mark.parametrize("value", [None, "digits", 5, ["x"]])
def test_a_hand_edited_description_of_the_data_is_a_sentence(path: Path, config: TrainConfig, value: Any) -> None:
    begin(path, config, 1)
    meta = json.loads((path / "config.json").read_text())
    (path / "config.json").write_text(json.dumps(meta | {"dataset": value}))
    with pytest.raises(StoreError, match="config.json is damaged: restore it from a copy."):
        resumed_loop(path, {}, queue.SimpleQueue())
