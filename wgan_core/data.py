"""Data sets: each is one tensor. Images are uint8, resized once, and scaled to [-1, 1] as a batch is used; points are used as they are."""

from __future__ import annotations

import contextlib
import errno
import functools
import hashlib
import http.client
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import platformdirs
import torch
from torch import Tensor
from torch.nn import functional

from wgan_core import toy
from wgan_core.config import TrainConfig

Kind = Literal["images", "points"]


class DataError(ValueError):
    """Data that cannot be used. Its text is one sentence that says what to do."""


class DataMissing(DataError):
    """A data set that has to be downloaded first."""


@dataclass(frozen=True)
class Dataset:
    """Images as uint8 [n, channels, height, width], or points as float32 [n, 2]; with labels int64 [n] where there are any."""

    name: str
    data: Tensor
    labels: Tensor | None = None
    class_names: tuple[str, ...] = ()
    source: str = ""
    notes: tuple[str, ...] = ()
    """What the user should know about the data, e.g. how many files could not be read."""

    def __len__(self) -> int:
        return len(self.data)

    @property
    def kind(self) -> Kind:
        """What a row is."""
        return "points" if self.data.ndim == 2 else "images"

    @functools.cached_property
    def fingerprint(self) -> str:
        """A hash of shape and numbers, by which a run knows its data again."""
        digest = hashlib.blake2b(repr(tuple(self.data.shape)).encode(), digest_size=16)
        digest.update(self.data.contiguous().numpy().data)
        return digest.hexdigest()


class ImageDataset(Dataset):
    """A `Dataset` of images."""

    @property
    def images(self) -> Tensor:
        """uint8 [n, channels, height, width]."""
        return self.data

    @property
    def channels(self) -> int:
        """1 (grey) or 3 (RGB)."""
        return int(self.data.shape[1])


@dataclass(frozen=True)
class DatasetInfo:
    """What a list of data sets shows of one."""

    title: str
    description: str
    classes: tuple[str, ...] = ()
    channels: int = 1
    images: int = 0
    """Training images; 0 where that depends on the folder."""
    megabytes: int = 0
    """Size of the download; 0 where nothing is downloaded."""
    kind: Kind = "images"

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
        "digits": DatasetInfo("Digits", "1,797 handwritten digits, 8 × 8 px, grey. Comes with the installation.", _DIGITS, images=1797),
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
            "Image folder",
            "Any folder of images on the machine that the app runs on, with or without subfolders. Each is cropped to its central square.",
        ),
        "8-gaussians": _points("8 Gaussians", "Eight narrow Gaussians on a circle: will the generator find all of them?"),
        "25-gaussians": _points("25 Gaussians", "Narrow Gaussians on a grid, five by five."),
        "swiss-roll": _points("Swiss roll", "A spiral with a little noise."),
        "ring": _points("Ring", "A circle of radius 1, without noise."),
        "grid": _points("Grid", "Three lines across and three upright, without noise."),
        "two-lines": _points("Two lines", "Two parallel lines, without noise: the WGAN paper's example 1."),
        "gaussian": _points("Gaussian", "A single round Gaussian off the middle, sd 0.5."),
        "csv": DatasetInfo(
            "Points from a CSV file",
            "A file with two columns of numbers, x and y, with or without a line of headings. The points are shifted and scaled, by one "
            "factor both ways, to lie in [-2, 2].",
            kind="points",
        ),
    }
)

# The class in torchvision, and the folder it makes in the data root.
_DOWNLOADED: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    {
        "fashion-mnist": ("FashionMNIST", "FashionMNIST"),
        "mnist": ("MNIST", "MNIST"),
        "kmnist": ("KMNIST", "KMNIST"),
        "cifar10": ("CIFAR10", "cifar-10-batches-py"),
    }
)


def torchvision_set(name: str, root: Path | str, **options: Any) -> Any:
    """torchvision's own data set of that name, with these options of its constructor."""
    from torchvision import datasets  # takes a second to import, which the first page should not wait for

    return getattr(datasets, _DOWNLOADED[name][0])(root, **options)


