"""Looking at a kept step of a run as if the run were there: the critic's health, its scores of the run's samples, its landscape.

Everything is computed on the kept networks, on one core, so that it does not slow down a run that is training. Light steps hold weights in
half precision: what is measured on them differs a little from what the step itself would show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from wgan_core.data import toy
from wgan_core.data.dataset import Dataset
from wgan_core.instruments.kit import Kit, look_at_critic
from wgan_core.latent.saved import SavedNetworks, load_networks
from wgan_core.measures.diagnose import Specimen
from wgan_core.store.folder import RunFolder
from wgan_core.store.readings import Reading
from wgan_core.timeline.fixed import fixed_inputs, fixed_rows
from wgan_core.timeline.schedules import settings_before
from wgan_core.training.device import compute_beside_training

LANDSCAPE = 49
"""Points per side of a landscape's grid."""


@dataclass(frozen=True)
class Scores:
    """The critic's scores at a kept step, float32."""

    step: int
    real: NDArray[np.float32]
    """Of the real data that the run's page shows, see `fixed_rows`; none if they are not here."""
    samples: NDArray[np.float32]
    """Of the samples of the fixed latents, as many."""


@dataclass(frozen=True)
class Landscape:
    """A critic's scores over the plane at a kept step."""

    step: int
    limit: float
    """The grid covers [-limit, limit] on both axes."""
    scores: NDArray[np.float32]
    """[LANDSCAPE, LANDSCAPE]; y increases from row to row, x from column to column."""


def scores_at(folder: RunFolder, step: int, data: Dataset | None) -> Scores:
    """How the critic of a kept step scores the samples that the run's page shows. data: the run's, None if they are not here.

    Raises StoreError if the step is not kept.
    """
    networks = load_networks(folder, step)
    config, classes, points = folder.config_before(step), networks.classes, networks.makes_points
    z, labels = fixed_inputs(config.seed, config.latent_dim, classes, points=points)
    samples = networks.scores(z.numpy(), None if labels is None else labels.numpy())
    real = np.empty(0, np.float32)
    if data is not None:
        rows = fixed_rows(config.seed, len(data), data.labels, classes, points=points)
        told = data.labels[rows].numpy() if classes is not None and data.labels is not None else None
        real = networks.scores_of(data.data[rows], told)
    return Scores(step, real, samples)


def landscape_at(folder: RunFolder, step: int) -> Landscape:
    """The critic's landscape at a kept step of a run on points. Raises StoreError if the step is not kept."""
    networks = load_networks(folder, step)
    limit = toy.view_limit(folder.config.dataset)
    if networks.classes is not None:  # a landscape for each class: that of the one with the most points
        networks = networks.of_class(np.eye(len(networks.classes))[networks.classes.largest])
    side = torch.linspace(-limit, limit, LANDSCAPE)
    y, x = torch.meshgrid(side, side, indexing="ij")
    scores = _scored(networks, torch.stack((x, y), dim=-1).view(-1, 2))
    return Landscape(step, limit, scores.reshape(LANDSCAPE, LANDSCAPE))


@torch.no_grad()
def _scored(networks: SavedNetworks, samples: torch.Tensor) -> NDArray[np.float32]:
    compute_beside_training()
    return np.concatenate([networks.critic(part).flatten().numpy() for part in samples.float().split(256)])


def health_at(folder: RunFolder, step: int, data: Dataset, *, generator_updates: int = 0) -> Reading:
    """The critic's health at a kept step, as the instrument `critic-health` reads it: slopes, weights, gradients by depth.

    Args:
        folder: the run.
        step: a kept step.
        data: what the run was trained on.
        generator_updates: of that step, for the reading.

    Raises StoreError if the step is not kept.
    """
    compute_beside_training()
    networks, config = load_networks(folder, step), settings_before(folder, step)
    generator, critic = networks.generator.requires_grad_(False), networks.critic.requires_grad_(False)
    specimen = Specimen(config, step, generator_updates, generator, critic.double(), networks.classes)
    (reading,) = look_at_critic(Kit(config, data), specimen).readings
    return reading
