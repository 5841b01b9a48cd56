"""What `train` takes besides settings: its length in epochs, and a line for every so many batches, as published training loops print."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, Any, NamedTuple

from tqdm import tqdm

from wgan_core.cli.called import UsageError
from wgan_core.config import TrainConfig, critic_word
from wgan_core.data.epochs import batches_of_epoch, epoch_of, known_samples

if TYPE_CHECKING:
    from wgan_core.runs.loop import RunLoop


class Extra(NamedTuple):
    """What was asked for besides settings."""

    epochs: int | None = None
    """The length of the run."""
    print_every: int | None = None
    """Critic updates from one printed line to the next."""

    @classmethod
    def of(cls, options: argparse.Namespace) -> Extra:
        """What the command line asks for. Raises UsageError."""
        if options.epochs is not None and options.max_steps is not None:
            raise UsageError("--epochs cannot be given with --max-steps: both say how long the run is.")
        return cls(options.epochs, options.print_every)

    def length(self, config: TrainConfig, samples: int = 0) -> dict[str, int]:
        """The setting that the epochs stand for; empty if none were given.

        samples: number of samples of the run's data; 0 if they have to be looked at. Raises DataError.
        """
        if self.epochs is None:
            return {}
        batches = batches_of_epoch(samples or known_samples(config) or _counted(config), config.batch_size)
        return {"max_steps": self.epochs * max(1, batches)}


NOTHING_MORE = Extra()


def _counted(config: TrainConfig) -> int:
    from wgan_core.data.load import load_dataset

    return len(load_dataset(config))


class PerBatch:
    """Prints the losses of every so many batches on standard output, above the progress bar.

    every: critic updates from line to line; None for no lines.
    """

    def __init__(self, every: int | None) -> None:
        self._every = every
        self._printed = 0

    def show(self, loop: RunLoop) -> None:
        """Print a line if one is due."""
        step = loop.trainer.step
        if self._every is None or step % self._every or step == self._printed or loop.scores is None:
            return
        self._printed = step
        tqdm.write(_line(loop))


def _line(loop: RunLoop) -> str:
    trainer, scores = loop.trainer, loop.scores
    assert scores is not None
    config, batches = trainer.config, trainer.batches_per_epoch
    place = f"[Epoch {epoch_of(trainer.step, batches)}/{epoch_of(config.max_steps, batches)}] "
    place += f"[Batch {(trainer.step - 1) % batches + 1}/{batches}]"
    numbers: dict[str, Any] = {critic_word(config): float(scores.loss + scores.penalty), "generator": float(trainer.last_generator_loss)}
    losses = (f"[{name.capitalize()} loss: {'–' if math.isnan(value) else format(value, '.6f')}]" for name, value in numbers.items())
    return " ".join((place, *losses))
