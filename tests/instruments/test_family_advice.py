"""The advice over all objectives and methods: it speaks of nothing that is not there; and the rules of classes and ordinary GANs."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.observed import CASES, CLASSES, CLIP, TEN, healthy, measured
from tests.sentences import assert_well_said
from wgan_core.config import SETTINGS, ConfigError, TrainConfig, in_use, is_penalised, is_wasserstein
from wgan_core.instruments.advice import Advice, Observations
from wgan_core.instruments.cards import CARDS
from wgan_core.instruments.family import FAMILY, sure_discriminator, wrong_class
from wgan_core.instruments.look import LoopNumbers
from wgan_core.instruments.verdict import DIRECTIONS, verdict

OBJECTIVES, METHODS = SETTINGS["objective"].choices, SETTINGS["lipschitz"].choices
WRONG = dataclasses.replace(TEN, right=np.full(10, 0.2))
# Settings that break a run by themselves, and networks.
CHANGES: tuple[dict[str, Any], ...] = (
    {},
    {"critic_lr": 1e-9},
    {"critic_lr": 0.3, "generator_lr": 0.3},
    {"generator_lr": 1e-9, "batch_size": 2},
    {"leaky_slope": 1.0, "n_critic": 1000},
    {"clip_value": 5.0, "gp_lambda": 1e-4},
    {"gp_lambda": 9000.0, "critic_gradients": "accumulated"},
    {"critic_norm": "batch"},
    {"latent_dim": 1, "architecture": "dcgan", "dcgan_width": 4, "image_size": 28},
    {"architecture": "resnet", "image_size": 32, "leaky_slope": 1.0, "critic_norm": "layer"},
)


def loop(loss: float) -> LoopNumbers:
    return LoopNumbers(np.full(100, np.nan), losses=np.full(100, loss))


def observed() -> Iterator[Observations]:
    """Every state in which a rule speaks, under every objective, method and change that go together."""
    states = [case[1] for case in CASES] + [healthy(loop=loop(1e-6), classes=WRONG)]
    for objective, method, changes in itertools.product(OBJECTIVES, METHODS, CHANGES):
        try:
            config = CLIP.replace(objective=objective, lipschitz=method, **changes)
        except ConfigError:
            continue
        for seen in states:
            yield dataclasses.replace(seen, config=config)


OF_CLIPPING = re.compile(r"±c\b|\bc =|\b[Rr]aise c\b|\b[Ll]ower c\b|\bclip value\b|Clipping (holds|runs)|clipped weights|whatever c")
OF_A_PENALTY = re.compile(r"λ|penalty's|penalty aims|The penalty")
REMEDY = re.compile(r"[Uu]se the gradient penalty|Choose clip|Lipschitz method gradient-penalty|Nothing keeps")


def wrong_words(advice: Advice, config: TrainConfig) -> str:
    """What the advice says of something that the run does not have; "" if all is there."""
    checks = (
        (config.lipschitz != "clip", OF_CLIPPING),
        (not is_penalised(config), OF_A_PENALTY),
        (config.lipschitz != "none", re.compile("Nothing (keeps|holds)")),
        (is_penalised(config), REMEDY),
        (is_wasserstein(config), re.compile("discriminator|ordinary GAN")),
        (not is_wasserstein(config), re.compile(r"\bestimate|\bcritic\b(?!-)|Lipschitz\b(?! method)")),
        (config.architecture != "mlp", re.compile("hidden widths|LeakyReLU" if config.architecture == "resnet" else "hidden widths")),
    )
    return next((found[0] for absent, words in checks if absent and (found := words.search(advice.text))), "")


@pytest.mark.slow
def test_nothing_is_said_of_what_a_run_does_not_have() -> None:
    told: dict[str, set[tuple[str, str]]] = {}
    for seen in observed():
        for advice in verdict(seen):
            config, of = seen.config, (seen.config.objective, seen.config.lipschitz)
            told.setdefault(advice.key, set()).add(of)
            assert not wrong_words(advice, config), (advice.key, of, advice.text)
            assert in_use(config, advice.setting), (advice.key, of, advice.setting)
            if advice.value is not None:
                assert advice.value != getattr(config, advice.setting) or advice.key == "too-little-room", (advice.key, of)
                config.replace(**{advice.setting: advice.value})  # which refuses what does not fit
    assert {"clipped-norm", "penalty-out-of-range", "spectral-norm-alone", "sure-discriminator", "wrong-class"} <= told.keys()
    assert {method for _, method in told["clipped-norm"]} == {"clip"}
    assert told["spectral-norm-alone"] == {("wasserstein", "spectral-norm")} and ("wasserstein", "clip") not in told["sure-discriminator"]


def gan(objective: str = "minimax", **changes: Any) -> TrainConfig:
    return CLIP.replace(objective=objective, **({"lipschitz": "none", "optimizer": "adam"} | changes))


def test_a_discriminator_that_is_nearly_always_right() -> None:
    told = sure_discriminator(healthy(config=gan(), loop=loop(0.01), generator_updates=100))
    assert told is not None and (told.level, told.setting, told.value) == ("warning", "objective", "non-saturating")
    assert told.number == pytest.approx(0.01) and "its loss is 0.01, where guessing has 1.39" in told.text
    for objective, loss in (("non-saturating", 0.05), ("least-squares", 0.01), ("hinge", 0.05)):
        note = sure_discriminator(healthy(config=gan(objective), loop=loop(loss)))
        assert note is not None and (note.level, note.setting, note.value) == ("note", "lipschitz", "r1-penalty")
        held = sure_discriminator(healthy(config=gan(objective, lipschitz="r1-penalty"), loop=loop(loss)))
        assert held is not None and held.setting == "critic_lr" and "larger λ" in held.text
        assert_well_said(note)
        assert sure_discriminator(healthy(config=gan(objective), loop=loop(loss), generator_updates=100)) is None
        assert sure_discriminator(healthy(config=gan(objective), loop=loop(10 * loss))) is None
    assert sure_discriminator(healthy(config=gan(), loop=loop(0.01), step=100)) is None
    assert sure_discriminator(healthy(config=CLIP, loop=loop(0.01))) is None
    assert sure_discriminator(healthy(config=gan(), loop=LoopNumbers(np.empty(0), losses=np.full(20, 0.01)))) is None


def test_classes_that_are_not_what_was_asked_for() -> None:
    def told(*right: float, **more: Any) -> Advice | None:
        return wrong_class(healthy(classes=dataclasses.replace(CLASSES, right=np.array(right)), **more))

    low = told(0.4, 0.5, 0.4, 0.5)
    assert low is not None and (low.level, low.setting) == ("warning", "n_critic") and "Only 45% of the samples" in low.text
    one = told(0.9, 0.25, 0.9, 0.9)
    assert one is not None and (one.level, one.number) == ("note", 0.25) and "the class b, only 25%" in one.text
    assert_well_said(low)
    assert_well_said(one)
    assert (
        told(0.9, 0.35, 0.9, 0.9) is None and told(0.5, 0.5, 0.5, 0.5) is None and told(0.1, 0.1, 0.1, 0.1, generator_updates=500) is None
    )
    assert wrong_class(healthy(classes=CLASSES)) is None
    # Coverage says nothing of a generator that is told what to make.
    few = dataclasses.replace(CLASSES, shares=np.array([0.98, 0.02, 0.0, 0.0]))
    assert [advice.key for advice in verdict(healthy(classes=few))] == ["missing-modes"]
    assert verdict(healthy(classes=dataclasses.replace(few, right=np.full(4, 0.8)))) == ()


def test_collapse_in_an_ordinary_gan_is_not_cured_by_more_updates() -> None:
    few = dataclasses.replace(CLASSES, shares=np.array([0.98, 0.02, 0.0, 0.0]))
    (bare,) = verdict(healthy(config=gan("hinge"), classes=few))
    assert (bare.setting, bare.value) == ("lipschitz", "r1-penalty") and "more discriminator updates do not help" in bare.text
    (held,) = verdict(healthy(config=gan("hinge", lipschitz="spectral-norm"), diversity=0.3))
    assert (held.setting, held.value) == ("objective", "wasserstein")
    (stuck,) = verdict(healthy(config=gan("hinge"), blank=0.1, distance=measured(60), excesses=(0.08,) * 8))
    assert stuck.key == "distance-stuck" and stuck.setting == "critic_lr"


def test_every_rule_has_a_card_and_directions_are_of_rules_that_exist() -> None:
    keys = {rule.__name__.replace("_", "-") for rule in FAMILY}
    assert keys <= CARDS.keys() and keys <= {key for key, _ in DIRECTIONS}
