"""The picture of one WGAN of points: the critic's landscape, where points are and where they are pushed, and the error of the estimate."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wgan_core.config import TrainConfig, has_js_bound, is_wasserstein, js_bound
from wgan_core.data import toy
from wgan_core.measures import distances, lipschitz
from wgan_core.measures.diagnose import LayerWeights, clip_boundary
from wgan_core.training.objective import OBJECTIVES
from wgan_core.training.trainer import Trainer

Array = NDArray[np.float32]

POINTS = 256
"""Number of real and of generated points that are shown, and compared by exact W1."""
GRID = 49
"""Points per side of the landscape's grid."""
MESH = 21
"""Number of lines of the generator's mesh along each latent dimension."""
MESH_EDGE = 0.02
"""Share of the normal distribution outside the mesh's outermost lines, on each side."""
FLOOR_DRAWS = 8
_VIEW_STREAM = 11  # for `toy.draw`: points that no run has trained on


@dataclass(frozen=True)
class Frame:
    """One WGAN at one step. Arrays are read-only copies."""

    step: int
    generator_updates: int
    landscape: Array
    """The critic's scores on a regular grid over [-limit, limit]², [GRID, GRID]; y increases from row to row, x from column to column."""
    generated: Array
    """[POINTS, 2], made from latents that never change."""
    uphill: Array
    """Where each generated point is pushed, [POINTS, 2]: uphill along ∇f, the direction in which its score would rise. A Wasserstein critic
    pushes with ∇f itself, a discriminator with ∇f times what its loss makes of the score (see `Objective.push`)."""
    mesh: Array
    """Where the generator maps a grid of latents, each cell of which has the same probability, [MESH, MESH, 2]; [MESH, 1, 2] for a single
    latent dimension. Dimensions after the second are 0."""
    layers: tuple[LayerWeights, ...]
    """The critic's weights compared with ±c."""
    real_score: float
    """Mean score of the real points shown; `generated_score` is that of the generated points."""
    generated_score: float

    estimate: float
    """E f(real) − E f(generated) over the points shown. For an ordinary GAN what `estimate_of` gives in its place."""


@dataclass(frozen=True)
class Truth:
    """The estimate and the exact distance, for the points shown."""

    step: int
    w1: float
    """Exact Wasserstein-1 distance between the real and generated points shown, in the data's own unit."""
    estimate: float
    steepest: float
    """The steepest slope found between real and generated points, between neighbours on the grid, and among gradients at the points. nan if
    the critic has none, see `lipschitz.why_no_slope`, and for a discriminator, whose scores say nothing about the distance."""

    @property
    def scaled(self) -> float:
        """estimate / steepest. It never exceeds `w1`, because the steepest slope is taken over all pairs that could be matched."""
        return self.estimate / self.steepest if self.steepest > 0 else math.nan


