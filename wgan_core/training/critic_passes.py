"""One critic update up to the optimiser's step: the passes through the critic that give its gradients, side by side where they can be."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from wgan_core.config import TrainConfig
from wgan_core.training.classes import Scores, told
from wgan_core.training.crew import Crew
from wgan_core.training.critic_gradients import CriticGradients
from wgan_core.training.critic_loss import between, gradient_penalty
from wgan_core.training.device import autocast
from wgan_core.training.flat import FlatParameters
from wgan_core.training.live_settings import LiveSettings
from wgan_core.training.models import MLPCritic
from wgan_core.training.objective import OBJECTIVES
from wgan_core.training.packing import Taken
from wgan_core.training.penalties import PENALTIES
from wgan_core.training.penalty_plan import PenaltyPlan

Penalty = Callable[[], Tensor]
"""Computes the penalty's part of the loss, 0-dim, with a graph."""


class CriticScores(NamedTuple):
    """The result of a critic update; 0-dim tensors on the device."""

    real: Tensor
    """Mean score of the real images."""
    fake: Tensor
    """Mean score of the generated images."""
    penalty: Tensor
    """The gradient penalty's part of the critic's loss, including λ; 0 without a penalty."""
    discriminator_loss: Tensor | None = None
    """A discriminator's loss without the penalty; None for a Wasserstein critic, whose loss is fake − real."""

    @property
    def loss(self) -> Tensor:
        """The critic's loss without the penalty."""
        return self.fake - self.real if self.discriminator_loss is None else self.discriminator_loss

    @property
    def are_finite(self) -> bool:
        """Whether all of them are finite. Waits for the device."""
        return math.isfinite(float(self.real) - float(self.fake) + float(self.loss) + float(self.penalty))


