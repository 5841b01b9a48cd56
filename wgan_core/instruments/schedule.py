"""When a run's instruments are due, so that all of them together stay within a share of training time. No thread and no clock here."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wgan_core.instruments.look import Look

Measure = Callable[..., "Look | None"]
"""Of a `kit.Kit` and a `diagnose.Specimen`: what was found, or None if it needs another go first."""


@dataclass(frozen=True)
class Instrument:
    """One instrument."""

    key: str
    measure: Measure
    first: float
    """Seconds to expect of the first look, which finds what later ones are compared with, and below of the second; then as those before."""
    full: float


@dataclass(frozen=True)
class Lane:
    """Instruments that take turns, and what they may cost together."""

    share: float
    """Of the budget."""
    instruments: tuple[Instrument, ...]
    apart: float
    """A look is due again after this share of the training so far, in seconds ..."""
    least: float
    """... but no sooner than this ..."""
    most: float
    """... and no later than this."""


@dataclass
class _Account:
    looks: int = 0
    cost: float = 0.0
    """Of the last look."""
    last: float = -math.inf
    """When it was, in seconds of training."""
    unfinished: bool = False


class Schedule:
    """Which instrument comes next, so that all of them together stay within a share of training time.

    An instrument begins only where what it costs (as its last look did) still fits: into its lane's part of the budget, or, while no other
    lane waits, into what is left of the whole beside what the others have saved for their next looks; at the lane's first look, into the
    whole. So no lane starves another, and first looks come early.
    """

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self._lanes = [lane for lane in lanes if lane.instruments]
        self._accounts = {instrument.key: _Account() for lane in self._lanes for instrument in lane.instruments}
        self._spent = {id(lane): 0.0 for lane in self._lanes}
        self._overall = 0.0
        self._failed: set[str] = set()

    @property
    def spent(self) -> float:
        """Seconds that all instruments have cost."""
        return self._overall

    def next(self, trained: float, budget: float) -> Instrument | None:
        """What to measure after `trained` seconds of training with `budget`, a share of them; None for nothing yet."""
        if budget <= 0:
            return None
        due = [(lane, instrument) for lane in self._lanes if (instrument := self._due(lane, trained)) is not None]
        waiting = False
        # First the lane that has had least of its part.
        for lane, instrument in sorted(due, key=lambda one: self._spent[id(one[0])] / one[0].share):
            cost, allowed = self._expected(instrument), budget * trained
            first = not self._spent[id(lane)] and not waiting
            own = self._spent[id(lane)] + cost <= lane.share * allowed
            left = allowed if first or own else allowed - self._saved_by_others(lane, trained, allowed)
            if self.spent + cost <= left and (len(due) == 1 or first or own):
                return instrument
            waiting = waiting or not self._spent[id(lane)]  # its first look comes before those of the lanes after it
        return None

    def _saved_by_others(self, lane: Lane, trained: float, allowed: float) -> float:
        """What the other lanes have not spent of their parts, up to what their next looks cost."""
        saved = 0.0
        for other in self._lanes:
            if other is not lane:
                next_one = self._due(other, trained)
                cost = self._expected(next_one) if next_one is not None else min(map(self._expected, other.instruments))
                saved += min(cost, max(0.0, other.share * allowed - self._spent[id(other)]))
        return saved

    def _due(self, lane: Lane, trained: float) -> Instrument | None:
        """Of the lane's instruments that are due, the one that has waited longest."""
        apart = min(lane.most, max(lane.least, lane.apart * trained))
        accounts = {instrument: self._accounts[instrument.key] for instrument in lane.instruments if instrument.key not in self._failed}
        waiting = [instrument for instrument, account in accounts.items() if account.unfinished or trained >= account.last + apart]
        return min(waiting, key=lambda instrument: accounts[instrument].last, default=None)

    def _expected(self, instrument: Instrument) -> float:
        account = self._accounts[instrument.key]
        if account.looks < 2:
            return instrument.first if account.looks == 0 else instrument.full
        return account.cost

    def done(self, key: str, trained: float, cost: float, *, again: bool = False) -> None:
        """`key` was measured; again: it is due at once."""
        lane, instrument = next((lane, one) for lane in self._lanes for one in lane.instruments if one.key == key)
        account = self._accounts[key]
        self._overall += cost
        # What a first look costs beyond the usual goes into a floor and into loading what it needs, on a busy machine many times the look
        # itself. It counts against the whole budget, but the lane's next look does not wait until the lane's part alone has made up for it.
        self._spent[id(lane)] += min(cost, instrument.full) if account.looks == 0 else cost
        account.looks += 1
        account.cost = cost
        account.last = trained
        account.unfinished = again

    def leave_out(self, key: str) -> None:
        """No more of `key`: it has failed."""
        self._failed.add(key)

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """All that have not failed."""
        return tuple(one for lane in self._lanes for one in lane.instruments if one.key not in self._failed)

    def hurry(self, key: str) -> None:
        """Have `key` measured as soon as the budget allows: something was changed by hand."""
        if key in self._accounts:
            self._accounts[key].unfinished = True
