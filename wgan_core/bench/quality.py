"""How good the images get in a given time: `python -m wgan_core bench --quality`.

Each recipe trains for the same number of seconds. Then its samples are compared with real ones, by the distances that the instruments use.
The real ones are training images, as is usual for Fréchet distances: a few minutes are too short for learning them by heart, and the test
images of some data sets differ from the training images in themselves.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn

from wgan_core.bench.compare import textbook, with_pytorchs_threads
from wgan_core.config import TrainConfig, in_use
from wgan_core.config.schedule_fields import SCHEDULES
from wgan_core.data import toy
from wgan_core.data.dataset import Dataset
from wgan_core.instruments.kit import Kit
from wgan_core.measures import coverage
from wgan_core.measures.distances import covered_share
from wgan_core.measures.metrics import Distance, Measurement, Yardstick, mode_report
from wgan_core.training.device import train_on_this_thread
from wgan_core.training.trainer import Trainer

Clock = Literal["wall", "cpu", "steps"]
Program = Literal["engine", "textbook"]
SAMPLES = 2048
"""Samples on each side of a comparison; fewer where there is too little data."""
FITTED_SHARE = 0.01
"""Of the time, after which the length of a run with a schedule is fitted to its speed again."""


SHAPES = ("lr_schedule", *(schedule.shape for schedule in SCHEDULES.values()))


class Contestant(Protocol):
    """Something that trains."""

    def step(self) -> None: ...

    def fit(self, share: float) -> None:
        """Let the run end when all its time is over, of which `share` is."""
        ...

    def sample(self, z: Tensor) -> Tensor: ...

    @property
    def steps(self) -> int: ...

    @property
    def latent_dim(self) -> int: ...


class Engine:
    """This project's engine. Shows the averaged generator, if there is one. ends: the length is that of the config, not that of a time."""

    def __init__(self, config: TrainConfig, dataset: Dataset, *, ends: bool = False) -> None:
        self._trainer = Trainer(config, dataset, crew=train_on_this_thread(config.threads))
        self._ends = ends

        self.latent_dim = config.latent_dim

    def step(self) -> None:
        trainer = self._trainer
        if not self._ends and trainer.step + 2 * trainer.config.n_critic >= trainer.config.max_steps:
            self._end_at(2 * trainer.step + 2 * trainer.config.n_critic)
        trainer.train_step()

    def fit(self, share: float) -> None:
        self._end_at(round(self._trainer.step / share))

    def _end_at(self, step: int) -> None:
        # A little later than now: the engine makes the images for the next critic updates together.
        trainer = self._trainer
        trainer.configure(trainer.config.replace(max_steps=max(step, trainer.step + 2 * trainer.config.n_critic + 1)))

    def sample(self, z: Tensor) -> Tensor:
        return self._trainer.sample(z, averaged=self._trainer.averaged_generator is not None).cpu()

    @property
    def steps(self) -> int:
        return self._trainer.step


class TextbookLoop:
    """The program that `export` writes for the same recipe, without a schedule. threads: 0 for the number that PyTorch chooses."""

    def __init__(self, config: TrainConfig, dataset: Dataset, threads: int) -> None:
        assert not has_schedule(config)
        self._program = textbook(config, Trainer(config, dataset))
        self._one_thread = threads == 1
        self.steps = 0
        self.latent_dim = config.latent_dim

    def step(self) -> None:
        if self._one_thread:
            self.steps = next(self._program.loop)[0]
        else:
            with_pytorchs_threads(self._step)

    def _step(self) -> float:
        self.steps = next(self._program.loop)[0]
        return 0.0

    def fit(self, share: float) -> None:
        """Its learning rates are constant, and it never ends."""

    def sample(self, z: Tensor) -> Tensor:
        network = self._program.averaged or self._program.generator
        return _in_eval_mode(network, z)


@torch.no_grad()
def _in_eval_mode(network: nn.Module, z: Tensor) -> Tensor:
    network.eval()
    try:
        return network(z.to(next(network.parameters()).device)).cpu()
    finally:
        network.train()


class Clocked(Protocol):
    """Something that counts seconds."""

    @property
    def seconds(self) -> float: ...


class Stopwatch:
    """Counts the seconds of a training; stopped while something is measured.

    clock: "wall" for seconds as they pass, "cpu" for those that the processor spent on this program, which do not depend on what else the
    machine does.
    """

    def __init__(self, clock: Clock) -> None:
        self._now: Callable[[], float] = time.perf_counter if clock == "wall" else time.process_time
        self._begun = self._now()
        self._before = 0.0

    @property
    def seconds(self) -> float:
        return self._before + self._now() - self._begun

    def go_on(self, seconds: float) -> None:
        """Count on from `seconds`."""
        self._before, self._begun = seconds, self._now()


def train_for(contestant: Contestant, seconds: float, watch: Clocked, *, scheduled: bool) -> None:
    """Train until the stopwatch shows `seconds`. scheduled: the run's length follows its speed, so that its schedule ends then, too."""
    next_fit = FITTED_SHARE * seconds
    while (now := watch.seconds) < seconds:
        if scheduled and now >= next_fit:
            contestant.fit(now / seconds)
            next_fit = now + FITTED_SHARE * seconds
        contestant.step()


@dataclass(frozen=True)
class Value:
    """A measurement beside that of real samples."""

    value: float
    floor: float
    floor_sd: float
    """Real samples lie within twice this around the floor in about 95 % of cases."""

    @property
    def excess(self) -> float:
        """How far it is from that of real samples."""
        return self.value - self.floor


