"""The penalties on the critic's slope against closed forms and finite differences, which know nothing of autograd."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from tests.small import SMALL_ON_POINTS
from wgan_core.config import PENALTIES as NAMES
from wgan_core.config import ConfigError, parse_config
from wgan_core.data.load import load_dataset
from wgan_core.training.critic_loss import gradient_penalty
from wgan_core.training.models import build_critic
from wgan_core.training.penalties import PENALTIES
from wgan_core.training.trainer import Trainer

Floats = NDArray[np.float64]


def test_every_penalty_of_the_settings_has_its_mathematics() -> None:
    assert set(NAMES) == set(PENALTIES)


@pytest.mark.parametrize(
    ("name", "steep", "flat"),
    [
        ("gradient-penalty", (3 - 1) ** 2, (0.5 - 1) ** 2),
        ("one-sided-penalty", (3 - 1) ** 2, 0),  # arXiv 1709.08894: max(0, ‖∇f‖ − 1)²
        ("r1-penalty", 3**2 / 2, 0.5**2 / 2),  # arXiv 1801.04406, equation 9: γ/2 ‖∇f‖²
        ("divergence-penalty", 3**6, 0.5**6),  # arXiv 1712.01026 with p = 6
    ],
)
def test_the_penalty_of_a_straight_critic(name: str, steep: float, flat: float) -> None:
    """f(x) = a·x with ‖a‖ = 3 and ½."""
    a = torch.tensor([[2.0], [-2.0], [1.0]], dtype=torch.float64)
    real, fake = torch.randn(2, 5, 3, dtype=torch.float64)
    for slope, expected in ((1.0, steep), (1 / 6, flat)):
        found = gradient_penalty(lambda x, slope=slope: x @ (slope * a), real, fake, torch.rand(5, 1), PENALTIES[name])
        assert float(found) == pytest.approx(expected, abs=1e-9)


# A critic of the plane, 2-6-5-1 with LeakyReLU, written with NumPy. Its slope is taken by central differences.


def score(weights: list[Floats], x: Floats) -> Floats:
    for index in range(0, len(weights), 2):
        x = x @ weights[index].T + weights[index + 1]
        if index + 2 < len(weights):
            x = np.where(x > 0, x, 0.2 * x)
    return x[:, 0]


def slopes(weights: list[Floats], x: Floats) -> Floats:
    h = 1e-5
    partial = [(score(weights, x + h * unit) - score(weights, x - h * unit)) / (2 * h) for unit in np.eye(2)]
    return np.linalg.norm(partial, axis=0)


COSTS = {
    "gradient-penalty": lambda slope: (slope - 1) ** 2,
    "one-sided-penalty": lambda slope: np.maximum(0, slope - 1) ** 2,
    "r1-penalty": lambda slope: slope**2 / 2,
    "divergence-penalty": lambda slope: slope**6,
}


@pytest.mark.parametrize("name", PENALTIES)
def test_an_update_follows_the_finite_differences(name: Any) -> None:
    """One critic update's gradient, of estimate and penalty, for each weight by itself."""
    critic = build_critic(SMALL_ON_POINTS.replace(critic_widths=(6, 5)), (2,)).double()
    rng = torch.Generator().manual_seed(6)
    for parameter in critic.parameters():
        parameter.data.copy_(0.7 * torch.randn(parameter.shape, generator=rng, dtype=torch.float64))
    real, fake = torch.randn(2, 8, 2, generator=rng, dtype=torch.float64)
    alpha = torch.ones(8, 1) if PENALTIES[name].at_real else torch.rand(8, 1, generator=rng, dtype=torch.float64)
    penalty = 3.0 * gradient_penalty(critic, real, fake, alpha, PENALTIES[name])
    (penalty + critic(fake).mean() - critic(real).mean()).backward()

    weights = [parameter.detach().numpy() for parameter in critic.parameters()]
    x, y = real.numpy(), fake.numpy()
    points = x if name == "r1-penalty" else alpha.numpy() * x + (1 - alpha.numpy()) * y

    def loss() -> float:
        return float(3.0 * COSTS[name](slopes(weights, points)).mean() + score(weights, y).mean() - score(weights, x).mean())

    for index, parameter in enumerate(critic.parameters()):
        assert parameter.grad is not None
        for place in np.ndindex(*parameter.shape):
            kept = weights[index][place]
            around = []
            for shift in (1e-4, -1e-4):
                weights[index][place] = kept + shift
                around.append(loss())
            weights[index][place] = kept
            assert float(parameter.grad[place]) == pytest.approx((around[0] - around[1]) / 2e-4, rel=1e-3, abs=1e-4)


# In a run.


def test_r1_looks_at_real_samples_and_draws_nothing_for_it() -> None:
    config = SMALL_ON_POINTS.replace(lipschitz="r1-penalty", optimizer="adam")
    data = load_dataset(config)
    penalised, without = Trainer(config, data), Trainer(config.replace(lipschitz="none"), data)
    penalty = 0.0
    for _ in range(4):
        penalty = float(penalised.train_step().penalty)
        without.train_step()
    assert penalty > 0
    assert torch.equal(penalised.state_dict()["training"]["noise_rng"], without.state_dict()["training"]["noise_rng"])
    alpha = penalised._ahead.alpha()
    assert alpha is not None and (alpha == 1).all()


@pytest.mark.parametrize("name", NAMES)
def test_batch_norm_is_refused_in_one_sentence_that_names_both(name: Any) -> None:
    with pytest.raises(ConfigError, match=r"^critic_norm batch .*(the gradient penalty|lipschitz [a-z0-9-]+), .*: choose layer or none\.$"):
        parse_config({"lipschitz": name, "critic_norm": "batch"})


def test_the_methods_hold_the_slope_where_their_penalties_ask_for_it() -> None:
    """On two lines, after 300 updates of the critic alone: near 1, flatter at real points with R1, and with the divergence where 6 λ slope⁵
    balances the estimate's pull."""
    steepest: dict[str, float] = {}
    for name in PENALTIES:
        config = SMALL_ON_POINTS.replace(lipschitz=name, optimizer="adam", n_critic=1000, critic_lr=3e-3, max_steps=1000)
        trainer = Trainer(config, load_dataset(config))
        for _ in range(300):
            trainer.train_step()
        points = trainer.data[:64].clone().requires_grad_()
        (gradient,) = torch.autograd.grad(trainer.critic(points).sum(), points)
        steepest[name] = float(gradient.norm(dim=1).median())
    assert steepest["gradient-penalty"] == pytest.approx(1, abs=0.2)
    assert steepest["one-sided-penalty"] == pytest.approx(1, abs=0.2)
    assert steepest["divergence-penalty"] == pytest.approx((1 / 60) ** 0.2, abs=0.1)
    assert steepest["r1-penalty"] < 0.3
