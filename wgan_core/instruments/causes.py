"""Causes: a setting that is enough by itself to break a run, or a constraint that holds nothing.

Most can be told from the settings alone, or from the numbers of the training loop, so they are told at the moment of an edit, before any
instrument has looked. Each names the setting that does the harm, and a value that does not.
"""

from __future__ import annotations

import math

import numpy as np

from wgan_core.config import SETTINGS, TrainConfig, in_use
from wgan_core.config.roles import critic_word, is_penalised, is_wasserstein
from wgan_core.data.catalog import DATASETS
from wgan_core.instruments.advice import (
    RECOVERY,
    SETTLED,
    WARMED_UP,
    Advice,
    Observations,
    Rule,
    constraint_for,
    deep_critic_with_clipping,
    momentum_with_clipping,
    steps_since_edit,
)
from wgan_core.store.ledger import Edit
from wgan_core.training.warmup import mean_n_critic

LARGEST_FIRST_STEP = 0.05
"""How far the first update may move a weight. Weights begin at about 1/√inputs, 0.03 to 0.1 in the presets."""
SMALLEST_FIRST_STEP = 0.003
"""Of c, how far the critic's first update has to move a weight (presets: 0.05 to 0.3)."""
USUAL_RATE = 1e-3
"""The highest learning rate of the presets is half of this."""
LOWEST_RATE = 2e-6
"""The lowest learning rate of the presets is 25 times this."""
DEAD_SHARE = 0.15
"""Of the steepest slope that a critic has had, below which it may be dying."""


def first_step(optimizer: str, rate: float) -> float:
    """How far an optimiser's first update moves each weight: Adam by its learning rate; RMSprop, whose average begins at 0 and is not
    corrected for it, by rate/√(1 − 0.99), ten times as far."""
    return rate if optimizer == "adam" else 10 * rate


# Learning rates.


def critic_rate_too_high(seen: Observations) -> Advice | None:
    """A learning rate at which one update takes a clipped weight from anywhere to ±c, or moves any weight further than weights are large.

    In the presets the first step is 5 to 30 % of c. Of the two settings the one that is far from what is usual is named."""
    config = seen.config
    step, clipped = first_step(config.optimizer, config.critic_lr), config.lipschitz == "clip"
    limit = min(config.clip_value, LARGEST_FIRST_STEP) if clipped else LARGEST_FIRST_STEP
    if step < limit or (step == limit and clipped and limit < LARGEST_FIRST_STEP):
        return None
    of_clip = clipped and config.clip_value <= LARGEST_FIRST_STEP
    if of_clip and config.critic_lr <= USUAL_RATE:
        value = round_down(10 * step)
        text = (
            f"The clip value c is too small for the critic's learning rate: the first update moves each weight by {step:.2g}, "
            f"which is {step / limit:.3g} times c ({limit:.3g}), so every update throws weights from one end to the other. Raise c, to "
            f"{value:g} for a start."
        )
        return Advice("critic-rate-too-high", "warning", text, step / limit, "clip_value", value)
    room = f"c ({limit:.3g})" if of_clip else f"the {limit:g} that its weights allow"
    value = round_down(limit / 10 / (step / config.critic_lr))
    text = (
        f"The {critic_word(config)}'s learning rate is too high: its first update moves each weight by {step:.2g}, which is "
        f"{step / limit:.3g} times {room}. Lower the {critic_word(config)}'s learning rate, to {value:g} for a start."
    )
    return Advice("critic-rate-too-high", "warning", text, step / limit, "critic_lr", value)


def generator_rate_too_high(seen: Observations) -> Advice | None:
    """A learning rate at which one update moves the generator's weights further than they are large."""
    config = seen.config
    step = first_step(config.optimizer, config.generator_lr)
    if step < LARGEST_FIRST_STEP:
        return None
    size, value = step / LARGEST_FIRST_STEP, round_down(LARGEST_FIRST_STEP / 10 / (step / config.generator_lr))
    text = (
        f"The generator's learning rate is too high: its first update moves each weight by {step:.2g}, which is {size:.3g} times the "
        f"{LARGEST_FIRST_STEP:g} that its weights allow. Lower the generator's learning rate, to {value:g} for a start."
    )
    return Advice("generator-rate-too-high", "warning", text, size, "generator_lr", value)


