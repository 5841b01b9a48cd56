"""The list of all runs, and its index beside them."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import filelock
import pytest

from tests.loops import begin
from tests.project import PROJECT
from tests.run_folders import add_readings, add_to_ledger, make_run
from tests.small import SMALL
from wgan_core.config import TrainConfig
from wgan_core.library import index, look
from wgan_core.library.entry import Entry
from wgan_core.library.index import FILE, Library
from wgan_core.library.labels import change_labels
from wgan_core.library.look import signature
from wgan_core.runs.names import run_title
from wgan_core.store.folder import RunFolder
from wgan_core.store.history import column, newest
from wgan_core.store.readings import Reading, to_line

needs_posix = pytest.mark.skipif(sys.platform == "win32", reason="links and permissions as on Unix")


def library(root: Path) -> Library:
    return Library(root, run_title)


def names(root: Path) -> list[str]:
    return [entry.name for entry in library(root).entries()]


def only(root: Path) -> Entry:
    (entry,) = library(root).entries()
    return entry


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the folders that were read."""
    read: list[str] = []
    monkeypatch.setattr(index, "look", lambda run, naming: (read.append(run.name), look.look(run, naming))[1])
    return read


def test_an_entry_says_what_the_folder_says(tmp_path: Path, config: TrainConfig) -> None:
    loop = begin(tmp_path / "a", config, 50)
    folder = RunFolder.open(tmp_path / "a")
    rows = folder.read_metrics()
    entry = only(tmp_path)
    assert (entry.name, entry.run_id, entry.title) == ("a", "a", run_title("a", config))
    assert (entry.step, entry.status, entry.saved_steps) == (50, "stopped", len(folder.steps()))
    assert entry.estimate == pytest.approx(newest(rows, "wasserstein_estimate", 0))
    assert entry.seconds == newest(rows, "seconds", 0) and entry.generator_updates == loop.trainer.generator_updates
    assert entry.settings == config.model_dump(mode="json") | {"device": folder.meta["device"]}
    assert len(entry.curve) == look.MOMENTS and entry.curve[-1] == pytest.approx(rows[-1, 3], rel=1e-3)
    assert entry.grid == folder.samples()[max(folder.samples())].name
    assert entry.size == sum(file.stat().st_size for file in (tmp_path / "a").rglob("*") if file.is_file())


def test_an_ordinary_gan_has_no_estimate(tmp_path: Path) -> None:
    make_run(tmp_path / "a", SMALL.replace(objective="non-saturating"))
    assert only(tmp_path).estimate is None and only(tmp_path).curve == ()


def test_the_settings_are_those_at_the_end_and_edits_are_known(tmp_path: Path) -> None:
    make_run(tmp_path / "a", SMALL)
    for new, old in ((0.02, 0.05), (0.01, 0.02)):
        add_to_ledger(tmp_path / "a", 50, "edit", field="clip_value", old=old, new=new)
    entry = only(tmp_path)
    assert entry.settings["clip_value"] == 0.01 and entry.edited == {"clip_value": (0.05, 0.02, 0.01)}


def test_the_last_and_the_best_of_a_measure(tmp_path: Path) -> None:
    make_run(tmp_path / "a")
    values = ((10, 0.5, 3), (20, 0.1, 9), (30, 0.2, 5))
    for step, distance, modes in values:
        add_readings(tmp_path / "a", Reading("sliced-w1", step, step, distance, 0.05, 0.01, 64), Reading("modes", step, step, modes))
        add_readings(tmp_path / "a", Reading("diversity", step, step, distance, details={"key": '"key":"sliced-w1"'}))
    measures = only(tmp_path).measures
    assert measures["sliced-w1"] == (0.2, 30, 0.05, 0.01, 0.1, 20)
    assert measures["modes"] == (5, 30, None, None, 9, 20)
    assert measures["diversity"] == (0.2, 30, None, None, None, None)  # neither end is the good one


