"""A run without a thread: a deterministic loop around a Trainer. `Run` gives it a thread.

The page and the loop meet in only two places. Commands go in through a queue and are applied between two steps. Snapshots come out as
immutable objects, published by replacing a single reference. So there is no lock, and no page can touch a training tensor.
"""

from __future__ import annotations

import contextlib
import logging
import math
import queue
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wgan_core.config import SETTINGS, TrainConfig, has_schedule, is_wasserstein
from wgan_core.instruments.look import LoopNumbers, Measured
from wgan_core.instruments.monitor import LAG_UPDATES, Monitor
from wgan_core.runs.best import LOOKS, NOTED, BestStep, counted_looks
from wgan_core.runs.failure import explain_failure
from wgan_core.runs.guard import Guard, NotFinite
from wgan_core.runs.messages import (
    ENDED,
    By,
    CheckLag,
    Command,
    MeasureAll,
    Note,
    Pause,
    Pictures,
    Publish,
    Resume,
    SaveNow,
    Set,
    Snapshot,
    Status,
    StepOnce,
    Stop,
    next_status,
)
from wgan_core.runs.recorder import Recorder
from wgan_core.runs.speed import Speed
from wgan_core.store.history import column
from wgan_core.store.ledger import Edit
from wgan_core.store.readings import Reading, plain
from wgan_core.timeline.fixed import as_shown, fixed_classes, names_of_rows
from wgan_core.training.trainer import CriticScores, Trainer

log = logging.getLogger(__name__)

SECONDS_WORTH_A_LAST_LOOK = 20.0
"""Of training: a shorter run ends without a last look of all instruments, which takes some seconds."""
MAX_LAST_LOOK_SECONDS = 60.0
EDITS_TOGETHER_SECONDS = 5.0
"""Edits that follow each other faster share one saved step."""
PAUSE_AFTER_PICTURES = 10.0
"""Times what drawing the samples took, before they are drawn again: large networks that are watched lose a tenth of their time at most."""


