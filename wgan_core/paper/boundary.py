"""WGAN-GP, figure 1b right: clipping pushes the critic's weights to ±c, the gradient penalty does not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import torch
from numpy.typing import NDArray
from torch import nn

from wgan_core.config import TrainConfig
from wgan_core.data.load import load_dataset
from wgan_core.measures.diagnose import AT_BOUNDARY
from wgan_core.measures.lipschitz import weighted_layers
from wgan_core.paper import figures
from wgan_core.paper.critics import BASE
from wgan_core.paper.result import Check, Experiment, Progress
from wgan_core.training.trainer import Trainer

CLIPPED = BASE.replace(
    dataset="swiss-roll",
    generator_widths=(128, 128, 128),
    critic_widths=(256, 128),
    leaky_slope=0.2,
    batch_size=256,
    n_critic=25,
    clip_value=0.01,
    critic_lr=5e-5,
    generator_lr=5e-5,
)
PENALISED = CLIPPED.replace(lipschitz="gradient-penalty", optimizer="adam", critic_lr=1e-4, generator_lr=1e-4, gp_lambda=10)
UPDATES = 500
SNAPSHOT_EVERY_STEPS = 10


@dataclass(frozen=True)
class Course:
    """The weights of a critic, without biases, in the course of training."""

    steps: NDArray[np.int64]
    """[n], from 0 on."""
    share: NDArray[np.float64]
    """Share of the weights within 1 % below c or, if nothing is clipped, within 1 % of the largest weight, [n]."""
    weights: NDArray[np.float32]
    """All weights at the end, flattened."""


def course(config: TrainConfig, progress: Progress, updates: int = UPDATES) -> Course:
    """Train a WGAN whose critic starts with weights uniform within ±c/2, and record how they spread."""
    trainer = Trainer(config, load_dataset(config))
    start_inside(trainer.critic, config)
    steps, shares = [0], [share_at_edge(trainer.critic, config)]
    for step in range(1, updates + 1):
        trainer.train_step()
        if step % SNAPSHOT_EVERY_STEPS == 0 or step == 1:
            steps.append(step)
            shares.append(share_at_edge(trainer.critic, config))
        progress.report(step / updates)
    return Course(np.array(steps), np.array(shares), _weights(trainer.critic).numpy())


@torch.no_grad()
def start_inside(critic: nn.Module, config: TrainConfig) -> None:
    """Draw every parameter uniformly from ±c/2. With PyTorch's own start, the first update would clip 80 to 90 % of them to ±c."""
    rng = torch.Generator().manual_seed(config.seed)
    for parameter in critic.parameters():
        parameter.uniform_(-config.clip_value / 2, config.clip_value / 2, generator=rng)


def share_at_edge(critic: nn.Module, config: TrainConfig) -> float:
    """Share of the critic's weights with 0.99 c ≤ |w| ≤ c or, without clipping, within 1 % of the largest weight."""
    size = _weights(critic).abs()
    edge = config.clip_value if config.lipschitz == "clip" else float(size.max())
    return float(((size >= AT_BOUNDARY * edge) & (size <= edge * (1 + 1e-3))).double().mean())


def _weights(critic: nn.Module) -> torch.Tensor:
    return torch.cat([layer.get_parameter("weight").detach().flatten() for _, layer in weighted_layers(critic)])


def checks(clipped: Course, penalised: Course) -> tuple[Check, ...]:
    """Check the criterion."""
    return (
        Check("clipping: share of weights at ±c at the end", float(clipped.share[-1]), low=0.7),
        Check("clipping: the same after the first update, to show that training put them there", float(clipped.share[1]), high=0.05),
        Check("gradient penalty: share near the largest weight", float(penalised.share[-1]), high=0.01),
        Check("gradient penalty: largest weight over c", float(np.abs(penalised.weights).max() / CLIPPED.clip_value), low=2.0),
    )


def measure(seed: int, progress: Progress) -> tuple[tuple[Check, ...], go.Figure]:
    """The full experiment."""
    clipped = course(CLIPPED.replace(seed=seed), progress.part(0, 0.4))
    penalised = course(PENALISED.replace(seed=seed), progress.part(0.4, 1))
    return checks(clipped, penalised), figures.boundary(
        clipped.weights, penalised.weights, clipped.steps, clipped.share, CLIPPED.clip_value
    )


EXPERIMENT = Experiment(
    name="boundary",
    title="Weights pushed to the boundary",
    source="WGAN-GP, figure 1b right",
    claim="With weight clipping nearly every weight of the critic ends at +c or −c, so the critic becomes a function too simple for the "
    "data. With the gradient penalty the weights spread. Both start with weights inside ±c/2 and learn the Swiss roll.",
    criterion="With clipping at least 70 % of the weights end within 1 % of ±c, where at most 5 % were after the first update. With the "
    "gradient penalty less than 1 % lie within 1 % of the largest weight, which is at least 2c.",
    fooled_by="PyTorch's usual start is wider than ±c, so the first clip alone puts 80 to 90 % of the weights there, whatever is learned "
    "afterwards. The start inside ±c/2 avoids this. Weights beyond c do not count as being at c, so a run without clipping does not pass. "
    "The critic has LeakyReLUs, because with plain ReLUs a third of the units never fire on points in the plane, and their weights never "
    "move.",
    figure_words="Histograms of the critic's weights: with clipping two spikes at ±c, with the gradient penalty a wide hill. Beside them "
    "the share at ±c, rising from 0 while the critic trains.",
    typical_seconds=6,
    measure=measure,
)
