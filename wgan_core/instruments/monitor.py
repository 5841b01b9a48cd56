"""Runs the instruments: weights are copied on the run's thread, between two steps, and everything is measured on a separate thread.

Training never waits for a measurement and never depends on one. Results come back through the run's inbox.
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

from wgan_core.config import SETTINGS, TrainConfig
from wgan_core.data.dataset import Dataset
from wgan_core.instruments.advice import SETTLED, WARMED_UP
from wgan_core.instruments.kit import Kit, complete, lanes_for
from wgan_core.instruments.knowledge import Knowledge
from wgan_core.instruments.look import Look, LoopNumbers, Measured, Seen
from wgan_core.instruments.schedule import Instrument, Lane, Schedule
from wgan_core.measures.diagnose import Copied, copy_weights
from wgan_core.measures.lag import Cancelled, Lag, copy_state, critic_lag, data_of, twin_from
from wgan_core.store.readings import Reading, plain
from wgan_core.training.device import compute_beside_training
from wgan_core.training.schedules import in_force_after
from wgan_core.training.trainer import Trainer

log = logging.getLogger(__name__)

LAG_UPDATES = 200
_CHECK_EVERY_SECONDS = 0.05
"""Seconds of training between two checks of the schedule."""


@dataclass(frozen=True)
class _Job:
    instrument: Instrument
    copied: Copied
    copying_seconds: float
    """Seconds that training stood still for the copy."""
    trained_seconds: float
    edits: int
    """Number of edits of the recipe so far."""
    asked: bool = False
    """Asked for by the user: not counted against the budget, and done in one go."""


_EXIT_WAIT_SECONDS = 20.0
_monitors: weakref.WeakSet[Monitor] = weakref.WeakSet()


@atexit.register
def _wait_at_exit() -> None:
    """Let measurements finish at exit. A thread that still computes while the interpreter shuts down makes the program abort."""
    deadline = time.monotonic() + _EXIT_WAIT_SECONDS
    for monitor in list(_monitors):
        monitor.close()
    for monitor in list(_monitors):
        monitor.join(max(0.0, deadline - time.monotonic()))


class Monitor:
    """The instruments of one run. All methods are for the run's thread, and only that thread changes what is known; measuring threads only
    report.

    Args:
        trainer: the run's trainer; only its config is read here.
        training: the data that it trains on.
        report: receives each measurement, called from other threads (it puts it into the run's inbox).
        kit: what the instruments share; created here if None.
        known: the readings taken before the run was resumed.
        lanes: the instruments; if None, those that suit the run.
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
        self._began_at = trainer.step
        self._marks_passed: set[str] = set()
        self._edits = 0
        self._knowledge = Knowledge(known)
        self._threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        _monitors.add(self)
        self.checking_lag = False
        """Whether the result of `check_lag` is still pending."""

    def offer(self, trainer: Trainer, trained_seconds: float) -> str | None:
        """Copy the weights for an instrument if one is due. Called after each step. Returns that instrument's key.

        Args:
            trainer: between two steps.
            trained_seconds: seconds of training so far.
        """
        if trained_seconds < self._look_again or self._busy or self._closed:
            return None
        self._look_again = trained_seconds + _CHECK_EVERY_SECONDS
        self._hurry_at_marks(trainer)
        whole = self._whole_seconds(trainer, trained_seconds)
        instrument = self._schedule.next(trained_seconds, trainer.config.instruments_budget / 100, whole)
        if instrument is None:
            return None
        start = time.perf_counter()
        copied = copy_weights(trainer)
        self._busy = True
        self._put(_Job(instrument, copied, time.perf_counter() - start, trained_seconds, self._edits))
        return instrument.key

    def _hurry_at_marks(self, trainer: Trainer) -> None:
        """Look again soon where a rule can speak for the first time."""
        for key, passed in (("critic-health", trainer.step >= WARMED_UP), ("truth", trainer.generator_updates >= SETTLED)):
            if passed and key not in self._marks_passed:
                self._marks_passed.add(key)
                self._schedule.hurry(key)

    def _whole_seconds(self, trainer: Trainer, trained_seconds: float) -> float:
        """How long the run will have trained at its end, at the mean speed since it was started or resumed."""
        done, left = trainer.step - self._began_at, trainer.config.max_steps - trainer.step
        return trained_seconds * (1 + max(0, left) / done) if done > 0 else trained_seconds

    def measure_all(self, trainer: Trainer, trained_seconds: float) -> bool:
        """Let every instrument read the networks now, outside the budget, because the user asked. False if this is already under way."""
        if self.measuring_all or self._closed:
            return False
        copied = copy_weights(trainer)
        for instrument in self._schedule.instruments:
            self._asked += 1
            self._put(_Job(instrument, copied, 0.0, trained_seconds, self._edits, asked=True))
        return True

    @property
    def measuring_all(self) -> bool:
        """Whether results of `measure_all` are still pending."""
        return self._asked > 0 and not self._closed

    def _put(self, job: _Job) -> None:
        self._jobs.put(job)
        if self._thread is None:
            self._thread = self._begin(self._work)

    def accept(self, measured: Measured, trainer: Trainer, loop: LoopNumbers) -> Measured:
        """Count the cost of a measurement, and draw advice from it.

        A measurement from before the last edit gives no advice. A lag from before it is dropped, because it belongs to other settings.

        Args:
            measured: what a measuring thread has reported.
            trainer: in its present state.
            loop: what the training loop knows.

        Returns:
            `measured` with complete readings, including the advice.
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
            readings = tuple(
                complete(one, seconds=measured.seconds, trained=measured.trained_seconds, spent=spent) for one in measured.readings
            )
        if old or measured.trouble or measured.again:
            return replace(measured, readings=readings)
        self._knowledge.take(measured.seen, measured.readings[0].step if measured.readings else trainer.step)
        advice = self._knowledge.advice(_judged(trainer), trainer.step, trainer.generator_updates, loop)
        return replace(measured, readings=readings if advice is None else (*readings, advice))

    def judge(self, trainer: Trainer, loop: LoopNumbers) -> Reading | None:
        """The advice to which the settings, the training loop's numbers and what is known give rise now, without a new look; None where the
        same rules have spoken before, and where nothing was measured and nothing is wrong. Arguments as of `accept`."""
        return self._knowledge.advice(_judged(trainer), trainer.step, trainer.generator_updates, loop, measured=False)

    def _book(self, measured: Measured) -> None:
        failed = bool(measured.trouble)
        if measured.asked:
            self._asked -= 1
        else:
            self._busy = False
            self._schedule.done(measured.key, measured.trained_seconds, measured.seconds, again=measured.again and not failed)
        if failed:
            self._schedule.leave_out(measured.key)

    def edited(self, names: Iterable[str]) -> None:
        """These settings were changed. If one of them belongs to the recipe, look at the critic soon."""
        self._look_again = 0.0
        if any(SETTINGS[name].group == "recipe" for name in names):
            self._edits += 1
            self._knowledge.recipe_changed()
            self._schedule.hurry("critic-health")

    def check_lag(self, trainer: Trainer) -> bool:
        """Find out whether the critic lags, on a separate thread and outside the budget, because the user asked. False if this is already
        under way."""
        if self.checking_lag or self._closed:
            return False
        arguments = trainer.settings_of_newest, data_of(trainer), copy_state(trainer), self._edits
        self.checking_lag = True
        self._begin(self._check, *arguments)
        return True

    def close(self) -> None:
        """Start no more measurements. The one under way is ignored."""
        self._closed = True
        self._jobs.put(None)

    def join(self, timeout: float) -> bool:
        """Wait for the threads after `close`; True if they ended within `timeout` seconds."""
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
        start, key = time.thread_time(), job.instrument.key
        look: Look | None = Look()
        trouble = ""
        try:
            specimen = job.copied.specimen()
            look = job.instrument.measure(self._kit, specimen)
            while job.asked and look is None and not self._closed:  # it works in parts
                look = job.instrument.measure(self._kit, specimen)
        except Exception as error:
            log.exception("instrument %s failed", key)
            trouble = (
                f"The instrument {key} failed ({type(error).__name__}: {str(error)[:120]}) and is switched off for the rest of the run; "
                "training continues."
            )
        # The thread's processor time, which training may have lost to it. While it waits on a busy machine, training loses nothing.
        seconds = job.copying_seconds + time.thread_time() - start
        found = look or Look()
        return Measured(
            key,
            tuple(found.readings),
            seconds,
            job.trained_seconds,
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
            lag = critic_lag(twin_from(config, data, state), LAG_UPDATES, cancelled=lambda: self._closed)
        except Cancelled:
            return
        except Exception as error:
            log.exception("the critic's lag could not be found")
            trouble = f"The check of the critic's lag failed ({type(error).__name__}: {str(error)[:120]}); training continues."
            self._report(Measured("critic-lag", (), 0.0, 0.0, edits=edits, trouble=trouble))
            return
        self._report(Measured("critic-lag", (lag_reading(lag, counters[0], counters[1]),), 0.0, 0.0, edits=edits, seen=Seen(lag=lag)))


def _judged(trainer: Trainer) -> TrainConfig:
    """The settings that the advice judges: c and λ as they are now; n_critic, whose effect adds up over the run, with its schedule."""
    judged = in_force_after(trainer.config, trainer.step, trainer.updates_before_newest, of=("clip_value", "gp_lambda"))
    return judged.model_copy(update={"clip_schedule": trainer.config.clip_schedule})  # so that it is known that c changes by itself


_LAG_OF_OTHER_SETTINGS = "A setting was changed while the critic's lag was being measured, so the result no longer holds: check again."


def lag_reading(lag: Lag, step: int, generator_updates: int) -> Reading:
    """The result of a check of the critic's lag. Its cost does not count against the budget."""
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
