"""What is said first: causes before symptoms, no two that contradict each other, and at once where the settings give it away."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest

from tests.observed import CASES, CLIP, HEALTHY, depth, healthy, lag, layers, measured
from tests.sentences import assert_well_said
from wgan_core.config import PRESETS
from wgan_core.instruments.advice import RULES, Advice, Observations, advise, exploding_gradient, saturated_weights
from wgan_core.instruments.causes import CAUSES, dying_critic, first_step
from wgan_core.instruments.family import FAMILY
from wgan_core.instruments.look import LoopNumbers
from wgan_core.instruments.verdict import DIRECTIONS, MAX_SHOWN, OF_WGANS, contradict, verdict
from wgan_core.measures.diagnose import ModeGap, Movement, OverfitGap
from wgan_core.measures.lipschitz import Bound
from wgan_core.store.ledger import Edit

QUICK, GP = PRESETS["quick-start"], PRESETS["wgan-gp-toy"]


def flat(slope: float = 0.001, peak: float = 0.02, mean: float = 0.0001, excess: float = 20) -> Observations:
    """A critic that has gone flat."""
    estimates = mean + 0.001 * np.sin(np.arange(200))
    return healthy(constant=Bound(slope), recent_estimates=estimates, peak_slope=peak, distance=measured(excess))


@pytest.mark.parametrize("name", PRESETS)
def test_no_preset_is_broken_by_its_settings(name: str) -> None:
    assert {advice.key for advice in verdict(Observations(PRESETS[name]))} <= {"clipped-norm", "piled-gradients"}


# What was broken, and the setting that the first card has to name. Nothing has been measured yet.
BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"critic_lr": 0.5}, "critic_lr"),
    ({"generator_lr": 0.5}, "generator_lr"),
    ({"critic_lr": 5e-3}, "critic_lr"),
    ({"generator_lr": 5e-3}, "generator_lr"),
    ({"clip_value": 1.0, "n_critic": 1, "critic_lr": 0.5, "generator_lr": 0.5}, "critic_lr"),
    ({"clip_value": 1e-4}, "clip_value"),
    ({"clip_value": 1e-3}, "clip_value"),
    ({"critic_lr": 0.02, "clip_value": 0.1}, "critic_lr"),
    ({"optimizer": "adam", "adam_beta1": 0.9}, "optimizer"),
    ({"critic_widths": (64,) * 8}, "lipschitz"),
    ({"critic_norm": "batch"}, "clipped"),
    ({"lipschitz": "gradient-penalty", "critic_lr": 0.01}, "critic_lr"),
    ({"lipschitz": "none", "optimizer": "adam", "generator_lr": 0.1}, "generator_lr"),
]


@pytest.mark.parametrize(("changes", "setting"), BROKEN, ids=lambda value: str(value))
def test_the_first_card_names_the_setting_that_was_broken(changes: dict[str, Any], setting: str) -> None:
    first = verdict(Observations(QUICK.replace(**changes)))[0]
    assert (first.setting, first.level) == (setting, "warning")
    assert_well_said(first)


def test_the_first_step_is_what_pytorchs_optimisers_take() -> None:
    import torch

    for name, kind in (("rmsprop", torch.optim.RMSprop), ("adam", torch.optim.Adam)):
        weight = torch.zeros(1, requires_grad=True)
        weight.grad = torch.full((1,), 3.7)
        kind([weight], lr=0.01).step()
        assert -float(weight.detach()) == pytest.approx(first_step(name, 0.01), rel=1e-4)


def test_a_learning_rate_that_comes_with_its_remedy_is_healthy_afterwards() -> None:
    (first,) = verdict(Observations(QUICK.replace(critic_lr=0.5)))
    assert first.text.endswith("to 0.0001 for a start.")
    assert verdict(Observations(QUICK.replace(critic_lr=1e-4))) == ()


def test_a_clip_value_that_no_weight_reaches_is_noticed() -> None:
    """The walkthrough with c = 0.5: no weight at ±c but in the last layer, steepest slope 2,894. Known at once, from c alone; with narrow
    layers, whose weights begin larger, from a look."""
    at_once = Observations(CLIP.replace(clip_value=0.5))
    assert [(advice.key, advice.setting, advice.value) for advice in verdict(at_once)] == [("clip-out-of-reach", "clip_value", 0.01)]
    assert_well_said(verdict(at_once)[0])
    narrow = CLIP.replace(clip_value=0.5, critic_widths=(12, 8))
    loose = healthy(config=narrow, boundary=layers(0.0, 0.005, 0.9), constant=Bound(2894.0))
    assert [(advice.key, advice.setting) for advice in verdict(loose)] == [("clip-out-of-reach", "clip_value")]
    assert_well_said(verdict(loose)[0])
    assert loose.health is not None
    assert verdict(dataclasses.replace(loose, health=dataclasses.replace(loose.health, boundary=layers(0.0, 0.3, 0.3)))) == ()
    assert verdict(dataclasses.replace(loose, health=dataclasses.replace(loose.health, constant=Bound(3.0)))) == ()
    assert verdict(dataclasses.replace(loose, health=dataclasses.replace(loose.health, step=100))) == ()


def test_a_dying_critic_is_told() -> None:
    (advice,) = verdict(flat())
    assert (advice.key, advice.level, advice.setting) == ("dying-critic", "warning", "critic_lr")
    assert_well_said(advice)


@pytest.mark.parametrize(
    "seen",
    [flat(slope=0.004), flat(mean=0.002), flat(excess=2), dataclasses.replace(flat(), peak_slope=None), flat(peak=0.005)],
    ids=["steep-enough", "estimate-above-its-noise", "samples-as-good-as-real", "nothing-before", "never-steeper"],
)
def test_a_critic_that_is_not_dying_is_left_alone(seen: Observations) -> None:
    assert verdict(seen) == ()


def test_symptoms_wait_while_there_is_a_cause() -> None:
    states = [case[1] for case in CASES if case[1].config.lipschitz == "clip"]
    for seen in states:
        broken = dataclasses.replace(seen, config=seen.config.replace(critic_lr=0.5))
        found = verdict(broken)
        assert found[0].key == "critic-rate-too-high"
        assert {advice.key for advice in found[1:]} <= {
            "momentum-with-clipping",
            "deep-critic-with-clipping",
            "clip-out-of-reach",
            "piled-gradients",
        }


def merged(first: Observations, second: Observations) -> Observations:
    """What both states have that the healthy one has not."""
    names = [field.name for field in dataclasses.fields(Observations)]
    changed = {name: getattr(second, name) for name in names if getattr(second, name) is not getattr(HEALTHY, name)}
    return dataclasses.replace(first, **changed)


def test_no_pair_of_faults_leads_to_contradicting_or_too_many_cards() -> None:
    several = 0
    for one, other in itertools.permutations([case[1] for case in CASES], 2):
        found = verdict(merged(one, other))
        several += len(found) > 1
        assert len(found) <= MAX_SHOWN
        assert not any(contradict(a, b) for a, b in itertools.combinations(found, 2))
    assert several > 100


def test_of_two_that_contradict_the_first_is_shown() -> None:
    """Weights at ±c ask for a larger c, a gradient that grows through the critic for a smaller one."""
    both = healthy(boundary=layers(0.3, 0.95, 1.0), critic_depth=depth("critic", [2.5, 1.0, -0.6], [1.0] * 3))
    assert [rule(both) is not None for rule in (saturated_weights, exploding_gradient)] == [True, True]
    assert [advice.key for advice in verdict(both)] == ["saturated-weights"]


def test_at_most_three_are_shown_warnings_first() -> None:
    many = healthy(
        lag=lag(0.5),
        diversity=0.3,
        mode_gap=ModeGap(0.06, 0.02, 1024),
        moved=Movement(0.001, 100),
        overfit=OverfitGap(0.01, 0.0009, 0.0113, 2000),
    )
    assert len(advise(many)) == 5
    assert [advice.level for advice in verdict(many)] == ["warning"] * 3


def test_what_contradicts() -> None:
    up, down = (Advice(key, "warning", "", 0.0, "clip_value") for key in ("saturated-weights", "exploding-gradient"))
    other = Advice("critic-rate-too-high", "warning", "", 0.0, "critic_lr")
    assert contradict(up, down) and not contradict(up, up) and not contradict(down, other)


def test_directions_are_of_rules_that_exist() -> None:
    keys = {rule.__name__.replace("_", "-") for rule in (*RULES, *CAUSES, *FAMILY)}
    assert {key for key, _ in DIRECTIONS} | OF_WGANS <= keys


def test_a_note_does_not_repeat_what_a_warning_says() -> None:
    piled = healthy(boundary=layers(0.3, 0.99, 1.0), config=CLIP.replace(critic_gradients="accumulated"))
    assert [(advice.key, advice.setting) for advice in verdict(piled)] == [("saturated-weights", "critic_gradients")]
    calm = dataclasses.replace(piled, health=HEALTHY.health)
    assert [(advice.key, advice.level) for advice in verdict(calm)] == [("piled-gradients", "note")]


def test_an_ordinary_gan_is_not_judged_as_a_wgan() -> None:
    """Its discriminator needs no Lipschitz method, and its loss is no distance; but a learning rate can break it."""
    gan = healthy(config=CLIP.replace(objective="non-saturating", lipschitz="none", optimizer="adam"), constant=Bound(340.0))
    assert verdict(gan) == ()
    (told,) = verdict(dataclasses.replace(gan, config=gan.config.replace(critic_lr=0.2)))
    assert told.key == "critic-rate-too-high" and told.text.startswith("The discriminator's learning rate is too high")


@pytest.mark.parametrize("seen", [case[1] for case in CASES], ids=[f"{k}-{case[0]}" for k, case in enumerate(CASES)])
def test_the_value_that_is_offered_can_be_set_and_goes_where_the_rule_says(seen: Observations) -> None:
    for advice in verdict(seen):
        now = getattr(seen.config, advice.setting)
        if advice.value is None:
            continue
        mended = seen.config.replace(**{advice.setting: advice.value})
        assert getattr(mended, advice.setting) != now
        direction = DIRECTIONS.get((advice.key, advice.setting))
        assert direction is None or (getattr(mended, advice.setting) > now) == (direction == "raise")


def test_after_a_change_a_run_gets_time_before_its_critic_is_judged() -> None:
    """Undone edits are not held against the run: the state of the critic is a note at first, and a dying critic none."""
    step = flat().step
    for field, since, told in (("critic_lr", 500, False), ("critic_lr", 5000, True)):
        loop = LoopNumbers(np.zeros(0), Edit(step - since, field, 0.3, 3e-4))
        assert (dying_critic(dataclasses.replace(flat(), loop=loop)) is not None) == told
