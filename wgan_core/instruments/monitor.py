"""Instruments on a run: weights are copied on the run's thread, at a step boundary; everything is measured on a thread of its own.

The training never waits for a measurement, and no number of it depends on one. Results come back through the run's inbox.
"""

from __future__ import annotations

import atexit
import logging
import queue
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wgan_core.config import SETTINGS, TrainConfig
from wgan_core.data.dataset import Dataset
from wgan_core.instruments.kit import Kit, complete, lanes_for
from wgan_core.instruments.knowledge import Knowledge
from wgan_core.instruments.look import Look, Measured, Seen
from wgan_core.instruments.schedule import Instrument, Lane, Schedule
from wgan_core.measures.diagnose import Copied, copy_weights
from wgan_core.measures.lag import BrokenOff, Lag, copy_state, critic_lag, twin_from
from wgan_core.store.readings import Reading, plain
from wgan_core.training.device import compute_beside_training
from wgan_core.training.trainer import Trainer

log = logging.getLogger(__name__)

LAG_UPDATES = 200
_LOOK_EVERY = 0.05
"""Seconds of training between two looks at the schedule."""


@dataclass(frozen=True)
class _Job:
    instrument: Instrument
    copied: Copied
    copying: float
    """Seconds that training stood still."""
    trained: float
    edits: int
    """Live edits of the recipe until then."""
    asked: bool = False
    """Asked for by hand: not booked, and not put off in parts."""


_AT_EXIT = 20.0
_monitors: weakref.WeakSet[Monitor] = weakref.WeakSet()


@atexit.register
def _wait_at_exit() -> None:
    """A thread that computes while the interpreter is taken down makes the program end in an abort: let it finish its measurement."""
    deadline = time.monotonic() + _AT_EXIT
    for monitor in list(_monitors):
        monitor.close()
    for monitor in list(_monitors):
        monitor.join(max(0.0, deadline - time.monotonic()))


