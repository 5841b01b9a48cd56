"""Lesson 9: a WGAN beside an ordinary GAN, and what collapse looks like."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wgan_core.data.toy import DISTRIBUTIONS, Floats, Gaussians
from wgan_core.lab.setup import BASE
from wgan_core.lab.stages import mean_slope
from wgan_core.lessons.asking import Choice, Found, Judgement, Slider, in_words, within
from wgan_core.lessons.points import Leg, Outcome, Training
from wgan_core.lessons.step import Link, PointTask, Step

UPDATES = 1500
ALONE = 500
HASTY_UPDATES = 500
NEAR = 0.3
"""In the data's unit: a point this close to the middle of a cluster belongs to it."""
SHARE = 0.01
"""A cluster with at least this share of all points is hit."""
ORDINARY = BASE.replace(objective="non-saturating", lipschitz="none")
MINIMAX = BASE.replace(objective="minimax", lipschitz="none")
HASTY = {"n_critic": 1, "adam_beta1": 0.9, "adam_beta2": 0.999}
"""With these and Adam, both jump from cluster to cluster at first. Measured after 500 updates with seeds 0, 1 and 2: the ordinary GAN's
points hit 1, 5 and 2 of the 8 clusters, the WGAN's 1, 1 and 0. With RMSprop, the WGAN's hit all 8 (seeds 0 and 1)."""

PUSHES = {"same": (0.3, float("inf")), "weaker": (0.01, 0.3), "none": (-1, 0.01)}
"""The push on generated points by the discriminator, as a share of the critic's."""


def _race(_guess: str | None, seed: int) -> tuple[Training, ...]:
    pair = BASE.replace(seed=seed), ORDINARY.replace(seed=seed)
    return (Training(("WGAN", "ordinary GAN"), pair, (Leg("both", UPDATES),)),)


def _alone(_guess: str | None, seed: int) -> tuple[Training, ...]:
    pair = BASE.replace(seed=seed), MINIMAX.replace(seed=seed)
    return (Training(("WGAN", "ordinary GAN"), pair, (Leg("critic", ALONE),)),)


def _hasty(_guess: float | None, seed: int) -> tuple[Training, ...]:
    pair = BASE.replace(seed=seed, optimizer="adam", **HASTY), MINIMAX.replace(seed=seed, optimizer="adam", **HASTY)
    return (Training(("WGAN", "ordinary GAN"), pair, (Leg("both", HASTY_UPDATES),)),)


def _measure_race(outcomes: Sequence[Outcome]) -> dict[str, float]:
    (one,) = outcomes
    return {
        "wgan": one.last(0).w1,
        "gan": one.last(1).w1,
        "floor": one.floor,
        "wgan_estimate": one.last(0).estimate,
        "gan_js": one.last(1).estimate,
    }


def winner(wgan: float, gan: float) -> str:
    """Whose points are nearer by more than a tenth."""
    return "equal" if abs(wgan - gan) <= 0.1 * max(wgan, gan) else "wgan" if wgan < gan else "gan"


def judge_race(guess: str, found: Found) -> Judgement:
    """Whether the predicted one is nearer."""
    return Judgement(
        winner(found["wgan"], found["gan"]) == guess,
        f"The distance (exact W1) is {in_words(found['wgan'])} with the WGAN and {in_words(found['gan'])} with the ordinary GAN.",
    )


def explain_race(found: Found) -> str:
    """What differs even where the points are as good."""
    ahead = {
        "wgan": "Here the WGAN is ahead.",
        "gan": "Here the ordinary GAN is ahead: on points as simple as these, it does very well.",
        "equal": "Here they are level.",
    }[winner(found["wgan"], found["gan"])]
    return (
        f"{ahead} What differs is what you can read. The discriminator's number, a bound on the Jensen-Shannon divergence, is "
        f"{in_words(found['gan_js'])} at the "
        "end, and can be large while the points get better. The estimate measures a distance that shrinks on the way. The next steps show "
        "where "
        "the ordinary GAN gets into trouble."
    )


def _measure_push(outcomes: Sequence[Outcome]) -> dict[str, float]:
    (one,) = outcomes
    wgan, gan = one.frames
    return {"wgan": mean_slope(wgan), "gan": mean_slope(gan), "js": one.last(1).estimate}


def judge_push(guess: str, found: Found) -> Judgement:
    """Whether the discriminator pushes as hard as predicted."""
    share = found["gan"] / max(found["wgan"], 1e-30)
    return Judgement(
        within(share, PUSHES) == guess,
        f"The mean push on the orange points is {in_words(found['wgan'])} by the critic and {in_words(found['gan'])} by the discriminator: "
        f"{in_words(share)} times as strong.",
    )


def explain_push(found: Found) -> str:
    """Why a discriminator that is sure is of no use."""
    if found["gan"] > 0.3 * found["wgan"]:
        return "This discriminator is not sure of itself yet, so it still pushes. Try another seed."
    return (
        f"The discriminator's bound on the Jensen-Shannon divergence is {in_words(found['js'])}; at {math.log(2):.3f} it tells all points "
        "apart. In the original game, *minimax*, the push is the slope times the probability that a point is real. A discriminator that is "
        "sure gives that a value near 0, so the better it gets, the less it helps. Practitioners use another loss for the generator, "
        "*non-saturating*, as in the race before. A critic gives scores, not probabilities, so it can be trained for as long as you like."
    )