class View:
    """Looks at trainers of one data set, always at the same points.

    Args:
        config: gives the data set, its seed and the number of latent dimensions.
        data: its points [n, 2].
    """

    def __init__(self, config: TrainConfig, data: Tensor) -> None:
        self.limit = toy.view_limit(config.dataset)
        rng = torch.Generator().manual_seed(config.seed)
        drawn = [self._draw(config, data, number, rng) for number in range(2 * FLOOR_DRAWS + 1)]
        self.real = drawn[0]
        """The real points shown, [POINTS, 2]."""
        pairs = zip(drawn[1::2], drawn[2::2], strict=True)
        self.floor = float(np.mean([distances.exact_w1(x, y) for x, y in pairs]))
        """Exact W1 between two sets of as many real points: the value of a perfect generator."""
        self._z = torch.randn((POINTS, config.latent_dim), generator=rng)
        self._mesh = mesh_latents(config.latent_dim)
        self.mesh_lines = mesh_quantiles().tolist()
        """The latents at the lines of the mesh, along each dimension, [MESH]."""
        axis = torch.linspace(-self.limit, self.limit, GRID)
        self._grid = torch.cartesian_prod(axis, axis).flip(1)

    @staticmethod
    def _draw(config: TrainConfig, data: Tensor, number: int, rng: torch.Generator) -> Tensor:
        if config.dataset in toy.DISTRIBUTIONS:
            return torch.from_numpy(toy.draw(config.dataset, POINTS, config.seed, stream=_VIEW_STREAM + number))
        # For a file, its points are all that is known about the distribution, so they are drawn with replacement.
        return data[torch.randint(len(data), (POINTS,), generator=rng)]

    def look(self, trainer: Trainer) -> Frame:
        """What `trainer` looks like now. Does not change it."""
        generated = trainer.sample(self._z)
        mesh = trainer.sample(self._mesh).view(MESH, -1, 2)
        config = trainer.config
        real_scores, generated_scores = trainer.score(self.real), trainer.score(generated)
        push = OBJECTIVES[config.objective].push
        return Frame(
            step=trainer.step,
            generator_updates=trainer.generator_updates,
            landscape=_array(trainer.score(self._grid).view(GRID, GRID)),
            generated=_array(generated),
            uphill=_array(self._uphill(trainer, generated) * push(generated_scores)[:, None]),
            mesh=_array(mesh),
            layers=clip_boundary(trainer.critic, config.clip_value if config.lipschitz == "clip" else None),
            real_score=float(real_scores.mean()),
            generated_score=float(generated_scores.mean()),
            estimate=estimate_of(config, real_scores, generated_scores),
        )

    def measure(self, trainer: Trainer) -> Truth:
        """The estimate and the exact W1; takes about 10 ms."""
        generated = trainer.sample(self._z)
        real_scores, generated_scores = trainer.score(self.real).double(), trainer.score(generated).double()
        return Truth(
            step=trainer.step,
            w1=distances.exact_w1(self.real, generated),
            estimate=estimate_of(trainer.config, real_scores, generated_scores),
            steepest=self._steepest(trainer, real_scores, generated, generated_scores),
        )

    def _steepest(self, trainer: Trainer, real_scores: Tensor, generated: Tensor, generated_scores: Tensor) -> float:
        if lipschitz.why_no_slope(trainer.critic) or not is_wasserstein(trainer.config):
            return math.nan
        return max(
            _steepest_between(self.real, real_scores, generated, generated_scores),
            self._steepest_on_grid(trainer),
            float(self._uphill(trainer, torch.cat((self.real, generated))).norm(dim=1).max()),
        )

    @staticmethod
    def _uphill(trainer: Trainer, points: Tensor) -> Tensor:
        trainer.critic.eval()
        try:
            return lipschitz.gradients(trainer.critic, points)
        finally:
            trainer.critic.train()

    def _steepest_on_grid(self, trainer: Trainer) -> float:
        values = trainer.score(self._grid).view(GRID, GRID).double()
        rise = max(float(values.diff(dim=0).abs().max()), float(values.diff(dim=1).abs().max()))
        return rise / (2 * self.limit / (GRID - 1))


def estimate_of(config: TrainConfig, real_scores: Tensor, generated_scores: Tensor) -> float:
    """What the critic tells about the distance: the Wasserstein estimate; the bound on the Jensen-Shannon divergence that a discriminator
    with probabilities proves, at most log 2; or the loss of one without."""
    if is_wasserstein(config):
        return float(real_scores.mean() - generated_scores.mean())
    loss = float(OBJECTIVES[config.objective].critic_loss(real_scores, generated_scores))
    return js_bound(loss) if has_js_bound(config) else loss


def _steepest_between(x: Tensor, x_scores: Tensor, y: Tensor, y_scores: Tensor) -> float:
    """The largest |f(x) − f(y)| / ‖x − y‖. Pairs that coincide are left out."""
    distance = torch.cdist(x.double(), y.double())
    distinct = distance > 1e-9
    slopes = (x_scores[:, None] - y_scores[None]).abs()[distinct] / distance[distinct]
    return float(slopes.max()) if len(slopes) else 0.0


def mesh_quantiles() -> Tensor:
    """Quantiles of N(0, 1) with equal probability between them, [MESH]."""
    return torch.special.ndtri(torch.linspace(MESH_EDGE, 1 - MESH_EDGE, MESH, dtype=torch.float64)).float()


def mesh_latents(latent_dim: int) -> Tensor:
    """Latents of the mesh, [MESH · MESH, latent_dim], or [MESH, 1] for one dimension."""
    quantiles = mesh_quantiles()
    if latent_dim == 1:
        return quantiles[:, None]
    latents = torch.zeros(MESH * MESH, latent_dim)
    latents[:, :2] = torch.cartesian_prod(quantiles, quantiles)
    return latents


def _array(values: Tensor) -> Array:
    array = values.detach().float().cpu().numpy().copy()
    array.flags.writeable = False
    return array
