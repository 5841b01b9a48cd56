"""Lesson 3: the critic's scores are a landscape, and generated points walk uphill on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wgan_core.lab.frame import GRID
from wgan_core.lab.setup import BASE
from wgan_core.lessons.asking import Choice, Found, Judgement, in_words, within
from wgan_core.lessons.points import Leg, Outcome, Training
from wgan_core.lessons.step import Link, PointTask, Step

CRITIC_UPDATES = 200
MOVES = 70
TOGETHER = 2000
SLOW = BASE.replace(generator_lr=2e-4)
"""A generator slow enough to watch it walk."""
NEAR = 0.3
"""In the data's unit. The clusters are on a circle of radius 1.41."""

RADII = {"before": (0, 1.1), "on": (1.1, 1.8), "past": (1.8, float("inf"))}
"""The median distance of the generated points from the middle."""


def _critic_alone(_guess: str | None, seed: int) -> tuple[Training, ...]:
    return (Training(("critic alone",), (BASE.replace(seed=seed),), (Leg("critic", CRITIC_UPDATES),)),)


def _then_generator(_guess: str | None, seed: int) -> tuple[Training, ...]:
    legs = (Leg("critic", CRITIC_UPDATES), Leg("generator", MOVES))
    return (Training(("first the critic, then the generator",), (SLOW.replace(seed=seed),), legs),)


def _together(_guess: str | None, seed: int) -> tuple[Training, ...]:
    return (Training(("in turns",), (BASE.replace(seed=seed),), (Leg("both", TOGETHER),)),)


def _measure_top(outcomes: Sequence[Outcome]) -> dict[str, float]:
    (one,) = outcomes
    (frame,) = one.frames
    row, column = np.unravel_index(int(frame.landscape.argmax()), frame.landscape.shape)
    top = (np.array([column, row]) / (GRID - 1) * 2 - 1) * one.limit
    return {
        "to_real": float(np.linalg.norm(one.real - top, axis=1).min()),
        "to_generated": float(np.linalg.norm(frame.generated - top, axis=1).min()),
        "x": float(top[0]),
        "y": float(top[1]),
        "real": frame.real_score,
        "generated": frame.generated_score,
    }


def top_is(found: Found) -> str:
    """Where the highest place of the landscape is."""
    if min(found["to_real"], found["to_generated"]) > NEAR:
        return "elsewhere"
    return "real" if found["to_real"] < found["to_generated"] else "generated"


def judge_top(guess: str, found: Found) -> Judgement:
    """Whether the highest place is where it was predicted."""
    where = {
        "real": "on the real points",
        "generated": "on the generated points",
        "elsewhere": f"away from all points, {in_words(found['to_real'])} from the nearest real one",
    }[top_is(found)]
    return Judgement(top_is(found) == guess, f"The highest score is at ({found['x']:.1f}, {found['y']:.1f}): {where}.")


def explain_top(found: Found) -> str:
    """What the scores mean."""
    higher = "higher" if found["real"] > found["generated"] else "no higher"
    return (
        f"Real points score {in_words(found['real'])} on average, generated ones {in_words(found['generated'])}: the real ones are "
        f"{higher}. "
        "Only that gap counts for the critic. Where there are no points at all, nobody tells it what to say, so the ground may go on "
        "rising "
        "there."
    )


def _measure_walk(outcomes: Sequence[Outcome]) -> dict[str, float]:
    (one,) = outcomes
    (frame,) = one.frames
    return {
        "radius": float(np.median(np.linalg.norm(frame.generated, axis=1))),
        "w1_first": one.rows[0].truths[0].w1,
        "w1_best": min(row.truths[0].w1 for row in one.rows),
        "w1": one.last().w1,
    }


def judge_walk(guess: str, found: Found) -> Judgement:
    """Whether the points stopped where it was predicted."""
    where = {"before": "before they reached them", "on": "about as far out as the clusters", "past": "beyond them"}
    found_at = within(found["radius"], RADII)
    return Judgement(
        found_at == guess,
        f"Half of the orange points are now more than {in_words(found['radius'])} from the middle (the clusters are 1.41 away): "
        f"{where[found_at]}.",
    )


