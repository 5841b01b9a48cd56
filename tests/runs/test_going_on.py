"""Going on from a run folder."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.loops import begin, go_on
from tests.trainers import all_weights
from wgan_core.config import TrainConfig
from wgan_core.data.dataset import ImageDataset
from wgan_core.runs import launch
from wgan_core.runs.launch import snapshot_from_folder
from wgan_core.store.folder import RunFolder, StoreError


def test_two_halves_equal_the_whole(tmp_path: Path, digits: TrainConfig) -> None:
    whole = begin(tmp_path / "whole", digits, 46)
    begin(tmp_path / "halves", digits, 23)
    halves = go_on(tmp_path / "halves", 23)
    assert torch.equal(all_weights(whole.trainer), all_weights(halves.trainer))
    kept = [0, 1, 3, 4, 5, 6, 7]  # all but seconds
    np.testing.assert_allclose(whole.recorder.history.view()[:, kept], halves.recorder.history.view()[:, kept], rtol=1e-8)


def test_resuming_with_other_settings_is_an_edit(tmp_path: Path, digits: TrainConfig) -> None:
    begin(tmp_path / "run", digits, 5)
    loop = go_on(tmp_path / "run", 1, n_critic=7, threads=1)
    assert loop.trainer.config.n_critic == 7
    assert [(edit.step, edit.field, edit.new) for edit in loop.recorder.folder.edits()] == [(5, "n_critic", 7)]


def test_what_cannot_change_is_said_on_resuming_and_stays(tmp_path: Path, digits: TrainConfig) -> None:
    begin(tmp_path / "run", digits, 5)
    loop = go_on(tmp_path / "run", 1, batch_size=8)
    assert loop.recorder.notice == "batch_size cannot change while a run trains: start a new run with it."
    assert loop.trainer.config.batch_size == digits.batch_size and loop.recorder.folder.edits() == ()


def test_a_damaged_newest_step_is_set_aside_and_an_older_one_taken(tmp_path: Path, digits: TrainConfig) -> None:
    path = tmp_path / "run"
    begin(path, digits, 5)
    go_on(path, 5)
    (path / "steps" / "00000010" / "training.safetensors").write_bytes(b"torn")
    loop = go_on(path, 2)
    assert loop.trainer.step == 7
    assert "Step 10 could not be read and was set aside; the run continues from step 5" in loop.recorder.notice
    assert loop.recorder.history.view()[:, 0].tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert any(entry.name.startswith("damaged-00000010") for entry in (path / "steps").iterdir())


def test_nothing_readable_is_a_sentence_and_nothing_is_touched(tmp_path: Path, digits: TrainConfig) -> None:
    path = tmp_path / "run"
    begin(path, digits, 5)
    for step in (path / "steps").iterdir():
        (step / "critic.safetensors").write_bytes(b"torn")
    before = sorted(file.name for file in (path / "steps").iterdir())
    with pytest.raises(StoreError, match="The run cannot be resumed from step 5: critic.safetensors of step 5 is damaged"):
        go_on(path, 1)
    assert sorted(file.name for file in (path / "steps").iterdir()) == before
    assert not RunFolder.open(path).is_held()


def test_networks_that_the_run_never_had_are_not_made(tmp_path: Path, digits: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those described here would take 9 GB."""
    path = tmp_path / "run"
    begin(path, digits, 5)
    meta = json.loads((path / "config.json").read_text())
    meta["config"] |= {"critic_widths": [8192] * 16, "generator_widths": [8192] * 16}
    (path / "config.json").write_text(json.dumps(meta))
    monkeypatch.setattr(launch, "Trainer", lambda *_, **__: pytest.fail("made them"))
    with pytest.raises(StoreError, match=r"No saved step has the networks that the run's config\.json describes"):
        go_on(path, 1)
    assert not RunFolder.open(path).is_held()


def test_other_data_than_the_run_was_trained_on_is_refused(tmp_path: Path, digits: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(tmp_path / "run", digits, 3)
    other = ImageDataset("digits", torch.zeros((1797, 1, 8, 8), dtype=torch.uint8))
    monkeypatch.setattr("wgan_core.runs.run_data.load_dataset", lambda config, **options: other)
    with pytest.raises(StoreError, match="The data here differs from the data that this run was trained on"):
        go_on(tmp_path / "run", 1)


def test_a_run_read_from_its_folder(tmp_path: Path, digits: TrainConfig) -> None:
    loop = begin(tmp_path / "run", digits, 8)
    snapshot = snapshot_from_folder(loop.recorder.folder)
    assert (snapshot.status, snapshot.step, snapshot.generator_updates, snapshot.error) == ("stopped", 8, 2, "")
    np.testing.assert_allclose(snapshot.history, loop.recorder.history.view(), rtol=1e-8)
    loop.recorder.folder.append_ledger(8, "status", status="running")
    snapshot = snapshot_from_folder(loop.recorder.folder)
    assert snapshot.status == "stopped" and "The program ended before this run did. Step 8 is saved" in snapshot.error
