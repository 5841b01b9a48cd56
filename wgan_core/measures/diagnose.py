"""The critic's health: how steep it is, where its weights are, where the gradient vanishes, and whether it has memorised its data.

`copy_weights` is quick and must run while nothing trains. Everything else works on the copy, in any thread.
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from wgan_core.config import TrainConfig
from wgan_core.data.classes import Classes, shared_out
from wgan_core.measures import lipschitz
from wgan_core.measures.distances import sliced_w1, unit_directions
from wgan_core.measures.lipschitz import Bound, GradientNorms
from wgan_core.measures.metrics import PROJECTIONS, Mode, as_measured
from wgan_core.training.classes import critic_of, generator_of, one_hot, with_classes
from wgan_core.training.models import build_critic, build_generator
from wgan_core.training.objective import OBJECTIVES, Objective
from wgan_core.training.spectral import drawn_weight
from wgan_core.training.trainer import Trainer

AT_BOUNDARY = 0.99
"""A weight counts as being at the clip boundary if it is at least this share of c."""
BINS = 60


@dataclass(frozen=True)
class Specimen:
    """Copies of both networks at one step, on the CPU, frozen and in eval mode."""

    config: TrainConfig
    step: int
    generator_updates: int
    generator: nn.Module
    critic: nn.Module
    """In float64."""
    classes: Classes | None = None
    """Those that the networks are told; None if they are told none."""
    clipped: nn.Module | None = None
    """The critic with the weights that are clipped, if `critic` is made from it."""

    def of_class(self, number: int) -> Specimen:
        """The networks of one class, as of a run that is told none."""
        assert self.classes is not None
        row = one_hot(torch.tensor(number), len(self.classes))
        generator, critic = generator_of(self.generator, row), critic_of(self.critic, row)
        return replace(self, generator=generator, critic=critic, classes=None, clipped=self.critic)

    @torch.no_grad()
    def generate(self, z: Tensor, mode: Mode = "eval") -> Tensor:
        """Samples for latents `z` [n, latent_dim], float32. mode "train": BatchNorm takes its statistics over batches of the run's batch
        size, as in training; n should then be a multiple of it. With classes, each has its share of the samples."""
        if self.classes is not None:
            z = with_classes(z, one_hot(shared_out(len(z), self.classes), len(self.classes)))
        if mode == "eval":
            return torch.cat([self.generator(part) for part in z.split(256)])
        generator = copy.deepcopy(self.generator).train()  # a copy, because its running statistics change
        return torch.cat([generator(part) for part in z.split(self.config.batch_size) if len(part) > 1])


@dataclass(frozen=True)
class Copied:
    """The weights of both networks at one step. Can be made into a `Specimen` in any thread, which takes longer."""

    config: TrainConfig
    step: int
    generator_updates: int
    shape: tuple[int, ...]
    generator: dict[str, Tensor]
    critic: dict[str, Tensor]
    classes: Classes | None = None

    def specimen(self) -> Specimen:
        """Networks with these weights. They are new, because copies from a run with several processes would wait for the others."""
        count = len(self.classes or ())
        networks: list[nn.Module] = [build_generator(self.config, self.shape, count), build_critic(self.config, self.shape, count)]
        for network, state in zip(networks, (self.generator, self.critic), strict=True):
            network.load_state_dict(state)
            network.eval().requires_grad_(False)
        return Specimen(self.config, self.step, self.generator_updates, networks[0], networks[1].double(), self.classes)


def copy_weights(trainer: Trainer, *, averaged: bool = False) -> Copied:
    """Copy the weights of `trainer`, in milliseconds. Only for its own thread, or while it rests. averaged: of the averaged generator."""
    generator = trainer.averaged_generator if averaged else trainer.generator
    assert generator is not None
    states = [{name: value.detach().clone() for name, value in network.state_dict().items()} for network in (generator, trainer.critic)]
    config, shape = trainer.settings_of_newest, tuple(trainer.data.shape[1:])
    return Copied(config, trainer.step, trainer.generator_updates, shape, *states, classes=trainer.classes)


def take_specimen(trainer: Trainer, *, averaged: bool = False) -> Specimen:
    """Both networks of `trainer` in their present state. Only for its own thread, or while it rests."""
    return copy_weights(trainer, averaged=averaged).specimen()


# The clip boundary.


@dataclass(frozen=True)
class LayerWeights:
    """The distribution of the weights of one layer, without biases."""

    name: str
    counts: NDArray[np.int64]
    """[60]. Weights that are not finite are left out."""
    edges: NDArray[np.float64]
    """[61], symmetric about 0, wide enough for c and for all finite weights."""
    at_boundary: float
    """Share of weights with 0.99 c ≤ |w| ≤ c; nan without a clip value."""
    beyond: float
    """Share with |w| > c; nan without a clip value."""
    clip_value: float | None
    size: int
    """Number of weights, with those that are not finite."""


def clip_boundary(critic: nn.Module, clip_value: float | None) -> tuple[LayerWeights, ...]:
    """The weights of each layer of the critic compared with ±c. `clip_value`: None if nothing is clipped."""
    layers: list[LayerWeights] = []
    for number, (_, layer) in enumerate(lipschitz.weighted_layers(critic), 1):
        weight = drawn_weight(layer).detach().double().flatten()
        size, finite = weight.abs(), weight[weight.isfinite()]
        limit = max(float(finite.abs().max()) if len(finite) else 0.0, clip_value or 0.0) or 1.0
        counts, edges = np.histogram(finite.numpy(), BINS, (-limit, limit))
        at, beyond = math.nan, math.nan
        if clip_value is not None:
            # Weights at the boundary may be above c by a rounding error of float32, or of float16 in runs that are saved that way.
            over = size > clip_value * (1 + 1e-3)
            at, beyond = float(((size >= AT_BOUNDARY * clip_value) & ~over).double().mean()), float(over.double().mean())
        layers.append(LayerWeights(f"layer {number}", counts, edges, at, beyond, clip_value, len(size)))
    return tuple(layers)


# The gradient against depth.


@dataclass(frozen=True)
class GradientDepth:
    """The size of a loss's gradient at each layer, from the input on."""

    names: tuple[str, ...]
    log10_norms: NDArray[np.float64]
    """log₁₀ ‖∂L/∂h‖ over the whole batch, for the input h of each layer (the first is the network's input); −inf if it is 0."""
    weight_rms: NDArray[np.float64]
    """Root mean square of ∂L/∂W for each layer. Below 1e-8, which RMSprop and Adam add to it, it no longer moves the weights."""

    @property
    def slope(self) -> float:
        """Decades per layer toward the input, fitted by a straight line: negative if the gradient vanishes, positive if it explodes. nan
        for fewer than two layers or a gradient of 0."""
        if len(self.log10_norms) < 2 or not np.isfinite(self.log10_norms).all():
            return math.nan
        return float(np.polyfit(-np.arange(len(self.log10_norms)), self.log10_norms, 1)[0])


