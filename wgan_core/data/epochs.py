"""Epochs: how many batches one is, from the number of samples. What is left over after the last whole batch is not used in that epoch."""

from __future__ import annotations

from wgan_core.config import TrainConfig
from wgan_core.data import toy
from wgan_core.data.catalog import DATASETS


def known_samples(config: TrainConfig) -> int:
    """The number of samples that a run with `config` trains on, as far as that is known without its files; otherwise 0."""
    info = DATASETS[config.dataset]
    if info.kind == "points":
        return 0 if config.dataset == "csv" else toy.TRAINING_POINTS
    return info.images * (2 if config.flip == "horizontal" else 1)


def batches_of_epoch(samples: int, batch_size: int) -> int:
    """Critic updates in an epoch of `samples`; 0 if they are fewer than one batch, or their number is not known."""
    return samples // batch_size


def epoch_of(step: int, batches: int) -> int:
    """The number of the epoch that critic update number `step`, counted from 1, belongs to. Before the first it is 1."""
    return max(0, step - 1) // batches + 1
