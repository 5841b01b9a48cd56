"""The papers' results that compare whole runs: generators that a GAN does not train, and networks drawn at random."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.figures_drawn import traces
from wgan_core.paper import architectures, generators, run_figures
from wgan_core.paper.architectures import GAN, PENALTY, Architecture
from wgan_core.paper.digits import Judged, split
from wgan_core.paper.generators import DCGAN, EVEN, KINDS, MLP, WGAN
from wgan_core.paper.result import Check, Progress
from wgan_core.training.trainer import Trainer


def missed(checks: Iterable[Check]) -> list[int]:
    """Which checks failed, by their place."""
    return [place for place, check in enumerate(checks) if not check.passed]


GOOD, ONE_IMAGE = Judged(sliced=0.1, score=6.0, diversity=0.9), Judged(sliced=0.4, score=1.0, diversity=0.01)

# Generators.


def small(method: str, **changes: Any) -> Any:
    """The settings of a method for images of 8 px."""
    return generators.METHODS[method][0].replace(image_size=8, dcgan_width=8, **changes)


def test_a_generator_of_the_same_width_everywhere() -> None:
    config = small(WGAN)
    even = generators.generator(EVEN, config, (1, 16, 16))
    assert even is not None
    convolutions = [layer for layer in even.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]
    assert [layer.out_channels for layer in convolutions] == [8] * 6 + [1]
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in even.modules())
    images = even(torch.randn(3, config.latent_dim))
    assert images.shape == (3, 1, 16, 16) and images.abs().max() <= 1


def test_the_fully_connected_generator_has_four_layers() -> None:
    mlp = generators.generator(MLP, small(WGAN), (1, 8, 8))
    assert mlp is not None
    assert [layer.out_features for layer in mlp.modules() if isinstance(layer, nn.Linear)] == [512, 512, 512, 64]
    assert generators.generator(DCGAN, small(WGAN), (1, 8, 8)) is None


@pytest.mark.slow
def test_a_trainer_trains_the_generator_that_it_is_given() -> None:
    config = small(GAN)
    given = generators.generator(EVEN, config, (1, 8, 8))
    trainer = Trainer(config, split(config)[0], generator=given)
    assert trainer.generator is given
    before = torch.cat([parameter.detach().flatten() for parameter in trainer.generator.parameters() if parameter.ndim > 1])
    assert float(before.std()) == pytest.approx(0.02, rel=0.05)  # drawn as `weight_init` says
    trainer.train_step()
    after = torch.cat([parameter.detach().flatten() for parameter in trainer.generator.parameters() if parameter.ndim > 1])
    assert not torch.equal(before, after)


def test_what_counts_as_generators_that_only_a_wgan_trains() -> None:
    right = {(kind, method): GOOD for kind in KINDS for method in (WGAN, GAN)}
    right |= {(EVEN, GAN): ONE_IMAGE, (MLP, GAN): ONE_IMAGE}
    assert missed(generators.checks(right)) == []
    assert missed(generators.checks(right | {(DCGAN, GAN): ONE_IMAGE})) == [1]
    assert missed(generators.checks(right | {(EVEN, WGAN): ONE_IMAGE})) == [2, 4]
    assert missed(generators.checks(right | {(MLP, GAN): GOOD})) == [6, 7]
    noise = Judged(sliced=0.9, score=1.0, diversity=1.3)  # differs much, but is like nothing
    assert missed(generators.checks(right | {(MLP, WGAN): noise})) == [7]


@pytest.mark.slow
def test_a_wgan_trains_what_a_gan_and_a_wgan_without_clipping_do_not() -> None:
    """In less time: images of 8 px, larger steps."""
    faster = {"critic_lr": 5e-4, "generator_lr": 1e-3}
    gan = generators.made(EVEN, small(GAN), 300, Progress())
    wgan, unclipped = (generators.made(EVEN, small(WGAN, **faster, **more), 800, Progress()) for more in ({}, {"lipschitz": "none"}))
    assert gan.samples.shape == (generators.SHOWN, 8, 8)
    rest = {(kind, method): GOOD for kind in KINDS for method in (WGAN, GAN)} | {(MLP, GAN): ONE_IMAGE, (EVEN, GAN): gan.judged}
    assert missed(generators.checks(rest | {(EVEN, WGAN): wgan.judged})) == []
    assert missed(generators.checks(rest | {(EVEN, WGAN): unclipped.judged})) == [2, 4]


# Architectures.


def test_architectures_are_drawn_by_the_seed_and_differ() -> None:
    drawn = architectures.drawn(3)
    assert drawn == architectures.drawn(3) != architectures.drawn(4)
    assert len(set(drawn)) == architectures.COUNT


def test_an_architecture_becomes_settings_that_fit_the_method() -> None:
    one = Architecture(4, 64, True, 2, 32, True, 0.0)
    assert one.words == "generator 4 × 64, BatchNorm; critic 2 × 32, norm; ReLU"
    gan, penalised = (one.applied(architectures.METHODS[method][0]) for method in (GAN, PENALTY))
    assert (gan.critic_norm, penalised.critic_norm) == ("batch", "layer")
    assert (gan.generator_widths, gan.critic_widths, gan.generator_norm, gan.leaky_slope) == ((64,) * 4, (32, 32), "batch", 0.0)
    assert gan.objective == "non-saturating" and penalised.objective == "wasserstein"


def test_runs_are_counted_by_what_they_have_learned() -> None:
    broken = Judged(sliced=math.nan, score=math.nan, diversity=math.nan)
    shifted = Judged(sliced=0.55, score=6.0, diversity=0.9)  # recognisable, but too dark
    found = {GAN: [GOOD, ONE_IMAGE, GOOD, shifted, broken], PENALTY: [GOOD, GOOD, ONE_IMAGE, GOOD, broken]}
    assert architectures.tally(found) == architectures.Tally(only_gan=1, only_penalty=2, both=1, neither=1)


def test_what_counts_as_the_penalty_training_more_architectures() -> None:
    nothing, nearer = [ONE_IMAGE] * 10, replace(ONE_IMAGE, sliced=0.35)
    half = [GOOD] * 5 + [nearer] * 5
    assert missed(architectures.checks({GAN: nothing, PENALTY: half})) == []
    assert missed(architectures.checks({GAN: half, PENALTY: half})) == [1, 3]
    assert missed(architectures.checks({GAN: [GOOD] * 2 + [ONE_IMAGE] * 8, PENALTY: [nearer] * 2 + [GOOD] * 8})) == [2]
    assert missed(architectures.checks({GAN: nothing, PENALTY: [nearer] * 10})) == [0, 1]
    assert missed(architectures.checks({GAN: nothing, PENALTY: [GOOD] * 5 + [ONE_IMAGE] * 5})) == [3]


@pytest.mark.slow
def test_an_architecture_that_learns_with_the_penalty_does_not_without() -> None:
    one = Architecture(2, 64, True, 2, 64, False, 0.2)
    penalised = architectures.METHODS[PENALTY][0].replace(critic_lr=2e-3, generator_lr=2e-3)
    assert architectures.learned(architectures.trained(one, penalised, 700, Progress()))
    assert not architectures.learned(architectures.trained(one, penalised.replace(lipschitz="none"), 700, Progress()))


# Figures.


def test_figures_of_runs_are_drawn_of_plain_data() -> None:
    images = np.zeros((4, 8, 8), np.uint8)
    images[0] = 255
    keys = [(kind, method) for method in (WGAN, GAN) for kind in KINDS]
    figure = run_figures.generators(dict.fromkeys(keys, images), dict.fromkeys(keys, 2.5))
    assert len(traces(figure)) == 6
    sheet = np.asarray(traces(figure)[0].z)
    assert (sheet[-8:, :8] == 255).all()  # the first image is at the top left; y points up
    drawn = run_figures.architectures({GAN: [(1.0, 0.5), (2.0, 0.4)], PENALTY: [(6.0, 0.1), (5.0, 0.2)]}, ["a", "b"], 3.0, 0.25)
    assert [list(trace.y) for trace in traces(drawn)[:4]] == [[1.0, 2.0], [0.5, 0.4], [6.0, 5.0], [0.1, 0.2]]
