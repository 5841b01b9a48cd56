"""Meaningful directions of the latent space, and directions that a user has named, which are saved in the run folder."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from torch import nn

from wgan_core.latent.saved import SavedNetworks
from wgan_core.latent.vectors import Latents
from wgan_core.measures.distances import mean_distance_within
from wgan_core.store.files import read_json, write_atomically
from wgan_core.store.folder import RunFolder, StoreError
from wgan_core.store.layout import DIRECTIONS, MAX_BYTES
from wgan_core.training.device import compute_beside_training
from wgan_core.training.residual import ResidualBlock

FILE = DIRECTIONS
SAMPLES = 2048
MIN_SAMPLES_PER_CLASS = 20
MIN_AGREEMENT = 0.3
"""A class direction is left out if the cosine between the directions of both halves is below this. Chance alone gives about 1 /
√latent_dim."""
FOUND = re.compile(r"more .+|(activations|images|random) \d+")
"""Names of directions that the program finds. Users cannot give these names."""
MAX_NAME_LENGTH = 40
_LARGEST = 1e6
"""Limit for the numbers in a direction. Its length is 1, and nobody moves by a million standard deviations."""


@dataclass(frozen=True)
class Direction:
    """A direction of the latent space."""

    name: str
    vector: NDArray[np.float32]
    """[latent_dim], of length 1."""
    sd: float = 1.0
    """Length in z of one `unit` along this direction."""
    note: str = ""
    """How it was found, in one line."""
    step: int = 0
    """The step of the generator for which it was found."""
    unit: str = "σ"
    """The unit of movement along it: σ, standard deviations (of the noise along it, or of the principal component), or ×, multiples of the
    saved direction."""


def of_activations(networks: SavedNetworks, count: int = 8, samples: int = SAMPLES, seed: int = 0) -> tuple[Direction, ...]:
    """Principal components of the output of the generator's first layer for random latents, turned into directions of z by least squares
    (GANSpace, Härkönen et al., arXiv 2004.02546)."""
    z = _latents(networks, samples, seed)
    return _principal(z, _first_layer(networks, z), count, "activations", networks.step)


def of_images(networks: SavedNetworks, count: int = 8, samples: int = SAMPLES, seed: int = 0) -> tuple[Direction, ...]:
    """The same for the images themselves: the first direction changes most of the picture."""
    z = _latents(networks, samples, seed)
    return _principal(z, networks.samples(z).reshape(samples, -1), count, "images", networks.step)


def of_classes(
    networks: SavedNetworks,
    classify: Callable[[torch.Tensor], torch.Tensor],
    class_names: Sequence[str],
    samples: int = 2 * SAMPLES,
    seed: int = 0,
) -> tuple[Direction, ...]:
    """For each class: the mean latent of the samples that `classify` assigns to it, minus the mean of all others.

    The two halves of the samples must give similar directions, because the mean of only 30 latents, for example, is mostly noise.

    Args:
        classify: returns probabilities [n, classes] for images [n, c, h, w] in [-1, 1].
        class_names: one per class. Classes with fewer than `MIN_SAMPLES_PER_CLASS` samples are left out.
    """
    z = _latents(networks, samples, seed)
    found = classify(torch.from_numpy(networks.samples(z))).argmax(1).numpy()
    directions: list[Direction] = []
    for number, name in enumerate(class_names):
        inside = found == number
        if not MIN_SAMPLES_PER_CLASS <= inside.sum() <= samples - MIN_SAMPLES_PER_CLASS:
            continue
        agreement = _cosine(*(_towards(z[half], inside[half]) for half in (slice(0, None, 2), slice(1, None, 2))))
        if not agreement >= MIN_AGREEMENT:  # also skips nan, where one half has no sample of the class
            continue
        note = f"towards what a classifier calls {name}: {inside.sum()} of {samples} random images; the two halves agree to {agreement:.2f}"
        directions.append(_direction(f"more {name}", _towards(z, inside), 1.0, note, networks.step))
    return tuple(directions)


def _towards(z: Latents, inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    if inside.all() or not inside.any():
        return np.full(z.shape[1], np.nan)
    return z[inside].mean(0, dtype=np.float64) - z[~inside].mean(0, dtype=np.float64)


def _cosine(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def random_direction(latent_dim: int, seed: int) -> Direction:
    """A random direction, uniform on the sphere."""
    return _direction(f"random {seed}", np.random.default_rng(seed).standard_normal(latent_dim), 1.0, f"random, seed {seed}", 0)


def diversity(networks: SavedNetworks, truncation: float, samples: int = 256) -> float:
    """The diversity of random images if latents are multiplied by `truncation`: the mean distance between two images, relative to that
    without truncation."""
    z = _latents(networks, samples, 0)
    truncated, whole = (
        mean_distance_within(torch.from_numpy(networks.samples(psi * z))) for psi in (np.float32(truncation), np.float32(1))
    )
    return truncated / whole if whole else 0.0


def _latents(networks: SavedNetworks, samples: int, seed: int) -> Latents:
    return np.random.default_rng(seed).standard_normal((samples, networks.latent_dim), dtype=np.float32)


def features(networks: SavedNetworks) -> int:
    """Size of the output of the generator's first layer for one latent."""
    return _first_layer(networks, np.zeros((1, networks.latent_dim), np.float32)).shape[1]


