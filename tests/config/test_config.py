"""The config: bounds, sentences, presets."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from wgan_core.config import (
    PRESET_NOTES,
    PRESETS,
    SETTINGS,
    ConfigError,
    SettingInfo,
    TrainConfig,
    check_value,
    describe_range,
    in_use,
    live_fields,
    parse_config,
    steered_by,
)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"clip_value": 0}, "clip_value must be a number above 0 and at most 10, not 0."),
        ({"clip_value": float("nan")}, "clip_value must be a number above 0 and at most 10, not nan."),
        ({"clip_value": "inf"}, "clip_value must be a number above 0 and at most 10, not 'inf'."),
        ({"clip_value": None}, "clip_value must be a number above 0 and at most 10, not None."),
        ({"n_critic": 2.5}, "n_critic must be a whole number from 1 to 1,000, not 2.5."),
        ({"n_critic": "five"}, "n_critic must be a whole number from 1 to 1,000, not 'five'."),
        ({"batch_size": 1}, "batch_size must be a whole number from 2 to 4,096, not 1."),
        ({"leaky_slope": 1.5}, "leaky_slope must be a number from 0 to 1, not 1.5."),
        ({"adam_beta1": 1}, "adam_beta1 must be a number from 0 to below 1, not 1."),
        ({"dataset": "imagenet"}, "dataset must be one of digits, fashion-mnist, mnist, kmnist, cifar10, image-folder, 8-gaussians, "),
        ({"device": "tpu"}, "device must be one of auto, cpu, cuda, mps, not 'tpu'."),
        ({"critic_widths": "512,wide"}, "critic_widths must be 1 to 16 whole numbers from 1 to 8192 separated by commas"),
        ({"critic_widths": ""}, "critic_widths must be 1 to 16 whole numbers"),
        ({"colour": 1}, "colour is not a setting of this version."),
    ],
)
def test_bad_settings_are_one_sentence_that_says_what_to_do(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(values)
    assert str(caught.value).startswith(sentence)
    assert "\n" not in str(caught.value)


def test_text_is_converted() -> None:
    config = parse_config({"clip_value": "1e-2", "n_critic": "5", "critic_widths": "64, 32", "generator_widths": [8, 9]})
    assert (config.clip_value, config.n_critic, config.critic_widths, config.generator_widths) == (0.01, 5, (64, 32), (8, 9))
    assert check_value("seed", "12") == 12


def test_every_default_is_within_its_own_bounds_and_survives_json() -> None:
    assert parse_config(json.loads(json.dumps(TrainConfig().model_dump()))) == TrainConfig()
    for name, info in SETTINGS.items():
        assert check_value(name, info.default) == info.default
        assert info.label and info.help.endswith("."), name


def test_replace_checks_too() -> None:
    with pytest.raises(ConfigError, match="n_critic"):
        TrainConfig().replace(n_critic=0)
    with pytest.raises(ValueError, match="frozen"):
        TrainConfig().n_critic = 3


def test_what_may_change_while_a_run_trains() -> None:
    of_the_recipe = {"clip_value", "gp_lambda", "n_critic", "critic_lr", "generator_lr", "clip_end", "gp_lambda_end", "n_critic_end"}
    assert live_fields() == of_the_recipe | {
        "max_steps",
        "log_every",
        "save_every",
        "instruments_budget",
        "history_budget",
        "best_by",
        "stop_after",
    }


def test_presets_have_the_sources_numbers() -> None:
    walkthrough, pytorch_gan = PRESETS["walkthrough"], PRESETS["pytorch-gan"]
    for preset in (walkthrough, pytorch_gan):
        assert (preset.batch_size, preset.latent_dim, preset.critic_lr, preset.generator_lr) == (64, 100, 5e-5, 5e-5)
        assert (preset.generator_widths, preset.critic_widths) == ((128, 256, 512, 1024), (512, 256))
        assert (preset.leaky_slope, preset.batchnorm_eps, preset.weight_init) == (0.2, 0.8, "pytorch")
    assert (walkthrough.dataset, walkthrough.image_size, walkthrough.clip_value, walkthrough.n_critic) == ("fashion-mnist", 32, 0.005, 25)
    assert (pytorch_gan.dataset, pytorch_gan.image_size, pytorch_gan.clip_value, pytorch_gan.n_critic) == ("mnist", 28, 0.01, 5)
    gp = PRESETS["pytorch-gan-gp"]
    assert (gp.lipschitz, gp.gp_lambda, gp.optimizer, gp.adam_beta1, gp.adam_beta2) == ("gradient-penalty", 10, "adam", 0.5, 0.999)
    assert (gp.critic_lr, gp.generator_lr, gp.n_critic, gp.image_size, gp.batch_size) == (2e-4, 2e-4, 5, 28, 64)
    assert PRESETS["quick-start"].dataset == "digits"
    assert PRESETS.keys() == PRESET_NOTES.keys()


NUMBERS = [info for info in SETTINGS.values() if info.low is not None and info.high is not None]


@pytest.mark.parametrize("info", NUMBERS, ids=lambda info: info.name)
def test_every_bound_holds_on_both_sides_and_is_named(info: SettingInfo) -> None:
    """So that what widgets and flags show is what is checked."""
    assert info.low is not None and info.high is not None
    exact = int if info.kind == "int" else float
    beyond = (lambda bound, way: bound + way) if info.kind == "int" else (lambda bound, way: math.nextafter(bound, way * math.inf))
    for bound, allowed, way in ((exact(info.low), info.low_is_allowed, -1), (exact(info.high), info.high_is_allowed, 1)):
        inside = bound if allowed else beyond(bound, -way)
        assert check_value(info.name, inside) == inside
        with pytest.raises(ConfigError) as caught:
            check_value(info.name, beyond(bound, way) if allowed else bound)
        assert str(caught.value).startswith(f"{info.name} must be {describe_range(info)}, not ")


@pytest.mark.parametrize("info", NUMBERS, ids=lambda info: info.name)
def test_what_is_no_number_is_one_short_sentence(info: SettingInfo) -> None:
    for value in (math.nan, math.inf, -math.inf, None, "", "x", [], {}, "9" * 6000, 10**400):
        with pytest.raises(ConfigError) as caught:
            check_value(info.name, value)
        assert str(caught.value).startswith(f"{info.name} must be ") and len(str(caught.value)) < 200


def test_a_config_of_an_earlier_version_takes_the_defaults_for_what_it_lacks() -> None:
    values = TrainConfig(n_critic=7).model_dump()
    del values["clip_value"], values["seed"]
    config = parse_config(values)
    assert (config.n_critic, config.clip_value, config.seed) == (7, 0.005, 0)


def test_settings_that_belong_to_a_choice_are_in_use_with_it_alone() -> None:
    clipped = TrainConfig()
    penalised = TrainConfig(lipschitz="gradient-penalty", optimizer="adam", lr_schedule="cosine")
    for name, used in (("clip_value", True), ("clipped", True), ("gp_lambda", False), ("adam_beta1", False), ("lr_end", False)):
        assert (in_use(clipped, name), in_use(penalised, name)) == (used, not used)
    assert in_use(clipped, "n_critic") and in_use(penalised, "n_critic")
    assert [steered_by(method) for method in ("clip", "gradient-penalty", "none")] == [("clip_value",), ("gp_lambda",), ()]


def test_every_choice_that_a_setting_belongs_to_exists() -> None:
    for info in SETTINGS.values():
        setting, *choices = info.only_with or ("optimizer",)
        assert set(choices) <= set(SETTINGS[setting].choices)
