"""What the JavaScript has to compute, as NumPy and the project's own Python compute it.

`python -m tests.js.python_numbers` writes it anew.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage, optimize

from pages.components.payload import pack
from tests.counting import drawing_to_text
from wgan_core.data.dataset import to_uint8
from wgan_core.data.toy import FILE_LIMIT
from wgan_core.latent.place import REACH, Place
from wgan_core.latent.plane import corner, plane_latent

FILE = Path(__file__).with_name("numbers.json")
Floats = NDArray[np.float64]
RNG = np.random.default_rng


def numbers() -> dict[str, Any]:
    """All of it, as JSON has it."""
    parts = [halves, levels, latent_plane, places, slider, landscape, contours, colours, drawings, message]
    return json.loads(json.dumps({part.__name__: part() for part in parts}))


def halves() -> dict[str, Any]:
    """16-bit floats: some of them, and a hash of all 65,536 as float32, with every NaN as 0."""
    values = np.arange(65536, dtype=np.uint16).view(np.float16).astype("<f4")
    some = [0, 1, 1023, 1024, 1025, 0x3C00, 0x3555, 0x7BFF, 0x8001, 0xBC00, 0xFBFF]
    return {
        "bits": some,
        "values": values[some].tolist(),
        "nans": int(np.isnan(values).sum()),
        "sha256": hashlib.sha256(np.nan_to_num(values, posinf=np.inf, neginf=-np.inf).tobytes()).hexdigest(),
    }


def levels() -> dict[str, Any]:
    """Pixels as levels: around each of the 256, beyond both ends, and the one tie that float32 holds."""
    values = np.concatenate([(np.arange(-2, 258)[:, None] + (-0.49, 0.0, 0.49)).ravel() / 127.5 - 1, [0.0, -3.0, 3.0]]).astype(np.float32)
    return {"values": values.tolist(), "levels": to_uint8(torch.from_numpy(values)).tolist()}


def latent_plane() -> dict[str, Any]:
    """Corners and places in between, of an odd and an even number of dimensions."""
    cases = []
    for dimensions, name in ((5, 7), (8, 0xFFFFFFFF)):
        origin = RNG(dimensions).standard_normal(dimensions).astype(np.float32)
        spots = [(0, 0), (1, 0), (-3, 12), (0.25, 0.75), (-0.5, 0.001), (1234.5, -987.25), (2e6, -0.125)]
        cases.append(
            {
                "origin": origin.tolist(),
                "name": name,
                "corners": [[i, j, corner(origin, name, i, j).tolist()] for i, j in ((0, 0), (0, 1), (-3, 12), (999_999, -1_000_000))],
                "spots": [[x, y, plane_latent(origin, name, x, y).tolist()] for x, y in spots],
            }
        )
    return {"cases": cases}


class Way:
    """A direction; see `wgan_core`'s DirectionLike."""

    note = unit = ""

    def __init__(self, name: str, sd: float, vector: NDArray[np.float32]) -> None:
        self.name, self.sd, self.vector = name, sd, vector


def places() -> dict[str, Any]:
    """Latents of places with everything set."""
    origin = RNG(1).standard_normal(6).astype(np.float32)
    vectors = [RNG(seed).standard_normal(6).astype(np.float32) for seed in (0, 1)]
    known = [Way("constructor", 2.0, vectors[0]), Way("b", 0.5, vectors[1])]
    given = [
        {"x": 0.3, "y": -1.75, "dimensions": {}, "directions": {}, "truncation": 1.0},
        {"x": 0.3, "y": -1.75, "dimensions": {"1": 3.5, "5": -0.25, "6": 9.0}, "directions": {}, "truncation": 1.0},
        {"x": 0.0, "y": 0.0, "dimensions": {"0": 0.0}, "directions": {"constructor": 1.5, "b": -2.0, "gone": 4.0}, "truncation": 0.7},
        {"x": 5.5, "y": 0.0, "dimensions": {}, "directions": {"b": 4.0}, "truncation": 0.0},
    ]
    found = []
    for each in given:
        dimensions = {int(key): value for key, value in each["dimensions"].items()}
        place = Place(each["x"], each["y"], dimensions, each["directions"], each["truncation"])
        before, latent = place.before(origin, 11), place.latent(origin, 11, {way.name: way for way in known})
        found.append({"place": each, "before": before.tolist(), "latent": latent.tolist()})
    ways = [{"name": way.name, "sd": way.sd, "vector": way.vector.tolist()} for way in known]
    return {"origin": origin.tolist(), "plane": 11, "directions": ways, "cases": found}


def slider() -> dict[str, Any]:
    """A slider that is fine near 0: value and place both ways, the place by a root finder."""

    def value(place: float) -> float:
        p = 2 * place - 1
        return REACH * (0.4 * p + 0.6 * p**3)

    along = np.linspace(0, 1, 21).tolist()
    values = [-4.0, -3.0, -1.0, -0.01, 0.0, 0.5, 2.0, 3.999, 4.0]

    def place_of(wanted: float) -> float:
        found: Any = optimize.brentq(lambda place: value(place) - wanted, 0, 1, xtol=1e-13)
        return float(found)

    return {
        "reach": REACH,
        "along": along,
        "values": [value(place) for place in along],
        "wanted": values,
        "places": [place_of(wanted) for wanted in values],
    }