def critic_depth(critic: nn.Module, real: Tensor, fake: Tensor, objective: Objective = OBJECTIVES["wasserstein"]) -> GradientDepth:
    """For the critic's loss through the critic, in float64."""

    def loss(network: nn.Module) -> Tensor:
        values = network(torch.cat((real, fake)).double().requires_grad_())
        return objective.critic_loss(values[: len(real)], values[len(real) :])

    return _depth(nn.ModuleDict({"critic": critic}), lambda networks: loss(networks["critic"]))


def generator_depth(generator: nn.Module, critic: nn.Module, z: Tensor, objective: Objective = OBJECTIVES["wasserstein"]) -> GradientDepth:
    """For the generator's loss through generator and critic, in float64, with the generator's BatchNorm as in training.

    `weight_rms` covers the weights of both networks, although this loss does not update the critic's.
    """

    def loss(networks: nn.ModuleDict) -> Tensor:
        return objective.generator_loss(networks["critic"](networks["generator"].train()(z.double().requires_grad_())))

    return _depth(nn.ModuleDict({"generator": generator, "critic": critic}), loss)


def _depth(networks: nn.ModuleDict, loss: Callable[[nn.ModuleDict], Tensor]) -> GradientDepth:
    networks = copy.deepcopy(networks).double().requires_grad_(True)
    layers = [(part, layer) for part, network in networks.items() for _, layer in lipschitz.weighted_layers(network)]
    inputs: list[Tensor] = []

    def note(module: nn.Module, arguments: tuple[Tensor, ...]) -> None:
        inputs.append(arguments[0])

    for _, layer in layers:
        layer.register_forward_pre_hook(note)  # the input, because the activation may change the output in place
    value = loss(networks)
    weights = [drawn_weight(layer) for _, layer in layers]
    gradients = torch.autograd.grad(value, [*inputs, *weights])
    norms = np.array([float(gradient.norm()) for gradient in gradients[: len(inputs)]])
    rms = np.array([float(gradient.square().mean().sqrt()) for gradient in gradients[len(inputs) :]])
    with np.errstate(divide="ignore"):
        return GradientDepth(_numbered([part for part, _ in layers]), np.log10(norms), rms)