def centres() -> Floats:
    """The middles of the 8 clusters, [8, 2]."""
    distribution = DISTRIBUTIONS["8-gaussians"]
    assert isinstance(distribution, Gaussians)
    return distribution.means


def clusters(points: NDArray[np.floating]) -> int:
    """How many clusters of the 8 Gaussians `points` [n, 2] hit."""
    distance = np.linalg.norm(points[:, None] - centres()[None], axis=2)
    near = distance.min(1) < NEAR
    shares = np.bincount(distance.argmin(1)[near], minlength=8) / len(points)
    return int((shares >= SHARE).sum())


def _measure_hasty(outcomes: Sequence[Outcome]) -> dict[str, float]:
    (one,) = outcomes
    return {
        "wgan": clusters(one.frames[0].generated),
        "gan": clusters(one.frames[1].generated),
        "wgan_w1": one.last(0).w1,
        "gan_w1": one.last(1).w1,
    }


def judge_hasty(guess: float, found: Found) -> Judgement:
    """Whether as many clusters are hit as predicted, give or take one."""
    return Judgement(
        abs(guess - found["gan"]) <= 1,
        f"You said {guess:.0f}. The ordinary GAN hits {found['gan']:.0f} of the 8 clusters, and the WGAN {found['wgan']:.0f}.",
    )


def explain_hasty(found: Found) -> str:
    """What collapse is, and that a WGAN is not safe from it."""
    if found["gan"] >= 6:
        seen = "This time the ordinary GAN's points are spread well."
    elif found["gan"] > 3:
        seen = "Some clusters are missing: so **collapse** begins, or ends."
    else:
        seen = (
            "The generator has **collapsed**: many latents give nearly the same point, one that fools the other network. When that learns "
            "to reject the place, the crowd moves on."
        )
    other = (
        "The WGAN, with the same settings, fares no better: a critic does not prevent this."
        if found["wgan"] <= found["gan"]
        else "The WGAN, with the same settings, has spread its points further."
    )
    return (
        f"{seen} {other} With momentum the points keep going in "
        f"the "
        "old direction after the map has changed. That is why the WGAN paper takes RMSprop, which has none. "
        f"(Exact W1: {in_words(found['gan_w1'])} and {in_words(found['wgan_w1'])}.)"
    )


STEPS = (
    Step(
        "race",
        "Side by side",
        "In an ordinary GAN the second network is a **discriminator**. It does not score, it gives the probability that a point is real. "
        "Both start "
        "from the same networks, with five updates before each move of the generator. Whose points will be nearer to the real ones after "
        "1,500 updates?",
        PointTask(
            question=Choice("Nearer will be …", {"wgan": "the WGAN", "gan": "the ordinary GAN", "equal": "both alike, within a tenth"}),
            trainings=_race,
            measure=_measure_race,
            judge=judge_race,
            explain=explain_race,
        ),
    ),
    Step(
        "push",
        "The better, the worse",
        "Now both generators stand still, and only critic and discriminator learn, for 500 updates. The discriminator plays the original "
        "game of 2014, "
        "*minimax*. The arrows are the push on the generated points. How strong will the discriminator's push be?",
        PointTask(
            question=Choice(
                "Compared with the critic's, it will be …",
                {"same": "about as strong, or stronger", "weaker": "weaker, but more than a hundredth", "none": "less than a hundredth"},
            ),
            trainings=_alone,
            measure=_measure_push,
            judge=judge_push,
            explain=explain_push,
            curve="estimate",
            layers=("landscape", "real", "generated", "arrows"),
        ),
    ),
    Step(
        "collapse",
        "Collapse",
        "Back to learning in turns, but in haste: one update each, and for both an optimiser with much momentum (Adam, β₁ 0.9). After 500 "
        "updates, how many of the 8 clusters will the ordinary GAN's points hit?",
        PointTask(
            question=Slider("Clusters with generated points:", tuple(range(9)), 4, "{:.0f}".format),
            trainings=_hasty,
            measure=_measure_hasty,
            judge=judge_hasty,
            explain=explain_hasty,
        ),
    ),
    Step(
        "on",
        "In your own words",
        "You have seen the whole idea: a distance that shrinks on the way, a critic that must not be steep and has to keep up.\n\n**Think "
        "about it:** "
        "ordinary GANs are still used, with tricks that keep the discriminator from being too sure. Which of the knobs of a WGAN do the "
        "same?",
        links=(
            Link(
                "lab",
                "A WGAN and an ordinary GAN in the laboratory",
                {"experiment": "ordinary-gan"},
            ),
            Link("train", "Train an ordinary GAN on digits", {"preset": "quick-start", "objective": "non-saturating", "lipschitz": "none"}),
            Link("paper", "Loss and quality of both, computed again"),
        ),
    ),
)
