"""Inversion: the search for the latent whose image is nearest to a given one, for a saved generator. In the calling thread, on one core.

The errors for held-out images show what the generator can draw at all. If they are clearly larger than those for training images, the
generator knows its training images by heart (Webster et al., arXiv 1901.03396).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import bootstrap
from torch import Tensor

from wgan_core.latent.saved import SavedNetworks
from wgan_core.latent.vectors import Latents
from wgan_core.training.device import compute_beside_training

CANDIDATES = 1024
"""Number of random latents from which the best are taken as starts."""
LEARNING_RATE = 0.2
"""Adam's learning rate at the first step, in standard deviations of a latent's numbers. It falls to 0 along a cosine, so that the end is
exact."""
SHELL = 1.5
"""How far |z| may be from √latent_dim without a penalty. The length of a sample of N(0, I) has standard deviation 0.7 in any dimension."""
PRIOR = 0.01
"""Weight of the squared distance outside the shell, relative to the mean squared pixel error."""
_IMAGES_AT_ONCE = 32


@dataclass(frozen=True)
class Progress:
    """The state of an inversion. Error and latent are those of the best latent so far."""

    step: int
    of: int
    error: float
    """Root mean square difference of the pixels, in units of [-1, 1]: 0 for an identical image, at most 2."""
    z: Latents
    """[latent_dim]."""
    done: bool


@dataclass(frozen=True)
class Inverted:
    """The latents of several images."""

    z: Latents
    """[n, latent_dim]."""
    errors: NDArray[np.float64]
    """Like `Progress.error`, [n]."""


@dataclass(frozen=True)
class Memorisation:
    """How much better a generator can reproduce its training images than held-out ones."""

    train: float
    """Median error of the training images."""
    heldout: float
    """Median error of the held-out images."""
    interval: tuple[float, float] = (math.nan, math.nan)
    """95 % interval of `ratio`, by bootstrap; nan if either side has fewer than two images or `ratio` is not finite."""

    @property
    def ratio(self) -> float:
        """heldout / train: about 1 if training images are nothing special, far above 1 if the generator knows them by heart. inf if only
        training images are reproduced exactly; nan if both kinds are."""
        if self.train:
            return self.heldout / self.train
        return math.inf if self.heldout else math.nan


class _Search:
    """Adam on the latents of several images at once, each with several starts. All latents are independent of each other."""

    def __init__(self, networks: SavedNetworks, images: NDArray[np.float32], steps: int, starts: int, seed: int) -> None:
        _check(networks, images, steps, starts)
        compute_beside_training()
        self._generator = networks.generator
        self._targets = torch.from_numpy(np.array(images, dtype=np.float32)).flatten(1)
        self._dim, self._starts, self._steps = networks.latent_dim, starts, steps
        self.step = 0
        first = self._best_candidates(networks, seed)
        self._z = first.requires_grad_()
        self._adam = torch.optim.Adam([self._z], lr=LEARNING_RATE)
        self._least = torch.full((len(images), starts), torch.inf)  # smallest objective so far, for each start
        self._found = first.detach().clone()
        self._errors = torch.full((len(images), starts), torch.inf)

    def _best_candidates(self, networks: SavedNetworks, seed: int) -> Tensor:
        """The random latents whose images are nearest to each target, [images, starts, latent_dim]."""
        latents = torch.randn(CANDIDATES, self._dim, generator=torch.Generator().manual_seed(seed))
        squared = torch.cdist(self._targets, torch.from_numpy(networks.samples(latents.numpy())).flatten(1))
        if not squared.isfinite().all():
            raise ValueError("This generator makes images that are not numbers: choose an earlier step.")
        return latents[squared.topk(self._starts, largest=False).indices]

    def advance(self, n_steps: int) -> None:
        compute_beside_training()
        for _ in range(min(n_steps, self._steps - self.step)):
            with torch.enable_grad():
                objective = self._look()
                # Only for the latents: the weights, which others may be using, get no gradient.
                (self._z.grad,) = torch.autograd.grad(objective, self._z)
            self._adam.param_groups[0]["lr"] = LEARNING_RATE * (1 + math.cos(math.pi * self.step / self._steps)) / 2
            self._adam.step()
            self.step += 1
        with torch.no_grad():
            self._look()

    def _look(self) -> Tensor:
        """The objective summed over all latents. Also remembers the best latent of each start."""
        pixels = self._generator(self._z.flatten(0, 1)).view(len(self._targets), self._starts, -1)
        squared = (pixels - self._targets[:, None]).square().mean(2)
        # Without a penalty, |z| drifts out to where the generator was never trained, for a slightly smaller error. Samples of N(0, I) in d
        # dimensions lie in a thin shell at about √d. Within it there is no penalty, so that the image of a typical latent can be matched
        # exactly.
        beyond = ((self._z.norm(dim=2) - math.sqrt(self._dim)).abs() - SHELL).clamp(min=0)
        objective = squared + PRIOR * beyond.square()
        with torch.no_grad():
            closer = objective < self._least
            self._least[closer] = objective[closer]
            self._errors[closer] = squared[closer].sqrt()
            self._found[closer] = self._z[closer]
        return objective.sum()

    def best(self) -> Inverted:
        """The best start for each image."""
        row, start = torch.arange(len(self._targets)), self._least.argmin(1)
        return Inverted(self._found[row, start].numpy(), self._errors[row, start].double().numpy())


class Inversion:
    """The search for the latent of one image, a few steps at a time. The result does not depend on how the steps are split up.

    Args:
        networks: the generator; its weights are not changed.
        image: float32 [channels, height, width] in [-1, 1], of the generator's shape.
        steps: number of Adam steps.
        starts: number of latents followed at the same time, the best of `CANDIDATES` random ones.
        seed: for the random latents.

    Raises:
        ValueError: the image has another shape or is not finite, the generator makes points or its weights are not finite, or there are
            fewer than one step or start.
    """

    def __init__(self, networks: SavedNetworks, image: NDArray[np.float32], steps: int = 200, starts: int = 8, seed: int = 0) -> None:
        self._steps = steps
        self._search = _Search(networks, image[None], steps, starts, seed)

    def advance(self, n_steps: int) -> Progress:
        """Take `n_steps` more steps, or as many as are left. 0 only returns the present state."""
        self._search.advance(n_steps)
        best = self._search.best()
        return Progress(self._search.step, self._steps, float(best.errors[0]), best.z[0], self._search.step == self._steps)


def invert(networks: SavedNetworks, image: NDArray[np.float32], steps: int = 200, starts: int = 8, seed: int = 0) -> Progress:
    """The latent of one image, see `Inversion`. Takes half a second for the walkthrough's MLP."""
    return Inversion(networks, image, steps, starts, seed).advance(steps)


