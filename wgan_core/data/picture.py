"""One picture file as images of one size: its tones, its pages, its colours and its shape.

`Reading` holds what a run's settings say about this. Everything here works on one file and can run on several threads at once.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps
from torch import Tensor
from torch.nn import functional

from wgan_core.config import TrainConfig
from wgan_core.data.dataset import resize

MAX_PIXELS = 50_000_000
"""Larger pictures are skipped after reading only their header, because a small file can hold gigabytes of pixels."""
MAX_FRAMES = 100_000
GREY_MODES = frozenset(("1", "L", "LA", "La"))
DEEP_MODES = frozenset(("I", "F", "I;16", "I;16B", "I;16L", "I;16N"))
"""Pillow's modes with more than 8 bits per pixel."""
MANY_FRAMES = frozenset(("TIFF", "GIF", "WEBP", "PNG", "AVIF", "FLI", "DCX"))
"""Formats whose further pages or frames are pictures like the first. In others (MPO, ICO, PSD) they are its previews, sizes or layers."""
_NOT_READ = frozenset(("EPS", "WMF", "MPEG", "HDF5", "GRIB", "BUFR", "IPTC"))
"""Pillow recognises these, but needs other programs for them, or they hold no pictures."""
_SMALLER_COPY, _TIFF_KIND = 1, 254
_GREY_TOLERANCE = 2
"""Red, green and blue of a grey picture may differ by so much, because lossy formats round."""
_LUMINANCE = (19595, 38470, 7471)  # of 65536: how Pillow weighs red, green and blue


@dataclass(frozen=True)
class Reading:
    """How pictures become images. `classic` is how runs of earlier versions read them, which had none of these settings."""

    size: int
    fit: str = "crop"
    channels: str = "auto"
    tones: str = "used"
    frames: str = "all"
    classic: bool = False

    @classmethod
    def of(cls, config: TrainConfig) -> Reading:
        """What the settings say."""
        return cls(config.image_size, config.fit, config.channels, config.tones, config.frames)

    @classmethod
    def before(cls, size: int) -> Reading:
        """As in earlier versions: no settings, 16 bits by the whole range, first pages only."""
        return cls(size, tones="format", frames="first", classic=True)


@dataclass(frozen=True)
class Frame:
    """One image, from one picture or from one page of a stack."""

    pixels: Tensor
    """[1 or 3, size, size]: uint8, or for pictures of more than 8 bits float32 in the file's own numbers."""
    is_grey: bool
    cut: float
    """The share of the picture that is cut off, 0 to 1."""
    low: float = 0.0
    high: float = 255.0
    """The lowest and highest number in the whole picture, for those of more than 8 bits."""


@dataclass(frozen=True)
class Header:
    """What the beginning of a file tells."""

    frames: int
    deep: bool
    grey: bool
    width: int
    height: int


def look(source: Path | bytes, reading: Reading) -> Header | None:
    """The header of a picture file; None if it is none that can be read, or too large. Takes a fraction of the time of reading it."""
    try:
        with opened(source) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                return None
            return Header(
                min(_count(picture, reading), MAX_FRAMES),
                picture.mode in DEEP_MODES or _is_deep_colour(picture),
                picture.mode in GREY_MODES or picture.mode in DEEP_MODES,
                *picture.size,
            )
    except Exception:  # as in `read`
        return None


def read(source: Path | bytes, reading: Reading) -> list[Frame]:
    """The images of one file; empty if it cannot be read or is too large. Of a stack that is cut off, the pages before the damage."""
    frames: list[Frame] = []
    try:
        with opened(source) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                return []
            if not reading.classic:
                # A JPEG file can be decoded at a half, a quarter or an eighth of its size, at once and in a fraction of the time.
                picture.draft(None, (2 * reading.size, 2 * reading.size))
            frames.extend(_frame(page, reading) for page in _pages(picture, reading))
    # Damaged files can make Pillow raise almost anything.
    except Exception:
        return frames
    return frames


def opened(source: Path | bytes) -> ImageFile.ImageFile:
    """A picture file whose header has been read. Raises what Pillow raises."""
    place = cast(BinaryIO, io.BytesIO(source)) if isinstance(source, bytes) else source
    return Image.open(place, formats=formats())


