"""Observations of runs, as the rules of the advice see them: a healthy one, and for each rule one in which it speaks."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from wgan_core.config import TrainConfig
from wgan_core.instruments.advice import Observations
from wgan_core.measures.coverage import ClassReport
from wgan_core.measures.diagnose import CriticHealth, GradientDepth, LayerWeights, ModeGap, Movement, OverfitGap
from wgan_core.measures.lag import Lag
from wgan_core.measures.lipschitz import Bound, GradientNorms
from wgan_core.measures.metrics import Measurement, ModeReport

CLIP = TrainConfig(dataset="fashion-mnist", clip_value=0.01)
GP = CLIP.replace(lipschitz="gradient-penalty", optimizer="adam")


def layers(*shares: float) -> tuple[LayerWeights, ...]:
    edges = np.linspace(-0.01, 0.01, 61)
    return tuple(LayerWeights(f"layer {k}", np.zeros(60, int), edges, share, 0.0, 0.01, 60) for k, share in enumerate(shares, 1))


def norms(median: float = 1.1, alignment: float = 0.84) -> GradientNorms:
    spread = median * np.linspace(0.9, 1.1, 11)
    return GradientNorms(spread, spread, spread, alignment)


def depth(part: str, log10: list[float], rms: list[float]) -> GradientDepth:
    return GradientDepth(tuple(f"{part} layer {k}" for k in range(1, len(log10) + 1)), np.array(log10), np.array(rms))


# As the shipped run on Fashion-MNIST has them.
HEALTH = CriticHealth(
    step=120_000,
    n=256,
    estimate=0.0115,
    norms=norms(),
    constant=Bound(0.0147),
    display_w1=Bound(0.78),
    spectral=Bound(0.124),
    box=Bound(4.19),
    boundary=layers(0.02, 0.15, 1.0),
    critic_depth=depth("critic", [-2.95, -1.96, -2.15], [2.6e-4, 7.3e-5, 9.1e-3]),
    generator_depth=depth("generator", [-2.65, -3.0, -3.1], [1.3e-4, 3.3e-5, 1.6e-5]),
    seconds=0.3,
)
CLASSES = ClassReport(("a", "b", "c", "d"), np.full(4, 0.25), np.full(4, 0.25), 0.6, 0.9, 1000, 0.95, "ab" * 16, 0.1)


def lag(found: float) -> Lag:
    return Lag(np.array([0, 100, 200, 300]), np.array([found, 1.0, 1.0, 1.0]), np.ones(4), 1024, 1.0)


HEALTHY = Observations(
    config=CLIP,
    step=120_000,
    generator_updates=24_000,
    recent_estimates=0.01 + 0.004 * np.sin(np.arange(200)),
    health=HEALTH,
    lag=lag(0.95),
    classes=CLASSES,
    diversity=0.97,
    mode_gap=ModeGap(0.027, 0.026, 1024),
    overfit=OverfitGap(0.001, 0.0009, 0.0113, 2000),
    moved=Movement(0.3, 100),
)


def healthy(**changes: Any) -> Observations:
    """The healthy state but for these; names that belong to the critic's health go there."""
    inner = {
        name: changes.pop(name) for name in list(changes) if name in {field.name for field in dataclasses.fields(CriticHealth)} - {"step"}
    }
    if "step" in changes:
        inner["step"] = changes["step"]
    return dataclasses.replace(HEALTHY, health=dataclasses.replace(HEALTH, **inner), **changes)


DEEP = CLIP.replace(critic_widths=(64,) * 5)
NEGATIVE = np.where(np.arange(100) < 61, -0.01, 0.01)
FEW = dataclasses.replace(CLASSES, shares=np.array([0.98, 0.02, 0.0, 0.0]))
TEN = ClassReport(tuple("abcdefghij"), np.full(10, 0.1), np.full(10, 0.1), 0.6, 0.9, 1000, 0.95, "ab" * 16, 0.1)
MODES = ModeReport(np.array([0.5, 0.0, 0.0]), 1, 0.9, 1000)

ROSE = (0.1, 0.03, 0.004, 0.004, 0.004, 0.02, 0.02, 0.02)
"""A distance's excesses: it fell and rose again."""


