"""Each rule of the advice: a state in which it speaks, and one next to it in which it is quiet."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from tests.observed import CASES, CLIP, GP, HEALTHY, healthy, lag, layers, norms
from tests.sentences import assert_well_said
from wgan_core.instruments.advice import RULES, Observations, advise, slope_of_penalty
from wgan_core.measures.lag import Lag


def test_a_healthy_run_gets_no_advice() -> None:
    assert advise(HEALTHY) == ()
    assert advise(dataclasses.replace(HEALTHY, config=GP)) == ()


def test_what_has_not_been_measured_gives_no_advice() -> None:
    assert advise(Observations(CLIP, step=10_000, generator_updates=10_000)) == ()


@pytest.mark.parametrize(("key", "seen", "number", "level", "setting", "quiet"), CASES, ids=[f"{k}-{c[0]}" for k, c in enumerate(CASES)])
def test_each_rule_speaks_and_keeps_quiet(
    key: str, seen: Observations, number: float, level: str, setting: str, quiet: Observations
) -> None:
    (advice,) = advise(seen)
    assert (advice.key, advice.level, advice.setting) == (key, level, setting)
    assert advice.number == pytest.approx(number)
    assert key not in {advice.key for advice in advise(quiet)}
    assert_well_said(advice)


@pytest.mark.parametrize(
    "seen",
    [
        healthy(boundary=layers(0.3, 0.95, 1.0)),
        healthy(norms=norms(alignment=0.999), diversity=0.2, generator_updates=200),
        healthy(config=GP, norms=norms(2.5)),
    ],
    ids=("saturated", "linear", "penalty"),
)
def test_a_look_at_a_fresh_critic_says_nothing_later(seen: Observations) -> None:
    assert len(advise(seen)) == 1 and seen.health is not None and seen.step > 500
    assert advise(dataclasses.replace(seen, health=dataclasses.replace(seen.health, step=45))) == ()


def test_every_rule_has_its_cases() -> None:
    assert {rule.__name__.replace("_", "-") for rule in RULES} == {case[0] for case in CASES}


def test_texts() -> None:
    (advice,) = advise(healthy(boundary=layers(0.95, 0.3, 1.0)))
    assert advice.text == (
        "95% of the weights of the critic's layer 1 are at ±c = 0.01: they have no room to learn, and all units of the layer end up doing "
        "the same. Raise c, or use the gradient penalty."
    )
    (advice,) = advise(healthy(lag=Lag(np.array([0, 200]), np.array([0.2, 1.4]), np.array([1.0, 2.0]), 64, 1.0)))
    assert "finds a distance of 0.45 after 200 more updates (estimate / steepest slope); it had found 0.2, 44% of that." in advice.text


def test_warnings_come_first() -> None:
    found = advise(healthy(lag=lag(0.5), diversity=0.3))
    assert [(advice.key, advice.level) for advice in found] == [("samples-too-alike", "warning"), ("critic-lagging", "note")]


def test_saturated_weights_are_a_note_at_first() -> None:
    (note,) = advise(healthy(boundary=layers(0.3, 0.99, 1.0), generator_updates=999))
    assert note.level == "note" and "if this one is still in this state after 1,000 generator updates, raise c, or use" in note.text
    (warning,) = advise(healthy(boundary=layers(0.3, 0.99, 1.0), generator_updates=1000))
    assert warning.level == "warning" and warning.text.endswith("doing the same. Raise c, or use the gradient penalty.")
    # The sum of all gradients is a fault of the recipe from the first update on.
    (at_once,) = advise(healthy(boundary=layers(0.3, 0.99, 1.0), generator_updates=9, config=CLIP.replace(critic_gradients="accumulated")))
    assert at_once.level == "warning"


def test_a_linear_critic_is_a_note_at_first() -> None:
    """Healthy runs begin so; where it lasts, that the samples are too alike is said beside it."""
    linear = healthy(norms=norms(alignment=0.999), diversity=0.2, generator_updates=999)
    (note,) = advise(linear)
    assert "Many runs begin this way; if this one is still in this state after 1,000 generator updates, raise c." in note.text
    lasting = advise(dataclasses.replace(linear, generator_updates=1000))
    assert [(advice.key, advice.level) for advice in lasting] == [("linear-critic", "warning"), ("samples-too-alike", "warning")]
    assert lasting[0].text.endswith("as varied as the data. Raise c.")


def test_a_weak_penalty_is_not_blamed_for_the_slope_that_it_asks_for() -> None:
    """`wgan-gp-toy`, whose authors chose λ = 0.1: at step 660 the median slope was 2.76, at an estimate of 0.913."""
    assert slope_of_penalty(0.913, 0.1) == pytest.approx(2.69, abs=0.01)
    toy = healthy(config=GP.replace(gp_lambda=0.1), norms=norms(2.76), estimate=0.913)
    assert advise(toy) == ()
    steep = healthy(config=GP.replace(gp_lambda=0.1), norms=norms(5.5), estimate=0.913)
    assert [one.key for one in advise(steep)] == ["penalty-not-holding"]
    # At λ = 0.001 the penalty asks for a slope of 140; what the critic has, 40, is still more than it can use.
    assert slope_of_penalty(39.3, 0.001) == pytest.approx(140, abs=1)
    weak = healthy(config=GP.replace(gp_lambda=0.001), norms=norms(40.5), estimate=39.3)
    assert [one.key for one in advise(weak)] == ["penalty-not-holding"]


def test_numbers_are_plain() -> None:
    """Tensors would keep memory, and do not go into a ledger."""
    assert not any(isinstance(advice.number, torch.Tensor) for case in CASES for advice in advise(case[1]))
