"""Inside the networks, against plain matrix products and finite differences; ways and films."""

from __future__ import annotations

import io

import av
import numpy as np
import pytest
import torch
from PIL import Image

from tests.figures_drawn import layout, traces
from tests.networks import linear_layer, networks
from wgan_core.figures import images
from wgan_core.figures.training import path_figure
from wgan_core.latent.inside import layer_views, score_by_pixel
from wgan_core.latent.path_report import path_report
from wgan_core.latent.vectors import interpolate, neighbours, path_through, plane_through

Z = np.random.default_rng(2).standard_normal(7).astype(np.float32)


def test_layers_of_an_mlp_are_its_units_row_by_row() -> None:
    saved = networks()
    views = layer_views(saved, Z)
    assert [view.name for view in views] == ["layer 1: 12 units", "layer 2: 20 units"]
    first = linear_layer(saved.generator, 0)
    hidden = first.weight.detach().numpy() @ Z + first.bias.detach().numpy()
    flat = views[0].maps.ravel()
    assert flat[:12] == pytest.approx(np.where(hidden > 0, hidden, 0.2 * hidden), abs=1e-5) and np.isnan(flat[12:]).all()
    assert views[0].silent == pytest.approx((hidden < 0).mean())


def test_layers_of_a_dcgan_are_its_feature_maps() -> None:
    views = layer_views(networks((1, 28, 28), architecture="dcgan", image_size=28), Z)
    assert [view.maps.shape for view in views] == [(16, 4, 4), (8, 7, 7), (4, 14, 14)]
    assert views[0].name == "layer 1: 16 maps of 4 × 4"
    assert (views[0].maps >= 0).all() and 0 < views[0].silent < 1


def test_layers_of_a_resnet_are_its_blocks_and_what_makes_the_image() -> None:
    views = layer_views(networks((3, 32, 32), architecture="resnet", image_size=32), Z)
    assert [view.maps.shape for view in views] == [(4, 8, 8), (4, 16, 16), (4, 32, 32), (4, 32, 32)]
    assert [view.name for view in views][::3] == ["block 1: 4 maps of 8 × 8", "layer 4: 4 maps of 32 × 32"]
    assert (views[0].maps < 0).any() and (views[3].maps >= 0).all() and all(0 < view.silent < 1 for view in views)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 8, 8)])
def test_what_a_pixel_adds_to_the_score_by_finite_differences(shape: tuple[int, int, int]) -> None:
    saved = networks(shape)
    image = torch.from_numpy(saved.samples(Z[None])).double()
    critic = saved.critic.double()
    expected = np.zeros(shape)
    h = 1e-6
    with torch.no_grad():
        for index in np.ndindex(shape):
            step = torch.zeros_like(image)
            step[(0, *index)] = h
            expected[index] = float((critic(image + step) - critic(image - step)) / (2 * h)) * float(image[(0, *index)])
    saved.critic.float()
    found = score_by_pixel(saved, Z)
    assert found.shape == (8, 8) and found == pytest.approx(expected.sum(0), abs=1e-5)


def test_norm_kept_is_the_straight_line_at_full_length() -> None:
    a, b = np.random.default_rng(0).standard_normal((2, 50)).astype(np.float32)
    b *= 2
    t = np.linspace(0, 1, 9)
    z, straight = interpolate(a, b, t, "norm-kept"), interpolate(a, b, t, "linear")
    lengths = np.linalg.norm(z, axis=1)
    assert lengths == pytest.approx((1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b), rel=1e-5)
    cosine = (z * straight).sum(1) / lengths / np.linalg.norm(straight, axis=1)
    assert cosine == pytest.approx(1, abs=1e-5)
    assert interpolate(a, -a, np.array([0.5]), "norm-kept") == pytest.approx(0, abs=1e-6)


def test_a_loop_comes_back_without_repeating_its_first_frame() -> None:
    keys = list(np.random.default_rng(0).standard_normal((3, 5)).astype(np.float32))
    loop = path_through(keys, 4, loop=True)
    assert len(loop) == 12 and np.allclose(loop[[0, 4, 8]], keys)
    assert np.allclose(loop[8:], path_through([keys[2], keys[0]], 4)[:-1])


