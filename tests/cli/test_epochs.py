"""The length in epochs, and the losses of batches as published training loops print them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.small import SMALL
from wgan_core.cli.main import main
from wgan_core.config import TrainConfig
from wgan_core.data.epochs import batches_of_epoch, epoch_of, known_samples
from wgan_core.data.load import load_dataset
from wgan_core.store.folder import RunFolder

TINY = ("--generator-widths", "16,24", "--critic-widths", "24,12", "--image-size", "8", "--n-critic", "3", "--instruments-budget", "0")


def train(*arguments: str) -> int:
    return main(["train", *arguments, *TINY])


@pytest.mark.parametrize("changes", [{}, {"flip": "horizontal"}, {"dataset": "ring", "latent_dim": 2}])
def test_the_number_of_samples_is_known_before_the_data_are_read(changes: dict[str, object]) -> None:
    config = SMALL.replace(**changes)
    assert known_samples(config) == len(load_dataset(config))


def test_epochs_are_counted_from_1() -> None:
    assert [epoch_of(step, 28) for step in (0, 1, 28, 29, 56, 57)] == [1, 1, 1, 2, 2, 3]
    assert (batches_of_epoch(1797, 64), batches_of_epoch(0, 64), batches_of_epoch(60_000, 64)) == (28, 0, 937)
    assert known_samples(TrainConfig(dataset="csv")) == known_samples(TrainConfig(dataset="image-folder")) == 0


def test_a_run_of_two_epochs_and_one_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "run"
    assert train("--out", str(path), "--epochs", "2", "--batch-size", "600", "--print-every", "2") == 0
    assert RunFolder.open(path).config.max_steps == 4 and RunFolder.open(path).samples_seen == 1797
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("[")]
    assert [re.sub(r"-?[0-9]+\.[0-9]{6}", "x", line) for line in lines] == [
        "[Epoch 1/2] [Batch 2/2] [Critic loss: x] [Generator loss: –]",
        "[Epoch 2/2] [Batch 2/2] [Critic loss: x] [Generator loss: x]",
    ]
    rows = RunFolder.open(path).read_metrics()
    assert not len(rows) or float(rows[-1][4]) == pytest.approx(float(lines[-1].split("[Critic loss: ")[1].split("]")[0]), abs=1e-6)
    assert main(["train", "--resume", str(path), "--epochs", "3"]) == 0
    assert RunFolder.open(path).steps()[-1] == 6
    assert main(["train", "--branch", f"{path}@4", "--epochs", "4", "--out", str(tmp_path / "branch")]) == 0
    assert RunFolder.open(tmp_path / "branch").steps()[-1] == 8


def test_files_of_ones_own_are_counted(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("\n".join(f"{i % 7},{i % 11}" for i in range(70)))
    where = ("--dataset", "csv", "--data-root", str(tmp_path / "points.csv"), "--generator-norm", "none", "--batch-size", "32")
    assert train("--out", str(tmp_path / "run"), "--epochs", "3", *where) == 0
    assert RunFolder.open(tmp_path / "run").config.max_steps == 6


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--epochs", "2", "--max-steps", "9"), "--epochs cannot be given with --max-steps: both say how long the run is."),
        (("--epochs", "0"), "must be a whole number from 1, not '0'"),
        (("--epochs", "1.5"), "must be a whole number from 1, not '1.5'"),
        (("--print-every", "-3"), "must be a whole number from 1, not '-3'"),
        (("--epochs", "99999999"), "max_steps must be a whole number from 1 to 1,000,000,000, not "),
    ],
)
def test_what_cannot_be_is_one_sentence(
    arguments: tuple[str, ...], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train("--out", str(tmp_path / "run"), *arguments) == 2
    said = capsys.readouterr().err
    assert sentence in said and said.count("\n") == 1 and not (tmp_path / "run").exists()
