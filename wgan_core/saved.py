"""The networks of a saved step, ready to make images: NumPy in, NumPy out."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from wgan_core.data import to_uint8
from wgan_core.device import compute_beside_training
from wgan_core.latent import Latents
from wgan_core.models import ImageShape, build_critic, build_generator
from wgan_core.store import RunFolder, StoreError, TensorDict
from wgan_core.training_state import StateMismatch, check_fits

_BATCH = 256


class SavedNetworks:
    """Generator (BatchNorm in eval mode: one latent gives one image, whatever else is in the batch) and critic, on the CPU.

    Both compute on one core, so that they do not slow down a run that trains meanwhile.
    """

    def __init__(self, generator: torch.nn.Module, critic: torch.nn.Module, latent_dim: int, step: int) -> None:
        self.generator = generator.eval()
        self.critic = critic.eval()
        self.latent_dim = latent_dim
        self.step = step

    @torch.no_grad()
    def images(self, z: Latents) -> NDArray[np.float32]:
        """Images [n, c, h, w] in [-1, 1] of latents [n, latent_dim]."""
        compute_beside_training()
        return np.concatenate([self.generator(part).numpy() for part in torch.from_numpy(np.ascontiguousarray(z)).split(_BATCH)])

    def pixels(self, z: Latents) -> NDArray[np.uint8]:
        """Images of latents [n, latent_dim] as uint8 [n, h, w, c]."""
        return to_uint8(torch.from_numpy(self.images(z))).permute(0, 2, 3, 1).contiguous().numpy()

    @torch.no_grad()
    def scores(self, z: Latents) -> NDArray[np.float32]:
        """The critic's scores [n] of the images of latents [n, latent_dim]."""
        images = torch.from_numpy(self.images(z))
        return np.concatenate([self.critic(part).flatten().numpy() for part in images.split(_BATCH)])


def load_networks(folder: RunFolder, step: int) -> SavedNetworks:
    """The networks of `step`. Raises StoreError where it is not kept or its files are not what they should be."""
    generator_state, critic_state = folder.read_part(step, "generator"), folder.read_part(step, "critic")
    shape = image_shape(folder)
    generator, critic = build_generator(folder.config, shape), build_critic(folder.config, shape)
    for network, state, part in ((generator, generator_state, "generator"), (critic, critic_state, "critic")):
        _load(network, state, part, step)
    return SavedNetworks(generator, critic, folder.config.latent_dim, step)


def newest_readable(folder: RunFolder) -> SavedNetworks:
    """The networks of the newest saved step that can be read. Raises StoreError."""
    first_error: StoreError | None = None
    for step in reversed(folder.steps()):
        try:
            return load_networks(folder, step)
        except StoreError as error:
            first_error = first_error or error
    raise first_error or StoreError("This run has no saved step yet.")


def _load(network: torch.nn.Module, state: TensorDict, part: str, step: int) -> None:
    try:
        check_fits(network, state, part)
    except StateMismatch as error:
        raise StoreError(f"Step {step} cannot be used: {error}") from None
    network.load_state_dict(state)


def image_shape(folder: RunFolder) -> ImageShape:
    """Channels, height and width of the images that the run was trained on. Raises StoreError."""
    try:
        channels, height, width = (int(number) for number in folder.meta["dataset"]["shape"])
    except (KeyError, TypeError, ValueError):
        raise StoreError(f"{folder.path / 'config.json'} does not say what shape the images have: restore it from a copy.") from None
    return channels, height, width
