"""A stranger's run folder that holds links, pipes or names like ours: nothing outside it, and nothing that is not ours, is touched."""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.loops import begin
from tests.project import PROJECT
from tests.small import SMALL
from wgan_core.cli.main import main
from wgan_core.config import TrainConfig
from wgan_core.latent.directions import saved_directions
from wgan_core.runs.launch import resumed_loop
from wgan_core.runs.messages import Stop
from wgan_core.store.files import append_lines, whole_lines
from wgan_core.store.folder import RunFolder, StoreError

FILES = ("config.json", "metrics.csv", "ledger.jsonl", "health.jsonl", "directions.json", ".lock")
FOLDERS = ("steps", "samples", "steps/00000008")
INSIDE = ("steps/00000008/critic.safetensors", "samples/00000008.png", "steps/00000009", "samples/x", "steps/.00000009-0123abcd")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trained") / "run"
    begin(path, SMALL, 8)
    (path / "health.jsonl").touch()
    (path / "directions.json").write_text("[]")
    (path / ".lock").touch()
    (path / "samples" / "00000008.png").write_bytes(b"\x89PNG")
    return path


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    shutil.copytree(trained, tmp_path / "runs" / "run")
    return tmp_path / "runs" / "run"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder outside with what a careless sweep would take."""
    folder = tmp_path / "elsewhere"
    for name in (".git", "20240101", "00000001", "1999", ".00000001-0123abcd"):
        (folder / name).mkdir(parents=True)
        (folder / name / "precious").write_text("precious")
    (folder / "notes").write_text("a line without an end")
    return folder


def contents(folder: Path) -> dict[str, object]:
    """Everything below `folder`, with when it was last written."""
    return {
        str(path.relative_to(folder)): (path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else None)
        for path in [folder, *folder.rglob("*")]
    }


def link(run: Path, name: str, elsewhere: Path) -> None:
    """Put a link where `name` is, to something outside that would do in its place."""
    place, target = run / name, elsewhere / "target"
    if place.is_dir():
        shutil.copytree(place, elsewhere, dirs_exist_ok=True)
        shutil.rmtree(place)
        place.symlink_to(elsewhere, target_is_directory=True)
        return
    target.write_bytes(place.read_bytes() if place.exists() else b"a line without an end")
    place.unlink(missing_ok=True)
    place.symlink_to(target)


def resume(path: Path) -> None:
    inbox: queue.SimpleQueue = queue.SimpleQueue()
    loop = resumed_loop(path, {}, inbox)
    try:
        for _ in range(4):
            loop.tick()
        inbox.put(Stop())
        loop.tick()
    finally:
        loop.recorder.folder.release()


@pytest.mark.parametrize("name", [*FILES, *FOLDERS, *INSIDE])
def test_a_link_in_a_run_folder_is_refused_and_nothing_behind_it_changes(
    run: Path, elsewhere: Path, name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(run.parents[1])
    link(run, name, elsewhere)
    before = contents(elsewhere)
    sentence = f"{run / name} is a link, and a run folder may not hold links: replace it with what it points to, or delete it."
    with pytest.raises(StoreError) as caught:
        resume(run)
    assert str(caught.value) == sentence
    for command in ("info", "sample --out grid.png", "replay", "export --as script", "train --max-steps 12 --resume"):
        word, *options = command.split()
        arguments = [word, *options, str(run)] if "--resume" in options else [word, str(run), *options]
        assert main(arguments) == 2
        assert capsys.readouterr().err == f"wgan_core: {sentence}\n"
    assert contents(elsewhere) == before


def test_a_link_that_leads_nowhere_is_refused_too(run: Path, elsewhere: Path) -> None:
    (run / "metrics.csv").unlink()
    (run / "metrics.csv").symlink_to(elsewhere / "new")
    with pytest.raises(StoreError, match="metrics.csv is a link"):
        resume(run)
    assert not (elsewhere / "new").exists()


def test_a_link_put_there_after_opening_is_refused_at_the_claim(run: Path, elsewhere: Path) -> None:
    folder = RunFolder.open(run)
    link(run, "steps", elsewhere)
    before = contents(elsewhere)
    with pytest.raises(StoreError, match="steps is a link"):
        folder.hold()
    assert contents(elsewhere) == before


def test_lines_are_not_appended_through_a_link(tmp_path: Path, elsewhere: Path) -> None:
    if not hasattr(os, "O_NOFOLLOW"):
        pytest.skip("this system follows links always")
    (tmp_path / "metrics.csv").symlink_to(elsewhere / "notes")
    before = contents(elsewhere)
    with pytest.raises(OSError):
        append_lines(tmp_path / "metrics.csv", ["1"])
    assert contents(elsewhere) == before and list(whole_lines(tmp_path / "metrics.csv")) == []


def test_a_run_reached_through_links_is_a_run(run: Path, tmp_path: Path) -> None:
    (tmp_path / "shortcut").symlink_to(run.parent, target_is_directory=True)
    (tmp_path / "run-shortcut").symlink_to(run, target_is_directory=True)
    for path in (tmp_path / "shortcut" / "run", tmp_path / "run-shortcut"):
        last = RunFolder.open(path).steps()[-1]
        resume(path)
        assert RunFolder.open(path).steps()[-1] == last + 4


def test_links_of_other_names_are_none_of_our_business(run: Path, elsewhere: Path) -> None:
    (run / "my-notes").symlink_to(elsewhere, target_is_directory=True)
    before = contents(elsewhere)
    resume(run)
    assert contents(elsewhere) == before


THEIRS = (".git", ".00000001-abc", ".1-0123abcd", ".00000001-0123ABCD", "1999", "0000000001", "٠٠٠٠٠٠٠١", "00000001-0123abcd", "latest")


def test_only_names_of_our_own_making_are_deleted(run: Path, config: TrainConfig) -> None:
    """Dot-folders and folders of digits beside the steps are somebody else's."""
    for name in THEIRS:
        (run / "steps" / name).mkdir()
        (run / "steps" / name / "precious").write_text("precious")
    (run / "steps" / "00000002").write_text("a file is no step")
    ours = [".00000004-0123abcd", ".1000000000-0123abcd"]
    for name in ours:
        (run / "steps" / name).mkdir()
    folder = RunFolder.open(run)
    steps = folder.steps()
    assert set(steps) <= {0, 8}
    resume(run)
    for step in (3, 5, 6, 7, 9):
        shutil.copytree(run / "steps" / "00000008", run / "steps" / f"{step:08d}")
    folder.prune()
    left = {entry.name for entry in (run / "steps").iterdir()}
    assert left >= {*THEIRS, "00000002"} and not left & {*ours, "00000005", "00000006", "00000007"}
    assert all((run / "steps" / name / "precious").read_text() == "precious" for name in THEIRS)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("name", [*FILES, "steps/00000008/generator.safetensors", "samples/00000008.png", "steps", "samples"])
