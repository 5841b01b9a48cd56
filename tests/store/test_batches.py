"""How many real samples a run has seen, worked out by hand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from wgan_core.config import TrainConfig
from wgan_core.store.batches import batch_sizes, samples_seen
from wgan_core.store.folder import RunFolder
from wgan_core.store.parent import Parent


def folder(root: Path, name: str, size: int, parent: Parent | None = None) -> RunFolder:
    return RunFolder.create(root / name, TrainConfig(batch_size=size), parent=parent)


@pytest.fixture
def third(tmp_path: Path) -> RunFolder:
    """A branch of a branch; each has another batch size."""
    folder(tmp_path, "first", 64)
    folder(tmp_path, "second", 32, Parent("first", 100, {"batch_size": (64, 32)}))
    return folder(tmp_path, "third", 10, Parent("second", 150, {"batch_size": (32, 10)}))


def test_all_ancestors_count(third: RunFolder) -> None:
    sizes = batch_sizes(third)
    assert sizes == ((0, 64), (100, 32), (150, 10))
    assert [samples_seen(sizes, step) for step in (0, 50, 100, 150, 170)] == [0, 3200, 6400, 8000, 8200]


def test_of_ancestors_that_are_gone_only_what_the_branch_noted_is_known(third: RunFolder) -> None:
    shutil.rmtree(third.path.parent / "first")
    assert batch_sizes(third) == ((0, 64), (100, 32), (150, 10))  # noted by the second
    shutil.rmtree(third.path.parent / "second")
    assert batch_sizes(third) == ((0, 32), (150, 10))


@pytest.mark.parametrize("noted", [None, "64", True, -1])
def test_a_note_that_is_no_batch_size_is_not_believed(tmp_path: Path, noted: object) -> None:
    assert batch_sizes(folder(tmp_path, "a", 10, Parent("gone", 7, {"batch_size": (noted, 10)}))) == ((0, 10), (7, 10))


def test_a_branch_of_the_first_step_has_no_other_past(tmp_path: Path) -> None:
    folder(tmp_path, "first", 64)
    assert batch_sizes(folder(tmp_path, "second", 10, Parent("first", 0))) == ((0, 10),)


def test_folders_that_name_each_other_are_read_once(tmp_path: Path) -> None:
    one = folder(tmp_path, "one", 10, Parent("two", 50))
    folder(tmp_path, "two", 20, Parent("one", 30))
    assert batch_sizes(one) == ((0, 20), (30, 20), (50, 10))