def explain_walk(found: Found) -> str:
    """Why the critic must learn on."""
    return (
        f"The distance to the real points (exact W1) was {in_words(found['w1_first'])} at first, {in_words(found['w1_best'])} at best and "
        f"{in_words(found['w1'])} at the end. The points only know which way is up. A critic that stands still keeps telling them to go "
        f"on, "
        "also when they have arrived. So the two have to learn in turns."
    )


def _measure_together(outcomes: Sequence[Outcome]) -> dict[str, float]:
    (one,) = outcomes
    (frame,) = one.frames
    nearest = np.linalg.norm(frame.generated[:, None] - one.real[None], axis=2).min(1)
    return {"w1_first": one.rows[0].truths[0].w1, "w1": one.last().w1, "floor": one.floor, "near": float((nearest < NEAR).mean())}


NEAR_SHARES = {"few": (0, 0.4), "half": (0.4, 0.8), "most": (0.8, 1.01)}
"""The share of generated points that have a real one nearby."""


def judge_together(guess: str, found: Found) -> Judgement:
    """Whether as many points arrived as predicted."""
    return Judgement(
        within(found["near"], NEAR_SHARES) == guess, f"{found['near']:.0%} of the orange points are within {NEAR:g} of a green one."
    )


def explain_together(found: Found) -> str:
    """What learning in turns achieves."""
    return (
        f"The distance went from {in_words(found['w1_first'])} to {in_words(found['w1'])}. Two sets of real points differ by "
        f"{in_words(found['floor'])}, so this is the floor: nobody can do better. After each few critic updates the hills are where they "
        f"are "
        "needed now, and the generator takes one step uphill."
    )


STEPS = (
    Step(
        "top",
        "Where are the hills?",
        "A **critic** is a network that gives every place a score. Drawn as a map, the scores are a landscape: green is high, orange is "
        "low.\n\n"
        "It is trained so that real points (green) get high scores and generated ones (orange) low scores. For now the generator stands "
        "still. "
        "Where will the highest place of the map be?",
        PointTask(
            question=Choice(
                "The highest score will be …",
                {"real": "on the real points", "generated": "on the generated points", "elsewhere": "away from all points"},
            ),
            trainings=_critic_alone,
            measure=_measure_top,
            judge=judge_top,
            explain=explain_top,
            curve="estimate",
        ),
    ),
    Step(
        "walk",
        "Points walk uphill",
        "The generator has one rule: move its points to higher scores. The arrows show the way up at each point.\n\nFirst the critic "
        "learns, as "
        "before. Then it stands still, and only the generator moves. Where will the orange points end?",
        PointTask(
            question=Choice(
                "The orange points will end …",
                {"before": "before they reach the clusters", "on": "at the clusters", "past": "beyond the clusters"},
            ),
            trainings=_then_generator,
            measure=_measure_walk,
            judge=judge_walk,
            explain=explain_walk,
            layers=("landscape", "contours", "real", "generated", "arrows"),
        ),
    ),
    Step(
        "together",
        "In turns",
        "Now they learn in turns: five critic updates, one generator update, and so on. After 2,000 critic updates, how many orange points "
        "will be close to a green one?",
        PointTask(
            question=Choice("Close to a green point will be …", {"few": "less than 40%", "half": "40 to 80%", "most": "more than 80%"}),
            trainings=_together,
            measure=_measure_together,
            judge=judge_together,
            explain=explain_together,
        ),
    ),
    Step(
        "on",
        "In your own words",
        "The critic draws the map, the generator walks uphill, and then the map is drawn again.\n\n**Think about it:** what would happen "
        "if "
        "the hills were so steep that a small step leads over the top, or so flat that no way is up?",
        links=(
            Link("lab", "Watch one cycle in slow motion in the laboratory", {"experiment": "first-look"}),
            Link("lab", "Let the critic learn alone for as long as you like", {"experiment": "critic-alone"}),
        ),
    ),
)
