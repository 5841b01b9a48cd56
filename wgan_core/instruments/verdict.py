"""The advice as it is shown: causes before symptoms, at most three, never two that contradict each other.

A cause is a setting that is enough by itself to break a run, or a constraint that holds nothing. Most can be told from the settings alone,
so they are told at the moment of an edit, before any instrument has looked.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from wgan_core.instruments.advice import RULES, WARMED_UP, Advice, Observations, Rule, deep_critic_with_clipping, momentum_with_clipping

MAX_SHOWN = 3
LARGEST_FIRST_STEP = 0.05
"""How far the first update may move a weight. Weights begin at about 1/√inputs, 0.03 to 0.1 in the presets."""
USUAL_RATE = 1e-3
"""The highest learning rate of the presets is half of this."""
DEAD_SHARE = 0.15
"""Of the steepest slope that a critic has had, below which it may be dying."""


def first_step(optimizer: str, rate: float) -> float:
    """How far an optimiser's first update moves each weight: Adam by its learning rate; RMSprop, whose average begins at 0 and is not
    corrected for it, by rate/√(1 − 0.99), ten times as far."""
    return rate if optimizer == "adam" else 10 * rate


def critic_rate_too_high(seen: Observations) -> Advice | None:
    """A learning rate at which one update takes a clipped weight from anywhere to ±c, or moves any weight further than weights are large.

    In the presets the first step is 5 to 30 % of c. Of the two settings the one that is far from what is usual is named."""
    config = seen.config
    step, clipped = first_step(config.optimizer, config.critic_lr), config.lipschitz == "clip"
    limit = config.clip_value if clipped else LARGEST_FIRST_STEP
    if step <= limit:
        return None
    if clipped and config.critic_lr <= USUAL_RATE:
        text = (
            f"The clip value c is too small for the critic's learning rate: the first update moves each weight by {step:.2g}, "
            f"which is {step / limit:.3g} times c ({limit:g}), so every update throws weights from one end to the other. Raise c, to "
            f"{_round(10 * step):g} for a start."
        )
        return Advice("critic-rate-too-high", "warning", text, step / limit, "clip_value")
    room = f"c ({limit:g})" if clipped else f"the {limit:g} that its weights allow"
    text = (
        f"The critic's learning rate is too high: its first update moves each weight by {step:.2g}, which is {step / limit:.3g} times "
        f"{room}. Lower the critic's learning rate, to {_round(limit / 10 / (step / config.critic_lr)):g} for a start."
    )
    return Advice("critic-rate-too-high", "warning", text, step / limit, "critic_lr")


def generator_rate_too_high(seen: Observations) -> Advice | None:
    """A learning rate at which one update moves the generator's weights further than they are large."""
    config = seen.config
    step = first_step(config.optimizer, config.generator_lr)
    if step < LARGEST_FIRST_STEP:
        return None
    size = step / LARGEST_FIRST_STEP
    text = (
        f"The generator's learning rate is too high: its first update moves each weight by {step:.2g}, which is {size:.3g} times the "
        f"{LARGEST_FIRST_STEP:g} that its weights allow. Lower the generator's learning rate, to "
        f"{_round(LARGEST_FIRST_STEP / 10 / (step / config.generator_lr)):g} for a start."
    )
    return Advice("generator-rate-too-high", "warning", text, size, "generator_lr")


def clip_out_of_reach(seen: Observations) -> Advice | None:
    """A clip value that no weight reaches, and a steep critic: as good as no constraint (healthy: 15 % or more at ±c in the last layer)."""
    health = seen.health
    if health is None or seen.config.lipschitz != "clip" or health.step < WARMED_UP or not (steepest := health.constant.value or 0.0) > 10:
        return None
    reached = max((layer.at_boundary for layer in health.boundary), default=0.0)
    if reached >= 0.01:
        return None
    text = (
        f"Clipping holds nothing: hardly any weight reaches ±c = {seen.config.clip_value:g}, so the critic is as steep as it likes "
        f"(steepest slope {steepest:.3g}), and the estimate measures no distance. Lower c."
    )
    return Advice("clip-out-of-reach", "warning", text, steepest, "clip_value")


