"""The critics' weights and scores of several runs, as histograms over each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wgan_core.compare.side import Side
from wgan_core.data.dataset import Dataset
from wgan_core.figures.comparison import Heap
from wgan_core.latent.saved import load_networks
from wgan_core.latent.seeds import fixed_latents
from wgan_core.store.folder import StoreError
from wgan_core.store.readings import of_key
from wgan_core.timeline.reading import Timeline

SAMPLES = 512
"""Scored images or points of each run, real and generated."""
_BINS = 40
_MAX_PANELS = 6


@dataclass(frozen=True)
class Scores:
    """The critic's scores at a kept step, [n] and [m]."""

    step: int
    real: NDArray[np.float64]
    generated: NDArray[np.float64]
    slope: float | None
    """The steepest slope found at the reading nearest to that step; None if there is none."""


def weight_heaps(sides: Sequence[tuple[str, int, Side]], at: Sequence[int], *, own_unit: bool) -> dict[str, list[Heap]]:
    """Histograms of the critic's weights by layer, from the readings nearest to the steps `at`.

    Args:
        sides: letter, place among the colours, and run.
        own_unit: weights in units of the largest weight of their layer (clipping: of c), which lets narrow and wide ones be compared.
    """
    panels: dict[str, list[Heap]] = {}
    for (letter, place, side), step in zip(sides, at, strict=True):
        for layer in _layers_near(side, step):
            counts = np.asarray(layer["counts"], dtype=np.float64)
            limit = 1.0 if own_unit else float(layer["limit"])
            edges = np.linspace(-limit, limit, len(counts) + 1)
            name = str(layer["name"])[:40]
            panels.setdefault(name, []).append(Heap(letter, letter, edges, counts / max(1.0, counts.sum()), place))
    return dict(list(panels.items())[:_MAX_PANELS])


def _layers_near(side: Side, step: int) -> list[Mapping[str, Any]]:
    """The layers of the reading nearest to `step`; those that cannot be drawn, of a stranger's file, are left out."""
    readings = [one for one in of_key(side.readings, "critic-health") if isinstance(one.details.get("layers"), list)]
    if not readings:
        return []
    near = min(readings, key=lambda one: abs(one.step - step))
    return [layer for layer in near.details["layers"] if _is_sound(layer)]


def _is_sound(layer: Any) -> bool:
    try:
        counts = np.asarray(layer["counts"], dtype=np.float64)
        return counts.ndim == 1 and len(counts) > 0 and bool(np.isfinite(counts).all()) and 0 < float(layer["limit"]) < 1e30
    except (KeyError, TypeError, ValueError):
        return False


def weights_step(side: Side, step: int) -> int | None:
    """The step of the reading that `weight_heaps` draws."""
    readings = [one for one in of_key(side.readings, "critic-health") if isinstance(one.details.get("layers"), list)]
    return min(readings, key=lambda one: abs(one.step - step)).step if readings else None


def scores_near(side: Side, step: int, data: Dataset) -> Scores:
    """The critic's scores of real and of generated samples, at the kept step nearest to `step`. Takes a second at most.

    data: the run's own, see `load_dataset`.

    Raises StoreError: no step is kept, its file is damaged, or the data are not those that the networks were made for.
    """
    near = Timeline.of(side.folder).nearest(step)
    if near is None:
        raise StoreError("This run keeps no networks.")
    networks = load_networks(side.folder, near.step)
    real = data.data[:: max(1, len(data) // SAMPLES)][:SAMPLES]
    if tuple(real.shape[1:]) != tuple(networks.generator.sample_shape):
        raise StoreError("The data that are here now have another shape than those that this run was trained on.")
    z = fixed_latents(side.started.seed, SAMPLES, networks.latent_dim).numpy()
    bounds = [one for one in of_key(side.readings, "critic-health") if one.value]
    slope = min(bounds, key=lambda one: abs(one.step - near.step)).value if bounds else None
    return Scores(near.step, networks.scores_of(real).astype(np.float64), networks.scores(z).astype(np.float64), slope)


def score_heaps(found: Sequence[tuple[str, int, Scores]], *, scaled: bool) -> list[Heap]:
    """Histograms of the scores of each run: real ones drawn solid, generated ones dotted.

    Only differences between scores mean anything, so each run's scores are shifted to a mean of 0 for generated samples.

    Args:
        found: letter, place among the colours, and scores.
        scaled: divide by the steepest slope, so that runs whose critics have other scales can be compared.
    """
    parts: list[tuple[str, int, str, NDArray[np.float64]]] = []
    for letter, place, scores in found:
        unit = scores.slope if scaled and scores.slope else 1.0
        middle = float(scores.generated.mean())
        parts.append((letter, place, "real", (scores.real - middle) / unit))
        parts.append((letter, place, "generated", (scores.generated - middle) / unit))
    parts = [part for part in parts if np.isfinite(part[3]).all()]
    if not parts:
        return []
    edges = np.histogram_bin_edges(np.concatenate([values for _, _, _, values in parts]), bins=_BINS)
    return [
        Heap(letter, f"{letter}, {what}", edges, np.histogram(values, edges)[0] / len(values), place, "solid" if what == "real" else "dot")
        for letter, place, what, values in parts
    ]
