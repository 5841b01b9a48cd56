"""The bench of quality: equal time for all, lengths that follow the clock, and measurements that tell good images from bad ones."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.data_sets import modes, write_mnist
from tests.drawn_scenes import write_scenes
from wgan_core.bench.quality import Engine, Judge, Result, Stopwatch, TextbookLoop, Value, measuring_latents, race, train_for
from wgan_core.cli import quality
from wgan_core.cli.main import main
from wgan_core.config import TrainConfig
from wgan_core.data.dataset import Dataset
from wgan_core.data.load import load_dataset
from wgan_core.measures.metrics import Measurement
from wgan_core.training.rates import rate_share
from wgan_core.training.trainer import Trainer


class Paced(Engine):
    """An engine whose every step takes some seconds of a clock of its own: ten times as long in the second half."""

    def __init__(self, config: TrainConfig, dataset: Dataset) -> None:
        super().__init__(config, dataset)
        self.seconds = 0.0

    def step(self) -> None:
        super().step()
        self.seconds += 0.1 if self.seconds < 9.95 else 1.0


@pytest.fixture
def mnist(tmp_path: Path, config: TrainConfig) -> TrainConfig:
    """A tiny config on a folder that holds something like MNIST."""
    write_mnist(tmp_path)
    return config.replace(dataset="mnist", data_root=str(tmp_path), image_size=28)


@pytest.mark.parametrize("steps", [20, 10**6])
def test_a_schedule_ends_when_the_time_does_whatever_the_speed(config: TrainConfig, dataset: Dataset, steps: int) -> None:
    start = config.replace(lr_schedule="linear", lr_end=0.0, max_steps=steps)
    paced = Paced(start, dataset)
    train_for(paced, 20.0, paced, scheduled=True)  # its own stopwatch
    assert paced.seconds == pytest.approx(20, abs=1)
    now = paced._trainer.config
    assert now.max_steps > paced.steps and rate_share(now, paced.steps) < 0.2
    assert paced.steps == pytest.approx(110, abs=2)


def test_the_engine_trains_as_a_run_does(config: TrainConfig, dataset: Dataset) -> None:
    paced, trainer = Paced(config, dataset), Trainer(config, dataset)
    train_for(paced, 4.0, paced, scheduled=False)
    for _ in range(paced.steps):
        trainer.train_step()
    z = measuring_latents(config.latent_dim)
    assert paced.steps > 30 and torch.equal(paced.sample(z), trainer.sample(z))


def test_the_averaged_generator_is_shown_where_there_is_one(config: TrainConfig, dataset: Dataset) -> None:
    engine = Engine(config.replace(ema_decay=0.9), dataset)
    for _ in range(12):
        engine.step()
    z = measuring_latents(config.latent_dim)
    assert torch.equal(engine.sample(z), engine._trainer.sample(z, averaged=True))
    assert not torch.equal(engine.sample(z), engine._trainer.sample(z))


def test_the_textbook_loop_s_samples_are_in_eval_mode(mnist: TrainConfig) -> None:
    loop = TextbookLoop(mnist, load_dataset(mnist), threads=1)
    for _ in range(6):
        loop.step()
    z = measuring_latents(mnist.latent_dim)
    assert loop.steps == 6 and torch.allclose(loop.sample(z)[:2], loop.sample(z[:2]), atol=1e-6)
    assert loop._program.generator.training


def test_a_stopped_watch_counts_on_from_where_it_was() -> None:
    watch = Stopwatch("cpu")
    watch._now = iter([100.0, 101.5, 900.0, 900.25]).__next__
    watch.go_on(0.0)
    reached = watch.seconds
    watch.go_on(reached)
    assert reached == 1.5 and watch.seconds == 1.75


@pytest.mark.slow
def test_good_images_are_told_from_bad_ones(config: TrainConfig, tmp_path: Path) -> None:
    digits = load_dataset(config)
    judge = Judge(config, digits, tmp_path)
    others = torch.ones(len(digits), dtype=torch.bool).index_fill_(0, judge.rows, False)
    real = digits.data[others][: judge.n]
    one_class = digits.data[digits.labels == 4].repeat(10, 1, 1, 1)[: judge.n]
    good, collapsed = judge.judge(real), judge.judge(one_class)
    for key in ("fd_cnn", "distance"):
        assert abs(good[key].excess) < 4 * good[key].floor_sd < collapsed[key].excess
    assert good["coverage"].value > 0.9 > 0.3 > collapsed["coverage"].value
    assert (good["classes"], collapsed["classes"], good["all_classes"]) == (10, 1, 10)
    assert judge.n == 898 and good["accuracy"] > 0.9


def test_points_of_a_mixture_are_told_by_its_modes(config: TrainConfig) -> None:
    start = config.replace(dataset="8-gaussians")
    points = load_dataset(start)
    judge = Judge(start, points)
    judge._yardstick.measure = lambda distance, samples, mode="eval": Measurement(
        distance.key, distance.title, 0.0, 0.0, 0.0, judge.n, "", "eval", "training", 0, 0.0
    )  # exact W1 of so many points takes seconds
    mean = torch.tensor(modes("8-gaussians").means[:3], dtype=torch.float32)
    half_lost = torch.cat([mean.repeat(judge.n // 6 + 1, 1)[: judge.n // 2], torch.full((judge.n - judge.n // 2, 2), 50.0)])
    found = judge.judge(half_lost)
    assert (found["modes"], found["all_modes"], found["near"]) == (3, 8, 0.5) and found["real_near"] == pytest.approx(0.989, abs=0.01)
    value = Value(0.3, 0.1, 0.01)
    row = Result("one", "engine", "8-gaussians", 4, 0, 1.0, 9, None, value, value, None, None, 2048, "", None, 3, 8, 0.5, 0.989)
    _, titles, one, real, *_ = quality.tables([row], "cpu", 1)[0].splitlines()
    assert titles.endswith("of 8 modes  within 3 sd") and one.split()[-2:] == ["3", "0.500"] and real.split()[-2:] == ["8", "0.989"]


@pytest.mark.slow
def test_pictures_of_one_s_own_are_compared_in_colour(config: TrainConfig, tmp_path: Path) -> None:
    for folder, seed in (("one", 0), ("same", 0), ("other", 1)):
        write_scenes(tmp_path / folder, 40, seed)
    own = config.replace(dataset="image-folder", image_size=16)
    one, same, other = (load_dataset(own.replace(data_root=str(tmp_path / folder))) for folder in ("one", "same", "other"))
    assert tuple(one.data.shape) == (40, 3, 16, 16) and set(one.class_names) == {"day", "evening", "night", "grey"}
    assert torch.equal(one.data, same.data) and not torch.equal(one.data, other.data)
    found = Judge(own.replace(data_root=str(tmp_path / "one")), one, tmp_path / "classifiers").judge(other.data)
    assert found["n"] == 20 and found["fd_cnn"] is None and found["distance"].excess < 6 * found["distance"].floor_sd


FIELDS = ("distance", "coverage", "fd_cnn", "n", "classifier", "accuracy", "classes", "all_classes")


def test_marks_share_a_run_unless_its_schedule_has_to_end(config: TrainConfig) -> None:
    digits = load_dataset(config)

    class NoJudge(Judge):
        def __init__(self) -> None: ...
        def judge(self, samples: Tensor) -> dict[str, Any]:
            one = Value(0.0, 0.0, 0.0)
            return {
                "distance": one,
                "coverage": one,
                "fd_cnn": None,
                "n": len(samples),
                "classifier": "",
                "accuracy": None,
            } | dict.fromkeys(("classes", "all_classes"))

    for schedule, same in (("constant", True), ("linear", False)):
        seen: list[tuple[Result, Any]] = []
        start = config.replace(lr_schedule=schedule)
        race("small", start, digits, NoJudge(), (0.02, 0.05), "cpu", "engine", lambda *told, seen=seen: seen.append(told))
        (first, one), (second, other) = seen
        assert (one is other) is same and second.steps > 0 and (first.seconds, second.seconds) == (0.02, 0.05)


def result(name: str, seed: int, value: float, program: Any = "engine") -> Result:
    fd_cnn, distance, covered = Value(value, 2.0, 0.5), Value(value / 100, 0.03, 0.01), Value(0.5, 0.97, 0.004)
    return Result(name, program, "mnist", 28, seed, 60.0, 1000, fd_cnn, distance, covered, 10 - seed, 10, 2048, "abcdef0123", 0.97)


def test_the_table_gives_mean_and_spread_over_the_seeds_and_that_of_real_images() -> None:
    rows = [result("one", 0, 10.0), result("one", 1, 14.0), result("other", 0, 123.0, "textbook"), result("other", 1, 123.0, "textbook")]
    (text,) = quality.tables(rows, "cpu", 1)
    heading, _, one, other, real, *notes = text.splitlines()
    assert heading == "mnist, 28 px, 60 s of one core (processor time), 2 seeds"
    assert one.split() == ["one", "1,000", "12.0", "±", "2.8", "0.090", "±", "0.028", "0.500", "±", "0.000", "9", "to", "10"]
    assert other.startswith("other, textbook loop") and " 123 ± 0 " in other
    assert real.split()[:5] == ["real", "images", "2.00", "±", "0.50"]
    assert "abcdef01, right on 97.0%" in notes[1]
    (single,) = quality.tables(rows[:1], "wall", 2)
    assert "60 s on 2 threads, 1 seed" in single and " 10.0 " in single


@pytest.mark.slow
def test_from_the_command_line(mnist: TrainConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--data-root", mnist.data_root, "--batch-size", "16", "--generator-widths", "8,8", "--critic-widths", "8", "--out"]
    flags += [str(tmp_path / "out"), "--quality", "--preset", "pytorch-gan,walkthrough", "--seconds", "0.1,0.05", "--clock", "cpu"]
    assert main(["bench", *flags, "--dataset", "mnist", "--image-size", "28", "--seeds", "2"]) == 0
    text = capsys.readouterr().out
    assert "mnist, 28 px, 0.05 s of one core" in text and "pytorch-gan, textbook loop" in text and "real images" in text
    results = [json.loads(line) for line in (tmp_path / "out" / "results.jsonl").read_text(encoding="utf-8").splitlines()]
    # Two recipes, one of which also in the textbook loop, each with two seeds and two marks.
    assert len(results) == 12 == len(list((tmp_path / "out").glob("*.png")))
    assert all(found["steps"] > 0 and found["n"] == 32 and found["fd_cnn"] is None for found in results)
    assert {found["seed"] for found in results} == {0, 1} and {found["seconds"] for found in results} == {0.05, 0.1}


def test_after_equal_steps_a_schedule_has_just_ended(config: TrainConfig, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Judge, "__init__", lambda self, config, dataset: None)
    monkeypatch.setattr(Judge, "judge", lambda self, samples: dict.fromkeys(FIELDS))
    judge, start = Judge(config, dataset), config.replace(clip_schedule="linear", clip_end=0.001)
    seen: list[tuple[Result, Any]] = []
    for recipe in (start, config):
        race("small", recipe, dataset, judge, (15.0, 40.0), "steps", "engine", lambda *told: seen.append(told))
    assert [result.steps for result, _ in seen] == [15, 40, 15, 40]
    trainer = Trainer(start.replace(threads=1, max_steps=40), dataset)
    for _ in range(40):
        trainer.train_step()
    z = measuring_latents(config.latent_dim)
    assert torch.equal(seen[1][1].sample(z), trainer.sample(z)) and not torch.equal(seen[3][1].sample(z), trainer.sample(z))
    assert seen[0][1] is not seen[1][1] and seen[2][1] is seen[3][1]


def test_the_table_of_equal_steps_tells_the_seconds() -> None:
    rows = [dataclasses.replace(result(name, 0, 10.0), seconds=seconds) for name, seconds in (("one", 12.4), ("other", 33.0))]
    (text,) = quality.tables(rows, "steps", 1)
    heading, titles, one, other, *_ = text.splitlines()
    assert heading == "mnist, 28 px, 1,000 steps (seconds are those of one core), 1 seed" and titles.split()[0] == "seconds"
    assert (one.split()[1], other.split()[1]) == ("12", "33")


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--steps", "1e3"], "--steps must be whole numbers above 0, such as 1000,2000, not '1e3'."),
        (["--steps", "5", "--threads", "2"], "--steps counts the seconds of one core, so --threads must be 1"),
        (["--seconds", "soon"], "--seconds must be numbers up to 86,400, such as 60,300, not 'soon'."),
        (["--seeds", "0"], "--seeds must be a whole number from 1 to 1,000, not 0."),
        (["--clock", "cpu", "--threads", "2"], "--clock cpu counts the seconds of one core, so --threads must be 1"),
        (["--vs", "jax"], "measure the speed: leave them out with --quality."),
        (["--preset", "pytorch-gan,walktrough"], "There is no preset 'walktrough': did you mean walkthrough?"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(flags: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--quality", *flags]) == 2
    assert sentence in capsys.readouterr().err
