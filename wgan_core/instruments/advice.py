"""What the instruments' numbers mean, in words: one small rule for each known way in which a WGAN fails.

A rule looks at the measurements and either stays silent or says what it saw (with the number), why that hurts, and which setting to change.
The thresholds were set between measured healthy runs (`quick-start`, `pytorch-gan`, `pytorch-gan-gp`, and the two runs that come with the
project) and runs that fail. A rule whose number comes from elsewhere says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from wgan_core.config import TrainConfig, is_wasserstein
from wgan_core.data.catalog import DATASETS
from wgan_core.instruments.look import LoopNumbers, Seen
from wgan_core.measures.lipschitz import GradientNorms


@dataclass(frozen=True)
class Advice:
    """One piece of advice."""

    key: str
    """Name of the rule."""
    level: Literal["note", "warning"]
    """note: good to know when reading the numbers. warning: training is harmed."""
    text: str
    """What was seen, why it matters, what to do."""
    number: float
    """The measured number."""
    setting: str
    """The field of `TrainConfig` to change."""
    value: Any = None
    """What to set it to, for a start; None if that cannot be told."""


@dataclass(frozen=True)
class Observations(Seen):
    """A run as the rules see it: its settings, its progress, and the measurements. Rules without the numbers they need stay silent."""

    config: TrainConfig
    step: int = 0
    generator_updates: int = 0
    recent_estimates: NDArray[np.float64] | None = None
    """The Wasserstein estimates of the latest recorded steps, about 200 of them."""
    loop: LoopNumbers | None = None
    """What the training loop knows besides, without an instrument."""


Rule = Callable[[Observations], Advice | None]

WARMED_UP = 500
"""Before this many critic updates, the critic's state says nothing: most default weights are clipped at the first update."""
KEPT_UP = 0.87
"""A critic counts as keeping up if it had found at least this share of what more updates find."""
RISEN = 2.0
"""Times the lowest excess so far, above which a distance counts as risen."""
STUCK = 0.6
"""Of the distance of a single average sample, above which the samples of a settled run are not near real data (healthy: below 0.3)."""
SETTLED = 1000
"""Before this many generator updates, few classes or very similar images are normal."""


def advise(seen: Observations) -> tuple[Advice, ...]:
    """All advice that follows from the observations, warnings first; empty for a healthy run."""
    found = [advice for rule in RULES if (advice := rule(seen)) is not None]
    return tuple(sorted(found, key=lambda advice: advice.level != "warning"))


# The settings.


def momentum_with_clipping(seen: Observations) -> Advice | None:
    """Adam with momentum and clipped weights: unstable (WGAN paper, section 4.3)."""
    config = seen.config
    if config.lipschitz != "clip" or config.optimizer != "adam" or config.adam_beta1 == 0:
        return None
    text = (
        f"Clipping runs with Adam's momentum (β1 = {config.adam_beta1:g}): the critic's loss keeps changing while Adam averages its "
        "gradients, and the WGAN paper found that training becomes unstable. Choose rmsprop, or set β1 to 0."
    )
    return Advice("momentum-with-clipping", "warning", text, config.adam_beta1, "optimizer", "rmsprop")


def deep_critic_with_clipping(seen: Observations) -> Advice | None:
    """Clipping in a deep critic: gradients vanish or explode with each layer (WGAN-GP paper, figure 1b)."""
    layers = len(seen.config.critic_widths) + 1
    if seen.config.lipschitz != "clip" or seen.config.architecture != "mlp" or layers < 6:
        return None
    text = (
        f"The critic has {layers} layers and clipped weights: each layer multiplies the gradient by about the same factor, so over "
        f"{layers} layers it vanishes or explodes, whatever c is. Use the gradient penalty, or a critic of 2 to 4 layers."
    )
    return Advice("deep-critic-with-clipping", "warning", text, layers, "lipschitz", "gradient-penalty")


