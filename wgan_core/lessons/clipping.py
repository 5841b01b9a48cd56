"""Lesson 4: why the critic must not be steep, and what clipping its weights does. The learner breaks it in both directions."""

from __future__ import annotations

from collections.abc import Sequence

from wgan_core.lab.setup import BASE
from wgan_core.lab.stages import mean_slope
from wgan_core.lessons.asking import Choice, Found, Judgement, Slider, in_words, within
from wgan_core.lessons.points import Leg, Outcome, Training
from wgan_core.lessons.step import Link, PointTask, Step

UPDATES = 1500
DEEP = BASE.replace(critic_widths=(32,) * 6)
"""With six hidden layers, clipping breaks in both directions within seconds. Measured with seeds 0 and 1 after 2,500 updates: at c = 0.003
exact W1 is where it began (1.3), at 0.03 to 0.1 it is 0.3 to 0.4, and from 0.3 on the steepest slope is above 1,000."""
STILL = 0.9
"""If exact W1 keeps at least this share of its first value, nothing was learned."""
STEEP = 100.0
"""A steepest slope from here on counts as broken. The slope of a perfect critic is 1."""

GROWTH = {"same": (0, 2), "some": (2, 10), "much": (10, 100), "huge": (100, float("inf"))}
"""By what factor the steepest slope grows, from (included) and to (not included)."""


def _free(_guess: str | None, seed: int) -> tuple[Training, ...]:
    config = BASE.replace(lipschitz="none", seed=seed)
    return (Training(("no clipping",), (config,), (Leg("both", UPDATES),)),)


def _measure_free(outcomes: Sequence[Outcome]) -> dict[str, float]:
    (one,) = outcomes
    first, last = one.at(1), one.last()
    return {
        "first": first.steepest,
        "last": last.steepest,
        "first_estimate": first.estimate,
        "estimate": last.estimate,
        "w1": last.w1,
        "updates": one.rows[-1].updates,
    }


def growth(found: Found) -> float:
    """By what factor the steepest slope grew."""
    return found["last"] / max(found["first"], 1e-30)


def judge_free(guess: str, found: Found) -> Judgement:
    """Whether the slope grew as much as predicted."""
    return Judgement(
        within(growth(found), GROWTH) == guess,
        f"The steepest slope went from {in_words(found['first'])} to {in_words(found['last'])}: {in_words(growth(found))} times as steep.",
    )


def explain_free(found: Found) -> str:
    """What an unconstrained critic does."""
    return (
        f"The estimate ended at {in_words(found['estimate'])}, while the true distance (exact W1) is {in_words(found['w1'])}. A critic "
        f"may double all "
        "its scores at any time. The gap doubles too, but nothing is seen any better. So a critic that may be as steep as it likes "
        "measures nothing. Something has to limit its slope."
    )


def _clipped(c: float | None, seed: int) -> tuple[Training, ...]:
    config = DEEP.replace(clip_value=0.03 if c is None else c, seed=seed)
    return (Training((f"c = {config.clip_value:g}",), (config,), (Leg("both", UPDATES),)),)


