"""Where and when the gradient penalty is looked at: at every k-th critic update, at some of the pairs of a batch.

A penalty at every k-th update with k times the weight has the same mean gradient as one at every update, and costs a k-th: the lazy
regularisation of StyleGAN2 (1912.04958, section 3.1), without its adjustment of the optimiser.
"""

from __future__ import annotations

from typing import NamedTuple

from wgan_core.config import TrainConfig
from wgan_core.training.penalties import PENALTIES

_STRIDES = {"all": 1, "half": 2, "quarter": 4}


class PenaltyPlan(NamedTuple):
    """The plan of a run with a gradient penalty."""

    every: int
    """The penalty is looked at in so many critic updates once, first in the run's first, and weighs so many times as much there."""
    stride: int
    """It is looked at between each so many-th real and generated sample of the batch, from the first on."""
    points: tuple[int, ...]
    """Shape of the random numbers that an update with a penalty needs, one for each pair, [points, 1, ...]."""
    at_real: bool
    """Whether it is looked at at the real samples, which needs no random numbers: all of them are 1."""

    @classmethod
    def of(cls, config: TrainConfig, dimensions: int) -> PenaltyPlan | None:
        """The plan for samples [batch, ...] with so many dimensions; None without a penalty."""
        penalty = PENALTIES.get(config.lipschitz)
        if penalty is None:
            return None
        stride = _STRIDES[config.gp_share]
        return cls(config.gp_every, stride, (-(-config.batch_size // stride), *[1] * (dimensions - 1)), penalty.at_real)

    def is_due(self, step: int) -> bool:
        """Whether the critic update after `step` has a penalty."""
        return step % self.every == 0

    def share_of(self, rows: slice) -> slice:
        """Which of the pairs belong to these rows of the batch, whose bounds are multiples of the stride."""
        return slice(rows.start // self.stride, rows.stop // self.stride)
