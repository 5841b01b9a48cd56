"""Keeping a run's history within its budget: what goes first, and what always stays.

First light steps go, by doubling their distance, until 16 are left. Then the full steps at doubling intervals become light steps, the
earliest first, because training up to there again is cheapest. Then the other light steps go, and last the moments, which hardly take any
space, until 32 are left. Step 0, the two newest steps, those saved by hand or before an edit, pinned ones, and those from which a branch
began always stay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from wgan_core.store.folder import RunFolder, StoreError
from wgan_core.store.past import Past
from wgan_core.timeline.half import halved
from wgan_core.timeline.sizes import Sizes, sizes_of
from wgan_core.timeline.thinning import LAST_LIGHT, LAST_MOMENTS, distance_of, thinned


def make_room(folder: RunFolder, budget: int) -> Sizes:
    """Remove from the run in `folder` what is least missed until its history fits into `budget` bytes, or nothing more may go. Returns
    what it holds then. Raises OSError."""
    past = folder.past
    while (held := sizes_of(folder.path)).history > budget:
        lights, marked = past.light_steps(), past.marked_steps()
        loose = [step for step in lights if step not in marked]
        fulls = [step for step in folder.steps()[:-2] if step not in folder.protected_steps()]
        if len(loose) > LAST_LIGHT:
            each = max(1, held.light // len(lights))
            fitting = len(loose) - -(-(held.history - budget) // each)
            thin_light(past, max(LAST_LIGHT, fitting) + len(lights) - len(loose))
        elif fulls:
            make_light(folder, fulls[0])
        elif loose:
            thin_light(past, len(lights) - -(-len(loose) // 2))
        elif len(kept := past.moments()) <= LAST_MOMENTS:
            return held
        else:
            thin_moments(past, max(LAST_MOMENTS, len(kept) // 2))
    return held


def thin_light(past: Past, at_most: int) -> None:
    """Leave at most so many light steps, with those that are pinned. Raises OSError."""
    steps = past.light_steps()
    _discard(steps, thinned(steps, distance_of(steps), at_most, past.marked_steps()), past.discard_light)


def thin_moments(past: Past, at_most: int) -> None:
    """Leave at most so many moments. Raises OSError."""
    steps = list(past.moments())
    _discard(steps, thinned(steps, distance_of(steps), at_most), past.discard_moment)


def _discard(steps: Iterable[int], kept: set[int], discard: Callable[[int], None]) -> None:
    for step in steps:
        if step not in kept:
            discard(step)


def make_light(folder: RunFolder, step: int) -> None:
    """Make a full step of `folder` a light one. Raises OSError. A step that cannot be read just goes."""
    try:
        parts = ("generator", "critic", *(("averaged",) if folder.config.ema_decay else ()))
        state = {part: network for part in parts if (network := halved(folder.read_part(step, part))) is not None}
    except StoreError:
        state = {}
    if len(state) > 1:
        folder.past.write_light(step, state)
    folder.discard_step(step)