def of_ten(covered: int) -> ClassReport:
    """Ten classes of which so many occur."""
    return dataclasses.replace(TEN, shares=np.where(np.arange(10) < covered, 1 / covered, 0.0))


def of_25(hit: int) -> ModeReport:
    """25 modes of which so many are hit."""
    return ModeReport(np.where(np.arange(25) < hit, 1 / hit, 0.0), hit, 0.9, 512)


def measured(excess: float) -> Measurement:
    """A distance that many standard deviations of its floor above it."""
    return Measurement("sliced-w1", "Sliced W1", 0.02 + 0.001 * excess, 0.02, 0.001, 898, "", "eval", "training", 256, 0.1)


# The rule, a state in which it speaks with this number, level and setting, and a state nearby in which it must not.
CASES: list[tuple[str, Observations, float, str, str, Observations]] = [
    (
        "momentum-with-clipping",
        healthy(config=CLIP.replace(optimizer="adam")),
        0.5,
        "warning",
        "optimizer",
        healthy(config=CLIP.replace(optimizer="adam", adam_beta1=0.0)),
    ),
    (
        "momentum-with-clipping",
        healthy(config=CLIP.replace(optimizer="adam", adam_beta1=0.9)),
        0.9,
        "warning",
        "optimizer",
        healthy(config=GP),
    ),
    ("deep-critic-with-clipping", healthy(config=DEEP), 6, "warning", "lipschitz", healthy(config=CLIP.replace(critic_widths=(64,) * 4))),
    ("deep-critic-with-clipping", healthy(config=DEEP), 6, "warning", "lipschitz", healthy(config=GP.replace(critic_widths=(64,) * 5))),
    (
        "clipped-norm",
        healthy(config=CLIP.replace(critic_norm="batch")),
        1 / CLIP.clip_value,
        "warning",
        "clipped",
        healthy(config=CLIP.replace(critic_norm="batch", clipped="weights")),
    ),
    (
        "saturated-weights",
        healthy(boundary=layers(0.3, 0.95, 1.0)),
        0.95,
        "warning",
        "clip_value",
        healthy(boundary=layers(0.3, 0.89, 1.0)),
    ),
    (
        "saturated-weights",
        healthy(boundary=layers(0.95, 0.3, 1.0)),
        0.95,
        "warning",
        "clip_value",
        healthy(boundary=layers(0.95, 0.3, 1.0), step=400),
    ),
    (
        "saturated-weights",
        healthy(boundary=layers(0.84, 0.8, 1.0), config=CLIP.replace(critic_gradients="accumulated")),
        0.84,
        "warning",
        "critic_gradients",
        healthy(boundary=layers(math.nan, math.nan, math.nan), config=GP),
    ),
    (
        "linear-critic",
        healthy(norms=norms(alignment=0.999), diversity=0.2, generator_updates=200),
        0.999,
        "note",
        "clip_value",
        healthy(norms=norms(alignment=0.99), diversity=0.2, generator_updates=200),
    ),
    (
        "linear-critic",
        healthy(norms=norms(alignment=0.999), diversity=0.2, generator_updates=200, config=GP),
        0.999,
        "note",
        "critic_lr",
        healthy(norms=norms(alignment=1.0), diversity=0.9),
    ),
    (
        "vanishing-gradient",
        healthy(critic_depth=depth("critic", [-9.0, -8.0, -7.0], [4e-9, 1e-7, 1e-2])),
        4e-9,
        "warning",
        "clip_value",
        healthy(critic_depth=depth("critic", [-9.0, -8.0, -7.0], [4e-8, 1e-7, 1e-2])),
    ),
    (
        "vanishing-gradient",
        healthy(generator_depth=depth("generator", [-9.0, -8.0], [4e-9, 1e-7])),
        4e-9,
        "warning",
        "clip_value",
        healthy(generator_depth=GradientDepth(("generator layer 1", "critic layer 1"), np.array([-5.0, -5.0]), np.array([1e-5, 4e-9]))),
    ),
    (
        "vanishing-gradient",
        healthy(generator_depth=depth("generator", [-9.0, -8.0], [0.0, 1e-7]), config=GP),
        0.0,
        "warning",
        "critic_widths",
        healthy(config=GP),
    ),
    (
        "exploding-gradient",
        healthy(critic_depth=depth("critic", [2.5, 1.0, -0.6], [1.0] * 3)),
        3.1,
        "warning",
        "clip_value",
        healthy(critic_depth=depth("critic", [2.3, 1.0, -0.6], [1.0] * 3)),
    ),
    (
        "exploding-gradient",
        healthy(critic_depth=depth("critic", [2.5, 1.0, -0.6], [1.0] * 3), config=CLIP.replace(lipschitz="none")),
        3.1,
        "warning",
        "lipschitz",
        healthy(critic_depth=depth("critic", [-5.0, -3.0, -1.0], [1.0] * 3)),
    ),
    ("critic-lagging", healthy(lag=lag(0.8)), 0.8, "note", "n_critic", healthy(lag=lag(0.88))),
    ("critic-lagging", healthy(lag=lag(-0.4)), -0.4, "note", "n_critic", healthy(lag=lag(1.5))),
    ("negative-estimate", healthy(recent_estimates=NEGATIVE), 0.61, "warning", "n_critic", healthy(recent_estimates=-NEGATIVE)),
    ("negative-estimate", healthy(recent_estimates=NEGATIVE), 0.61, "warning", "n_critic", healthy(recent_estimates=NEGATIVE[:40])),
    ("negative-estimate", healthy(recent_estimates=NEGATIVE), 0.61, "warning", "n_critic", healthy(recent_estimates=NEGATIVE, step=100)),
    ("penalty-not-holding", healthy(config=GP, norms=norms(2.5)), 2.5, "warning", "gp_lambda", healthy(config=GP, norms=norms(1.3))),
    (
        "penalty-not-holding",
        healthy(config=GP.replace(lipschitz="one-sided-penalty"), norms=norms(2.5)),
        2.5,
        "warning",
        "gp_lambda",
        healthy(config=GP.replace(lipschitz="one-sided-penalty"), norms=norms(0.2)),
    ),
    (
        "exploding-gradient",
        healthy(critic_depth=depth("critic", [2.5, 1.0, -0.6], [1.0] * 3), config=GP),
        3.1,
        "warning",
        "critic_widths",
        healthy(critic_depth=depth("critic", [-5.0, -3.0, -1.0], [1.0] * 3), config=GP),
    ),
    ("penalty-not-holding", healthy(config=GP, norms=norms(0.2)), 0.2, "warning", "gp_lambda", healthy(config=CLIP, norms=norms(0.2))),
    (
        "penalty-not-holding",
        healthy(config=GP.replace(gp_every=16), norms=norms(2.5)),
        2.5,
        "warning",
        "gp_every",
        healthy(config=GP.replace(gp_every=16), norms=norms(1.3)),
    ),
    (
        "nothing-holds-the-critic",
        healthy(config=CLIP.replace(lipschitz="none"), constant=Bound(340.0)),
        340,
        "warning",
        "lipschitz",
        healthy(config=CLIP.replace(lipschitz="none"), constant=Bound(9.0)),
    ),
    (
        "nothing-holds-the-critic",
        healthy(config=CLIP.replace(lipschitz="none"), constant=Bound(340.0)),
        340,
        "warning",
        "lipschitz",
        healthy(config=GP, constant=Bound(340.0)),
    ),
    (
        "overfitted-critic",
        healthy(overfit=OverfitGap(0.6, 0.1, 1.0, 2000)),
        0.6,
        "warning",
        "augment",
        healthy(overfit=OverfitGap(0.4, 0.01, 1.0, 2000)),
    ),
    (
        "overfitted-critic",
        healthy(overfit=OverfitGap(0.6, 0.1, 1.0, 200, 200), config=CLIP.replace(architecture="dcgan", augment="translation")),
        0.6,
        "warning",
        "dcgan_width",
        healthy(overfit=OverfitGap(0.6, 0.2, 1.0, 2000)),
    ),
    (
        "overfitted-critic",
        healthy(overfit=OverfitGap(0.6, 0.1, 1.0, 2000), config=CLIP.replace(dataset="8-gaussians")),
        0.6,
        "warning",
        "critic_widths",
        healthy(overfit=OverfitGap(-0.6, 0.1, -1.0, 2000)),
    ),
    ("still-generator", healthy(moved=Movement(0.004, 25)), 0.004, "warning", "generator_lr", healthy(moved=Movement(0.004, 24))),
    ("still-generator", healthy(moved=Movement(0.004, 25)), 0.004, "warning", "generator_lr", healthy(moved=Movement(0.02, 25))),
    ("missing-modes", healthy(classes=FEW), 0.25, "warning", "n_critic", healthy(classes=of_ten(9))),
    ("missing-modes", healthy(classes=FEW), 0.25, "warning", "n_critic", healthy(classes=FEW, generator_updates=900)),
    ("missing-modes", healthy(classes=of_ten(6)), 0.6, "warning", "n_critic", healthy(classes=of_ten(10))),
    ("missing-modes", healthy(classes=of_ten(8)), 0.8, "note", "n_critic", healthy(classes=of_ten(9))),
    ("missing-modes", healthy(classes=None, modes=of_25(13)), 0.52, "warning", "n_critic", healthy(classes=None, modes=of_25(24))),
    ("missing-modes", healthy(classes=None, modes=of_25(20)), 0.8, "note", "n_critic", healthy(classes=None, modes=of_25(23))),
    (
        "missing-modes",
        healthy(classes=None, modes=MODES),
        1 / 3,
        "warning",
        "n_critic",
        healthy(classes=None, modes=dataclasses.replace(MODES, hit=3)),
    ),
    (
        "missing-modes",
        healthy(classes=None, modes=dataclasses.replace(MODES, high_quality=0.5)),
        1 / 3,
        "warning",
        "n_critic",
        healthy(classes=None, modes=dataclasses.replace(MODES, high_quality=0.4)),
    ),
    (
        "missing-modes",
        healthy(classes=None, modes=MODES),
        1 / 3,
        "warning",
        "n_critic",
        healthy(classes=None, modes=ModeReport(np.zeros(1), 0, 0.0, 10)),
    ),
    (
        "distance-rising",
        healthy(distance=measured(20), excesses=ROSE),
        0.02,
        "warning",
        "generator_lr",
        healthy(distance=measured(20), excesses=(*ROSE[:-3], 0.004, 0.004, 0.02)),  # one look only
    ),
    (
        "distance-rising",
        healthy(distance=measured(20), excesses=ROSE),
        0.02,
        "warning",
        "generator_lr",
        healthy(distance=measured(5), excesses=(0.1, *ROSE[1:4], 0.006, 0.006, 0.006)),  # within the noise
    ),
    (
        "distance-stuck",
        healthy(distance=measured(200), excesses=(0.21, 0.2, 0.2, 0.2), blank=0.3),
        2 / 3,
        "warning",
        "n_critic",
        healthy(distance=measured(170), excesses=(0.21, 0.17, 0.17, 0.17), blank=0.3),
    ),
    (
        "distance-stuck",
        healthy(distance=measured(200), excesses=(0.21, 0.2, 0.2, 0.2), blank=0.3),
        2 / 3,
        "warning",
        "n_critic",
        healthy(distance=measured(200), excesses=(0.21, 0.2, 0.2, 0.2), blank=0.3, generator_updates=900),
    ),
    ("samples-too-alike", healthy(diversity=0.4), 0.4, "warning", "n_critic", healthy(diversity=0.6)),
    ("samples-too-alike", healthy(diversity=0.4), 0.4, "warning", "n_critic", healthy(diversity=0.4, generator_updates=900)),
    (
        "batchnorm-modes-differ",
        healthy(mode_gap=ModeGap(0.06, 0.02, 1024)),
        3,
        "warning",
        "batch_size",
        healthy(mode_gap=ModeGap(0.036, 0.02, 1024)),
    ),
    (
        "batchnorm-modes-differ",
        healthy(mode_gap=ModeGap(0.06, 0.02, 1024)),
        3,
        "warning",
        "batch_size",
        healthy(mode_gap=ModeGap(0.06, 0.02, 1024), generator_updates=900),
    ),
]
