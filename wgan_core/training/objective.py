"""What critic and generator minimise: a Wasserstein GAN's losses, or those of an ordinary GAN.

In an ordinary GAN the critic is called a discriminator. With the objectives minimax and non-saturating its score f is a logit: D = σ(f) is
the probability that a sample is real (Goodfellow et al. 2014, arXiv 1406.2661). With least-squares it is fitted to 1 for real and 0 for
generated samples, with hinge it is to be above 1 and below −1. All losses take scores [batch, 1] and are 0-dim.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import logsigmoid, relu, softplus


def wasserstein_estimate(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """E f(real) − E f(fake). The critic maximises it; larger means further apart (arXiv 1701.07875, equation 2). It is W1 only up to the
    critic's Lipschitz constant."""
    return real_scores.mean() - fake_scores.mean()


def minus_log(logits: Tensor) -> Tensor:
    """−E log D, 0-dim. Of −f, it is −E log(1 − D)."""
    return softplus(-logits).mean()


def cross_entropy(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """−E log D(real) − E log(1 − D(fake)): the sum of both halves, not their mean."""
    return minus_log(real_logits) + minus_log(-fake_logits)


@dataclass(frozen=True)
class Objective:
    """The two losses that are minimised in turns."""

    real_loss: Callable[[Tensor], Tensor]
    """The critic's, of the real scores."""
    fake_loss: Callable[[Tensor], Tensor]
    """The critic's, of the generated scores."""
    generator_loss: Callable[[Tensor], Tensor]
    """Of the generated scores. A Wasserstein generator's has no level of its own, because any constant can be added to f."""
    push: Callable[[Tensor], Tensor]
    """−∂(generator loss of one sample)/∂f: how strongly the generator is pushed to raise a score, for each of the scores [n]."""

    def critic_loss(self, real_scores: Tensor, fake_scores: Tensor) -> Tensor:
        """The sum of both losses of the critic."""
        return self.real_loss(real_scores) + self.fake_loss(fake_scores)


def _ones(scores: Tensor) -> Tensor:
    return scores.new_ones(scores.shape)


def _minus_log_of_fake(scores: Tensor) -> Tensor:
    return minus_log(-scores)


def _half_square(off: Tensor) -> Tensor:
    return off.square().mean() / 2


OBJECTIVES: types.MappingProxyType[str, Objective] = types.MappingProxyType(
    {
        "wasserstein": Objective(lambda real: -real.mean(), lambda fake: fake.mean(), lambda fake: -fake.mean(), _ones),
        # E log(1 − D(fake)): what the value function of Goodfellow et al. says. Flat where the discriminator is sure.
        "minimax": Objective(minus_log, _minus_log_of_fake, lambda fake: logsigmoid(-fake).mean(), lambda scores: scores.sigmoid()),
        # −E log D(fake), which the same paper recommends in practice: steep where the discriminator is sure.
        "non-saturating": Objective(minus_log, _minus_log_of_fake, minus_log, lambda scores: (-scores).sigmoid()),
        # Mao et al. 2016, arXiv 1611.04076, equation 9: half the squared distance from 1 for real and from 0 for generated samples, and
        # from 1 for the generator.
        "least-squares": Objective(lambda real: _half_square(real - 1), _half_square, lambda fake: _half_square(fake - 1), lambda f: 1 - f),
        # Lim and Ye 2017, arXiv 1705.02894; Miyato et al. 2018, arXiv 1802.05957, equations 16 and 17. Beyond ±1 a score counts no more,
        # but the generator is pushed all the same.
        "hinge": Objective(lambda real: relu(1 - real).mean(), lambda fake: relu(1 + fake).mean(), lambda fake: -fake.mean(), _ones),
    }
)
"""By the setting `objective`."""
