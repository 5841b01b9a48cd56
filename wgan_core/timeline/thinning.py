"""Which steps of a run are kept, as it grows: those at multiples of a distance that doubles, and landmarks."""

from __future__ import annotations

import math
from collections.abc import Iterable

_FIRST_MARK = 100
MAX_MOMENTS = 256
MAX_LIGHT = 64
LAST_LIGHT = 16
"""Light steps that a small budget leaves, before full steps are touched."""
LAST_MOMENTS = 32
"""Moments that the smallest budget leaves."""


def is_mark(step: int, per_doubling: int) -> bool:
    """Whether `step` is one of 100 · 2^(k / per_doubling), rounded, for k = 0, 1, 2, ..."""
    if step < _FIRST_MARK:
        return False
    k = round(per_doubling * math.log2(step / _FIRST_MARK))
    return step == round(_FIRST_MARK * 2 ** (k / per_doubling))


def is_landmark(step: int) -> bool:
    """Whether the moment of `step` is kept however long the run: 0, 1, 2, 4, ..., 64, then four in each doubling from 100."""
    early = step < _FIRST_MARK and step & (step - 1) == 0
    return early or is_mark(step, per_doubling=4)


def next_landmark(step: int) -> int:
    """The first landmark after `step`."""
    if step < 64:
        return 1 << step.bit_length() if step else 1
    k = math.floor(4 * math.log2(max(step, _FIRST_MARK) / _FIRST_MARK)) - 1
    while (mark := round(_FIRST_MARK * 2 ** (max(k, 0) / 4))) <= step:
        k += 1
    return mark


def distance_of(steps: Iterable[int]) -> int:
    """The distance at which `steps` were kept: the largest power of two that divides at least three quarters of those that are no
    landmarks. So a resumed run goes on as it was. 1 if there are none."""
    found = [step for step in steps if not is_landmark(step)]
    distance = 1
    while found and 4 * sum(step % (2 * distance) == 0 for step in found) >= 3 * len(found):
        distance *= 2
    return distance


def thinned(steps: Iterable[int], distance: int, at_most: int, always: Iterable[int] = ()) -> set[int]:
    """What is kept of `steps` if there may be `at_most`.

    The `distance` doubles until few enough are left: its multiples, the landmarks and `always`. If landmarks and `always` alone are too
    many, only every second landmark stays, and so on, the earlier of two.
    """
    kept, spared = set(steps), set(always)
    while len(kept) > at_most and any(not is_landmark(step) and step not in spared for step in kept):
        distance *= 2
        kept = {step for step in kept if step % distance == 0 or is_landmark(step) or step in spared}
    while len(kept) > at_most and (others := sorted(kept - spared)):
        kept = (kept & spared) | set(others[::2] if len(others) > 1 else ())
    return kept


def spacing(distance: int, seconds: float, share: float, steps_per_second: float) -> int:
    """The steps between two moments that cost `seconds` each, if they may take `share` of the training time: the power of two that is large
    enough, at least `distance`. Two runs so have steps in common."""
    if not share or not math.isfinite(steps_per_second):
        return distance
    wanted = math.ceil(seconds / share * steps_per_second)
    return max(distance, 1 << max(0, wanted - 1).bit_length())
