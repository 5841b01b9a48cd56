"""Pictures as files: grids, strips and animations of sample images, and scatter plots of points."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, WebPImagePlugin

Pixels = NDArray[np.uint8]
# Imported for what it registers. Otherwise the first WebP that is written imports every format that Pillow knows, a tenth of a second.
assert WebPImagePlugin


def tile(pixels: Pixels, columns: int | None = None, gap: int = 1, background: int = 128) -> Pixels:
    """One picture [height, width, channels] of images [n, h, w, c], row by row; by default as close to a square as possible."""
    count, height, width, channels = pixels.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), background, dtype=np.uint8)
    for index, image in enumerate(pixels):
        top, left = (index // columns) * (height + gap), (index % columns) * (width + gap)
        sheet[top : top + height, left : left + width] = image
    return sheet


_NAME_HEIGHT, _NAME_WIDTH = 32, 112
"""Pixels: the least height of a row that has a name, and the most that is left for names."""
_NAME_INK, _NAME_PAPER = 240, 48


def sample_grid(pixels: Pixels, names: Sequence[str] = ()) -> Pixels:
    """The picture of a run's samples [n, h, w, c]; with names of classes, of as many rows, one for each."""
    return rows_with_names(pixels, names) if names else tile(pixels)


def rows_with_names(pixels: Pixels, names: Sequence[str]) -> Pixels:
    """Like `tile`, one row for each of `names`, with the name on its left. Small images are enlarged, so that the names can be read."""
    factor = max(1, -(-_NAME_HEIGHT // pixels.shape[1]))
    sheet = enlarge(tile(pixels, len(pixels) // len(names)), factor)
    font = ImageFont.load_default(max(12.0, 0.42 * min(_NAME_HEIGHT, pixels.shape[1] * factor)))
    written = [_that_fits(name if _can_write(name) else f"row {number}", font) for number, name in enumerate(names, 1)]
    width = round(max(font.getlength(name) for name in written)) + 12
    column = Image.new("L", (width, sheet.shape[0]), _NAME_PAPER)
    draw, height = ImageDraw.Draw(column), (pixels.shape[1] + 1) * factor
    for row, name in enumerate(written):
        draw.text((width - 6, row * height + pixels.shape[1] * factor / 2), name, _NAME_INK, font, anchor="rm")
    beside = np.repeat(np.asarray(column)[:, :, None], sheet.shape[2], axis=2)
    return np.concatenate((beside, sheet), axis=1)


def _can_write(name: str) -> bool:
    """Whether Pillow's own font has these letters; kana, for one, it does not have."""
    return all(ord(letter) < 0x250 for letter in name)


def _that_fits(name: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """The name, cut to `_NAME_WIDTH` pixels."""
    while font.getlength(name) > _NAME_WIDTH and len(name) > 1:
        name = name.rstrip("…")[:-1] + "…"
    return name


POINT_COLOURS = ((23, 163, 127), (224, 122, 31))
"""Colours of real and of generated points on white, as in the figures."""


def scatter(samples: NDArray[np.floating], real: NDArray[np.floating] | None, limit: float, side: int = 256) -> Pixels:
    """One picture [side, side, 3] of generated points [n, 2] in front of `real` ones [m, 2]; both axes cover [-limit, limit], y upward.

    Points outside are left out.
    """
    factor = 2  # drawn at twice the size, so that edges come out smooth
    picture = Image.new("RGB", (side * factor, side * factor), "white")
    draw = ImageDraw.Draw(picture)
    for points, colour, radius in zip((real, samples), POINT_COLOURS, (6, 3), strict=True):  # real ones are larger, to show behind
        if points is None:
            continue
        x, y = (points.astype(np.float64) / limit * (1, -1) + 1).T * (side * factor / 2)
        for at_x, at_y in zip(x.tolist(), y.tolist(), strict=True):
            if 0 <= at_x <= side * factor and 0 <= at_y <= side * factor:
                draw.ellipse((at_x - radius, at_y - radius, at_x + radius, at_y + radius), fill=colour)
    return np.asarray(picture.resize((side, side), Image.Resampling.BOX))


def to_pil(picture: Pixels) -> Image.Image:
    """A PIL image of [h, w, 1] (grey) or [h, w, 3] (RGB)."""
    return Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture)


def enlarge(picture: Pixels, factor: int) -> Pixels:
    """Each pixel becomes a square of `factor` by `factor` pixels."""
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def png(picture: Pixels) -> bytes:
    """[h, w, c] as a PNG file, lossless. Uses fast compression, because these pictures are small and made often."""
    buffer = io.BytesIO()
    to_pil(picture).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


MAX_STILL_SIDE = 800
"""Pixels: a browser holds hundreds of such pictures, and shows them no larger."""


def webp_still(picture: Pixels, quality: int = 90) -> bytes:
    """[h, w, c] as a WebP file. With quality 90 it has half the size of a PNG, and errors of about 2 grey levels of 255 (root mean square).
    What is larger than `MAX_STILL_SIDE` is reduced to it."""
    buffer = io.BytesIO()
    still = to_pil(picture).convert("RGB")
    still.thumbnail((MAX_STILL_SIDE, MAX_STILL_SIDE), Image.Resampling.BOX)
    still.save(buffer, format="WEBP", quality=quality, method=0)
    return buffer.getvalue()


def gif(frames: Pixels, frames_per_second: float) -> bytes:
    """Images [n, h, w, c] as an endlessly looping GIF. GIF counts in hundredths of a second, so at most 50 frames/s."""
    buffer = io.BytesIO()
    first, *rest = [to_pil(frame) for frame in frames]
    duration = max(20, round(1000 / frames_per_second))
    first.save(buffer, format="GIF", save_all=True, append_images=rest, duration=duration, loop=0, disposal=1)
    return buffer.getvalue()


def webp(frames: Pixels, frames_per_second: float) -> bytes:
    """Images [n, h, w, c] as an endlessly looping WebP, lossless: smaller than a GIF and with all grey levels."""
    buffer = io.BytesIO()
    first, *rest = [to_pil(frame).convert("RGB") for frame in frames]
    duration = round(1000 / frames_per_second)
    first.save(buffer, format="WEBP", save_all=True, append_images=rest, duration=duration, loop=0, lossless=True, method=2)
    return buffer.getvalue()


def mp4(frames: Pixels, frames_per_second: int) -> bytes:
    """Images [n, h, w, c] as an MP4 film (H.264, which every player and browser supports). Sides are cropped to even numbers, as the format
    requires."""
    import av  # only needed here, and slow to import

    height, width = (size - size % 2 for size in frames.shape[1:3])
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as film:
        stream = film.add_stream("libx264", rate=frames_per_second, options={"crf": "16"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in frames:
            rgb = np.ascontiguousarray(np.broadcast_to(frame, (*frame.shape[:2], 3))[:height, :width])
            film.mux(stream.encode(av.VideoFrame.from_ndarray(rgb, format="rgb24")))
        film.mux(stream.encode())
    return buffer.getvalue()
