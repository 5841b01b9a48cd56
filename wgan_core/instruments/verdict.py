"""The advice as it is shown: causes before symptoms, at most three, never two that contradict each other."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

from wgan_core.config.roles import is_wasserstein
from wgan_core.instruments.advice import RULES, Advice, Observations, Rule
from wgan_core.instruments.causes import CAUSES, OF_SETTINGS
from wgan_core.instruments.family import FAMILY

MAX_SHOWN = 3

Direction = Literal["raise", "lower"]
DIRECTIONS: dict[tuple[str, str], Direction] = {
    ("critic-rate-too-high", "critic_lr"): "lower",
    ("critic-rate-too-high", "clip_value"): "raise",
    ("generator-rate-too-high", "generator_lr"): "lower",
    ("clip-out-of-reach", "clip_value"): "lower",
    ("critic-rate-too-low", "critic_lr"): "raise",
    ("generator-rate-too-low", "generator_lr"): "raise",
    ("few-generator-updates", "n_critic"): "lower",
    ("saturated-samples", "generator_lr"): "lower",
    ("dying-critic", "critic_lr"): "lower",
    ("saturated-weights", "clip_value"): "raise",
    ("linear-critic", "clip_value"): "raise",
    ("linear-critic", "critic_lr"): "lower",
    ("vanishing-gradient", "clip_value"): "raise",
    ("exploding-gradient", "clip_value"): "lower",
    ("critic-lagging", "n_critic"): "raise",
    ("negative-estimate", "n_critic"): "raise",
    ("penalty-not-holding", "gp_lambda"): "raise",
    ("penalty-not-holding", "gp_every"): "lower",
    ("still-generator", "generator_lr"): "raise",
    ("missing-modes", "n_critic"): "raise",
    ("samples-too-alike", "n_critic"): "raise",
    ("wrong-class", "n_critic"): "raise",
    ("sure-discriminator", "critic_lr"): "lower",
}
"""Where each rule, by its key and setting, would have that setting go; rules that are not here choose something else instead."""


OF_WGANS = frozenset(
    (
        "no-constraint",
        "nothing-holds-the-critic",
        "clip-out-of-reach",
        "momentum-with-clipping",
        "critic-lagging",
        "negative-estimate",
        "estimate-jumped",
        "dying-critic",
        "penalty-not-holding",
        "overfitted-critic",
        "linear-critic",
    )
)
"""Rules whose reasons hold for a critic only, and not for the discriminator of an ordinary GAN."""


def verdict(seen: Observations) -> tuple[Advice, ...]:
    """What is worth saying of a run, the first thing to do first; empty for a healthy run."""
    causes = _spoken(CAUSES, seen)
    # What a cause brings about is not listed beside it: it may be gone once the cause is.
    others = _spoken(OF_SETTINGS if any(one.level == "warning" for one in causes) else (*FAMILY, *RULES), seen)
    ranked = sorted([*causes, *others], key=lambda advice: advice.level != "warning")
    kept: list[Advice] = []
    for advice in ranked:
        known = advice.level == "note" and any(advice.setting == earlier.setting for earlier in kept)
        if not known and not any(contradict(advice, earlier) for earlier in kept):
            kept.append(advice)
    return tuple(kept[:MAX_SHOWN])


def contradict(one: Advice, other: Advice) -> bool:
    """Whether the two would move one setting in opposite directions."""
    first, second = (DIRECTIONS.get((advice.key, advice.setting)) for advice in (one, other))
    return one.setting == other.setting and None not in (first, second) and first != second


def _spoken(rules: tuple[Rule, ...], seen: Observations) -> list[Advice]:
    found = [advice for rule in rules if (advice := rule(seen)) is not None]
    if is_wasserstein(seen.config):
        return found
    return [replace(advice, text=_of_a_gan(advice.text)) for advice in found if advice.key not in OF_WGANS]


def _of_a_gan(text: str) -> str:
    """`text` with the name that the second network has in an ordinary GAN. Labels of settings keep theirs."""
    return re.sub(r"\bcritic\b", "discriminator", text)