def clipped_norm(seen: Observations) -> Advice | None:
    """BatchNorm in a critic whose parameters are all clipped, including the norm's scales (WassersteinGAN #18, #32, #75)."""
    config = seen.config
    if config.lipschitz != "clip" or config.critic_norm != "batch" or config.clipped != "all":
        return None
    text = (
        f"BatchNorm in a clipped critic: its scales are clipped to ±{config.clip_value:.3g} too, so each norm divides the scores by "
        f"{1 / config.clip_value:,.3g} or more. The WGAN authors' code does this as well. For scores of a usual size, clip only the "
        "weights, or use no norm."
    )
    return Advice("clipped-norm", "warning", text, 1 / config.clip_value, "clipped", "weights")


# The critic.


def saturated_weights(seen: Observations) -> Advice | None:
    """Nearly all weights of a hidden layer are at ±c. The last layer is ignored, because there this is so in every clipped critic that
    works.

    At first it is only a note: `pytorch-gan` has 98 to 100 % of its layer 2 there for 500 generator updates, and 14 % at 700. `quick-start`
    ends with 74 % there, as its learning rates have fallen."""
    if seen.health is None or seen.config.lipschitz != "clip" or seen.health.step < WARMED_UP:
        return None
    layer = max(seen.health.boundary[:-1], key=lambda layer: layer.at_boundary, default=None)
    piled = seen.config.critic_gradients == "accumulated"
    if layer is None or not layer.at_boundary > (0.8 if piled else 0.9):
        return None
    start = f"{layer.at_boundary:.0%} of the weights of the critic's {layer.name} are at ±c = {layer.clip_value:.3g}: "
    if piled:
        text = start + "its gradients are never reset to zero, so their sum drives every weight there. Choose fresh critic gradients."
        return Advice("saturated-weights", "warning", text, layer.at_boundary, "critic_gradients", "fresh")
    start += "they have no room to learn, and all units of the layer end up doing the same. "
    level, text = _once_settled(seen, start, "raise c, or use the gradient penalty.")
    return Advice("saturated-weights", level, text, layer.at_boundary, "clip_value", raised_clip(seen.config))


def _once_settled(seen: Observations, what: str, remedy: str) -> tuple[Literal["note", "warning"], str]:
    """For a state in which healthy runs begin and which they leave by themselves, as they do after a change: at first a note that says so,
    later a warning."""
    if (since := steps_since_edit(seen)) is not None and since < RECOVERY:
        return "note", f"{what}A setting was changed {since:,} steps ago, and a run needs time to get over that. If it stays so, {remedy}"
    if seen.generator_updates >= SETTLED:
        return "warning", what + remedy[0].upper() + remedy[1:]
    return "note", f"{what}Many runs begin this way; if this one is still in this state after {SETTLED:,} generator updates, {remedy}"


RECOVERY = 3000
"""Critic updates after a live edit in which the state of the critic is no verdict on the present settings."""


def steps_since_edit(seen: Observations) -> int | None:
    """Critic updates since the newest live edit; None if there was none."""
    last = seen.loop.last_edit if seen.loop is not None else None
    return None if last is None else seen.step - last.step


def _warmed_up_norms(seen: Observations) -> GradientNorms | None:
    """The critic's slopes, if it was warmed up when they were measured, which may be long ago."""
    return seen.health.norms if seen.health is not None and seen.health.step >= WARMED_UP else None


def linear_critic(seen: Observations) -> Advice | None:
    """The critic's gradient is the same everywhere, although the samples are so similar that more than the means must differ.

    At first it is only a note: `pytorch-gan` leaves this state after some 700 generator updates, `walkthrough` after 250, both by
    themselves."""
    norms = _warmed_up_norms(seen)
    if norms is None or seen.diversity is None:
        return None
    if not (norms.alignment > 0.995 and seen.diversity < 0.5):
        return None
    clipped = seen.config.lipschitz == "clip"
    text = (
        f"The critic's gradient is the same everywhere (alignment {norms.alignment:.3f} of 1): it has become a linear function, which only "
        "sees that the means differ, so nothing makes the samples as varied as the data. "
    )
    level, text = _once_settled(seen, text, "raise c." if clipped else "lower the critic's learning rate.")
    if clipped:
        return Advice("linear-critic", level, text, norms.alignment, "clip_value", raised_clip(seen.config))
    return Advice("linear-critic", level, text, norms.alignment, "critic_lr", round_to_digit(seen.config.critic_lr / 3))


