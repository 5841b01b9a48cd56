"""When a run's instruments are due, so that together they stay within a share of training time. No thread and no clock here."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from wgan_core.instruments.look import Look

FIRST_LOOK_SECONDS, FIRST_LOOK_SHARE = 20.0, 0.02
"""Every instrument has looked once after so many seconds of training, or after this share of the run, whichever is later."""

Measure = Callable[..., "Look | None"]
"""Takes a `kit.Kit` and a `diagnose.Specimen`; returns what was found, or None if it has to be called again."""


@dataclass(frozen=True)
class Instrument:
    """One instrument."""

    key: str
    measure: Measure
    first_seconds: float
    """Expected cost of the first look, which also computes what later looks are compared with."""
    usual_seconds: float
    """Expected cost of the second look. After that, the cost of the previous look is expected. Both as measured on one quiet core; what the
    first looks cost on this machine tells how much longer it takes."""


@dataclass(frozen=True)
class Lane:
    """Instruments that take turns, and their common share of the budget."""

    share: float
    """Share of the budget."""
    instruments: tuple[Instrument, ...]
    gap_share: float
    """The next look is due after this share of the training time so far ..."""
    min_gap_seconds: float
    """... but not before this many seconds ..."""
    max_gap_seconds: float
    """... and at the latest after this many."""


AHEAD_SECONDS = 1200.0
"""Of training, over which instruments are ahead of an even share: what is looked at most is the beginning of a run."""
FIRST_RATE = 0.35
"""Share of the training time so far that may go into first looks, for they come early ..."""
FIRST_PART = 0.6
"""... and part of the whole run's budget that may."""
FIRST_SPREAD = 0.7
"""Part of the time for first looks over which they are spread, so that the first ones can look again meanwhile."""


def allowance(trained_seconds: float, whole_seconds: float, budget: float) -> float:
    """Seconds that instruments may have cost together after `trained_seconds` of training: the share `budget` at the end of a run of
    `whole_seconds`, and before that more than an even share, growing like a square root."""
    ahead = min(whole_seconds, AHEAD_SECONDS)
    return budget * math.sqrt(trained_seconds * ahead) if trained_seconds < ahead else budget * trained_seconds


@dataclass
class _Account:
    looks: int = 0
    cost: float = 0.0
    """Seconds that the last look took."""
    last: float = -math.inf
    """When the last look was, in seconds of training."""
    unfinished: bool = False
    complete: bool = False
    """Whether there has been a reading."""


