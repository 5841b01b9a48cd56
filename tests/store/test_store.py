"""Run folders: whole, torn, swapped, foreign and hand-edited."""

from __future__ import annotations

import errno
import json
import math
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from tests.project import PROJECT
from wgan_core.config import TrainConfig, parse_config
from wgan_core.data.dataset import ImageDataset
from wgan_core.latent.saved import load_networks, newest_readable
from wgan_core.store.folder import RunFolder, StoreError, list_runs, new_run_id, run_path, steps_to_keep
from wgan_core.store.history import COLUMNS
from wgan_core.training.trainer import Trainer


def state(value: float = 1.0) -> dict[str, dict[str, torch.Tensor]]:
    return {part: {"w": torch.full((3,), value)} for part in ("generator", "critic", "training")}


@pytest.fixture
def folder(tmp_path: Path, config: TrainConfig) -> RunFolder:
    folder = RunFolder.create(tmp_path / "run", config)
    folder.write_step(100, state(1.0))
    folder.write_step(200, state(2.0))
    return folder


def rows(*steps: int) -> np.ndarray:
    return np.array([[step, step // 5, step / 10, 0.25, -0.25, math.nan, 1.5, 1.25] for step in steps])


def test_what_is_written_is_read(folder: RunFolder) -> None:
    assert folder.steps() == [100, 200]
    assert folder.read_step(200)["critic"]["w"].tolist() == [2.0, 2.0, 2.0]
    assert RunFolder.open(folder.path).config == folder.config


def test_half_precision_is_read_as_float32(folder: RunFolder) -> None:
    folder.write_step(300, {"generator": {"w": torch.tensor([0.1], dtype=torch.float16)}})
    tensor = folder.read_part(300, "generator")["w"]
    assert tensor.dtype == torch.float32 and tensor.item() == pytest.approx(0.1, abs=1e-4)


def test_curves_and_ledger_are_read_back(folder: RunFolder) -> None:
    folder.append_metrics(rows(5, 10))
    folder.append_metrics(rows(15))
    np.testing.assert_array_equal(folder.read_metrics(), rows(5, 10, 15))
    folder.append_ledger(7, "edit", field="n_critic", old=3, new=4)
    assert [(entry["step"], entry["what"], entry["new"]) for entry in folder.ledger()] == [(7, "edit", 4)]


def test_a_torn_last_line_is_dropped_and_later_lines_stay_whole(folder: RunFolder) -> None:
    folder.append_metrics(rows(5, 10))
    folder.append_ledger(5, "status", status="running")
    for name in ("metrics.csv", "ledger.jsonl"):
        path = folder.path / name
        path.write_bytes(path.read_bytes()[:-4])
    assert folder.read_metrics()[:, 0].tolist() == [5]
    assert folder.ledger() == []
    folder.append_metrics(rows(15))
    folder.append_ledger(15, "status", status="stopped")
    assert folder.read_metrics()[:, 0].tolist() == [5, 15]
    assert [entry["status"] for entry in folder.ledger()] == ["stopped"]


def test_lines_that_are_no_rows_are_left_out(folder: RunFolder) -> None:
    folder.append_metrics(rows(5))
    with (folder.path / "metrics.csv").open("a") as file:
        file.write("1,2,3\nnonsense,,,,,,,\n")
    folder.append_metrics(rows(10))
    assert folder.read_metrics()[:, 0].tolist() == [5, 10]
    assert (folder.path / "metrics.csv").read_text().splitlines()[0] == ",".join(COLUMNS)


def test_edits_after_a_step_that_was_resumed_from_no_longer_hold(folder: RunFolder) -> None:
    folder.append_ledger(10, "edit", field="n_critic", old=3, new=4)
    folder.append_ledger(90, "edit", field="n_critic", old=4, new=9)
    folder.append_ledger(50, "resumed")
    folder.append_ledger(60, "edit", field="clip_value", old=0.05, new=0.5)
    assert [edit.step for edit in folder.edits()] == [10, 60]
    config = folder.config_at(100)
    assert (config.n_critic, config.clip_value) == (4, 0.5)
    assert folder.config_at(9).n_critic == 3


def test_a_crash_while_saving_leaves_no_step(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []

    def crash(path: Path, data: bytes) -> None:
        if written:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(path.name)
        path.write_bytes(data)

    monkeypatch.setattr("wgan_core.store.folder.write_synced", crash)
    with pytest.raises(OSError, match="No space left"):
        folder.write_step(300, state())
    assert folder.steps() == [100, 200]
    assert sorted(entry.name for entry in (folder.path / "steps").iterdir()) == ["00000100", "00000200"]


def damage_truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20])


def damage_text(path: Path) -> None:
    path.write_text("this is not a safetensors file")


def damage_swapped(path: Path) -> None:
    shutil.copy(path.with_name("critic.safetensors"), path)


def damage_other_step(path: Path) -> None:
    shutil.copy(path.parents[1] / "00000100" / path.name, path)


def damage_foreign(path: Path) -> None:
    safetensors.torch.save_file({"w": torch.ones(3)}, path, {"run": "another", "step": "200", "part": "generator"})


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (damage_truncated, "generator.safetensors of step 200 is damaged or not a safetensors file."),
        (damage_text, "generator.safetensors of step 200 is damaged or not a safetensors file."),
        (damage_swapped, "generator.safetensors of step 200 does not belong to this run or this step: its label names another."),
        (damage_other_step, "generator.safetensors of step 200 does not belong to this run or this step: its label names another."),
        (damage_foreign, "generator.safetensors of step 200 does not belong to this run or this step: its label names another."),
        (Path.unlink, "Step 200 is incomplete: its generator file is missing."),
    ],
)
def test_a_damaged_file_is_a_sentence(folder: RunFolder, damage: Callable[[Path], object], sentence: str) -> None:
    damage(folder.path / "steps" / "00000200" / "generator.safetensors")
    with pytest.raises(StoreError) as caught:
        folder.read_part(200, "generator")
    assert str(caught.value) == sentence


