"""Pictures as files: grids, strips and films of sample images."""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


def tile(pixels: Pixels, columns: int | None = None, gap: int = 1, background: int = 128) -> Pixels:
    """One picture [height, width, channels] of images [n, h, w, c], row by row; by default as square as it goes."""
    count, height, width, channels = pixels.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), background, dtype=np.uint8)
    for index, image in enumerate(pixels):
        top, left = (index // columns) * (height + gap), (index % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = image
    return sheet


def to_pil(picture: Pixels) -> Image.Image:
    """A PIL image of [h, w, 1] (grey) or [h, w, 3] (RGB)."""
    return Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture)


def enlarge(picture: Pixels, factor: int) -> Pixels:
    """Every pixel as a square of `factor` pixels."""
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def png(picture: Pixels) -> bytes:
    """[h, w, c] as a PNG file, lossless. Fast compression: these pictures are small and made often."""
    buffer = io.BytesIO()
    to_pil(picture).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def gif(frames: Pixels, frames_per_second: float) -> bytes:
    """Images [n, h, w, c] as an endless animated GIF. GIF counts in hundredths of a second, so at most 50 frames/s."""
    buffer = io.BytesIO()
    first, *rest = [to_pil(frame) for frame in frames]
    duration = max(20, round(1000 / frames_per_second))
    first.save(buffer, format="GIF", save_all=True, append_images=rest, duration=duration, loop=0, disposal=1)
    return buffer.getvalue()
