"""The weights and the critics' scores of several runs, as histograms over each other.

Runs keep them at the steps looked at. Of runs of earlier versions, the weights come from the instruments' readings, and the scores are
computed from the networks of a kept step, for which the data have to be here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from wgan_core.compare.side import Side
from wgan_core.data.dataset import Dataset
from wgan_core.figures.comparison import Heap
from wgan_core.latent.saved import load_networks
from wgan_core.latent.seeds import fixed_latents
from wgan_core.store.folder import StoreError
from wgan_core.store.readings import of_key
from wgan_core.timeline.histograms import Histogram, Histograms
from wgan_core.timeline.reading import Timeline

Numbers = NDArray[np.float64]
Network = Literal["critic", "generator"]
SAMPLES = 512
"""Scored images or points of each run, real and generated, where scores have to be computed."""
_BINS = 60
_MAX_PANELS = 6


@dataclass(frozen=True)
class Layer:
    """The weights of a layer: shares [bins] of all weights, in bins between `edges` [bins + 1]."""

    name: str
    shares: Numbers
    edges: Numbers


@dataclass(frozen=True)
class Scores:
    """The critic's scores at a step: shares [bins] of real and of generated samples, in the same bins between `edges` [bins + 1]."""

    step: int
    real: Numbers
    generated: Numbers
    edges: Numbers
    middle: float
    """The mean score of the generated samples."""


def kept_near(side: Side, step: int) -> Histograms | None:
    """The kept histograms that are nearest to `step`; None if the run keeps none."""
    kept = [one for one in Timeline.of(side.folder).histograms() if one.step <= side.last]
    return min(kept, key=lambda one: abs(one.step - step)) if kept else None


# Weights.


def weights_near(side: Side, step: int, network: Network) -> tuple[int, list[Layer]] | None:
    """The layers of a network at the step nearest to `step` at which they are known, and that step; None if they are not."""
    if (kept := kept_near(side, step)) is not None:
        return kept.step, [_layer(one, network) for one in kept.weights if one.name.startswith(network)]
    readings = [one for one in of_key(side.readings, "critic-health") if isinstance(one.details.get("layers"), list)]
    if network != "critic" or not readings:
        return None
    near = min(readings, key=lambda one: abs(one.step - step))
    layers = [layer for one in near.details["layers"] if (layer := _layer_in(one)) is not None]
    return (near.step, layers) if layers else None


def _layer(kept: Histogram, network: Network) -> Layer:
    return Layer(kept.name.removeprefix(f"{network} "), _shares(kept.counts), kept.edges)


def _layer_in(found: Any) -> Layer | None:
    """A layer of a reading; None if it cannot be drawn, as in a stranger's file."""
    try:
        counts, limit = np.asarray(found["counts"], dtype=np.float64), float(found["limit"])
        sound = counts.ndim == 1 and len(counts) > 0 and bool(np.isfinite(counts).all()) and 0 < limit < 1e30
        return Layer(str(found["name"])[:40], _shares(counts), np.linspace(-limit, limit, len(counts) + 1)) if sound else None
    except (KeyError, TypeError, ValueError):
        return None


def _shares(counts: NDArray[Any]) -> Numbers:
    return counts / max(1.0, float(counts.sum()))


def weight_heaps(found: Sequence[tuple[str, int, Sequence[Layer]]], *, own_unit: bool) -> dict[str, list[Heap]]:
    """Histograms by layer, for a panel each.

    Args:
        found: letter, place among the colours, and layers of each run.
        own_unit: weights in units of the largest weight of their layer (clipping: of c), which lets narrow and wide ones be compared.
    """
    panels: dict[str, list[Heap]] = {}
    for letter, place, layers in found:
        for layer in layers:
            edges = layer.edges / np.abs(layer.edges).max() if own_unit else layer.edges
            panels.setdefault(layer.name, []).append(Heap(letter, letter, edges, layer.shares, place))
    return dict(list(panels.items())[:_MAX_PANELS])


# Scores.


def scores_near(side: Side, step: int, data: Callable[[], Dataset]) -> Scores:
    """The critic's scores at the step nearest to `step` at which they are kept, or else of the nearest kept networks, computed in a second
    at most.

    data: gives the run's own data, see `load_dataset`; called only if scores have to be computed.

    Raises StoreError: nothing is kept, its file is damaged, or the data are not those that the networks were made for. And what `data`
    raises.
    """
    kept = kept_near(side, step)
    by_name: Mapping[str, Histogram] = {one.name: one for one in kept.scores} if kept is not None else {}
    if kept is not None and {"real", "generated"} <= by_name.keys():
        real, generated = by_name["real"], by_name["generated"]
        if len(real.counts) == len(generated.counts):
            return Scores(kept.step, _shares(real.counts), _shares(generated.counts), generated.edges, kept.generated_score)
    return _computed(side, step, data)


def _computed(side: Side, step: int, data: Callable[[], Dataset]) -> Scores:
    near = Timeline.of(side.folder).nearest(step)
    if near is None:
        raise StoreError("This run keeps no networks.")
    networks = load_networks(side.folder, near.step)
    here = data()
    every = slice(None, None, max(1, len(here.data) // SAMPLES))
    rows = here.data[every][:SAMPLES]
    if tuple(rows.shape[1:]) != tuple(networks.generator.sample_shape):
        raise StoreError("The data that are here now have another shape than those that this run was trained on.")
    labels = here.labels[every][:SAMPLES].numpy() if networks.classes is not None and here.labels is not None else None
    real = networks.scores_of(rows, labels).astype(np.float64)
    generated = networks.scores(fixed_latents(side.started.seed, SAMPLES, networks.latent_dim).numpy()).astype(np.float64)
    both = np.concatenate((real, generated))
    if not np.isfinite(both).all():
        raise StoreError(f"The critic's scores at step {near.step:,} are not finite.")
    edges = np.histogram_bin_edges(both, bins=_BINS)
    shares = [np.histogram(values, edges)[0] / len(values) for values in (real, generated)]
    return Scores(near.step, shares[0], shares[1], edges, float(generated.mean()))


def slope_near(side: Side, step: int) -> float | None:
    """The critic's steepest slope at the reading nearest to `step`; None if none was found."""
    found = [one for one in of_key(side.readings, "critic-health") if one.value]
    return min(found, key=lambda one: abs(one.step - step)).value if found else None


def score_heaps(found: Sequence[tuple[str, int, Scores, float | None]], *, scaled: bool) -> list[Heap]:
    """Histograms of the scores of each run: real ones drawn solid, generated ones dotted.

    Only differences between scores mean anything, so each run's scores are shifted to a mean of 0 for generated samples.

    Args:
        found: letter, place among the colours, scores, and the critic's steepest slope.
        scaled: divide by that slope, so that runs whose critics have other scales can be compared.
    """
    heaps: list[Heap] = []
    for letter, place, scores, slope in found:
        edges = (scores.edges - scores.middle) / (slope if scaled and slope else 1.0)
        heaps.append(Heap(letter, f"{letter}, real", edges, scores.real, place, "solid"))
        heaps.append(Heap(letter, f"{letter}, generated", edges, scores.generated, place, "dot"))
    return heaps
