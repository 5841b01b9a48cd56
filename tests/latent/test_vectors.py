"""Ways between latents, latents as text, pictures as files."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from wgan_core.figures import images
from wgan_core.latent.vectors import interpolate, latent_from_text, latent_to_text, path_through

RNG = np.random.default_rng(0)
A, B = RNG.standard_normal((2, 100)).astype(np.float32)


def test_linear_is_the_straight_line() -> None:
    np.testing.assert_allclose(interpolate(A, B, np.array([0, 0.25, 1]), "linear"), [A, 0.75 * A + 0.25 * B, B], atol=1e-6)


def test_spherical_turns_at_a_constant_rate_and_keeps_the_length() -> None:
    t = np.linspace(0, 1, 11)
    z = interpolate(A, B, t).astype(np.float64)
    np.testing.assert_allclose(z[[0, -1]], [A, B], atol=1e-5)
    lengths = np.linalg.norm(z, axis=1)
    np.testing.assert_allclose(lengths, np.linspace(np.linalg.norm(A), np.linalg.norm(B), 11), rtol=1e-5)
    unit = z / lengths[:, None]
    turns = np.arccos(np.clip((unit[:-1] * unit[1:]).sum(1), -1, 1))
    np.testing.assert_allclose(turns, turns[0], rtol=1e-4)
    # The straight line cuts the corner.
    assert np.linalg.norm(interpolate(A, B, np.array([0.5]), "linear")) < 0.8 * lengths[5]


@pytest.mark.parametrize("end", [2 * A, -A, np.zeros_like(A)])
def test_where_there_is_no_plane_to_turn_in_the_way_is_straight(end: np.ndarray) -> None:
    np.testing.assert_allclose(interpolate(A, end, np.array([0.25]))[0], 0.75 * A + 0.25 * end, atol=1e-6)


def test_a_path_passes_through_its_keys() -> None:
    keys = list(RNG.standard_normal((4, 16)).astype(np.float32))
    path = path_through(keys, 8)
    assert path.shape == (25, 16) and path.dtype == np.float32
    np.testing.assert_allclose(path[[0, 8, 16, 24]], keys, atol=1e-6)
    with pytest.raises(ValueError, match="at least two"):
        path_through(keys[:1], 8)


def test_a_latent_as_text_gives_back_the_same_bits() -> None:
    assert (latent_from_text(latent_to_text(A), 100) == A).all()
    for text in ("[1, 2]", "nonsense", "[[1]]", "[" + "NaN," * 99 + "1]", "[1" + 400 * "0" + "]", 100_000 * "["):
        with pytest.raises(ValueError, match="list of"):
            latent_from_text(text, 100)


def test_a_grid_shows_images_row_by_row() -> None:
    pixels = np.arange(5, dtype=np.uint8).reshape(5, 1, 1, 1).repeat(2, 1).repeat(3, 2)
    sheet = images.tile(pixels, columns=3, gap=1, background=99)[:, :, 0]
    assert sheet.shape == (5, 11)
    assert [sheet[0, 0], sheet[0, 4], sheet[0, 8], sheet[3, 0], sheet[3, 4], sheet[3, 8]] == [0, 1, 2, 3, 4, 99]
    assert sheet[2].tolist() == [99] * 11


def test_png_and_gif_hold_the_pixels() -> None:
    pixels = RNG.integers(0, 256, (7, 8, 9, 3), dtype=np.uint8)
    assert (np.array(Image.open(io.BytesIO(images.png(pixels[0])))) == pixels[0]).all()
    grey = (np.arange(4, dtype=np.uint8) * 80).reshape(4, 1, 1, 1).repeat(8, 1).repeat(8, 2)
    film = Image.open(io.BytesIO(images.gif(grey, 25)))
    assert (getattr(film, "n_frames", 0), film.info["duration"], film.info["loop"]) == (4, 40, 0)
    film.seek(2)
    assert np.array(film.convert("L"))[0, 0] == 160
    assert images.enlarge(pixels[0], 3).shape == (24, 27, 3)
