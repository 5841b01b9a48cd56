"""Lesson 6: what the estimate tells, and what it never tells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wgan_core.lab.setup import BASE
from wgan_core.lessons.asking import Choice, Drawing, Found, Judgement, in_words, place_key, within
from wgan_core.lessons.n_critic import RESTLESS
from wgan_core.lessons.points import Leg, Outcome, Training
from wgan_core.lessons.step import Link, PointTask, Step

UPDATES = 2000
PLACES = 9
ALIKE = 0.6
"""Two curves whose correlation is at least this large have the same shape."""
OTHERS = 1500
RESTLESS_UPDATES = 400

TIMES_FLOOR = {"done": (0, 1.5), "near": (1.5, 3), "far": (3, float("inf"))}
"""Exact W1 as a multiple of its floor."""


def _one(_guess: list[float] | None, seed: int) -> tuple[Training, ...]:
    return (Training(("estimate",), (BASE.replace(seed=seed),), (Leg("both", UPDATES),)),)


def _two(_guess: str | None, seed: int) -> tuple[Training, ...]:
    pair = BASE.replace(seed=seed), BASE.replace(seed=seed, clip_value=0.01)
    return (Training(("c = 0.1", "c = 0.01"), pair, (Leg("both", OTHERS),)),)


def _restless(_guess: str | None, seed: int) -> tuple[Training, ...]:
    return (Training(("estimate",), (RESTLESS.replace(seed=seed, n_critic=1),), (Leg("both", RESTLESS_UPDATES),)),)


def heights(updates: Sequence[int], estimates: Sequence[float]) -> NDArray[np.float64]:
    """A measured curve as one that could be drawn, [PLACES]: its mean around each place, from 0 to the largest of them as 1."""
    x, y = np.array(updates) / max(updates[-1], 1) * (PLACES - 1), np.array(estimates)
    means = np.array([y[np.abs(x - place) <= 0.5].mean() for place in range(PLACES)])
    return np.clip(means / max(float(means.max()), 1e-30), 0, 1)


def _correlation(x: Sequence[float] | NDArray[np.float64], y: Sequence[float] | NDArray[np.float64]) -> float:
    """Pearson's correlation; 0 if one of them is constant."""
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return 0.0
    return float(np.corrcoef(x, y)[0, 1])


def _measure_drawn(outcomes: Sequence[Outcome]) -> dict[str, float]:
    (one,) = outcomes
    estimates = [row.truths[0].estimate for row in one.rows]
    w1 = [row.truths[0].w1 for row in one.rows]
    curve = heights([row.updates for row in one.rows[1:]], estimates[1:])  # at first, the critic has not learned anything
    return {
        **{place_key(place): float(height) for place, height in enumerate(curve)},
        "most": max(estimates),
        "estimate": estimates[-1],
        "w1_first": w1[0],
        "w1": w1[-1],
        "together": _correlation(estimates, w1),
    }