def critic_rate_too_low(seen: Observations) -> Advice | None:
    """A critic that cannot get anywhere: hundreds of updates to cross the range between −c and c, or a tiny learning rate."""
    config = seen.config
    step = first_step(config.optimizer, config.critic_lr)
    if config.lipschitz == "clip" and config.clip_value <= LARGEST_FIRST_STEP:
        share = step / config.clip_value
        if share >= SMALLEST_FIRST_STEP:
            return None
        told = f"its first update moves each weight by only {share:.2g} of c"
    else:
        share = config.critic_lr
        if share >= LOWEST_RATE:
            return None
        told = f"it is {share:.2g}"
    value = round_down(config.clip_value / 10 / (step / config.critic_lr)) if config.lipschitz == "clip" else 1e-4
    value = min(value, 5e-4)
    text = (
        f"The {critic_word(config)}'s learning rate is too low: {told}, so it hardly changes and shows the generator nothing new. "
        f"Raise the {critic_word(config)}'s learning rate, to {value:g} for a start."
    )
    return Advice("critic-rate-too-low", "warning", text, share, "critic_lr", value)


def generator_rate_too_low(seen: Observations) -> Advice | None:
    """A generator that hardly moves."""
    rate = seen.config.generator_lr
    if rate >= LOWEST_RATE:
        return None
    text = (
        f"The generator's learning rate is too low: at {rate:.2g} its weights hardly move. Raise the generator's learning rate, to 0.0001 "
        "for a start."
    )
    return Advice("generator-rate-too-low", "warning", text, rate, "generator_lr", 1e-4)


# What holds the critic.


def largest_initial_weight(config: TrainConfig) -> float:
    """Below which all weights of the critic begin, but for those from points, which are two numbers: PyTorch draws those of a layer between
    ±1/√inputs. Infinite for convolutions, of which nothing is said."""
    if config.architecture != "mlp":
        return math.inf
    return 0.06 if config.weight_init == "normal" else 1 / math.sqrt(min(config.critic_widths))


def clip_out_of_reach(seen: Observations) -> Advice | None:
    """A clip value that no weight reaches, or so late that the critic is steep by then. On 8 Gaussians with c = 0.2 and layers of 128
    units, 14 to 52 % of the weights are at ±c after 3,000 updates, and the steepest slope is 537.

    Either c is more than twice what the largest weights begin with, or hardly any weight but those of the last layer is there, and the
    critic is steep. In runs that work, 15 % or more of a hidden layer are at ±c, and the critic's slope is 0.01 to 1."""
    config, health = seen.config, seen.health
    if config.lipschitz != "clip":
        return None
    value = 0.01
    begin = largest_initial_weight(config)
    if config.clip_value > 2 * begin:
        text = (
            f"The clip value c is too large to hold much: c = {config.clip_value:g} is {config.clip_value / begin:.3g} times what the "
            "largest weights between the critic's hidden layers begin with, so the critic gets very steep. "
            f"Lower c, to {value:g} for a start."
        )
        return Advice("clip-out-of-reach", "warning", text, config.clip_value / begin, "clip_value", value)
    if health is None or health.step < WARMED_UP or not (steepest := health.constant.value or 0.0) > 10:
        return None
    reached = max((layer.at_boundary for layer in health.boundary[:-1] or health.boundary), default=0.0)
    if reached >= 0.01:
        return None
    text = (
        f"Clipping holds nothing: hardly any weight reaches ±c = {config.clip_value:g}, so the critic is as steep as it likes "
        f"(steepest slope {steepest:.3g}), and the estimate measures no distance. Lower c, to {value:g} for a start."
    )
    return Advice("clip-out-of-reach", "warning", text, steepest, "clip_value", value)


WEAKEST, STRONGEST = 0.02, 1000.0
"""Between which λ has to be (presets: 0.1 and 10)."""