@functools.cache
def formats() -> tuple[str, ...]:
    """The formats that Pillow reads here, by itself."""
    Image.init()
    if "HEIF" not in Image.OPEN and importlib.util.find_spec("pillow_heif") is not None:
        importlib.import_module("pillow_heif").register_heif_opener()
    return tuple(name for name in Image.OPEN if name not in _NOT_READ)


def _count(picture: Image.Image, reading: Reading) -> int:
    if reading.frames == "first" or picture.format not in MANY_FRAMES:
        return 1
    try:
        return int(getattr(picture, "n_frames", 1))
    except Exception:  # the file is cut off: as many as there are
        count = 1
        with contextlib.suppress(Exception):
            while count < MAX_FRAMES:
                picture.seek(count)
                count += 1
        picture.seek(0)
        return count


def _pages(picture: Image.Image, reading: Reading) -> Iterator[Image.Image]:
    """The pages or frames to use. Smaller copies of other pages, as in the pyramids of microscopes, are left out."""
    count = min(_count(picture, reading), MAX_FRAMES)
    if count == 1:
        yield picture
        return
    for index in range(count):
        picture.seek(index)
        tags = getattr(picture, "tag_v2", {})
        if index and picture.format == "TIFF" and int(tags.get(_TIFF_KIND, 0)) & _SMALLER_COPY:
            continue
        if picture.width * picture.height <= MAX_PIXELS:
            yield picture


def _frame(picture: Image.Image, reading: Reading) -> Frame:
    colours = None if reading.classic else _deep_colours(picture)
    upright = ImageOps.exif_transpose(picture)
    if colours is None and (upright.mode not in DEEP_MODES or reading.classic):
        pixels = pixels_on(upright, "white", classic=reading.classic)
        image, cut = fitted(_planes(pixels), reading)
        grey = len(image) == 1 or (not reading.classic and bool(_looks_grey(image)))
        return Frame(image, grey, cut)
    numbers = np.asarray(upright, dtype=np.float32) if colours is None else colours
    finite = numbers[np.isfinite(numbers)]
    if not finite.size:
        raise ValueError("no finite number")
    low, high = _range_of_format(upright, reading, float(finite.min()), float(finite.max()), colours is not None)
    # What is not a number (no data, in maps) becomes the darkest tone.
    numbers = np.nan_to_num(numbers, nan=low, posinf=high, neginf=low).astype(np.float32)
    image, cut = fitted(_planes(numbers), reading)
    if reading.tones == "each":
        return Frame(scaled(image, low, high), len(image) == 1, cut)
    return Frame(image, len(image) == 1, cut, low, high)


def _range_of_format(picture: Image.Image, reading: Reading, low: float, high: float, colours: bool) -> tuple[float, float]:
    """The numbers that become black and white as far as one picture decides it: its own lowest and highest, or those of its format."""
    if reading.tones != "format":
        return low, high
    return (0.0, 1.0) if picture.mode == "F" and not colours else (0.0, 65535.0)


def scaled(numbers: Tensor, low: float, high: float) -> Tensor:
    """`numbers` as uint8, so that `low` becomes 0 and `high` 255; all 0 if both are the same."""
    factor = 255.0 / (high - low) if high > low else 0.0
    return ((numbers.double() - low) * factor).round().clamp(0, 255).to(torch.uint8)


def _planes(pixels: NDArray[np.generic]) -> Tensor:
    """[h, w] or [h, w, 3] as a tensor [1 or 3, h, w]."""
    tensor = torch.from_numpy(pixels)
    return tensor[None] if tensor.ndim == 2 else tensor.permute(2, 0, 1)


def fitted(picture: Tensor, reading: Reading) -> tuple[Tensor, float]:
    """A picture [c, h, w], uint8 or float32, as [c, size, size] with antialiasing, and the share of it that is cut off.

    crop: its central square. squash: all of it, stretched. pad: all of it, with black (the lowest number) beside it.
    """
    height, width = picture.shape[1:]
    side = min(height, width)
    if reading.fit == "crop":
        top, left = (height - side) // 2, (width - side) // 2
        return _resized(picture[:, top : top + side, left : left + side], reading.size), 1 - side / max(height, width)
    if reading.fit == "squash":
        return _resized(picture, reading.size), 0.0
    longer = max(height, width)
    inner = max(1, round(reading.size * height / longer)), max(1, round(reading.size * width / longer))
    image = torch.full((len(picture), reading.size, reading.size), 0, dtype=picture.dtype)
    if picture.dtype != torch.uint8:
        image.fill_(float(picture.min()))
    top, left = (reading.size - inner[0]) // 2, (reading.size - inner[1]) // 2
    image[:, top : top + inner[0], left : left + inner[1]] = _interpolated(picture, inner)
    return image, 0.0


