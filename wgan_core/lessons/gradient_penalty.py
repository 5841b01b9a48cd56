"""Lesson 7: a gentler limit than clipping. The gradient penalty pulls the critic's slope towards 1."""

from __future__ import annotations

from collections.abc import Sequence

from wgan_core.lab.setup import BASE
from wgan_core.lab.stages import mean_slope
from wgan_core.lessons.asking import Choice, Found, Judgement, in_words, within
from wgan_core.lessons.points import Leg, Outcome, Training
from wgan_core.lessons.step import Link, PointTask, Step

ALONE = 600
UPDATES = 1500
DEEP_UPDATES = 1000
PENALISED = BASE.replace(lipschitz="gradient-penalty", optimizer="adam")
DEEP_WIDTHS = (32,) * 8
LEARNED = 0.7
"""Points whose exact W1 is below this (at first it is 1.3) have begun to learn."""

RATIOS = {"quarter": (0, 0.5), "half": (0.5, 0.8), "nearly": (0.8, 1.05)}
"""estimate / steepest slope, as a share of exact W1. It cannot exceed 1."""


def _alone(_guess: str | None, seed: int) -> tuple[Training, ...]:
    pair = BASE.replace(seed=seed), PENALISED.replace(seed=seed, gp_lambda=10.0)
    return (Training(("clipped", "penalised"), pair, (Leg("critic", ALONE),)),)


def _race(_guess: str | None, seed: int) -> tuple[Training, ...]:
    return (Training(("clipped", "penalised"), (BASE.replace(seed=seed), PENALISED.replace(seed=seed)), (Leg("both", UPDATES),)),)


def _deep(_guess: str | None, seed: int) -> tuple[Training, ...]:
    pair = (
        BASE.replace(seed=seed, critic_widths=DEEP_WIDTHS, clip_value=0.01),
        PENALISED.replace(seed=seed, critic_widths=DEEP_WIDTHS),
    )
    return (Training(("clipped", "penalised"), pair, (Leg("both", DEEP_UPDATES),)),)


def _measure(outcomes: Sequence[Outcome]) -> dict[str, float]:
    (one,) = outcomes
    clipped, penalised = one.last(0), one.last(1)
    return {
        "clip_w1": clipped.w1,
        "clip_steepest": clipped.steepest,
        "clip_scaled": clipped.scaled,
        "clip_slope": mean_slope(one.frames[0]),
        "gp_w1": penalised.w1,
        "gp_steepest": penalised.steepest,
        "gp_scaled": penalised.scaled,
        "gp_slope": mean_slope(one.frames[1]),
    }


def judge_ruler(guess: str, found: Found) -> Judgement:
    """Whether the penalised critic sees as much of the distance as predicted."""
    share = found["gp_scaled"] / found["gp_w1"]
    return Judgement(
        within(share, RATIOS) == guess,
        f"The penalised critic sees {share:.0%} of the true distance ({in_words(found['gp_scaled'])} of {in_words(found['gp_w1'])}).",
    )


def explain_ruler(found: Found) -> str:
    """What clipping loses."""
    return (
        f"The clipped critic sees {found['clip_scaled'] / found['clip_w1']:.0%}. To compare them, both estimates are divided by the "
        f"critic's "
        f"steepest slope ({in_words(found['clip_steepest'])} clipped, {in_words(found['gp_steepest'])} penalised). A critic measures the "
        f"whole "
        "distance only if it is equally steep all the way from generated to real points. The penalty asks for just that. Clipping limits "
        "the "
        "weights instead, and what slope comes of it differs from place to place."
    )


def winner(clipped: float, penalised: float) -> str:
    """Whose points are nearer by more than a tenth."""
    return "equal" if abs(clipped - penalised) <= 0.1 * max(clipped, penalised) else "clip" if clipped < penalised else "gp"


def judge_race(guess: str, found: Found) -> Judgement:
    """Whether the predicted generator is ahead."""
    return Judgement(
        winner(found["clip_w1"], found["gp_w1"]) == guess,
        f"The distance (exact W1) is {in_words(found['clip_w1'])} with clipping and {in_words(found['gp_w1'])} with the penalty.",
    )


