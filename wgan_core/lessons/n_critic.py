"""Lesson 5: the critic has to know where the points are now. n_critic says how often it may look before the generator moves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wgan_core.config import TrainConfig
from wgan_core.lab.setup import BASE
from wgan_core.lessons.asking import Choice, Found, Judgement, Slider, in_words, within
from wgan_core.lessons.points import Leg, Outcome, Training
from wgan_core.lessons.step import Link, PointTask, Step

MOVES = 300
"""Generator updates of each training, except in the last step."""
TIME = 2000
"""Critic updates in the last step."""
RESTLESS = BASE.replace(generator_lr=5e-3, critic_lr=3e-4)
"""A generator that moves far with every update. Measured after 400 generator updates (exact W1, at first 1.3): with n_critic 1 it is 1.7 "
"and
1.2 (seeds 0 and 1), with 2 it is 0.9 and 0.4, and with 10 it is 0.4 for both."""
LEARNED = 0.6
"""Points whose exact W1 is below this have found the clusters."""

ENDS = {"closer": (0, 0.5), "little": (0.5, 1.0), "farther": (1.0, float("inf"))}
"""The distance at the end, as a share of the distance at the beginning."""


def _training(n: int, seed: int, updates: int) -> Training:
    config: TrainConfig = RESTLESS.replace(n_critic=n, seed=seed)
    return Training((f"n_critic {n}",), (config,), (Leg("both", updates),))


def _one(_guess: str | None, seed: int) -> tuple[Training, ...]:
    return (_training(1, seed, MOVES),)


def _chosen(guess: float | None, seed: int) -> tuple[Training, ...]:
    n = round(guess or 5)
    return (_training(n, seed, n * MOVES),)


def _same_time(_guess: str | None, seed: int) -> tuple[Training, ...]:
    return _training(5, seed, TIME), _training(50, seed, TIME)


def _measure(outcomes: Sequence[Outcome]) -> dict[str, float]:
    (one,) = outcomes
    return {
        "n": one.training.configs[0].n_critic,
        "w1_first": one.rows[0].truths[0].w1,
        "w1": one.last().w1,
        "fooled": float(np.mean([row.truths[0].estimate < 0 for row in one.rows[1:]])),
        "floor": one.floor,
    }


def judge_one(guess: str, found: Found) -> Judgement:
    """Whether the points came as far as predicted."""
    share = found["w1"] / found["w1_first"]
    return Judgement(
        within(share, ENDS) == guess,
        f"The distance (exact W1) went from {in_words(found['w1_first'])} to {in_words(found['w1'])}, {share:.0%} of what it was.",
    )


def explain_one(found: Found) -> str:
    """How a critic looks that cannot keep up."""
    fooled = f"In {found['fooled']:.0%} of the measurements the estimate was below 0: "
    if found["fooled"] < 0.1:
        return f"{fooled}this time the critic could nearly keep up. Try another seed: with so few looks, luck decides."
    return (
        f"{fooled}the critic gave generated points *higher* scores than real ones, because its landscape still showed where the points had "
        "been before. The generator then follows an old map. The remedy is to let the critic look more often before the generator moves."
    )


def judge_smallest(_guess: float, found: Found) -> Judgement:
    """Whether this n_critic is enough."""
    words = f"With n_critic {found['n']:.0f}, the distance went from {in_words(found['w1_first'])} to {in_words(found['w1'])} "
    words += f"in {MOVES} generator updates. "
    if found["w1"] < LEARNED:
        return Judgement(True, words + ("That is enough." if found["n"] < 2 else "That is enough. Would a smaller one do, too?"))
    return Judgement(False, words + "The points have not found the clusters. Try a larger one.")


def explain_smallest(found: Found) -> str:
    """What n_critic costs."""
    return (
        f"These {MOVES} moves of the generator took {found['n'] * MOVES:,.0f} critic updates. Twice the n_critic, twice the time for the "
        f"same "
        f"number of moves. A perfect generator would reach {in_words(found['floor'])}, the floor. Run it again with another seed: near the "
        "border it depends on luck."
    )


def _measure_time(outcomes: Sequence[Outcome]) -> dict[str, float]:
    few, many = outcomes
    return {
        "few": few.last().w1,
        "many": many.last().w1,
        "few_moves": few.frames[0].generator_updates,
        "many_moves": many.frames[0].generator_updates,
    }


def winner(few: float, many: float) -> str:
    """Which distance is smaller by more than a tenth."""
    return "equal" if abs(few - many) <= 0.1 * max(few, many) else "few" if few < many else "many"


def judge_time(guess: str, found: Found) -> Judgement:
    """Whether the predicted one is ahead."""
    return Judgement(
        winner(found["few"], found["many"]) == guess,
        f"After the same {TIME:,} critic updates, the distance is {in_words(found['few'])} with n_critic 5 and {in_words(found['many'])} "
        f"with 50.",
    )


def explain_time(found: Found) -> str:
    """What was bought with the time."""
    ahead = {
        "few": "Here the extra updates of the critic were not worth it.",
        "many": "Here the better critic was worth it, although the generator moved so seldom.",
        "equal": "Here it made no difference.",
    }[winner(found["few"], found["many"])]
    return (
        f"With n_critic 5 the generator moved {found['few_moves']:.0f} times, with 50 only {found['many_moves']:.0f} times, each time on "
        f"a better "
        f"map. {ahead} So n_critic is a trade: too small, and the map is old; too large, and the time goes into the map."
    )


STEPS = (
    Step(
        "one",
        "One look, one move",
        "The generator moves its points uphill on the critic's landscape. Then the landscape is out of date, and the critic has to learn "
        "where "
        "the points are now. **n_critic** is the number of critic updates before each generator update.\n\nThis generator takes large "
        "steps. "
        "With n_critic 1, where will its points be after 300 moves?",
        PointTask(
            question=Choice(
                "The distance to the real points will be …",
                {"closer": "less than half of what it was", "little": "smaller, but more than half", "farther": "larger than at the start"},
            ),
            trainings=_one,
            measure=_measure,
            judge=judge_one,
            explain=explain_one,
        ),
    ),
    Step(
        "enough",
        "How many are enough?",
        "Same generator, same number of moves: 300. Choose the smallest n_critic with which the points still find the clusters (a distance "
        f"below {LEARNED:g}).",
        PointTask(
            question=Slider("The smallest n_critic that is enough:", (1, 2, 3, 5, 10, 20), 5, "{:.0f}".format),
            trainings=_chosen,
            measure=_measure,
            judge=judge_smallest,
            explain=explain_smallest,
        ),
    ),
    Step(
        "time",
        "The same time for both",
        "A critic update costs time. Now both get the same number of them, 2,000: once with n_critic 5, once with n_critic 50. Whose "
        "points are "
        "nearer to the real ones at the end?",
        PointTask(
            question=Choice("Nearer will be …", {"few": "n_critic 5", "many": "n_critic 50", "equal": "both alike, within a tenth"}),
            trainings=_same_time,
            measure=_measure_time,
            judge=judge_time,
            explain=explain_time,
        ),
    ),
    Step(
        "on",
        "In your own words",
        "n_critic decides how good the critic is when the generator follows it.\n\n**Think about it:** with a generator that learns ten "
        "times "
        "more slowly, would n_critic 1 be enough?",
        links=(
            Link(
                "lab",
                "Try it in the laboratory, with this restless generator",
                {"experiment": "first-look", "generator_lr": "0.005", "critic_lr": "0.0003", "n_critic": "1"},
            ),
            Link("train", "Change n_critic while a WGAN learns digits", {"preset": "quick-start"}),
        ),
    ),
)