def _numbered(parts: list[str]) -> tuple[str, ...]:
    return tuple(f"{part} layer {parts[: index + 1].count(part)}" for index, part in enumerate(parts))


# Everything that is measured on a specimen.


@dataclass(frozen=True)
class CriticHealth:
    """The measurements of one critic on one sample of real and generated data."""

    step: int
    n: int
    """Number of real samples, and of generated ones."""
    estimate: float
    """E f(real) − E f(fake) on these samples, with norms in eval mode. It is in the critic's own scale, so it is not W1. For a
    discriminator, the difference of the mean logits."""
    norms: GradientNorms | None
    """None if the critic has no slope at a single sample; `constant` says why."""
    constant: Bound
    """K_emp, the steepest slope found; a lower bound of the Lipschitz constant K."""
    display_w1: Bound
    """estimate / K_emp: a value for display in the unit of W1, not a bound."""
    spectral: Bound
    """K_spec ≥ K."""
    box: Bound
    """K_box ≥ K_spec; for clipped critics only."""
    boundary: tuple[LayerWeights, ...]
    critic_depth: GradientDepth
    generator_depth: GradientDepth
    seconds: float


def examine(specimen: Specimen, real: Tensor, *, seed: int = 0, extra: Tensor | None = None) -> CriticHealth:
    """Examine a critic on `real` [n, ...] (float; images in [-1, 1]) and on equally many generated samples.

    Args:
        specimen: from `take_specimen`.
        real: real samples.
        seed: for the latents and the points between real and generated samples.
        extra: more points at which to look for steep places; a grid if the data is in the plane.
    """
    start = time.perf_counter()
    rng = torch.Generator().manual_seed(seed)
    z = torch.randn(len(real), specimen.config.latent_dim, generator=rng)
    fake = specimen.generate(z).double()
    real = real.cpu().double()
    critic, shape = specimen.critic, tuple(real.shape[1:])
    clip = specimen.config.clip_value if specimen.config.lipschitz == "clip" else None
    objective = OBJECTIVES[specimen.config.objective]
    estimate = float(lipschitz.scores(critic, real).mean() - lipschitz.scores(critic, fake).mean())
    norms, constant = _slopes(critic, real, fake, rng, extra)
    return CriticHealth(
        step=specimen.step,
        n=len(real),
        estimate=estimate,
        norms=norms,
        constant=constant,
        display_w1=_display_w1(specimen.config, estimate, constant),
        spectral=lipschitz.spectral_bound(critic, shape),
        box=_box(specimen, shape, clip),
        boundary=clip_boundary(specimen.clipped or critic, clip),
        critic_depth=critic_depth(critic, real, fake, objective),
        generator_depth=generator_depth(specimen.generator, critic, z, objective),
        seconds=time.perf_counter() - start,
    )


def _display_w1(config: TrainConfig, estimate: float, constant: Bound) -> Bound:
    if config.objective != "wasserstein":
        return Bound(None, "A discriminator's scores are logits, which say nothing about the distance.")
    return Bound(estimate / constant.value) if constant.value else Bound(None, constant.reason or "The critic is flat.")


def _slopes(
    critic: nn.Module, real: Tensor, fake: Tensor, rng: torch.Generator, extra: Tensor | None
) -> tuple[GradientNorms | None, Bound]:
    if reason := lipschitz.why_no_slope(critic):
        return None, Bound(None, reason)
    norms = lipschitz.gradient_norms(critic, real, fake, rng)
    return norms, Bound(lipschitz.empirical_constant(critic, real, fake, norms, None if extra is None else extra.double()))