def judge_drawn(guess: list[float], found: Found) -> Judgement:
    """Whether the drawn curve has the shape of the measured one."""
    measured = [found[place_key(place)] for place in range(PLACES)]
    alike = _correlation(guess, measured)
    peaks = [int(np.argmax(curve)) * UPDATES // (PLACES - 1) for curve in (guess, measured)]
    return Judgement(
        alike >= ALIKE,
        f"Yours is highest at {peaks[0]:,} updates, the measured curve at {peaks[1]:,}. Their correlation is {alike:.2f} (1: the same "
        f"shape).",
    )


def explain_drawn(found: Found) -> str:
    """What moves the estimate."""
    together = found["together"]
    seen = "rose and fell together" if together > 0.5 else "went opposite ways" if together < -0.5 else "had little to do with each other"
    return (
        f"Meanwhile the true distance (exact W1) went from {in_words(found['w1_first'])} to {in_words(found['w1'])}. Here the two {seen} "
        f"(correlation "
        f"{together:.2f}). Two things move the estimate: a better critic sees more of the distance, so it rises, and a better generator "
        f"leaves less "
        "to see, so it falls. Early on the critic's learning shows; only when the critic keeps up does a fall mean better points."
    )


def _measure_two(outcomes: Sequence[Outcome]) -> dict[str, float]:
    (one,) = outcomes
    large, small = one.last(0), one.last(1)
    return {"large": large.estimate, "small": small.estimate, "large_w1": large.w1, "small_w1": small.w1}


def winner(found: Found) -> str:
    """Whose points are nearer by more than a tenth."""
    large, small = found["large_w1"], found["small_w1"]
    return "equal" if abs(large - small) <= 0.1 * max(large, small) else "large" if large < small else "small"


def judge_two(guess: str, found: Found) -> Judgement:
    """Whether the predicted one is nearer."""
    return Judgement(
        winner(found) == guess,
        f"The true distance is {in_words(found['large_w1'])} with c = 0.1 and {in_words(found['small_w1'])} with c = 0.01.",
    )


def explain_two(found: Found) -> str:
    """Why estimates of two critics cannot be compared."""
    return (
        f"The estimates are {in_words(found['large'])} and {in_words(found['small'])}. A critic's scores have a unit of their own, set by "
        f"how steep "
        "the critic may be. Another c or another network: another unit. So never compare the estimates of two such runs. Compare a "
        "distance that is measured without the critic, or look at the pictures."
    )


def _measure_restless(outcomes: Sequence[Outcome]) -> dict[str, float]:
    (one,) = outcomes
    end = one.rows[3 * len(one.rows) // 4 :]
    return {
        "estimate": float(np.mean([row.truths[0].estimate for row in end])),
        "most": max(abs(row.truths[0].estimate) for row in one.rows),
        "w1": float(np.mean([row.truths[0].w1 for row in end])),
        "floor": one.floor,
    }


def judge_restless(guess: str, found: Found) -> Judgement:
    """Whether the points are as near as predicted."""
    times = found["w1"] / found["floor"]
    return Judgement(
        within(times, TIMES_FLOOR) == guess,
        f"Over the last quarter the true distance was {in_words(found['w1'])}, {times:.1f} times its floor of {in_words(found['floor'])}.",
    )


def explain_restless(found: Found) -> str:
    """What a curve near 0 can mean."""
    return (
        f"Over the last quarter the estimate was {in_words(found['estimate'])} on average. A curve near 0 has two readings: the generator "
        f"is perfect, "
        "or the critic sees nothing. The curve alone never says which. A good critic is the condition for everything that it tells: that "
        "is what "
        "n_critic and the clip value are for."
    )


STEPS = (
    Step(
        "draw",
        "Draw the curve",
        "The **estimate** is the gap between the critic's mean scores for real and for generated points. It is the curve that every WGAN "
        "shows "
        "while it trains.\n\nHere the points will move from a clump in the middle to the clusters. Draw how the estimate will go over "
        "2,000 updates. "
        "Only the shape counts.",
        PointTask(
            question=Drawing("Draw from left to right, or use the arrow keys at each place:", PLACES, "start", "2,000 updates", "estimate"),
            trainings=_one,
            measure=_measure_drawn,
            judge=judge_drawn,
            explain=explain_drawn,
            curve="estimate",
        ),
    ),
    Step(
        "two",
        "Two curves",
        "Two WGANs side by side, the same but for the clip value: c = 0.1 and c = 0.01. The estimate of the second will be about a "
        "thousand times "
        "smaller. Whose points will be nearer to the real ones after 1,500 updates?",
        PointTask(
            question=Choice("Nearer will be …", {"large": "c = 0.1", "small": "c = 0.01", "equal": "both alike, within a tenth"}),
            trainings=_two,
            measure=_measure_two,
            judge=judge_two,
            explain=explain_two,
            curve="estimate",
            log=True,
        ),
    ),
    Step(
        "zero",
        "A curve near zero",
        "A restless generator with n_critic 1. Its estimate swings around 0. Does that mean that generated points can no longer be told "
        "from real "
        "ones? Two sets of real points differ by the *floor*. How far will the points be?",
        PointTask(
            question=Choice(
                "The true distance will be …",
                {"done": "at most 1.5 times the floor", "near": "1.5 to 3 times the floor", "far": "more than 3 times the floor"},
            ),
            trainings=_restless,
            measure=_measure_restless,
            judge=judge_restless,
            explain=explain_restless,
            curve="estimate",
        ),
    ),
    Step(
        "on",
        "In your own words",
        "Within one run, and with a critic that keeps up, a falling estimate means better samples. Nothing else.\n\n**Think about it:** "
        "your curve "
        "has been falling for an hour and suddenly rises. Which two things could have happened, and how would you find out which it was?",
        links=(
            Link("lab", "Estimate and true distance side by side in the laboratory", {"experiment": "two-clip-values"}),
            Link("paper", "Does the curve follow the quality? The papers' figure, computed again"),
            Link("train", "Train digits and read the curve", {"preset": "quick-start"}),
        ),
    ),
)
