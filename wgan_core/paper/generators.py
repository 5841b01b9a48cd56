"""WGAN, figures 5 to 7: generators with which a WGAN learns and an ordinary GAN makes a single image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray
from torch import nn

from wgan_core.config import TrainConfig
from wgan_core.data.dataset import to_uint8
from wgan_core.paper import run_figures
from wgan_core.paper.digits import DIGITS, ORDINARY_GAN, Judged, judge, new_samples, split
from wgan_core.paper.result import Check, Experiment, Progress
from wgan_core.training.models import DCGANGenerator, Generator, MLPGenerator, SampleShape
from wgan_core.training.trainer import Trainer

SHOWN = 36
"""Number of samples in each picture."""

_SAME = DIGITS.replace(
    architecture="dcgan",
    dcgan_width=16,
    critic_norm="batch",
    weight_init="normal",
    batchnorm_eps=1e-5,
    latent_dim=100,
    batch_size=32,
    lr_schedule="constant",
)
WGAN, GAN = "WGAN", "GAN"
METHODS: dict[str, tuple[TrainConfig, int]] = {
    # Four times the rate of the WGAN paper, whose runs are far longer. The GAN's is the DCGAN paper's, and as high.
    WGAN: (_SAME.replace(n_critic=5, clip_value=0.01, critic_lr=2e-4, generator_lr=2e-4), 3000),
    GAN: (_SAME.replace(**ORDINARY_GAN), 1000),
}
"""Settings and number of critic updates. The GAN's generator gets 1,000 updates, the WGAN's 600."""

DCGAN, EVEN, MLP = "DCGAN", "even, no norm", "fully connected"
KINDS = (DCGAN, EVEN, MLP)
"""The generators of figures 5, 6 and 7. The critic is a DCGAN's with BatchNorm each time."""


def generator(kind: str, config: TrainConfig, shape: SampleShape) -> Generator | None:
    """A generator of images of `shape` [1, side, side]; None for the one that `config` itself describes."""
    if kind == DCGAN:
        return None
    if kind == MLP:  # three hidden layers and the last make four, as the authors count
        return MLPGenerator(config.latent_dim, shape, (512, 512, 512), slope=0.0, eps=config.batchnorm_eps, norm="none")
    _, side, _ = shape
    even = DCGANGenerator(config.latent_dim, (1, side, side), config.dcgan_width, config.batchnorm_eps, norm="none")
    even.layers = _even_layers(config.latent_dim, config.dcgan_width, side)
    return even


def _even_layers(inputs: int, width: int, side: int) -> nn.Sequential:
    """From 4 px to `side`, which is 4 times a power of 2, `width` channels everywhere, no norm. So that small images take as many layers as
    the paper's of 64 px, two convolutions come before each transposed one."""
    layers: list[nn.Module] = [nn.ConvTranspose2d(inputs, width, 4), nn.ReLU(inplace=True)]
    while side > 4:
        for _ in range(2):
            layers += [nn.Conv2d(width, width, 3, padding=1), nn.ReLU(inplace=True)]
        side //= 2
        layers += [nn.ConvTranspose2d(width, width if side > 4 else 1, 4, stride=2, padding=1), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers[:-1], nn.Tanh())


@dataclass(frozen=True)
class Made:
    """What a trained generator makes."""

    judged: Judged
    samples: NDArray[np.uint8]
    """[n, side, side]"""


def made(kind: str, config: TrainConfig, updates: int, progress: Progress) -> Made:
    """Train a generator of one of the `KINDS` for so many critic updates."""
    data = split(config)[0]
    trainer = Trainer(config, data, generator=generator(kind, config, tuple(data.data.shape[1:])))
    for step in range(1, updates + 1):
        trainer.train_step()
        progress.report(step / updates)
    return Made(judge(trainer), to_uint8(new_samples(trainer))[:SHOWN, 0].numpy())


Table = Mapping[tuple[str, str], Judged]
"""By kind of generator and method."""


def checks(found: Table) -> tuple[Check, ...]:
    """Check the criterion."""
    return (
        *(Check(f"{DCGAN}, {method}: classifier score", found[DCGAN, method].score, low=5.0) for method in METHODS),
        *(check for kind in (EVEN, MLP) for check in _only_the_wgan(kind, found[kind, WGAN], found[kind, GAN])),
    )


def _only_the_wgan(kind: str, wgan: Judged, gan: Judged) -> tuple[Check, ...]:
    return (
        Check(f"{kind}, WGAN: diversity", wgan.diversity, low=0.5),
        Check(f"{kind}, GAN: diversity", gan.diversity, high=0.25),
        Check(f"{kind}: sliced W1 of the GAN over that of the WGAN", gan.sliced / wgan.sliced, low=1.5),
    )


def measure(seed: int, progress: Progress) -> tuple[tuple[Check, ...], go.Figure]:
    """The full experiment."""
    found: dict[tuple[str, str], Made] = {}
    total, done = len(KINDS) * sum(updates for _, updates in METHODS.values()), 0
    for method, (config, updates) in METHODS.items():
        for kind in KINDS:
            part = progress.part(done / total, (done + updates) / total)
            found[kind, method] = made(kind, config.replace(seed=seed), updates, part)
            done += updates
    samples = {key: one.samples for key, one in found.items()}
    scores = {key: one.judged.score for key, one in found.items()}
    return checks({key: one.judged for key, one in found.items()}), run_figures.generators(samples, scores)


EXPERIMENT = Experiment(
    name="generators",
    title="Generators that a GAN does not train",
    source="WGAN, figures 5 to 7",
    claim="The paper gives the same critic three generators. With a DCGAN, WGAN and GAN both make good pictures. Without BatchNorm and "
    "with the same width everywhere (“even, no norm”), or with four fully connected layers of 512, the WGAN still learns, while the GAN "
    "fails or makes the same picture again and again (mode collapse). Here they learn handwritten digits of 16 px, and it comes out the "
    "same way: the GAN's two weaker generators make one image for all latents. The WGAN's make different shapes that lie nearer to the "
    "digits, though they are not good digits after so short a time.",
    criterion="With the DCGAN generator both reach a classifier score of at least 5 (of 10). With each of the other two, the WGAN's images "
    "have a diversity of at least 0.5 and the GAN's of at most 0.25 (real digits have 1, a single image 0), and the GAN's sliced W1 to "
    "held-out digits is at least 1.5 times the WGAN's.",
    fooled_by="Noise is diverse too, so the distance to held-out digits is checked beside the diversity. The GAN has the DCGAN paper's "
    "recipe: Adam with a rate of 2e-4, one update of each network in turn, and the loss −log D. Its generator gets more updates than the "
    "WGAN's, 1,000 against 600. The WGAN has the paper's RMSprop and c = 0.01 at a rate of 2e-4, four times the paper's, because the runs "
    "are short. The weights start with an sd of 0.02, as in the DCGAN paper. That is not what stops the GAN: with PyTorch's usual start "
    "both of its generators made one image too (seed 0). Images of 16 px need only three layers, so the even generator has two more "
    "convolutions before each doubling of the side. With three layers the GAN still learned something there (a score of 4).",
    figure_words="Six pictures of 36 samples each, WGAN above and GAN below. Left, DCGAN: digits in both. Middle and right, the weaker "
    "generators: different blurred shapes from the WGAN, the same image 36 times from the GAN.",
    typical_seconds=100,
    measure=measure,
)
