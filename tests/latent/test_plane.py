"""The plane of latents, and what names a latent on it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from wgan_core.latent.directions import Direction
from wgan_core.latent.place import Place, from_browser, from_params
from wgan_core.latent.plane import LIMIT, corner, plane_latent

ORIGIN = np.random.default_rng(3).standard_normal(100).astype(np.float32)


def murmur(h: int) -> int:
    """The finaliser of MurmurHash3 in plain whole numbers."""
    h ^= h >> 16
    h = h * 0x85EBCA6B % 2**32
    h ^= h >> 13
    h = h * 0xC2B2AE35 % 2**32
    return h ^ h >> 16


def test_corners_by_plain_whole_numbers() -> None:
    seed = 0
    for value in (7, -3 % 2**32, 12):
        seed = murmur(((seed ^ value) + 0x9E3779B9) % 2**32)
    u = [(murmur(murmur((k + seed) % 2**32) ^ seed) + 0.5) / 2**32 for k in range(4)]
    expected = []
    for first, second in ((u[0], u[1]), (u[2], u[3])):
        expected += [np.sqrt(-2 * np.log(first)) * f(2 * np.pi * second) for f in (np.cos, np.sin)]
    assert corner(ORIGIN, 7, -3, 12)[:4] == pytest.approx(expected, rel=1e-12)
    assert corner(ORIGIN[:3], 7, -3, 12) == pytest.approx(expected[:3], rel=1e-12)


def test_whole_numbers_are_the_corners_and_the_middle_is_the_origin() -> None:
    assert np.array_equal(plane_latent(ORIGIN, 7, 0, 0), ORIGIN)
    assert plane_latent(ORIGIN, 7, 5, -2) == pytest.approx(corner(ORIGIN, 7, 5, -2), abs=1e-6)


def test_in_between_is_a_blend_as_long_as_a_latent_is() -> None:
    four = [corner(ORIGIN, 7, i, j) for i, j in ((4, -3), (4, -2), (5, -3), (5, -2))]
    weights = np.array([0.75 * 0.4, 0.75 * 0.6, 0.25 * 0.4, 0.25 * 0.6])
    expected = np.asarray(sum(w * z for w, z in zip(weights, four, strict=True))) / np.sqrt((weights**2).sum())
    assert plane_latent(ORIGIN, 7, 4.25, -2.4) == pytest.approx(expected, abs=1e-6)
    lengths = [np.linalg.norm(plane_latent(ORIGIN, 7, i + 0.5, i - 0.5)) for i in range(200)]
    assert np.mean(lengths) == pytest.approx(10, abs=0.2)  # √100; a plain blend would have 5


def test_all_corners_are_normal_and_strangers_to_each_other() -> None:
    z = np.array([corner(ORIGIN, 7, i, j) for i in range(-15, 15) for j in range(-15, 15) if i or j])
    assert stats.kstest(z.ravel(), "norm").pvalue > 0.001
    alike = np.asarray(np.corrcoef(z))[np.triu_indices(len(z), 1)]
    assert np.abs(alike).max() < 0.6 and alike.std() == pytest.approx(0.1, abs=0.005)  # 1/√100
    # No alias: StyleGAN's x + 100 y names (100, 0) and (0, 1) alike.
    assert not np.allclose(corner(ORIGIN, 7, 100, 0), corner(ORIGIN, 7, 0, 1))
    assert not np.allclose(corner(ORIGIN, 7, 1, 2), corner(ORIGIN, 7, 2, 1))
    assert not np.allclose(corner(ORIGIN, 7, 1, 2), corner(ORIGIN, 8, 1, 2))


def test_it_is_continuous_and_ends_far_away() -> None:
    for x, y in ((2.0, 0.5), (0.0, 0.0), (-1.0, 3.0)):
        assert np.abs(plane_latent(ORIGIN, 7, x - 1e-6, y) - plane_latent(ORIGIN, 7, x + 1e-6, y)).max() < 1e-4
    assert np.array_equal(plane_latent(ORIGIN, 7, 1e300, 0), plane_latent(ORIGIN, 7, LIMIT, 0))


SMILE = Direction("smile", np.eye(100, dtype=np.float32)[5], 2.0)


def test_a_place_is_plane_then_dimensions_then_directions_then_truncation() -> None:
    place = Place(1.5, -0.25, {3: 2.0, 500: 1.0}, {"smile": 1.5, "gone": 3.0}, 0.5)
    z = place.latent(ORIGIN, 7, {"smile": SMILE})
    expected = plane_latent(ORIGIN, 7, 1.5, -0.25)
    expected[3] = 2.0
    expected[5] += 1.5 * 2.0
    assert z == pytest.approx(0.5 * expected, abs=1e-6) and z.dtype == np.float32
    assert np.array_equal(Place().latent(ORIGIN, 7), ORIGIN)


def test_a_place_survives_its_link() -> None:
    place = Place(-12.3456, 0.5, {0: -1.25, 99: 4.0}, {"smile": 1.5, "round:er": -2.0}, 0.7)
    params = place.to_params()
    assert params == {"xy": "-12.3456,0.5", "z": "1:-1.25,100:4", "d": "smile:1.5,round:er:-2", "psi": "0.7"}
    assert from_params(params, 100) == (place, [])
    assert Place().to_params() == {} and from_params({"seed": "5"}, 100) == (Place(), [])


def test_links_of_earlier_versions_called_the_place_at() -> None:
    assert from_params({"at": "0.5,-1"}, 100) == (Place(0.5, -1.0), [])
    assert from_params({"at": "12800"}, 100) == (Place(), [])  # now it is a step


@pytest.mark.parametrize(
    "params", [{"xy": "1"}, {"xy": "nan,1"}, {"z": "101:1"}, {"z": "0:1"}, {"z": "a"}, {"d": "smile"}, {"psi": "much"}]
)
def test_links_to_no_latent_are_explained(params: dict[str, str]) -> None:
    place, problems = from_params({"psi": "0.5", **params}, 100)
    (name,) = params
    assert len(problems) == 1 and f"{name}=" in problems[0]
    assert place.truncation == (1.0 if name == "psi" else 0.5)  # the rest is used


def sent(**changes: object) -> dict[str, object]:
    return {"x": 1.0, "y": 2, "dimensions": {"3": 0.5}, "directions": {"smile": 1}, "truncation": 0.9} | changes


def test_what_the_browser_sends_is_checked() -> None:
    assert from_browser(sent(), 100) == Place(1.0, 2.0, {3: 0.5}, {"smile": 1.0}, 0.9)
    assert from_browser(sent(x=1e99, dimensions={"3": 50}, truncation=7), 100) == Place(LIMIT, 2.0, {3: 4.0}, {"smile": 1.0}, 1.0)
    for bad in (
        None,
        [],
        {},
        sent(x="far"),
        sent(y=float("nan")),
        sent(dimensions={"100": 1}),
        sent(dimensions={"-1": 1}),
        sent(directions=3),
    ):
        with pytest.raises(ValueError):
            from_browser(bad, 100)
