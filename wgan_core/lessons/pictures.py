"""Lesson 8: the knobs of the lessons on points, on real images."""

from __future__ import annotations

from wgan_core.lessons.asking import Choice, Found, Judgement, Slider, in_words
from wgan_core.lessons.catalog import CODE
from wgan_core.lessons.digits import BASE, DigitOutcome, DigitTraining
from wgan_core.lessons.step import DigitTask, Link, Step

UPDATES = 1500
USUAL_C, USUAL_N = 0.01, 3
WORSE = 1.2
"""From this factor on, a distance counts as larger. Two seeds with the same settings differ by less (sliced W1 0.045 and 0.042)."""


def _against(name: str, differs: dict[str, float], seed: int) -> DigitTraining:
    usual = BASE.replace(seed=seed)
    return DigitTraining((f"c = {USUAL_C:g}, n_critic {USUAL_N}", name), (usual, usual.replace(**differs)), UPDATES)


def _clip(guess: float | None, seed: int) -> DigitTraining:
    c = 0.001 if guess is None else guess
    return _against(f"c = {c:g}", {"clip_value": c}, seed)


def _critic_updates(_guess: str | None, seed: int) -> DigitTraining:
    return _against("n_critic 20", {"n_critic": 20}, seed)


def _measure(outcome: DigitOutcome) -> dict[str, float]:
    return {
        "c": outcome.training.configs[1].clip_value,
        "usual": outcome.last(0),
        "other": outcome.last(1),
        "floor": outcome.floor,
        "usual_estimate": outcome.rows[-1].estimates[0],
        "other_estimate": outcome.rows[-1].estimates[1],
        "usual_moves": outcome.moves[0],
        "other_moves": outcome.moves[1],
    }


def judge_clip(_guess: float, found: Found) -> Judgement:
    """Whether this clip value makes worse pictures."""
    words = f"The distance to real digits is {in_words(found['other'])} with c = {found['c']:g}, "
    words += f"and {in_words(found['usual'])} with {USUAL_C:g}. "
    if found["other"] >= WORSE * found["usual"]:
        return Judgement(True, words + "The pictures are worse, and you can see it.")
    if found["usual"] >= WORSE * found["other"]:
        return Judgement(False, words + "Yours are even better.")
    return Judgement(False, words + "That is no real difference. Try one that is further away, in either direction.")


def explain_clip(found: Found) -> str:
    """What the clip value does to the estimate, and to the pictures."""
    return (
        f"The estimates are {in_words(found['usual_estimate'])} and {in_words(found['other_estimate'])}: as on points, c sets their "
        f"scale, so they "
        f"cannot be compared. What can be compared is a distance that no critic measures. (Two sets of real digits: "
        f"{in_words(found['floor'])}.)"
    )


def winner(found: Found) -> str:
    """Whose pictures are nearer."""
    if found["other"] >= WORSE * found["usual"]:
        return "usual"
    return "other" if found["usual"] >= WORSE * found["other"] else "equal"


def judge_n_critic(guess: str, found: Found) -> Judgement:
    """Whether the predicted one is nearer."""
    return Judgement(
        winner(found) == guess,
        f"The distance is {in_words(found['usual'])} with n_critic {USUAL_N} and {in_words(found['other'])} with 20.",
    )


def explain_n_critic(found: Found) -> str:
    """What the time was spent on."""
    return (
        f"In the same {UPDATES:,} critic updates, one generator moved {found['usual_moves']:.0f} times, the other "
        f"{found['other_moves']:.0f} times. How "
        "many critic updates pay off depends on how fast the generator moves. The walkthrough that this project follows takes 25, with "
        "learning rates "
        "of 0.00005."
    )


STEPS = (
    Step(
        "clip",
        "Break the pictures with c",
        "Everything that you saw on points holds for images: an image of 16 × 16 pixels is a point in 256 dimensions. Here two WGANs "
        "learn digits "
        f"side by side. One clips its critic at c = {USUAL_C:g}.\n\nChoose a c for the other with which its digits will be clearly worse "
        f"(a distance "
        "at least a fifth larger).",
        DigitTask(
            question=Slider("This clip value makes worse digits:", (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0), 0.003),
            training=_clip,
            measure=_measure,
            judge=judge_clip,
            explain=explain_clip,
        ),
    ),
    Step(
        "n-critic",
        "Spend the time on the critic?",
        f"Both get {UPDATES:,} critic updates. One makes {USUAL_N} of them before each move of the generator, the other 20. Whose digits "
        f"will be "
        "nearer to real ones?",
        DigitTask(
            question=Choice(
                "Nearer will be …",
                {"usual": f"n_critic {USUAL_N}", "other": "n_critic 20", "equal": "both alike, within a fifth"},
            ),
            training=_critic_updates,
            measure=_measure,
            judge=judge_n_critic,
            explain=explain_n_critic,
        ),
    ),
    Step(
        "on",
        "In your own words",
        "You know the knobs now, on points and on pictures. The walkthrough trains the same kind of networks on clothes, for 187,600 "
        "updates.\n\n"
        "**Think about it:** in the laboratory the true distance stands beside the estimate. On pictures nobody knows it. What would you "
        "look at?",
        links=(
            Link("explore", "Look at the walkthrough's generator after 120,000 updates, on clothes", {"run": "walkthrough-fashion-mnist"}),
            Link("explore", "The same on digits", {"run": "walkthrough-mnist"}),
            Link("train", "Train on digits for longer, and turn the knobs meanwhile", {"preset": "quick-start"}),
            Link("train", "The walkthrough, with its own settings", {"preset": "walkthrough"}),
            Link("learn", "The walkthrough's program, line by line", {"lesson": CODE}),
        ),
    ),
)
