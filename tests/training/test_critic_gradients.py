"""The written-out gradients against autograd, which knows nothing of how they were written out."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.kernels import halves_stand_alone
from wgan_core.config import TrainConfig
from wgan_core.training.critic_gradients import CriticGradients
from wgan_core.training.critic_loss import gradient_penalty
from wgan_core.training.flat import FlatParameters
from wgan_core.training.models import MLPCritic, build_critic
from wgan_core.training.objective import wasserstein_estimate
from wgan_core.training.penalties import PENALTIES

pytestmark = pytest.mark.arithmetic
BATCH = 12
WIDTHS = [(16,), (32, 16), (9, 7, 5, 3)]


def critic_of(widths: tuple[int, ...], slope: float, dtype: torch.dtype) -> MLPCritic:
    torch.manual_seed(0)
    critic = build_critic(TrainConfig(critic_widths=widths, leaky_slope=slope), (1, 6, 6))
    assert isinstance(critic, MLPCritic)
    return critic.to(dtype)


def samples(dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """Real, generated and alpha."""
    rng = torch.Generator().manual_seed(1)
    real, fake = torch.randn(2, BATCH, 1, 6, 6, generator=rng, dtype=torch.float64).to(dtype)
    return real, fake, torch.rand(BATCH, 1, 1, 1, generator=rng, dtype=torch.float64).to(dtype)


def gradients(critic: MLPCritic) -> list[Tensor]:
    return [parameter.grad.clone() for parameter in critic.parameters() if parameter.grad is not None]


def written_out(
    critic: MLPCritic, gp_lambda: float, dtype: torch.dtype, name: str = "gradient-penalty"
) -> tuple[float, float, list[Tensor]]:
    """Penalty, estimate and gradients of their loss."""
    flat = FlatParameters(critic)
    flat.gradient.fill_(99)  # what was there must not matter
    real, fake, alpha = samples(next(critic.parameters()).dtype)
    by_hand = CriticGradients(critic, flat, BATCH, dtype, penalty=PENALTIES[name])
    real_scores, fake_scores = by_hand.of_real(real), by_hand.of_fake(fake)  # in any order
    penalty = by_hand.of_penalty(alpha * real + (1 - alpha) * fake, gp_lambda)
    for term in by_hand.terms:
        flat.gradient.add_(term)
    estimate = wasserstein_estimate(real_scores, fake_scores)
    return float(penalty), float(estimate), gradients(critic)


def by_autograd(critic: MLPCritic, gp_lambda: float, name: str = "gradient-penalty") -> tuple[float, float, list[Tensor]]:
    real, fake, alpha = samples(next(critic.parameters()).dtype)
    real_scores, fake_scores = critic(real), critic(fake)
    penalty = gp_lambda * gradient_penalty(critic, real, fake, alpha, PENALTIES[name])
    estimate = wasserstein_estimate(real_scores, fake_scores)
    critic.zero_grad()
    (penalty - estimate).backward()
    return float(penalty.detach()), float(estimate.detach()), gradients(critic)


@pytest.mark.parametrize("name", PENALTIES)
@pytest.mark.parametrize("slope", [0.2, 0.0, 1.0])
@pytest.mark.parametrize("widths", WIDTHS)
def test_they_are_autograds(widths: tuple[int, ...], slope: float, name: str) -> None:
    """Of a critic whose last layer is large enough for slopes on both sides of 1."""
    critics = [critic_of(widths, slope, torch.float64) for _ in range(2)]
    for critic in critics:
        critic.layers[-1].get_parameter("weight").data.mul_(8)
    penalty, estimate, ours = written_out(critics[0], 10.0, torch.float64, name)
    expected_penalty, expected_estimate, theirs = by_autograd(critics[1], 10.0, name)
    assert penalty == pytest.approx(expected_penalty, rel=1e-12)
    assert estimate == pytest.approx(expected_estimate, rel=1e-12)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(("name", "gp_lambda"), [("gradient-penalty", 0.1), *((name, 10.0) for name in PENALTIES)])
@pytest.mark.parametrize("widths", WIDTHS)
def test_on_one_thread_to_the_last_bit_where_the_kernels_allow(widths: tuple[int, ...], name: str, gp_lambda: float) -> None:
    """Only the products of real and generated samples in one tensor may differ, where the library rounds them otherwise."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        *ours, our_gradients = written_out(critic_of(widths, 0.2, torch.float32), gp_lambda, torch.float32, name)
        *theirs, their_gradients = by_autograd(critic_of(widths, 0.2, torch.float32), gp_lambda, name)
        to_the_bit = halves_stand_alone(BATCH, (36, *widths, 1))
    finally:
        torch.set_num_threads(threads)
    assert ours == theirs if to_the_bit else ours == pytest.approx(theirs, rel=1e-5)
    for one, other in zip(our_gradients, their_gradients, strict=True):
        assert torch.equal(one, other) if to_the_bit else torch.allclose(one, other, rtol=1e-4, atol=1e-6 * float(other.abs().max()))


def test_a_penalty_whose_answer_is_known() -> None:
    """f(x) = 3 · (one of 36 numbers), so the slope is 3 everywhere and the penalty (3 − 1)² · λ."""
    critic = critic_of((1,), 1.0, torch.float64)
    for parameter in critic.parameters():
        parameter.data.zero_()
    first, last = (layer for layer in critic.layers if isinstance(layer, torch.nn.Linear))
    first.weight.data[0, 4], last.weight.data[0, 0] = -3.0, 1.0
    penalty, _, ours = written_out(critic, 0.5, torch.float64)
    assert penalty == pytest.approx(0.5 * 4)
    # d/dw of λ (|w v| − 1)² at w = −3, v = 1, besides the estimate's own.
    _, _, estimate_alone = written_out(critic, 0.0, torch.float64)
    assert float(ours[0][0, 4] - estimate_alone[0][0, 4]) == pytest.approx(0.5 * 2 * (3 - 1) * -1)
    assert float(ours[2][0, 0] - estimate_alone[2][0, 0]) == pytest.approx(0.5 * 2 * (3 - 1) * 3)


def test_bfloat16_is_autocasts() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        penalty, estimate, theirs = by_autograd(critic_of((32, 16), 0.2, torch.float32), 10.0)
    ours = written_out(critic_of((32, 16), 0.2, torch.float32), 10.0, torch.bfloat16)
    assert ours[0] == pytest.approx(penalty, rel=2e-2) and ours[1] == pytest.approx(estimate, rel=2e-2, abs=2e-3)
    for one, other in zip(ours[2], theirs, strict=True):
        assert float((one - other).norm()) <= 0.02 * float(other.norm()) + 1e-3
