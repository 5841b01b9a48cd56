"""Loading a data set as one tensor: images are resized once, points are drawn once."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import numpy as np
import torch

from wgan_core.config import TrainConfig
from wgan_core.data import toy
from wgan_core.data.catalog import DATASETS, DOWNLOADED, data_root, torchvision_set
from wgan_core.data.dataset import DataError, DataMissing, Dataset, ImageDataset, resize
from wgan_core.data.image_folder import load_folder
from wgan_core.data.point_file import load_points


def load_dataset(config: TrainConfig, *, held_out: bool = False) -> Dataset:
    """The data set that `config` names: images at its image size, or points.

    Args:
        config: `dataset`, `data_root`, `image_size` and, for points drawn from a distribution, `seed` are read.
        held_out: load the test images instead of the training images, or other points of the same distribution; `digits`,
            `image-folder` and `csv` have none.

    Raises:
        DataMissing: the data set has to be downloaded first.
        DataError: the data cannot be read, or has no held-out part.
    """
    if config.dataset in toy.DISTRIBUTIONS:
        return _drawn(config.dataset, config.seed, held_out)
    if config.dataset == "csv":
        if held_out:
            raise DataError("A file of points has no held-out part: keep test points in a separate file.")
        return load_points(config.data_root)
    if config.dataset == "image-folder":
        if held_out:
            raise DataError("A folder of images has no held-out part: keep test images in a separate folder.")
        return load_folder(config.data_root, config.image_size)
    if config.dataset == "digits":
        if held_out:
            raise DataError("digits has no held-out images: choose mnist, fashion-mnist, kmnist or cifar10.")
        return _digits(config.image_size)
    return _downloaded(config.dataset, data_root(config), config.image_size, held_out)


@functools.lru_cache(maxsize=4)
def _drawn(name: str, seed: int, held_out: bool) -> Dataset:
    """A fixed sample of a distribution, which serves as the data set for the whole run.

    The papers' toy code draws new points for each batch. With a fixed sample, epochs, fingerprint, resume and replay work as they do for
    images. And 50,000 points lie so densely that they are just as good: the exact W1 between 1,024 of them and as many new points is 0.086
    ± 0.005, and between two sets of new points 0.080 ± 0.006 (8-gaussians, 24 pairs; swiss-roll: 0.095 and 0.096 ± 0.004).
    """
    points = torch.from_numpy(toy.draw(name, toy.TRAINING_POINTS, seed, stream=int(held_out)))
    return Dataset(name, points, source=f"drawn by wgan_core.data.toy, seed {seed}, {'held out' if held_out else 'training'}")


@functools.lru_cache(maxsize=2)
def _digits(size: int) -> ImageDataset:
    from sklearn.datasets import load_digits  # slow to import, and only needed here

    pixels, labels = load_digits(return_X_y=True)
    images = torch.from_numpy(np.asarray(pixels).reshape(-1, 1, 8, 8) * (255 / 16)).round().to(torch.uint8)
    return ImageDataset(
        "digits", resize(images, size), torch.from_numpy(np.asarray(labels)).long(), DATASETS["digits"].classes, "scikit-learn, load_digits"
    )


def _downloaded(name: str, root: Path, size: int, held_out: bool) -> ImageDataset:
    folder = DOWNLOADED[name][1]
    if not os.path.isdir(root / folder):  # also False where Path.is_dir raises: a path that is too long, a folder that cannot be read
        raise DataMissing(
            f"{DATASETS[name].title} is not in {root} yet: press Download on the Train page, or run `python -m wgan_core train` to fetch "
            "it."
        )
    try:
        data = torchvision_set(name, root, train=not held_out, download=False)
        images = torch.as_tensor(data.data)
        images = images[:, None] if images.ndim == 3 else images.permute(0, 3, 1, 2)
        labels = torch.as_tensor(data.targets).long()
    except Exception as error:  # torchvision raises many kinds of errors for a damaged file
        raise DataError(
            f"The files of {DATASETS[name].title} in {root / folder} are incomplete or damaged ({type(error).__name__}): "
            "delete that folder and download again."
        ) from error
    return ImageDataset(name, resize(images, size), labels, DATASETS[name].classes, f"{folder}, {'test' if held_out else 'train'}")
