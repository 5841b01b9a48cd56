"""The verdicts of the lessons follow from what was measured: with other numbers, another prediction is right."""

from __future__ import annotations

import numpy as np
import pytest

from wgan_core.lessons import curve, distance, gan, gradient_penalty, landscape, n_critic, noise, pictures
from wgan_core.lessons.asking import Choice
from wgan_core.lessons.step import Asked
from wgan_core.lessons.steps import STEPS

ONE = {"n": 1.0, "w1_first": 1.3, "w1": 1.2, "fooled": 0.4, "floor": 0.15}
TIME = {"few": 0.4, "many": 0.7, "few_moves": 400.0, "many_moves": 40.0}
TOP = {"to_real": 1.4, "to_generated": 2.8, "x": 2.0, "y": 2.0, "real": 0.9, "generated": -0.3}
WALK = {"radius": 2.5, "w1_first": 1.3, "w1_best": 1.2, "w1": 2.4}
TOGETHER = {"w1_first": 1.3, "w1": 0.4, "floor": 0.15, "near": 0.43}
GAME = {"critic": 0.1, "discriminator": 0.99, "js": 0.69}
RACE = {"wgan": 0.42, "gan": 0.31, "floor": 0.15, "wgan_estimate": 0.03, "gan_js": 0.3}
CURVES = {"large": 0.04, "small": 0.00001, "large_w1": 0.4, "small_w1": 0.55}
ZERO = {"estimate": 0.001, "most": 0.4, "w1": 1.2, "floor": 0.15}
DIGITS = {
    **{"c": 0.001, "usual": 0.04, "other": 0.09, "floor": 0.03, "usual_estimate": 0.01, "other_estimate": 0.1},
    **{"usual_moves": 500.0, "other_moves": 75.0},
}
PAIR = {f"{who}_{what}": 0.5 for who in ("clip", "gp") for what in ("w1", "steepest", "scaled", "slope")}


def answered(lesson: str, step: str, found: dict[str, float]) -> list[str]:
    """The options that are right for these numbers."""
    (task,) = (each.task for each in STEPS[lesson] if each.name == step)
    assert isinstance(task, Asked) and isinstance(task.question, Choice)
    return [option for option in task.question.options if task.judge(option, found).agrees]


@pytest.mark.parametrize(
    ("lesson", "step", "found", "right"),
    [
        ("n-critic", "one", {**ONE, "w1": 0.4}, "closer"),
        ("n-critic", "one", {**ONE, "w1": 0.9}, "little"),
        ("n-critic", "one", {**ONE, "w1": 1.5}, "farther"),
        ("n-critic", "time", TIME, "few"),
        ("n-critic", "time", {**TIME, "many": 0.2}, "many"),
        ("n-critic", "time", {**TIME, "many": 0.42}, "equal"),
        ("distance", "game", GAME, "critic"),
        ("distance", "game", {**GAME, "discriminator": -0.2}, "both"),
        ("distance", "game", {"critic": 1.2, "discriminator": 0.2, "js": 0.1}, "discriminator"),
        ("distance", "game", {"critic": -0.9, "discriminator": 0.9, "js": 0.1}, "none"),
        ("gan", "race", RACE, "gan"),
        ("gan", "race", {**RACE, "wgan": 0.2}, "wgan"),
        ("gan", "race", {**RACE, "wgan": 0.31}, "equal"),
        ("gan", "push", {"wgan": 1.0, "gan": 0.5, "js": 0.6}, "same"),
        ("gan", "push", {"wgan": 1.0, "gan": 0.05, "js": 0.6}, "weaker"),
        ("gan", "push", {"wgan": 1.0, "gan": 1e-6, "js": 0.69}, "none"),
        ("curve", "two", CURVES, "large"),
        ("curve", "two", {**CURVES, "small_w1": 0.3}, "small"),
        ("curve", "two", {**CURVES, "small_w1": 0.42}, "equal"),
        ("curve", "zero", ZERO, "far"),
        ("curve", "zero", {**ZERO, "w1": 0.3}, "near"),
        ("curve", "zero", {**ZERO, "w1": 0.2}, "done"),
        ("pictures", "n-critic", DIGITS, "usual"),
        ("pictures", "n-critic", {**DIGITS, "other": 0.03}, "other"),
        ("pictures", "n-critic", {**DIGITS, "other": 0.042}, "equal"),
        ("landscape", "top", TOP, "elsewhere"),
        ("landscape", "top", {**TOP, "to_real": 0.1}, "real"),
        ("landscape", "top", {**TOP, "to_generated": 0.1}, "generated"),
        ("landscape", "walk", {**WALK, "radius": 0.5}, "before"),
        ("landscape", "walk", {**WALK, "radius": 1.4}, "on"),
        ("landscape", "walk", WALK, "past"),
        ("landscape", "together", {**TOGETHER, "near": 0.2}, "few"),
        ("landscape", "together", TOGETHER, "half"),
        ("landscape", "together", {**TOGETHER, "near": 1.0}, "most"),
        ("gradient-penalty", "ruler", {**PAIR, "gp_scaled": 0.2}, "quarter"),
        ("gradient-penalty", "ruler", {**PAIR, "gp_scaled": 0.3}, "half"),
        ("gradient-penalty", "ruler", {**PAIR, "gp_scaled": 0.48}, "nearly"),
        ("gradient-penalty", "race", {**PAIR, "clip_w1": 0.3}, "clip"),
        ("gradient-penalty", "race", {**PAIR, "gp_w1": 0.3}, "gp"),
        ("gradient-penalty", "race", {**PAIR, "gp_w1": 0.48}, "equal"),
        ("gradient-penalty", "deep", PAIR, "both"),
        ("gradient-penalty", "deep", {**PAIR, "gp_w1": 1.3}, "clip"),
        ("gradient-penalty", "deep", {**PAIR, "clip_w1": 1.3}, "gp"),
        ("gradient-penalty", "deep", {**PAIR, "clip_w1": 1.3, "gp_w1": 1.3}, "none"),
    ],
)
def test_the_measured_number_decides(lesson: str, step: str, found: dict[str, float], right: str) -> None:
    assert answered(lesson, step, found) == [right]


