"""Loading a data set as one tensor: images are resized once, points are drawn once."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import torch

from wgan_core.config import TrainConfig
from wgan_core.data import toy
from wgan_core.data.catalog import DATASETS, DOWNLOADED, data_root
from wgan_core.data.dataset import DataError, DataMissing, Dataset, ImageDataset, resize
from wgan_core.data.downloaded import read_downloaded
from wgan_core.data.image_folder import Progress, no_progress
from wgan_core.data.own_images import holds_out, load_own
from wgan_core.data.picture import Reading
from wgan_core.data.point_file import load_points
from wgan_core.data.room import room_for


def load_dataset(config: TrainConfig, *, held_out: bool = False, progress: Progress = no_progress, classic: bool = False) -> Dataset:
    """The data set that `config` names: images at its image size, or points.

    Args:
        config: the settings of the data, the image size and, for points drawn from a distribution, `seed` are read.
        held_out: load the test images instead of the training images, or other points of the same distribution; `digits` and `csv` have
            none, and `image-folder` only where its folders are called train and test.
        progress: called while the images of `image-folder` are read; may raise to end that.
        classic: read an image folder as runs of earlier versions did.

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
    images = _images(config, held_out, progress, classic)
    return mirrored(images) if config.flip == "horizontal" else images


def _images(config: TrainConfig, held_out: bool, progress: Progress, classic: bool) -> ImageDataset:
    if config.dataset == "image-folder":
        reading = Reading.before(config.image_size) if classic else Reading.of(config)
        return load_own(config.data_root, reading, held_out=held_out, progress=progress)
    if config.dataset == "digits":
        if held_out:
            raise DataError("digits has no held-out images: choose mnist, fashion-mnist, kmnist or cifar10.")
        return _digits(config.image_size)
    return _downloaded(config.dataset, data_root(config), config.image_size, held_out)


def may_hold_out(config: TrainConfig) -> bool:
    """Whether there are data that a run with these settings never sees, as far as can be told without reading them. Own images are looked
    for on the disk."""
    if config.dataset != "image-folder":
        return DATASETS[config.dataset].has_held_out
    return holds_out(config.data_root)


def mirrored(data: ImageDataset) -> ImageDataset:
    """The images followed by their mirrored copies, left for right."""
    count = len(data)
    images = room_for((2 * count, *data.images.shape[1:]), torch.uint8, no_progress)
    images[:count] = data.images
    for target, part in zip(images[count:].split(4096), data.images.split(4096), strict=True):
        target.copy_(part.flip(-1))
    labels = None if data.labels is None else data.labels.repeat(2)
    note = f"Each of the {count:,} images is also used mirrored, left for right."
    return ImageDataset(data.name, images, labels, data.class_names, data.source, (*data.notes, note))


@functools.lru_cache(maxsize=4)
def _drawn(name: str, seed: int, held_out: bool) -> Dataset:
    """A fixed sample of a distribution, which serves as the data set for the whole run.

    The papers' toy code draws new points for each batch. With a fixed sample, epochs, fingerprint, resume and replay work as they do for
    images. And 50,000 points lie so densely that they are just as good: the exact W1 between 1,024 of them and as many new points is 0.086
    ± 0.005, and between two sets of new points 0.080 ± 0.006 (8-gaussians, 24 pairs; swiss-roll: 0.095 and 0.096 ± 0.004).
    """
    points = torch.from_numpy(toy.draw(name, toy.TRAINING_POINTS, seed, stream=int(held_out)))
    modes = toy.modes_of(name, points.numpy())
    return Dataset(
        name,
        points,
        None if modes is None else torch.from_numpy(modes),
        () if modes is None else tuple(f"mode {number}" for number in range(1, 2 + int(modes.max()))),
        source=f"drawn by wgan_core.data.toy, seed {seed}, {'held out' if held_out else 'training'}",
    )


@functools.lru_cache(maxsize=2)
def _digits(size: int) -> ImageDataset:
    from sklearn.datasets import load_digits  # slow to import, and only needed here

    pixels, labels = load_digits(return_X_y=True)
    images = torch.from_numpy(np.asarray(pixels).reshape(-1, 1, 8, 8) * (255 / 16)).round().to(torch.uint8)
    return ImageDataset(
        "digits", resize(images, size), torch.from_numpy(np.asarray(labels)).long(), DATASETS["digits"].classes, "scikit-learn, load_digits"
    )


def _downloaded(name: str, root: Path, size: int, held_out: bool) -> ImageDataset:
    try:
        found = read_downloaded(name, root, held_out=held_out)
    except FileNotFoundError:
        raise DataMissing(
            f"{DATASETS[name].title} is not in {root} yet: press Download on the Train page, or run `python -m wgan_core train` to fetch "
            "it."
        ) from None
    source = f"{DOWNLOADED[name][1]}, {'test' if held_out else 'train'}"
    return ImageDataset(name, resize(found.images, size), found.labels, DATASETS[name].classes, source)
