"""Any folder of images as a data set."""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps

from wgan_core.data.dataset import DataError, ImageDataset, resize

SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm"))
MAX_OPENED = 2000
"""Files of a folder that are opened to count its images before a run starts."""
MAX_PIXELS = 50_000_000
"""Larger pictures are skipped after reading only their header, because a small file can hold gigabytes of pixels."""
_GREY_MODES = frozenset(("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F"))


def load_folder(folder: str, size: int) -> ImageDataset:
    """The images in `folder` and its subfolders, each cropped to its central square and resized to `size` px, sorted by path.

    Grey if all images are grey, otherwise RGB. Transparent parts become white. The notes say how many files could not be read. The folders
    at the first level become classes if there are at least two of them and every image lies in one.

    Raises:
        DataError: there is no such folder, or it holds fewer than two images.
    """
    if not folder.strip():
        raise DataError("image-folder needs a folder of images: write its path into the data folder setting.")
    root = Path(os.path.expanduser(folder))  # unlike Path.expanduser, leaves ~nobody as it is
    if not os.path.isdir(root):
        raise DataError(f"There is no folder {root}: write the path of a folder of images into the data folder setting.")
    files = _image_files(root)
    if not files:
        raise DataError(f"There are no images in {root}: it should hold files such as .png or .jpg; subfolders are searched too.")
    pictures: list[torch.Tensor] = []
    kept: list[Path] = []
    unreadable: list[str] = []
    for file in files:
        picture = _read(file, size)
        if picture is None:
            unreadable.append(file.name)
        else:
            pictures.append(picture)
            kept.append(file)
    notes = _notes(unreadable)
    if len(pictures) < 2:
        found = "one image that can be read" if pictures else "no image that can be read"
        raise DataError(f"There is {found} in {root}, and training needs at least two.{''.join(' ' + note for note in notes)}")
    channels = max(len(picture) for picture in pictures)
    images = torch.stack([picture.expand(channels, -1, -1) for picture in pictures])
    labels, names = _classes(root, kept)
    return ImageDataset("image-folder", images, labels, names, str(root), notes)


def folder_classes(folder: str) -> tuple[str, ...]:
    """The class names that `load_folder` would give, found from the paths alone; empty if there are none, or no folder."""
    root = Path(os.path.expanduser(folder))
    return _classes(root, _image_files(root))[1] if folder.strip() and os.path.isdir(root) else ()


def preview_folder(folder: str, max_images: int, size: int = 32) -> tuple[ImageDataset, int]:
    """At most `max_images` of the images in `folder`, spread evenly over it, and the number of all. Files that cannot be read do not count;
    in a folder of more than `MAX_OPENED` files only those looked at are known to be readable. Raises DataError like `load_folder`."""
    files = _image_files(Path(os.path.expanduser(folder)))
    chosen = files[:: -(-len(files) // max_images)] if files else []
    pictures = [picture for file in chosen if (picture := _read(file, size)) is not None]
    if not pictures:
        raise DataError(f"There are no images that can be read in {folder}.")
    others = set(files) - set(chosen)
    readable = sum(map(_opens, others)) if len(files) <= MAX_OPENED else len(others)
    channels = max(len(picture) for picture in pictures)
    return ImageDataset("image-folder", torch.stack([picture.expand(channels, -1, -1) for picture in pictures])), len(pictures) + readable


def _opens(file: Path) -> bool:
    """Whether the beginning of a file is that of an image of an allowed size, which takes a fraction of the time of reading it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(file) as picture:
                return picture.width * picture.height <= MAX_PIXELS
    except Exception:  # as in `_read`
        return False


def _image_files(root: Path) -> list[Path]:
    """Files whose names say that they are images. Hidden files and hidden folders are skipped."""
    return sorted(
        path
        for path in root.rglob("*")
        if path.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in path.relative_to(root).parts) and path.is_file()
    )


def _read(file: Path, size: int) -> torch.Tensor | None:
    """One image as uint8 [1 or 3, size, size]; None if it cannot be read or is too large."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns about pictures that are refused below
            with Image.open(file) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    return None
                upright = ImageOps.exif_transpose(picture)
                pixels = pixels_on(upright, "white")
    # Damaged files can make Pillow raise almost anything.
    except Exception:
        return None
    return central_square(pixels, size)


def central_square(pixels: NDArray[np.uint8], size: int) -> torch.Tensor:
    """The middle of a picture [h, w] or [h, w, 3] as uint8 [1 or 3, size, size], with antialiasing."""
    tensor = torch.from_numpy(pixels)
    tensor = tensor[None] if tensor.ndim == 2 else tensor.permute(2, 0, 1)
    height, width = tensor.shape[1:]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return resize(tensor[None, :, top : top + side, left : left + side], size)[0]


def pixels_on(picture: Image.Image, background: str) -> NDArray[np.uint8]:
    """uint8 [h, w] of a grey picture, [h, w, 3] of any other. Transparent parts show `background`."""
    if picture.mode.startswith("I"):  # 16 bits: Pillow's own conversion would cut off all values above 255
        return (np.asarray(picture).astype(np.float64) / 257).round().clip(0, 255).astype(np.uint8)
    grey = picture.mode in _GREY_MODES
    if picture.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in picture.info:
        rgba = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", rgba.size, background), rgba)
    return np.array(picture.convert("L" if grey else "RGB"))


def _notes(unreadable: list[str]) -> tuple[str, ...]:
    if not unreadable:
        return ()
    listed = ", ".join(unreadable[:5]) + (" and more" if len(unreadable) > 5 else "")
    files = "1 file" if len(unreadable) == 1 else f"{len(unreadable)} files"
    return (f"{files} could not be read as images of at most {MAX_PIXELS // 10**6} megapixels and were left out: {listed}.",)


def _classes(root: Path, files: list[Path]) -> tuple[torch.Tensor | None, tuple[str, ...]]:
    tops = [path.relative_to(root).parts for path in files]
    names = sorted({parts[0] for parts in tops if len(parts) > 1})
    if len(names) < 2 or any(len(parts) == 1 for parts in tops):
        return None, ()
    return torch.tensor([names.index(parts[0]) for parts in tops]), tuple(names)