def test_a_step_that_is_not_kept_and_a_run_with_weights_only(folder: RunFolder) -> None:
    with pytest.raises(StoreError, match=r"^Step 150 is not saved in this run \(saved: 100, 200\)\.$"):
        folder.read_part(150, "generator")
    (folder.path / "steps" / "00000200" / "training.safetensors").unlink()
    with pytest.raises(StoreError, match="weights only, so it can be explored but not resumed"):
        folder.read_step(200)


@pytest.mark.parametrize("run_id", ["../secrets", "..", "a/b", "/etc", "", ".hidden", "x" * 101, "a\nb"])
def test_a_run_id_cannot_leave_the_root(tmp_path: Path, run_id: str) -> None:
    with pytest.raises(StoreError, match="is not a run id"):
        run_path(tmp_path, run_id)


def test_new_run_ids_are_run_ids(config: TrainConfig, tmp_path: Path) -> None:
    first, second = new_run_id(config), new_run_id(config)
    assert first != second
    assert run_path(tmp_path, first) == tmp_path / first


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda meta: meta["config"].update(clip_value=-1), "clip_value must be a number above 0 and at most 10, not -1."),
        (lambda meta: meta["config"].update(n_critic="many"), "n_critic must be a whole number from 1 to 1,000, not 'many'."),
        (lambda meta: meta["config"].update(colour="red"), "colour is not a setting of this version."),
        (lambda meta: meta.update(format=99), r"was written by another version of the playground \(format 99, not 1\)."),
        (lambda meta: meta.pop("config"), "is damaged: restore it from a copy."),
    ],
)
def test_a_hand_edited_config_is_a_sentence(folder: RunFolder, edit: Callable[[dict[str, Any]], object], sentence: str) -> None:
    path = folder.path / "config.json"
    meta = json.loads(path.read_text())
    edit(meta)
    path.write_text(json.dumps(meta))
    with pytest.raises(StoreError, match=sentence):
        RunFolder.open(folder.path)


def test_folders_that_are_no_runs(tmp_path: Path, folder: RunFolder, config: TrainConfig) -> None:
    with pytest.raises(StoreError, match="is not a run folder: it has no config.json"):
        RunFolder.open(tmp_path / "nothing")
    (folder.path / "config.json").write_text("{")
    with pytest.raises(StoreError, match=r"config\.json is damaged"):
        RunFolder.open(folder.path)
    with pytest.raises(StoreError, match="exists already: choose another folder"):
        RunFolder.create(folder.path, config)
    assert list_runs(tmp_path) == []


def test_what_a_run_left_that_was_killed_before_it_saved_is_taken_over(tmp_path: Path, config: TrainConfig) -> None:
    path = tmp_path / "run"
    killed = RunFolder.create(path, config)
    killed.append_ledger(0, "status", status="running")
    (path / "steps" / ".00000000-0123abcd").mkdir()
    (path / ".config.json-0123abcd").write_text("{")
    (path / ".lock").touch()
    killed.hold()
    with pytest.raises(StoreError, match="exists already"):
        RunFolder.create(path, config)
    killed.release()
    again = RunFolder.create(path, config.replace(seed=5))
    assert again.ledger() == [] and RunFolder.open(path).config.seed == 5
    assert sorted(entry.name for entry in path.iterdir()) == ["config.json", "samples", "steps"]


