"""The bench of options: which it measures, and that its shares compare the recipe with and without them."""

from __future__ import annotations

import itertools
import json

import pytest

from wgan_core.bench import options
from wgan_core.bench.options import Cost, option_costs, options_for
from wgan_core.cli.main import main
from wgan_core.config import PRESETS, TrainConfig


def names(config: TrainConfig) -> set[str]:
    return {f"{name}={changes[name]}" for changes in options_for(config) for name in list(changes)[:1]}


def test_options_are_those_that_can_be_added_to_a_recipe() -> None:
    clipped, penalty = names(PRESETS["walkthrough"]), names(PRESETS["walkthrough-next"])
    assert {"objective=hinge", "lipschitz=r1-penalty", "labels=conditional", "augment=all", "clip_schedule=linear"} <= clipped
    assert {"gp_share=quarter", "gp_every=4", "gp_lambda_schedule=linear", "upsampling=nearest"} <= penalty - clipped
    assert "lipschitz=clip" not in clipped and "clip_schedule=linear" not in penalty  # it is so already; it is not clipped
    assert "lipschitz=spectral-norm" in clipped - penalty  # refused beside layer norm
    assert "critic_norm=layer" not in penalty and "ema_decay=0.999" not in names(PRESETS["showcase"])
    assert "labels=conditional" not in names(PRESETS["wgan-toy"].replace(dataset="ring"))


def test_every_option_leaves_the_work_of_a_generator_update_what_it_was() -> None:
    recipe = PRESETS["pytorch-gan"]
    for changes in options_for(recipe):
        varied = recipe.replace(**changes)
        assert varied.n_critic == recipe.n_critic and (varied.n_critic_schedule == "constant" or varied.n_critic_end == recipe.n_critic)


def test_a_share_is_the_median_over_the_rounds_of_both_in_turns(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    plain, varied = itertools.cycle([100.0, 200.0, 400.0]), itertools.cycle([50.0, 40.0, 100.0])
    monkeypatch.setattr(options._Measured, "rate", lambda self: next(plain if self.trainer.config.objective == "wasserstein" else varied))
    monkeypatch.setattr(
        options._Measured, "__init__", lambda self, config, seconds: setattr(self, "trainer", options.Trainer(config, data))
    )
    monkeypatch.setattr(options, "options_for", lambda config: [{"objective": "hinge"}])
    data = options.load_dataset(config)
    found = option_costs(config, rounds=3)
    assert found.costs == (Cost("objective=hinge", 50.0, 0.25, 0.2, 0.5),) and found.rate == 200.0


def test_a_measurement_ends_with_a_generator_update(config: TrainConfig) -> None:
    measured = options._Measured(config.replace(n_critic=7, threads=1), 0.02)
    before = measured.trainer.step
    assert before % 7 == 0 and measured.rate() > 0 and measured.trainer.step % 7 == 0 and measured.trainer.step > before


@pytest.mark.slow
def test_from_the_command_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(options, "options_for", lambda config: [{"objective": "hinge"}, {"augment": "all"}])
    flags = ["bench", "--options", "--preset", "quick-start", "--image-size", "8", "--generator-widths", "8", "--critic-widths", "8"]
    assert main([*flags, "--rounds", "1", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert [cost["option"] for cost in facts["costs"]] == ["objective=hinge", "augment=all"] and facts["device"] == "cpu"
    assert main([*flags, "--rounds", "1"]) == 0
    printed = capsys.readouterr()
    assert (
        printed.out.split()[:6] == ["steps/s", "of", "the", "rate", "in", "1"] and "augment=all" in printed.out and "hinge: " in printed.err
    )
    assert main([*flags, "--runs", "2"]) == 2
    assert "--options measures each option of one preset: leave --runs out with it." in capsys.readouterr().err
