"""The user's way of naming a latent: a point on the plane, dimensions set to values, movements along directions, and truncation."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from wgan_core.latent.plane import LIMIT, plane_latent
from wgan_core.latent.vectors import Latents

REACH = 4.0
"""The largest value of a dimension, and the largest movement along a direction, in standard deviations."""


class DirectionLike(Protocol):
    """A direction of the latent space."""

    @property
    def name(self) -> str: ...
    @property
    def vector(self) -> NDArray[np.float32]: ...
    @property
    def sd(self) -> float: ...
    @property
    def note(self) -> str: ...
    @property
    def unit(self) -> str: ...


@dataclass(frozen=True)
class Place:
    """A latent relative to an origin. Immutable; `Place()` is the origin itself."""

    x: float = 0.0
    """Position on the plane of latents, see `plane.plane_latent`."""
    y: float = 0.0
    dimensions: Mapping[int, float] = field(default_factory=dict)
    """Values of single dimensions, counted from 0. They replace what the plane gives."""
    directions: Mapping[str, float] = field(default_factory=dict)
    """Movement along each direction, in standard deviations."""
    truncation: float = 1.0
    """ψ in [0, 1]. Everything is multiplied by it at the end."""
    mix: float = 0.0
    """For networks that are told classes: how far to go from one class to another, from 0 to 1. It does not change the latent."""

    def latent(self, origin: Latents, plane: int, known: Mapping[str, DirectionLike] | None = None) -> Latents:
        """The latent [latent_dim]. Directions that are not in `known`, and dimensions beyond the last one, are ignored."""
        z = self.before(origin, plane)
        for name, amount in self.directions.items():
            if known and (direction := known.get(name)) is not None:
                z += np.float32(amount * direction.sd) * direction.vector
        return z * np.float32(self.truncation)

    def before(self, origin: Latents, plane: int) -> Latents:
        """The latent [latent_dim] before directions and truncation, as set by the sliders of dimensions."""
        z = plane_latent(origin, plane, self.x, self.y)
        for dimension, value in self.dimensions.items():
            if dimension < len(z):
                z[dimension] = value
        return z

    def to_params(self) -> dict[str, str]:
        """Parameters for a link: only those that differ from the origin. As on the page, dimensions are counted from 1."""
        params: dict[str, str] = {}
        if self.x or self.y:
            params["xy"] = f"{_short(self.x)},{_short(self.y)}"
        if self.dimensions:
            params["z"] = ",".join(f"{dimension + 1}:{_short(value)}" for dimension, value in sorted(self.dimensions.items()))
        if self.directions:
            params["d"] = ",".join(f"{name}:{_short(amount)}" for name, amount in self.directions.items())
        if self.truncation != 1:
            params["psi"] = _short(self.truncation)
        if self.mix:
            params["mix"] = _short(self.mix)
        return params


def from_params(params: Mapping[str, str], latent_dim: int) -> tuple[Place, list[str]]:
    """The place given in a link, and one sentence for each part that cannot be used and is therefore left out."""
    parts: dict[str, Any] = {}
    problems: list[str] = []
    if "," in params.get("at", ""):  # links of earlier versions; now it is a step
        params = {"xy": params["at"], **params}
    readers = {
        "xy": _read_xy,
        "z": lambda text: _read_dimensions(text, latent_dim),
        "d": _read_directions,
        "psi": _read_truncation,
        "mix": _read_mix,
    }
    for name, read in readers.items():
        if name not in params:
            continue
        try:
            parts |= read(params[name])
        except ValueError:
            problems.append(f"Part of the latent in this link cannot be used: {name}={params[name][:40]!r} was left out.")
    return Place(**parts), problems


def from_browser(value: Any, latent_dim: int) -> Place:
    """The place sent by the browser. Raises ValueError if it is not valid, because data from a browser cannot be trusted."""
    try:
        dimensions = {int(key): _bounded(amount, REACH) for key, amount in dict(value["dimensions"]).items()}
        directions = {str(key)[:40]: _bounded(amount, REACH) for key, amount in dict(value["directions"]).items()}
        x, y = _bounded(value["x"], LIMIT), _bounded(value["y"], LIMIT)
        place = Place(x, y, dimensions, directions, _share(value["truncation"]), _share(value.get("mix", 0.0)))
    except (KeyError, TypeError, OverflowError, AttributeError) as error:
        raise ValueError("no latent") from error
    if any(not 0 <= dimension < latent_dim for dimension in dimensions):
        raise ValueError("no such dimension")
    return place


def _short(value: float) -> str:
    return f"{value:.10g}"


def _read_xy(text: str) -> dict[str, float]:
    x, y = (_bounded(part, LIMIT) for part in text.split(","))
    return {"x": x, "y": y}


def _read_dimensions(text: str, latent_dim: int) -> dict[str, dict[int, float]]:
    found: dict[int, float] = {}
    for part in text.split(","):
        number, amount = part.split(":")
        if not 1 <= int(number) <= latent_dim:
            raise ValueError
        found[int(number) - 1] = _bounded(amount, REACH)
    return {"dimensions": found}


def _read_directions(text: str) -> dict[str, dict[str, float]]:
    pairs = (part.rsplit(":", 1) for part in text.split(","))
    return {"directions": {name[:40]: _bounded(amount, REACH) for name, amount in pairs}}


def _read_truncation(text: str) -> dict[str, float]:
    return {"truncation": _share(text)}


def _read_mix(text: str) -> dict[str, float]:
    return {"mix": _share(text)}


def _bounded(value: Any, limit: float) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not finite")
    return min(max(number, -limit), limit)


def _share(value: Any) -> float:
    return max(0.0, _bounded(value, 1.0))
