"""Samples in numbers, consoles that lack characters, and ends of a run that the caller has to know of."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.project import PROJECT
from wgan_core.cli import train as cli_train
from wgan_core.cli.main import main
from wgan_core.data import cache_folder
from wgan_core.store.folder import RunFolder

WORDS = ["--device", "cpu", "--threads", "1", "--image-size", "8", "--latent-dim", "6", "--batch-size", "16"]
WORDS += ["--generator-widths", "16", "--critic-widths", "16"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "run"
    assert main(["train", *WORDS, "--max-steps", "5", "--out", str(path)]) == 0
    return path


def sample(run: Path, out: str | Path, count: int, *more: str) -> int:
    return main(["sample", str(run), "--count", str(count), "--out", str(out), *more])


def test_a_folder_gets_one_picture_each(run: Path, tmp_path: Path) -> None:
    assert sample(run, tmp_path / "s.npz", 1203) == 0
    arrays = np.load(tmp_path / "s.npz")
    assert arrays["images"].shape == (1203, 1, 8, 8) and arrays["z"].shape == (1203, 6) and arrays["images"].dtype == np.float32
    assert sample(run, f"{tmp_path / 'all'}/", 1203) == 0
    files = sorted((tmp_path / "all").iterdir())
    assert [file.name for file in files] == [f"{number:06d}.png" for number in range(1203)]
    pixels = np.round((arrays["images"][:, 0] + 1) * 127.5).clip(0, 255)
    for number in (0, 499, 500, 1202):
        np.testing.assert_array_equal(np.asarray(Image.open(files[number])), pixels[number])


def test_arrays_in_several_files(run: Path, tmp_path: Path) -> None:
    assert sample(run, tmp_path / "s.npz", 25) == 0 and sample(run, tmp_path / "p.npz", 25, "--per-file", "10") == 0
    parts = [np.load(tmp_path / f"p-000{number}.npz") for number in (1, 2, 3)]
    for name in ("images", "z"):
        np.testing.assert_array_equal(np.concatenate([part[name] for part in parts]), np.load(tmp_path / "s.npz")[name])
    assert [len(part["z"]) for part in parts] == [10, 10, 5]


@pytest.mark.slow
@pytest.mark.parametrize("page", ["cp1252", "cp437", "cp932", "ascii"])
def test_a_console_that_lacks_characters_gets_the_rest(page: str) -> None:
    env = {**os.environ, "PYTHONIOENCODING": page, "PYTHONUTF8": "0"}
    done = subprocess.run([sys.executable, "-m", "wgan_core", "train", "--help"], capture_output=True, env=env, cwd=PROJECT)
    assert done.returncode == 0 and b"--clip-value" in done.stdout and not done.stderr


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="asks for a user without a home")
def test_without_a_home_folder(tmp_path: Path) -> None:
    program = "import sys, pwd\npwd.getpwuid = lambda uid: (_ for _ in ()).throw(KeyError(uid))\nfrom wgan_core.cli.main import main\n"
    program += "sys.exit(main(sys.argv[1:]))"
    env = {key: value for key, value in os.environ.items() if key not in ("HOME", "XDG_CACHE_HOME")} | {"TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", program, "train", *WORDS, "--max-steps", "5", "--out", str(tmp_path / "run")]
    done = subprocess.run(command, capture_output=True, text=True, env=env | {"PYTHONPATH": str(PROJECT)}, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "~").exists()


def test_the_cache_is_never_a_folder_called_tilde(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: f"~/.cache/{name}")
    assert cache_folder.cache_folder("data").is_absolute() and cache_folder.cache_folder("data").name == "data"


def test_a_run_whose_end_is_not_saved_ends_with_status_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write = RunFolder.write_step

    def full(self: RunFolder, step: int, *rest: Any, **more: Any) -> Any:
        if step >= 20:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(self, step, *rest, **more)

    monkeypatch.setattr(RunFolder, "write_step", full)
    assert main(["train", *WORDS, "--max-steps", "40", "--out", str(tmp_path / "run")]) == 1
    said = capsys.readouterr()
    assert "could not be saved" in said.err and "step 40" in said.out


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no such signal")
@pytest.mark.parametrize(("handler", "stops"), [(signal.SIG_DFL, 1), (signal.SIG_IGN, 0)], ids=["closed terminal", "nohup"])
def test_a_hangup_stops_unless_nohup_has_it_ignored(handler: Any, stops: int) -> None:
    before = signal.signal(signal.SIGHUP, handler)
    asked: list[int] = []
    try:
        with cli_train._signals_stop(lambda: asked.append(1)):
            signal.raise_signal(signal.SIGHUP)
        assert len(asked) == stops and signal.getsignal(signal.SIGHUP) is handler
    finally:
        signal.signal(signal.SIGHUP, before)
