"""Data sets of which a test knows what they are."""

from __future__ import annotations

from wgan_core.config import TrainConfig
from wgan_core.data import toy
from wgan_core.data.dataset import ImageDataset
from wgan_core.data.load import load_dataset


def load_images(config: TrainConfig, *, held_out: bool = False) -> ImageDataset:
    data = load_dataset(config, held_out=held_out)
    assert isinstance(data, ImageDataset)
    return data


def modes(name: str) -> toy.Gaussians:
    """The mixture of this name."""
    found = toy.DISTRIBUTIONS[name]
    assert isinstance(found, toy.Gaussians)
    return found
