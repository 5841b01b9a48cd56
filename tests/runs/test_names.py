"""What runs are called, and their settings in one line."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.waiting import trained
from wgan_core.cli.main import _parser
from wgan_core.config import PRESETS, SETTINGS, TrainConfig, parse_config
from wgan_core.runs.manager import RunManager
from wgan_core.runs.names import command_line, nearest_preset, run_title, settings_line, short_number, started_with
from wgan_core.store.folder import new_run_id, run_number
from wgan_core.store.ledger import Edit

QUICK = PRESETS["quick-start"]
RUN = "20260314-0926-digits-4-3f9a"


@pytest.mark.parametrize(
    ("config", "title"),
    [
        (QUICK, "digits, quick-start, #4"),
        (QUICK.replace(clip_value=0.03), "digits, clip .03, #4"),
        (QUICK.replace(clip_value=0.03, max_steps=7, threads=2, log_every=9), "digits, clip .03, #4"),
        (QUICK.replace(image_size=8, n_critic=1, critic_widths=(8, 4), seed=2), "digits, n_critic 1, seed 2, 2 more, #4"),
        (QUICK.replace(image_size=28), "digits, 28 px, #4"),
        (PRESETS["wgan-toy"].replace(dataset="25-gaussians"), "25-gaussians, wgan-toy, #4"),
        (PRESETS["wgan-toy"].replace(dataset="ring", image_size=64, critic_lr=1e-5), "ring, critic rate 1e-5, #4"),
        (PRESETS["wgan-gp-toy"].replace(gp_lambda=10, adam_beta1=0.0), "8-gaussians, λ 10, β1 0, #4"),
        (QUICK.replace(lipschitz="none"), "digits, no Lipschitz method, #4"),
    ],
)
def test_a_title_says_what_is_special(config: TrainConfig, title: str) -> None:
    assert run_title(RUN, config) == title


def test_runs_named_by_hand_or_by_an_earlier_version_have_titles_too() -> None:
    assert run_title("my best run", QUICK) == "my best run"
    assert run_title("20260314-0926-two-lines-3f9a", QUICK) == "digits, quick-start, #3f9a"


def test_every_preset_is_its_own_nearest() -> None:
    assert {name: nearest_preset(preset) for name, preset in PRESETS.items()} == {name: (name, ()) for name in PRESETS}


def test_numbers_count_on_and_stay(manager: RunManager, config: TrainConfig) -> None:
    first, second = trained(manager, config).run_id, trained(manager, config).run_id
    assert [run_number(first), run_number(second)] == [1, 2]
    (manager.root / first).rename(manager.root.parent / "elsewhere")
    assert run_number(trained(manager, config).run_id) == 3
    assert run_number(second) == 2


def test_runs_that_wait_have_numbers_of_their_own(manager: RunManager, config: TrainConfig) -> None:
    ids = [manager.start(config.replace(max_steps=10**9), queue=True).run_id for _ in range(3)]
    assert [run_number(run_id) for run_id in ids] == [1, 2, 3]


def test_a_number_is_not_read_from_the_name_of_the_data(config: TrainConfig, tmp_path: Path) -> None:
    made = new_run_id(config.replace(dataset="8-gaussians"), ["20260314-0926-8-gaussians-3f9a", "12"])
    assert run_number(made) == 1
    assert run_number("20260314-0926-cifar10-3f9a") is None


def test_the_title_is_that_of_the_start() -> None:
    edited = QUICK.replace(clip_value=0.5, n_critic=1)
    edits = (Edit(9, "clip_value", 0.01, 0.03), Edit(11, "n_critic", 3, 1), Edit(12, "clip_value", 0.03, 0.5))
    assert started_with(edited, edits) == QUICK


def test_the_line_of_settings() -> None:
    line = "Digits, 16 px · batch 64 · RMSprop (critic .0003, generator .0005, linear) · "
    assert settings_line(QUICK) == f"{line}MLPs, generator 128-256, critic 256-128, latent 16 · seed 0"
    assert "8 Gaussians · batch 256 · " in settings_line(PRESETS["wgan-toy"])
    assert "DCGAN of width 64, latent 64" in settings_line(PRESETS["walkthrough-next"])


@pytest.mark.parametrize("name", PRESETS)
def test_the_command_line_gives_the_same_settings(name: str) -> None:
    config = PRESETS[name].replace(critic_lr=0.000123456, seed=7, critic_widths=(8, 4), data_root="/a b/c")
    options = _parser().parse_args(shlex.split(command_line(config))[3:])
    given = {field: value for field in SETTINGS if (value := getattr(options, field)) is not None}
    assert parse_config(PRESETS[options.preset].model_dump() | given) == config


@pytest.mark.parametrize(
    ("value", "text"), [(0.03, ".03"), (0.0, "0"), (2.0, "2"), (5e-5, "5e-5"), (10.0, "10"), (0.0005, ".0005"), (1e10, "1e10")]
)
def test_short_numbers(value: float, text: str) -> None:
    assert short_number(value) == text
