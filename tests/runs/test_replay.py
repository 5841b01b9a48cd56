"""A run trained again, edits included, gives the same weights; and a replay that would not is noticed."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
import torch

from tests.loops import begin, go_on
from wgan_core.cli.main import main
from wgan_core.config import TrainConfig
from wgan_core.runs.messages import SaveNow, Set
from wgan_core.runs.replay import replay
from wgan_core.store.folder import RunFolder, StoreError

pytestmark = pytest.mark.arithmetic


@pytest.fixture
def edited(tmp_path: Path, config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run with five live edits, one of them undone by resuming from before it, and a stop within an n_critic cycle."""
    monkeypatch.setattr("wgan_core.runs.loop.EDITS_TOGETHER_SECONDS", math.inf)  # on a slow machine too, the first edits share a saved step
    path, config = tmp_path / "run", config.replace(max_steps=1000)
    edits = {
        0: Set({"generator_lr": 5e-4}),
        7: Set({"clip_value": 0.02}),
        20: Set({"n_critic": 5, "critic_lr": 5e-4}),
        30: SaveNow(),
        33: Set({"n_critic": 1}),
    }
    begin(path, config, 38, edits)
    (path / "steps" / "00000038" / "critic.safetensors").write_bytes(b"torn")
    assert go_on(path, 20, {41: Set({"clip_value": 0.03})}).trainer.step == 50
    return path


def test_a_run_with_five_edits_is_reproduced(edited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = RunFolder.open(edited)
    assert [(edit.step, edit.field) for edit in folder.edits()] == [
        (0, "generator_lr"),
        (7, "clip_value"),
        (20, "n_critic"),
        (20, "critic_lr"),
        (41, "clip_value"),
    ]
    assert replay(folder).same == (30, 41, 50) and replay(folder).drifted is None
    assert main(["replay", str(edited)]) == 0
    assert "Reproduced, bit for bit, with 5 edits. Steps compared: 30, 41, 50." in capsys.readouterr().out


def test_a_drift_is_noticed_and_where(edited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = edited / "ledger.jsonl"
    entries = [json.loads(line) for line in ledger.read_text().splitlines()]
    for entry in entries:
        if entry["what"] == "edit" and entry["step"] == 41:
            entry["new"] = 0.031
    ledger.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    found = replay(RunFolder.open(edited))
    assert (found.same, found.drifted) == ((30, 41), 50)
    assert main(["replay", str(edited)]) == 1
    said = capsys.readouterr().out
    assert "Drifted: step 50 is the first saved step" in said and "PyTorch" not in said


def test_a_drift_under_another_version_of_pytorch_is_no_surprise(edited: Path, capsys: pytest.CaptureFixture[str]) -> None:
    test_a_single_bit_is_a_drift(edited)
    meta = json.loads((edited / "config.json").read_text())
    meta["versions"]["torch"] = "1.0"
    (edited / "config.json").write_text(json.dumps(meta))
    assert main(["replay", str(edited)]) == 1
    assert f"The run began with PyTorch 1.0. This is {torch.__version__}, which may round differently" in capsys.readouterr().out


def test_a_single_bit_is_a_drift(edited: Path) -> None:
    folder = RunFolder.open(edited)
    state = folder.read_step(50)
    state["generator"]["layers.0.weight"].view(torch.int32)[0, 0] ^= 1
    folder.write_step(50, state)
    assert replay(folder).drifted == 50


def test_what_cannot_be_compared_is_a_sentence(tmp_path: Path, edited: Path, config: TrainConfig) -> None:
    folder = RunFolder.open(edited)
    for step in (edited / "steps").glob("0*"):
        (step / "training.safetensors").unlink(missing_ok=True)
    with pytest.raises(StoreError, match="has only rounded weights"):
        replay(folder)
    assert main(["replay", str(edited)]) == 2