class Schedule:
    """Decides which instrument comes next, so that all together stay within a share of the whole run's training time.

    Every instrument looks once early in the run, in the order of the lanes, and nothing overtakes a first look that is due. One that this
    run cannot afford so early waits in its lane instead. Otherwise an instrument starts if its expected cost (that of its
    last look) still fits into a part of the budget. Usually this is its lane's part. While no other lane is waiting, it is everything left
    over, apart from what the other lanes have saved for their next looks. So no lane starves another.
    """

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self._lanes = [lane for lane in lanes if lane.instruments]
        self._accounts = {instrument.key: _Account() for lane in self._lanes for instrument in lane.instruments}
        self._spent = {id(lane): 0.0 for lane in self._lanes}
        self._overall = 0.0
        self._failed: set[str] = set()
        self._hurried: set[str] = set()
        self._ratios: list[float] = []

    @property
    def spent(self) -> float:
        """Seconds that all instruments together have cost."""
        return self._overall

    def next(self, trained_seconds: float, budget: float, whole_seconds: float) -> Instrument | None:
        """The instrument to run after `trained_seconds` of training; None if it is too early.

        Args:
            budget: the share of training time that may be used.
            whole_seconds: how long the run will have trained at its end, as far as one can tell.
        """
        if budget <= 0:
            return None
        whole = max(trained_seconds, whole_seconds)
        first = self._first_look(trained_seconds, whole, budget)
        first = first or next((one for one in self.instruments if one.key in self._hurried), None)
        if first is not None:
            return first if self._fits_early(first, trained_seconds, whole, budget) else None
        return self._by_lane(trained_seconds, allowance(trained_seconds, whole, budget))

    def _first_look(self, trained_seconds: float, whole: float, budget: float) -> Instrument | None:
        """The next instrument that has not read anything and whose time has come, if the run can pay for it before first looks are over."""
        over = min(whole, max(FIRST_LOOK_SECONDS, FIRST_LOOK_SHARE * whole))
        there = self.instruments
        for place, one in enumerate(there):
            due = trained_seconds >= FIRST_SPREAD * over * max(0, place - 1) / len(there)
            if due and not self._accounts[one.key].complete and self._fits_early(one, max(over, trained_seconds), whole, budget):
                return one
        return None

    def _fits_early(self, instrument: Instrument, trained_seconds: float, whole: float, budget: float) -> bool:
        most = max(allowance(trained_seconds, whole, budget), min(FIRST_RATE * trained_seconds, FIRST_PART * budget * whole))
        return self.spent + self._expected(instrument) <= most

    def _by_lane(self, trained_seconds: float, allowed: float) -> Instrument | None:
        due = [(lane, instrument) for lane in self._lanes if (instrument := self._due(lane, trained_seconds)) is not None]
        waiting = False
        # The lane that has used the least of its part comes first.
        for lane, instrument in sorted(due, key=lambda one: self._spent[id(one[0])] / one[0].share):
            cost = self._expected(instrument)
            first = not self._spent[id(lane)] and not waiting
            own = self._spent[id(lane)] + cost <= lane.share * allowed
            left = allowed if first or own else allowed - self._saved_by_others(lane, trained_seconds, allowed)
            if self.spent + cost <= left and (len(due) == 1 or first or own):
                return instrument
            if own:
                return None  # its turn, as soon as the whole allows it: what is cheaper does not overtake it
            waiting = waiting or not self._spent[id(lane)]  # this lane's first look comes before the lanes after it
        return None

    def _saved_by_others(self, lane: Lane, trained_seconds: float, allowed: float) -> float:
        """The unspent parts of the other lanes, each up to the cost of its next look."""
        saved = 0.0
        for other in self._lanes:
            if other is not lane:
                next_one = self._due(other, trained_seconds)
                cost = self._expected(next_one) if next_one is not None else min(map(self._expected, other.instruments))
                saved += min(cost, max(0.0, other.share * allowed - self._spent[id(other)]))
        return saved

    def _due(self, lane: Lane, trained_seconds: float) -> Instrument | None:
        """The instrument of the lane that is due and has waited longest; None if none is due."""
        gap = min(lane.max_gap_seconds, max(lane.min_gap_seconds, lane.gap_share * trained_seconds))
        accounts = {instrument: self._accounts[instrument.key] for instrument in lane.instruments if instrument.key not in self._failed}
        waiting = [instrument for instrument, account in accounts.items() if account.unfinished or trained_seconds >= account.last + gap]
        return min(waiting, key=lambda instrument: accounts[instrument].last, default=None)

    def _expected(self, instrument: Instrument) -> float:
        """The cost of its last look. Before there are two: what it is declared to cost, times what the others took of theirs here."""
        account = self._accounts[instrument.key]
        if account.looks >= 2 or (account.looks and not account.complete):
            return account.cost
        declared = instrument.first_seconds if account.looks == 0 else instrument.usual_seconds
        return declared * (math.exp(sum(map(math.log, self._ratios)) / len(self._ratios)) if self._ratios else 1.0)

    def done(self, key: str, trained_seconds: float, cost: float, *, again: bool = False) -> None:
        """Record that `key` was measured. again: it is not finished, so it is due at once."""
        lane, instrument = next((lane, one) for lane in self._lanes for one in lane.instruments if one.key == key)
        account = self._accounts[key]
        self._overall += cost
        # A first look costs more than usual, because it also computes a floor and loads what it needs. This counts against the whole
        # budget. But the lane is charged only the usual cost, so that its next look does not have to wait long.
        self._spent[id(lane)] += cost if account.complete else min(cost, instrument.usual_seconds)
        if account.looks == 0 and cost > 0 and instrument.first_seconds > 0:
            self._ratios.append(min(8.0, max(0.2, cost / instrument.first_seconds)))
        self._hurried.discard(key)
        account.looks += 1
        account.cost = cost
        account.last = trained_seconds
        account.unfinished = again
        account.complete = account.complete or not again

    def leave_out(self, key: str) -> None:
        """Never run `key` again, because it has failed."""
        self._failed.add(key)

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """All instruments that have not failed."""
        return tuple(one for lane in self._lanes for one in lane.instruments if one.key not in self._failed)

    def hurry(self, key: str) -> None:
        """Run `key` as soon as the budget of first looks allows: the user has changed a setting, or it can tell more from now on."""
        if key in self._accounts:
            self._hurried.add(key)