OPTIMIZER_EPS = 1e-8
"""What RMSprop and Adam in PyTorch add to the size of the gradient before they divide by it."""


def vanishing_gradient(seen: Observations) -> Advice | None:
    """A layer's gradient is smaller than what the optimiser adds to it, so its weights move less than half as far as the learning rate
    says."""
    if seen.health is None:
        return None
    critic, generator = seen.health.critic_depth, seen.health.generator_depth
    size, name = min((*zip(critic.weight_rms, critic.names, strict=True), *_generator_part(generator.weight_rms, generator.names)))
    if not size < OPTIMIZER_EPS:
        return None
    clipped = seen.config.lipschitz == "clip"
    text = (
        f"The gradient of the {name} has a size of {size:.0e}, less than the 1e-8 that the optimiser adds to it, so those weights hardly "
        f"move at any learning rate; through the critic it changes by {critic.slope:+.1f} decades per layer toward the input. "
    )
    if seen.config.objective == "minimax":
        text += "Where the discriminator is sure, that of the minimax generator vanishes: choose non-saturating in a new run."
        return Advice("vanishing-gradient", "warning", text, float(size), "objective", "non-saturating")
    setting, fewer = _fewer_layers(seen.config)
    text += "Raise c, or use the gradient penalty." if clipped else fewer
    if clipped:
        return Advice("vanishing-gradient", "warning", text, float(size), "clip_value", raised_clip(seen.config))
    return Advice("vanishing-gradient", "warning", text, float(size), setting)


def _fewer_layers(config: TrainConfig) -> tuple[str, str]:
    """The setting that gives a critic fewer layers, and a sentence that says so. Convolutions have one for each doubling of the side."""
    if config.architecture == "mlp":
        return "critic_widths", "Use a critic with fewer layers."
    return "image_size", "Use smaller images, whose critic has fewer layers."


def _generator_part(sizes: NDArray[np.float64], names: tuple[str, ...]) -> list[tuple[float, str]]:
    return [(size, name) for size, name in zip(sizes, names, strict=True) if name.startswith("generator")]


def exploding_gradient(seen: Observations) -> Advice | None:
    """The gradient grows more than a thousandfold on its way through the critic."""
    if seen.health is None:
        return None
    norms = seen.health.critic_depth.log10_norms
    growth = float(norms[0] - norms[-1])
    if not growth > 3:
        return None
    clipped = seen.config.lipschitz == "clip"
    text = (
        f"The gradient grows by {growth:.1f} decades on its way through the critic to the image: the first layers get updates of a quite "
        "different size from the last ones. "
    )
    if clipped:
        text += "Lower c, or use the gradient penalty."
        return Advice("exploding-gradient", "warning", text, growth, "clip_value", round_to_digit(seen.config.clip_value / 3))
    if seen.config.lipschitz != "none":
        setting, fewer = _fewer_layers(seen.config)
        return Advice("exploding-gradient", "warning", text + fewer, growth, setting)
    held = constraint_for(seen.config)
    return Advice("exploding-gradient", "warning", f"{text}Choose the Lipschitz method {held}.", growth, "lipschitz", held)


def critic_lagging(seen: Observations) -> Advice | None:
    """The critic finds much more if the generator stands still. Never more than a note: in eight states of `quick-start`, which trains
    well, it had found -35 to 119 % of what 200 more updates find, and in four of `pytorch-gan-gp` 11 to 79 %."""
    if seen.lag is None or not seen.lag.found < KEPT_UP:
        return None
    lag, updates = seen.lag, int(seen.lag.updates[-1])
    text = (
        f"With the generator standing still, the critic finds a distance of {lag.after:.3g} after {updates} more updates (estimate / "
        f"steepest slope); it had found {lag.before:.3g}, {lag.found:.0%} of that. It lags behind, so the estimate understates the "
        "distance: rely on the measured distance. If that no longer falls, raise n_critic."
    )
    return Advice("critic-lagging", "note", text, lag.found, "n_critic", more_critic_updates(seen.config))


