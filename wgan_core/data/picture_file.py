"""A picture that a user hands in, as an image of a run. Whatever its bytes hold, it costs little memory and at worst gives one sentence."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from wgan_core.data.image_folder import central_square, pixels_on

MOST_BYTES = 10_000_000
MOST_SIDE = 4096
"""Of width and of height, px: read from the header, before anything is decoded."""
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
_NAMES = "PNG, JPEG, GIF, WebP or BMP"
_TOO_LARGE = f"This picture is larger than {MOST_SIDE} × {MOST_SIDE} px: make it smaller and try again."
_DAMAGED = "This picture is cut off or damaged: save it anew and try again."


class PictureError(ValueError):
    """A picture that cannot be used. Its text is one sentence that says what to do."""


def read_picture(data: bytes, channels: int, size: int, *, invert: bool = False) -> NDArray[np.uint8]:
    """The picture in `data` (PNG, JPEG, GIF, WebP or BMP; the first frame of a film) as uint8 [channels, size, size].

    Turned upright as its EXIF data say, cropped to its central square and resized with antialiasing, as `image-folder` does it, but what is
    transparent becomes black, the background of drawn digits.

    Args:
        data: at most `MOST_BYTES` of them.
        channels: 1 (grey) or 3 (RGB), as the run has.
        invert: turn a drawing that is black on white or on nothing into white on black.

    Raises:
        PictureError: too large, not a picture, or damaged.
    """
    if len(data) > MOST_BYTES:
        raise PictureError(f"This file is larger than {MOST_BYTES // 10**6} MB: save the picture smaller and try again.")
    # What is transparent ends up black either way.
    pixels = _decode(data, "white" if invert else "black")
    if channels == 1 and pixels.ndim == 3:
        pixels = np.array(Image.fromarray(pixels).convert("L"))
    image = central_square(255 - pixels if invert else pixels, size).numpy()
    return np.repeat(image, channels, axis=0) if len(image) < channels else image


def _decode(data: bytes, background: str) -> NDArray[np.uint8]:
    """uint8 [h, w] of a grey picture, [h, w, 3] of any other."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if max(picture.size) > MOST_SIDE:
                raise PictureError(_TOO_LARGE)
            return pixels_on(ImageOps.exif_transpose(picture), background)
    except UnidentifiedImageError:
        raise PictureError(f"This file is not a picture that can be read: choose a {_NAMES} file.") from None
    # Pillow's own limits, far above ours; its warning is an error where warnings are.
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(_TOO_LARGE) from None
    except PictureError:
        raise
    # Damaged files make Pillow raise nearly anything.
    except Exception as error:
        raise PictureError(_DAMAGED) from error
