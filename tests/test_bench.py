"""The bench counts and compares what it says; how fast anything is, it is not for a test to say."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from wgan_core.bench import bench, step_flop, textbook_loop
from wgan_core.cli import main
from wgan_core.config import PRESETS, ConfigError, TrainConfig
from wgan_core.data import load_dataset
from wgan_core.trainer import Trainer


@pytest.fixture
def mnist(tmp_path: Path, config: TrainConfig) -> TrainConfig:
    """A tiny config on a folder that holds something like MNIST."""
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for kind, count in (("train", 64), ("t10k", 8)):
        images, labels = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8), np.zeros(count, dtype=np.uint8)
        for name, array in (("images-idx3", images), ("labels-idx1", labels)):
            header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
            (raw / f"{kind}-{name}-ubyte").write_bytes(header + array.tobytes())
    return config.replace(dataset="mnist", data_root=str(tmp_path), image_size=28)


@pytest.mark.parametrize("n_critic", [1, 5])
def test_the_counted_work_is_what_pytorch_counts(mnist: TrainConfig, n_critic: int) -> None:
    config = mnist.replace(n_critic=n_critic)
    trainer = Trainer(config, load_dataset(config))
    with FlopCounterMode(display=False) as counter:
        for _ in range(n_critic):
            trainer.train_step()
    assert step_flop(config, (1, 28, 28)) == pytest.approx(counter.get_total_flops() / n_critic, rel=1e-9)


def test_the_textbook_loop_is_the_tutorials(mnist: TrainConfig) -> None:
    """Its critic learns: on noise against nothing learned yet, the estimate rises."""
    torch.manual_seed(0)
    loop = textbook_loop(mnist.replace(n_critic=1000), torch.device("cpu"))
    estimates = [float(next(loop)) for _ in range(30)]
    assert estimates[-1] > estimates[0] and estimates[-1] > 0


def test_a_report_compares_the_rounds(mnist: TrainConfig) -> None:
    report = bench(mnist, rounds=3, seconds=0.05)
    for speed in (report.engine, report.textbook):
        assert 0 < speed.lowest <= speed.median <= speed.highest
    assert report.engine.lowest / report.textbook.highest <= report.ratio <= report.engine.highest / report.textbook.lowest
    assert report.share_of_matmul == pytest.approx(report.engine.median * report.step_gflop / report.matmul_gflops)
    assert report.threads == 1


def test_what_the_textbook_loop_does_not_know_is_refused(mnist: TrainConfig) -> None:
    for preset in ("pytorch-gan-gp", "walkthrough-next", "quick-start"):
        with pytest.raises(ConfigError, match="The textbook loop knows MLPs with weight clipping on mnist"):
            bench(PRESETS[preset])


def test_from_the_command_line(mnist: TrainConfig, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--data-root", mnist.data_root, "--batch-size", "16", "--generator-widths", "8,8", "--critic-widths", "8", "--rounds", "1"]
    assert main(["bench", "--preset", "pytorch-gan", *flags, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["ratio"] == pytest.approx(facts["engine"]["median"] / facts["textbook"]["median"])
    assert main(["bench", "--preset", "nothing"]) == 2
    assert "There is no preset 'nothing'" in capsys.readouterr().err
