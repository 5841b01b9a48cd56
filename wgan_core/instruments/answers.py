"""Three answers in words about a run: does it learn, is the critic healthy, are the samples varied?

Each rests on a number, with its noise, and names the step at which that was measured. An answer is good only if its number is of the last
tenth of the run. Cheap enough to be asked for at every redraw of a page. Imports no torch, because pages use it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from wgan_core.config import TrainConfig
from wgan_core.config.roles import critic_word, guessing_loss, has_js_bound, is_wasserstein, main_number
from wgan_core.instruments.advice import FEWEST_LOOKS, RISEN, SETTLED, WARMED_UP, lowest_excess
from wgan_core.instruments.cards import CARDS, Question
from wgan_core.instruments.family import SURE
from wgan_core.instruments.schedule import FIRST_LOOK_SECONDS, FIRST_LOOK_SHARE
from wgan_core.store.history import Rows, column
from wgan_core.store.history import newest as newest_row
from wgan_core.store.readings import KINDS, OF_ONE_CLASS, Reading, advice_in, first_distance, newest, of_key

State = Literal["good", "watch", "bad", "unknown"]
"""watch: not what a healthy run shows, but no known failure. unknown: not measured, too early to tell, or measured too long ago."""

QUESTIONS: dict[Question, str] = {
    "learns": "Does it learn?",
    "critic": "Is the critic healthy?",
    "variety": "Are the samples varied?",
}
IN_A_WORD: dict[State, str] = {"good": "Yes", "watch": "Not quite", "bad": "No", "unknown": "Not known yet"}
NEWEST = 200
"""Recorded steps over which the estimate and its noise are taken."""
FAR = 0.3
"""Of the distance of a single average sample, below which a distance that no longer falls is small (healthy runs: below 0.2)."""
NOISY = 1.3
"""Diversity above which samples are not varied but noise (healthy runs: below 1.1)."""
VARIED, ALIKE = 0.75, 0.5
"""Diversity from which samples count as varied, and below which they count as too alike (healthy runs: 0.85 to 1.1)."""


class Watched(Protocol):
    """What is asked of a run; a `Snapshot` has it, live or read from a folder."""

    @property
    def config(self) -> TrainConfig: ...
    @property
    def step(self) -> int: ...
    @property
    def generator_updates(self) -> int: ...
    @property
    def steps_per_second(self) -> float: ...
    @property
    def history(self) -> Rows: ...
    @property
    def readings(self) -> tuple[Reading, ...]: ...
    @property
    def ended(self) -> bool: ...


@dataclass(frozen=True)
class Answer:
    """The answer to one question."""

    key: Question
    question: str
    state: State
    text: str
    """One or two short sentences with the number, its noise and its step; for unknown, why, and when it will be known."""
    step: int | None = None
    """The step that it rests on; None if nothing was measured."""


def answers(run: Watched) -> tuple[Answer, Answer, Answer]:
    """The three answers, in the order of `QUESTIONS`."""
    found = {"learns": _learns(run), "critic": _critic(run), "variety": _variety(run)}
    told = _told(run.readings)
    first, second, third = (_answer(run, key, found[key], told.get(key)) for key in QUESTIONS)
    return first, second, third


def is_stale(run: Watched, step: int) -> bool:
    """Whether a look at `step` was before the last tenth of the run."""
    return run.step - step > max(run.step / 10, WARMED_UP)


@dataclass(frozen=True)
class _Found:
    """What the measurements say by themselves."""

    state: State
    text: str
    step: int | None = None


def _answer(run: Watched, key: Question, found: _Found, told: tuple[str, int] | None) -> Answer:
    """A warning goes before what the numbers say; a number of long ago is no good news."""
    state, text, step = found.state, found.text, found.step
    if told is not None:
        state, text, step = "bad", f"{told[0]} (Judged at step {told[1]:,}.)", told[1]
    elif state == "good" and (step is None or is_stale(run, step)):
        state, text = "unknown", f"Not measured lately, so nothing can be said about step {run.step:,}. Before: {text[0].lower()}{text[1:]}"
    return Answer(key, QUESTIONS[key].replace("critic", critic_word(run.config)), state, text, step)


def _told(readings: Sequence[Reading]) -> dict[Question, tuple[str, int]]:
    """The first warning about each question, cut to its first sentence, and the step at which it was given."""
    last = newest(readings).get("advice")
    found: dict[Question, tuple[str, int]] = {}
    for one in advice_in(readings):
        card = CARDS.get(str(one.get("key")))
        if card is not None and last is not None and one.get("level") == "warning":
            found.setdefault(card.question, (first_sentence(one["text"]), last.step))
    return found


def first_sentence(text: str) -> str:
    """`text` up to its first full stop."""
    end = text.find(". ")
    return text if end < 0 else text[: end + 1]


# Does it learn?


def _learns(run: Watched) -> _Found:
    readings = first_distance(run.readings)
    if not readings:
        return _Found("unknown", _not_yet(run))
    last = readings[-1]
    numbers = _distance_in_words(last)
    if _excess(last) <= _noise(last):
        return _Found("good", f"The samples are as close to real data as other real data: {numbers}.", last.step)
    return _Found(*_trend(readings, numbers), last.step)


def _trend(readings: Sequence[Reading], numbers: str) -> tuple[State, str]:
    """Whether the distance falls, holds or rises. A single look may be off, so the last three count together once there are several."""
    if len(readings) == 1:
        return "unknown", f"One look so far: {numbers}. The next one shows whether it falls."
    excess = [_excess(reading) for reading in readings]
    now = float(np.median(excess[-3:])) if len(excess) >= 5 else excess[-1]
    noise, lowest = _noise(readings[-1]), lowest_excess(excess)
    half = next(one for one in reversed(readings) if one.step <= readings[-1].step / 2 or one is readings[0])
    if now > RISEN * lowest + noise:
        return "watch", f"The distance has risen, from {lowest:.3g} to {now:.3g} above real data: {numbers}."
    if now < _excess(half) - noise:
        return "good", f"The distance to real data falls: {numbers}; at step {half.step:,} it was {half.value:.3g}."
    if now < max(excess) / 2:
        return "good", f"The distance to real data has fallen and now holds: {numbers}."
    blank = readings[-1].details.get("blank")
    if isinstance(blank, (int, float)) and now < FAR * (blank - (readings[-1].floor or 0.0)):
        return "good", f"The distance to real data is small and holds: {numbers}; a single average sample would have {blank:.2g}."
    before = f"{numbers}; at step {half.step:,} it was {half.value:.3g}"
    if now < 0.95 * _excess(half):
        return "unknown", f"The distance to real data falls by less than its noise, so it is too early to tell: {before}."
    if len(readings) < FEWEST_LOOKS - 1:
        return "unknown", f"{len(readings)} looks so far, too much alike to tell: {before}."
    return "watch", f"The distance to real data does not fall: {before}."


def _excess(reading: Reading) -> float:
    return reading.excess or 0.0


def _noise(reading: Reading) -> float:
    """Half of the noise band."""
    return 2 * (reading.floor_sd or 0.0)


def _distance_in_words(last: Reading) -> str:
    title = KINDS[last.key].title
    return f"{title} {last.value:.3g} at step {last.step:,}, where real data has {last.floor:.3g} ± {_noise(last):.1g}"


# Is the critic healthy?


def _critic(run: Watched) -> _Found:
    last = newest(run.readings).get("critic-health")
    if last is None:
        return _Found("unknown", _not_yet(run))
    if last.step < WARMED_UP:
        return _Found("unknown", _too_early(run, last, f"step {WARMED_UP:,}", WARMED_UP - run.step), last.step)
    if not is_wasserstein(run.config):
        return _discriminator(run, last.step)
    numbers = _critic_in_words(last, run.history)
    if _is_flattening(run, last):
        return _Found("watch", f"The critic gets flat while the samples are not good yet: {numbers}.", last.step)
    return _Found("good", f"The critic tells real from generated samples: {numbers}.", last.step)


def _discriminator(run: Watched, step: int) -> _Found:
    """In an ordinary GAN: whether the discriminator still leaves the generator something to learn from."""
    number, most = main_number(run.config), guessing_loss(run.config)
    found = _with_noise(column(run.history[-NEWEST:], number.column))
    if found is None:
        return _Found("unknown", _not_yet(run))
    if has_js_bound(run.config):
        numbers, sure = f"{number.title} {found[0]:.3g} ± {found[1]:.1g}, of at most {math.log(2):.3g}", found[0] / math.log(2)
    else:
        numbers, sure = f"{number.title} {found[0]:.3g} ± {found[1]:.1g}, where guessing has {most:g}", 1 - found[0] / most
    numbers += f", at step {run.step:,}"
    if sure > SURE:
        return _Found("watch", f"The discriminator is nearly always right, whatever the samples look like: {numbers}.", step)
    return _Found("good", f"The discriminator tells real from generated samples, and is not sure of all: {numbers}.", step)


def _critic_in_words(last: Reading, history: Rows) -> str:
    parts: list[str] = []
    if last.value is not None:
        band = _middle_slopes(last.details.get("norms"))
        some = f" (most slopes {band[0]:.2g} to {band[1]:.2g})" if band is not None else ""
        parts.append(f"steepest slope {last.value:.3g}{some}")
    if (estimate := estimate_with_noise(history)) is not None:
        parts.append(f"estimate {estimate[0]:.3g} ± {estimate[1]:.1g}")
    return f"{', '.join(parts)}, at step {last.step:,}"


def _middle_slopes(norms: Any) -> tuple[float, float] | None:
    """Between which the middle 90 % of the slopes lie, at random points between real and generated samples."""
    try:
        low, *_, high = norms["between"]
        return float(low), float(high)
    except (KeyError, TypeError, ValueError):
        return None


def estimate_with_noise(history: Rows) -> tuple[float, float] | None:
    """Mean and standard deviation of the newest estimates; None without any."""
    return _with_noise(column(history[-NEWEST:], "wasserstein_estimate"))


def _with_noise(values: NDArray[np.float64]) -> tuple[float, float] | None:
    finite = values[np.isfinite(values)]
    return (float(finite.mean()), float(finite.std())) if len(finite) else None


def _is_flattening(run: Watched, last: Reading) -> bool:
    """Less than a third as steep as it was, with an estimate within its own noise of 0, although the samples are not as good as real."""
    slopes = [one.value for one in of_key(run.readings, "critic-health") if one.value is not None]
    estimate, distances = estimate_with_noise(run.history), first_distance(run.readings)
    if last.value is None or estimate is None or not distances or not slopes:
        return False
    lost = abs(estimate[0]) < estimate[1]
    return lost and last.value < max(slopes) / 3 and _excess(distances[-1]) > _noise(distances[-1])


# Are the samples varied?


def _variety(run: Watched) -> _Found:
    last = newest(run.readings).get("diversity")
    if last is None or last.value is None:
        return _Found("unknown", _not_yet(run))
    counted = _counted(run)
    some = f"; {counted[0]}" if counted is not None else ""
    noise = last.details.get("noise")
    band = f" ± {2 * noise:.0%}" if isinstance(noise, (int, float)) else ""
    of_class = f" {OF_ONE_CLASS}" if last.unit.endswith(OF_ONE_CLASS) else ""
    numbers = f"two samples{of_class} differ {last.value:.0%}{band} as much as two real ones{of_class}, at step {last.step:,}{some}"
    few = counted is not None and counted[1] < 0.9
    if VARIED <= last.value <= NOISY and not few:
        return _Found("good", f"The samples are varied: {numbers}.", last.step)
    if last.generator_updates < SETTLED:
        until = _too_early(run, last, f"generator update {SETTLED:,}", (SETTLED - run.generator_updates) * run.config.n_critic)
        return _Found("unknown", f"{numbers[0].upper()}{numbers[1:]}. {until}", last.step)
    if last.value > NOISY:
        return _Found("watch", f"The samples differ more than real ones, as noise does: {numbers}.", last.step)
    if last.value < ALIKE:
        return _Found("bad", f"The samples are too alike: {numbers}.", last.step)
    return _Found("watch", f"{'Some kinds of samples are missing' if few else 'The samples are rather alike'}: {numbers}.", last.step)


def _counted(run: Watched) -> tuple[str, float] | None:
    """How many classes or modes occur, in words and as a share. Points between the modes belong to none of them, and say nothing."""
    now = newest(run.readings)
    found = now.get("classes") or now.get("modes")
    if found is None or found.value is None:
        return None
    total, near = found.details.get("total"), found.details.get("high_quality", 1.0)
    if not isinstance(total, int) or total < 2 or not isinstance(near, (int, float)) or near < 0.5:
        return None
    return f"{found.value:.0f} of {total} {found.key}" + (f" at step {found.step:,}" if found.key == "classes" else ""), found.value / total


# What is not known.


def _not_yet(run: Watched) -> str:
    """Why nothing was measured, and when it will be."""
    if run.ended:
        return "Not measured: the run was too short, or its instruments were off."
    if run.config.instruments_budget == 0:
        return "Not measured: the instruments are off."
    return f"Not measured yet; the first look comes {_soon(_first_look_in(run))}."


def _first_look_in(run: Watched) -> float:
    """Seconds until every instrument will have looked once."""
    whole = run.config.max_steps / run.steps_per_second if run.steps_per_second > 0 else 0.0
    return max(FIRST_LOOK_SECONDS, FIRST_LOOK_SHARE * whole) - newest_row(run.history, "seconds", 0.0)


def _too_early(run: Watched, last: Reading, when: str, steps: float) -> str:
    """It can be judged from a later point on: the run has not reached it, or has, but was not looked at since."""
    if steps > 0 and run.ended:
        return f"It could be judged from {when} on, which this run did not reach."
    if steps > 0:
        seconds = steps / run.steps_per_second if run.steps_per_second > 0 else math.inf
        return f"It can be judged from {when} on" + (f", {_soon(seconds)}." if math.isfinite(seconds) else ".")
    if run.ended:
        return f"It can be judged from {when} on, and the last look was before that, at step {last.step:,}."
    return f"The last look, at step {last.step:,}, was before {when}, from which on it can be judged; the next one comes by itself."


def _soon(seconds: float) -> str:
    if seconds < 5:
        return "within seconds"
    return f"in about {5 * math.ceil(seconds / 5)} s" if seconds < 100 else f"in about {seconds / 60:.0f} min"
