"""The trainings of the lessons on digits and on parallel lines."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
import torch
from PIL import Image

from tests.small import SMALL
from wgan_core.lessons import digits, lines
from wgan_core.lessons.digits import COLUMNS, MEASUREMENTS, PIXEL, ROWS, DigitExperiment, DigitTraining
from wgan_core.lessons.experiment import WATCHED_SECONDS, Experiment
from wgan_core.lessons.lines import LinesExperiment, LinesTraining


class Clock:
    """Stands still until it is set forward."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def run(experiment: Experiment, clock: Clock) -> None:
    for _ in range(100):
        if experiment.done:
            return
        clock.now += WATCHED_SECONDS / 4
        experiment.advance()
    raise AssertionError("it does not end")


def test_two_wgans_of_digits_side_by_side() -> None:
    clock = Clock()
    other = SMALL.replace(n_critic=6)
    experiment = DigitExperiment(DigitTraining(("three", "six"), (SMALL, other), 60), clock)
    run(experiment, clock)
    (outcome,) = experiment.outcomes
    assert outcome.moves == (20, 10) and len(outcome.rows) == MEASUREMENTS + 1 and outcome.rows[-1].updates == 60
    assert outcome.rows[0].distances[0] > 2 * outcome.floor > 0  # untrained
    assert all(0 < share < 1 for share in outcome.neighbours)
    picture = Image.open(io.BytesIO(experiment.picture(1)))
    assert picture.size == ((COLUMNS * 9 - 1) * PIXEL, (ROWS * 9 - 1) * PIXEL)


def test_the_latents_of_a_row_turn_from_one_to_another() -> None:
    paths = digits._paths(5, torch.Generator().manual_seed(0))
    assert paths.shape == (ROWS, COLUMNS, 5)
    steps = (paths[:, 1:] - paths[:, :-1]).norm(dim=2)
    assert float(steps.min()) > 0 and float((paths[:, 0] - paths[:, -1]).norm(dim=1).min()) > float(steps.max())


def test_digits_whose_weights_become_infinite_end_with_a_sentence() -> None:
    clock = Clock()
    experiment = DigitExperiment(DigitTraining(("a",), (SMALL,), 60), clock)
    next(experiment.trainers[0].generator.parameters()).data.fill_(math.nan)
    clock.now = WATCHED_SECONDS
    experiment.advance()
    assert experiment.done and "became infinite" in experiment.notice


def test_lines_stand_still_at_first_and_then_follow_their_networks() -> None:
    clock = Clock()
    experiment = LinesExperiment((LinesTraining("a", 1.0, 60, 30),), 0, clock)
    clock.now = WATCHED_SECONDS / 2
    experiment.advance()
    assert experiment.critic.theta == experiment.discriminator.theta == 1.0
    run(experiment, clock)
    assert experiment.critic.theta != 1.0 != experiment.discriminator.theta
    assert experiment.rows[-1].updates == 60 == experiment.total and experiment.rows[-1].js <= math.log(2)


def test_the_next_training_begins_where_it_is_told_to() -> None:
    clock = Clock()
    experiment = LinesExperiment((LinesTraining("a", 1.0, 10, 10), LinesTraining("b", 0.25, 10, 10)), 0, clock)
    run(experiment, clock)
    assert [row.theta_critic for row in experiment.rows] == [1.0] * 10 + [0.25] * 10
    assert [row.updates for row in experiment.rows] == list(range(1, 21))


@pytest.mark.slow
def test_the_critic_reads_the_distance_and_the_discriminator_does_not() -> None:
    clock = Clock()
    experiment = LinesExperiment((LinesTraining("a", 1.0, 150, 150), LinesTraining("b", 0.5, 150, 150)), 3, clock)
    run(experiment, clock)
    far, near = experiment.rows[len(experiment.rows) // 2 - 1], experiment.rows[-1]
    assert far.estimate == pytest.approx(1, abs=0.15) and near.estimate == pytest.approx(0.5, abs=0.1)
    assert min(far.js, near.js) > 0.6


def test_a_step_of_the_line_goes_uphill() -> None:
    player = lines.Player(lines.pair_trainer(lines.CRITIC, 2), 1.0)
    rng = torch.Generator().manual_seed(0)
    slope = np.mean([float(lines.lipschitz.gradients(player.trainer.critic, lines.pair(1.0, 64)(rng)[1])[:, 0].mean()) for _ in range(8)])
    player.move(rng)
    assert (player.theta - 1.0) / lines.LEARNING_RATE == pytest.approx(slope, rel=0.3)