def to_unit_range(images: Tensor) -> Tensor:
    """uint8 images as float32 in [-1, 1]."""
    return images.float().div_(127.5).sub_(1)


def network_input(data: Tensor) -> Tensor:
    """Rows of a data set as networks take them, float32: images in [-1, 1], points as they are."""
    return to_unit_range(data) if data.dtype == torch.uint8 else data


def to_uint8(images: Tensor) -> Tensor:
    """Images in [-1, 1] as uint8, rounded; the inverse of `to_unit_range`. What lies outside is cut off."""
    return ((images + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def data_root(config: TrainConfig) -> Path:
    """Where downloaded data lies: the setting, else the environment variable WGAN_DATA_ROOT, else a folder in the user's cache.

    Raises:
        DataError: the folder begins with ~ and the name of nobody here.
    """
    named = config.data_root or os.environ.get("WGAN_DATA_ROOT")
    if not named:
        return Path(platformdirs.user_cache_dir("wgan-playground")) / "data"
    try:
        return Path(named).expanduser()
    except RuntimeError as error:
        raise DataError(f"There is no home folder for {named}: write the whole path into the data folder setting.") from error


def load_dataset(config: TrainConfig, *, held_out: bool = False) -> Dataset:
    """The data set that `config` names: images at its image size, or points.

    Args:
        config: `dataset`, `data_root`, `image_size` and, for points drawn from a distribution, `seed` are read.
        held_out: the test images instead of the training images, or other points of the same distribution; `digits`, `image-folder` and
            `csv` have none.

    Raises:
        DataMissing: it has to be downloaded first.
        DataError: it cannot be read, or has no held-out part.
    """
    if config.dataset in toy.DISTRIBUTIONS:
        return _drawn(config.dataset, config.seed, held_out)
    if config.dataset == "csv":
        from wgan_core.point_file import load_points

        if held_out:
            raise DataError("A file of points has no held-out part: keep test points in a file of their own.")
        return load_points(config.data_root)
    if config.dataset == "image-folder":
        from wgan_core.image_folder import load_folder

        if held_out:
            raise DataError("A folder of images has no held-out part: keep test images in a folder of their own.")
        return load_folder(config.data_root, config.image_size)
    if config.dataset == "digits":
        if held_out:
            raise DataError("digits has no held-out images: choose mnist, fashion-mnist, kmnist or cifar10.")
        return _digits(config.image_size)
    return _downloaded(config.dataset, data_root(config), config.image_size, held_out)


@functools.lru_cache(maxsize=4)
def _drawn(name: str, seed: int, held_out: bool) -> Dataset:
    """As many points of a distribution as are called a data set here, and no more during the run.

    The papers' toy code draws new points for each batch instead. A fixed sample makes epochs, fingerprint, resume and replay of a run what
    they are for images. And 50,000 points lie so densely that they are as good: exact W1 of 1,024 of them from as many new points is 0.086
    ± 0.005, that of new points from new points 0.080 ± 0.006 (8-gaussians, 24 pairs; swiss-roll: 0.095 and 0.096 ± 0.004).
    """
    points = torch.from_numpy(toy.draw(name, toy.TRAINING_POINTS, seed, stream=int(held_out)))
    return Dataset(name, points, source=f"drawn by wgan_core.toy, seed {seed}, {'held out' if held_out else 'training'}")


@functools.lru_cache(maxsize=2)
def _digits(size: int) -> ImageDataset:
    from sklearn.datasets import load_digits  # slow to import, and needed here only

    pixels, labels = load_digits(return_X_y=True)
    images = torch.from_numpy(np.asarray(pixels).reshape(-1, 1, 8, 8) * (255 / 16)).round().to(torch.uint8)
    return ImageDataset("digits", resize(images, size), torch.from_numpy(np.asarray(labels)).long(), _DIGITS, "scikit-learn, load_digits")


def _downloaded(name: str, root: Path, size: int, held_out: bool) -> ImageDataset:
    folder = _DOWNLOADED[name][1]
    if not os.path.isdir(root / folder):  # False where Path.is_dir raises: a path too long, a folder that may not be read
        raise DataMissing(
            f"{DATASETS[name].title} is not in {root} yet: press Download on the Train page, or let `python -m wgan_core train` fetch it."
        )
    try:
        data = torchvision_set(name, root, train=not held_out, download=False)
        images = torch.as_tensor(data.data)
        images = images[:, None] if images.ndim == 3 else images.permute(0, 3, 1, 2)
        labels = torch.as_tensor(data.targets).long()
    except Exception as error:  # torchvision raises many kinds for a damaged file
        raise DataError(
            f"The files of {DATASETS[name].title} in {root / folder} are incomplete or damaged ({type(error).__name__}): "
            "delete that folder and download again."
        ) from error
    return ImageDataset(name, resize(images, size), labels, DATASETS[name].classes, f"{folder}, {'test' if held_out else 'train'}")


def resize(images: Tensor, size: int) -> Tensor:
    """uint8 [n, c, h, w] as [n, c, size, size], with antialiasing, a part at a time to bound memory."""
    if tuple(images.shape[2:]) == (size, size):
        return images.contiguous()
    resized = torch.empty((*images.shape[:2], size, size), dtype=torch.uint8)  # filled in place: joining parts would hold all twice
    for target, part in zip(resized.split(4096), images.split(4096), strict=True):
        target.copy_(functional.interpolate(part, (size, size), mode="bilinear", antialias=True))
    return resized


# Downloads.

_CANNOT_WRITE = frozenset((errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG))


def is_available(config: TrainConfig) -> bool:
    """Whether `load_dataset` needs no download. Never raises: a data root that cannot be used holds nothing, and `download` says why.

    A folder of images counts as available: what is wrong with it shows on loading.
    """
    if config.dataset not in _DOWNLOADED:
        return True
    try:
        return os.path.isdir(data_root(config) / _DOWNLOADED[config.dataset][1])
    except DataError:
        return False


def download(config: TrainConfig, progress: Callable[[float], None] = lambda fraction: None) -> None:
    """Fetch the data set into the data root, unless it is there. A download that breaks off leaves nothing behind.

    Args:
        config: `dataset` and `data_root` are read.
        progress: called from another thread with the fraction done, 0 to 1.

    Raises:
        DataError: no network, no space, no right to write: one sentence that says what to do.
    """
    if is_available(config):
        progress(1.0)
        return
    folder = _DOWNLOADED[config.dataset][1]
    info, root = DATASETS[config.dataset], data_root(config)
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".download-", dir=root) as aside:
            with _watched(Path(aside), info.megabytes * 10**6, progress):
                torchvision_set(config.dataset, aside, train=True, download=True)
            if not (root / folder).exists():  # another process may have been quicker
                shutil.move(Path(aside) / folder, root / folder)
    except OSError as error:
        if isinstance(error, PermissionError) or error.errno in _CANNOT_WRITE:
            raise DataError(
                f"{info.title} cannot be written to {root} ({error.strerror}): make room there or choose another data folder."
            ) from error
        raise DataError(_offline(info, root, folder)) from error
    # torchvision: every mirror failed, or what came has another checksum; http: the connection ended within a file.
    except (RuntimeError, http.client.HTTPException, EOFError) as error:
        raise DataError(_offline(info, root, folder)) from error
    progress(1.0)


def _offline(info: DatasetInfo, root: Path, folder: str) -> str:
    return (
        f"{info.title} could not be downloaded: check the network and try again, or copy the folder {folder} from another machine "
        f"into {root}."
    )


@contextlib.contextmanager
def _watched(folder: Path, expected: int, progress: Callable[[float], None]) -> Iterator[None]:
    """Report how many of the `expected` bytes of archives lie in `folder`, four times a second."""
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.25):
            progress(min(0.99, _archive_bytes(folder) / expected))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _archive_bytes(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*.gz"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size
    return total
