"""The trainings of the lessons: at fixed updates, by the seed alone, and spread over a time in which they can be watched."""

from __future__ import annotations

import itertools
import math

from tests.small import SMALL_ON_POINTS
from wgan_core.config import TrainConfig
from wgan_core.lessons.experiment import LOOK_SECONDS, WATCHED_SECONDS
from wgan_core.lessons.points import MEASUREMENTS, Leg, PointExperiment, Training

TINY = SMALL_ON_POINTS.replace(generator_widths=(8,), critic_widths=(8,))


def training(config: TrainConfig = TINY, *legs: Leg, name: str = "a") -> Training:
    return Training((name,), (config,), legs or (Leg("both", 80),))


def run(*trainings: Training, look: float = 1.0) -> PointExperiment:
    """To the end, with `look` seconds between two looks of a clock that stands still meanwhile."""
    now = itertools.count()
    time = [0.0]
    experiment = PointExperiment(trainings, clock=lambda: time[0])
    for _ in now:
        if experiment.done:
            return experiment
        time[0] += look
        experiment.advance()
        assert time[0] < 10 * WATCHED_SECONDS * len(trainings)
    raise AssertionError


def test_the_numbers_depend_on_the_seed_and_not_on_how_often_one_looks() -> None:
    first, again = run(training()), run(training(), look=0.13)
    assert first.outcomes[0].rows == again.outcomes[0].rows
    other = run(training(TINY.replace(seed=1)))
    assert other.outcomes[0].last().w1 != first.outcomes[0].last().w1


def test_it_is_spread_over_the_time_and_measured_from_beginning_to_end() -> None:
    time = [0.0]
    experiment = PointExperiment((training(),), clock=lambda: time[0])
    time[0] = WATCHED_SECONDS / 4
    experiment.advance()
    assert experiment.lab.trainers[0].step == 20 and experiment.fraction == 0.25
    time[0] = 2 * WATCHED_SECONDS
    experiment.advance()
    rows = experiment.outcomes[0].rows
    assert experiment.done and rows[0].updates == 0 and rows[-1].updates == 80 and len(rows) == MEASUREMENTS + 1


def test_a_look_is_short_even_after_a_long_absence() -> None:
    ticks = itertools.count()
    experiment = PointExperiment((training(),), clock=lambda: 100.0 * (next(ticks) > 0) + LOOK_SECONDS / 10 * next(ticks))
    experiment.advance()
    assert 0 < experiment.lab.trainers[0].step <= 10


def test_legs_train_one_network_at_a_time_and_trainings_follow_each_other() -> None:
    experiment = run(training(TINY, Leg("critic", 30), Leg("generator", 10), name="legs"), training(name="second"))
    first, second = experiment.outcomes
    assert (first.training.title, second.training.title) == ("legs", "second")
    assert first.frames[0].step == 30 and first.frames[0].generator_updates == 10
    assert second.frames[0].step == 80 and experiment.fraction == 1


def test_weights_that_become_infinite_end_it_with_a_sentence() -> None:
    time = [0.0]
    experiment = PointExperiment((training(),), clock=lambda: time[0])
    next(experiment.lab.trainers[0].critic.parameters()).data.fill_(math.inf)
    time[0] = WATCHED_SECONDS
    experiment.advance()
    assert experiment.done and "became infinite at critic update 1" in experiment.notice
    assert len(experiment.outcomes[0].rows) == 1