def landscape() -> dict[str, Any]:
    """A landscape of random scores, interpolated by SciPy, with the colour and the line's strength of each pixel."""
    grid, size, middle, extent = 5, 23, 0.4, 6.0
    values = RNG(4).standard_normal((grid, grid)).astype(np.float32)
    along = np.linspace(0, grid - 1, size)
    row, column = np.meshgrid(along[::-1], along, indexing="ij")  # the first row of pixels is the highest
    scores = (ndimage.map_coordinates(values.astype(np.float64), [row, column], order=1, mode="nearest") - middle) * 6 / extent
    spots = RNG(5).uniform(0, 1, (8, 2))
    return {
        **{"grid": grid, "size": size, "middle": middle, "extent": extent},
        "values": values.ravel().tolist(),
        "scores": scores.ravel().tolist(),
        "colours": np.clip(np.floor(127.5 + scores / 6 * 127.5 + 0.5), 0, 255).astype(int).ravel().tolist(),
        "lines": _lines(scores).ravel().tolist(),
        "spots": [[u, v, *_score_and_slope(values, u, v, side=3.0)] for u, v in spots.tolist()],
    }


def _lines(scores: Floats) -> Floats:
    """One less the distance to the nearest whole number in pixels, by the slopes to the pixel on the left and to the one above."""
    beside = np.abs(scores - np.concatenate([scores[:, 1:2], scores[:, :-1]], axis=1))
    above = np.abs(scores - np.concatenate([scores[:1], scores[:-1]], axis=0))
    return np.maximum(0, 1 - np.abs(scores - np.rint(scores)) / (beside + above))


def _score_and_slope(values: NDArray[np.float32], u: float, v: float, side: float) -> tuple[float, float]:
    """By SciPy, and by differences so small that they stay within a cell."""
    last, step = len(values) - 1, 1e-6

    def score(u: float, v: float) -> float:
        return float(ndimage.map_coordinates(values.astype(np.float64), [[v * last], [u * last]], order=1, mode="nearest")[0])

    gradient = [(score(u + step, v) - score(u - step, v)) / 2 / step, (score(u, v + step) - score(u, v - step)) / 2 / step]
    return score(u, v), math.hypot(*gradient) / side


def contours() -> dict[str, Any]:
    """A landscape that rises from left to right, and where it reaches each line, in pixels."""
    rising = np.array([-1.0, -0.7, 0.1, 0.3, 1.0], np.float32)
    grid, size, extent = len(rising), 101, 1.0
    heights = np.arange(-5, 6) / 6 * extent
    crossings = np.interp(heights, rising.astype(np.float64), np.linspace(0, size - 1, grid))
    return {"grid": grid, "size": size, "extent": extent, "values": np.tile(rising, grid).tolist(), "crossings": crossings.tolist()}


def colours() -> dict[str, Any]:
    """Pixels of the landscape's scale, without and with lines, from red to the highest byte: red, green, blue, opacity."""
    theme = {"text": [20, 30, 40], "background": [250, 251, 252], "real": [59, 130, 214], "generated": [224, 122, 31]}
    text, background, real, generated = (np.array(theme[name], np.float64) for name in ("text", "background", "real", "generated"))
    index = np.arange(256)[:, None]
    ramp = background + (np.where(index < 127.5, generated, real) - background) * 0.75 * np.abs(index - 127.5) / 127.5
    strengths = np.array([1, 2, 3, 4])[:, None, None] / 4
    lines = (ramp + (text - ramp) * 0.35 * strengths).reshape(-1, 3)
    plain = np.repeat(background + (text - background) * 0.5 * strengths, 256, axis=1).reshape(-1, 3)
    return {"theme": theme, **{name: _pixels(each) for name, each in (("ramp", ramp), ("lines", lines), ("plainLines", plain))}}


def _pixels(colours: Floats) -> str:
    """A hash of the pixels as bytes."""
    rounded = np.floor(colours + 0.5).astype(np.uint8)
    return hashlib.sha256(np.concatenate([rounded, np.full((len(rounded), 1), 255, np.uint8)], axis=1).tobytes()).hexdigest()


def drawings() -> dict[str, Any]:
    """Drawings as text for links; their bytes need all letters of the alphabet."""
    found = []
    for count in (1, 2, 3, 64):
        points = RNG(count).integers(0, 256, (count, 2), dtype=np.uint8)
        text = drawing_to_text(((points / 255 * 2 - 1) * FILE_LIMIT).astype(np.float32))
        found.append({"points": points.tolist(), "text": text})
    return {"cases": found}


def message() -> dict[str, Any]:
    """A message as `pack` makes it."""
    header, body = {"words": "σ – “ä” 🙂", "none": None, "numbers": [1, 2.5, -3]}, bytes(range(256))
    return {"header": header, "packed": base64.b64encode(pack(header, body)).decode()}


def write(path: Path = FILE) -> None:
    """One line for each part, so that a change of one is seen as such."""
    lines = [f"{json.dumps(name)}: {json.dumps(part, ensure_ascii=False)}" for name, part in numbers().items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    write()
