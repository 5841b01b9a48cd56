"""The weights of each layer and the scores of fixed samples at the steps that were looked at: a line each of histograms.jsonl.

The slopes at these steps, and all other readings of the instruments, are in health.jsonl.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wgan_core.store.files import parse_json

if TYPE_CHECKING:
    from torch import Tensor

    from wgan_core.training.trainer import Trainer

BINS = 60
_DIGITS = 6
_MAX_LAYERS = 64


@dataclass(frozen=True)
class Histogram:
    """Counts in bins of equal width."""

    name: str
    """"critic layer 1", ..., "generator layer 1", ...: the weights of a layer, without biases. "real", "generated": the critic's scores."""
    counts: NDArray[np.int64]
    """[60]. Numbers that are not finite are left out."""
    low: float
    high: float
    """The bins' outer edges. Those of weights are symmetric about 0 and include the clip value; those of both scores are the same."""

    @property
    def edges(self) -> NDArray[np.float64]:
        """[61]"""
        return np.linspace(self.low, self.high, len(self.counts) + 1)


@dataclass(frozen=True)
class Histograms:
    """The histograms of one step."""

    step: int
    generator_updates: int
    real_score: float
    """Mean score of the fixed real samples, with norms in eval mode."""
    generated_score: float
    """Mean score of the samples of the fixed latents."""
    weights: tuple[Histogram, ...]
    scores: tuple[Histogram, ...]
    """Of the fixed real samples and of the generated ones."""


def take_histograms(
    trainer: Trainer, samples: Tensor, real: Tensor, classes: tuple[Tensor | None, Tensor | None] = (None, None)
) -> Histograms | None:
    """The histograms of the networks as they are, with the scores of `samples` and `real`, whose `classes` are [n, classes] if the networks
    are told any; None if a number is not finite."""
    import torch

    from wgan_core.measures.lipschitz import weighted_layers
    from wgan_core.training.spectral import drawn_weight

    pairs = ((real, classes[1]), (samples, classes[0]))
    scores = [trainer.score(one.to(trainer.device), given).float() for one, given in pairs]
    together = torch.cat(scores)
    if not together.isfinite().all():
        return None
    low, high = float(together.min()), float(together.max())
    weights: list[Histogram] = []
    config = trainer.settings_of_newest
    for network, module in (("critic", trainer.critic), ("generator", trainer.generator)):
        for number, (_, layer) in enumerate(weighted_layers(module), 1):
            weight = drawn_weight(layer).detach().flatten()
            largest = float(weight.abs().max())
            if not np.isfinite(largest):
                return None
            clipped = config.clip_value if network == "critic" and config.lipschitz == "clip" else 0.0
            limit = max(largest, clipped) or 1.0
            weights.append(_histogram(f"{network} layer {number}", weight, -limit, limit))
    named = zip(("real", "generated"), scores, strict=True)
    real_mean, generated_mean = (float(one.mean()) for one in scores)
    return Histograms(
        trainer.step,
        trainer.generator_updates,
        real_mean,
        generated_mean,
        tuple(weights),
        tuple(_histogram(name, one, low, high) for name, one in named),
    )


def _histogram(name: str, values: Tensor, low: float, high: float) -> Histogram:
    """Over [low, high]; over 1 around it if both are the same."""
    import torch

    low, high = (low, high) if high > low else (low - 0.5, low + 0.5)
    return Histogram(name, torch.histc(values.cpu(), BINS, low, high).long().numpy(), low, high)


def to_line(found: Histograms) -> str:
    """The histograms as a line of histograms.jsonl."""
    return json.dumps(
        {
            "step": found.step,
            "generator_updates": found.generator_updates,
            "real_score": _rounded(found.real_score),
            "generated_score": _rounded(found.generated_score),
            "weights": [_plain(one) for one in found.weights],
            "scores": [_plain(one) for one in found.scores],
        },
        allow_nan=False,
        separators=(",", ":"),
    )


def from_line(line: str) -> Histograms | None:
    """The histograms in a line of histograms.jsonl; None if it does not hold any. Fields of later versions are ignored."""
    try:
        found = parse_json(line)
        step, updates = found["step"], found["generator_updates"]
        if not all(type(number) is int and number >= 0 for number in (step, updates)) or len(found["weights"]) > _MAX_LAYERS:
            return None
        real, generated = float(found["real_score"]), float(found["generated_score"])
        return Histograms(step, updates, real, generated, tuple(map(_read, found["weights"])), tuple(map(_read, found["scores"])))
    except (ValueError, TypeError, KeyError, OverflowError):
        return None


def _plain(one: Histogram) -> dict[str, Any]:
    return {"name": one.name, "counts": one.counts.tolist(), "low": _rounded(one.low), "high": _rounded(one.high)}


def _read(found: dict[str, Any]) -> Histogram:
    counts = np.array(found["counts"], dtype=np.int64)
    low, high = float(found["low"]), float(found["high"])
    if counts.ndim != 1 or not 1 <= len(counts) <= 1000 or counts.min() < 0 or not low < high:
        raise ValueError
    return Histogram(str(found["name"])[:100], counts, low, high)


def _rounded(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")
