"""A data set is one tensor. Images are uint8 and are scaled to [-1, 1] batch by batch; points are used as they are.

PyTorch is imported where it is needed, so that lists of runs and of data sets appear before it has loaded.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor

Kind = Literal["images", "points"]


class DataError(ValueError):
    """Data that cannot be used. The message is one sentence that says what to do."""


class DataMissing(DataError):
    """The data set has to be downloaded first."""


@dataclass(frozen=True)
class Dataset:
    """Images as uint8 [n, channels, height, width], or points as float32 [n, 2]; with labels int64 [n] if the data has any."""

    name: str
    data: Tensor
    labels: Tensor | None = None
    class_names: tuple[str, ...] = ()
    source: str = ""
    notes: tuple[str, ...] = ()
    """What the user should know about the data, e.g. how many files could not be read."""
    classic: bool = False
    """Whether a folder of images was read as by earlier versions."""
    form: tuple[str, ...] = ()
    """What about own images an exported program cannot repeat: zip, array, split, 16-bit-colour, damaged-stack, label-file."""

    def __len__(self) -> int:
        return len(self.data)

    @property
    def kind(self) -> Kind:
        """Whether the rows are images or points."""
        return "points" if self.data.ndim == 2 else "images"

    @functools.cached_property
    def fingerprint(self) -> str:
        """A hash of shape and numbers, by which a run recognises its data."""
        digest = hashlib.blake2b(repr(tuple(self.data.shape)).encode(), digest_size=16)
        for part in self.data.split(8192):  # in parts: not all of a mapped file comes into memory
            digest.update(part.contiguous().numpy().data)
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


def to_unit_range(images: Tensor) -> Tensor:
    """uint8 images as float32 in [-1, 1]."""
    return images.float().div_(127.5).sub_(1)


def network_input(data: Tensor) -> Tensor:
    """Rows of a data set in the form that networks take, float32: images in [-1, 1], points as they are."""
    return data if data.dtype.is_floating_point else to_unit_range(data)


def to_uint8(images: Tensor) -> Tensor:
    """Images in [-1, 1] as uint8, rounded; the inverse of `to_unit_range`. Values outside the range are cut off."""
    return ((images + 1) * 127.5).round().clamp(0, 255).byte()


def resize(images: Tensor, size: int) -> Tensor:
    """uint8 [n, c, h, w] as [n, c, size, size], with antialiasing. Works in chunks to limit memory."""
    import torch
    from torch.nn import functional

    if tuple(images.shape[2:]) == (size, size):
        return images.contiguous()
    resized = torch.empty((*images.shape[:2], size, size), dtype=torch.uint8)  # filled in place; joining chunks would need twice the memory
    for target, part in zip(resized.split(4096), images.split(4096), strict=True):
        target.copy_(functional.interpolate(part, (size, size), mode="bilinear", antialias=True))
    return resized
