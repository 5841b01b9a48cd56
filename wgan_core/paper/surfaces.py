"""WGAN-GP, figure 1a: the values of a critic between data and data plus noise. Clipping makes it too simple to follow the data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wgan_core.config import TrainConfig
from wgan_core.data import toy
from wgan_core.measures import lipschitz
from wgan_core.paper import figures
from wgan_core.paper.critics import BASE, Draw, train_critic
from wgan_core.paper.result import Check, Experiment, Progress

SETS = ("8-gaussians", "25-gaussians", "swiss-roll")
GRID = 61
HALF = 2.0
"""Surfaces cover [−2, 2] in both directions."""

CLIPPED = BASE.replace(critic_widths=(128, 128, 128), batch_size=256, clip_value=0.01, critic_lr=5e-4)
PENALISED = CLIPPED.replace(lipschitz="gradient-penalty", optimizer="adam", gp_lambda=10)
METHODS = {"clipping": CLIPPED, "gradient penalty": PENALISED}
UPDATES = 5000
"""For the 8 Gaussians, which are measured."""
SHORTER = 2000
"""For the other sets, which are only shown."""


@dataclass(frozen=True)
class Surface:
    """A critic's values on the grid and, if it was trained on the 8 Gaussians, how well it follows them."""

    values: NDArray[np.float64]
    """[y, x]."""
    contrast: float
    """(mean f at the modes − mean f half-way between neighbouring modes on their circle) / (K_emp · their distance). 1 is the steepest
    possible; about 0 means that the critic sees a ring instead of modes."""
    medians: tuple[float, float, float]
    """Medians of ‖∇f‖ at real, generated and interpolated points."""


def pair(name: str, seed: int, batch: int) -> Draw:
    """Points of a distribution, and other points of it plus N(0, I). The latter act as a generator that stands still and is far from the
    data."""
    points = torch.from_numpy(toy.draw(name, 20_000, seed, stream=3))

    def draw(rng: torch.Generator) -> tuple[Tensor, Tensor]:
        real, other = points[torch.randint(len(points), (2, batch), generator=rng)].unbind()
        return real, other + torch.randn(batch, 2, generator=rng)

    return draw


def surface(name: str, config: TrainConfig, updates: int, progress: Progress) -> Surface:
    """Train a critic and compute its values."""
    critic = train_critic(config, pair(name, config.seed, config.batch_size), updates, progress)
    real, fake = pair(name, config.seed + 1000, 1024)(torch.Generator().manual_seed(config.seed + 1000))
    norms = lipschitz.gradient_norms(critic, real.double(), fake.double(), torch.Generator().manual_seed(config.seed))
    medians = (float(np.median(norms.real)), float(np.median(norms.fake)), float(np.median(norms.between)))
    values = lipschitz.scores(critic, grid()).view(GRID, GRID).numpy()
    return Surface(values, contrast(critic) if name == "8-gaussians" else math.nan, medians)


def grid() -> Tensor:
    """The points of the grid row by row, float64 [61², 2]; y changes from row to row."""
    axis = torch.linspace(-HALF, HALF, GRID, dtype=torch.float64)
    return torch.cartesian_prod(axis, axis).flip(1)


def contrast(critic: nn.Module) -> float:
    """How clearly a critic of the 8 Gaussians separates the modes from the gaps between them, see `Surface`."""
    mixture = toy.DISTRIBUTIONS["8-gaussians"]
    assert isinstance(mixture, toy.Gaussians)
    modes = torch.from_numpy(mixture.means)
    turn = math.pi / 8
    between = modes @ torch.tensor([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]], dtype=torch.float64)
    chord = float((modes[0] - between[0]).norm())
    steepest = float(lipschitz.gradients(critic, grid()).norm(dim=1).max())
    return float(lipschitz.scores(critic, modes).mean() - lipschitz.scores(critic, between).mean()) / (steepest * chord)


def checks(clipped: Surface, penalised: Surface) -> tuple[Check, ...]:
    """Check the criterion, on the 8 Gaussians."""
    where = ("real", "generated", "interpolated")
    return (
        Check("contrast with the gradient penalty", penalised.contrast, low=0.35),
        Check("contrast with clipping, divided by that", clipped.contrast / penalised.contrast, high=0.5),
        *(
            Check(f"gradient penalty: median ‖∇f‖ at {place} points", median, low=0.8, high=1.2)
            for place, median in zip(where, penalised.medians, strict=True)
        ),
    )


def measure(seed: int, progress: Progress) -> tuple[tuple[Check, ...], go.Figure]:
    """The full experiment."""
    surfaces: dict[tuple[str, str], Surface] = {}
    updates = {name: UPDATES if name == SETS[0] else SHORTER for name in SETS}
    # The penalty costs about twice as much as clipping.
    shares = {(name, method): updates[name] * (1 + (method != "clipping")) for name in SETS for method in METHODS}
    done, total = 0, sum(shares.values())
    for (name, method), share in shares.items():
        part = progress.part(done / total, (done + share) / total)
        surfaces[name, method] = surface(name, METHODS[method].replace(seed=seed), updates[name], part)
        done += share
    clipped, penalised = (surfaces[SETS[0], method] for method in METHODS)
    return checks(clipped, penalised), figures.surfaces(_values(surfaces), _points(seed), HALF)


def _values(surfaces: Mapping[tuple[str, str], Surface]) -> dict[tuple[str, str], NDArray[np.float64]]:
    return {key: found.values for key, found in surfaces.items()}


def _points(seed: int) -> dict[str, NDArray[np.float32]]:
    return {name: toy.draw(name, 300, seed, stream=4) for name in SETS}


EXPERIMENT = Experiment(
    name="surfaces",
    title="What the critic believes",
    source="WGAN-GP, figure 1a",
    claim="Data plus noise of sd 1 takes the place of the generator and stands still, while a critic of 3 × 128 units is trained against "
    "it. On the 8 Gaussians (5,000 updates) the clipped critic sees one smooth hill, while the critic with the gradient penalty sees "
    "every single mode. The other two sets are finer, get 2,000 updates and are only shown: there both critics still see one hill. The "
    "authors used 10,000 updates and 3 × 512 units.",
    criterion="On the 8 Gaussians: contrast = (mean f at the modes − mean f half-way between neighbours) / (steepest slope · their "
    "distance) is at least 0.35 with the gradient penalty, and with clipping at most half of that. With the penalty the median ‖∇f‖ lies "
    "in [0.8, 1.2] at real, generated and interpolated points alike.",
    fooled_by="Estimate / K against the true W1 does not tell the two apart, and ‖∇f‖ ≈ 1 alone says nothing about the modes; the "
    "contrast does both. Slopes at interpolated points are exactly what the penalty asks for, so they are also measured at real and "
    "generated points.",
    figure_words="Six maps of critic values with contour lines and the data on top: three data sets, clipping above, penalty below.",
    typical_seconds=50,
    measure=measure,
)
