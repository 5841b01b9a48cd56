"""A run that moved to another machine: Resume on its page offers the device and the place of the data, and says what is missing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.app_page import button, page
from tests.small import SMALL
from tests.waiting import PATIENCE
from wgan_core.config import TrainConfig
from wgan_core.runs.manager import RunManager
from wgan_core.store.folder import RunFolder


def finished(manager: RunManager, config: TrainConfig) -> str:
    run = manager.start(config)
    assert run.join(PATIENCE) and run.snapshot.status == "finished"
    return run.run_id


def with_setting(path: Path, **changes: Any) -> None:
    said = json.loads((path / "config.json").read_text())
    said["config"].update(changes)
    (path / "config.json").write_text(json.dumps(said))


def photos(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for index in range(12):
        Image.fromarray(np.random.default_rng(index).integers(0, 256, (8, 8), dtype=np.uint8)).save(folder / f"{index}.png")
    return folder


def test_without_its_data_resume_is_a_sentence_and_is_offered_again(manager: RunManager, tmp_path: Path) -> None:
    config = SMALL.replace(dataset="image-folder", data_root=str(photos(tmp_path / "photos")), batch_size=4, max_steps=6)
    run_id = finished(manager, config)
    shutil.move(tmp_path / "photos", tmp_path / "moved")
    test = page("train", run=run_id)
    button(test, "Resume from step 6").click().run()
    run = manager.get(run_id)
    assert run is not None and run.join(PATIENCE)
    test.run()
    assert "There is no folder" in test.error[0].value and not test.exception
    test.text_input(key="resume.data_root").set_value(str(tmp_path / "moved")).run()
    button(test, "Resume from step 6").click().run()
    run = manager.get(run_id)
    assert run is not None and run.join(PATIENCE) and run.snapshot.status == "finished" and not run.snapshot.error
    assert RunFolder.open(manager.root / run_id).steps()[-1] > 6


@pytest.mark.slow
def test_a_device_that_is_not_here_is_replaced_and_that_is_said(manager: RunManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    run_id = finished(manager, SMALL.replace(max_steps=6))
    with_setting(manager.root / run_id, device="cuda")
    manager._runs.clear()  # as in a server that was started anew
    test = page("train", run=run_id)
    assert test.selectbox(key="resume.device").value == "auto"
    assert "The run was trained on cuda, which this machine does not have." in [caption.value for caption in test.caption]
    button(test, "Resume from step 6").click().run()
    assert not test.error
    run = manager.get(run_id)
    assert run is not None and run.join(PATIENCE) and run.snapshot.status == "finished"
