"""Data sets of which a test knows what they are."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

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


def write_mnist(root: Path, count: int = 64) -> None:
    """Random images of 28 px in the files of MNIST, so many for training and 8 for the test; all of class 0."""
    raw = root / "MNIST" / "raw"
    raw.mkdir(parents=True)
    rng = np.random.default_rng(0)
    for kind, number in (("train", count), ("t10k", 8)):
        images, labels = rng.integers(0, 256, (number, 28, 28), dtype=np.uint8), np.zeros(number, dtype=np.uint8)
        for name, array in (("images-idx3", images), ("labels-idx1", labels)):
            header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
            (raw / f"{kind}-{name}-ubyte").write_bytes(header + array.tobytes())