def penalty_out_of_range(seen: Observations) -> Advice | None:
    """A gradient penalty that is too weak to be felt, or so strong that the critic does nothing but keep its slope."""
    config = seen.config
    if not is_penalised(config) or WEAKEST <= config.gp_lambda <= STRONGEST:
        return None
    weak = config.gp_lambda < WEAKEST
    does = "is too small to hold the critic's slope" if weak else "is so large that the critic learns to keep its slope and little else"
    value = 2.0 if config.lipschitz == "divergence-penalty" else 10.0  # as in the methods' papers
    text = f"The penalty's weight λ = {config.gp_lambda:g} {does}. {'Raise' if weak else 'Lower'} λ, to {value:g} for a start."
    return Advice("penalty-out-of-range", "warning", text, config.gp_lambda, "gp_lambda", value)


FLAT = 0.5
"""The median slope between real and generated samples, below which a WGAN's critic is too flat: it should be near 1."""


def spectral_norm_alone(seen: Observations) -> Advice | None:
    """A WGAN whose critic is held by spectral normalisation and nothing else, which bounds the slope and brings it nowhere near its bound
    (sngan_projection #15). After 4,000 updates the median slope was 0.20 on 8 Gaussians and 0.6 on digits (seed 0)."""
    if seen.config.lipschitz != "spectral-norm" or not is_wasserstein(seen.config):
        return None
    norms = seen.health.norms if seen.health is not None and seen.health.step >= WARMED_UP else None
    median = 1.0 if norms is None else float(np.median(norms.between))
    so = "" if norms is None else f" Half of the slopes between real and generated samples are below {median:.2g} now."
    # A kernel is divided by the norm of its numbers as a matrix, which may be less than it stretches a whole image.
    bounds = "keeps the critic's slopes below 1" if seen.config.architecture == "mlp" else "bounds the critic's slopes"
    text = (
        f"Spectral normalisation {bounds}, but nothing brings them near 1, as a WGAN's critic should have them: its "
        f" estimate falls short of the distance, and the generator gets weak gradients.{so} Use the gradient penalty in a new run, or "
        "play for the hinge objective, which spectral normalisation was made for."
    )
    level = "note" if norms is None or median >= FLAT else "warning"
    return Advice("spectral-norm-alone", level, text, median, "objective", "hinge")


def no_constraint(seen: Observations) -> Advice | None:
    """A WGAN without a Lipschitz method. Until the critic has become steep it is only a note."""
    if seen.config.lipschitz != "none" or not is_wasserstein(seen.config):
        return None
    slope = (seen.health.constant.value if seen.health is not None else None) or 0.0
    if slope > 10:
        return None  # `nothing_holds_the_critic` says it with its number
    text = (
        f"Nothing keeps the critic Lipschitz. Its steepest slope, {slope:.3g} at the last look, will grow, and the estimate with it. "
        "Choose clip or gradient-penalty."
    )
    return Advice("no-constraint", "note", text, slope, "lipschitz", constraint_for(seen.config))


def piled_gradients(seen: Observations) -> Advice | None:
    """The missing `zero_grad` of the walkthrough's published code. What it brings about is told by other rules, with their numbers."""
    if seen.config.critic_gradients != "accumulated":
        return None
    text = (
        f"The critic's gradients are never reset to zero: at step {seen.step} each update follows the sum of all gradients so far. "
        "Choose fresh critic gradients."
    )
    return Advice("piled-gradients", "note", text, seen.step, "critic_gradients", "fresh")


def linear_units(seen: Observations) -> Advice | None:
    """A LeakyReLU that bends hardly or not at all makes a linear critic, which only sees that the means differ."""
    slope = seen.config.leaky_slope
    if slope < 0.9 or not in_use(seen.config, "leaky_slope"):
        return None
    text = (
        f"The networks are all but linear: at a LeakyReLU slope of {slope:g} their units do not bend, and a linear critic only sees that "
        "the means differ. Lower the LeakyReLU slope, to 0.2 for a start."
    )
    return Advice("linear-units", "warning", text, slope, "leaky_slope", 0.2)


# Too little room, or too few updates.

NARROWEST = 4
"""Units in a layer, below which a network has too little room for any data set here."""