def _box(specimen: Specimen, shape: tuple[int, ...], clip: float | None) -> Bound:
    if clip is None:
        return Bound(None, "The critic's weights are not clipped, so there is no bound from a clip value.")
    bound = lipschitz.box_bound(specimen.critic, shape, clip)
    # The last layer's weights of one class are those of all classes and its own, added up.
    return replace(bound, value=2 * bound.value) if specimen.clipped is not None and bound.value is not None else bound


# Smaller measurements.


@dataclass(frozen=True)
class ModeGap:
    """How far samples with BatchNorm in train mode are from samples in eval mode, by sliced W1."""

    difference: float
    noise: float
    """Eval mode against eval mode with other latents."""
    n: int

    @property
    def ratio(self) -> float:
        """1 if the mode makes no difference."""
        return self.difference / self.noise if self.noise else math.nan


def mode_gap(specimen: Specimen, *, n: int = 1024, seed: int = 0) -> ModeGap | None:
    """Compare the modes of the generator's BatchNorm on n samples, rounded up to whole batches; None if it has no BatchNorm."""
    if not any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in specimen.generator.modules()):
        return None
    n = -(-n // specimen.config.batch_size) * specimen.config.batch_size
    z, other = torch.randn(2, n, specimen.config.latent_dim, generator=torch.Generator().manual_seed(seed))
    trained, plain, again = (
        as_measured(samples) for samples in (specimen.generate(z, "train"), specimen.generate(other), specimen.generate(z))
    )
    directions = unit_directions(plain[0].numel(), PROJECTIONS)
    return ModeGap(sliced_w1(trained, plain, directions), sliced_w1(again, plain, directions), n)


@dataclass(frozen=True)
class OverfitGap:
    """How much higher the critic scores the images it was trained on than real images it never saw."""

    gap: float
    """E f(training) − E f(held-out)."""
    standard_error: float
    estimate: float
    """E f(training) − E f(fake)."""
    n: int
    """Number of training samples compared."""
    training: int = 0
    """Number of training samples that there are; 0 if not told."""

    @property
    def share(self) -> float:
        """The part of the estimate that is memory of the training images. The scale of the scores, which differs from critic to critic,
        cancels out."""
        return self.gap / self.estimate if self.estimate else math.nan

    @property
    def noise(self) -> float:
        """Twice the standard error of the gap, as a share of the estimate: a critic that has learned nothing by heart has a share within
        ± this in about 95 % of cases."""
        return 2 * self.standard_error / abs(self.estimate) if self.estimate else math.nan


def overfit_gap(specimen: Specimen, training: Tensor, held_out: Tensor, *, seed: int = 0) -> OverfitGap:
    """Compare the critic's scores of `training` and `held_out` samples [n, ...] and [m, ...] (float; images in [-1, 1]), as they are: an
    augmented run's critic too, which seldom sees them so."""
    z = torch.randn(len(training), specimen.config.latent_dim, generator=torch.Generator().manual_seed(seed))
    known, new, fake = (lipschitz.scores(specimen.critic, part.cpu().double()) for part in (training, held_out, specimen.generate(z)))
    error = math.sqrt(float(known.var()) / len(known) + float(new.var()) / len(new))
    return OverfitGap(float(known.mean() - new.mean()), error, float(known.mean() - fake.mean()), len(training))


@dataclass(frozen=True)
class Movement:
    """How far a generator has moved the samples of the same latents."""

    share: float
    """Root mean square distance, relative to the mean distance between two real samples."""
    generator_updates: int
    """Number of generator updates in between."""


def movement(before: Tensor, after: Tensor, typical: float, generator_updates: int) -> Movement:
    """Compare samples [n, ...] of the same latents. `typical` is the mean distance between two real samples; if it is 0, the share is not a
    number."""
    distance = (after.double() - before.double()).flatten(1).square().sum(1).mean().sqrt()
    return Movement(float(distance) / typical if typical > 0 else math.nan, generator_updates)
