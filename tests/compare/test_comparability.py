"""Which numbers may be laid over each other."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sides import DATA, MakeSide
from wgan_core.compare.comparability import why_not_data, why_not_latents, why_not_raw, why_not_readings, why_not_seconds
from wgan_core.store.readings import Reading

OTHER_SCALES: dict[str, dict[str, Any]] = {
    "Clip value c": {"clip_value": 0.01},
    "Lipschitz method": {"lipschitz": "gradient-penalty"},
    "Critic hidden widths": {"critic_widths": (512, 256, 128)},
    "Architecture": {"architecture": "dcgan"},
    "Norm in the critic": {"critic_norm": "layer"},
    "Objective": {"objective": "minimax"},
    "What is clipped": {"clipped": "weights"},
}


@pytest.mark.parametrize("label", OTHER_SCALES)
def test_critics_of_another_scale_are_told_apart_by_the_label_of_the_setting(side: MakeSide, label: str) -> None:
    why = why_not_raw([side("a"), side("b", **OTHER_SCALES[label])])
    assert "cannot be compared" in why and label in why and "\n" not in why


@pytest.mark.parametrize("changes", [{}, {"seed": 5}, {"n_critic": 2}, {"generator_widths": (8,)}, {"critic_lr": 1e-3}, {"gp_lambda": 3}])
def test_critics_of_one_scale_may_be_laid_over_each_other(side: MakeSide, changes: dict[str, Any]) -> None:
    assert why_not_raw([side("a"), side("b", **changes), side("c")]) == ""


def test_a_penalty_weight_counts_under_the_penalty_and_a_clip_value_under_clipping(side: MakeSide) -> None:
    penalty = {"lipschitz": "gradient-penalty"}
    assert "Penalty weight λ" in why_not_raw([side("a", **penalty), side("b", **penalty, gp_lambda=1)])
    assert why_not_raw([side("c", **penalty), side("d", **penalty, clip_value=1)]) == ""


def test_a_live_edit_of_c_makes_another_critic_also_of_the_same_run_before_it(side: MakeSide) -> None:
    edited = side("a", edits=[(20, "clip_value", 0.01)])
    assert "Clip value c" in why_not_raw([edited, side("b")])
    assert "Clip value c" in why_not_raw([edited, side("a", at=10)])
    assert why_not_raw([side("a", at=5), side("a", at=10)]) == ""


def test_distances_need_the_same_data(side: MakeSide) -> None:
    a = side("a")
    assert "different data" in why_not_data([a, side("b", dataset="mnist")])
    assert "different sizes" in why_not_data([a, side("c", image_size=16, data=DATA | {"shape": [1, 16, 16]})])
    assert "fingerprints" in why_not_data([a, side("d", data=DATA | {"fingerprint": "f" * 16})])
    assert why_not_data([a, side("e", seed=3)]) == ""
    assert why_not_raw([a, side("f", dataset="mnist")]) == why_not_data([a, side("f")])


def test_points_that_another_seed_draws_are_the_same_data(side: MakeSide) -> None:
    runs = [side(name, dataset="ring", seed=seed, data={"shape": [2], "fingerprint": name}) for seed, name in enumerate("ab")]
    assert why_not_data(runs) == ""
    files = [side(name, dataset="csv", data={"shape": [2], "fingerprint": name}) for name in "cd"]
    assert "fingerprints" in why_not_data(files)


def reading(**more: Any) -> Reading:
    return Reading("sliced-w1", 10, 2, 0.3, **({"floor": 0.1, "n": 1024, "reference": "held-out"} | more))


@pytest.mark.parametrize("other", [{"n": 512}, {"reference": "training"}, {"mode": "train"}, {"details": {"projections": 9}}])
def test_readings_that_were_measured_otherwise(side: MakeSide, other: dict[str, Any]) -> None:
    sides = [side("a"), side("b")]
    assert "cannot be compared" in why_not_readings(sides, [reading(), reading(**other)])
    assert why_not_readings(sides, [reading(), reading()]) == "" and why_not_readings(sides, [reading(), None]) == ""


def test_latents_are_the_same_if_seed_and_size_are(side: MakeSide) -> None:
    assert why_not_latents([side("a"), side("b", clip_value=0.1)]) == ""
    assert "seeds" in why_not_latents([side("a"), side("c", seed=1)])
    assert "latent dimensions" in why_not_latents([side("a"), side("d", latent_dim=8)])


def test_seconds_are_of_a_machine(side: MakeSide) -> None:
    assert "differ" not in why_not_seconds([side("a"), side("b")])
    assert "CPU threads" in why_not_seconds([side("a"), side("c", threads=2)])
