"""Some pictures of a folder or archive as they are, with what will be cut off shown faded."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from wgan_core.data.own_images import preview_own
from wgan_core.data.picture import Reading, opened, pixels_on
from wgan_core.data.picture_files import PictureFile

_GAP = 6
_FADED = 0.25
"""How much of a picture's own colour is left where it is cut off."""


def example_strip(place: str, reading: Reading, count: int = 6, height: int = 96) -> tuple[NDArray[np.uint8], float] | None:
    """Up to `count` pictures side by side, uint8 [height, width, 3], and the mean share of them that is cut off; None if none is readable.

    Raises DataError if there are no pictures at all."""
    seen = preview_own(place, count, reading)
    pictures = [_whole(file, reading, height) for file in seen.files[:count]]
    if not pictures:  # arrays: they are shown as they will be
        images = seen.images.images[:count].expand(-1, 3, -1, -1).permute(0, 2, 3, 1).contiguous().numpy()
        pictures = [np.asarray(Image.fromarray(image).resize((height, height), Image.Resampling.NEAREST)) for image in images]
    shown = [one for one in pictures if one is not None]
    if not shown:
        return None
    gap = np.full((height, _GAP, 3), 255, dtype=np.uint8)
    strip = np.concatenate([part for one in shown for part in (one, gap)][:-1], axis=1)
    return strip, seen.cut


def _whole(file: PictureFile, reading: Reading, height: int) -> NDArray[np.uint8] | None:
    try:
        with opened(file.source()) as picture:
            picture.draft(None, (4 * height, 2 * height))
            upright = ImageOps.exif_transpose(picture)
            if upright.mode in ("I", "F") or upright.mode.startswith("I;16"):
                numbers = np.nan_to_num(np.asarray(upright, dtype=np.float64))
                low, high = float(numbers.min()), float(numbers.max())
                pixels = ((numbers - low) * (255 / (high - low) if high > low else 0)).astype(np.uint8)
            else:
                pixels = pixels_on(upright, "white")
    except Exception:  # damaged files can make Pillow raise almost anything; they are counted elsewhere
        return None
    small = Image.fromarray(pixels).convert("RGB")
    width = max(1, min(5 * height, round(height * small.width / small.height)))
    array = np.asarray(small.resize((width, height), Image.Resampling.BILINEAR)).astype(np.float32)
    if reading.fit == "crop":
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        kept = np.zeros((height, width, 1), dtype=bool)
        kept[top : top + side, left : left + side] = True
        array = np.where(kept, array, array * _FADED + 255 * (1 - _FADED))
    return array.round().astype(np.uint8)
