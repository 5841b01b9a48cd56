"""A user's own images, in whatever they come: a folder or archive of pictures, NumPy arrays, or files in MNIST's format."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from torch import Tensor

from wgan_core.data import kept, picture
from wgan_core.data.array_errors import ARRAY_ERRORS
from wgan_core.data.dataset import DataError, ImageDataset
from wgan_core.data.downloaded import read_idx
from wgan_core.data.image_folder import MUCH_CUT, Preview, Progress, load_folder, no_progress, preview_folder
from wgan_core.data.picture import Reading
from wgan_core.data.picture_files import clean_path, find_files, printable, split_parts
from wgan_core.data.room import room_for

_IMAGES = ("images", "x", "data", "imgs", "arr_0", "image", "samples", "pixels")
_TRAINING = ("x_train", "train_images", "train_x", "X_train")
_HELD_OUT = ("x_test", "test_images", "test_x", "X_test", "x_val", "val_images")
_LABELS = ("labels", "y", "targets", "label", "target", "classes", "arr_1")
_TRAINING_LABELS = ("y_train", "train_labels", "train_y")
_HELD_OUT_LABELS = ("y_test", "test_labels", "test_y", "y_val", "val_labels")
MAX_SIDE = 8192


def load_own(place: str, reading: Reading, *, held_out: bool = False, progress: Progress = no_progress) -> ImageDataset:
    """The images at a path: of a folder or zip archive of pictures (see `load_folder`), of a NumPy array (.npy, .npz, with labels if it has
    some), or of files in MNIST's format. A folder that holds a single array, or files of MNIST's format, counts as these.

    Raises DataError with one sentence.
    """
    arrays = None if reading.classic or not place.strip() else _arrays(clean_path(place))
    if arrays is None:
        return load_folder(place, reading, held_out=held_out, progress=progress)
    found = arrays(held_out)
    if found is None:
        raise DataError("This array has no held-out part: an .npz file may hold one under the names x_test and y_test.")
    return _dataset(found, str(clean_path(place)), reading, progress)


def preview_own(place: str, max_images: int, reading: Reading) -> Preview:
    """At most `max_images` of the images at a path, spread evenly, and their number. Raises DataError like `load_own`."""
    arrays = _arrays(clean_path(place)) if place.strip() else None
    found = arrays(False) if arrays is not None else None
    if found is None:
        return preview_folder(place, max_images, reading)
    count = len(found.images)
    every = -(-count // max_images)
    some = Found(found.images[::every], None, found.name)
    height, width = found.images.shape[1:3]
    cut = 1 - min(height, width) / max(height, width) if reading.fit == "crop" else 0.0
    return Preview(_dataset(some, place, reading, no_progress, fewest=1), count, [], cut)


def stamp(place: str) -> str:
    """A text that changes whenever a file at a path does; "" if there is nothing."""
    try:
        path = clean_path(place)
        if path.is_file():
            stat = path.stat()
            return f"{stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns}"
        found = find_files(path)
        return kept.key_of(found, found.files, Reading(0))
    except (DataError, OSError, ValueError):
        return ""


def holds_out(place: str) -> bool:
    """Whether the images at a path have a held-out part. Never raises."""
    if not place.strip():
        return False
    path = clean_path(place)
    try:
        arrays = _arrays(path)
        return arrays(True) is not None if arrays is not None else bool(split_parts(find_files(path).files).held_out)
    except (DataError, OSError, ValueError):
        return False


@dataclass(frozen=True)
class Found:
    """Images as [n, h, w] or [n, h, w, c] of any numbers, with their labels [n]."""

    images: NDArray[np.generic]
    labels: NDArray[np.generic] | None
    name: str
    note: str = ""
    """Why labels are not used."""


_ZIP = b"PK"
"""How an .npz begins."""
_Arrays = Callable[[bool], Found | None]


def _arrays(path: Path) -> _Arrays | None:
    """How to get the arrays at `path`, training or held out; None if there are none."""
    if path.suffix.lower() in (".npy", ".npz") and path.is_file():
        return lambda held_out: _numpy(path, held_out)
    if _idx(path, "train") is not None:
        return lambda held_out: _in_idx(path, "t10k" if held_out else "train") or (_in_idx(path, "test") if held_out else None)
    try:
        files = sorted(entry.name for entry in os.scandir(path) if not entry.name.startswith(".")) if path.is_dir() else []
    except OSError:
        return None
    arrays = [name for name in files if name.lower().endswith((".npy", ".npz"))]
    pictures = [name for name in files if os.path.isdir(path / name) or name.lower().endswith((".png", ".jpg", ".jpeg", ".tif", ".tiff"))]
    return (lambda held_out: _numpy(path / arrays[0], held_out)) if len(arrays) == 1 and not pictures else None


def _idx(folder: Path, part: str, kind: str = "images-idx3") -> Path | None:
    """A file in MNIST's format, also with a name before it, as in emnist-letters-train-images-idx3-ubyte.gz."""
    for place in (folder, folder / "raw"):
        for pattern in (f"*{part}-{kind}?ubyte", f"*{part}-{kind}?ubyte.gz"):
            try:
                if found := sorted(place.glob(pattern)):
                    return found[0]
            except OSError:
                continue
    return None