def test_a_critic_that_kept_up_is_not_called_an_old_map() -> None:
    assert "old map" in n_critic.explain_one(ONE) and "old map" not in n_critic.explain_one({**ONE, "fooled": 0.0})


def test_enough_is_what_brings_the_points_near() -> None:
    assert not n_critic.judge_smallest(5, {**ONE, "n": 5.0, "w1": 0.7}).agrees
    judged = n_critic.judge_smallest(5, {**ONE, "n": 5.0, "w1": 0.36})
    assert judged.agrees and "from 1.3 to 0.36" in judged.words


def test_explanations_name_the_numbers() -> None:
    assert "400 times, with 50 only 40 times" in n_critic.explain_time(TIME)
    assert "were not worth it" in n_critic.explain_time(TIME) and "was worth it" in n_critic.explain_time({**TIME, "many": 0.2})
    assert "0.9 on average, generated ones -0.3: the real ones are higher" in landscape.explain_top(TOP)
    assert "no higher" in landscape.explain_top({**TOP, "real": -0.5})
    assert "the penalised one is ahead" in gradient_penalty.explain_race({**PAIR, "gp_w1": 0.3})


def test_a_divergence_is_right_when_it_is_near() -> None:
    found = {"far": 1.05, "near": 0.25, "far_js": 0.69, "near_js": 0.685}
    assert distance.judge_rulers(0.69, found).agrees and not distance.judge_rulers(0.6, found).agrees
    assert distance.judge_rulers(0.2, {**found, "near_js": 0.17}).agrees
    assert "is 0.17 at" in distance.judge_rulers(0.2, {**found, "near_js": 0.17}).words


def test_a_discriminator_that_let_its_line_go_is_not_called_sure() -> None:
    assert "no slope to follow" in distance.explain_game(GAME)
    assert "no slope to follow" not in distance.explain_game({**GAME, "discriminator": 0.5})


def test_how_far_the_generator_came_is_measured_between_noise_and_the_floor() -> None:
    found = {"first": 0.6, "quarter": 0.1, "last": 0.08, "floor": 0.04}
    assert noise.way(found) == pytest.approx(0.52 / 0.56)
    assert noise.judge_way(90, found).agrees and not noise.judge_way(50, found).agrees
    assert noise.judge_way(50, {**found, "last": 0.3}).agrees
    assert noise.judge_neighbours(20, {"neighbours": 0.18}).agrees and not noise.judge_neighbours(50, {"neighbours": 0.18}).agrees


def test_worse_digits_are_at_least_a_fifth_further_away() -> None:
    assert pictures.judge_clip(0.0003, DIGITS).agrees
    assert not pictures.judge_clip(0.0003, {**DIGITS, "other": 0.045}).agrees
    assert "even better" in pictures.judge_clip(0.0003, {**DIGITS, "other": 0.02}).words


def test_a_drawn_curve_is_compared_by_its_shape() -> None:
    measured = curve.heights(list(range(0, 2001, 50)), [min(step, 1000 - step / 2) / 1000 for step in range(0, 2001, 50)])
    assert len(measured) == curve.PLACES and measured.max() == 1 and 2 <= measured.argmax() <= 3
    found = {curve.place_key(place): float(height) for place, height in enumerate(measured)}
    same, other = [0.5 * height for height in measured], [1 - height for height in measured]
    assert curve.judge_drawn(same, found).agrees and "correlation is 1.00" in curve.judge_drawn(same, found).words
    assert not curve.judge_drawn(other, found).agrees and not curve.judge_drawn([0.5] * curve.PLACES, found).agrees


@pytest.mark.parametrize(
    ("together", "words"), [(0.9, "rose and fell together"), (-0.8, "opposite ways"), (0.1, "little to do with each other")]
)
def test_what_is_said_of_estimate_and_distance_is_what_they_did(together: float, words: str) -> None:
    assert words in curve.explain_drawn({"w1_first": 1.3, "w1": 0.4, "together": together})


def test_collapse_is_counted_in_clusters() -> None:
    means = gan.centres()
    assert gan.clusters(np.repeat(means, 20, axis=0)) == 8
    assert gan.clusters(np.repeat(means[:1], 160, axis=0)) == 1
    assert gan.clusters(np.repeat(means, 20, axis=0) * 2) == 0
    assert gan.clusters(np.concatenate((np.repeat(means[:2], 200, axis=0), means[2:]))) == 2  # a stray point is no hit
    hasty = {"wgan": 6.0, "gan": 1.0, "wgan_w1": 0.5, "gan_w1": 1.0}
    assert gan.judge_hasty(2, hasty).agrees and not gan.judge_hasty(4, hasty).agrees
    assert "collapsed" in gan.explain_hasty(hasty) and "collapsed" not in gan.explain_hasty({**hasty, "gan": 7.0})
    assert "spread its points further" in gan.explain_hasty(hasty)
    assert "fares no better" in gan.explain_hasty({**hasty, "wgan": 1.0})


def test_a_discriminator_that_still_pushes_is_not_called_useless() -> None:
    assert "still pushes" in gan.explain_push({"wgan": 1.0, "gan": 0.5, "js": 0.3})
    assert "still pushes" not in gan.explain_push({"wgan": 1.0, "gan": 0.001, "js": 0.69})