class CriticPasses:
    """Computes the critic's gradients.

    Args:
        critic: the critic.
        flat: its parameters and the vector of their gradients.
        config: the run's settings; `config` may be replaced by one with other live settings at any time.
        live: of these, what the passes compute with.
        batch: number of real samples of an update in this process, and of generated ones.
        crew: the threads that do the passes.
    """

    def __init__(self, critic: nn.Module, flat: FlatParameters, config: TrainConfig, live: LiveSettings, batch: int, crew: Crew) -> None:
        self.config = config
        self._live = live
        self._critic = critic
        self._flat = flat
        self._device = flat.vector.device
        self._crew = crew
        self._parameters = list(critic.parameters())
        """Passed to backward passes. Otherwise the gradient at the penalty's points would be computed too, a tenth of the time."""
        self._objective = OBJECTIVES[config.objective]
        self._penalty_plan = PenaltyPlan.of(config, 1)
        self._written_out = _written_out(critic, flat, config, batch)
        self.terms: list[Tensor] = [] if self._written_out is None else self._written_out.terms
        """What is still to be added to the flat gradient, in this order, after `gradients`."""

    def gradients(
        self, real: Callable[[], Tensor], fake: Taken, alpha: Tensor | None, classes: Tensor | None = None, times: int = 1
    ) -> list[Tensor]:
        """Write the gradients of the critic's loss into the flat gradient and `terms`, or add them to accumulated ones.

        Args:
            real: gives the real samples [batch, ...]; called once.
            fake: gives the generated ones.
            alpha: of the points between them at which the penalty is taken, [points, 1, ...]; None for an update without a penalty.
            classes: of the real samples and the generated ones, [batch, classes], if the critic is told any.
            times: the penalty counts so many times.

        Returns the numbers of `CriticScores`.
        """
        weight = times * self._live.gp_lambda
        if self._written_out is not None:
            return self._by_hand(self._written_out, real, fake, alpha, classes, weight)
        return self._by_autograd(classes, *self._samples(real, fake), alpha, weight)

    def _samples(self, real: Callable[[], Tensor], fake: Taken) -> tuple[Tensor, Tensor]:
        with self._autocast():
            fakes, reals, _ = self._crew.do([fake.images, real, fake.follow])
        return reals, fakes

    def _by_hand(
        self,
        written_out: CriticGradients,
        real: Callable[[], Tensor],
        fake: Taken,
        alpha: Tensor | None,
        classes: Tensor | None,
        weight: float | Tensor,
    ) -> list[Tensor]:
        """By parts, side by side."""
        if alpha is None:
            if self._penalty_plan is not None:
                written_out.without_penalty()
            parts = [
                lambda: written_out.of_fake(fake.images(), classes).mean(),
                lambda: written_out.of_real(real(), classes).mean(),
                fake.follow,
            ]
            fake_score, real_score, _ = self._crew.do(parts)
            return [real_score, fake_score, torch.zeros((), device=self._device)]
        reals, fakes = self._samples(real, fake)
        parts = [  # the one that takes longest first
            lambda: written_out.of_penalty(
                between(self._sparse(reals), self._sparse(fakes), alpha), weight, None if classes is None else self._sparse(classes)
            ),
            lambda: written_out.of_real(reals, classes).mean(),
            lambda: written_out.of_fake(fakes, classes).mean(),
        ]
        penalty, real_score, fake_score = self._crew.do(parts)
        return [real_score, fake_score, penalty]

    def _by_autograd(
        self, classes: Tensor | None, real: Tensor, fake: Tensor, alpha: Tensor | None, weight: float | Tensor
    ) -> list[Tensor]:
        critic = told(self._critic, classes)
        of_points = critic if classes is None else told(self._critic, self._sparse(classes))
        penalty = None if alpha is None else lambda: self._penalty(of_points, real, fake, alpha, weight)
        config = self.config
        alone = config.critic_norm != "batch" and config.lipschitz != "spectral-norm"  # a pass does not depend on which came before
        by_parts = self._device.type != "mps" and alone and config.critic_gradients == "fresh"
        passes = self._by_parts if by_parts else self._in_one_graph
        real_scores, fake_scores, penalised = passes(critic, real, fake, penalty)
        numbers = [real_scores.mean(), fake_scores.mean(), penalised]
        if config.objective != "wasserstein":
            numbers.append(self._objective.critic_loss(real_scores, fake_scores))
        return numbers

    def _in_one_graph(self, critic: Scores, real: Tensor, fake: Tensor, penalty: Penalty | None) -> tuple[Tensor, Tensor, Tensor]:
        """Real and generated scores and the penalty. Writes the gradient of the loss, or adds it."""
        if self.config.critic_gradients == "fresh":
            self._flat.gradient.zero_()
        # Two passes, as in the textbook. The penalty comes last, because autograd sums in backward order.
        with self._autocast():
            real_scores, fake_scores = critic(real).float(), critic(fake).float()
        penalised = torch.zeros((), device=self._device) if penalty is None else penalty()
        (penalised + self._objective.critic_loss(real_scores, fake_scores)).backward(inputs=self._parameters)
        return real_scores.detach(), fake_scores.detach(), penalised.detach()

    def _by_parts(self, critic: Scores, real: Tensor, fake: Tensor, penalty: Penalty | None) -> tuple[Tensor, Tensor, Tensor]:
        """The same by a graph for each part of the loss, side by side: to the last bit, because the parts are added in autograd's order."""

        @torch.enable_grad()
        def scores(samples: Tensor, loss: Callable[[Tensor], Tensor]) -> tuple[Tensor, Sequence[Tensor]]:
            with self._autocast():
                found = critic(samples).float()
            return found.detach(), torch.autograd.grad(loss(found), self._parameters)

        @torch.enable_grad()
        def penalised(penalty: Penalty) -> tuple[Tensor, Sequence[Tensor]]:
            found = penalty()
            return found.detach(), torch.autograd.grad(found, self._parameters, allow_unused=True, materialize_grads=True)

        parts = [lambda: scores(fake, self._objective.fake_loss), lambda: scores(real, self._objective.real_loss)]
        done = self._crew.do(parts if penalty is None else [lambda: penalised(penalty), *parts])
        self._flat.gradient.zero_()
        for _, gradients in done:
            for parameter, gradient in zip(self._parameters, gradients, strict=True):
                assert parameter.grad is not None
                parameter.grad.add_(gradient)
        *first, fake_scores, real_scores = (found for found, _ in done)
        return real_scores, fake_scores, first[0] if first else torch.zeros((), device=self._device)

    def _penalty(self, critic: Scores, real: Tensor, fake: Tensor, alpha: Tensor, weight: float | Tensor) -> Tensor:
        """`weight` times the gradient penalty of `critic`, a function of the samples that the penalty looks at; 0-dim."""
        with self._autocast():
            return weight * gradient_penalty(critic, self._sparse(real), self._sparse(fake), alpha, PENALTIES[self.config.lipschitz])

    def _sparse(self, samples: Tensor) -> Tensor:
        """The samples of a batch that the penalty looks at."""
        return samples if self._penalty_plan is None else samples[:: self._penalty_plan.stride]

    def _autocast(self) -> torch.autocast:
        return autocast(self._device, self.config.precision)


def _written_out(critic: nn.Module, flat: FlatParameters, config: TrainConfig, batch: int) -> CriticGradients | None:
    """The fast computation of the critic's gradients, if this critic has one."""
    if config.critic_norm != "none" or config.critic_gradients == "accumulated" or not isinstance(critic, MLPCritic):
        return None
    if config.lipschitz == "spectral-norm":  # its gradients go through the norms too
        return None
    if config.objective != "wasserstein":  # theirs depend on the scores, and are left to autograd
        return None
    dtype = torch.bfloat16 if config.precision == "bfloat16" else torch.float32
    return CriticGradients(critic, flat, batch, dtype, penalty=PENALTIES.get(config.lipschitz))