def _in_idx(folder: Path, part: str) -> Found | None:
    images, labels = _idx(folder, part), _idx(folder, part, "labels-idx1")
    if images is None:
        return None
    try:
        return Found(read_idx(images), read_idx(labels) if labels is not None else None, images.name)
    except (ValueError, OSError, EOFError) as error:
        raise DataError(f"{images.name} or its labels cannot be read ({error}): fetch the file again.") from None


def _numpy(path: Path, held_out: bool) -> Found | None:
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
    fits = labels is not None and labels.size == len(images) and labels.dtype.kind in "iubUS"
    note = ""
    if labels is not None and labels.size != len(images):
        note = f"The array {named} has {labels.size:,} labels for {len(images):,} images, so they are not used."
    return Found(images, labels.reshape(-1) if fits and labels is not None else None, name, note)


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


def _dataset(found: Found, source: str, reading: Reading, progress: Progress, fewest: int = 2) -> ImageDataset:
    """The arrays as a data set, resized in parts."""
    array = found.images
    if len(array) < fewest:
        raise DataError(f"{found.name} holds one image, and training needs at least two.")
    low, high, note = _range(array, reading, progress)
    colours = array.shape[3] if array.ndim == 4 else 1
    images = room_for((len(array), 1 if colours == 1 else 3, reading.size, reading.size), torch.uint8, progress)
    for at in range(0, len(array), 256):
        progress("Reading the images", at, len(array))
        part = _on_white(np.ascontiguousarray(array[at : at + 256]))
        images[at : at + len(part)] = torch.stack([_one(image, low, high, reading) for image in part])
    images = _in_channels(images, reading)
    height, width = array.shape[1:3]
    notes = [one for one in (note, found.note) if one]
    if reading.fit == "crop" and (cut := 1 - min(height, width) / max(height, width)) > MUCH_CUT:
        notes.append(f"{cut:.0%} of each image is cut off, because only its central square is used (setting fit: pad or squash uses all).")
    labels, names = _labels(found.labels)
    return ImageDataset("image-folder", images, labels, names, source, tuple(notes), form=("array",))


def _on_white(part: NDArray[np.generic]) -> Tensor:
    """[n, h, w(, c)] as a tensor [n, c, h, w]: uint8, or float32. A fourth channel of uint8 is how opaque a pixel is."""
    if part.dtype == np.bool_:
        part = part.astype(np.uint8) * 255
    if part.dtype == np.uint8 and part.ndim == 4 and part.shape[3] == 4:
        opaque = part[..., 3:].astype(np.float32) / 255
        part = (part[..., :3].astype(np.float32) * opaque + 255 * (1 - opaque)).round().astype(np.uint8)
    elif part.ndim == 4 and part.shape[3] == 4:
        part = part[..., :3]
    if part.dtype != np.uint8:
        part = part.astype(np.float32)
    tensor = torch.from_numpy(np.array(part))  # a copy: what is mapped from a file cannot be written to
    return tensor[:, None] if tensor.ndim == 3 else tensor.permute(0, 3, 1, 2)


def _one(image: Tensor, low: float, high: float, reading: Reading) -> Tensor:
    if image.dtype == torch.uint8:
        return picture.fitted(image, reading)[0]
    finite = image[image.isfinite()]
    if reading.tones == "each" and len(finite):
        low, high = float(finite.min()), float(finite.max())
    fitted = picture.fitted(torch.nan_to_num(image, nan=low, posinf=high, neginf=low), reading)[0]
    return picture.scaled(fitted, low, high)


def _range(array: NDArray[np.generic], reading: Reading, progress: Progress) -> tuple[float, float, str]:
    """The numbers that become black and white, and what to say about them. Images of bytes are used as they are."""
    if array.dtype in (np.uint8, np.bool_) or reading.tones == "each":
        return 0.0, 255.0, ""
    if reading.tones == "format":
        return (0.0, 1.0, "") if array.dtype.kind == "f" else (0.0, 65535.0, "")
    low, high = np.inf, -np.inf
    for at in range(0, len(array), 256):
        progress("Looking through the images", at, len(array))
        part = array[at : at + 256]
        finite = part[np.isfinite(part)] if array.dtype.kind == "f" else part
        if finite.size:
            low, high = min(low, float(finite.min())), max(high, float(finite.max()))
    if low > high:
        raise DataError("This array holds no finite number: images need some.")
    return low, high, f"The lowest number in the array, {low:g}, became black, and the highest, {high:g}, white."


def _in_channels(images: Tensor, reading: Reading) -> Tensor:
    if reading.channels == "grey" and images.shape[1] == 3:
        return picture.to_grey(images)
    return images.expand(-1, 3, -1, -1).contiguous() if reading.channels == "rgb" and images.shape[1] == 1 else images


def _labels(labels: NDArray[np.generic] | None) -> tuple[Tensor | None, tuple[str, ...]]:
    if labels is None:
        return None, ()
    names, index = np.unique(labels, return_inverse=True)
    if not 2 <= len(names) <= 1000:
        return None, ()
    return torch.from_numpy(index.astype(np.int64)), tuple(str(name) for name in names)
