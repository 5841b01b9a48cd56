"""Latents: paths between them, and latents as text. NumPy only."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Latents = NDArray[np.float32]
Path = Literal["spherical", "linear", "norm-kept"]


def interpolate(start: Latents, end: Latents, t: NDArray[np.float64], path: Path = "spherical") -> Latents:
    """Latents [len(t), latent_dim] on the path from `start` (t = 0) to `end` (t = 1), both [latent_dim].

    linear: the straight line. Between two samples of N(0, I), its middle is only about 0.71 times as long as they are, where the generator
    has hardly been trained. spherical: the direction turns at a constant rate (slerp; White, arXiv 1609.04468) while the length changes
    evenly, so every point is as typical as the ends. norm-kept: the straight line, with each point scaled to the length that it would have
    on the spherical path; it turns faster in the middle.
    """
    t = np.asarray(t, dtype=np.float64)[:, None]
    start64, end64 = start.astype(np.float64), end.astype(np.float64)
    straight = (1 - t) * start64 + t * end64
    if path == "linear":
        return straight.astype(np.float32)
    length_start, length_end = np.linalg.norm(start64), np.linalg.norm(end64)
    if path == "norm-kept":
        lengths = np.linalg.norm(straight, axis=1, keepdims=True)
        wanted = (1 - t) * length_start + t * length_end
        return (straight * np.where(lengths > 0, wanted / np.maximum(lengths, 1e-30), 1)).astype(np.float32)
    if not length_start or not length_end:
        return straight.astype(np.float32)
    unit_start, unit_end = start64 / length_start, end64 / length_end
    angle = np.arccos(np.clip(unit_start @ unit_end, -1, 1))
    if np.sin(angle) < 1e-6:  # (anti)parallel: there is no plane to turn in
        return straight.astype(np.float32)
    direction = (np.sin((1 - t) * angle) * unit_start + np.sin(t * angle) * unit_end) / np.sin(angle)
    return (((1 - t) * length_start + t * length_end) * direction).astype(np.float32)


def path_through(keys: Sequence[Latents], frames_between: int, path: Path = "spherical", *, loop: bool = False) -> Latents:
    """Latents on the path through all `keys` in order, [(len(keys) - 1) · frames_between + 1, latent_dim]. The path includes the keys
    themselves.

    loop: continue from the last key back to the first, which is not repeated: [len(keys) · frames_between, latent_dim].
    """
    if len(keys) < 2:
        raise ValueError("a path needs at least two latents")
    t = np.arange(frames_between) / frames_between
    stations = [*keys, keys[0]] if loop else keys
    legs = [interpolate(start, end, t, path) for start, end in itertools.pairwise(stations)]
    return np.concatenate(legs if loop else [*legs, keys[-1][None].astype(np.float32)])


def latent_to_text(z: Latents) -> str:
    """A latent [latent_dim] as a JSON list from which the same float32 numbers can be read back."""
    return json.dumps([float(f"{value:.9g}") for value in z.tolist()])


def latent_from_text(text: str, latent_dim: int) -> Latents:
    """The latent [latent_dim] written by `latent_to_text`. Raises ValueError with one sentence."""
    try:
        z = np.array(json.loads(text), dtype=np.float32)
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise ValueError("A latent is a list of numbers such as [0.1, -1.2, ...].") from None
    if z.shape != (latent_dim,) or not np.isfinite(z).all():
        raise ValueError(f"A latent of this run is a list of {latent_dim} finite numbers.")
    return z


def as_in_links(z: Latents) -> Latents:
    """Latents of any shape, rounded to 16 bits per number as in links. Values beyond ±65,504 are cut off there."""
    largest = np.finfo(np.float16).max
    return np.clip(z, -largest, largest).astype(np.float16).astype(np.float32)


def latents_to_link(z: Latents) -> str:
    """Latents of any shape as text for a link: 16 bits per number, in URL-safe base64."""
    return base64.urlsafe_b64encode(z.astype("<f2").tobytes()).decode().rstrip("=")


def latents_from_link(text: str, max_numbers: int) -> Latents:
    """The latents written by `latents_to_link`, flat, 1 to `max_numbers` numbers. Raises ValueError for anything else."""
    data = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    z = np.frombuffer(data, "<f2").astype(np.float32)
    if not 1 <= len(z) <= max_numbers or not np.isfinite(z).all():
        raise ValueError("These are not latents.")
    return z


def neighbours(z: Latents, radii: Sequence[float], count: int, seed: int = 0) -> Latents:
    """Random latents around `z` [latent_dim]: `count` for each radius, [len(radii) · count, latent_dim].

    (z + r ε) / √(1 + r²) with ε ~ N(0, I): if z is a typical latent, so are they, for any r. At r = 1, z and the noise have equal weight.
    """
    noise = np.random.default_rng(seed).standard_normal((len(radii), count, len(z)))
    r = np.asarray(radii, dtype=np.float64)[:, None, None]
    return ((z + r * noise) / np.sqrt(1 + r * r)).reshape(-1, len(z)).astype(np.float32)


def plane_through(a: Latents, b: Latents, c: Latents, steps: int, margin: float = 1 / 6) -> Latents:
    """Latents on the plane through three latents, [steps · steps, latent_dim]: a + s (b − a) + t (c − a), with s changing from row to row
    and t within a row, both from −margin to 1 + margin. Each is scaled to the length of the three, weighted by how near they are. With 9
    steps, the three are among them.
    """
    share = np.linspace(-margin, 1 + margin, steps)
    s, t = (part.ravel()[:, None] for part in np.meshgrid(share, share, indexing="ij"))
    corners = np.stack([a, b, c]).astype(np.float64)
    weights = np.concatenate((1 - s - t, s, t), axis=1)
    flat = weights @ corners
    near = np.maximum(weights, 0)
    wanted = (near @ np.linalg.norm(corners, axis=1)) / near.sum(1)
    lengths = np.linalg.norm(flat, axis=1)
    return (flat * np.where(lengths > 0, wanted / np.maximum(lengths, 1e-30), 1)[:, None]).astype(np.float32)
