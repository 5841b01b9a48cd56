"""A run: a thin thread around its loop (`RunLoop`)."""

from __future__ import annotations

import logging
import math
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace

from wgan_core.access.person import Person
from wgan_core.config import TrainConfig
from wgan_core.runs.failure import explain_failure
from wgan_core.runs.loop import RunLoop
from wgan_core.runs.messages import (
    Command,
    Publish,
    Snapshot,
    Stop,
    is_stop,
)
from wgan_core.runs.run_data import LoadingStopped

log = logging.getLogger(__name__)

WATCHED_SECONDS = 5.0
"""A run counts as watched for so long after a page has shown it."""
MAX_WAIT_SECONDS = 0.5
"""For the first samples of a run that nobody has watched; a critic update may take longer."""


class Run:
    """A RunLoop on its own thread. Every method may be called from any thread, at any time and repeatedly.

    Args:
        run_id: the name used by the pages.
        config: shown until the loop exists.
        make_loop: builds the loop on the run's thread, given the inbox, `publish` and `wants_pictures`. May take long (loading data).
        on_end: called when everything is finished, on the run's thread; on the caller's of `stop` if the run had not begun.
        owner: who started it; None on a server that one person uses.
    """

    def __init__(
        self,
        run_id: str,
        config: TrainConfig,
        make_loop: Callable[..., RunLoop],
        on_end: Callable[[Run], None] = lambda run: None,
        owner: Person | None = None,
    ) -> None:
        self.run_id = run_id
        self.owner = owner
        self._make_loop = make_loop
        self._on_end = on_end
        self._inbox: queue.SimpleQueue[Command] = queue.SimpleQueue()
        self._snapshot = Snapshot(run_id=run_id, seq=0, status="queued", config=config)
        self._thread = threading.Thread(target=self._work, name=f"run-{run_id}", daemon=True)
        self._start_lock = threading.Lock()
        self._last_viewed = -math.inf

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""
        return self._snapshot

    def watch(self) -> Snapshot:
        """The newest snapshot, for a page that somebody is looking at. For the next seconds, samples are kept up to date.

        If nobody looked before, this waits for a snapshot with the samples of the present step, at most `MAX_WAIT_SECONDS`.
        """
        was_watched = self._is_watched()
        self._last_viewed = time.monotonic()
        if not was_watched and self._snapshot.status == "running":
            before = self._snapshot.seq
            self._inbox.put(Publish())
            while self._snapshot.seq == before and time.monotonic() < self._last_viewed + MAX_WAIT_SECONDS:
                time.sleep(0.005)
        return self._snapshot

    def _is_watched(self) -> bool:
        return time.monotonic() - self._last_viewed < WATCHED_SECONDS

    def send(self, command: Command) -> None:
        """Pass a command to the run. It takes effect between two steps."""
        if is_stop(command):
            self._stop(command)
        else:
            self._inbox.put(command)

    def start(self) -> None:
        """Start, unless the run was started or stopped before."""
        with self._start_lock:
            if self._snapshot.status == "queued":
                self._snapshot = replace(self._snapshot, status="loading", seq=self._snapshot.seq + 1)
                self._thread.start()

    def stop(self) -> None:
        """Save and end after the current step. A queued run ends at once."""
        self._stop(Stop())

    def _stop(self, command: Command) -> None:
        with self._start_lock:
            waited = self._snapshot.status == "queued"
            if waited:
                self._snapshot = replace(self._snapshot, status="stopped", seq=self._snapshot.seq + 1)
        if waited:
            self._on_end(self)  # without the lock, because it may start another run
        else:
            self._inbox.put(command)

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end. True if the run ended within `timeout` seconds."""
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _publish(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def _work(self) -> None:
        loop: RunLoop | None = None
        try:
            loop = self._make_loop(self._inbox, self._publish, wants_pictures=self._is_watched)
            while loop.tick():
                pass
        except LoadingStopped:
            self._snapshot = replace(self._snapshot, status="stopped", notice="", seq=self._snapshot.seq + 1)
        except BaseException as error:
            log.exception("run %s failed", self.run_id)
            self._fail(loop, error)
        finally:
            if loop is not None:
                loop.recorder.folder.release()
            self._on_end(self)

    def _fail(self, loop: RunLoop | None, error: BaseException) -> None:
        snapshot = replace(self._snapshot, notice="")  # it may still say how far the loading was
        sentence = loop.fail(error) if loop is not None else explain_failure(error, None)
        if loop is not None:
            snapshot = replace(
                snapshot,
                notice=loop.recorder.notice,
                step=loop.trainer.step,
                history=loop.recorder.history.view(),
                saved_steps=loop.recorder.saved_steps,
            )
        self._snapshot = replace(snapshot, status="failed", error=sentence, seq=snapshot.seq + 1)
