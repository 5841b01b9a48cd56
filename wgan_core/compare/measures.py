"""Each measure of several runs beside each other: last and best value, floor, and which differences are larger than the noise.

The noise of one reading is what the other pages call so: two standard deviations. It has two parts, of which the larger counts. The floor's
own spread (real data against other real data, at the same n) is what sampling does to a distance; how much a run's newest readings jump
from look to look is what training adds. Both are of one run. Another seed of the same settings may lie further away, and only runs with
other seeds show how far.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from wgan_core.compare.comparability import why_not_readings
from wgan_core.compare.side import Side
from wgan_core.instruments.advice import WARMED_UP
from wgan_core.store.readings import DISTANCES, KINDS, Reading, memory_noise, of_key

Better = Literal["lower", "higher", "near 1", ""]
BETTER: Mapping[str, Better] = {
    **dict.fromkeys(DISTANCES, "lower"),
    "classes": "higher",
    "modes": "higher",
    "diversity": "near 1",
    "mode-gap": "near 1",
}
"""Which value of a measure is the better one. Of the others it cannot be said."""
SCALED = "scaled-estimate"
"""The estimate divided by the steepest slope. It is a part of the critic-health readings, not a reading of its own."""
MEASURES: tuple[str, ...] = (*DISTANCES, SCALED, "critic-health", "diversity", "classes", "modes", "nearest", "mode-gap", "overfit-gap")
SCALED_TITLE = "Estimate / steepest slope"
SCALED_MEANING = (
    "The Wasserstein estimate divided by the steepest slope that was found in the critic (K_emp). It is in the unit of the data, so "
    "critics of different scales can be compared. It is not a bound: the steepest slope may lie elsewhere, and a critic that has not "
    "learned enough sees less than the whole distance."
)
_NEWEST = 6
"""Readings at the end of a run over which their jumps are taken."""
_SDS = 2.0
_SD_OF_MEDIAN = 1.4826
"""The standard deviation of normal values, in units of the median of their absolute values."""


@dataclass(frozen=True)
class Value:
    """One measure of one run."""

    last: float
    step: int
    """Of the last value."""
    noise: float | None
    """Two standard deviations of `last`; None if the run has too few readings to tell."""
    floor: float | None
    best: float | None
    """The best value of all readings; None if no value of this measure is better than another."""
    best_step: int | None
    is_old: bool = False
    """Whether it was measured long before the step that is asked for."""


@dataclass(frozen=True)
class Row:
    """One measure of all runs."""

    key: str
    title: str
    meaning: str
    better: Better
    unit: str
    share: bool
    """Whether values are shown as percentages."""
    values: tuple[Value | None, ...]
    """None for a run in which it was not measured."""
    why_not: str
    """Why the values cannot be compared; "" if they can."""


def measures_table(sides: Sequence[Side], until: Sequence[int] | None = None) -> tuple[Row, ...]:
    """A row for each measure that at least one of the runs has.

    until: for each run, the step up to which its readings count; None for all.
    """
    until = [side.last for side in sides] if until is None else until
    rows: list[Row] = []
    for key in MEASURES:
        series = [[one for one in readings_of(side, key) if one.step <= end] for side, end in zip(sides, until, strict=True)]
        if any(series):
            rows.append(_row(key, sides, series, until))
    return tuple(rows)


def readings_of(side: Side, key: str) -> list[Reading]:
    """The readings of a measure that have a value, oldest first. For `SCALED`, made from the readings of the critic's health."""
    if key != SCALED:
        return sorted((one for one in of_key(side.readings, key) if one.value is not None), key=_step)
    found: list[Reading] = []
    for one in of_key(side.readings, "critic-health"):
        bounds = one.details.get("bounds")
        display = bounds.get("display_w1") if isinstance(bounds, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        value = display.get("value") if isinstance(display, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        if isinstance(value, (int, float)):
            found.append(Reading(SCALED, one.step, one.generator_updates, float(value), n=one.n, mode=one.mode))
    return sorted(found, key=_step)


def _step(reading: Reading) -> int:
    return reading.step  # one look may take longer than the next, and be written after it


def _row(key: str, sides: Sequence[Side], series: Sequence[Sequence[Reading]], until: Sequence[int]) -> Row:
    better = BETTER.get(key, "")
    lasts = [readings[-1] if readings else None for readings in series]
    kind = KINDS.get(key)
    return Row(
        key=key,
        title=SCALED_TITLE if kind is None else kind.title,
        meaning=SCALED_MEANING if kind is None else kind.meaning,
        better=better,
        unit=next((one.unit for one in lasts if one is not None), ""),
        share=kind is not None and kind.share,
        values=tuple(_value(readings, better, end) if readings else None for readings, end in zip(series, until, strict=True)),
        why_not=why_not_readings(sides, lasts),
    )


def _value(readings: Sequence[Reading], better: Better, until: int) -> Value:
    last = readings[-1]
    assert last.value is not None
    best = min(readings, key=lambda one: badness(one.value or 0.0, better)) if better else None
    return Value(
        last=last.value,
        step=last.step,
        noise=noise_of(readings),
        floor=last.floor,
        best=None if best is None else best.value,
        best_step=None if best is None else best.step,
        # As on the Diagnosis tab: not of the last tenth.
        is_old=until - last.step > max(until / 10, WARMED_UP),
    )


def badness(value: float, better: Better) -> float:
    """A number that is lower for the better one of two values."""
    return -value if better == "higher" else abs(value - 1) if better == "near 1" else value


def noise_of(readings: Sequence[Reading]) -> float | None:
    """Two standard deviations of the last of `readings`: the larger one of what sampling and what training do to it."""
    last = readings[-1]
    known = [last.floor_sd, _sampling(last), _jumps([one.value for one in readings[-_NEWEST:] if one.value is not None])]
    found = [one for one in known if one is not None]
    return _SDS * max(found) if found else None


def _sampling(reading: Reading) -> float | None:
    """The standard deviation that sampling gives a share; None of other measures."""
    if reading.key == "overfit-gap":
        noise = memory_noise(reading)
        return None if noise is None else noise / _SDS
    noise = reading.details.get("noise") if reading.key == "diversity" else None
    return float(noise) if isinstance(noise, (int, float)) else None


def _jumps(values: Sequence[float]) -> float | None:
    """The standard deviation of values around a trend that is straight over three neighbours: the second differences of independent values
    hold six times their variance. By the median, so that one bend counts little. None for fewer than five values."""
    if len(values) < 5:
        return None
    return _SD_OF_MEDIAN * float(np.median(np.abs(np.diff(values, 2)))) / math.sqrt(6)


Verdict = Literal["no difference beyond the noise", "differs", "noise unknown"]


def compare(one: Value, other: Value) -> Verdict:
    """Whether the last values of two runs differ by more than their noise, which adds up in squares."""
    if one.noise is None or other.noise is None:
        return "noise unknown"
    return "differs" if abs(one.last - other.last) > math.hypot(one.noise, other.noise) else "no difference beyond the noise"


@dataclass(frozen=True)
class Ranking:
    """Which run is ahead, by places."""

    best: int
    alike: tuple[int, ...]
    """Runs that cannot be told from the best."""
    unknown: tuple[int, ...]
    """Runs of which that is not known, for want of their noise or that of the best."""


def ranking(row: Row) -> Ranking | None:
    """Which run has the best last value; None if nothing can be said."""
    there = [(place, value) for place, value in enumerate(row.values) if value is not None]
    if not row.better or row.why_not or len(there) < 2 or any(value.is_old for _, value in there):
        return None
    place, best = min(there, key=lambda one: badness(one[1].last, row.better))
    verdicts = {other: compare(best, value) for other, value in there if other != place}
    alike = tuple(other for other, verdict in verdicts.items() if verdict == "no difference beyond the noise")
    return Ranking(place, alike, tuple(other for other, verdict in verdicts.items() if verdict == "noise unknown"))
