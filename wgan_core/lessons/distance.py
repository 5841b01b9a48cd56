"""Lesson 2: two ways to say how far apart two distributions are, and why only one of them shows the way."""

from __future__ import annotations

import math
from collections.abc import Sequence

from wgan_core.lessons.asking import Choice, Found, Judgement, Slider, in_words
from wgan_core.lessons.lines import LinesRow, LinesTraining
from wgan_core.lessons.step import LinesTask, Link, Step

FAR, NEAR = 1.0, 0.25
EACH = 250
"""Updates at each of these distances. Measured with seeds 0, 1 and 2: the Jensen-Shannon divergence is 0.69 at both, the critic's
estimate 1.03 to 1.06 and 0.25."""
CLOSE = 0.05
"""A guess of the divergence this close is right."""
STILL, GAME = 150, 700
ARRIVED = 0.35
"""A line this close to the real one has arrived. It swings to and fro, because the critic is always a little late: at the end it was 0.24,
0.01 and 0.29 away with seeds 0, 1 and 2, and the line that follows the discriminator had moved by 0.01."""


def _measure_rulers(rows: Sequence[LinesRow]) -> dict[str, float]:
    far = next(row for row in reversed(rows) if row.theta_critic == FAR)
    near = rows[-1]
    return {"far": far.estimate, "near": near.estimate, "far_js": far.js, "near_js": near.js}


def judge_rulers(guess: float, found: Found) -> Judgement:
    """Whether the divergence is as predicted."""
    return Judgement(
        abs(guess - found["near_js"]) <= CLOSE,
        f"You said {guess:.2g}. The Jensen-Shannon divergence was {found['far_js']:.2f} at θ = 1, and is {found['near_js']:.2f} at θ = "
        f"0.25.",
    )


def explain_rulers(found: Found) -> str:
    """What each of the two sees."""
    return (
        f"The Wasserstein distance fell from {in_words(found['far'])} to {in_words(found['near'])}: it says how far the points have to go "
        f"(in "
        "theory |θ|). The Jensen-Shannon divergence asks only how well the two sets can be told apart. Lines that do not overlap can be "
        f"told apart perfectly, however close they are, so in theory it is log 2 = {math.log(2):.3f} everywhere, except at θ = 0."
    )


def _measure_game(rows: Sequence[LinesRow]) -> dict[str, float]:
    return {"critic": rows[-1].theta_critic, "discriminator": rows[-1].theta_discriminator, "js": rows[-1].js}


def arrived(found: Found) -> str:
    """Which of the lines have arrived."""
    critic, discriminator = abs(found["critic"]) < ARRIVED, abs(found["discriminator"]) < ARRIVED
    return {(True, True): "both", (True, False): "critic", (False, True): "discriminator", (False, False): "none"}[critic, discriminator]


def judge_game(guess: str, found: Found) -> Judgement:
    """Whether those lines arrived that were predicted to."""
    return Judgement(
        arrived(found) == guess,
        f"The line that follows the critic is at θ = {found['critic']:.2f}, the one that follows the discriminator at "
        f"{found['discriminator']:.3f}. Both "
        "began at 1.",
    )


def explain_game(found: Found) -> str:
    """Why one of them has no slope to follow."""
    if abs(found["discriminator"] - 1) > 0.1:
        return "This time the discriminator was not sure enough of itself to leave its line behind. Try another seed."
    return (
        "The discriminator is so sure of itself that it is flat where the generated points are: there is no slope to follow. The critic's "
        "slope is near 1 all the way, so its line walks steadily, and swings around the real line because the critic is always a little "
        "late. "
        "A distance that shrinks step by step shows the way. That is the idea of the Wasserstein GAN."
    )


STEPS = (
    Step(
        "rulers",
        "Two rulers",
        "Real points lie on a vertical line at 0 (green), generated ones on a parallel line at θ (orange). An ordinary GAN measures their "
        "difference as **Jensen-Shannon divergence**, a WGAN as **Wasserstein distance**: the mean way that points have to be moved.\n\nA "
        "discriminator and a critic learn to measure, first at θ = 1, then at θ = 0.25. At θ = 1 both read nearly the most they can: 0.69 "
        "and 1.",
        LinesTask(
            question=Slider(
                "The Jensen-Shannon divergence at θ = 0.25 will be …",
                (0.0, 0.1, 0.17, 0.2, 0.3, 0.4, 0.5, 0.6, 0.69),
                0.3,
                "{:.2f}".format,
            ),
            trainings=(LinesTraining("at θ = 1", FAR, EACH, EACH), LinesTraining("at θ = 0.25", NEAR, EACH, EACH)),
            measure=_measure_rulers,
            judge=judge_rulers,
            explain=explain_rulers,
        ),
    ),
    Step(
        "game",
        "Who finds the way?",
        "Now the generated line may move. Its only weight is θ, and it begins at 1. One copy follows the slope of the critic, the other "
        "that "
        "of the discriminator. Both networks learn 150 updates ahead, then their lines move with each update.\n\nWhich line will be close "
        "to the "
        "real one at the end?",
        LinesTask(
            question=Choice(
                "Arrived will be …",
                {
                    "both": "both lines",
                    "critic": "only the one that follows the critic",
                    "discriminator": "only the one that follows the discriminator",
                    "none": "neither",
                },
            ),
            trainings=(LinesTraining("150 updates ahead, then the lines move", FAR, GAME, STILL),),
            measure=_measure_game,
            judge=judge_game,
            explain=explain_game,
        ),
    ),
    Step(
        "on",
        "In your own words",
        "A generator can only follow what changes when it moves a little.\n\n**Think about it:** real pictures of digits are a thin set "
        "in the "
        "space of all pictures, and so are generated ones. Why is that like two lines that do not touch?",
        links=(
            Link("paper", "The same lines at 21 places, against the criterion of the WGAN paper"),
            Link("lab", "Two lines in the laboratory", {"experiment": "first-look", "dataset": "two-lines"}),
        ),
    ),
)