def too_little_room(seen: Observations) -> Advice | None:
    """A latent or a layer through which the variety of the data does not fit. No critic, however good, can cure that."""
    config = seen.config
    images = DATASETS[config.dataset].kind == "images"
    if images and config.latent_dim < 3:
        shape = "curve" if config.latent_dim == 1 else "surface"
        text = (
            f"The latent has too few dimensions: with {config.latent_dim} all samples lie on a {shape}, which cannot come near all images. "
            "Raise the latent dimensions, to 16 for a start."
        )
        return Advice("too-little-room", "warning", text, config.latent_dim, "latent_dim", 16)
    if config.architecture != "mlp":
        return None
    for field, what, value in (
        ("generator_widths", "generator", (128, 256) if images else (64, 64)),
        ("critic_widths", critic_word(config), (256, 128) if images else (64, 64)),
    ):
        least = min(getattr(config, field))
        if least < NARROWEST:
            text = (
                f"The {what} is too narrow: through a layer of {least} units the variety of the data does not fit. Use wider layers, "
                f"{', '.join(map(str, value))} for a start."
            )
            return Advice("too-little-room", "warning", text, least, field, value)
    return None


MOST_CRITIC_UPDATES = 100
"""Per generator update; the largest number of any preset, in the warm-up of the WGAN authors' code."""
SMALLEST_BATCH = 8


def few_generator_updates(seen: Observations) -> Advice | None:
    """A run in which the critic gets nearly all updates."""
    n = round(mean_n_critic(seen.config))
    if n <= MOST_CRITIC_UPDATES:
        return None
    text = (
        f"The generator hardly gets a turn: with n_critic = {n} the whole run of {seen.config.max_steps:,} critic updates has "
        f"{seen.config.max_steps // n:,} generator updates. Lower n_critic, to 5 for a start."
    )
    return Advice("few-generator-updates", "warning", text, n, "n_critic", 5)


def tiny_batch(seen: Observations) -> Advice | None:
    """A batch so small that its means are mostly noise."""
    size = seen.config.batch_size
    if size >= SMALLEST_BATCH:
        return None
    what = "the estimate is a difference of means" if is_wasserstein(seen.config) else "the losses are means"
    text = (
        f"The batch is too small: {what} over {size} samples, which are mostly noise, and so are the gradients. Use larger batches, of 64 "
        "samples for a start."
    )
    return Advice("tiny-batch", "warning", text, size, "batch_size", 64)


# The numbers of the training loop.

STEERED = ("critic_lr", "generator_lr", "clip_value", "n_critic", "gp_lambda")
"""The settings whose change can break a run while it trains."""


def was_sound(config: TrainConfig, edit: Edit) -> bool:
    """Whether a run's settings before its last edit give no cause for a warning, so that going back to them is a remedy."""
    before = Observations(config.replace(**{edit.field: edit.old}))
    return not any(found.level == "warning" for rule in OF_SETTINGS_ALONE if (found := rule(before)) is not None)


SATURATED = 0.4
"""More saturated pixels than real images have, as a share of all, from which samples are taken to be broken (healthy runs: below 0.05)."""
JUMPED = 30.0
"""Times its own size and noise before an edit, by which the estimate changes in a run that the edit breaks (healthy edits: below 10)."""


def saturated_samples(seen: Observations) -> Advice | None:
    """Nearly all pixels are black or white: tanh is at its ends, where its gradient vanishes."""
    loop = seen.loop
    if loop is None or loop.saturated is None or loop.real_saturated is None or loop.saturated - loop.real_saturated < SATURATED:
        return None
    text = (
        f"The samples are black and white: {loop.saturated:.0%} of their pixels are at the ends of the range, {loop.real_saturated:.0%} in "
        "real images. There the last layer's gradient vanishes, so the generator gets stuck. "
    )
    edit = loop.last_edit
    if edit is None:
        value = round_down(seen.config.generator_lr / 10)
        text += f"Lower the generator's learning rate, to {value:g} for a start."
        return Advice("saturated-samples", "warning", text, loop.saturated, "generator_lr", value)
    if edit.field in STEERED and was_sound(seen.config, edit):
        text += f"Set {SETTINGS[edit.field].label} back to {edit.old:g}."
        return Advice("saturated-samples", "warning", text, loop.saturated, edit.field, edit.old)
    text += "It seldom gets out again: start a new run with the present settings."
    return Advice("saturated-samples", "warning", text, loop.saturated, "generator_lr")


