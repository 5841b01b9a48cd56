"""The networks of a saved step, ready to make images or points: NumPy in, NumPy out."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from wgan_core.config import POINT_SETS, SETTINGS
from wgan_core.data.dataset import network_input, to_uint8
from wgan_core.latent.vectors import Latents
from wgan_core.store.folder import AVERAGED, RunFolder, StoreError, TensorDict
from wgan_core.training.device import compute_beside_training
from wgan_core.training.models import Critic, Generator, SampleShape, build_critic, build_generator
from wgan_core.training.state import StateMismatch, check_fits

_BATCH = 256
_LARGEST_SIDE = int(SETTINGS["image_size"].high or 0)
NO_AVERAGE = "This run has no averaged generator: start a new one with a generator average decay (ema_decay) above 0, such as 0.999."


class SavedNetworks:
    """Generator and critic on the CPU. BatchNorm is in eval mode, so a latent gives the same sample whatever else is in the batch.

    Both compute on one core, so that they do not slow down a run that is training.
    """

    def __init__(self, generator: Generator, critic: Critic, latent_dim: int, step: int) -> None:
        self.generator = generator.eval()
        self.critic = critic.eval()
        self.latent_dim = latent_dim
        self.step = step

    @property
    def makes_points(self) -> bool:
        """Whether the generator makes points in the plane rather than images."""
        return len(self.generator.sample_shape) == 1

    @torch.no_grad()
    def samples(self, z: Latents) -> NDArray[np.float32]:
        """Images [n, c, h, w] in [-1, 1], or points [n, 2], made from latents [n, latent_dim]."""
        compute_beside_training()
        return np.concatenate([self.generator(part).numpy() for part in torch.from_numpy(np.ascontiguousarray(z)).split(_BATCH)])

    def pixels(self, z: Latents) -> NDArray[np.uint8]:
        """Images made from latents [n, latent_dim], as uint8 [n, h, w, c]."""
        return to_uint8(torch.from_numpy(self.samples(z))).permute(0, 2, 3, 1).contiguous().numpy()

    def scores(self, z: Latents) -> NDArray[np.float32]:
        """The critic's scores [n] for what the generator makes from latents [n, latent_dim]."""
        return self.scores_of(torch.from_numpy(self.samples(z)))

    @torch.no_grad()
    def scores_of(self, samples: torch.Tensor) -> NDArray[np.float32]:
        """The critic's scores [n] for rows of a data set, or for images and points as networks take them."""
        compute_beside_training()
        return np.concatenate([self.critic(network_input(part)).flatten().numpy() for part in samples.split(_BATCH)])


def load_networks(folder: RunFolder, step: int, *, averaged: bool = False) -> SavedNetworks:
    """The networks of `step`, saved in full or as a light step; with averaged, the averaged generator instead of the generator.

    Raises StoreError if the step is not saved, its files are damaged or do not fit, or the run has no averaged generator.
    """
    _check_averaged(folder, averaged)
    part = AVERAGED if averaged else "generator"
    generator_state, critic_state = folder.read_network(step, part), folder.read_network(step, "critic")
    shape = sample_shape(folder)
    generator, critic = build_generator(folder.config, shape), build_critic(folder.config, shape)
    for network, state, name in ((generator, generator_state, part), (critic, critic_state, "critic")):
        _load(network, state, name, step)
    return SavedNetworks(generator, critic, folder.config.latent_dim, step)


def check_networks(folder: RunFolder, shape: SampleShape) -> None:
    """Check that a saved step has the networks that the run's settings describe for samples of `shape`, before these are made: a stranger's
    settings may describe networks that do not fit into memory. Raises StoreError."""
    with torch.device("meta"):  # which has shapes and no numbers
        networks = {"generator": build_generator(folder.config, shape), "critic": build_critic(folder.config, shape)}
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
