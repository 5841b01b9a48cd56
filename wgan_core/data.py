"""Data sets: each is one uint8 tensor, resized once. Batches are indexed from it and scaled to [-1, 1] at use."""

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
from typing import Any

import numpy as np
import platformdirs
import torch
from torch import Tensor
from torch.nn import functional

from wgan_core.config import TrainConfig


class DataError(ValueError):
    """Data that cannot be used. Its text is one sentence that says what to do."""


class DataMissing(DataError):
    """A data set that has to be downloaded first."""


@dataclass(frozen=True)
class ImageDataset:
    """Images as uint8 [n, channels, height, width], with labels int64 [n] where there are any."""

    name: str
    images: Tensor
    labels: Tensor | None = None
    class_names: tuple[str, ...] = ()
    source: str = ""
    notes: tuple[str, ...] = ()
    """What the user should know about the data, e.g. how many files could not be read."""

    def __len__(self) -> int:
        return len(self.images)

    @property
    def channels(self) -> int:
        """1 (grey) or 3 (RGB)."""
        return int(self.images.shape[1])

    @functools.cached_property
    def fingerprint(self) -> str:
        """A hash of shape and pixels, by which a run knows its data again."""
        digest = hashlib.blake2b(repr(tuple(self.images.shape)).encode(), digest_size=16)
        digest.update(self.images.contiguous().numpy().data)
        return digest.hexdigest()


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

    @property
    def needs_download(self) -> bool:
        """Whether it has to be downloaded once."""
        return self.megabytes > 0


_DIGITS = tuple("0123456789")
_CLOTHES = ("T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot")
_KANA = ("お", "き", "す", "つ", "な", "は", "ま", "や", "れ", "を")
_THINGS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

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


def load_dataset(config: TrainConfig, *, held_out: bool = False) -> ImageDataset:
    """The data set that `config` names, at its image size.

    Args:
        config: `dataset`, `data_root` and `image_size` are read.
        held_out: the test images instead of the training images; `digits` and `image-folder` have none.

    Raises:
        DataMissing: it has to be downloaded first.
        DataError: it cannot be read, or has no held-out images.
    """
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