def estimate_jumped(seen: Observations) -> Advice | None:
    """Since the last edit the estimate has left what it was by far more than its noise. c changes its scale, which is allowed for."""
    loop = seen.loop
    if loop is None or loop.last_edit is None or len(loop.before) < 20 or len(loop.since) < 10:
        return None
    edit, config = loop.last_edit, seen.config
    if edit.field not in STEERED or not was_sound(config, edit):
        return None
    scale = (edit.new / edit.old) ** (len(config.critic_widths) + 1) if edit.field == "clip_value" else 1.0
    usual = scale * (abs(float(np.mean(loop.before))) + float(np.std(loop.before)))
    newest = float(np.mean(np.abs(loop.since[-20:])))
    if not usual > 0 or newest < JUMPED * usual:
        return None
    text = (
        f"Since {SETTINGS[edit.field].label} was changed from {edit.old:g} to {edit.new:g}, the estimate has grown {newest / usual:.3g} "
        f"times beyond what it was. Set it back to {edit.old:g}."
    )
    return Advice("estimate-jumped", "warning", text, newest / usual, edit.field, edit.old)


# What the instruments see.


def dying_critic(seen: Observations) -> Advice | None:
    """A critic that has gone flat while the samples are not good yet, so that the generator learns nothing from it any more."""
    health, estimates, distance = seen.health, seen.recent_estimates, seen.distance
    if health is None or estimates is None or distance is None or seen.peak_slope is None or health.step < WARMED_UP:
        return None
    if seen.config.clip_schedule != "constant" and seen.config.clip_end <= seen.config.clip_value:
        return None  # a c that falls makes the critic flatter, as is wanted
    if seen.generator_updates < SETTLED / 2:  # `wgan-toy` was flat for one look at generator update 105, and well after it
        return None
    if (since := steps_since_edit(seen)) is not None and since < RECOVERY:
        return None
    slope = health.constant.value
    if slope is None or not slope < DEAD_SHARE * seen.peak_slope or len(estimates) < 50:
        return None
    within_noise = abs(float(np.mean(estimates))) < float(np.std(estimates))
    if not within_noise or not distance.value - distance.floor > 3 * distance.floor_sd:
        return None
    value = round_down(seen.config.critic_lr / 3)
    or_schedule = ", or let both fall over the run (learning rate schedule)" if seen.config.lr_schedule == "constant" else ""
    text = (
        f"The critic is dying: its steepest slope has fallen to {slope:.2g}, {slope / seen.peak_slope:.0%} of what it was, and its "
        "estimate is lost in its own noise, although the samples are still worse than real data. The generator learns nothing from it. "
        f"Lower the critic's learning rate{or_schedule}; if a setting was far off for a while, branch from a step saved before."
    )
    return Advice("dying-critic", "warning", text, slope / seen.peak_slope, "critic_lr", value)


CAUSES: tuple[Rule, ...] = (
    too_little_room,
    linear_units,
    tiny_batch,
    critic_rate_too_high,
    generator_rate_too_high,
    critic_rate_too_low,
    generator_rate_too_low,
    clip_out_of_reach,
    penalty_out_of_range,
    few_generator_updates,
    estimate_jumped,
    saturated_samples,
    dying_critic,
    no_constraint,
    spectral_norm_alone,
    piled_gradients,
)
"""Those that no other setting could make good come first, then the gravest."""
OF_SETTINGS_ALONE: tuple[Rule, ...] = (
    critic_rate_too_high,
    generator_rate_too_high,
    critic_rate_too_low,
    generator_rate_too_low,
    clip_out_of_reach,
    penalty_out_of_range,
    few_generator_updates,
)
"""Causes that are settled by settings which can change while a run trains."""
OF_SETTINGS: tuple[Rule, ...] = (momentum_with_clipping, deep_critic_with_clipping)
"""Rules of `advice` that are told from the settings alone, and so stand beside a cause."""


def round_down(value: float) -> float:
    """To one digit, downwards, as one would set a learning rate."""
    size = 10.0 ** np.floor(np.log10(value))
    return float(f"{np.floor(value / size + 1e-9) * size:.1g}")