def test_a_pipe_in_place_of_a_file_is_refused_and_waited_for_by_nobody(run: Path, name: str) -> None:
    path = run / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    os.mkfifo(path)
    # In a process of its own, which can be ended if it waits.
    command = [sys.executable, "-m", "wgan_core", "info", str(run)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (2, f"wgan_core: {path} is neither a file nor a folder: delete it.\n")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("action", [lambda path: append_lines(path, ["1"]), lambda path: list(whole_lines(path))])
def test_a_pipe_is_neither_read_nor_written(tmp_path: Path, action: Callable[[Path], object]) -> None:
    os.mkfifo(tmp_path / "pipe")
    keeps_it_open = os.open(tmp_path / "pipe", os.O_RDWR | os.O_NONBLOCK)
    try:
        os.write(keeps_it_open, b"1\n")
        with contextlib.suppress(OSError):
            assert action(tmp_path / "pipe") == []
        assert os.read(keeps_it_open, 10) == b"1\n"
    finally:
        os.close(keeps_it_open)


@pytest.mark.parametrize("name", FILES)
def test_a_folder_in_place_of_a_file_is_refused(run: Path, name: str) -> None:
    (run / name).unlink()
    (run / name).mkdir()
    with pytest.raises(StoreError) as caught:
        RunFolder.open(run)
    assert str(caught.value) == f"{run / name} is a folder where a file should be: restore it from a copy, or delete it."


def test_a_file_in_place_of_a_folder_is_refused(run: Path) -> None:
    shutil.rmtree(run / "samples")
    (run / "samples").touch()
    with pytest.raises(StoreError, match=r"samples is a file where a folder should be: restore it from a copy, or delete it\."):
        RunFolder.open(run)


def test_a_sound_run_has_its_directions(run: Path) -> None:
    assert saved_directions(RunFolder.open(run)) == ()
