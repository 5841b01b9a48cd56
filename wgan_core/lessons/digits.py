"""Trains small WGANs of handwritten digits for a lesson, and measures them at fixed updates."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from wgan_core.config import PRESETS, TrainConfig
from wgan_core.data.dataset import Dataset, network_input, to_uint8
from wgan_core.data.load import load_dataset
from wgan_core.figures.images import enlarge, png, tile
from wgan_core.latent.vectors import interpolate
from wgan_core.lessons.experiment import Clock, Experiment
from wgan_core.measures import distances
from wgan_core.training.device import compute_beside_training
from wgan_core.training.trainer import Trainer

BASE = PRESETS["quick-start"].replace(device="cpu", lr_schedule="constant")
MEASURED = 512
"""How many generated and how many real digits a distance compares."""
DIRECTIONS = 128
MEASUREMENTS = 20
ROWS, COLUMNS = 6, 8
"""Of the picture."""
PIXEL = 3
"""Each pixel of a digit is drawn as a square of so many pixels."""


@dataclass(frozen=True)
class DigitTraining:
    """One or two WGANs of digits to train side by side, with the same data and seed."""

    names: tuple[str, ...]
    configs: tuple[TrainConfig, ...]
    updates: int
    """Of each critic."""

    @property
    def title(self) -> str:
        """All of them together."""
        return " against ".join(self.names)


@dataclass(frozen=True)
class DigitRow:
    """A measurement of all WGANs of a training."""

    updates: int
    distances: tuple[float, ...]
    """Sliced W1 between generated and real digits."""
    estimates: tuple[float, ...]


@dataclass
class DigitOutcome:
    """What was seen of one training."""

    training: DigitTraining
    floor: float
    """Sliced W1 between two sets of real digits of this size: the value of a perfect generator."""
    rows: list[DigitRow] = field(default_factory=list[DigitRow])
    moves: tuple[int, ...] = ()
    """Generator updates of each."""
    neighbours: tuple[float, ...] = ()
    """How much the pictures of two latents next to each other on a path differ, as a share of how much those of unrelated latents do."""

    def last(self, number: int = 0) -> float:
        """The last distance of one of the WGANs."""
        return self.rows[-1].distances[number]


class DigitExperiment(Experiment):
    """The training of one question.

    Args:
        training: what to train.
        clock: seconds, monotonic.

    Raises:
        DataError: the digits cannot be loaded.
    """

    def __init__(self, training: DigitTraining, clock: Clock = time.monotonic) -> None:
        compute_beside_training()
        self._training = training
        first = training.configs[0]
        data = load_dataset(first)
        self.trainers = tuple(Trainer(config, data) for config in training.configs)
        rng = torch.Generator().manual_seed(first.seed)
        self._z = torch.randn(MEASURED, first.latent_dim, generator=rng)
        self._paths = _paths(first.latent_dim, rng)
        self._real, other = _two_sets(data, rng)
        self._directions = distances.unit_directions(self._real[0].numel(), DIRECTIONS)
        self.outcomes = [DigitOutcome(training, distances.sliced_w1(self._real, other, self._directions))]
        super().__init__(1, clock)

    @property
    def title(self) -> str:
        """What is being trained now."""
        return self._training.title

    def picture(self, number: int = 0) -> bytes:
        """Digits along `ROWS` paths from one latent to another, as a PNG file."""
        pixels = to_uint8(self.trainers[number].sample(self._paths.flatten(0, 1))).permute(0, 2, 3, 1).numpy()
        return png(enlarge(tile(pixels, COLUMNS), PIXEL))

    @property
    def _length(self) -> int:
        return self._training.updates

    def _begin(self, number: int) -> None:
        self._measure(0)

    def _update(self, number: int) -> None:
        for trainer in self.trainers:
            trainer.train_step()

    def _updated(self, count: int) -> None:
        if count % max(1, self._length // MEASUREMENTS) == 0 or count == self._length:
            self._measure(count)

    def _measure(self, updates: int) -> None:
        rows = [self._one(trainer) for trainer in self.trainers]
        if not all(math.isfinite(value) for row in rows for value in row):
            self.notice = f"The weights became infinite by critic update {updates:,}. Choose a milder setting and run it again."
            return
        self.outcomes[0].rows.append(DigitRow(updates, tuple(row[0] for row in rows), tuple(row[1] for row in rows)))

    def _one(self, trainer: Trainer) -> tuple[float, float]:
        generated = trainer.sample(self._z)
        estimate = trainer.score(self._real).mean() - trainer.score(generated).mean()
        return distances.sliced_w1(self._real, generated, self._directions), float(estimate)

    def _end(self) -> None:
        outcome = self.outcomes[0]
        outcome.moves = tuple(trainer.generator_updates for trainer in self.trainers)
        outcome.neighbours = tuple(self._neighbours(trainer) for trainer in self.trainers)

    def _neighbours(self, trainer: Trainer) -> float:
        images = trainer.sample(self._paths.flatten(0, 1)).flatten(1).unflatten(0, (ROWS, COLUMNS))
        beside = (images[:, 1:] - images[:, :-1]).norm(dim=2).mean()
        return float(beside / (images[:, :1] - images[:, -1:]).norm(dim=2).mean())


def _paths(latent_dim: int, rng: torch.Generator) -> Tensor:
    """Latents along spherical paths between pairs of unrelated ones, [ROWS, COLUMNS, latent_dim]."""
    ends = torch.randn(ROWS, 2, latent_dim, generator=rng).numpy()
    along = np.linspace(0, 1, COLUMNS)
    return torch.from_numpy(np.stack([interpolate(start, end, along) for start, end in ends])).float()


def _two_sets(data: Dataset, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Two disjoint sets of real digits in [-1, 1], each [MEASURED, 1, side, side]."""
    chosen = network_input(data.data[torch.randperm(len(data), generator=rng)[: 2 * MEASURED]])
    return chosen[:MEASURED], chosen[MEASURED:]