def dying_critic(seen: Observations) -> Advice | None:
    """A critic that has gone flat while the samples are not good yet, so that the generator learns nothing from it any more."""
    health, estimates, distance = seen.health, seen.recent_estimates, seen.distance
    if health is None or estimates is None or distance is None or seen.peak_slope is None or health.step < WARMED_UP:
        return None
    slope = health.constant.value
    if slope is None or not slope < DEAD_SHARE * seen.peak_slope or len(estimates) < 50:
        return None
    within_noise = abs(float(np.mean(estimates))) < float(np.std(estimates))
    if not within_noise or not distance.value - distance.floor > 3 * distance.floor_sd:
        return None
    text = (
        f"The critic is dying: its steepest slope has fallen to {slope:.2g}, {slope / seen.peak_slope:.0%} of what it was, and its "
        "estimate is lost in its own noise, although the samples are still worse than real data. The generator learns nothing from it. "
        "Lower the critic's learning rate, or let both fall over the run (learning rate schedule)."
    )
    return Advice("dying-critic", "warning", text, slope / seen.peak_slope, "critic_lr")


CAUSES: tuple[Rule, ...] = (critic_rate_too_high, generator_rate_too_high, clip_out_of_reach, dying_critic)
"""The gravest first."""
_OF_SETTINGS: tuple[Rule, ...] = (momentum_with_clipping, deep_critic_with_clipping)

Direction = Literal["raise", "lower"]
DIRECTIONS: dict[tuple[str, str], Direction] = {
    ("critic-rate-too-high", "critic_lr"): "lower",
    ("critic-rate-too-high", "clip_value"): "raise",
    ("generator-rate-too-high", "generator_lr"): "lower",
    ("clip-out-of-reach", "clip_value"): "lower",
    ("dying-critic", "critic_lr"): "lower",
    ("saturated-weights", "clip_value"): "raise",
    ("linear-critic", "clip_value"): "raise",
    ("linear-critic", "critic_lr"): "lower",
    ("vanishing-gradient", "clip_value"): "raise",
    ("exploding-gradient", "clip_value"): "lower",
    ("critic-lagging", "n_critic"): "raise",
    ("negative-estimate", "n_critic"): "raise",
    ("penalty-not-holding", "gp_lambda"): "raise",
    ("still-generator", "generator_lr"): "raise",
    ("missing-modes", "n_critic"): "raise",
    ("samples-too-alike", "n_critic"): "raise",
}
"""Where each rule, by its key and setting, would have that setting go; rules that are not here choose something else instead."""


def verdict(seen: Observations) -> tuple[Advice, ...]:
    """What is worth saying of a run, the first thing to do first; empty for a healthy run."""
    causes = _spoken(CAUSES, seen)
    # What a cause brings about is not listed beside it: it may be gone once the cause is.
    others = _spoken(_OF_SETTINGS if causes else RULES, seen)
    ranked = [*causes, *sorted(others, key=lambda advice: advice.level != "warning")]
    kept: list[Advice] = []
    for advice in ranked:
        if not any(contradict(advice, earlier) for earlier in kept):
            kept.append(advice)
    return tuple(kept[:MAX_SHOWN])


def contradict(one: Advice, other: Advice) -> bool:
    """Whether the two would move one setting in opposite directions."""
    first, second = (DIRECTIONS.get((advice.key, advice.setting)) for advice in (one, other))
    return one.setting == other.setting and None not in (first, second) and first != second


def _spoken(rules: tuple[Rule, ...], seen: Observations) -> list[Advice]:
    return [advice for rule in rules if (advice := rule(seen)) is not None]


def _round(value: float) -> float:
    """To one digit, downwards, as one would set a learning rate."""
    size = 10.0 ** np.floor(np.log10(value))
    return float(f"{np.floor(value / size + 1e-9) * size:.1g}")