def test_a_report_of_the_way() -> None:
    saved = networks()
    latents = path_through([Z, -Z[::-1].copy(), 2 * Z], 5)
    report = path_report(saved, latents)
    pixels = saved.samples(latents).reshape(len(latents), -1)
    assert np.isnan(report.change[0]) and report.change[1:] == pytest.approx(np.linalg.norm(np.diff(pixels, axis=0), axis=1), rel=1e-5)
    assert report.scores == pytest.approx(saved.scores(latents))
    assert path_report(saved, latents, loop=True).change[0] == pytest.approx(np.linalg.norm(pixels[0] - pixels[-1]), rel=1e-5)
    figure = path_figure(report.scores, report.change, 5)
    assert [shape.x0 for shape in layout(figure).shapes] == [0, 5, 10]
    assert list(traces(figure)[0].y) == report.scores.tolist() and traces(figure)[1].yaxis == "y2"


FRAMES = np.random.default_rng(0).integers(0, 256, (9, 8, 10, 1), dtype=np.uint8).repeat(8, 1).repeat(8, 2)


def test_webp_keeps_every_level() -> None:
    with Image.open(io.BytesIO(images.webp(FRAMES, 20))) as film:
        assert getattr(film, "n_frames", 0) == 9 and film.info.get("loop") == 0
        film.seek(4)
        assert np.array_equal(np.asarray(film.convert("L")), FRAMES[4, :, :, 0])


@pytest.mark.parametrize("frames", [FRAMES, FRAMES.repeat(3, 3), FRAMES[:, :-1, :-3]])
def test_mp4_plays_the_frames(frames: np.ndarray) -> None:
    with av.open(io.BytesIO(images.mp4(frames, 30)), "r") as film:
        (stream,) = film.streams.video
        assert stream.average_rate == 30 and stream.codec_context.name == "h264"
        decoded = [frame.to_ndarray(format="rgb24") for frame in film.decode(stream)]
    assert len(decoded) == 9
    height, width = decoded[4].shape[:2]
    assert height == frames.shape[1] // 2 * 2 and width == frames.shape[2] // 2 * 2
    assert np.abs(decoded[4].astype(int) - frames[4, :height, :width].astype(int)).mean() < 6


def test_neighbours_are_as_typical_as_the_latent_itself() -> None:
    z = np.random.default_rng(0).standard_normal(400).astype(np.float32)
    found = neighbours(z, (0.1, 1.0), 200).reshape(2, 200, 400)
    for radius, around in zip((0.1, 1.0), found, strict=True):
        assert np.linalg.norm(around, axis=1).mean() == pytest.approx(20, abs=0.5)  # √400
        assert around.mean(0) == pytest.approx(z / np.sqrt(1 + radius**2), abs=5 * radius / np.sqrt(200))
    assert np.array_equal(neighbours(z, (0.1,), 3), neighbours(z, (0.1,), 3))


def test_the_plane_through_three_latents_holds_them() -> None:
    a, b, c = np.random.default_rng(0).standard_normal((3, 30)).astype(np.float32)
    plane = plane_through(a, b, c, 5, margin=0.5).reshape(5, 5, 30)  # shares −0.5, 0, 0.5, 1, 1.5
    assert (
        plane[1, 1] == pytest.approx(a, abs=1e-5)
        and plane[3, 1] == pytest.approx(b, abs=1e-5)
        and plane[1, 3] == pytest.approx(c, abs=1e-5)
    )
    middle = a + b  # half-way, made as long as both are on average
    wanted = middle / np.linalg.norm(middle) * (np.linalg.norm(a) + np.linalg.norm(b)) / 2
    assert plane[2, 1] == pytest.approx(wanted, abs=1e-5)
    rank = np.linalg.matrix_rank(plane.reshape(-1, 30), tol=1e-3)
    assert rank == 3  # a plane that does not pass through 0