def negative_estimate(seen: Observations) -> Advice | None:
    """The estimate is mostly negative: the critic prefers generated samples, which is worse than a critic that says nothing."""
    if seen.recent_estimates is None or len(seen.recent_estimates) < 50 or seen.step < WARMED_UP:
        return None
    share = float((seen.recent_estimates < 0).mean())
    if share <= 0.6:
        return None
    text = (
        f"The estimate was negative in {share:.0%} of the last {len(seen.recent_estimates)} recorded steps: the critic scores generated "
        "samples higher than real ones, because "
    )
    if seen.config.critic_gradients == "accumulated":
        text += "its gradients are never reset to zero and pile up. Choose fresh critic gradients."
        return Advice("negative-estimate", "warning", text, share, "critic_gradients", "fresh")
    text += "it does not keep up or overshoots. Raise n_critic, or lower the critic's learning rate."
    return Advice("negative-estimate", "warning", text, share, "n_critic", more_critic_updates(seen.config))


def slope_of_penalty(estimate: float, weight: float) -> float:
    """The slope that a critic with a gradient penalty takes at its best: that which maximises g·W − λ (g − 1)² for an estimate g·W. It is 1
    for large λ only: with λ = 0.1 and an estimate of 0.9 it is 2.7, and `wgan-gp-toy` has 2.7 there."""
    return (1 + math.sqrt(1 + 2 * max(0.0, estimate) / weight)) / 2


