"""Each cause: a run in which it is told, and one next to it in which it is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.observed import healthy, measured
from tests.sentences import assert_well_said
from wgan_core.config import PRESETS, TrainConfig
from wgan_core.instruments.advice import Observations
from wgan_core.instruments.causes import CAUSES, largest_initial_weight
from wgan_core.instruments.look import LoopNumbers
from wgan_core.instruments.verdict import verdict
from wgan_core.measures.lipschitz import Bound
from wgan_core.store.ledger import Edit

QUICK, TOY = PRESETS["quick-start"], PRESETS["wgan-gp-toy"]
GP: dict[str, Any] = {"lipschitz": "gradient-penalty", "optimizer": "adam"}
CALM = 0.006 + 0.001 * np.sin(np.arange(100))


def loop(edit: Edit | None = None, since: Any = CALM[:50], **more: Any) -> LoopNumbers:
    return LoopNumbers(CALM, last_edit=edit, before=CALM, since=np.asarray(since), **more)


def run(config: TrainConfig = QUICK, **more: Any) -> Observations:
    return Observations(config, 900, 300, CALM, **more)


def made(**changes: Any) -> Observations:
    return run(QUICK.replace(**changes))


EDIT = Edit(800, "n_critic", 3, 1)
# The rule, a run in which it is told about this setting, with this value to set, and a run nearby in which it is not.
CASES: list[tuple[str, Observations, str, Any, Observations]] = [
    ("too-little-room", made(latent_dim=1), "latent_dim", 16, made(latent_dim=3)),
    ("too-little-room", made(latent_dim=2), "latent_dim", 16, run(TOY.replace(latent_dim=1))),  # points may lie on a curve
    ("too-little-room", made(generator_widths=(2, 2)), "generator_widths", (128, 256), made(generator_widths=(4,))),
    ("too-little-room", made(critic_widths=(128, 3)), "critic_widths", (256, 128), made(critic_widths=(4,), clip_value=0.05)),
    ("linear-units", made(leaky_slope=1.0), "leaky_slope", 0.2, made(leaky_slope=0.5)),
    ("tiny-batch", made(batch_size=2), "batch_size", 64, made(batch_size=8)),
    ("critic-rate-too-high", made(critic_lr=5e-3), "critic_lr", 1e-4, made(critic_lr=9e-4)),
    ("critic-rate-too-high", made(lipschitz="none", critic_lr=5e-3), "critic_lr", 5e-4, made(lipschitz="none", critic_lr=4e-3)),
    ("critic-rate-too-high", made(clip_value=0.1, critic_lr=5e-3), "critic_lr", 5e-4, made(clip_value=0.1, critic_lr=4e-3)),
    ("critic-rate-too-high", made(clip_value=1e-3), "clip_value", 0.03, made(clip_value=4e-3)),
    ("generator-rate-too-high", made(generator_lr=5e-3), "generator_lr", 5e-4, made(generator_lr=4e-3)),
    ("critic-rate-too-low", made(critic_lr=1e-8), "critic_lr", 1e-4, made(critic_lr=5e-6)),
    ("critic-rate-too-low", made(critic_lr=1e-6, **GP), "critic_lr", 1e-4, made(critic_lr=2e-6, **GP)),
    ("generator-rate-too-low", made(generator_lr=1e-7), "generator_lr", 1e-4, made(generator_lr=2e-6)),
    ("clip-out-of-reach", made(clip_value=0.3), "clip_value", 0.01, made(clip_value=0.17)),
    ("clip-out-of-reach", made(clip_value=0.3), "clip_value", 0.01, made(clip_value=0.3, critic_widths=(32, 16))),
    ("penalty-out-of-range", made(gp_lambda=0.001, **GP), "gp_lambda", 10, made(gp_lambda=0.1, **GP)),
    ("penalty-out-of-range", made(gp_lambda=5000.0, **GP), "gp_lambda", 10, made(gp_lambda=100.0, **GP)),
    ("few-generator-updates", made(n_critic=1000), "n_critic", 5, made(n_critic=100)),
    ("penalty-out-of-range", made(lipschitz="divergence-penalty", gp_lambda=0.01), "gp_lambda", 2, made(lipschitz="divergence-penalty")),
    ("spectral-norm-alone", made(lipschitz="spectral-norm"), "objective", "hinge", made(lipschitz="spectral-norm", objective="hinge")),
    ("no-constraint", made(lipschitz="none"), "lipschitz", "gradient-penalty", made(**GP)),
    ("piled-gradients", made(critic_gradients="accumulated"), "critic_gradients", "fresh", made()),
    (
        "saturated-samples",
        run(loop=loop(saturated=0.9, real_saturated=0.3)),
        "generator_lr",
        5e-5,
        run(loop=loop(saturated=0.6, real_saturated=0.3)),
    ),
    ("saturated-samples", run(loop=loop(EDIT, saturated=0.9, real_saturated=0.3)), "n_critic", 3, run(loop=loop(EDIT))),
    ("estimate-jumped", run(loop=loop(EDIT, [0.3] * 50)), "n_critic", 3, run(loop=loop(EDIT, [0.1] * 50))),
    ("estimate-jumped", run(loop=loop(EDIT, [-0.3] * 50)), "n_critic", 3, run(loop=loop(EDIT, [0.3] * 9))),
    (
        "estimate-jumped",
        run(loop=loop(Edit(800, "clip_value", 0.01, 0.02), [3.0] * 50)),
        "clip_value",
        0.01,
        run(loop=loop(Edit(800, "clip_value", 0.01, 0.02), [1.5] * 50)),  # at twice the c, three layers make scores of eight times the size
    ),
    ("estimate-jumped", run(loop=loop(EDIT, [0.3] * 50)), "n_critic", 3, run(loop=loop(Edit(800, "log_every", 3, 1), [0.3] * 50))),
    (
        "dying-critic",
        healthy(constant=Bound(0.001), recent_estimates=0.1 * (CALM - 0.006), peak_slope=0.02, distance=measured(20)),
        "critic_lr",
        1e-5,
        healthy(constant=Bound(0.004), recent_estimates=0.1 * (CALM - 0.006), peak_slope=0.02, distance=measured(20)),
    ),
]


@pytest.mark.parametrize(("key", "seen", "setting", "value", "quiet"), CASES, ids=[f"{k}-{case[0]}" for k, case in enumerate(CASES)])
def test_each_cause_is_told_and_its_neighbour_is_not(key: str, seen: Observations, setting: str, value: Any, quiet: Observations) -> None:
    first = verdict(seen)[0]
    assert (first.key, first.setting) == (key, setting)
    assert first.value == pytest.approx(value) if isinstance(value, float) else first.value == value
    assert key not in {advice.key for advice in verdict(quiet)}, verdict(quiet)
    assert_well_said(first)


def test_a_remedy_is_not_blamed_for_what_it_came_too_late_for() -> None:
    """The generator's rate was set from .05 to .0005; the samples are still black and white. Going back would make it worse."""
    mended = Edit(80, "generator_lr", 0.05, 5e-4)
    (told,) = verdict(run(loop=loop(mended, saturated=0.99, real_saturated=0.3)))
    assert (told.key, told.value) == ("saturated-samples", None) and told.text.endswith("start a new run with the present settings.")
    assert verdict(run(loop=loop(mended, [0.9] * 50))) == ()


def test_every_cause_has_its_cases() -> None:
    assert {rule.__name__.replace("_", "-") for rule in CAUSES} == {case[0] for case in CASES}


def test_a_value_taken_from_a_card_mends_what_the_card_is_about() -> None:
    for key, seen, setting, value, _ in CASES:
        if seen.loop is None and seen.health is None:
            mended = Observations(seen.config.replace(**{setting: value}), seen.step, seen.generator_updates)
            assert key not in {advice.key for advice in verdict(mended)}, key


def test_where_pytorchs_weights_begin() -> None:
    from wgan_core.training.models import build_critic

    config = QUICK.replace(critic_widths=(96, 40))
    weights = [parameter for name, parameter in build_critic(config, (1, 16, 16)).named_parameters() if name.endswith("weight")]
    assert max(float(weight.detach().abs().max()) for weight in weights) == pytest.approx(largest_initial_weight(config), rel=0.1)


def test_nothing_is_said_of_the_reach_of_convolutions() -> None:
    assert verdict(Observations(PRESETS["wgan-paper-dcgan"].replace(clip_value=1.0, critic_norm="none"))) == ()
