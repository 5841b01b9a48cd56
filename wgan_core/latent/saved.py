"""The networks of a saved step, ready to make images or points: NumPy in, NumPy out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from wgan_core.config import POINT_SETS, SETTINGS
from wgan_core.data.classes import Classes, shared_out
from wgan_core.data.dataset import network_input, to_uint8
from wgan_core.latent.vectors import Latents
from wgan_core.store.folder import AVERAGED, RunFolder, StoreError, TensorDict
from wgan_core.training.classes import critic_of, generator_of, one_hot, with_classes
from wgan_core.training.device import compute_beside_training
from wgan_core.training.models import Critic, Generator, SampleShape, build_critic, build_generator
from wgan_core.training.state import StateMismatch, check_fits

_BATCH = 256
_LARGEST_SIDE = int(SETTINGS["image_size"].high or 0)
NO_AVERAGE = "This run has no averaged generator: start a new one with a generator average decay (ema_decay) above 0, such as 0.999."


class SavedNetworks:
    """Generator and critic on the CPU. BatchNorm is in eval mode, so a latent gives the same sample whatever else is in the batch.

    Both compute on one core, so that they do not slow down a run that is training.

    classes: those that the networks are told; None if they are told none. Where no class is said, each then gets its share.
    """

    def __init__(self, generator: Generator, critic: Critic, latent_dim: int, step: int, classes: Classes | None = None) -> None:
        self.generator = generator.eval()
        self.critic = critic.eval()
        self.latent_dim = latent_dim
        self.step = step
        self.classes = classes

    def of_class(self, weights: Sequence[float] | NDArray[np.float32]) -> SavedNetworks:
        """The networks of one class, or of a mixture of weights [classes] that add up to 1, as of a run that is told none. They are the
        same up to rounding, and share most layers."""
        row = torch.tensor(np.asarray(weights, dtype=np.float32))
        return SavedNetworks(generator_of(self.generator, row), critic_of(self.critic, row), self.latent_dim, self.step)

    def shared_out(self, count: int) -> NDArray[np.int64] | None:
        """The classes [count] of `count` samples for which none is said; None if the networks are told none."""
        return None if self.classes is None else shared_out(count, self.classes).numpy()

    def inputs(self, z: torch.Tensor, labels: NDArray[np.int64] | None = None) -> torch.Tensor:
        """What the generator gets for latents `z` [n, latent_dim] of the classes `labels` [n]."""
        return with_classes(z, self._rows(labels, len(z)))

    def _rows(self, labels: NDArray[np.int64] | None, count: int) -> torch.Tensor | None:
        """What the networks are told with `count` samples, [count, classes]."""
        labels = self.shared_out(count) if labels is None else labels
        return None if labels is None or self.classes is None else one_hot(torch.from_numpy(labels), len(self.classes))

    @property
    def makes_points(self) -> bool:
        """Whether the generator makes points in the plane rather than images."""
        return len(self.generator.sample_shape) == 1

    @torch.no_grad()
    def samples(self, z: Latents, labels: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """Images [n, c, h, w] in [-1, 1], or points [n, 2], made from latents [n, latent_dim], of the classes `labels` [n]."""
        compute_beside_training()
        inputs = self.inputs(torch.from_numpy(np.ascontiguousarray(z)), labels)
        return np.concatenate([self.generator(part).numpy() for part in inputs.split(_BATCH)])

    def pixels(self, z: Latents, labels: NDArray[np.int64] | None = None) -> NDArray[np.uint8]:
        """Images made from latents [n, latent_dim], of the classes `labels` [n], as uint8 [n, h, w, c]."""
        return to_uint8(torch.from_numpy(self.samples(z, labels))).permute(0, 2, 3, 1).contiguous().numpy()

    def scores(self, z: Latents, labels: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """The critic's scores [n] for what the generator makes from latents [n, latent_dim], of the classes `labels` [n]."""
        labels = self.shared_out(len(z)) if labels is None else labels
        return self.scores_of(torch.from_numpy(self.samples(z, labels)), labels)

    @torch.no_grad()
    def scores_of(self, samples: torch.Tensor, labels: NDArray[np.int64] | None = None) -> NDArray[np.float32]:
        """The critic's scores [n] for rows of a data set, or for images and points as networks take them. labels: their classes [n], which
        networks that are told classes need."""
        compute_beside_training()
        assert labels is not None or self.classes is None
        rows = self._rows(labels, len(samples))
        told = [None] * len(samples) if rows is None else rows.split(_BATCH)
        parts = zip(samples.split(_BATCH), told, strict=False)
        return np.concatenate([self.critic(network_input(part), classes).flatten().numpy() for part, classes in parts])


