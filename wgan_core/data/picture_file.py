"""A picture provided by a user, as an image of a run. Whatever the bytes are, reading them uses little memory, and problems give one clear
sentence."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from wgan_core.data.picture import central_square, pixels_on

MAX_BYTES = 10_000_000
MAX_SIDE = 4096
"""Largest width and height in px, read from the header before anything is decoded."""
FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP")
_NAMES = "PNG, JPEG, GIF, WebP or BMP"
_TOO_LARGE = f"This picture is larger than {MAX_SIDE} × {MAX_SIDE} px: make it smaller and try again."
_DAMAGED = "This picture is cut off or damaged: save it again and try again."


class PictureError(ValueError):
    """A picture that cannot be used. The message is one sentence that says what to do."""


def read_picture(data: bytes, channels: int, size: int, *, invert: bool = False) -> NDArray[np.uint8]:
    """The picture in `data` (PNG, JPEG, GIF, WebP or BMP; the first frame of an animation) as uint8 [channels, size, size].

    It is turned upright according to its EXIF data, cropped to its central square and resized with antialiasing, as `image-folder` does.
    But transparent parts become black, the background of drawn digits.

    Args:
        data: at most `MAX_BYTES` bytes.
        channels: 1 (grey) or 3 (RGB), as in the run.
        invert: turn a drawing that is black on white, or black on transparent, into white on black.

    Raises:
        PictureError: the picture is too large or damaged, or the file is not a picture.
    """
    if len(data) > MAX_BYTES:
        raise PictureError(f"This file is larger than {MAX_BYTES // 10**6} MB: save a smaller version of the picture and try again.")
    # Transparent parts end up black either way.
    pixels = _decode(data, "white" if invert else "black")
    if channels == 1 and pixels.ndim == 3:
        pixels = np.array(Image.fromarray(pixels).convert("L"))
    image = central_square(255 - pixels if invert else pixels, size).numpy()
    return np.repeat(image, channels, axis=0) if len(image) < channels else image


def _decode(data: bytes, background: str) -> NDArray[np.uint8]:
    """uint8 [h, w] of a grey picture, [h, w, 3] of any other."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if max(picture.size) > MAX_SIDE:
                raise PictureError(_TOO_LARGE)
            return pixels_on(ImageOps.exif_transpose(picture), background)
    except UnidentifiedImageError:
        raise PictureError(f"This file is not a picture that can be read: choose a {_NAMES} file.") from None
    # Pillow's own limits are far above ours. Its warning becomes an error where warnings are errors.
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PictureError(_TOO_LARGE) from None
    except PictureError:
        raise
    # Damaged files can make Pillow raise almost anything.
    except Exception as error:
        raise PictureError(_DAMAGED) from error