class RunLoop:
    """Applies commands and trains, one `tick` at a time. It has no thread, so tests call it directly.

    Args:
        trainer: new, or with a loaded state.
        recorder: records curves, ledger and steps.
        inbox: where commands arrive.
        publish: called with each new Snapshot.
        wants_pictures: asked, while the run trains, before samples are drawn for a snapshot, which takes a few milliseconds.
        publish_every_seconds: time between snapshots.
        monitor: measures the run; None for no instruments.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        trainer: Trainer,
        recorder: Recorder,
        inbox: queue.SimpleQueue[Command],
        publish: Callable[[Snapshot], None] = lambda snapshot: None,
        *,
        wants_pictures: Callable[[], bool] = lambda: True,
        publish_every_seconds: float = 1.0,
        monitor: Monitor | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.trainer = trainer
        self.recorder = recorder
        self._inbox = inbox
        self._publish = publish
        self._wants_pictures = wants_pictures
        self._publish_every_seconds = publish_every_seconds
        self._monitor = monitor
        self._clock = clock
        self._steps_to_do = 0
        self._edits = recorder.folder.edits()
        self._last_edit_at = -math.inf
        self._parent = recorder.folder.parent
        self._best = BestStep(recorder.folder, recorder.noted, trainer.step)
        self._speed = Speed(clock, trainer.step)
        self._guard = Guard()
        self._pictures: Pictures | None = None
        self._seq = 1  # a Run has already published 0 (queued) and 1 (loading)
        self._next_publish = self._next_pictures = -math.inf
        self._last_look_until: float | None = None
        self.scores: CriticScores | None = None
        """Of the newest critic update; None before the first."""
        self.status: Status = "running"
        # Step 0 is saved too, so that the history starts with the untrained networks, and a failing run always has a good step.
        if not recorder.folder.steps():
            self._save()
        recorder.note(trainer.step, "status", status="running")
        self._emit()

    def tick(self) -> bool:
        """Apply all waiting commands, then train one step. False once the run has ended."""
        self._apply_commands()
        if (self.status == "running" or self._steps_to_do) and self.trainer.step >= self.trainer.config.max_steps:
            if self._measures_once_more():
                return True
            self._end("finished")
            self._emit()
        if self.status in ENDED:
            return False
        self._train()
        stepped = self.status == "paused" and self._steps_to_do == 0
        if stepped or self._clock() >= self._next_publish:
            self._emit()
        return True

    def _measures_once_more(self) -> bool:
        """At the end of a run that took its time, have every instrument look once more; True while that goes on."""
        monitor = self._monitor
        if monitor is None or not self.trainer.config.instruments_budget or self._speed.seconds() < SECONDS_WORTH_A_LAST_LOOK:
            return False
        if self._last_look_until is None:
            self._last_look_until = self._clock() + MAX_LAST_LOOK_SECONDS
            self._measure_all()
            self._emit()
        if not monitor.measuring_all or self._clock() >= self._last_look_until:
            return False
        with contextlib.suppress(queue.Empty):
            self._apply(self._inbox.get(timeout=0.1))
        return self.status not in ENDED

    def _apply_commands(self) -> None:
        """Apply the waiting commands. A paused run blocks here until one arrives."""
        while self.status not in ENDED:
            try:
                self._apply(self._inbox.get(block=self.status == "paused" and self._steps_to_do == 0))
            except queue.Empty:
                return

    def _apply(self, command: Command) -> None:
        match command:
            case Pause():
                self._change_status("paused")
                self._steps_to_do = 0
            case Resume():
                self._change_status("running")
            case StepOnce(count):
                self._change_status("paused")
                self._steps_to_do += count
            case Set(changes):
                self.edit(changes)
            case SaveNow():
                self._save(by_hand=True)
            case Stop():
                self._end("finished" if self.trainer.step >= self.trainer.config.max_steps else "stopped")
            case Note(what, details):
                self.recorder.note(self.trainer.step, what, **details)
            case Publish():
                self._next_pictures = -math.inf  # every command is followed by a snapshot, this one with the samples of now
            case CheckLag():
                self._check_lag()
            case MeasureAll():
                self._measure_all()
            case Measured():
                self._take(command)
            case By():
                self._apply_for(command)
                return
            case _:
                raise TypeError(f"not a command: {command!r}")
        # Measurements arrive often, and the next snapshot comes soon. Only a paused run publishes none by itself.
        if not isinstance(command, Measured) or self.status != "running":
            self._emit()

    def _apply_for(self, sent: By) -> None:
        """Apply a command, with the name of who sent it in what the ledger gets."""
        self.recorder.by = sent.name
        try:
            self._apply(sent.command)
        finally:
            self.recorder.by = ""

    def _train(self) -> None:
        """Train one step and record it."""
        trainer = self.trainer
        self.scores = scores = trainer.train_step()
        self._steps_to_do = max(0, self._steps_to_do - 1)
        self._guard.watch(trainer, scores)
        if trainer.step % trainer.config.log_every == 0:
            self.recorder.record(trainer, scores, self._speed.seconds())
        if self.recorder.save_is_due(trainer):
            self._save()
        self.recorder.keeper.offer(trainer, self._speed.seconds())
        if self._monitor is not None:
            self._measure(self._monitor)

    def _measure(self, monitor: Monitor) -> None:
        """Give the instruments a copy of the networks if one is due. If anything goes wrong there, training continues."""
        try:
            looks = monitor.offer(self.trainer, self._speed.seconds())
        except Exception as error:
            self._without_monitor(error)
            return
        if looks is not None and looks == LOOKS.get(self.trainer.config.best_by) and self.trainer.step not in self.recorder.saved_steps:
            self._save()  # so that the step is there if it turns out to be the best

    def _judge(self, monitor: Monitor) -> None:
        """Say at once what the settings and the loop's own numbers give away."""
        try:
            advice = monitor.judge(self.trainer, self._loop_numbers())
        except Exception as error:
            self._without_monitor(error)
            return
        if advice is not None:
            self.recorder.keep_readings((advice,))

    def _loop_numbers(self) -> LoopNumbers:
        rows = self.recorder.history.view()
        steps, estimates = column(rows, "step"), column(rows, "wasserstein_estimate")
        last = self._edits[-1] if self._edits else None
        at = int(np.searchsorted(steps, last.step, side="right")) if last is not None else len(rows)
        shown = self._pictures
        return LoopNumbers(
            estimates[-200:].copy(),
            last_edit=last,
            before=estimates[max(0, at - 200) : at].copy(),
            since=estimates[max(at, len(rows) - 50) :].copy(),
            losses=column(rows, "critic_loss")[-200:].copy(),
            saturated=None if shown is None else saturated(shown.samples),
            real_saturated=None if shown is None else saturated(shown.real),
        )

    def _take(self, measured: Measured) -> None:
        """Store what instruments have read."""
        if self._monitor is None:
            return
        try:
            measured = self._monitor.accept(measured, self.trainer, self._loop_numbers())
        except Exception as error:
            self._without_monitor(error)
            return
        self.recorder.keep_readings(measured.readings)
        self._judge_gain(measured.readings)
        if measured.trouble:
            self.recorder.say("instruments", measured.trouble)
            self.recorder.note(self.trainer.step, "warning", text=measured.trouble)
        for reading in measured.readings:
            if reading.key == "critic-lag":
                seen = {name: plain(reading.details[name]) for name in ("before", "after")}
                self.recorder.note(reading.step, "critic-lag", found=reading.value, updates=LAG_UPDATES, n=reading.n, **seen)

    def _judge_gain(self, readings: Sequence[Reading]) -> None:
        """Name the best step, and stop a run that does not gain any more."""
        config, before = self.trainer.config, self._best.best
        if (best := self._best.take(readings, config)) is not None:
            was = None if before is None else before.step
            self.recorder.note(best.step, NOTED, measure=best.key, value=plain(best.value), band=plain(best.band), before=was)
        elif (best := self._best.best) is not None and self._best.stops(config) and self._is_on_its_way:
            said = (
                f"The run stopped by itself: {counted_looks(self._best.looks)} found nothing better than step {best.step:,} ({best.text})."
            )
            self.recorder.note(self.trainer.step, "no-gain", looks=self._best.looks, best=best.step)
            self.recorder.say("stopped", said)
            self._end("stopped")

    @property
    def _is_on_its_way(self) -> bool:
        """Whether the run trains and has not reached its end."""
        return self.status == "running" and self.trainer.step < self.trainer.config.max_steps

    def _check_lag(self) -> None:
        if not is_wasserstein(self.trainer.config):
            self.recorder.say("refusal", "An ordinary GAN has no Wasserstein estimate, so there is no lag to check.")
            return
        try:
            if self._monitor is None or not self._monitor.check_lag(self.trainer):
                self.recorder.say("refusal", "The critic's lag is being measured already, or cannot be measured here.")
        except Exception as error:
            self._without_monitor(error)

    def _measure_all(self) -> None:
        try:
            if self._monitor is None or not self._monitor.measure_all(self.trainer, self._speed.seconds()):
                self.recorder.say("refusal", "Everything is being measured already, or cannot be measured here.")
        except Exception as error:
            self._without_monitor(error)

    def _without_monitor(self, error: Exception) -> None:
        log.exception("run %s: instruments failed", self.recorder.folder.run_id)
        text = f"The instruments failed ({type(error).__name__}: {str(error)[:120]}) and are switched off; training continues."
        self.recorder.say("instruments", text)
        self.recorder.note(self.trainer.step, "warning", text=text)
        self.close()
        self._monitor = None

    def close(self) -> None:
        """Stop the instruments without waiting for them."""
        if self._monitor is not None:
            self._monitor.close()

    def edit(self, changes: dict[str, Any]) -> None:
        """Change live settings, all of them or none, and record each change in the ledger. An invalid change gives a notice and has no
        effect."""
        old = self.trainer.config
        try:
            new = old.replace(**changes)
            self.trainer.configure(new)
        except ValueError as error:
            self.recorder.say("refusal", str(error))
            return
        self.recorder.take_back("refusal")
        changed = [name for name in changes if getattr(new, name) != getattr(old, name)]
        if any(_changes_training(name, new) for name in changed):
            self._save_before_edit()
        for name in changed:
            edit = Edit(self.trainer.step, name, getattr(old, name), getattr(new, name))
            self._edits += (edit,)
            self.recorder.note(edit.step, "edit", field=edit.field, old=edit.old, new=edit.new)
        if "history_budget" in changed:
            self.recorder.make_room(self.trainer)
        if self._monitor is not None:
            self._monitor.edited(changes)
            self._judge(self._monitor)
            if self.status == "paused":  # otherwise the next step does this
                self._measure(self._monitor)

    def _save_before_edit(self) -> None:
        """Save the step as it was before an edit, so that a branch can go on as if the edit had not happened. Edits that follow each other
        within `EDITS_TOGETHER_SECONDS`, as while a slider is dragged, share the step of the first."""
        now, before = self._clock(), self._last_edit_at
        self._last_edit_at = now
        if now - before < EDITS_TOGETHER_SECONDS:
            return
        step = self.trainer.step
        if step in self.recorder.saved_steps or self._save():  # a saved step is the state from before the edit, which changes no weight
            self.recorder.note(step, "saved-before-edit")

    def _save(self, by_hand: bool = False) -> bool:
        """Save the step and its sample grid. A full disk gives a notice and does not end the run. Weights that are not finite are never
        saved."""
        self._guard.look()
        self.recorder.flush()
        return self.recorder.save(self.trainer, by_hand=by_hand)

    def _end(self, status: Status) -> None:
        if self.trainer.step not in self.recorder.folder.steps() and not self._save():
            kept = f" before you resume it from step {max(self.recorder.saved_steps)}" if self.recorder.saved_steps else ""
            text = f"Step {self.trainer.step} could not be saved, and the run has ended: free some disk space{kept}."
            self.recorder.say("saving", text)
        self.recorder.flush()
        self._change_status(status)

    def fail(self, error: BaseException) -> str:
        """Record in the ledger that `error` ended the run. Returns what happened, in words for the user."""
        if isinstance(error, NotFinite) and error.step is not None:
            self.trainer.step = error.step  # the steps after it do not count
        with contextlib.suppress(Exception):  # points since the last snapshot are recorded if the device can still provide them
            self.recorder.flush()
        self.status = "failed"
        self.close()
        sentence = explain_failure(error, self)
        self.recorder.note(self.trainer.step, "status", status="failed", error=sentence)
        return sentence

    def _change_status(self, wanted: Status) -> None:
        status = next_status(self.status, wanted)
        if status != self.status:
            self.status = status
            self._steps_to_do = 0
            self._speed.set_running(status == "running", self.trainer.step)
            self.recorder.note(self.trainer.step, "status", status=status)
            if status in ENDED:
                self.close()

    def _emit(self) -> None:
        """Publish a snapshot now."""
        self._guard.look()
        self.recorder.flush()
        if self._pictures is None or (self._pictures.step != self.trainer.step and self._pictures_are_due()):
            begun = self._clock()
            self._pictures = self._draw()
            self._next_pictures = self._clock() + PAUSE_AFTER_PICTURES * (self._clock() - begun)
        if self._monitor is not None and self.status == "running":
            self._judge(self._monitor)
        self._seq += 1
        trainer = self.trainer
        self._publish(
            Snapshot(
                run_id=self.recorder.folder.path.name,
                seq=self._seq,
                status=self.status,
                config=trainer.config,
                step=trainer.step,
                generator_updates=trainer.generator_updates,
                steps_per_second=self._speed.update(trainer.step),
                history=self.recorder.history.view(),
                edits=self._edits,
                batches_per_epoch=trainer.batches_per_epoch,
                parent=self._parent,
                pictures=self._pictures,
                saved_steps=self.recorder.saved_steps,
                sizes=self.recorder.keeper.sizes,
                readings=self.recorder.readings,
                checking_lag=self._monitor is not None and self._monitor.checking_lag,
                measuring_all=self._monitor is not None and self._monitor.measuring_all,
                notice=self.recorder.notice,
            )
        )
        self._next_publish = self._clock() + self._publish_every_seconds

    def _pictures_are_due(self) -> bool:
        """While the run trains, a snapshot follows soon, so drawing can wait until somebody looks. A run that has paused or ended may
        publish nothing more, and whoever comes back to it has to find the samples of its last step."""
        return self.status != "running" or (self._clock() >= self._next_pictures and self._wants_pictures())

    def _draw(self) -> Pictures:
        samples, real = self.recorder.fixed_samples(self.trainer), self.recorder.fixed_real(self.trainer)
        pairs = zip((samples, real), fixed_classes(self.trainer), strict=True)
        scores = [self.trainer.score(shown, classes).float().cpu().numpy() for shown, classes in pairs]
        for array in scores:
            array.flags.writeable = False
        averaged = None
        if self.trainer.averaged_generator is not None:
            averaged = as_shown(self.recorder.fixed_samples(self.trainer, averaged=True))
        names = names_of_rows(self.trainer.classes)
        return Pictures(self.trainer.step, as_shown(samples), as_shown(real), scores[0], scores[1], averaged, names)


def _changes_training(name: str, config: TrainConfig) -> bool:
    """Whether a change of this live setting changes the weights that follow."""
    return SETTINGS[name].group == "recipe" or (name == "max_steps" and has_schedule(config))


def saturated(samples: NDArray[np.uint8] | NDArray[np.float32]) -> float | None:
    """Share of pixels that are black or white, within 1 % of the range; None for points."""
    return float(((samples <= 2) | (samples >= 253)).mean()) if samples.dtype == np.uint8 else None
