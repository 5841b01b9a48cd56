"""Images in a NumPy file, with labels if it holds some."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from wgan_core.data.array_errors import ARRAY_ERRORS
from wgan_core.data.dataset import DataError
from wgan_core.data.picture_files import printable

_IMAGES = ("images", "x", "data", "imgs", "arr_0", "image", "samples", "pixels")
_TRAINING = ("x_train", "train_images", "train_x", "X_train")
_HELD_OUT = ("x_test", "test_images", "test_x", "X_test", "x_val", "val_images")
_LABELS = ("labels", "y", "targets", "label", "target", "classes", "arr_1")
_TRAINING_LABELS = ("y_train", "train_labels", "train_y")
_HELD_OUT_LABELS = ("y_test", "test_labels", "test_y", "y_val", "val_labels")
MAX_SIDE = 8192
_ZIP = b"PK"
"""How an .npz begins."""


@dataclass(frozen=True)
class Found:
    """Images as [n, h, w] or [n, h, w, c] of any numbers, with their labels [n]."""

    images: NDArray[np.generic]
    labels: NDArray[np.generic] | None
    name: str
    note: str = ""
    """Why labels are not used."""


def read_array_file(path: Path, held_out: bool) -> Found | None:
    """The images in a NumPy file: the only array that can be images, or the one with a usual name."""
    name = printable(path.name)
    try:
        with path.open("rb") as file:  # `numpy.load` would leave a damaged one open
            if file.read(2) == _ZIP:
                file.seek(0)
                with np.load(file, allow_pickle=False) as arrays:
                    return _from_npz(arrays, name, held_out)
        return None if held_out else Found(_as_images(open_memmap(path, mode="r"), name), None, name)
    except ARRAY_ERRORS as error:
        if isinstance(error, DataError):
            raise
        said = "it holds Python objects" if "pickle" in str(error) or "Python objects" in str(error) else "it is damaged, or no array"
        raise DataError(f"{name} cannot be read ({said}): save plain numbers with numpy.save or numpy.savez.") from None


def _from_npz(arrays: np.lib.npyio.NpzFile, name: str, held_out: bool) -> Found | None:
    names = {key.lower(): key for key in arrays.files}

    def first(wanted: tuple[str, ...]) -> str | None:
        return next((names[key.lower()] for key in wanted if key.lower() in names), None)

    split = first(_TRAINING), first(_HELD_OUT)
    if held_out and None in split:
        return None
    key = split[held_out] if split[0] is not None else first(_IMAGES)
    if key is None:
        shapes = {key: array.ndim for key in arrays.files if isinstance(array := arrays[key], np.ndarray)}
        large = [key for key, dimensions in shapes.items() if dimensions in (3, 4)]
        if len(large) != 1:
            raise DataError(
                f"{name} holds {_listed(arrays.files)}, and none of these arrays is called images: name the one with the images so."
            )
        key = large[0]
    images = _as_images(_array_in(arrays, key, name), name)
    wanted = (_HELD_OUT_LABELS if held_out else _TRAINING_LABELS) if split[0] is not None else _LABELS
    named = first(wanted)
    labels = _array_in(arrays, named, name) if named is not None else None
    if labels is not None:
        labels = _one_number_each(labels, len(images))
    fits = labels is not None and labels.size == len(images) and labels.dtype.kind in "iubUS"
    note = ""
    if labels is not None and labels.size != len(images):
        note = f"The array {named} has {labels.size:,} labels for {len(images):,} images, so they are not used."
    return Found(images, labels.reshape(-1) if fits and labels is not None else None, name, note)


def _one_number_each(labels: NDArray[np.generic], count: int) -> NDArray[np.generic]:
    """Labels [n] from rows with a single 1 among zeros [n, classes], and whole numbers from numbers that are stored with fractions."""
    if labels.dtype.kind not in "iubf":
        return labels
    if labels.ndim == 2 and len(labels) == count and labels.shape[1] > 1 and np.array_equal(labels, labels.astype(bool)):
        rows = labels.astype(bool)
        return rows.argmax(1) if (rows.sum(1) == 1).all() else labels
    finite = labels.dtype.kind == "f" and bool(np.isfinite(labels.astype(np.float64)).all())
    return labels.astype(np.int64) if finite and np.array_equal(labels, np.floor(labels.astype(np.float64))) else labels


def _array_in(arrays: np.lib.npyio.NpzFile, key: str, name: str) -> NDArray[np.generic]:
    """One array of an archive, in which any file may lie. Raises DataError."""
    found: object = arrays[key]
    if not isinstance(found, np.ndarray):
        raise DataError(f"{printable(key)} in {name} is no array: save plain numbers with numpy.savez.")
    return found


def _listed(names: list[str]) -> str:
    return ", ".join(names[:8]) + (" and more" if len(names) > 8 else "") if names else "no array"


def _as_images(array: NDArray[np.generic], name: str) -> NDArray[np.generic]:
    """[n, h, w], [n, h, w, c] or [n, c, h, w] as [n, h, w] or [n, h, w, c] with 1, 3 or 4 channels. Raises DataError for others."""
    if array.dtype.kind not in "biuf":
        raise DataError(f"{name} holds numbers of the kind {array.dtype}: images are whole numbers or numbers with fractions.")
    if array.ndim == 4 and array.shape[-1] not in (1, 3, 4) and array.shape[1] in (1, 3, 4):
        array = array.transpose(0, 2, 3, 1)
    right = array.ndim == 3 or (array.ndim == 4 and array.shape[-1] in (1, 3, 4))
    if not right or len(array) < 1 or not 1 <= min(array.shape[1:3]) <= max(array.shape[1:3]) <= MAX_SIDE:
        shape = " × ".join(map(str, array.shape)) or "a single number"
        raise DataError(
            f"{name} holds an array of {shape}: images are [number, height, width], or with 1, 3 or 4 channels [number, height, width, "
            "channels] or [number, channels, height, width]."
        )
    return array
