"""The bench counts and compares what it says; how fast anything is, it is not for a test to say."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from tests.data_sets import write_mnist
from wgan_core.bench import compare
from wgan_core.bench.compare import _FlopCount, bench, step_flop, textbook_loop
from wgan_core.bench.others import busy_cores, jax_peer
from wgan_core.bench.several import several_runs
from wgan_core.cli.main import main
from wgan_core.config import ConfigError, TrainConfig
from wgan_core.data.load import load_dataset
from wgan_core.training.trainer import Trainer


@pytest.fixture
def mnist(tmp_path: Path, config: TrainConfig) -> TrainConfig:
    """A tiny config on a folder that holds something like MNIST."""
    write_mnist(tmp_path)
    return config.replace(dataset="mnist", data_root=str(tmp_path), image_size=28)


def sizes(network: nn.Module) -> list[int]:
    """How many weights each linear layer has."""
    return [module.weight.numel() for module in network.modules() if isinstance(module, nn.Linear)]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("n_critic", [1, 5])
def test_the_counted_work_is_that_of_the_layers(mnist: TrainConfig, n_critic: int, precision: str) -> None:
    """A layer of n × m weights takes 2nm an image forward, as much for the gradient of its weights, and as much for that of its input."""
    trainer = Trainer(config := mnist.replace(n_critic=n_critic, precision=precision), load_dataset(mnist))
    generator, critic = sizes(trainer.generator), sizes(trainer.critic)
    # Critic update: the generator forward; the critic on both halves, forward and backward, but not to the images.
    critic_update = sum(generator) + 2 * (3 * sum(critic) - critic[0])
    # Generator update: forward through both; back through the critic without its weights; through the generator, but not to the noise.
    generator_update = 3 * sum(generator) - generator[0] + 2 * sum(critic)
    assert step_flop(trainer) == pytest.approx(2 * config.batch_size * (critic_update + generator_update / n_critic), rel=1e-9)


RECIPES: dict[str, dict[str, Any]] = {
    "clipping": {},
    "penalty": {"lipschitz": "gradient-penalty", "optimizer": "adam", "critic_norm": "layer"},
    "average": {"ema_decay": 0.9},
    "points": {"dataset": "ring"},
    "warm-up": {"critic_warmup": "original"},
    "digits": {"dataset": "digits", "image_size": 8},
}


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_textbook_loop_computes_what_the_engine_computes(mnist: TrainConfig, recipe: str) -> None:
    config = mnist.replace(n_critic=2, **RECIPES[recipe])
    trainer = Trainer(config, load_dataset(config))
    loop = textbook_loop(config, trainer)
    for _ in range(6):
        scores, (_, estimate, _) = trainer.train_step(), next(loop)
        # Not bit for bit: transforms divide by 255 first.
        assert float(scores.real - scores.fake) == pytest.approx(float(estimate), rel=1e-3, abs=1e-6)


def test_convolutions_and_the_penalty_are_counted_as_pytorch_counts_them() -> None:
    """A gradient taken by hand where FlopCounterMode works: one convolution, forward and back to its input and weights, and once more."""
    images, weight = torch.randn(2, 1, 8, 8, requires_grad=True), torch.randn(4, 1, 4, 4, requires_grad=True)

    def work() -> None:
        (slope,) = torch.autograd.grad(functional.conv2d(images, weight, stride=2).sum(), images, create_graph=True)
        slope.square().sum().backward()

    with FlopCounterMode(display=False) as theirs, _FlopCount() as ours:
        work()
    assert ours.total == theirs.get_total_flops() > 0


@pytest.mark.slow
def test_any_recipe_can_be_benched(mnist: TrainConfig) -> None:
    recipe = {"architecture": "dcgan", "dcgan_width": 8, "lipschitz": "gradient-penalty", "critic_warmup": "original"}
    report = bench(mnist.replace(**recipe), rounds=1, seconds=0.01)
    assert report.engine.median > 0 and report.textbook.median > 0 and report.step_gflop > 0


@pytest.mark.slow
def test_a_report_compares_the_rounds(mnist: TrainConfig) -> None:
    report = bench(mnist, rounds=3, seconds=0.05)
    for speed in (report.engine, report.textbook):
        assert 0 < speed.lowest <= speed.median <= speed.highest
    assert report.engine.lowest / report.textbook.highest <= report.ratio <= report.engine.highest / report.textbook.lowest
    assert report.share_of_matmul * report.threads == pytest.approx(report.engine.median * report.step_gflop / report.matmul_gflops)


@pytest.mark.slow
def test_from_the_command_line(mnist: TrainConfig, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--data-root", mnist.data_root, "--batch-size", "16", "--generator-widths", "8,8", "--critic-widths", "8", "--rounds", "1"]
    assert main(["bench", "--preset", "pytorch-gan", *flags, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["ratio"] == pytest.approx(facts["engine"]["median"] / facts["textbook"]["median"])
    assert main(["bench", "--preset", "nothing"]) == 2
    assert "There is no preset 'nothing'" in capsys.readouterr().err


def test_a_peer_without_jax_and_a_recipe_it_does_not_compute_are_sentences(mnist: TrainConfig, tmp_path: Path) -> None:
    cases = {
        "lipschitz clip only": (Path(sys.executable), mnist.replace(lipschitz="gradient-penalty")),
        "There is no Python at": (tmp_path / "bin" / "python", mnist),
        "Is JAX installed": (Path(sys.executable), mnist),
    }
    for sentence, (python, config) in cases.items():
        with pytest.raises(ConfigError, match=sentence), jax_peer(python, config, 784, 64):
            pass


@pytest.mark.slow
@pytest.mark.skipif("WGAN_JAX_PYTHON" not in os.environ, reason="WGAN_JAX_PYTHON names no Python that has JAX")
def test_jax_is_measured_in_the_same_run(mnist: TrainConfig) -> None:
    report = bench(mnist, rounds=2, seconds=0.2, jax_python=Path(os.environ["WGAN_JAX_PYTHON"]), busy=1)
    assert report.jax is not None and report.jax.median > 0 and report.jax_ratio is not None and report.busy == 1


def test_programs_that_keep_cores_busy_end() -> None:
    with busy_cores(2) as programs:
        assert [program.poll() for program in programs] == [None, None]
    assert all(program.poll() is not None for program in programs)


def test_other_settings_are_measured_beside_the_plain_loop(mnist: TrainConfig, capsys: pytest.CaptureFixture[str]) -> None:
    lazy = mnist.replace(lipschitz="gradient-penalty", gp_every=8)
    report = bench(lazy, rounds=1, seconds=0.01, also={"half": lazy.replace(gp_share="half")})
    assert report.also["half"].speed.median > 0 and report.also["half"].ratio > 0
    flags = ["--dataset", "mnist", "--data-root", mnist.data_root, "--image-size", "28", "--rounds", "1"]
    assert main(["bench", *flags, "--also", "gp_every"]) == 2
    assert "--also takes settings as NAME=VALUE" in capsys.readouterr().err


def test_the_plain_loop_has_the_penalty_at_every_update(mnist: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[TrainConfig] = []
    loop = compare.textbook_loop
    monkeypatch.setattr(compare, "textbook_loop", lambda config, trainer: asked.append(config) or loop(config, trainer))
    bench(mnist.replace(lipschitz="gradient-penalty", gp_every=8, gp_share="half"), rounds=1, seconds=0.01)
    assert [(config.gp_every, config.gp_share) for config in asked] == [(1, "all")]


@pytest.mark.slow
def test_several_runs_train_at_once(config: TrainConfig) -> None:
    report = several_runs(config.replace(max_steps=10**6), 2, rounds=1, seconds=0.1, warm_up=0.1)
    assert report.runs == 2 and report.alone > 0 and report.share == pytest.approx(report.together / (2 * report.alone))
    with pytest.raises(ConfigError, match="at least 2 runs"):
        several_runs(config, 1)