def _resized(picture: Tensor, size: int) -> Tensor:
    return resize(picture[None], size)[0] if picture.dtype == torch.uint8 else _interpolated(picture, (size, size))


def _interpolated(picture: Tensor, size: tuple[int, int]) -> Tensor:
    return functional.interpolate(picture[None], size, mode="bilinear", antialias=True)[0]


def _looks_grey(image: Tensor) -> bool:
    spread = image.amax(0).int() - image.amin(0).int()
    return int(spread.max()) <= _GREY_TOLERANCE


def to_grey(images: Tensor) -> Tensor:
    """uint8 [..., 3, h, w] as [..., 1, h, w], weighted as Pillow does it."""
    weights = torch.tensor(_LUMINANCE, dtype=torch.int32).view(3, 1, 1)
    return (((images.int() * weights).sum(-3, keepdim=True) + 32768) >> 16).to(torch.uint8)


def central_square(pixels: NDArray[np.uint8], size: int) -> Tensor:
    """The middle of a picture [h, w] or [h, w, 3] as uint8 [1 or 3, size, size], with antialiasing."""
    return fitted(_planes(pixels), Reading(size))[0]


def pixels_on(picture: Image.Image, background: str, *, classic: bool = False) -> NDArray[np.uint8]:
    """uint8 [h, w] of a grey picture, [h, w, 3] of any other. Transparent parts show `background`.

    Of a picture with more than 8 bits, the range of its format is used.
    """
    if picture.mode.startswith("I"):  # 16 bits: Pillow's own conversion would cut off all values above 255
        return (np.asarray(picture).astype(np.float64) / 257).round().clip(0, 255).astype(np.uint8)
    if picture.mode == "F" and not classic:
        return (np.nan_to_num(np.asarray(picture)).astype(np.float64) * 255).round().clip(0, 255).astype(np.uint8)
    grey = picture.mode in GREY_MODES or picture.mode == "F"
    if picture.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in picture.info:
        rgba = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", rgba.size, background), rgba)
    return np.array(picture.convert("L" if grey else "RGB"))


# 16 bits for each of red, green and blue. Pillow keeps the upper 8 of them.


def _raw_mode(picture: Image.Image) -> str:
    tiles = getattr(picture, "tile", ())
    arguments = tiles[0][3] if len(tiles) >= 1 else ""
    return str(arguments[0] if isinstance(arguments, tuple) and arguments else arguments)


def _is_deep_colour(picture: Image.Image) -> bool:
    return (
        isinstance(picture, ImageFile.ImageFile)
        and picture.mode == "RGB"
        and picture.format in ("PNG", "TIFF")
        and _raw_mode(picture).startswith("RGB;16")
    )


def _deep_colours(picture: Image.Image) -> NDArray[np.float32] | None:
    """All 16 bits of each colour, float32 [h, w, 3]; None for other pictures.

    Pillow's decoders keep the first or the second byte of each number, depending on the order of bytes that they are told. So the picture
    is decoded twice, with either order.
    """
    if (
        not isinstance(picture, ImageFile.ImageFile)
        or not _is_deep_colour(picture)
        or getattr(picture, "n_frames", 1) > 1
        or picture.fp is None
    ):
        return None
    mode = _raw_mode(picture)
    other = "RGB;16L" if mode != "RGB;16L" else "RGB;16B"
    place = picture.fp.tell()
    picture.fp.seek(0)
    data = picture.fp.read()
    picture.fp.seek(place)
    with opened(data) as again:
        again.tile = [tile._replace(args=_with_mode(tile.args, other)) for tile in again.tile]
        lower = np.array(again, dtype=np.float32)
        upper = np.array(picture, dtype=np.float32)
    return 256 * upper + lower


def _with_mode(arguments: object, mode: str) -> object:
    return (mode, *arguments[1:]) if isinstance(arguments, tuple) else mode