def load_networks(folder: RunFolder, step: int, *, averaged: bool = False) -> SavedNetworks:
    """The networks of `step`, saved in full or as a light step; with averaged, the averaged generator instead of the generator.

    Raises StoreError if the step is not saved, its files are damaged or do not fit, or the run has no averaged generator.
    """
    _check_averaged(folder, averaged)
    part = AVERAGED if averaged else "generator"
    generator_state, critic_state = folder.read_network(step, part), folder.read_network(step, "critic")
    shape, classes = sample_shape(folder), classes_told(folder)
    count = len(classes or ())
    generator, critic = build_generator(folder.config, shape, count), build_critic(folder.config, shape, count)
    for network, state, name in ((generator, generator_state, part), (critic, critic_state, "critic")):
        _load(network, state, name, step)
    return SavedNetworks(generator, critic, folder.config.latent_dim, step, classes)


def check_networks(folder: RunFolder, shape: SampleShape) -> None:
    """Check that a saved step has the networks that the run's settings describe for samples of `shape`, before these are made: a stranger's
    settings may describe networks that do not fit into memory. Raises StoreError."""
    count = len(classes_told(folder) or ())
    with torch.device("meta"):  # which has shapes and no numbers
        networks = {"generator": build_generator(folder.config, shape, count), "critic": build_critic(folder.config, shape, count)}
    wanted = {part: {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()} for part, network in networks.items()}
    reason: StoreError | None = None
    for step in reversed(folder.steps()):
        try:
            if all(folder.part_shapes(step, part) == shapes for part, shapes in wanted.items()):
                return
        except StoreError as error:
            reason = reason or StoreError(f"The run cannot be resumed from step {step}: {error}")
    raise reason or StoreError("No saved step has the networks that the run's config.json describes: restore config.json from a copy.")


def newest_readable(folder: RunFolder, *, averaged: bool = False) -> SavedNetworks:
    """The networks of the newest saved step that can be read, see `load_networks`. Raises StoreError."""
    _check_averaged(folder, averaged)
    first_error: StoreError | None = None
    for step in reversed(folder.steps()):
        try:
            return load_networks(folder, step, averaged=averaged)
        except StoreError as error:
            first_error = first_error or error
    raise first_error or StoreError("This run has no saved step yet.")


def _check_averaged(folder: RunFolder, averaged: bool) -> None:
    if averaged and not folder.config.ema_decay:
        raise StoreError(NO_AVERAGE)


def _load(network: torch.nn.Module, state: TensorDict, part: str, step: int) -> None:
    try:
        check_fits(network, state, part)
    except StateMismatch as error:
        raise StoreError(f"Step {step} cannot be used: {error}") from None
    network.load_state_dict(state)


def classes_told(folder: RunFolder) -> Classes | None:
    """The classes that the run's networks are told; None if they are told none. Raises StoreError."""
    if folder.config.labels == "ignore":
        return None
    try:
        return Classes.from_meta(dict(folder.meta.get("dataset") or {}).get("classes"))
    except (ValueError, TypeError):
        raise StoreError(f"{folder.path / 'config.json'} does not give the classes of the data: restore it from a copy.") from None


def sample_shape(folder: RunFolder) -> SampleShape:
    """Channels, height and width of the run's images, or (2,) for points. Raises StoreError."""
    points = folder.config.dataset in POINT_SETS
    try:
        shape = tuple(int(number) for number in folder.meta["dataset"]["shape"])
    except (KeyError, TypeError, ValueError):
        shape = ()
    largest = (2,) if points else (3, _LARGEST_SIDE, _LARGEST_SIDE)  # checked, because networks are built with this size
    if len(shape) != len(largest) or not all(1 <= number <= limit for number, limit in zip(shape, largest, strict=True)):
        what = "points" if points else "images"
        raise StoreError(f"{folder.path / 'config.json'} does not give the shape of the {what}: restore it from a copy.")
    return shape
