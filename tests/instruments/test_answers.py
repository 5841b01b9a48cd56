"""Does it learn? Is the critic healthy? Are the samples varied? Each answer on a run for which it is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from wgan_core.config import PRESETS
from wgan_core.instruments.advice import RULES
from wgan_core.instruments.answers import QUESTIONS, Answer, State, answers, lowest_excess
from wgan_core.instruments.cards import CARDS
from wgan_core.instruments.family import FAMILY
from wgan_core.instruments.verdict import CAUSES
from wgan_core.runs.messages import Snapshot
from wgan_core.store.history import Rows
from wgan_core.store.readings import Reading

QUICK = PRESETS["quick-start"]
NORMS = {"between": [0.01, 0.011, 0.012, 0.013, 0.015]}


def distance(step: int, excess: float, key: str = "sliced-w1") -> Reading:
    return Reading(key, step, step // 3, 0.02 + excess, floor=0.02, floor_sd=0.001, n=898)


def critic(step: int, slope: float | None = 0.017) -> Reading:
    return Reading("critic-health", step, step // 3, slope, n=128, details={"norms": NORMS})


def varied(step: int, value: float) -> Reading:
    return Reading("diversity", step, step // 3, value, n=256, details={"noise": 0.01})


def classes(step: int, hit: int) -> Reading:
    return Reading("classes", step, step // 3, hit, n=898, details={"total": 10})


def warning(step: int, key: str, text: str) -> Reading:
    details = {"advice": [{"key": key, "level": "warning", "text": text, "number": 5.0, "setting": "critic_lr"}]}
    return Reading("advice", step, step // 3, 1, details=details)


def estimates(mean: float = 0.006, sd: float = 0.001) -> Rows:
    rows = np.zeros((200, 8))
    rows[:, 3] = mean + sd * np.sqrt(2) * np.sin(np.arange(200) * 2 * np.pi / 50)
    return rows


def asked(*readings: Reading, step: int = 9000, **more: Any) -> dict[str, Answer]:
    state: dict[str, Any] = {"generator_updates": step // 3, "steps_per_second": 300.0, "history": estimates()}
    snapshot = Snapshot("run", 1, more.pop("status", "running"), more.pop("config", QUICK), step=step, readings=readings, **(state | more))
    return {answer.key: answer for answer in answers(snapshot)}


def test_a_healthy_run_gets_three_times_yes_with_number_noise_and_step() -> None:
    found = asked(distance(1500, 0.03), distance(4500, 0.02), distance(9000, 0.01), critic(8900), varied(8800, 0.97), classes(5000, 10))
    assert list(found) == list(QUESTIONS) and [answer.state for answer in found.values()] == ["good"] * 3
    assert [answer.step for answer in found.values()] == [9000, 8900, 8800]
    assert found["learns"].text == (
        "The distance to real data falls: Sliced W1 0.03 at step 9,000, where real data has 0.02 ± 0.002; at step 4,500 it was 0.04."
    )
    assert found["critic"].text == (
        "The critic tells real from generated samples: steepest slope 0.017 (most slopes 0.01 to 0.015), estimate 0.006 ± 0.001, at step "
        "8,900."
    )
    assert found["variety"].text == (
        "The samples are varied: two samples differ 97% ± 2% as much as two real ones, at step 8,800; 10 of 10 classes at step 5,000."
    )


@pytest.mark.parametrize(
    ("excess", "state", "words"),
    [
        ([0.0019], "good", "as close to real data as other real data"),
        ([0.03], "unknown", "One look so far"),
        ([0.03, 0.029], "unknown", "2 looks so far, too much alike"),
        ([0.03, 0.0282], "unknown", "falls by less than its noise"),
        ([0.03, 0.02], "good", "falls"),
        ([0.03, 0.0295, 0.029], "unknown", "3 looks so far, too much alike"),
        ([0.03, 0.0295, 0.03, 0.0295, 0.03], "watch", "does not fall"),
        ([0.03, 0.01, 0.01, 0.01, 0.01], "good", "has fallen and now holds"),
        ([0.03, 0.01, 0.01, 0.01, 0.03, 0.03, 0.03], "watch", "has risen, from 0.01 to 0.03"),
        ([0.03, 0.01, 0.01, 0.01, 0.01, 0.01, 0.03], "good", "holds"),  # one look only
    ],
)
def test_whether_it_learns(excess: list[float], state: State, words: str) -> None:
    looks = [distance(9000 * k // len(excess), value) for k, value in enumerate(excess, 1)]
    learns = asked(*looks)["learns"]
    assert (learns.state, words in learns.text) == (state, True), learns.text


def test_a_lucky_look_is_not_the_lowest() -> None:
    assert lowest_excess([5, 4, 1, 4, 5]) == 4
    assert lowest_excess([3, 1]) == 2


def test_points_are_judged_by_exact_w1_whatever_else_there_is() -> None:
    found = asked(distance(9000, 0.0, "exact-w1"), distance(9000, 5.0, "energy"), distance(9000, 5.0, "fd-cnn"))
    assert found["learns"].state == "good" and "Exact W1" in found["learns"].text


def test_a_flattening_critic_is_watched() -> None:
    looks = (critic(3000, 0.06), critic(9000, 0.017), distance(9000, 0.01))
    assert asked(*looks, history=estimates(0.0001))["critic"].state == "watch"
    assert asked(*looks)["critic"].state == "good"  # the estimate stands out of its noise
    assert asked(*looks[:2], distance(9000, 0.001), history=estimates(0.0001))["critic"].state == "good"  # the samples are as good as real
    assert asked(critic(3000, 0.05), *looks[1:], history=estimates(0.0001))["critic"].state == "good"


def test_a_slope_that_is_undefined_is_left_out() -> None:
    assert (
        asked(critic(9000, None))["critic"].text == "The critic tells real from generated samples: estimate 0.006 ± 0.001, at step 9,000."
    )


@pytest.mark.parametrize(
    ("value", "hit", "step", "state"),
    [
        (0.97, 10, 9000, "good"),
        (0.97, 8, 9000, "watch"),
        (1.72, 10, 9000, "watch"),
        (1.72, 10, 2900, "unknown"),
        (0.7, 10, 9000, "watch"),
        (0.4, 10, 9000, "bad"),
        (0.4, 10, 2900, "unknown"),
        (0.97, 8, 2900, "unknown"),
        (0.97, 10, 600, "good"),
    ],
)
def test_whether_samples_are_varied(value: float, hit: int, step: int, state: State) -> None:
    assert asked(varied(step, value), classes(step, hit), step=step)["variety"].state == state


@pytest.mark.parametrize(
    ("loss", "state", "words"),
    [
        (1.2, "good", "Jensen-Shannon bound 0.0931 ± 0, of at most 0.693, at step 9,000."),
        (0.02, "watch", "The discriminator is nearly always right, whatever the samples look like: Jensen-Shannon bound 0.683"),
    ],
)
def test_an_ordinary_gan_has_a_discriminator_and_no_estimate(loss: float, state: State, words: str) -> None:
    rows = estimates()
    rows[:, 3], rows[:, 4] = np.nan, loss
    found = asked(critic(9000), config=QUICK.replace(objective="minimax"), history=rows)["critic"]
    assert found.question == "Is the discriminator healthy?" and found.state == state
    assert words in found.text and "critic" not in found.text and "estimate" not in found.text


def test_modes_count_only_where_points_lie_on_them() -> None:
    def modes(near: Any) -> Reading:
        return Reading("modes", 9000, 3000, 13, n=512, details={"total": 25, "high_quality": near})

    assert asked(varied(9000, 0.97), modes(0.9))["variety"].state == "watch"
    assert asked(varied(9000, 0.97), modes(0.3))["variety"].state == "good"
    assert asked(varied(9000, 0.97), modes(None))["variety"].state == "good"


def test_a_warning_goes_first_and_only_to_its_own_question() -> None:
    told = warning(8000, "critic-rate-too-high", "It is too high: its first update moves each weight by 5. Lower it.")
    found = asked(distance(9000, 0.001), critic(9000), varied(9000, 0.97), told)
    assert [answer.state for answer in found.values()] == ["good", "bad", "good"]
    assert found["critic"].text == "It is too high: its first update moves each weight by 5. (Judged at step 8,000.)"


def test_what_was_measured_long_ago_is_not_good() -> None:
    def states(measured: int, step: int) -> set[State]:
        return {answer.state for answer in asked(distance(measured, 0.001), critic(measured), varied(measured, 0.97), step=step).values()}

    assert states(18_000, 20_000) == {"good"} and states(17_999, 20_000) == {"unknown"}
    assert states(600, 1100) == {"good"} and states(600, 1101) == {"unknown"}
    learns = asked(distance(17_000, 0.001), step=20_000)["learns"]
    assert learns.text.startswith("Not measured lately, so nothing can be said about step 20,000. Before: the samples are as close")
    # What is bad stays bad until it is looked at again.
    assert asked(varied(17_000, 0.4), step=20_000)["variety"].state == "bad"


def test_too_early_counts_the_runs_own_updates() -> None:
    early = asked(varied(900, 0.4), step=2400)["variety"].text  # 800 generator updates
    assert early.endswith("It can be judged from generator update 1,000 on, within seconds.")
    later = asked(varied(900, 0.4), step=7953)["variety"].text  # 2,651
    assert later.endswith(
        "The last look, at step 900, was before generator update 1,000, from which on it can be judged; the next one comes by itself."
    )
    assert asked(critic(45), step=200, steps_per_second=10.0)["critic"].text == "It can be judged from step 500 on, in about 30 s."
    assert (
        asked(critic(45), step=200, status="stopped")["critic"].text == "It could be judged from step 500 on, which this run did not reach."
    )


def test_before_the_first_look_it_is_said_when_it_comes() -> None:
    rows = estimates()
    rows[-1, 2] = 8.0
    assert {answer.text for answer in asked(history=rows).values()} == {"Not measured yet; the first look comes in about 15 s."}
    slow = asked(history=rows, steps_per_second=1.0)["learns"].text  # 20,000 s, of which 2 % are 400
    assert slow == "Not measured yet; the first look comes in about 7 min."
    assert asked(status="stopped")["learns"].text == "Not measured: the run was too short, or its instruments were off."
    assert asked(config=QUICK.replace(instruments_budget=0))["critic"].text == "Not measured: the instruments are off."


def test_every_rule_has_a_question_and_a_lesson() -> None:
    assert set(CARDS) == {rule.__name__.replace("_", "-") for rule in (*RULES, *CAUSES, *FAMILY)}
