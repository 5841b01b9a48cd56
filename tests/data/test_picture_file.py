"""Pictures that users hand in: what becomes of good ones, and one sentence for each kind of bad one."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from wgan_core.data import picture_file
from wgan_core.data.picture_file import FORMATS, PictureError, read_picture

NOISE = np.random.default_rng(0).integers(0, 256, (48, 48, 3), dtype=np.uint8)


def file(picture: Image.Image | np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """A PNG that says how large it is and then has hardly any pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_read(kind: str) -> None:
    smooth = np.asarray(Image.fromarray(NOISE[:3, :3]).resize((48, 48), Image.Resampling.BICUBIC))
    image = read_picture(file(smooth, kind), 3, 16)
    assert image.shape == (3, 16, 16) and image.dtype == np.uint8
    expected = np.asarray(Image.fromarray(smooth).resize((16, 16), Image.Resampling.BOX)).transpose(2, 0, 1)
    # JPEG, WebP and GIF lose a little.
    assert np.abs(image.astype(int) - expected).mean() < (9 if kind in ("JPEG", "GIF", "WEBP") else 2)


@pytest.mark.parametrize("shape", [(30, 48), (48, 30)])
def test_the_central_square_is_resized_as_by_pillow(shape: tuple[int, int]) -> None:
    pixels = NOISE[: shape[0], : shape[1]]
    top, left = (shape[0] - 30) // 2, (shape[1] - 30) // 2
    square = Image.fromarray(pixels[top : top + 30, left : left + 30])
    expected = np.asarray(square.resize((8, 8), Image.Resampling.BILINEAR)).transpose(2, 0, 1)  # with antialiasing
    assert np.abs(read_picture(file(pixels), 3, 8).astype(int) - expected).max() <= 1


def test_a_grey_run_gets_luminance_and_an_rgb_run_three_channels() -> None:
    colours = np.full((8, 8, 3), (200, 100, 50), np.uint8)
    grey = read_picture(file(colours), 1, 8)
    assert grey.shape == (1, 8, 8) and (grey == round(0.299 * 200 + 0.587 * 100 + 0.114 * 50)).all()
    of_grey = read_picture(file(NOISE[:, :, 0]), 3, 48)
    assert (of_grey == NOISE[:, :, 0]).all() and of_grey.shape == (3, 48, 48)
    deep = Image.fromarray(np.full((8, 8), 257 * 90, np.uint16))  # 16 bits
    assert (read_picture(file(deep), 1, 8) == 90).all()
    cmyk = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    assert np.abs(read_picture(file(cmyk, "JPEG"), 3, 8)[:, 0, 0].astype(int) - [255, 0, 0]).max() < 5


def test_what_is_transparent_becomes_black() -> None:
    pixels = np.full((8, 8, 4), 200, np.uint8)
    pixels[:, :4, 3] = 0
    pixels[:, 4:, 3] = 128
    image = read_picture(file(pixels), 1, 8)
    assert (image[0, :, :4] == 0).all() and np.abs(image[0, :, 4:].astype(int) - 200 * 128 / 255).max() <= 1
    palette = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8) % 2, "L").convert("P")
    palette.putpalette([255, 255, 255, 90, 90, 90])
    assert set(np.unique(read_picture(file(palette, transparency=0), 1, 8)).tolist()) == {0, 90}


def test_a_drawing_in_black_is_turned_to_white_on_black() -> None:
    ink = np.zeros((8, 8), bool)
    ink[2:6, 3] = True
    on_white = np.where(ink, 0, 255).astype(np.uint8)
    on_nothing = np.zeros((8, 8, 4), np.uint8)
    on_nothing[ink, 3] = 255
    for drawing in (on_white, on_nothing):
        image = read_picture(file(drawing), 1, 8, invert=True)
        assert (image[0] == np.where(ink, 255, 0)).all()
    assert (read_picture(file(on_white), 1, 8)[0] == on_white).all()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photograph_is_turned_upright(kind: str) -> None:
    pixels = np.zeros((32, 32), np.uint8)
    pixels[:16] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned clockwise by a quarter: the upper half goes to the right
    image = read_picture(file(np.stack([pixels] * 3, 2), kind, exif=exif), 1, 32)[0]
    assert image[:, 18:].min() > 240 and image[:, :14].max() < 15


def test_of_a_film_the_first_frame_is_taken() -> None:
    frames = [Image.new("L", (8, 8), level) for level in (40, 200, 90)]
    for kind in ("GIF", "WEBP", "PNG"):
        image = read_picture(file(frames[0], kind, save_all=True, append_images=frames[1:]), 1, 8)
        assert np.abs(image.astype(int) - 40).max() <= 2


def test_a_file_that_is_too_long_is_not_even_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    longest = file(NOISE).ljust(10_000_000, b"\0")
    assert read_picture(longest, 1, 8).shape == (1, 8, 8)
    monkeypatch.setattr(picture_file.Image, "open", lambda *args, **options: pytest.fail("opened"))
    with pytest.raises(PictureError, match="^This file is larger than 10 MB: save a smaller version of the picture and try again.$"):
        read_picture(longest + b"\0", 1, 8)


@pytest.mark.parametrize("size", [(4097, 1), (1, 4097), (4097, 4097), (12_000, 12_000), (60_000, 60_000)])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_picture_that_is_too_large_is_known_by_its_header(size: tuple[int, int]) -> None:
    # Were its pixels decoded, it would be damaged.
    with pytest.raises(PictureError, match="^This picture is larger than 4096 × 4096 px"):
        read_picture(png_header(*size), 1, 8)


def test_the_largest_picture_is_read() -> None:
    assert (read_picture(file(Image.new("1", (4096, 4096), 1)), 1, 8) == 255).all()
    with pytest.raises(PictureError, match="cut off or damaged"):
        read_picture(png_header(4096, 4096), 1, 8)


@pytest.mark.slow
def test_a_bomb_in_the_text_beside_the_pixels_is_refused() -> None:
    text = PngInfo()
    text.add_text("Comment", "0" * 80_000_000, zip=True)
    bomb = file(NOISE, pnginfo=text)
    assert len(bomb) < 200_000
    with pytest.raises(PictureError, match="cut off or damaged"):
        read_picture(bomb, 1, 8)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("share", [0.5, 0.97])
def test_a_picture_that_is_cut_off_is_refused(kind: str, share: float) -> None:
    data = file(NOISE, kind)
    with pytest.raises(PictureError, match="^This picture is cut off or damaged: save it again and try again.$"):
        read_picture(data[: int(share * len(data))], 1, 8)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x89PNG", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", bytes(5000), file(NOISE, "TIFF"), file(NOISE, "PPM")],
)
def test_what_is_not_a_picture_of_these_kinds_is_refused(data: bytes) -> None:
    with pytest.raises(PictureError, match="^This file is not a picture that can be read: choose a PNG, JPEG, GIF, WebP or BMP file.$"):
        read_picture(data, 1, 8)


def test_damage_anywhere_gives_a_picture_or_a_sentence() -> None:
    rng = np.random.default_rng(1)
    for kind in FORMATS:
        data = np.frombuffer(file(NOISE, kind), np.uint8)
        for reach in (60, len(data)) * 25:
            broken = data.copy()
            broken[rng.integers(0, reach, 3)] = rng.integers(0, 256, 3)
            try:
                assert read_picture(broken.tobytes(), 3, 8).shape == (3, 8, 8)
            except PictureError as error:
                assert str(error).startswith("This ") and "\n" not in str(error)