@torch.no_grad()
def _first_layer(networks: SavedNetworks, z: Latents) -> NDArray[np.float32]:
    """The output of the first layer, after its nonlinearity, or of the first residual block, [n, features]."""
    compute_beside_training()
    x, found = torch.from_numpy(z), torch.empty(0)
    if not isinstance(networks.generator.layers[0], nn.Linear):
        x = x[:, :, None, None]
    for module in networks.generator.layers:
        x = found = module(x)
        if isinstance(module, (nn.LeakyReLU, nn.ReLU, ResidualBlock)):
            break
    return found.flatten(1).numpy()


def _principal(z: Latents, features: NDArray[np.float32], count: int, of: str, step: int) -> tuple[Direction, ...]:
    count = min(count, z.shape[1], *features.shape)
    fitted = PCA(count, svd_solver="randomized", random_state=0).fit(features)
    places = fitted.transform(features)
    # The direction in which z changes if one component grows and the others stay. The components have mean 0, so the mean of z does not
    # matter.
    ways, *_ = np.linalg.lstsq(places.astype(np.float64), z.astype(np.float64), rcond=None)
    directions: list[Direction] = []
    for number, (way, share, spread) in enumerate(zip(ways, fitted.explained_variance_ratio_, places.std(0), strict=True), 1):
        note = f"principal component {number} of the {of}, {share:.0%} of their variance"
        directions.append(_direction(f"{of} {number}", way, float(np.linalg.norm(way) * spread), note, step))
    return tuple(directions)


def _direction(name: str, vector: NDArray[np.float64], sd: float, note: str, step: int) -> Direction:
    return Direction(name, (vector / np.linalg.norm(vector)).astype(np.float32), sd, note, step)


# Named directions, in the run folder.


def saved_directions(folder: RunFolder) -> tuple[Direction, ...]:
    """The run's named directions, in the order in which they were saved. Raises StoreError if their file is damaged."""
    path = folder.path / FILE
    try:
        entries = read_json(path, MAX_BYTES[FILE])
        found = tuple(_read(entry, folder.config.latent_dim) for entry in entries)
        if len({one.name for one in found}) < len(found):
            raise ValueError("two directions of one name")
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {error.strerror or error}.") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise StoreError(f"{path} is damaged: repair or delete it.") from None
    return found


def save_direction(folder: RunFolder, direction: Direction) -> None:
    """Save `direction`. It replaces one of the same name.

    Raises:
        StoreError: the name is not allowed, or the file is damaged or cannot be written.
    """
    name = direction.name.strip()
    if not _can_be_name(name):
        raise StoreError(f"A direction's name has 1 to {MAX_NAME_LENGTH} characters, without commas or invisible characters.")
    if FOUND.fullmatch(name):
        raise StoreError(f"{name!r} is reserved for a direction that the program finds: choose another name.")
    others = [other for other in saved_directions(folder) if other.name != name]
    _write(folder, [*others, replace(direction, name=name)])


def delete_direction(folder: RunFolder, name: str) -> None:
    """Delete the direction of that name, if there is one. Raises StoreError."""
    _write(folder, [other for other in saved_directions(folder) if other.name != name])


def _write(folder: RunFolder, directions: Sequence[Direction]) -> None:
    entries = [
        {"name": one.name, "vector": [float(f"{x:.9g}") for x in one.vector.tolist()], "sd": one.sd, "note": one.note, "step": one.step}
        for one in directions
    ]
    path = folder.path / FILE
    try:
        write_atomically(path, json.dumps(entries, indent=1).encode())
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from None


def _can_be_name(name: str) -> bool:
    return (
        1 <= len(name) <= MAX_NAME_LENGTH and not any(unicodedata.category(letter).startswith("C") for letter in name) and "," not in name
    )


def _read(entry: dict[str, Any], latent_dim: int) -> Direction:
    """A direction from the file. Raises ValueError, TypeError or KeyError if `_write` cannot have written it."""
    vector, sd, name, step = np.array(entry["vector"], np.float64), float(entry["sd"]), str(entry["name"]), int(entry["step"])
    if vector.shape != (latent_dim,) or not (np.abs(vector) <= _LARGEST).all() or not 0 <= sd <= _LARGEST:
        raise ValueError("not a direction of this run")
    if not _can_be_name(name) or step < 0:
        raise ValueError("not a name, or not a step")
    return Direction(name, vector.astype(np.float32), sd, str(entry["note"])[:200], step, "×")
