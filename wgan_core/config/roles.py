"""What settings mean for other code: which of them shape the networks, what the second network is called, and what its loss shows."""

from __future__ import annotations

import math
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from wgan_core.config.fields import TrainConfig
from wgan_core.config.methods import PENALTIES
from wgan_core.config.schedule_fields import SCHEDULES

OF_SHAPES = (
    "architecture",
    "dcgan_width",
    "upsampling",
    "resnet_width",
    "generator_widths",
    "critic_widths",
    "latent_dim",
    "image_size",
    "generator_norm",
    "critic_norm",
    "labels",
)
"""Settings that decide which tensors the networks have. A saved state fits no other value of them."""

_Numbers = TypeVar("_Numbers", float, NDArray[np.float64])


def is_wasserstein(config: TrainConfig) -> bool:
    """Whether this is a WGAN, with a critic and a Wasserstein estimate; otherwise it is an ordinary GAN with a discriminator."""
    return config.objective == "wasserstein"


def is_penalised(config: TrainConfig) -> bool:
    """Whether the Lipschitz method is a penalty on the critic's slope."""
    return config.lipschitz in PENALTIES


def critic_word(config: TrainConfig) -> str:
    """critic, or discriminator in an ordinary GAN."""
    return "critic" if is_wasserstein(config) else "discriminator"


class MainNumber(NamedTuple):
    """The number of the curves that tells most about a run, by which it is watched."""

    column: str
    """Its column in the run's history (`store.history.column`)."""
    title: str
    short: str
    """The same in a word, where there is little room."""


_ESTIMATE = MainNumber("wasserstein_estimate", "Wasserstein estimate", "estimate")
_BOUND = MainNumber("js_bound", "Jensen-Shannon bound", "bound")
_LOSS = MainNumber("critic_loss", "Discriminator loss", "loss")


def has_js_bound(config: TrainConfig) -> bool:
    """Whether the discriminator's loss is a cross-entropy, which bounds the Jensen-Shannon divergence (see `js_bound`)."""
    return config.objective in ("minimax", "non-saturating")


def main_number(config: TrainConfig) -> MainNumber:
    """The estimate of a WGAN; the bound that a GAN's cross-entropy proves; otherwise the discriminator's loss, which is no distance."""
    if is_wasserstein(config):
        return _ESTIMATE
    return _BOUND if has_js_bound(config) else _LOSS


def guessing_loss(config: TrainConfig) -> float:
    """The loss of a discriminator that can only guess: with all scores in the middle between those of real and generated samples. It is 0
    for one that is always right."""
    return {"least-squares": 0.25, "hinge": 2.0}.get(config.objective, 2 * math.log(2))


def is_scheduled(config: TrainConfig, name: str) -> bool:
    """Whether the setting `name`, one of `SCHEDULES` or a learning rate, changes over the run by itself."""
    shape = "lr_schedule" if name in ("critic_lr", "generator_lr") else SCHEDULES[name].shape
    return getattr(config, shape) != "constant"


def has_schedule(config: TrainConfig) -> bool:
    """Whether any setting changes over the run by itself. Then the length of the run decides its values."""
    return config.lr_schedule != "constant" or any(is_scheduled(config, name) for name in SCHEDULES)


def js_bound(cross_entropy_sum: _Numbers) -> _Numbers:
    """The lower bound on the Jensen-Shannon divergence, in nats, that a discriminator proves: log 2 − (sum of both cross-entropies) / 2.
    The best discriminator reaches it (Goodfellow et al. 2014, arXiv 1406.2661, theorem 1); log 2 is the most that there can be."""
    return math.log(2) - cross_entropy_sum / 2