@pytest.mark.parametrize(
    "reading",
    [
        Reading("sliced-w1", 7, 3, 0.25, 0.05, 1e-05, 64, "x", "eval", "held-out", 0.5, 10.0, 1e-7, {"rows": [1, {"key": "energy"}]}),
        Reading("nearest", 7, 3, None),
        Reading("modes", 7, 3, 4),
    ],
)
def test_lines_as_runs_write_them_are_read_without_their_details(reading: Reading, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [(reading.key, reading.step, reading.value, reading.floor, reading.floor_sd)]
    monkeypatch.setattr(look, "from_line", lambda line: pytest.fail(f"parsed {line}"))
    assert look._values_in(to_line(reading)) == expected


@pytest.mark.parametrize(
    "line", ['{"key": "modes", "step": 7, "generator_updates": 1, "value": 4}', '{"step":7,"key":"modes"}', "", "{}", "["]
)
def test_other_lines_are_read_as_they_always_are(line: str) -> None:
    assert look._values_in(line) == ([("modes", 7, 4, None, None)] if "value" in line else [])


@pytest.mark.parametrize("rows", [0, 1, 2, 39, 40, 41, 1000])
def test_the_small_curve_ends_with_the_last_row(tmp_path: Path, rows: int) -> None:
    make_run(tmp_path / "a", rows=rows, steps=2000)
    curve = only(tmp_path).curve
    assert len(curve) == min(rows, look.MOMENTS)
    if rows:
        assert curve[-1] == pytest.approx(column(RunFolder.open(tmp_path / "a").read_metrics(), "wasserstein_estimate")[-1], rel=1e-3)


def test_of_a_long_curve_only_some_lines_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run(tmp_path / "a", rows=1000, steps=2000)
    whole = only(tmp_path)
    monkeypatch.setattr(look, "_WHOLE_BYTES", 100)
    assert only(make_root(tmp_path)).curve[-1] == whole.curve[-1]
    assert len(only(tmp_path).curve) > look.MOMENTS // 2


def make_root(root: Path) -> Path:
    """Without its index."""
    (root / FILE).unlink()
    return root


# The index.


def test_a_folder_is_read_again_only_when_it_has_changed(tmp_path: Path, reads: list[str]) -> None:
    for name in "abc":
        make_run(tmp_path / name)
    runs = library(tmp_path)
    runs.entries()
    assert reads == ["a", "b", "c"]
    runs.entries()
    library(tmp_path).entries()  # as after a restart
    assert reads == ["a", "b", "c"]
    add_readings(tmp_path / "b", Reading("modes", 1, 1, 4))
    assert {entry.name: "modes" in entry.measures for entry in runs.entries()} == {"a": False, "b": True, "c": False}
    assert reads == ["a", "b", "c", "b"]


def test_folders_come_and_go(tmp_path: Path) -> None:
    make_run(tmp_path / "a")
    runs = library(tmp_path)
    assert [entry.name for entry in runs.entries()] == ["a"]
    shutil.copytree(tmp_path / "a", tmp_path / "copied-by-hand")
    assert sorted(entry.name for entry in runs.entries()) == ["a", "copied-by-hand"]
    shutil.rmtree(tmp_path / "a")
    (tmp_path / "no-run").mkdir()
    assert [entry.name for entry in runs.entries()] == ["copied-by-hand"] == names(tmp_path)


def test_a_run_that_vanishes_while_it_is_read_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "ab":
        make_run(tmp_path / name)
    real = look.look
    monkeypatch.setattr(index, "look", lambda run, naming: (shutil.rmtree(run) if run.name == "a" else None, real(run, naming))[1])
    assert names(tmp_path) == ["b"]


def test_a_run_that_vanishes_in_the_middle_of_being_read_breaks_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run(tmp_path / "a")
    real = RunFolder.ledger
    monkeypatch.setattr(RunFolder, "ledger", lambda folder: (shutil.rmtree(folder.path, ignore_errors=True), real(folder))[1])
    assert [entry.step for entry in library(tmp_path).entries()] in ([], [0])
    assert names(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\x00 and then nothing"])
def test_an_index_that_is_damaged_is_made_anew(tmp_path: Path, reads: list[str], content: bytes) -> None:
    make_run(tmp_path / "a")
    (tmp_path / FILE).write_bytes(content)
    assert names(tmp_path) == ["a"] == names(tmp_path)
    assert reads == ["a"]


def test_a_truncated_index_is_made_anew(tmp_path: Path, reads: list[str]) -> None:
    for number in range(60):
        make_run(tmp_path / f"run-{number}")
    assert len(names(tmp_path)) == 60
    whole = (tmp_path / FILE).read_bytes()
    for share in (0.3, 0.6, 0.9):
        (tmp_path / FILE).write_bytes(whole[: int(share * len(whole))])
        assert len(names(tmp_path)) == 60
        make_run(tmp_path / f"another-{share}")
        assert len(names(tmp_path)) == 61
        shutil.rmtree(tmp_path / f"another-{share}")
    reads.clear()
    assert len(names(tmp_path)) == 60 and reads == []  # it is whole again


def test_an_index_of_another_version_is_made_anew(tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    make_run(tmp_path / "a")
    library(tmp_path).entries()
    monkeypatch.setattr(index, "VERSION", index.VERSION + 1)
    assert names(tmp_path) == ["a"] == names(tmp_path)
    assert reads == ["a", "a"]


@pytest.mark.parametrize("facts", ["", "[]", "{}", '{"name": 5}', '{"labels": {}, "edited": {}, "curve": [], "measures": {}}', "null"])
def test_entries_of_the_index_that_make_no_sense_are_read_from_the_folder(tmp_path: Path, reads: list[str], facts: str) -> None:
    make_run(tmp_path / "a")
    library(tmp_path).entries()
    with closing(sqlite3.connect(tmp_path / FILE)) as connection, connection:
        connection.execute("UPDATE runs SET facts = ?", (facts,))
    assert names(tmp_path) == ["a"]
    assert reads == ["a", "a"]


def test_an_index_locked_by_another_process_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run(tmp_path / "a")
    library(tmp_path).entries()
    make_run(tmp_path / "b")
    monkeypatch.setattr(index, "_WAIT_SECONDS", 0.01)
    code = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('BEGIN EXCLUSIVE'); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen([sys.executable, "-c", code, tmp_path / FILE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        assert sorted(names(tmp_path)) == ["a", "b"]
        other.communicate("")
    assert sorted(names(tmp_path)) == ["a", "b"]


@needs_posix
def test_a_folder_that_cannot_be_written_is_listed(tmp_path: Path) -> None:
    make_run(tmp_path / "a")
    tmp_path.chmod(0o555)
    try:
        assert names(tmp_path) == ["a"]
    finally:
        tmp_path.chmod(0o755)


def test_a_folder_that_is_not_there_has_no_runs_and_is_not_made(tmp_path: Path) -> None:
    assert names(tmp_path / "none") == [] and not (tmp_path / "none").exists()


# Order, damage, status.


def test_pinned_runs_come_first_then_the_newest_and_damaged_ones_last(tmp_path: Path) -> None:
    for name, day in (("a", 1), ("b", 3), ("c", 2), ("broken", 4)):
        make_run(tmp_path / name, created=f"2026-03-0{day}T00:00:00+00:00")
    (tmp_path / "broken" / "config.json").write_text("{")
    change_labels(tmp_path / "a", pinned=True)
    assert names(tmp_path) == ["a", "b", "c", "broken"]


@needs_posix
def test_damaged_runs_are_listed_with_their_sentence(tmp_path: Path) -> None:
    make_run(tmp_path / "a")
    (tmp_path / "a" / "samples" / "out").symlink_to(tmp_path)
    entry = only(tmp_path)
    assert "is a link" in entry.damaged and entry.title == "a"
    (tmp_path / "a" / "samples" / "out").unlink()
    assert only(tmp_path).damaged == ""


def test_damage_by_another_format(tmp_path: Path) -> None:
    make_run(tmp_path / "a", format=99)
    assert "another version" in only(tmp_path).damaged


def test_a_run_is_running_while_its_lock_is_held(tmp_path: Path) -> None:
    make_run(tmp_path / "a", status="running")
    runs = library(tmp_path)
    assert [entry.status for entry in runs.entries()] == ["interrupted"]
    with filelock.FileLock(tmp_path / "a" / ".lock"):
        assert [entry.status for entry in runs.entries()] == ["running"]
        found = runs.entry("a")
        assert found is not None and found.status == "running"
    assert [entry.status for entry in runs.entries()] == ["interrupted"]


def test_one_run_by_its_name(tmp_path: Path) -> None:
    make_run(tmp_path / "a")
    runs = library(tmp_path)
    found = runs.entry("a")
    assert found is not None and found.name == "a" and runs.entry("b") is None and runs.entry("..") is None
    shutil.rmtree(tmp_path / "a")
    assert runs.entry("a") is None and runs.entries() == []


def test_locks_do_not_change_the_signature(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a")
    before = signature(run)
    (run / ".lock").touch()
    assert signature(run) == before != ""
    assert signature(tmp_path) == ""


def test_listing_needs_no_pytorch(tmp_path: Path) -> None:
    make_run(tmp_path / "a")
    code = "import sys; from wgan_core.cli.main import main; main(['runs']); print('torch' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=PROJECT,
        env={"WGAN_RUNS_ROOT": str(tmp_path), "PATH": "", "SYSTEMROOT": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "False" and "finished" in done.stdout


@pytest.mark.slow
def test_a_thousand_runs_are_listed_from_the_index(tmp_path: Path, reads: list[str]) -> None:
    """Counted, not timed: of a thousand folders only the one that has changed is opened by the next library."""
    first = make_run(tmp_path / "run-0", rows=300)
    for number in range(1, 1000):
        shutil.copytree(first, tmp_path / f"run-{number}")
    assert len(names(tmp_path)) == len(reads) == 1000
    reads.clear()
    assert len(names(tmp_path)) == 1000 and reads == []
    change_labels(tmp_path / "run-7", note="changed")
    assert len(names(tmp_path)) == 1000 and reads == ["run-7"]
