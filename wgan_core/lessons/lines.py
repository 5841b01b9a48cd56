"""Two parallel lines, example 1 of the WGAN paper: a critic and the discriminator of an ordinary GAN measure how far apart they are.

Real points are (0, Z), generated ones (θ, Z) with Z uniform on [0, 1]. The Wasserstein distance is |θ|, the Jensen-Shannon divergence log 2
for every θ other than 0. The generator has one weight: θ.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch
from torch import Tensor

from wgan_core.config import js_bound
from wgan_core.lessons.experiment import Clock, Experiment
from wgan_core.measures import lipschitz
from wgan_core.paper.critics import BASE, pair_trainer
from wgan_core.paper.lines import pair
from wgan_core.training.device import compute_beside_training
from wgan_core.training.objective import OBJECTIVES, cross_entropy, wasserstein_estimate
from wgan_core.training.trainer import Trainer

_COMMON = BASE.replace(critic_widths=(64, 64), leaky_slope=0.2, batch_size=64, optimizer="adam", critic_lr=1e-3)
CRITIC = _COMMON.replace(lipschitz="gradient-penalty", gp_lambda=10.0, adam_beta1=0.5, adam_beta2=0.9)
DISCRIMINATOR = _COMMON.replace(objective="minimax", lipschitz="none", adam_beta1=0.9, adam_beta2=0.999)
LEARNING_RATE = 0.0025
"""Of θ, with plain gradient descent: an optimiser that rescales would hide how small a gradient is."""
HELD_OUT = 1024
MEASUREMENTS = 60


@dataclass(frozen=True)
class LinesTraining:
    """Both networks learn; the lines stand still or follow them."""

    title: str
    theta: float
    """Where the generated lines begin."""
    updates: int
    """Of each network."""
    still: int
    """For so many updates the lines stand still; then θ makes one step of gradient descent after each update."""


@dataclass(frozen=True)
class LinesRow:
    """What was measured after so many updates of all trainings together."""

    updates: int
    theta_critic: float
    """Where the line is that follows the critic."""
    theta_discriminator: float
    estimate: float
    """E f(real) − E f(fake). The penalty holds the critic's slope near 1, so this is near W1."""
    js: float
    """The largest Jensen-Shannon divergence that the discriminator proves, at most log 2."""


class Player:
    """A network that tells its own line where to go."""

    def __init__(self, trainer: Trainer, theta: float) -> None:
        self.trainer = trainer
        self.theta = theta

    def learn(self, rng: torch.Generator) -> None:
        """One update of the network."""
        self.trainer.critic_step(*pair(self.theta, self.trainer.config.batch_size)(rng))

    def move(self, rng: torch.Generator) -> None:
        """One step of gradient descent on θ."""
        _, fake = pair(self.theta, self.trainer.config.batch_size)(rng)
        push = OBJECTIVES[self.trainer.config.objective].push(lipschitz.scores(self.trainer.critic, fake))
        uphill = lipschitz.gradients(self.trainer.critic, fake)[:, 0]
        self.theta += LEARNING_RATE * float((push * uphill).mean())

    def scores(self, seed: int) -> tuple[Tensor, Tensor]:
        """Of real and generated points that were not trained on."""
        real, fake = pair(self.theta, HELD_OUT)(torch.Generator().manual_seed(seed + 1000))
        return lipschitz.scores(self.trainer.critic, real), lipschitz.scores(self.trainer.critic, fake)


class LinesExperiment(Experiment):
    """The trainings of one question.

    Args:
        trainings: in their order. The networks go on learning from one to the next.
        seed: of weights and points.
        clock: seconds, monotonic.
    """

    def __init__(self, trainings: tuple[LinesTraining, ...], seed: int, clock: Clock = time.monotonic) -> None:
        compute_beside_training()
        self._trainings = trainings
        self._seed = seed
        self._rng = torch.Generator().manual_seed(seed)
        self._made = 0
        self.critic = Player(pair_trainer(CRITIC.replace(seed=seed), 2), trainings[0].theta)
        self.discriminator = Player(pair_trainer(DISCRIMINATOR.replace(seed=seed), 2), trainings[0].theta)
        self.rows: list[LinesRow] = []
        super().__init__(len(trainings), clock)

    @property
    def title(self) -> str:
        """What is being trained now."""
        return self._now.title

    @property
    def total(self) -> int:
        """Updates of all trainings together."""
        return sum(training.updates for training in self._trainings)

    @property
    def _now(self) -> LinesTraining:
        return self._trainings[min(self._number, self._count - 1)]

    @property
    def _length(self) -> int:
        return self._now.updates

    def _begin(self, number: int) -> None:
        self.critic.theta = self.discriminator.theta = self._trainings[number].theta

    def _update(self, number: int) -> None:
        for player in (self.critic, self.discriminator):
            player.learn(self._rng)
            if number >= self._now.still:
                player.move(self._rng)
        self._made += 1

    def _updated(self, count: int) -> None:
        if count % max(1, self._length // MEASUREMENTS) == 0 or count == self._length:
            self.rows.append(
                LinesRow(
                    self._made,
                    self.critic.theta,
                    self.discriminator.theta,
                    float(wasserstein_estimate(*self.critic.scores(self._seed))),
                    js_bound(float(cross_entropy(*self.discriminator.scores(self._seed)))),
                )
            )

    def _end(self) -> None:
        """Nothing is left to do."""