class Monitor:
    """The instruments of one run. All methods are for the run's thread, which alone writes what is known; measuring threads only report.

    Args:
        trainer: of the run; only its config is read here.
        training: the data it trains on.
        report: takes what was measured; called from other threads (the run's inbox).
        kit: what the instruments share; made here if None.
        known: what they had read before the run was resumed.
        lanes: the instruments; those that suit the run if None.
    """

    def __init__(
        self,
        trainer: Trainer,
        training: Dataset,
        report: Callable[[Measured], None],
        *,
        kit: Kit | None = None,
        known: Iterable[Reading] = (),
        lanes: tuple[Lane, ...] | None = None,
    ) -> None:
        self._kit = kit or Kit(trainer.config, training)
        self._schedule = Schedule(lanes if lanes is not None else lanes_for(trainer.config, training))
        self._report = report
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._busy = False
        self._asked = 0
        self._closed = False
        self._look_again = 0.0
        self._edits = 0
        self._knowledge = Knowledge(known)
        self._threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        _monitors.add(self)
        self.checking_lag = False
        """Whether the answer to `check_lag` is still to come."""

    def offer(self, trainer: Trainer, trained: float) -> None:
        """After a step: take a copy if something is due.

        Args:
            trainer: at a step boundary.
            trained: seconds of training so far.
        """
        if trained < self._look_again or self._busy or self._closed:
            return
        self._look_again = trained + _LOOK_EVERY
        instrument = self._schedule.next(trained, trainer.config.instruments_budget / 100)
        if instrument is None:
            return
        start = time.perf_counter()
        copied = copy_weights(trainer)
        self._busy = True
        self._put(_Job(instrument, copied, time.perf_counter() - start, trained, self._edits))

    def measure_all(self, trainer: Trainer, trained: float) -> bool:
        """Have every instrument read the networks as they are now; outside the budget: somebody asked. False if they are at it."""
        if self.measuring_all or self._closed:
            return False
        copied = copy_weights(trainer)
        for instrument in self._schedule.instruments:
            self._asked += 1
            self._put(_Job(instrument, copied, 0.0, trained, self._edits, asked=True))
        return True

    @property
    def measuring_all(self) -> bool:
        """Whether answers to `measure_all` are still to come."""
        return self._asked > 0 and not self._closed

    def _put(self, job: _Job) -> None:
        self._jobs.put(job)
        if self._thread is None:
            self._thread = self._begin(self._work)

    def took(self, measured: Measured, trainer: Trainer, recent: NDArray[np.float64]) -> Measured:
        """Book what a measurement cost, and draw advice from it.

        What was seen before the last edit enters no advice. A lag found before it is dropped: it is of other settings.

        Args:
            measured: what a measuring thread has reported.
            trainer: as it is now.
            recent: the newest Wasserstein estimates.

        Returns:
            It, with its readings complete and the advice among them.
        """
        old = measured.edits != self._edits
        if measured.key == "critic-lag":
            self.checking_lag = False
            if old and not measured.trouble:
                return replace(measured, readings=(), trouble=_LAG_OF_OTHER_SETTINGS)
            readings = measured.readings
        else:
            self._book(measured)
            spent = self._schedule.spent
            readings = tuple(complete(one, seconds=measured.seconds, trained=measured.trained, spent=spent) for one in measured.readings)
        if old or measured.trouble or measured.again:
            return replace(measured, readings=readings)
        self._knowledge.take(measured.seen, measured.readings[0].step if measured.readings else trainer.step)
        advice = self._knowledge.advice(trainer.config, trainer.step, trainer.generator_updates, recent)
        return replace(measured, readings=readings if advice is None else (*readings, advice))

    def judge(self, trainer: Trainer, recent: NDArray[np.float64]) -> Reading | None:
        """The advice that the settings and what is known give rise to now, without a new look; None where it is what was said before, and
        where nothing was measured and nothing is wrong. Arguments as of `took`."""
        spoken = self._knowledge.has_spoken
        advice = self._knowledge.advice(trainer.config, trainer.step, trainer.generator_updates, recent)
        return advice if spoken or (advice is not None and advice.details["advice"]) else None

    def _book(self, measured: Measured) -> None:
        failed = bool(measured.trouble)
        if measured.asked:
            self._asked -= 1
        else:
            self._busy = False
            self._schedule.done(measured.key, measured.trained, measured.seconds, again=measured.again and not failed)
        if failed:
            self._schedule.leave_out(measured.key)

    def edited(self, names: Iterable[str]) -> None:
        """These settings were changed: if one of them is of the recipe, look at the critic soon."""
        self._look_again = 0.0
        if any(SETTINGS[name].group == "recipe" for name in names):
            self._edits += 1
            self._knowledge.forget_lag()
            self._schedule.hurry("critic-health")

    def check_lag(self, trainer: Trainer) -> bool:
        """Find out whether the critic lags, on a thread of its own and outside the budget: somebody asked. False if one is at it."""
        if self.checking_lag or self._closed:
            return False
        arguments = trainer.config, trainer.data, copy_state(trainer), self._edits
        self.checking_lag = True
        self._begin(self._check, *arguments)
        return True

    def close(self) -> None:
        """No more measurements; the one under way is of no consequence."""
        self._closed = True
        self._jobs.put(None)

    def join(self, timeout: float) -> bool:
        """Wait for the threads after `close`; True if they have ended within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        for thread in list(self._threads):
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in list(self._threads))

    def _begin(self, work: Callable[..., None], *arguments: Any) -> threading.Thread:
        thread = threading.Thread(target=work, args=arguments, name="instruments", daemon=True)
        self._threads.add(thread)
        thread.start()
        return thread

    # On the measuring threads.

    def _work(self) -> None:
        compute_beside_training()
        while (job := self._jobs.get()) is not None and not self._closed:
            self._report(self._measure(job))

    def _measure(self, job: _Job) -> Measured:
        start, key = time.perf_counter(), job.instrument.key
        look: Look | None = Look()
        trouble = ""
        try:
            specimen = job.copied.specimen()
            look = job.instrument.measure(self._kit, specimen)
            while job.asked and look is None and not self._closed:  # it does its work in parts
                look = job.instrument.measure(self._kit, specimen)
        except Exception as error:
            log.exception("instrument %s failed", key)
            trouble = (
                f"The instrument {key} failed ({type(error).__name__}: {str(error)[:120]}) and is left out from here on; training goes on."
            )
        # Not the thread's processor time: on a busy machine that is a larger part of what the training gets than of the time that passes.
        seconds = job.copying + time.perf_counter() - start
        found = look or Look()
        return Measured(
            key,
            tuple(found.readings),
            seconds,
            job.trained,
            edits=job.edits,
            seen=found.seen,
            again=look is None,
            trouble=trouble,
            asked=job.asked,
        )

    def _check(self, config: TrainConfig, data: Any, state: Any, edits: int) -> None:
        compute_beside_training()
        counters = state["training"]["counters"].tolist()
        try:
            lag = critic_lag(twin_from(config, data, state), LAG_UPDATES, over=lambda: self._closed)
        except BrokenOff:
            return
        except Exception as error:
            log.exception("the critic's lag could not be found")
            trouble = f"Whether the critic lags could not be found out ({type(error).__name__}: {str(error)[:120]}); training goes on."
            self._report(Measured("critic-lag", (), 0.0, 0.0, edits=edits, trouble=trouble))
            return
        self._report(Measured("critic-lag", (lag_reading(lag, counters[0], counters[1]),), 0.0, 0.0, edits=edits, seen=Seen(lag=lag)))


_LAG_OF_OTHER_SETTINGS = "A setting was changed while the critic's lag was looked for, so what was found no longer holds: check again."


def lag_reading(lag: Lag, step: int, generator_updates: int) -> Reading:
    """What a check of the critic's lag found. Its cost is not part of the budget."""
    finite = bool(np.isfinite(lag.found))
    return Reading(
        "critic-lag",
        step,
        generator_updates,
        lag.found if finite else None,
        n=lag.n,
        unit="of what it finds after the additional updates",
        mode="train",
        reference="training",
        seconds=lag.seconds,
        details=plain({"updates": lag.updates, "estimates": lag.estimates, "slopes": lag.slopes, "before": lag.before, "after": lag.after}),
    )
