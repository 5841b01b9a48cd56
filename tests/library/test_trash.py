"""Deleting runs, and getting them back."""

from __future__ import annotations

import datetime
import shutil
import sys
import threading
from pathlib import Path

import pytest

from tests.loops import begin
from tests.run_folders import make_run
from wgan_core.config import TrainConfig
from wgan_core.library import lock, trash
from wgan_core.library.index import Library
from wgan_core.library.labels import change_labels, read_labels
from wgan_core.library.trash import FOLDER, delete, deleted_runs, erase, erase_old, free_name, restore
from wgan_core.runs.branch import ancestry
from wgan_core.runs.names import run_title
from wgan_core.store.folder import NoRun, RunFolder, StoreError
from wgan_core.store.locks import reading, training_lock
from wgan_core.store.parent import Parent


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in "abc":
        make_run(tmp_path / name)
    return tmp_path


def names(root: Path) -> list[str]:
    return sorted(entry.name for entry in Library(root, run_title).entries())


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file() and file.name != ".lock"
    }


def test_a_deleted_run_comes_back_as_it_was(root: Path) -> None:
    change_labels(root / "a", title="Sharp")
    before = contents(root / "a")
    moved = delete(root, ["a", "c", "a"])
    assert names(root) == ["b"] and {one.name for one in deleted_runs(root)} == {"a", "c"}
    assert restore(root, moved) == ["a", "c"]
    assert names(root) == ["a", "b", "c"] and deleted_runs(root) == [] and contents(root / "a") == before


def test_a_restored_run_gets_another_folder_if_its_name_is_taken(root: Path) -> None:
    moved = delete(root, ["a"])
    make_run(root / "a")
    make_run(root / "a-2")
    assert restore(root, moved) == ["a-3"]
    assert RunFolder.open(root / "a-3").run_id == "a"  # its id stays


def test_a_run_may_be_deleted_more_than_once(root: Path) -> None:
    for _ in range(2):
        delete(root, ["a"])
        make_run(root / "a")
    assert [one.name for one in deleted_runs(root)] == ["a", "a"]
    assert len({one.token for one in deleted_runs(root)}) == 2


def test_a_run_that_trains_is_not_deleted_and_neither_are_the_others(root: Path) -> None:
    with (
        training_lock(root / "b"),
        pytest.raises(StoreError, match="The run b is being trained or waits for it: stop it first, then delete it."),
    ):
        delete(root, ["a", "b"])
    with pytest.raises(StoreError, match="The run b is being trained or waits"):
        delete(root, ["a", "b"], in_use=lambda name: name == "b")
    assert names(root) == ["a", "b", "c"] and not (root / FOLDER).exists()


def test_a_run_that_is_read_is_not_deleted(root: Path) -> None:
    with reading(root / "b"), pytest.raises(StoreError, match="The run b is being read, for instance by an export"):
        delete(root, ["b"])
    delete(root, ["b"])
    assert names(root) == ["a", "c"]


def test_two_windows_that_delete_one_run(root: Path) -> None:
    delete(root, ["a"])
    with pytest.raises(NoRun, match="The run a is not here any more: it was deleted or moved in the meantime."):
        delete(root, ["a"])


def test_two_windows_that_rename_and_delete_one_run(root: Path) -> None:
    """Whichever is first: the run is in the trash in the end, once, and whole; the title is on it, or refused with a sentence."""
    for attempt in range(10):
        run = make_run(root / f"run-{attempt}")
        together, said = threading.Barrier(2), []

        def rename(run: Path = run, together: threading.Barrier = together, said: list[str] = said) -> None:
            together.wait()
            try:
                change_labels(run, title="New")
            except NoRun as error:
                said.append(str(error))

        window = threading.Thread(target=rename)
        window.start()
        together.wait()
        (moved,) = delete(root, [run.name])
        window.join()
        assert not run.exists()
        (name,) = restore(root, [moved])
        assert read_labels(root / name).title == ("" if said else "New") and RunFolder.open(root / name)


def test_deleting_is_refused_while_somebody_else_changes_the_runs(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trash, "library_lock", lambda root: lock.library_lock(root, patience=0.01))
    with lock.library_lock(root), pytest.raises(StoreError, match="Another window or program is changing the runs"):
        delete(root, ["a"])


@pytest.mark.parametrize("name", ["../a", "", ".", "..", ".trash", "/etc", "a/b", "x" * 200])
def test_only_runs_can_be_deleted(root: Path, name: str) -> None:
    with pytest.raises(StoreError):
        delete(root, [name])
    assert names(root) == ["a", "b", "c"]


def test_if_one_cannot_be_moved_none_is(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.rename

    def rename(path: Path, target: Path) -> Path:
        if path.name == "b":
            raise OSError(16, "Device or resource busy")
        return real(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(StoreError, match=r"The run b cannot be deleted \(Device or resource busy\), so nothing was deleted."):
        delete(root, ["a", "b"])
    assert names(root) == ["a", "b", "c"] and deleted_runs(root) == []


def test_the_trash_is_emptied_by_hand(root: Path) -> None:
    delete(root, ["a", "b"])
    gone = deleted_runs(root)
    erase(root, gone[:1])
    assert len(deleted_runs(root)) == 1
    erase(root, gone)
    assert deleted_runs(root) == [] and names(root) == ["c"]
    with pytest.raises(NoRun, match="is not in the trash any more"):
        restore(root, gone)


def test_the_trash_is_emptied_after_thirty_days(root: Path) -> None:
    now = datetime.datetime.now(datetime.UTC)
    for name, days in (("a", 31), ("b", 29)):
        (moved,) = delete(root, [name])
        stamp = (now - datetime.timedelta(days=days)).strftime("%Y%m%dT%H%M%SZ")
        (root / FOLDER / moved.token).rename(root / FOLDER / f"{stamp}-{moved.token[-8:]}")
    assert erase_old(root) == 1
    assert [one.name for one in deleted_runs(root)] == ["b"]
    assert erase_old(root) == 0 == erase_old(root / "none")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_run_folder_that_is_a_link_is_deleted_without_what_it_points_to(root: Path, tmp_path: Path) -> None:
    elsewhere = make_run(tmp_path / "disk" / "far")
    (root / "linked").symlink_to(elsewhere)
    erase(root, delete(root, ["linked"]))
    assert RunFolder.open(elsewhere) and not (root / "linked").exists()


def test_things_in_the_trash_that_are_no_deleted_runs_are_left_alone(root: Path) -> None:
    for name in ("notes", "20260314T092601Z-short", "99999999T999999Z-01234567"):
        (root / FOLDER / name / "x").mkdir(parents=True)
    assert deleted_runs(root) == [] and erase_old(root) == 0
    assert (root / FOLDER / "notes" / "x").is_dir()


def test_deleting_a_parent_leaves_its_branches_whole(tmp_path: Path, config: TrainConfig) -> None:
    begin(tmp_path / "parent", config, 30)
    shutil.copytree(tmp_path / "parent", tmp_path / "branch")
    folder = RunFolder.open(tmp_path / "branch")
    folder.meta["parent"] = Parent("parent", 30).to_meta()
    erase(tmp_path, delete(tmp_path, ["parent"]))
    assert [one.run_id for one in ancestry(folder)] == ["parent"]
    assert folder.read_step(folder.steps()[-1])


def test_free_names() -> None:
    nowhere = Path("/nonexistent")
    assert free_name(nowhere, "a") == "a" and free_name(nowhere, "a", ["a", "a-2"]) == "a-3"
    assert len(free_name(nowhere, "x" * 100, ["x" * 100])) <= 100