@dataclass(frozen=True)
class Result:
    """What a recipe has reached after so many seconds."""

    name: str
    program: Program
    dataset: str
    image_size: int
    seed: int
    seconds: float
    """Of training; where equal numbers of steps are compared, as the processor spent them."""
    steps: int
    fd_cnn: Value | None
    """None without classes."""
    distance: Value
    """Sliced W1 between images, exact W1 between points."""
    coverage: Value
    """Share of the real samples that have a generated one near them, among a classifier's features where there are classes."""
    classes: int | None
    """Classes that occur at least a tenth as often as in real images."""
    all_classes: int | None
    n: int
    classifier: str
    accuracy: float | None
    """Of the classifier."""
    modes: int | None = None
    """Of a mixture, the modes that have at least 1 % of the points; None for other data."""
    all_modes: int | None = None
    near: float | None = None
    """Share of the points within three standard deviations of a mode."""
    real_near: float | None = None
    """The same of real points."""

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


class Judge:
    """Measures samples of one data set, at one size. classifiers: the folder for small classifiers; None for the usual one."""

    def __init__(self, config: TrainConfig, dataset: Dataset, classifiers: Path | None = None) -> None:
        self._yardstick = Yardstick(dataset, n=SAMPLES)
        held_out = Kit(config, dataset).held_out
        self._classifier = coverage.classifier_for(dataset, held_out, classifiers) if coverage.has_classes(dataset) else None
        self._mixture = toy.DISTRIBUTIONS.get(dataset.name)
        self.n, self.rows = self._yardstick.n, self._yardstick.rows

    def judge(self, samples: Tensor) -> dict[str, Any]:
        """The measured fields of a `Result`, for `n` samples."""
        classifier, yardstick = self._classifier, self._yardstick
        found: dict[str, Any] = {
            "distance": _value(yardstick.measure(yardstick.distances[0], samples)),
            "coverage": _value(yardstick.measure(self._coverage(), samples)),
            "n": self.n,
            "fd_cnn": None,
            "classes": None,
            "all_classes": None,
            "classifier": "",
            "accuracy": None,
        }
        if classifier is None:
            return found | self._modes(samples)
        report = coverage.class_report(classifier, samples[: self.n], yardstick.real)
        distance = coverage.fd_cnn(classifier)
        fd_cnn = _value(yardstick.measure(distance, samples)) if self.n >= distance.min_rows else None
        return found | {
            "fd_cnn": fd_cnn,
            "classes": report.covered,
            "all_classes": report.classes,
            "classifier": classifier.hash,
            "accuracy": classifier.accuracy,
        }

    def _modes(self, samples: Tensor) -> dict[str, Any]:
        mixture = self._mixture
        if not isinstance(mixture, toy.Gaussians) or len(mixture.means) < 2:
            return {}
        made, real = (mode_report(points[: self.n].numpy(), mixture.means, mixture.sd) for points in (samples, self._yardstick.real))
        return {"modes": made.hit, "all_modes": len(made.shares), "near": made.high_quality, "real_near": real.high_quality}

    def _coverage(self) -> Distance:
        if self._classifier is None:
            return Distance("coverage", "Coverage", "of real samples", covered_share)
        features = self._classifier.features
        return Distance(
            f"coverage-{self._classifier.hash}", "Coverage", "of real images", lambda x, y: covered_share(features(x), features(y))
        )


def _value(measured: Measurement) -> Value:
    return Value(measured.value, measured.floor, measured.floor_sd)


@functools.cache
def measuring_latents(latent_dim: int) -> Tensor:
    """The latents that are measured, the same for every recipe with so many dimensions: [2048, latent_dim]."""
    return torch.randn(SAMPLES, latent_dim, generator=torch.Generator().manual_seed(77))


Watcher = Callable[[Result, Contestant], None]
"""Told of each result, with what has been trained."""


def race(
    name: str, config: TrainConfig, dataset: Dataset, judge: Judge, marks: tuple[float, ...], clock: Clock, program: Program, tell: Watcher
) -> None:
    """Train a recipe until each of `marks`, rising, in seconds or with the clock "steps" in steps, and tell what it has reached.

    A recipe with a schedule starts anew for each mark, because its schedule ends there. With the clocks "cpu" and "steps" it trains on one
    thread, so that a second is one of a core that has nothing else to do.
    """
    if clock != "wall":
        config = config.replace(threads=1)
    scheduled = has_schedule(config)
    contestant, watch = None, Stopwatch("wall" if clock == "wall" else "cpu")
    for mark in marks:
        if contestant is None or scheduled:
            start = config.replace(max_steps=int(mark)) if scheduled and clock == "steps" else config
            engine = program == "engine"
            contestant = Engine(start, dataset, ends=start is not config) if engine else TextbookLoop(start, dataset, start.threads)
            watch.go_on(0.0)
        if clock == "steps":
            while contestant.steps < mark:
                contestant.step()
        else:
            train_for(contestant, mark, watch, scheduled=scheduled)
        reached = watch.seconds
        measured = judge.judge(contestant.sample(measuring_latents(config.latent_dim)))
        seconds = round(reached, 1) if clock == "steps" else mark
        about = (name, program, config.dataset, config.image_size, config.seed, seconds, contestant.steps)
        tell(Result(*about, **measured), contestant)
        watch.go_on(reached)


def has_schedule(config: TrainConfig) -> bool:
    """Whether anything in a recipe changes with its progress through the run."""
    return any(in_use(config, name) and getattr(config, name) != "constant" for name in SHAPES)


def mean_and_sd(values: list[float]) -> tuple[float, float]:
    """The mean, and the standard deviation over the seeds; not a number for a single one."""
    mean = sum(values) / len(values)
    return mean, math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1)) if len(values) > 1 else math.nan
