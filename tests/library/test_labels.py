"""Titles, tags, notes and pins: what people write is kept, whole and harmless."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import sys
import threading
from pathlib import Path
from typing import Any

import filelock
import pytest

from tests.run_folders import make_run
from wgan_core.library import labels, lock
from wgan_core.library.labels import MAX_NOTE, MAX_TAGS, MAX_TITLE, Labels, change_labels, read_labels
from wgan_core.library.plain_text import TextError, harmless
from wgan_core.store.folder import NoRun, RunFolder, StoreError
from wgan_core.store.layout import LABELS


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return make_run(tmp_path / "a")


def test_a_run_has_no_labels_until_it_gets_some(run: Path) -> None:
    assert read_labels(run) == Labels() and not (run / LABELS).exists()
    change_labels(run, title="First", add_tags=["good", "for the talk"], note="One\nTwo", pinned=True)
    assert read_labels(run) == Labels("First", ("good", "for the talk"), "One\nTwo", True)
    change_labels(run, title="", pinned=False, remove_tags=["GOOD"])
    assert read_labels(run) == Labels("", ("for the talk",), "One\nTwo", False)
    assert RunFolder.open(run).config  # the run is as sound as before


def test_tags_are_sets_whatever_the_capitals(run: Path) -> None:
    change_labels(run, add_tags=["good, bad", " Good ", "", ","])
    assert read_labels(run).tags == ("good", "bad")


def test_any_script_is_kept(run: Path) -> None:
    for title in ("Крупные цифры", "数字の学習", "أرقام", "ספרות", "हिन्दी", "می‌خواهم", "👩‍🔬 déjà vu", "a < b & c > d"):
        assert change_labels(run, title=title).title == title == read_labels(run).title


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a\x00b\x1b[31mc\x07", "ab[31mc"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("\u2066x\u2069\u200e\u200f\u061c\ufeff", "x"),
        ("two\nlines\r\nand\ttabs  blanks", "two lines and tabs blanks"),
        ("half \ud83d", "half"),
        ("line\u2028separator", "line separator"),
        ("   ", ""),
    ],
)
def test_characters_that_control_or_mislead_are_left_out(run: Path, typed: str, kept: str) -> None:
    assert change_labels(run, title=typed).title == kept == read_labels(run).title


def test_notes_keep_their_lines(run: Path) -> None:
    assert change_labels(run, note="\n One \r\n\n two\u202e \n").note == "One\n\ntwo"


def test_what_is_too_long_is_refused_and_nothing_is_lost(run: Path) -> None:
    change_labels(run, title="First", add_tags=["good"])
    changes: list[dict[str, Any]] = [
        {"title": "x" * 10_000},
        {"note": "x" * 10_000},
        {"add_tags": ["x" * 10_000]},
        {"add_tags": [f"t{n}" for n in range(21)]},
    ]
    for change in changes:
        with pytest.raises(TextError, match="at most") as caught:
            change_labels(run, **change)
        assert len(str(caught.value)) < 150
    assert read_labels(run) == Labels("First", ("good",))


def test_a_strangers_labels_are_cut_and_made_harmless(run: Path) -> None:
    told = {"title": "x\u202e" * 9000, "tags": ["y" * 9000, "a,b", 5, *map(str, range(99))], "note": "z" * 9999, "pinned": "yes"}
    (run / LABELS).write_text(json.dumps(told))
    found = read_labels(run)
    assert found.title == "x" * MAX_TITLE and found.note == "z" * MAX_NOTE and not found.pinned
    assert len(found.tags) <= MAX_TAGS and found.tags[:2] == ("y" * 40, "a b")


@pytest.mark.parametrize("content", ["", "{", "[]", '"x"', '{"title": 5, "tags": {}, "note": [], "pinned": 1}', "\ud800"])
def test_labels_that_cannot_be_read_are_none(run: Path, content: str) -> None:
    (run / LABELS).write_bytes(content.encode("utf-8", "surrogatepass"))
    assert read_labels(run) == Labels()
    assert change_labels(run, title="New").title == "New" == read_labels(run).title


def test_what_a_later_version_wrote_stays(run: Path) -> None:
    (run / LABELS).write_text(json.dumps({"title": "Old", "colour": "red"}))
    change_labels(run, title="New")
    assert json.loads((run / LABELS).read_text())["colour"] == "red"


def test_two_windows_that_change_one_run_lose_nothing(run: Path) -> None:
    """Of one label the last change stays; changes of others are all kept."""
    together = threading.Barrier(8)

    def window(number: int) -> None:
        together.wait()
        change_labels(run, title=f"Title {number}", add_tags=[f"tag {number}"])

    threads = [threading.Thread(target=window, args=(number,)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    found = read_labels(run)
    assert sorted(found.tags) == [f"tag {number}" for number in range(8)]
    assert found.title in {f"Title {number}" for number in range(8)}


@pytest.mark.slow
def test_two_processes_that_change_one_run_lose_nothing(run: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.starmap(_tag, [(run, f"{who}{number}") for who in "ab" for number in range(8)], chunksize=8)
    assert len(read_labels(run).tags) == 16


def _tag(run: Path, tag: str) -> None:
    change_labels(run, add_tags=[tag])


def test_a_run_deleted_meanwhile_is_not_made_again(run: Path) -> None:
    shutil.rmtree(run)
    with pytest.raises(NoRun, match="The run a is not here any more: it was deleted or moved in the meantime."):
        change_labels(run, title="New")
    assert not run.exists()


def test_somebody_else_who_changes_the_runs_is_waited_for_and_then_named(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock.library_lock, "__kwdefaults__", {"patience": 0.01}, raising=False)
    monkeypatch.setattr(labels, "library_lock", lambda root: lock.library_lock(root, patience=0.01))
    with filelock.FileLock(run.parent / ".library.lock"), pytest.raises(StoreError, match="Another window or program is changing the runs"):
        change_labels(run, title="New")


@pytest.mark.skipif(sys.platform == "win32" or (hasattr(os, "geteuid") and os.geteuid() == 0), reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_named(run: Path) -> None:
    run.chmod(0o555)
    try:
        with pytest.raises(StoreError, match="cannot be labelled"):
            change_labels(run, title="New")
    finally:
        run.chmod(0o755)


def test_a_full_disk_leaves_the_labels_as_they_were(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change_labels(run, title="Old")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(labels, "write_atomically", full)
    with pytest.raises(
        StoreError, match=r"The run a cannot be labelled, because its folder cannot be written \(No space left on device\)."
    ):
        change_labels(run, title="New")
    assert read_labels(run).title == "Old"


def test_harmless_text_stays_as_it_is() -> None:
    for text in ("a", "ab c", "数字", "x" * 50):
        assert harmless(text, 50) == text
    assert harmless("ab cd", 3) == "ab"
