"""Python runs this file at its start if its folder is on the path: a trainer whose updates compute nothing, for `tests.e2e.long_run`.

All else is as in any run: random batches are counted, rows recorded, steps saved, copies of the networks measured.
"""

import math
import time

import torch

from wgan_core.training.critic_passes import CriticScores
from wgan_core.training.trainer import Trainer

PACE_SECONDS = 0.0005
"""A step waits so long: in 20 µs, all that it takes, a run would be over before it is looked at."""


def train_step(self: Trainer) -> CriticScores:
    """Count a step, with scores that wave."""
    time.sleep(PACE_SECONDS)
    self.step += 1
    self.critic_updates_since_generator += 1
    if self.generator_is_due:
        self.generator_updates += 1
        self.critic_updates_since_generator = 0
        self.last_generator_loss = torch.tensor(0.1)
    wave = math.sin(self.step / 1000)
    return CriticScores(torch.tensor(0.2 + 0.1 * wave), torch.tensor(0.1), torch.tensor(0.0))


Trainer.train_step = train_step