@pytest.mark.parametrize("what", ["notes.txt", "labels.json", "steps/00000000/critic.safetensors", "light/00000000.safetensors", "mine/x"])
def test_a_folder_with_anything_else_in_it_is_left_alone(tmp_path: Path, config: TrainConfig, what: str) -> None:
    RunFolder.create(tmp_path / "run", config)
    file = tmp_path / "run" / what
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("{}")
    with pytest.raises(StoreError, match="exists already"):
        RunFolder.create(tmp_path / "run", config)
    assert file.read_text() == "{}"


def test_a_run_of_an_earlier_version_is_rounded_as_it_was(tmp_path: Path, config: TrainConfig) -> None:
    folder = RunFolder.create(tmp_path / "run", config)
    assert RunFolder.open(folder.path).config.rounding == "fast"
    del folder.meta["config"]["rounding"]
    (folder.path / "config.json").write_text(json.dumps(folder.meta))
    assert RunFolder.open(folder.path).config == config.replace(rounding="exact")


def test_lists_are_newest_first_and_say_how_runs_stand(tmp_path: Path, config: TrainConfig) -> None:
    for index, status in enumerate(("finished", "running", "failed")):
        folder = RunFolder.create(tmp_path / f"run-{index}", config)
        folder.meta["created"] = f"2026-01-0{index + 1}"
        (folder.path / "config.json").write_text(json.dumps(folder.meta))
        folder.append_ledger(0, "status", status=status)
    found = [(run.run_id, run.status, run.has_steps) for run in list_runs(tmp_path)]
    assert found == [("run-2", "failed", False), ("run-1", "interrupted", False), ("run-0", "finished", False)]


@pytest.mark.slow
def test_one_process_at_a_time_holds_a_run(folder: RunFolder) -> None:
    assert not folder.is_held()
    folder.hold()
    assert RunFolder.open(folder.path).is_held()
    assert RunFolder.open(folder.path).status() == "running"
    with pytest.raises(StoreError, match="is being trained already"):
        RunFolder.open(folder.path).hold()
    folder.release()
    assert not RunFolder.open(folder.path).is_held()


def test_steps_are_kept_at_doublings() -> None:
    assert sorted(steps_to_keep([0, 50, 100, 130, 199, 200, 350, 400, 700, 1600, 3000, 3100])) == [0, 100, 200, 400, 1600, 3000, 3100]
    assert steps_to_keep([]) == set()


def test_pruning_spares_the_newest_and_what_was_saved_by_hand(folder: RunFolder) -> None:
    for step in (210, 250, 300, 350):
        folder.write_step(step, state())
    folder.append_ledger(250, "saved-by-hand")
    folder.prune()
    assert folder.steps() == [100, 200, 250, 300, 350]


