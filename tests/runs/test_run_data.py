"""A run finds its data again; loading shows how far it is and ends on request."""

from __future__ import annotations

import json
import queue
import shutil
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.small import SMALL
from tests.waiting import PATIENCE
from wgan_core.config import TrainConfig
from wgan_core.data import image_folder, kept
from wgan_core.data.dataset import DataError
from wgan_core.runs.launch import new_loop, resumed_loop
from wgan_core.runs.manager import RunManager
from wgan_core.runs.messages import Command, Pause, Stop
from wgan_core.runs.replay import replay
from wgan_core.runs.run_data import LoadingStopped, data_of_run, watched, with_absolute_root, with_data_here
from wgan_core.store.folder import RunFolder, StoreError


def pictures(folder: Path, count: int = 20, seed: int = 0) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        array = np.random.default_rng(seed + index).integers(0, 256, (8, 8), dtype=np.uint8)
        Image.fromarray(array).save(folder / f"{index:03}.png")
    return folder


def config_of(folder: Path, **changes: Any) -> TrainConfig:
    return SMALL.replace(dataset="image-folder", data_root=str(folder), batch_size=8, max_steps=6, **changes)


def run_on(folder: Path, path: Path) -> RunFolder:
    """A finished run on pictures in `folder`."""
    loop = new_loop(config_of(folder), path, queue.SimpleQueue())
    while loop.tick():
        pass
    loop.recorder.folder.release()
    return RunFolder.open(path)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / "cache" / name))
    monkeypatch.delenv("WGAN_DATA_ROOT", raising=False)
    return tmp_path / "cache" / "wgan-playground"


def test_own_pictures_are_found_by_name_under_the_data_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = run_on(pictures(tmp_path / "photos"), tmp_path / "run")
    (tmp_path / "data").mkdir()
    shutil.move(tmp_path / "photos", tmp_path / "data" / "photos")
    with pytest.raises(DataError, match="There is no folder .*photos"):
        replay(folder)
    monkeypatch.setenv("WGAN_DATA_ROOT", str(tmp_path / "data"))
    assert replay(folder).drifted is None
    assert data_of_run(folder, folder.config)[1].data_root == str(tmp_path / "data" / "photos")
    loop = resumed_loop(folder.path, {"max_steps": 8}, queue.SimpleQueue())
    while loop.tick():
        pass
    assert loop.trainer.step == 8


def test_other_pictures_of_the_same_name_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = run_on(pictures(tmp_path / "photos"), tmp_path / "run")
    shutil.rmtree(tmp_path / "photos")
    pictures(tmp_path / "data" / "photos", seed=100)
    monkeypatch.setenv("WGAN_DATA_ROOT", str(tmp_path / "data"))
    with pytest.raises(DataError, match="There is no folder"):
        data_of_run(folder, folder.config)
    with pytest.raises(StoreError, match="The data here differs .*20 images then, 20 now"):
        data_of_run(folder, folder.config.replace(data_root=str(tmp_path / "data" / "photos")))
    given = replay(folder, here={"data_root": str(pictures(tmp_path / "again"))})
    assert given.drifted is None and len(given.same) > 0


def test_pictures_are_found_in_the_cache_by_their_fingerprint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "WORTH_SECONDS", 0.0)
    folder = run_on(pictures(tmp_path / "photos"), tmp_path / "run")
    shutil.rmtree(tmp_path / "photos")
    assert replay(folder).drifted is None


def test_a_run_of_an_earlier_version_reads_as_then(tmp_path: Path) -> None:
    """Grey pictures kept as colour were taken as RGB."""
    (tmp_path / "photos").mkdir()
    for index in range(20):
        array = np.random.default_rng(index).integers(0, 256, (8, 8, 1), dtype=np.uint8)
        Image.fromarray(np.tile(array, 3)).save(tmp_path / "photos" / f"{index}.png")
    config = config_of(tmp_path / "photos", channels="rgb")
    loop = new_loop(config, tmp_path / "run", queue.SimpleQueue())
    while loop.tick():
        pass
    loop.recorder.folder.release()
    file = tmp_path / "run" / "config.json"
    said = json.loads(file.read_text())
    del said["dataset"]["reader"]
    for name in ("fit", "channels", "tones", "frames", "flip"):
        del said["config"][name]
    file.write_text(json.dumps(said))
    assert replay(RunFolder.open(tmp_path / "run")).drifted is None


def test_nothing_is_downloaded_to_a_path_from_another_machine(tmp_path: Path) -> None:
    here = tmp_path / "here" / "MNIST"
    here.mkdir(parents=True)
    config = TrainConfig(dataset="mnist", data_root="/home/alice/data")
    assert with_data_here(config).data_root == ""
    assert with_data_here(config.replace(data_root=str(here.parent))).data_root == str(here.parent)
    assert with_data_here(TrainConfig()).data_root == ""


def test_a_relative_folder_is_kept_as_a_full_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures(tmp_path / "photos")
    monkeypatch.chdir(tmp_path)
    assert with_absolute_root(config_of(Path(" 'photos' "))).data_root == str(tmp_path / "photos")
    assert with_absolute_root(config_of(Path("nowhere"))).data_root == "nowhere"
    loop = new_loop(config_of(Path("photos")), tmp_path / "run", queue.SimpleQueue())
    loop.recorder.folder.release()
    assert RunFolder.open(tmp_path / "run").config.data_root == str(tmp_path / "photos")


# Progress and the end.


def test_stop_ends_the_loading_and_other_commands_stay(tmp_path: Path) -> None:
    inbox: queue.SimpleQueue[Command] = queue.SimpleQueue()
    inbox.put(Pause())
    progress = watched(inbox)
    progress("Reading the pictures", 0, 10)
    inbox.put(Stop())
    with pytest.raises(LoadingStopped):
        progress("Reading the pictures", 1, 10)
    assert isinstance(inbox.get(), Pause) and isinstance(inbox.get(), Stop)
    inbox.put(Stop())
    with pytest.raises(LoadingStopped):
        new_loop(config_of(pictures(tmp_path / "photos")), tmp_path / "run", inbox)
    assert not (tmp_path / "run").exists()


def test_a_run_that_is_stopped_while_it_loads_is_stopped(tmp_path: Path, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, stopped = threading.Event(), threading.Event()
    read = image_folder._read

    def waits(*args: Any, **options: Any) -> Any:
        reading.set()
        assert stopped.wait(PATIENCE)
        return read(*args, **options)

    monkeypatch.setattr(image_folder, "_read", waits)
    run = RunManager(runs).start(config_of(pictures(tmp_path / "photos", 300)))
    assert reading.wait(PATIENCE)
    run.stop()
    stopped.set()
    assert run.join(PATIENCE)
    assert run.snapshot.status == "stopped" and not run.snapshot.error and not (runs / run.run_id).exists()
