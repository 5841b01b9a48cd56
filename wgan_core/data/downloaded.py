"""The files of the data sets that torchvision downloads, as they are found: unpacked, or only the archives as they come from the web."""

from __future__ import annotations

import gzip
import os
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wgan_core.data.catalog import DATASETS, DOWNLOADED, torchvision_set
from wgan_core.data.dataset import DataError

_IDX_TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
_MAX_IDX_BYTES = 20 * 10**9
_CIFAR_ARCHIVE = "cifar-10-python.tar.gz"


@dataclass(frozen=True)
class Found:
    """Images uint8 [n, c, h, w] in their own size, and their labels int64 [n]."""

    images: Tensor
    labels: Tensor | None


def is_here(name: str, root: Path) -> bool:
    """Whether that data set lies in `root` in one of the forms that `read_downloaded` reads."""
    if os.path.isdir(root / DOWNLOADED[name][1]):  # False where Path.is_dir raises: a path that is too long, a folder that cannot be read
        return True
    return _archive(root) is not None if name == "cifar10" else _idx_file(name, root, held_out=False) is not None


def read_downloaded(name: str, root: Path, *, held_out: bool) -> Found:
    """The images of that data set, from torchvision's folder, or from the archives alone, in `root` or in one of its usual subfolders.

    Raises:
        FileNotFoundError: they are not there.
        DataError: they are damaged.
    """
    if not is_here(name, root):
        raise FileNotFoundError(root)
    try:
        if name == "cifar10":
            return _cifar(root, held_out)
        images = _idx_file(name, root, held_out=held_out)
        labels = _idx_file(name, root, held_out=held_out, kind="labels-idx1")
        if images is None or labels is None:
            raise FileNotFoundError("a part of the files")
        return Found(torch.from_numpy(read_idx(images))[:, None], torch.from_numpy(read_idx(labels).astype(np.int64)))
    except Exception as error:  # damaged files raise many kinds of errors
        folder = root / DOWNLOADED[name][1]
        where = folder if folder.is_dir() else root
        raise DataError(
            f"The files of {DATASETS[name].title} in {where} are incomplete or damaged ({type(error).__name__}): "
            "delete that folder and download again."
        ) from error


def _idx_file(name: str, root: Path, *, held_out: bool, kind: str = "images-idx3") -> Path | None:
    """Where one of the four files of MNIST and its likes lies, packed or not."""
    stem = f"{'t10k' if held_out else 'train'}-{kind}"
    folder = DOWNLOADED[name][0]
    places = [root / folder / "raw", root / folder]
    # A plain folder of such files does not tell whose they are: they are taken for what the setting says, unless it is another's.
    if not {root.name, root.parent.name} & ({other for other, _ in DOWNLOADED.values()} - {folder}):
        places += [root / "raw", root]
    for place in places:
        for ending in ("-ubyte", ".ubyte", "-ubyte.gz", ".ubyte.gz"):
            try:
                if (path := place / (stem + ending)).is_file():
                    return path
            except OSError:
                continue
    return None


def read_idx(path: Path) -> NDArray[np.generic]:
    """The array in a file of MNIST's format (.gz or not). Raises ValueError or OSError if it is damaged."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        magic = file.read(4)
        if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _IDX_TYPES or not 1 <= magic[3] <= 4:
            raise ValueError("not in the format of MNIST")
        shape = tuple(int(side) for side in np.frombuffer(file.read(4 * magic[3]), ">u4"))
        kind = np.dtype(_IDX_TYPES[magic[2]])
        size = int(np.prod([*shape, kind.itemsize], dtype=object))
        if size > _MAX_IDX_BYTES:
            raise ValueError("too large")
        data = file.read(size)
    if len(data) < size:
        raise ValueError("cut off")
    return np.frombuffer(bytearray(data), kind).reshape(shape)


def _archive(root: Path) -> Path | None:
    path = root / _CIFAR_ARCHIVE
    try:
        return path if path.is_file() else None
    except OSError:
        return None


def _cifar(root: Path, held_out: bool) -> Found:
    if (root / DOWNLOADED["cifar10"][1]).is_dir():
        return _from_torchvision(root, held_out)
    with tempfile.TemporaryDirectory() as aside, tarfile.open(root / _CIFAR_ARCHIVE) as archive:
        archive.extractall(aside, filter="data")
        return _from_torchvision(Path(aside), held_out)


def _from_torchvision(root: Path, held_out: bool) -> Found:
    data = torchvision_set("cifar10", root, train=not held_out, download=False)
    return Found(torch.as_tensor(data.data).permute(0, 3, 1, 2), torch.as_tensor(data.targets).long())
