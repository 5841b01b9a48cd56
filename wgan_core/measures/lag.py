"""Is the critic lagging? A copy of it trains on while the generator stands still. What it then finds, and had not found before, it had
missed.

An estimate also grows if the critic only becomes steeper, which says nothing. So it is divided by the steepest slope each time.

`copy_state` is quick and must run while nothing trains. Everything else works on the copy, in any thread.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wgan_core.config import TrainConfig
from wgan_core.data.dataset import Dataset, network_input
from wgan_core.measures.lipschitz import empirical_constant, gradient_norms, why_no_slope
from wgan_core.training.classes import critic_of, one_hot, told, with_classes
from wgan_core.training.objective import wasserstein_estimate
from wgan_core.training.trainer import Trainer


@dataclass(frozen=True)
class Lag:
    """How much a critic still gains if the generator stands still."""

    updates: NDArray[np.int64]
    """Additional critic updates, from 0 on."""
    estimates: NDArray[np.float64]
    """The estimate after each of `updates`, always on the same real and generated samples."""
    slopes: NDArray[np.float64]
    """The steepest slope found after each of `updates`, a lower bound of the critic's Lipschitz constant; 1 if the critic has none
    (BatchNorm)."""
    n: int
    seconds: float

    @property
    def scaled(self) -> NDArray[np.float64]:
        """estimates / slopes, in the unit of W1: how much of the distance the critic sees."""
        return self.estimates / np.where(self.slopes > 0, self.slopes, 1.0)

    @property
    def before(self) -> float:
        """What the critic saw in the state that training had reached."""
        return float(self.scaled[0])

    @property
    def after(self) -> float:
        """What the critic sees at the end: the mean of the last three values, because the estimate jitters."""
        return float(self.scaled[-3:].mean())

    @property
    def found(self) -> float:
        """before / after: 1 for a critic that has kept up, 0 or below for one that saw nothing. nan if it sees nothing at the end either,
        because then nothing can be concluded."""
        return self.before / self.after if self.after > 0 else math.nan


class Cancelled(Exception):
    """Nobody is waiting for the answer any more."""


def twin(trainer: Trainer) -> Trainer:
    """Another trainer with the same data and the same state of networks and optimisers. Only for the trainer's own thread, or while it
    rests."""
    return twin_from(trainer.config, data_of(trainer), copy_state(trainer))


def data_of(trainer: Trainer) -> Dataset:
    """The data of `trainer`, for a twin; with labels if the networks are told them."""
    names = trainer.classes.names if trainer.classes is not None else ()
    return Dataset("twin", trainer.data, trainer.labels, names)


State = dict[str, dict[str, Tensor]]


def copy_state(trainer: Trainer) -> State:
    """Everything that a twin is made from, in milliseconds. Only for the trainer's own thread, or while it rests."""
    return {part: {name: tensor.detach().clone() for name, tensor in tensors.items()} for part, tensors in trainer.state_dict().items()}


def twin_from(config: TrainConfig, data: Dataset, state: State) -> Trainer:
    """A trainer on `data` with the copied `state`; in any thread."""
    copied = Trainer(config, data)
    copied.load_state_dict(state)
    return copied


def critic_lag(copied: Trainer, updates: int = 200, *, n: int = 1024, seed: int = 0, cancelled: Callable[[], bool] = lambda: False) -> Lag:
    """Continue to train the critic of `copied` while its generator stands still, and watch the estimate. `copied` comes from `twin` and is
    changed.

    Args:
        updates: number of critic updates; a multiple of 10.
        n: number of real samples, and of generated ones, for the estimate, rounded up to whole batches; BatchNorm as in training.
        seed: for batches and latents.
        cancelled: called before each update. If it returns True, nobody is waiting for the answer any more, and Cancelled is raised.
    """
    start = time.perf_counter()
    rng, batch = torch.Generator().manual_seed(seed), copied.config.batch_size
    batches = -(-n // batch)
    rows = [_random_rows(copied, rng) for _ in range(batches)]
    real, classes = [network_input(copied.data[one]) for one in rows], [_classes(copied, one) for one in rows]
    with torch.no_grad():
        fake = [copied.generator(with_classes(_latents(copied, rng), one)) for one in classes]
    done = list(range(0, updates + 1, updates // 10))
    estimates, slopes = [_estimate(copied.critic, real, fake, classes)], [_steepest(copied.critic, real[0], fake[0], classes[0])]
    for _ in done[1:]:
        for _ in range(updates // 10):
            if cancelled():
                raise Cancelled
            batch_rows = _random_rows(copied, rng)
            copied.critic_step(network_input(copied.data[batch_rows]), _latents(copied, rng), _classes(copied, batch_rows))
        estimates.append(_estimate(copied.critic, real, fake, classes))
        slopes.append(_steepest(copied.critic, real[0], fake[0], classes[0]))
    return Lag(np.array(done), np.array(estimates), np.array(slopes), batches * batch, time.perf_counter() - start)


def _random_rows(trainer: Trainer, rng: torch.Generator) -> Tensor:
    return torch.randint(len(trainer.data), (trainer.config.batch_size,), generator=rng).to(trainer.device)


def _classes(trainer: Trainer, rows: Tensor) -> Tensor | None:
    """The classes [n, classes] of rows [n] of the data; None if the networks are told none."""
    return None if trainer.labels is None or trainer.classes is None else one_hot(trainer.labels[rows], len(trainer.classes))


def _latents(trainer: Trainer, rng: torch.Generator) -> Tensor:
    return torch.randn(trainer.config.batch_size, trainer.config.latent_dim, generator=rng).to(trainer.device)


def _steepest(critic: nn.Module, real: Tensor, fake: Tensor, classes: Tensor | None = None) -> float:
    """The steepest slope found; with classes [n, classes], among the samples of the most frequent one. Uses the CPU and separate random
    numbers, so that the batches stay the same."""
    if why_no_slope(critic):
        return 1.0
    looked_at = copy.deepcopy(critic).cpu()
    real, fake = real.cpu(), fake.cpu()
    if classes is not None:
        number = int(classes.sum(0).argmax())
        own = classes[:, number].cpu() == 1
        looked_at, real, fake = critic_of(looked_at, one_hot(torch.tensor(number), classes.shape[1])), real[own], fake[own]
    norms = gradient_norms(looked_at, real, fake, torch.Generator().manual_seed(0))
    return empirical_constant(looked_at, real, fake, norms)


@torch.no_grad()
def _estimate(critic: nn.Module, real: list[Tensor], fake: list[Tensor], classes: list[Tensor | None]) -> float:
    critics = [told(critic, one) for one in classes]
    sums = [float(wasserstein_estimate(f(one), f(other))) for f, one, other in zip(critics, real, fake, strict=True)]
    return float(np.mean(sums))
