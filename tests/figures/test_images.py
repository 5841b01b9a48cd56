"""Pictures: where each image lands, and that no value is changed on the way."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from wgan_core.figures.images import enlarge, gif, png, tile, to_pil


def flat(value: int, height: int = 2, width: int = 3, channels: int = 1) -> np.ndarray:
    return np.full((height, width, channels), value, dtype=np.uint8)


def test_a_grid_is_as_square_as_it_goes_with_gaps_between_and_none_around() -> None:
    sheet = tile(np.stack([flat(value) for value in range(1, 6)]))
    expected = np.full((2 * 2 + 1, 3 * 3 + 2), 128)
    for index, value in enumerate((1, 2, 3, 4, 5)):
        row, place = divmod(index, 3)
        expected[3 * row : 3 * row + 2, 4 * place : 4 * place + 3] = value
    np.testing.assert_array_equal(sheet[:, :, 0], expected)


def test_columns_gap_and_background_are_the_callers() -> None:
    sheet = tile(np.stack([flat(value, channels=3) for value in (1, 2)]), columns=1, gap=2, background=9)
    assert sheet.shape == (6, 3, 3)
    assert sheet[:, 0, 0].tolist() == [1, 1, 9, 9, 2, 2]
    assert tile(np.stack([flat(7)])).tolist() == flat(7).tolist()


def test_enlarged_pixels_are_squares() -> None:
    picture = np.array([[[1], [2]], [[3], [4]]], dtype=np.uint8)
    assert enlarge(picture, 2)[:, :, 0].tolist() == [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_a_png_holds_every_value_exactly(channels: int, mode: str) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (16, 16, channels), dtype=np.uint8)
    picture[..., 0] = np.arange(256, dtype=np.uint8).reshape(16, 16)
    image = Image.open(io.BytesIO(png(picture)))
    assert (image.format, image.mode, image.size) == ("PNG", mode, (16, 16))
    np.testing.assert_array_equal(np.asarray(image).reshape(picture.shape), picture)
    assert to_pil(picture).mode == mode


@pytest.mark.parametrize(("asked", "milliseconds"), [(10, 100), (50, 20), (1000, 20), (0.5, 2000)])
def test_a_film_runs_for_ever_at_the_speed_asked_for(asked: float, milliseconds: int) -> None:
    frames = np.stack([flat(value) for value in (0, 100, 200)])
    film = Image.open(io.BytesIO(gif(frames, asked)))
    assert film.info["loop"] == 0
    shown = []
    for index in range(len(frames)):
        film.seek(index)
        shown.append((film.info["duration"], int(np.asarray(film.convert("L"))[0, 0])))
    with pytest.raises(EOFError):
        film.seek(len(frames))
    assert shown == [(milliseconds, 0), (milliseconds, 100), (milliseconds, 200)]