def explain_race(found: Found) -> str:
    """What to see in the two landscapes."""
    ahead = {
        "clip": "the clipped one is ahead",
        "gp": "the penalised one is ahead",
        "equal": "they are level within a tenth",
    }[winner(found["clip_w1"], found["gp_w1"])]
    return (
        f"With this seed {ahead}. Compare the two maps: a clipped critic tends to draw one wide bowl, a penalised one separate hills at "
        f"the "
        f"clusters. The mean slope at the orange points is {in_words(found['clip_slope'])} and {in_words(found['gp_slope'])}. The price "
        f"of the "
        "penalty: a critic update takes longer."
    )


def learners(found: Found) -> str:
    """Who has learned something with a deep critic."""
    clipped, penalised = found["clip_w1"] < LEARNED, found["gp_w1"] < LEARNED
    return {(True, True): "both", (True, False): "clip", (False, True): "gp", (False, False): "none"}[clipped, penalised]


def judge_deep(guess: str, found: Found) -> Judgement:
    """Whether those learned who were predicted to."""
    who = {"both": "Both have", "clip": "Only the clipped one has", "gp": "Only the penalised one has", "none": "Neither has"}
    return Judgement(
        learners(found) == guess,
        f"The distance is {in_words(found['clip_w1'])} with clipping and {in_words(found['gp_w1'])} with the penalty. "
        f"{who[learners(found)]} learned.",
    )


def explain_deep(found: Found) -> str:
    """Why depth makes clipping hard."""
    return (
        f"The mean slope at the generated points is {in_words(found['clip_slope'])} for the clipped critic and "
        f"{in_words(found['gp_slope'])} for the penalised one. With nine layers of clipped weights, c has to fit the depth of the network "
        f"very "
        "closely. The penalty looks at the slope itself, whatever the network is made of."
    )


STEPS = (
    Step(
        "ruler",
        "The critic as a ruler",
        "Clipping limits weights, but what must be limited is the slope. The **gradient penalty** does that directly: wherever the slope "
        "between "
        "real and generated points is not 1, the critic pays.\n\nHere the generators stand still, and two critics learn: one clipped, one "
        "penalised. How much of the true distance will the penalised one see?",
        PointTask(
            question=Choice(
                "The penalised critic will see …", {"quarter": "less than half of it", "half": "50 to 80%", "nearly": "more than 80%"}
            ),
            trainings=_alone,
            measure=_measure,
            judge=judge_ruler,
            explain=explain_ruler,
            curve="scaled",
        ),
    ),
    Step(
        "race",
        "Side by side",
        "Now both train their generators, from the same start and on the same points. Whose points will be nearer to the real ones after "
        "1,500 "
        "critic updates?",
        PointTask(
            question=Choice(
                "Nearer will be …", {"clip": "the clipped one", "gp": "the penalised one", "equal": "both alike, within a tenth"}
            ),
            trainings=_race,
            measure=_measure,
            judge=judge_race,
            explain=explain_race,
        ),
    ),
    Step(
        "deep",
        "A deep critic",
        "Both critics get eight hidden layers; the clipped one has c = 0.01, as in the WGAN paper. Who will learn something in 1,000 "
        "critic "
        f"updates (a distance below {LEARNED:g}; it begins at about 1.3)?",
        PointTask(
            question=Choice(
                "Something will be learned by …",
                {"both": "both", "clip": "only the clipped one", "gp": "only the penalised one", "none": "neither"},
            ),
            trainings=_deep,
            measure=_measure,
            judge=judge_deep,
            explain=explain_deep,
        ),
    ),
    Step(
        "on",
        "In your own words",
        "Clipping is cheap and simple but has to be tuned. The penalty costs more and is easier to get right.\n\n**Think about it:** the "
        "penalty is only asked for between real and generated points. Why is that enough?",
        links=(
            Link("lab", "Both side by side in the laboratory", {"experiment": "clip-against-penalty"}),
            Link("paper", "The figures of the WGAN-GP paper, computed again"),
            Link("train", "Train digits with the penalty", {"preset": "quick-start", "lipschitz": "gradient-penalty", "optimizer": "adam"}),
        ),
    ),
)