def invert_many(
    networks: SavedNetworks,
    images: NDArray[np.float32],
    steps: int = 200,
    starts: int = 8,
    seed: int = 0,
    progress: Callable[[float], None] = lambda fraction: None,
) -> Inverted:
    """The latents of images [n, channels, height, width] in [-1, 1], see `Inversion`. Many at once are faster than one by one.

    Args:
        progress: called with the fraction done, 0 to 1; an exception that it raises ends the work.
    """
    _check(networks, images, steps, starts)
    parts: list[Inverted] = []
    for start in range(0, len(images), _IMAGES_AT_ONCE):
        search = _Search(networks, images[start : start + _IMAGES_AT_ONCE], steps, starts, seed)
        while search.step < steps:
            search.advance(max(1, steps // 10))
            done = start + search.step / steps * min(_IMAGES_AT_ONCE, len(images) - start)
            progress(min(1.0, done / len(images)))
        parts.append(search.best())
    return Inverted(np.concatenate([part.z for part in parts]), np.concatenate([part.errors for part in parts]))


def memorisation(
    train_errors: Sequence[float] | NDArray[np.float64], heldout_errors: Sequence[float] | NDArray[np.float64]
) -> Memorisation:
    """Compare the errors of training images with those of held-out ones (medians). The resampling is always the same. Raises ValueError if
    either side is empty."""
    if not len(train_errors) or not len(heldout_errors):
        raise ValueError("Memorisation needs at least one training image and one held-out image.")
    found = Memorisation(float(np.median(train_errors)), float(np.median(heldout_errors)))
    if min(len(train_errors), len(heldout_errors)) < 2 or not math.isfinite(found.ratio):
        return found
    with np.errstate(divide="ignore", invalid="ignore"):
        resampled = bootstrap(
            (np.asarray(train_errors), np.asarray(heldout_errors)),
            lambda train, heldout, axis: np.median(heldout, axis) / np.median(train, axis),
            n_resamples=2000,
            method="percentile",
            rng=0,
        ).confidence_interval
    return replace(found, interval=(float(resampled.low), float(resampled.high)))


def _check(networks: SavedNetworks, images: NDArray[np.float32], steps: int, starts: int) -> None:
    if networks.makes_points:
        raise ValueError("Inversion is for images: this run makes points.")
    shape = " × ".join(str(side) for side in networks.generator.sample_shape)
    if not len(images) or images.shape[1:] != tuple(networks.generator.sample_shape):
        given = " × ".join(str(side) for side in images.shape[1:])
        raise ValueError(f"This generator makes images of {shape} (channels × height × width): an image of {given} cannot be inverted.")
    if not np.isfinite(images).all():
        raise ValueError("Only images of finite numbers can be inverted.")
    if steps < 1 or not 1 <= starts <= CANDIDATES:
        raise ValueError(f"Inversion needs at least one step and 1 to {CANDIDATES} starts.")