def measure_clipped(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """How far the points came, and how steep the critic became."""
    (one,) = outcomes
    (frame,) = one.frames
    return {
        "c": one.training.configs[0].clip_value,
        "w1_first": one.rows[0].truths[0].w1,
        "w1": one.last().w1,
        "steepest": one.last().steepest,
        "estimate": one.last().estimate,
        "slope": mean_slope(frame),
        "floor": one.floor,
    }


def judge_small(_guess: float, found: Found) -> Judgement:
    """Whether this clip value stops the learning."""
    share = found["w1"] / found["w1_first"]
    words = f"With c = {found['c']:g}, exact W1 went from {in_words(found['w1_first'])} to {in_words(found['w1'])}. "
    if share >= STILL:
        return Judgement(True, f"{words}The points have hardly moved: the generator learned nothing.")
    return Judgement(False, f"{words}The generator still learns with this c. Try a smaller one.")


def explain_small(found: Found) -> str:
    """Why a small clip value stops the learning."""
    return (
        f"The mean slope at the generated points is {in_words(found['slope'])}. A score passes through seven layers of weights, and each "
        "multiplies it by numbers no larger than c. A tenth of c makes every layer ten times flatter. Where the critic is flat, the "
        "generator finds no way uphill."
    )


def judge_large(_guess: float, found: Found) -> Judgement:
    """Whether this clip value lets the critic become too steep."""
    words = f"With c = {found['c']:g}, the steepest slope is {in_words(found['steepest'])} and the estimate {in_words(found['estimate'])}. "
    if found["steepest"] >= STEEP:
        return Judgement(True, f"{words}The true distance is {in_words(found['w1'])}: the estimate has lost all relation to it.")
    return Judgement(False, f"{words}This c still holds the critic. Try a larger one.")


def explain_large(found: Found) -> str:
    """What a large clip value leaves, and what hides it."""
    learned = found["w1"] < STILL * found["w1_first"]
    seen = "The points learned all the same" if learned else "The points did not learn either"
    return (
        f"{seen}: exact W1 is {in_words(found['w1'])}. (RMSprop divides by the size of the gradient, so the generator does not feel how "
        f"steep "
        "the critic is.) But the curve that you would watch, the estimate, now depends on how long the critic has trained. Clipping "
        "keeps it comparable from step to step, if c is small enough to be reached."
    )


_VALUES = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)

STEPS = (
    Step(
        "free",
        "A critic without a limit",
        "The critic gives every place a score. It is trained to make the gap between its mean scores for real (green) and generated "
        "(orange) points as large as it can. That gap is the **Wasserstein estimate**.\n\nFor once, nothing limits the critic. How steep "
        "does the landscape of its scores become in 1,500 updates?",
        PointTask(
            question=Choice(
                "The steepest slope will …",
                {
                    "same": "stay about the same",
                    "some": "grow 2 to 10 times",
                    "much": "grow 10 to 100 times",
                    "huge": "grow more than 100 times",
                },
            ),
            trainings=_free,
            measure=_measure_free,
            judge=judge_free,
            explain=explain_free,
            curve="slope",
            log=True,
        ),
    ),
    Step(
        "small",
        "Break it: c too small",
        "**Clipping** is the simplest limit. After each critic update, every weight beyond ±c is set back to ±c. This c is the setting "
        "*clip value*. Small weights make a flat landscape.\n\nThis critic has six hidden layers. Choose a c that is just small enough "
        "to stop the learning: the orange points should stay where they are.",
        PointTask(
            question=Slider("This clip value stops the learning:", _VALUES, 0.1),
            trainings=_clipped,
            measure=measure_clipped,
            judge=judge_small,
            explain=explain_small,
        ),
    ),
    Step(
        "large",
        "Break it: c too large",
        "Now the other way. Choose a c that is so large that it no longer holds the critic: its steepest slope should pass 100. (For a "
        "perfect critic it would be 1.)",
        PointTask(
            question=Slider("This clip value lets the critic run away:", _VALUES, 0.1),
            trainings=_clipped,
            measure=measure_clipped,
            judge=judge_large,
            explain=explain_large,
            curve="slope",
            log=True,
        ),
    ),
    Step(
        "on",
        "In your own words",
        "With a c that is far too small the generator stands still; with one far too large the critic's number means nothing.\n\n**Think "
        "about it:** the estimate of one run is 0.3, that of another 0.00001. Which of them made the better points? What would you have "
        "to know about their clip values before you may compare?",
        links=(
            Link(
                "lab",
                "Turn c yourself in the laboratory, with this critic",
                {"experiment": "first-look", "critic_widths": "32,32,32,32,32,32"},
            ),
            Link("lab", "Watch climb and clip in slow motion", {"experiment": "first-look"}),
            Link("train", "Change c while a WGAN learns digits", {"preset": "quick-start"}),
        ),
    ),
)
