"""What the networks make of a run's fixed latents: the same ones at every step."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wgan_core.data import toy
from wgan_core.data.classes import Classes, rows_of_grid, shared_out
from wgan_core.data.dataset import network_input, to_uint8
from wgan_core.figures.images import Pixels
from wgan_core.latent.seeds import fixed_latents
from wgan_core.training.classes import one_hot
from wgan_core.training.trainer import Trainer

GRID = 64
"""Number of images in the sample grid."""
COLUMNS = 8
"""Images of each class in the sample grid of a conditional run."""
SCATTER = 512
"""Number of points in the sample scatter plot."""


def fixed_samples(trainer: Trainer, *, averaged: bool = False) -> Tensor:
    """Samples of the run's fixed latents, from the generator or the averaged generator, with BatchNorm in eval mode: images [64, c, h,
    w] or points [512, 2]. Of a conditional run: as many rows of 8 images as there are classes to show, see `fixed_inputs`."""
    points = trainer.data.ndim == 2
    z, labels = fixed_inputs(trainer.config.seed, trainer.config.latent_dim, trainer.classes, points=points)
    return trainer.sample(z, _told(trainer, labels), averaged=averaged)


def fixed_inputs(seed: int, latent_dim: int, classes: Classes | None, *, points: bool) -> tuple[Tensor, Tensor | None]:
    """The latents [n, latent_dim] of the samples that are shown, and their classes [n]; None without classes.

    Images of classes: one row for each, at most 16, and the same 8 latents in every row. Points: every class has its share.
    """
    if classes is None or points:
        z = fixed_latents(seed, SCATTER if points else GRID, latent_dim)
        return z, None if classes is None else shared_out(len(z), classes)
    rows = rows_of_grid(len(classes))
    return fixed_latents(seed, COLUMNS, latent_dim).repeat(len(rows), 1), torch.tensor(rows).repeat_interleave(COLUMNS)


def fixed_real(trainer: Trainer) -> Tensor:
    """As many real images, in [-1, 1], of the same classes, or points (all, if there are fewer). They are the same at every step."""
    rows = fixed_rows(trainer.config.seed, len(trainer.data), trainer.labels, trainer.classes, points=trainer.data.ndim == 2)
    return network_input(trainer.data[rows.to(trainer.device)])


def fixed_rows(seed: int, size: int, labels: Tensor | None, classes: Classes | None, *, points: bool) -> Tensor:
    """The rows of the data that are shown beside the samples, out of `size`."""
    order = torch.randperm(size, generator=torch.Generator().manual_seed(seed))
    if classes is None or labels is None or points:
        return order[: SCATTER if points else GRID]
    mixed, found = labels.cpu()[order], list[Tensor]()
    for number in rows_of_grid(len(classes)):
        own = order[mixed == number]
        own = own if len(own) else order  # nothing to show of a class without images: any will do, and a note says so
        found.append(own.repeat(-(-COLUMNS // len(own)))[:COLUMNS])
    return torch.cat(found)


def fixed_classes(trainer: Trainer) -> tuple[Tensor | None, Tensor | None]:
    """The classes [n, classes] of the samples that are shown, and of the real data beside them; None if the networks are told none."""
    points, config = trainer.data.ndim == 2, trainer.config
    _, labels = fixed_inputs(config.seed, config.latent_dim, trainer.classes, points=points)
    if not points or trainer.labels is None:
        return _told(trainer, labels), _told(trainer, labels)
    rows = fixed_rows(config.seed, len(trainer.data), trainer.labels, trainer.classes, points=True)
    return _told(trainer, labels), _told(trainer, trainer.labels.cpu()[rows])


def _told(trainer: Trainer, labels: Tensor | None) -> Tensor | None:
    return None if labels is None or trainer.classes is None else one_hot(labels, len(trainer.classes))


def names_of_rows(classes: Classes | None) -> tuple[str, ...]:
    """What the rows of the grid are called; empty without classes."""
    return () if classes is None else tuple(classes.names[number] for number in rows_of_grid(len(classes)))


def as_shown(samples: Tensor) -> Pixels | NDArray[np.float32]:
    """Images or points in the form in which pages get them, see `as_pixels` and `as_points`."""
    return as_points(samples) if samples.ndim == 2 else as_pixels(samples)


def as_pixels(samples: Tensor) -> Pixels:
    """Images [n, c, h, w] in [-1, 1] as read-only uint8 [n, h, w, c]."""
    pixels = to_uint8(samples).permute(0, 2, 3, 1).contiguous().cpu().numpy()
    pixels.flags.writeable = False
    return pixels


def as_points(samples: Tensor) -> toy.Points:
    """Points [n, 2] as a read-only float32 array."""
    points = samples.float().cpu().numpy()
    points.flags.writeable = False
    return points
