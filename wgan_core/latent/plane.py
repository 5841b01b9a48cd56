"""An endless, reproducible plane of latents: two numbers name any latent on it, in Python and in the browser alike.

At whole numbers (i, j) there are independent latents from N(0, I), generated from a hash of the two numbers and a name. At (0, 0) there is
a latent of the user's choice. In between, the four surrounding latents are blended bilinearly. The blend is divided by the root of the sum
of the squared weights, so that it has the usual length of a latent; a plain blend would be half as long in the middle of a cell.

The random numbers are written out instead of taken from a library, because the browser has to generate the same ones: a 32-bit integer hash
(the finaliser of MurmurHash3, public domain, by Austin Appleby) and the Box-Muller transform.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wgan_core.latent.vectors import Latents

LIMIT = 1_000_000
"""Positions range from -LIMIT to LIMIT in both directions."""

Words = NDArray[np.uint32]


def plane_latent(origin: Latents, name: int, x: float, y: float) -> Latents:
    """The latent [latent_dim] at (x, y) of the plane `name`, a 32-bit number, with `origin` [latent_dim] at (0, 0)."""
    x, y = (min(max(float(value), -LIMIT), LIMIT) for value in (x, y))
    left, low = math.floor(x), math.floor(y)
    right_share, up_share = x - left, y - low
    blend, squares = np.zeros(len(origin)), 0.0
    for i, along_x in ((left, 1 - right_share), (left + 1, right_share)):
        for j, along_y in ((low, 1 - up_share), (low + 1, up_share)):
            weight = along_x * along_y
            if weight:
                blend += weight * corner(origin, name, i, j)
                squares += weight * weight
    return (blend / math.sqrt(squares)).astype(np.float32)


def corner(origin: Latents, name: int, i: int, j: int) -> NDArray[np.float64]:
    """The latent at the whole numbers (i, j)."""
    return origin.astype(np.float64) if i == j == 0 else _normal(_seed(name, i, j), len(origin))


def _seed(name: int, i: int, j: int) -> int:
    """A 32-bit number that depends on all three. Each is hashed before the next is mixed in, so that they cannot be confused."""
    seed = 0
    for value in (name, i, j):
        seed = int(_mix(np.array([(seed ^ (value & 0xFFFFFFFF)) & 0xFFFFFFFF], np.uint32) + np.uint32(0x9E3779B9))[0])
    return seed


def _normal(seed: int, count: int) -> NDArray[np.float64]:
    """`count` numbers ~ N(0, 1), made from pairs of uniform ones by Box-Muller."""
    pairs = (count + 1) // 2
    counter = np.arange(2 * pairs, dtype=np.uint32)
    uniform = (_mix(_mix(counter + np.uint32(seed)) ^ np.uint32(seed)).astype(np.float64) + 0.5) / 2**32
    radius, angle = np.sqrt(-2 * np.log(uniform[0::2])), 2 * math.pi * uniform[1::2]
    return np.column_stack((radius * np.cos(angle), radius * np.sin(angle))).ravel()[:count]


def _mix(h: Words) -> Words:
    h = h ^ (h >> np.uint32(16))
    h = h * np.uint32(0x85EBCA6B)
    h = h ^ (h >> np.uint32(13))
    h = h * np.uint32(0xC2B2AE35)
    return h ^ (h >> np.uint32(16))