def test_saved_networks_are_checked_and_an_older_step_helps_out(tmp_path: Path, config: TrainConfig, dataset: ImageDataset) -> None:
    trainer = Trainer(config, dataset)
    folder = RunFolder.create(tmp_path / "run", config, dataset={"shape": [1, 8, 8]})
    folder.write_step(0, trainer.state_dict())
    networks = load_networks(folder, 0)
    z = np.random.default_rng(0).standard_normal((5, config.latent_dim), dtype=np.float32)
    expected = trainer.sample(torch.from_numpy(z))
    np.testing.assert_allclose(networks.samples(z), expected.numpy(), atol=1e-6)
    with torch.no_grad():
        np.testing.assert_allclose(networks.scores(z), trainer.critic(expected)[:, 0].numpy(), atol=1e-6)
    np.testing.assert_array_equal(networks.pixels(z), ((expected + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy())

    broken = trainer.state_dict()
    broken["generator"]["layers.0.bias"] = torch.full((16,), math.nan)
    folder.write_step(1, broken)
    with pytest.raises(StoreError, match=r"Step 1 cannot be used: generator: layers\.0\.bias holds numbers that are not finite"):
        load_networks(folder, 1)
    assert newest_readable(folder).step == 0


def test_a_disk_that_takes_part_of_a_write_leaves_no_line_twice(folder: RunFolder) -> None:
    """A real limit on the size of files: the kernel takes as many bytes as fit, then refuses."""
    resource = pytest.importorskip("resource")
    folder.append_metrics(rows(*range(0, 100)))
    folder.append_ledger(1, "status", status="running")
    before = (folder.path / "metrics.csv").read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 1000, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            folder.append_metrics(rows(*range(100, 1000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (folder.path / "metrics.csv").read_bytes() == before
    folder.append_metrics(rows(*range(100, 1000)))
    assert folder.read_metrics()[:, 0].tolist() == list(range(1000))


def test_forgetting_is_all_or_nothing(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.append_metrics(rows(5, 10, 15))
    before = (folder.path / "metrics.csv").read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        for name in ("store.files.write_synced", "store.folder.append_lines"):
            patch.setattr(f"wgan_core.{name}", full)
        with pytest.raises(OSError, match="No space left"):
            folder.forget_after(10)
    assert (folder.path / "metrics.csv").read_bytes() == before
    folder.forget_after(10)
    assert folder.read_metrics()[:, 0].tolist() == [5, 10]
    folder.append_metrics(rows(12))
    assert (folder.path / "metrics.csv").read_text().splitlines()[0] == ",".join(COLUMNS)
    assert folder.read_metrics()[:, 0].tolist() == [5, 10, 12]


@pytest.mark.parametrize("action", ["overwrite", "prune"])
def test_killed_while_removing_a_step_no_half_of_it_is_left(folder: RunFolder, monkeypatch: pytest.MonkeyPatch, action: str) -> None:
    class Killed(BaseException):
        pass

    def killed(path: Path, **_: object) -> None:
        next(path.iterdir()).unlink()
        raise Killed

    for step in (110, 120, 130):
        folder.write_step(step, state())
    monkeypatch.setattr("shutil.rmtree", killed)
    with pytest.raises(Killed):
        folder.write_step(120, state(5.0)) if action == "overwrite" else folder.prune()
    monkeypatch.undo()
    # What it was about to remove is gone, or there and whole.
    assert {*folder.steps()} >= {110, 130} if action == "overwrite" else len(folder.steps()) >= 3
    for step in folder.steps():
        assert folder.read_step(step).keys() == state().keys()
    folder.hold()  # whoever claims the folder next clears up
    assert [entry.name for entry in (folder.path / "steps").iterdir() if entry.name.startswith(".")] == []
    folder.release()


def test_a_step_written_again_is_the_new_one(folder: RunFolder) -> None:
    folder.write_step(200, state(7.0))
    assert folder.steps() == [100, 200]
    assert folder.read_part(200, "critic")["w"].tolist() == [7.0] * 3
    assert sorted(entry.name for entry in (folder.path / "steps").iterdir()) == ["00000100", "00000200"]


def test_what_is_no_step_is_not_taken_for_one(folder: RunFolder) -> None:
    for name in ("²", "damaged-00000300-ab", ".00000400-ab", "latest"):
        (folder.path / "steps" / name).mkdir()
    (folder.path / "samples" / "²".encode().decode()).with_suffix(".png").write_bytes(b"")
    assert folder.steps() == [100, 200] and folder.samples() == {}


@pytest.mark.slow
def test_another_process_holds_a_run(folder: RunFolder) -> None:
    """Not only another object here: the command line and the page are two processes."""
    script = (
        "import sys; from pathlib import Path; from wgan_core.store.folder import RunFolder\n"
        "folder = RunFolder.open(Path(sys.argv[1])); folder.hold(); print('held', flush=True); sys.stdin.readline()"
    )
    command = [sys.executable, "-c", script, str(folder.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        assert folder.is_held() and folder.status() == "running"
        with pytest.raises(StoreError, match="is being trained already, here or by another process: stop it there first."):
            folder.hold()
        other.kill()  # a process that dies lets go
        other.wait()
    assert not folder.is_held()


def test_no_pickle_and_no_more_than_the_documented_files(tmp_path: Path, config: TrainConfig, dataset: ImageDataset) -> None:
    folder = RunFolder.create(tmp_path / "other", config, note="a note", dataset={"name": "random"})
    folder.write_step(0, Trainer(config, dataset).state_dict())
    files = sorted(str(file.relative_to(folder.path)) for file in folder.path.rglob("*") if file.is_file())
    assert files == ["config.json", *(f"steps/00000000/{part}.safetensors" for part in ("critic", "generator", "training"))]
    meta = json.loads((folder.path / "config.json").read_text())
    assert (meta["format"], meta["run_id"], meta["note"], meta["dataset"]) == (1, "other", "a note", {"name": "random"})
    assert parse_config(meta["config"]) == config and meta["versions"]["torch"] == torch.__version__


def test_a_copied_or_renamed_run_is_still_itself(folder: RunFolder, tmp_path: Path) -> None:
    shutil.copytree(folder.path, tmp_path / "renamed")
    copied = RunFolder.open(tmp_path / "renamed")
    assert (copied.run_id, copied.summary().run_id) == ("run", "renamed")
    assert copied.read_part(200, "critic")["w"].tolist() == [2.0] * 3