def penalty_not_holding(seen: Observations) -> Advice | None:
    """The typical gradient is not what the gradient penalty would have it be (healthy: 0.8 to 1.3 times that).

    A slope of up to 10 is left alone while it is what λ asks for; one of 40, at λ = 0.001, gave an FD-CNN of 47 on digits."""
    norms = _warmed_up_norms(seen)
    least = {"gradient-penalty": 0.5, "one-sided-penalty": 0.0}.get(seen.config.lipschitz)
    if norms is None or seen.health is None or least is None:  # the other penalties aim for no slope of their own
        return None
    median = float(np.median(norms.between))
    if least <= median <= max(2.0, min(10.0, 2 * slope_of_penalty(seen.health.estimate, seen.config.gp_lambda))):
        return None
    text = (
        f"The gradient penalty aims for slopes of {'1' if least else 'at most 1'} between real and generated samples, but the median there "
        f"is {median:.2g}: the critic does not have the slope that the estimate assumes. "
    )
    if (every := seen.config.gp_every) > 1:
        text += f"The penalty is part of only one critic update in {every}. Make it part of more of them, or of all."
        return Advice("penalty-not-holding", "warning", text, median, "gp_every", every // 4 or 1)
    text += f"Raise λ (now {seen.config.gp_lambda:.5g})."
    value = round_to_digit(max(10 * seen.config.gp_lambda, 1.0))
    return Advice("penalty-not-holding", "warning", text, median, "gp_lambda", min(value, 10_000.0))


def constraint_for(config: TrainConfig) -> str:
    """The Lipschitz method to begin with: the gradient penalty, unless the critic's norm forbids it."""
    return "clip" if config.critic_norm == "batch" else "gradient-penalty"


def nothing_holds_the_critic(seen: Observations) -> Advice | None:
    """There is no Lipschitz method, and the critic has become steep."""
    if seen.health is None or seen.config.lipschitz != "none" or not (steepest := seen.health.constant.value or 0.0) > 10:
        return None
    text = (
        f"Nothing keeps the critic Lipschitz, and its steepest slope is now {steepest:.3g}: the estimate grows with the slope and measures "
        "no distance. Choose clip or gradient-penalty."
    )
    return Advice("nothing-holds-the-critic", "warning", text, steepest, "lipschitz", constraint_for(seen.config))


def overfitted_critic(seen: Observations) -> Advice | None:
    """More than half of the estimate is the critic's memory of the training samples (WGAN-GP paper, figure 5b)."""
    gap = seen.overfit
    if gap is None or not (gap.estimate > 0 and gap.share > 0.5 and gap.gap > 4 * gap.standard_error):
        return None
    text = (
        f"The critic scores training samples higher than real ones that it never saw, by {gap.share:.0%} of the estimate: it knows them by "
        "heart, and the estimate says more about that than about the generator. "
    )
    few = f"{gap.training:,} are too few for this critic. " if 0 < gap.training < FEW_SAMPLES else ""
    if DATASETS[seen.config.dataset].kind == "images" and seen.config.augment == "none":
        # docs/MEASUREMENTS.md, "Few pictures".
        text += (
            f"{few}Use more data, or a smaller critic. An augmentation keeps the critic from learning the images by heart too, but the "
            "generator then learns more slowly: on 200 digits its images were worse at equal steps."
        )
        return Advice("overfitted-critic", "warning", text, gap.share, "augment", "translation")
    setting = {"mlp": "critic_widths", "dcgan": "dcgan_width", "resnet": "resnet_width"}[seen.config.architecture]
    return Advice("overfitted-critic", "warning", f"{text}{few}Use more data, or a smaller critic.", gap.share, setting)


FEW_SAMPLES = 1000
"""With fewer samples than this, a critic soon knows them by heart."""


# The generator and its samples.


def lowest_excess(excess: Sequence[float]) -> float:
    """The lowest median of three looks in succession, so that one lucky look does not count."""
    return min(float(np.median(excess[max(0, end - 3) : end])) for end in range(1, len(excess) + 1))


def still_generator(seen: Observations) -> Advice | None:
    """Samples of the same latents hardly move (healthy: at least 10 % of the distance between two real samples within 100 updates)."""
    moved = seen.moved
    if moved is None or moved.generator_updates < 25 or not moved.share < 0.01:
        return None
    text = (
        f"Over {moved.generator_updates} generator updates the samples have moved by {moved.share:.1%} of the distance between two real "
        "ones: the generator stands still. "
    )
    if seen.config.objective == "minimax":
        text += "A minimax generator does so where the discriminator is sure: choose non-saturating in a new run."
        return Advice("still-generator", "warning", text, moved.share, "objective", "non-saturating")
    text += "Raise its learning rate."
    return Advice("still-generator", "warning", text, moved.share, "generator_lr", min(1e-4, 10 * seen.config.generator_lr))


def _of_collapse(seen: Observations) -> tuple[str, str, Any]:
    """What makes a generator leave something out, and the setting to change with its value. A WGAN's critic is to be nearer its optimum;
    a discriminator that is sure does not help (WGAN paper, section 4.3)."""
    if is_wasserstein(seen.config):
        words = "The critic does not notice what is missing. With one closer to its optimum, the generator cannot collapse. Raise n_critic."
        return words, "n_critic", more_critic_updates(seen.config)
    words = "Nothing in an ordinary GAN keeps a generator from that, and more discriminator updates do not help. "
    if seen.config.lipschitz == "none" and seen.config.critic_norm != "batch":
        words += (
            "Add a penalty on the discriminator's slope (r1-penalty), or train a WGAN: the objective wasserstein with a gradient penalty."
        )
        return words, "lipschitz", "r1-penalty"
    return f"{words}Train a WGAN: the objective wasserstein, with clipping or a gradient penalty.", "objective", "wasserstein"


def missing_modes(seen: Observations) -> Advice | None:
    """Classes or modes of the data are missing from the samples of a generator that is otherwise good: a warning if a third of them or more
    are, a note if more than a tenth."""
    if seen.generator_updates < SETTLED:
        return None
    if seen.classes is not None and seen.classes.right is not None:
        return None  # it is told what to make; whether that is right is told by `wrong_class`
    if seen.classes is not None:
        covered, total, what = seen.classes.covered, seen.classes.classes, "classes"
    elif seen.modes is not None and seen.modes.high_quality >= 0.5:  # otherwise all points are off the modes, and none is missing
        covered, total, what = seen.modes.hit, len(seen.modes.shares), "modes"
    else:
        return None
    if total < 2 or covered >= 0.9 * total:
        return None
    level = "warning" if covered <= 2 * total / 3 else "note"
    why, setting, value = _of_collapse(seen)
    text = f"Only {covered} of the {total} {what} of the data occur in the samples. {why}"
    return Advice("missing-modes", level, text, covered / total, setting, value)


def samples_too_alike(seen: Observations) -> Advice | None:
    """The samples are less than half as diverse as the data."""
    if seen.diversity is None or seen.generator_updates < SETTLED or not seen.diversity < 0.5:
        return None
    why, setting, value = _of_collapse(seen)
    text = (
        f"Two samples{' of one class' * (seen.config.labels == 'conditional')} differ only {seen.diversity:.0%} as much as two real ones: "
        f"the generator makes nearly the same thing each time. {why}"
    )
    return Advice("samples-too-alike", "warning", text, seen.diversity, setting, value)


FEWEST_LOOKS = 6
"""Looks at the distance, before which its trend says nothing."""


def distance_rising(seen: Observations) -> Advice | None:
    """The distance to real data has been much smaller than it is now."""
    excess = seen.excesses
    if len(excess) < FEWEST_LOOKS or seen.distance is None or seen.generator_updates < SETTLED:
        return None
    now, lowest = float(np.median(excess[-3:])), lowest_excess(excess)
    if now < RISEN * lowest + 4 * seen.distance.floor_sd or now < 0.1 * max(excess):
        return None
    value = round_to_digit(seen.config.generator_lr / 3)
    text = (
        f"The samples have become worse: {seen.distance.title} is {now:.2g} above real data, and was only {lowest:.2g} above it before. "
        "Lower the learning rates, the generator's first."
    )
    return Advice("distance-rising", "warning", text, now, "generator_lr", value)


def distance_stuck(seen: Observations) -> Advice | None:
    """After many updates the samples are hardly nearer to real data than one and the same average sample would be."""
    if seen.distance is None or seen.blank is None or seen.generator_updates < SETTLED or len(seen.excesses) < 3:
        return None
    share = float(np.median(seen.excesses[-3:])) / seen.blank
    if not share > STUCK:
        return None
    text = (
        f"The samples do not get near real data: their distance is {share:.0%} of that of a single average sample, after "
        f"{seen.generator_updates:,} generator updates. The critic does not show the generator the way. "
    )
    if not is_wasserstein(seen.config):
        lower = round_to_digit(seen.config.critic_lr / 3)
        return Advice(
            "distance-stuck", "warning", f"{text}Lower the critic's learning rate, so that it is less sure.", share, "critic_lr", lower
        )
    text += "Raise n_critic."
    return Advice("distance-stuck", "warning", text, share, "n_critic", more_critic_updates(seen.config))


def batchnorm_modes_differ(seen: Observations) -> Advice | None:
    """Samples depend on the mode of BatchNorm (healthy: a ratio of 0.9 to 1.6). At the beginning they always do: own-pictures had 3.9 after
    93 generator updates and 2.6 after 380, and its samples were getting better."""
    gap = seen.mode_gap
    if gap is None or seen.generator_updates < SETTLED or not gap.ratio > 2:
        return None
    text = (
        f"You see samples made with BatchNorm's running statistics, while the critic sees those of training. The two are {gap.ratio:.1f} "
        "times as far apart as two samples of the same kind, so the running statistics do not describe the batches. Use larger batches, or "
        "lower the generator's learning rate."
    )
    return Advice("batchnorm-modes-differ", "warning", text, gap.ratio, "batch_size", min(4096, max(64, 4 * seen.config.batch_size)))


RULES: tuple[Rule, ...] = (
    momentum_with_clipping,
    deep_critic_with_clipping,
    clipped_norm,
    nothing_holds_the_critic,
    saturated_weights,
    linear_critic,
    vanishing_gradient,
    exploding_gradient,
    critic_lagging,
    negative_estimate,
    penalty_not_holding,
    overfitted_critic,
    still_generator,
    missing_modes,
    samples_too_alike,
    distance_rising,
    distance_stuck,
    batchnorm_modes_differ,
)


def raised_clip(config: TrainConfig) -> float:
    """Three times the clip value, as far as it can be set."""
    return min(10.0, round_to_digit(3 * config.clip_value))


def more_critic_updates(config: TrainConfig) -> int:
    """Twice as many, and no fewer than the papers' five."""
    return min(100, max(5, 2 * config.n_critic))


def round_to_digit(value: float) -> float:
    """To one significant digit."""
    return float(f"{value:.1g}")
