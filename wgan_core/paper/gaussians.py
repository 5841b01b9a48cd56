"""WGAN, figure 2: a discriminator and a critic between two Gaussians. The discriminator saturates, the critic has the same slope
everywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from wgan_core.config import TrainConfig
from wgan_core.measures import lipschitz
from wgan_core.paper import figures
from wgan_core.paper.critics import BASE, train_critic, train_discriminator
from wgan_core.paper.result import Check, Experiment, Progress
from wgan_core.training.objective import cross_entropy, wasserstein_estimate

Values = NDArray[np.float64]

MEAN = 3.0
"""Real points come from N(3, 1), generated ones from N(−3, 1)."""
W1 = 2 * MEAN
REACH = 5.0
"""Slopes are measured on [−5, 5]."""

# Biases are not clipped. Otherwise no unit could turn on outside [−1, 1], and the slope would be twice as steep there.
CRITIC = BASE.replace(critic_widths=(64, 64), batch_size=256, clip_value=0.01, clipped="weights", critic_lr=5e-4)
DISCRIMINATOR = BASE.replace(critic_widths=(64, 64), batch_size=256)


@dataclass(frozen=True)
class Fit:
    """A critic and a discriminator between the same two Gaussians."""

    x: Values
    """[n], from −8 to 8."""
    scores: Values
    """The critic's, [n]."""
    slopes: Values
    """Its derivative, [n]."""
    probability: Values
    """The discriminator's D(x), [n]."""
    estimate: float
    """E f(real) − E f(fake) on points that were not used for training."""
    cross_entropy: float
    """The discriminator's cross-entropy, both halves, on the same points."""
    saturating: float
    """|d/dx log(1 − D)| at the generated mean: the gradient of the minimax generator loss."""
    non_saturating: float
    """|d/dx (−log D)| there: the gradient of the usual generator loss."""

    @property
    def inner(self) -> Values:
        """The slopes on [−5, 5]."""
        return self.slopes[np.abs(self.x) <= REACH]

    @property
    def variation(self) -> float:
        """Standard deviation of the slopes divided by the size of their mean, on [−5, 5]."""
        return float(self.inner.std() / abs(self.inner.mean()))

    @property
    def constant(self) -> float:
        """K_emp: the steepest slope on the whole grid."""
        return float(np.abs(self.slopes).max())


def draw(rng: torch.Generator, batch: int = CRITIC.batch_size) -> tuple[Tensor, Tensor]:
    """Real and generated points, each [batch, 1]."""
    noise = torch.randn(2, batch, 1, generator=rng)
    return noise[0] + MEAN, noise[1] - MEAN


def fit(seed: int, progress: Progress, *, critic: TrainConfig = CRITIC, updates: int = 1500) -> Fit:
    """Train both, and measure them on points that they were not trained on."""
    f = train_critic(critic.replace(seed=seed), draw, updates, progress.part(0, 0.5))
    d = train_discriminator(DISCRIMINATOR.replace(seed=seed), draw, updates, progress.part(0.5, 1))
    held_out = [points.double() for points in draw(torch.Generator().manual_seed(seed + 1000), 20_000)]
    x = torch.linspace(-8, 8, 641, dtype=torch.float64)[:, None]
    return Fit(
        x=x[:, 0].numpy(),
        scores=lipschitz.scores(f, x).numpy(),
        slopes=lipschitz.gradients(f, x)[:, 0].numpy(),
        probability=lipschitz.scores(d, x).sigmoid().numpy(),
        estimate=float(wasserstein_estimate(*(lipschitz.scores(f, points) for points in held_out))),
        cross_entropy=float(cross_entropy(*(lipschitz.scores(d, points) for points in held_out))),
        saturating=_pull(d, 1.0),
        non_saturating=_pull(d, -1.0),
    )


def _pull(discriminator: nn.Module, sign: float) -> float:
    """Size of the slope at the generated mean: of log(1 − D) = −softplus(logit) for sign 1, and of −log D = softplus(−logit) for sign
    −1."""
    at = torch.tensor([[-MEAN]], dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(functional.softplus(sign * discriminator(at)).sum(), at)
    return abs(float(slope))


def checks(found: Fit) -> tuple[Check, ...]:
    """Check the criterion."""
    return (
        Check("critic: variation of its slope on [−5, 5] (sd / mean)", found.variation, high=0.2),
        Check(f"critic: (estimate / K_emp) / {W1:g}, the true W1", found.estimate / found.constant / W1, low=0.9, high=1.1),
        Check("discriminator: cross-entropy, to show that it is nearly optimal", found.cross_entropy, high=0.05),
        Check("gradient of log(1 − D) at the generated mean", found.saturating, high=1e-3),
        Check("gradient of −log D there, which does not vanish", found.non_saturating, low=1.0),
    )


def measure(seed: int, progress: Progress) -> tuple[tuple[Check, ...], go.Figure]:
    """The full experiment."""
    found = fit(seed, progress)
    best = 1 / (1 + np.exp(-2 * MEAN * found.x))
    middle = (found.scores.max() + found.scores.min()) / 2
    return checks(found), figures.gaussians(found.x, (found.scores - middle) / found.constant, found.probability, best, MEAN)


EXPERIMENT = Experiment(
    name="gaussians",
    title="Two Gaussians",
    source="WGAN, figure 2",
    claim="Real points come from N(3, 1), generated ones from N(−3, 1). The best discriminator is D(x) = σ(6x). It is flat at 0 wherever "
    "generated points lie, so the minimax loss log(1 − D) has a gradient of only 9·10⁻⁸ at their mean. The critic rises with the same "
    "slope everywhere. Both are trained here, with the same layers.",
    criterion="The critic's slope varies by less than 20 % over [−5, 5], and its estimate divided by its steepest slope is the true "
    "Wasserstein distance, 6, within 10 %. The discriminator is nearly optimal (cross-entropy below 0.05), and the gradient of log(1 − D) "
    "at the generated mean is below 0.001.",
    fooled_by="The loss has to be named: with −log D, which GANs really use, the gradient does not vanish at all (at the optimum it is "
    "6); this is checked too. A discriminator that has learned nothing also has a small gradient, so its cross-entropy is checked. Only "
    "weights are clipped here. With biases clipped too, as in the published code, ReLUs cannot turn on outside [−1, 1], the slope is "
    "twice as steep there (variation 0.64, ratio 0.58), and that critic fails.",
    figure_words="Densities of both Gaussians; the discriminator, a step that is flat on either side; the critic, a straight line.",
    typical_seconds=6,
    measure=measure,
)
