"""The list of data sets, and the folder that downloaded ones are stored in."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from wgan_core.config import TrainConfig
from wgan_core.data import toy
from wgan_core.data.cache_folder import cache_folder
from wgan_core.data.dataset import DataError, Kind
from wgan_core.data.picture_files import clean_path


@dataclass(frozen=True)
class DatasetInfo:
    """What a list of data sets shows about one of them."""

    title: str
    description: str
    classes: tuple[str, ...] = ()
    channels: int = 1
    images: int = 0
    """Number of training images; 0 if that depends on the folder."""
    megabytes: int = 0
    """Size of the download; 0 if nothing is downloaded."""
    kind: Kind = "images"
    has_held_out: bool = True
    """Whether there are test images, or other points of the same distribution, that a run never sees."""

    @property
    def needs_download(self) -> bool:
        """Whether it has to be downloaded once."""
        return self.megabytes > 0


_DIGITS = tuple("0123456789")
_CLOTHES = ("T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
_KANA = ("お", "き", "す", "つ", "な", "は", "ま", "や", "れ", "を")
_THINGS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def _points(title: str, description: str) -> DatasetInfo:
    return DatasetInfo(title, f"{description} {toy.TRAINING_POINTS:,} points, drawn from the seed.", kind="points")


DATASETS: MappingProxyType[str, DatasetInfo] = MappingProxyType(
    {
        "digits": DatasetInfo(
            "Digits", "1,797 handwritten digits, 8 × 8 px, grey. Comes with the installation.", _DIGITS, images=1797, has_held_out=False
        ),
        "fashion-mnist": DatasetInfo(
            "Fashion-MNIST", "60,000 pieces of clothing, 28 × 28 px, grey.", _CLOTHES, images=60_000, megabytes=31
        ),
        "mnist": DatasetInfo("MNIST", "60,000 handwritten digits, 28 × 28 px, grey.", _DIGITS, images=60_000, megabytes=12),
        "kmnist": DatasetInfo(
            "Kuzushiji-MNIST", "60,000 cursive Japanese characters, 28 × 28 px, grey.", _KANA, images=60_000, megabytes=21
        ),
        "cifar10": DatasetInfo(
            "CIFAR-10", "50,000 photographs of animals and vehicles, 32 × 32 px, RGB.", _THINGS, channels=3, images=50_000, megabytes=170
        ),
        "image-folder": DatasetInfo(
            "Own images",
            "Your own pictures: a folder with its subfolders, a zip archive, a NumPy array, or a table of pixels.",
            has_held_out=False,
        ),
        "8-gaussians": _points("8 Gaussians", "Eight narrow Gaussians on a circle: will the generator find all of them?"),
        "25-gaussians": _points("25 Gaussians", "Narrow Gaussians on a grid, five by five."),
        "swiss-roll": _points("Swiss roll", "A spiral with a little noise."),
        "ring": _points("Ring", "A circle of radius 1, without noise."),
        "grid": _points("Grid", "Three horizontal and three vertical lines, without noise."),
        "two-lines": _points("Two lines", "Two parallel lines, without noise: the WGAN paper's example 1."),
        "gaussian": _points("Gaussian", "A single round Gaussian away from the centre, sd 0.5."),
        "csv": DatasetInfo(
            "Points from a CSV file",
            "A file with two columns of numbers, x and y; a first line of headings is optional. The points are shifted, and scaled by the "
            "same factor in both directions, to lie in [-2, 2].",
            kind="points",
            has_held_out=False,
        ),
    }
)

DOWNLOADED: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    {
        "fashion-mnist": ("FashionMNIST", "FashionMNIST"),
        "mnist": ("MNIST", "MNIST"),
        "kmnist": ("KMNIST", "KMNIST"),
        "cifar10": ("CIFAR10", "cifar-10-batches-py"),
    }
)
"""The class in torchvision, and the folder that it creates in the data folder."""


def torchvision_set(name: str, root: Path | str, **options: Any) -> Any:
    """torchvision's own data set of that name, made with these constructor options."""
    from torchvision import datasets  # takes a second to import, which the first page should not wait for

    return getattr(datasets, DOWNLOADED[name][0])(root, **options)


def data_root(config: TrainConfig) -> Path:
    """Where downloaded data is stored: the setting, otherwise the environment variable WGAN_DATA_ROOT, otherwise a folder in the user's
    cache.

    Raises:
        DataError: the path begins with ~ and a user name that does not exist here.
    """
    named = config.data_root or os.environ.get("WGAN_DATA_ROOT")
    if not named:
        return cache_folder("data")
    try:
        return clean_path(named).expanduser()
    except RuntimeError as error:
        raise DataError(f"There is no home folder for {named}: write the full path into the data folder setting.") from error
