"""A user's own images, in whatever they come: a folder or archive of pictures, NumPy arrays, files in MNIST's format, tables of pixels."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wgan_core.data import kept, picture
from wgan_core.data.array_file import Found, read_array_file
from wgan_core.data.dataset import DataError, ImageDataset
from wgan_core.data.downloaded import read_idx
from wgan_core.data.image_folder import MUCH_CUT, Preview, Progress, load_folder, no_progress, preview_folder, refuse_folder
from wgan_core.data.picture import Reading
from wgan_core.data.picture_files import Found as PictureFiles
from wgan_core.data.picture_files import clean_path, find_files, printable, split_parts, stamp_of
from wgan_core.data.pixel_table import is_pixel_table, read_pixel_table, tables_in
from wgan_core.data.room import room_for


def load_own(place: str, reading: Reading, *, held_out: bool = False, progress: Progress = no_progress) -> ImageDataset:
    """The images at a path: of a folder or zip archive of pictures (see `load_folder`), of a NumPy array (.npy, .npz, with labels if it has
    some), of files in MNIST's format, or of a table of pixels (see `pixel_table`). A folder that holds a single array, files of MNIST's
    format, or such tables, counts as these.

    Raises DataError with one sentence.
    """
    path = clean_path(place)
    arrays = None if reading.classic or not place.strip() else _arrays(path)
    if arrays is None:
        return load_folder(place, reading, held_out=held_out, progress=progress)
    table = _tables(path).get(held_out)
    key = None if table is None else kept.key_of(PictureFiles(table, [], stamp=stamp_of(table.stat())), [], reading)
    if key is not None and (data := kept.recall(key)) is not None:
        return data
    begun, found = kept.now(), arrays(held_out, progress)
    if found is None:
        raise DataError("These images have no held-out part: an .npz file may hold one under the names x_test and y_test.")
    data = _dataset(found, str(path), reading, progress)
    if key is not None:
        kept.keep(key, data, seconds=kept.now() - begun)
    return data


def preview_own(place: str, max_images: int, reading: Reading) -> Preview:
    """At most `max_images` of the images at a path, spread evenly, and their number. Raises DataError like `load_own`."""
    arrays = _arrays(clean_path(place)) if place.strip() else None
    found = arrays(False, no_progress) if arrays is not None else None
    if found is None:
        return preview_folder(place, max_images, reading)
    count = len(found.images)
    every = -(-count // max_images)
    some = Found(found.images[::every], None, found.name)
    height, width = found.images.shape[1:3]
    cut = 1 - min(height, width) / max(height, width) if reading.fit == "crop" else 0.0
    return Preview(_dataset(some, place, reading, no_progress, fewest=1), count, [], cut)


def why_unusable(place: str, reading: Reading) -> str:
    """The sentence with which `load_own` refuses the images at a path, if that is certain without reading many of them; otherwise ""."""
    try:
        arrays = _arrays(clean_path(place)) if place.strip() else None
        if arrays is None:
            refuse_folder(place, reading)
        elif (found := arrays(False, no_progress)) is not None:
            _check_number(found, 2)
            _range(found.images, reading, no_progress)
    except DataError as error:
        return str(error)
    except OSError:  # a drive that is just away
        pass
    return ""


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
        return arrays(True, no_progress) is not None if arrays is not None else bool(split_parts(find_files(path).files).held_out)
    except (DataError, OSError, ValueError):
        return False


_Arrays = Callable[[bool, Progress], Found | None]


def _arrays(path: Path) -> _Arrays | None:
    """How to get the arrays at `path`, training or held out; None if there are none."""
    if path.suffix.lower() in (".npy", ".npz") and path.is_file():
        return lambda held_out, _: read_array_file(path, held_out)
    if tables := _tables(path):
        return lambda held_out, progress: _in_table(tables.get(held_out), progress)
    if _idx(path, "train") is not None:
        return lambda held_out, _: _in_idx(path, "t10k" if held_out else "train") or (_in_idx(path, "test") if held_out else None)
    try:
        files = sorted(entry.name for entry in os.scandir(path) if not entry.name.startswith(".")) if path.is_dir() else []
    except OSError:
        return None
    arrays = [name for name in files if name.lower().endswith((".npy", ".npz"))]
    pictures = [name for name in files if os.path.isdir(path / name) or name.lower().endswith((".png", ".jpg", ".jpeg", ".tif", ".tiff"))]
    return (lambda held_out, _: read_array_file(path / arrays[0], held_out)) if len(arrays) == 1 and not pictures else None


def _tables(path: Path) -> dict[bool, Path]:
    """The table of pixels at `path`, or the training one and the held-out one in it; empty if there are none."""
    return {False: path} if is_pixel_table(path) else tables_in(path)


def _in_table(path: Path | None, progress: Progress) -> Found | None:
    if path is None:
        return None
    images, labels = read_pixel_table(path, progress)
    return Found(images, labels, printable(path.name))


def _idx(folder: Path, part: str, kind: str = "images-idx3") -> Path | None:
    """A file in MNIST's format, also with a name before it, as in emnist-letters-train-images-idx3-ubyte.gz."""
    for place in (folder, folder / "raw"):
        name = kind.replace("-", "[-.]")  # train-images-idx3-ubyte, and train-images.idx3-ubyte
        for pattern in (f"*{part}-{name}?ubyte", f"*{part}-{name}?ubyte.gz"):
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


def _dataset(found: Found, source: str, reading: Reading, progress: Progress, fewest: int = 2) -> ImageDataset:
    """The arrays as a data set, resized in parts."""
    array = found.images
    _check_number(found, fewest)
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


def _check_number(found: Found, fewest: int) -> None:
    if len(found.images) < fewest:
        raise DataError(f"{found.name} holds one image, and training needs at least two.")


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
