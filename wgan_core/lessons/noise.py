"""Lesson 1: a generator turns random numbers into pictures."""

from __future__ import annotations

from wgan_core.lessons.asking import Found, Judgement, Slider, in_words
from wgan_core.lessons.digits import BASE, COLUMNS, DigitOutcome, DigitTraining
from wgan_core.lessons.step import DigitTask, Link, Step

UPDATES, AGAIN = 2000, 1000
TENTH = 0.1
"""A guess this close to the measured share is right."""


def _training(_guess: float | None, seed: int) -> DigitTraining:
    return DigitTraining(("digits",), (BASE.replace(seed=seed),), UPDATES)


def _again(_guess: float | None, seed: int) -> DigitTraining:
    return DigitTraining(("digits",), (BASE.replace(seed=seed),), AGAIN)


def _measure_way(outcome: DigitOutcome) -> dict[str, float]:
    middle = min(outcome.rows, key=lambda row: abs(row.updates - UPDATES // 4))
    return {
        "first": outcome.rows[0].distances[0],
        "quarter": middle.distances[0],
        "last": outcome.last(),
        "floor": outcome.floor,
    }


def way(found: Found, name: str = "last") -> float:
    """How much of the way from the untrained to a perfect generator was gone."""
    return (found["first"] - found[name]) / (found["first"] - found["floor"])


def judge_way(guess: float, found: Found) -> Judgement:
    """Whether the generator came as far as predicted."""
    return Judgement(
        abs(guess / 100 - way(found)) <= TENTH,
        f"You said {guess:.0f}%, and it was {way(found):.0%}: the distance to real digits went from {in_words(found['first'])} to "
        f"{in_words(found['last'])}, where two sets of real digits differ by {in_words(found['floor'])}.",
    )


def explain_way(found: Found) -> str:
    """What the first updates bring and what the last percents are."""
    return (
        f"After a quarter of the updates it was {way(found, 'quarter'):.0%} already: blobs of ink in the middle are quickly learned, and "
        f"most of the "
        "distance is gone. What makes a digit a digit is in the last few percent. (The distance here is sliced W1: how far the pixels' "
        "values would "
        "have to be moved, seen from many sides.)"
    )


def _measure_neighbours(outcome: DigitOutcome) -> dict[str, float]:
    return {"neighbours": outcome.neighbours[0], "step": 1 / (COLUMNS - 1)}


def judge_neighbours(guess: float, found: Found) -> Judgement:
    """Whether neighbours are as different as predicted."""
    return Judgement(
        abs(guess / 100 - found["neighbours"]) <= TENTH,
        f"You said {guess:.0f}%, and it was {found['neighbours']:.0%}.",
    )


def explain_neighbours(found: Found) -> str:
    """Why it matters that the generator is smooth."""
    return (
        f"Each picture is {found['step']:.0%} of the way from the left latent to the right one further than the one before it. Nearby "
        f"latents give "
        "similar pictures, because a network changes its output little when its input changes little. So one digit turns into another "
        "without a "
        "jump, and in between there are pictures that are neither."
    )


STEPS = (
    Step(
        "way",
        "Random numbers in, pictures out",
        "A **generator** is a network that gets 16 random numbers, a **latent**, and makes a picture of them. Untrained, it makes grey "
        "noise. "
        "A second network, the **critic**, scores how real the pictures look, and the generator changes its weights to score "
        "higher.\n\nWatch one "
        "learn digits for 2,000 updates of the critic.",
        DigitTask(
            question=Slider(
                "From noise (0%) to pictures like real digits (100%), it will have come …",
                tuple(range(0, 101, 10)),
                50,
                "{:.0f}%".format,
            ),
            training=_training,
            measure=_measure_way,
            judge=judge_way,
            explain=explain_way,
        ),
    ),
    Step(
        "neighbours",
        "Between two latents",
        "Each row of the picture walks from one latent (left) to another (right) in seven equal steps. The two ends are unrelated, so call "
        f"their difference 100%. It trains once more, for {AGAIN:,} updates.",
        DigitTask(
            question=Slider(
                "Two pictures side by side will differ by …",
                tuple(range(0, 101, 10)),
                50,
                "{:.0f}%".format,
            ),
            training=_again,
            measure=_measure_neighbours,
            judge=judge_neighbours,
            explain=explain_neighbours,
        ),
    ),
    Step(
        "on",
        "In your own words",
        "A generator is a function: the same latent always gives the same picture, and a trained one has a picture for every "
        "latent.\n\n**Think "
        "about it:** nobody told the generator which latent should become a 3. Who decided that?",
        links=(
            Link("explore", "Drag through the latents of a trained generator", {"run": "walkthrough-mnist"}),
            Link("train", "Train this one for longer", {"preset": "quick-start"}),
            Link("lab", "The same with points in the plane", {"experiment": "first-look"}),
        ),
    ),
)
