"""The runs of this process: at most one trains on each device, while others wait or are paused."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from wgan_core.access.person import Person
from wgan_core.config import ConfigError, TrainConfig
from wgan_core.runs.branch import branched_config, branched_loop
from wgan_core.runs.kept_queue import KeptQueue, Ticket
from wgan_core.runs.launch import new_loop, resumed_loop
from wgan_core.runs.loop import RunLoop
from wgan_core.runs.names import run_title, started_with
from wgan_core.runs.run import Run
from wgan_core.runs.run_data import with_absolute_root
from wgan_core.runs.spare_memory import give_back_soon
from wgan_core.store.folder import RunFolder, StoreError, new_run_id, run_ids, run_path
from wgan_core.training.device import resolve_device

USHER_SECONDS = 1.0
"""Between two looks at the queue while runs wait."""
ENDED_IN_MEMORY = 2
"""Runs that have ended and are still known here, with all their curves, 64 bytes a recorded step. Older ones are read from their
folders."""
FAILED_IN_MEMORY = 64
"""The same of runs that ended before they had a folder, whose error is known only here."""


class DeviceBusy(Exception):
    """Another run is training on that device; `run` is that run."""

    def __init__(self, run: Run, device: str) -> None:
        now = run.snapshot
        title = run_title(run.run_id, started_with(now.config, now.edits))
        super().__init__(f"{title} is {now.status} on {device}: stop or pause it first, or queue this run behind it.")
        self.run = run


class RunManager:
    """Starts, queues and finds runs. One object per server process. Safe from any thread.

    Args:
        root: the folder that holds the run folders.
        yield_seconds: a run that has been paused so long lets the next one in the queue train; None waits for somebody to start that one.
        goes_on: whether what waited when the last server ended begins by itself. Otherwise it stands still until somebody starts one of
            these runs, or another run ends.
    """

    def __init__(self, root: Path, *, yield_seconds: float | None = None, goes_on: bool = False) -> None:
        self.root = root
        self.queue_problems: tuple[str, ...] = ()
        """What could not be taken over from the queue of the last server, a sentence each."""
        self._yield_seconds = yield_seconds
        self._paused_since: dict[str, float] = {}
        self._ushers = False
        self._queue = KeptQueue(root)
        self._waited_before: set[str] = set()
        self._closing = False
        self._trained_last = self._queue.last_owners()
        self._runs: dict[str, Run] = {}
        self._devices: dict[str, str] = {}
        self._ended_runs: list[Run] = []
        self._waiting: list[Run] = []
        self._lock = threading.RLock()
        # So that a server still saves what it trains when it is told to end.
        atexit.register(self.shutdown)
        self._take_over(goes_on)

    def start(self, config: TrainConfig, *, queue: bool = False, owner: Person | None = None) -> Run:
        """Start a new run; with `queue`, after the run that is training on that device. Raises DeviceBusy, ConfigError.

        owner: who starts it, written into its folder.
        """
        with self._lock:  # so that no other run gets the same number
            run_id = new_run_id(config, (*run_ids(self.root), *self._runs))
            return self._add(Ticket(run_id, with_absolute_root(config), owner=owner), queue)

    def resume(self, run_id: str, changes: dict[str, Any] | None = None, *, queue: bool = False, by: str = "") -> Run:
        """Resume a run from its folder, see `launch.resumed_loop`. Raises DeviceBusy, ConfigError, StoreError."""
        path = run_path(self.root, run_id)
        folder = RunFolder.open(path)
        config = folder.config_at(max(folder.steps(), default=0)).replace(**(changes or {}))
        return self._add(Ticket(run_id, config, "resume", changes or {}, owner=folder.owner, by=by), queue)

    def branch(
        self, parent_id: str, step: int, changes: dict[str, Any] | None = None, *, queue: bool = False, owner: Person | None = None
    ) -> Run:
        """Start a new run that continues from a saved step of another one, see `branch.branched_loop`. Raises DeviceBusy, ConfigError,
        StoreError."""
        parent = run_path(self.root, parent_id)
        folder = RunFolder.open(parent)
        config = branched_config(folder, step, changes or {})
        folder.read_part(step, "training")  # a step without it is refused at once, not on the run's thread
        with self._lock:
            run_id = new_run_id(config, (*run_ids(self.root), *self._runs))
            return self._add(Ticket(run_id, config, "branch", changes or {}, parent_id, step, owner), queue)

    def _add(self, ticket: Ticket, queue: bool) -> Run:
        run_id, device = ticket.run_id, resolve_device(ticket.config.device).type
        with self._lock:
            known = self._runs.get(run_id)
            if known is not None and not known.snapshot.ended:
                raise StoreError(f"{run_id} is {known.snapshot.status} already.")
            busy = self.active(device)
            if busy is not None and not queue:
                raise DeviceBusy(busy, device)
            if busy is not None:
                self._queue.add(ticket)
            run = self._know(ticket, device)
            if busy is None:
                self._start(run)
            else:
                self._waiting.append(run)
                self._watch_pauses()
            return run

    def _know(self, ticket: Ticket, device: str) -> Run:
        run = Run(ticket.run_id, ticket.config, partial(self._begin, ticket), on_end=self._ended, owner=ticket.owner)
        self._runs[ticket.run_id] = run
        self._devices[ticket.run_id] = device
        return run

    def _begin(self, ticket: Ticket, *args: Any, **kwargs: Any) -> RunLoop:
        """Make a run's loop, on its own thread. From then on the run has a folder, and leaves the queue on the disk."""
        loop = _loop_of(self.root, ticket)(*args, **kwargs)
        self._queue.remove(ticket.run_id)
        return loop

    def _take_over(self, goes_on: bool) -> None:
        """Let what waited when the last server ended wait here, in its order."""
        tickets, problems = self._queue.take()
        with self._lock:
            for ticket in tickets:
                try:
                    device = resolve_device(ticket.config.device).type
                except ConfigError as error:
                    self._queue.leave(ticket.run_id)
                    problems.append(f"{ticket.run_id} waited, and cannot train here: {error}")
                    continue
                self._waiting.append(self._know(ticket, device))
                self._waited_before.add(ticket.run_id)
            self.queue_problems = tuple(problems)
            if goes_on:
                for device in {self._devices[run.run_id] for run in self._waiting}:
                    self._start_next(device)
                self._watch_pauses()

    def _ended(self, ended: Run) -> None:
        """Start the next run that waits for the device of `ended`, unless another one has just been started there."""
        with self._lock:
            if self._closing:  # what waits, waits on for the next server
                return
            self._queue.remove(ended.run_id)
            self._waiting = [run for run in self._waiting if run is not ended]
            self._start_next(self._devices[ended.run_id])
            self._ended_runs.append(ended)
            self._forget_old()
        give_back_soon()

    def _forget_old(self) -> None:
        """Forget the runs that ended longest ago, so that a server that runs for weeks does not grow with each run."""
        has_folder = {run.run_id: (run_path(self.root, run.run_id) / "config.json").exists() for run in self._ended_runs}
        for kept, most in ((True, ENDED_IN_MEMORY), (False, FAILED_IN_MEMORY)):
            for run in [run for run in self._ended_runs if has_folder[run.run_id] is kept][:-most]:
                self._ended_runs.remove(run)
                if self._runs.get(run.run_id) is run:  # else it was resumed
                    del self._runs[run.run_id], self._devices[run.run_id]
                    self._waited_before.discard(run.run_id)

    def _start(self, run: Run) -> None:
        device, who = self._devices[run.run_id], _owner_id(run)
        if run.snapshot.status == "queued" and self._trained_last.get(device) != who:
            self._trained_last[device] = who
            if run.owner is not None:
                self._queue.note_last(self._trained_last)
        run.start()

    def _start_next(self, device: str) -> None:
        """Start the next run that waits for `device`, unless something trains there."""
        for run in self._in_turn(device):
            if self.active(device) is not None:
                return
            self._waiting.remove(run)
            self._start(run)  # does nothing if the run was stopped while it waited; then the next one is tried

    def _in_turn(self, device: str) -> list[Run]:
        """The runs that wait for `device`, in the order in which they will train: everybody's first one before anybody's second. What
        belongs to nobody counts as one person's, so that without names they train in the order in which they came."""
        had: dict[str, int] = {self._trained_last[device]: 1} if device in self._trained_last else {}
        turns: list[tuple[int, int, Run]] = []
        for place, run in enumerate(run for run in self._waiting if self._devices[run.run_id] == device):
            who = _owner_id(run)
            turns.append((had.get(who, 0), place, run))
            had[who] = had.get(who, 0) + 1
        return [run for *_, run in sorted(turns, key=lambda turn: turn[:2])]

    def _watch_pauses(self) -> None:
        """While runs wait, look every second for one that has been paused for long. Does nothing if paused runs need not yield."""
        if self._yield_seconds is None or self._ushers:
            return
        self._ushers = True
        threading.Thread(target=self._usher, name="queue", daemon=True).start()

    def _usher(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._ushers = False
                    return
                self.yield_paused(time.monotonic())
            time.sleep(USHER_SECONDS)

    def yield_paused(self, now: float) -> None:
        """Let the next runs train where one has been paused for `yield_seconds`. To be called now and then. now: seconds, monotonic."""
        with self._lock:
            paused = [run.run_id for run in self._runs.values() if run.snapshot.status == "paused"]
            self._paused_since = {run_id: self._paused_since.get(run_id, now) for run_id in paused}
            for device in {self._devices[run.run_id] for run in self._waiting}:
                since = [self._paused_since[run_id] for run_id in paused if self._devices[run_id] == device]
                if self._yield_seconds is not None and all(now - one >= self._yield_seconds for one in since):
                    self._start_next(device)

    def get(self, run_id: str) -> Run | None:
        """The run with that id; None if it was not started in this process."""
        return self._runs.get(run_id)

    def active(self, device: str) -> Run | None:
        """The run that is training (or loading) on `device`, a device type. A run that is paused leaves the device to others."""
        with self._lock:
            for run_id, run in self._runs.items():
                if self._devices[run_id] == device and run.snapshot.status in ("loading", "running"):
                    return run
        return None

    def in_the_way(self, run_id: str) -> Run | None:
        """The other run that has to pause or end before this paused one can train on; None if there is none."""
        other = self.active(self._devices[run_id]) if run_id in self._devices else None
        return other if other is not None and other.run_id != run_id else None

    def ahead_of(self, run_id: str) -> list[Run]:
        """The runs that a queued run waits for, in their order: the one that has the device, then those that wait before it."""
        with self._lock:
            if self._runs.get(run_id) not in self._waiting:
                return []
            device = self._devices[run_id]
            turns = [run for run in self._in_turn(device) if run.snapshot.status == "queued" or run.run_id == run_id]
            waiting = turns[: [run.run_id for run in turns].index(run_id)]
            active = self.active(device)
            return [active, *waiting] if active is not None else waiting

    def start_now(self, run_id: str) -> None:
        """Start a queued run before its turn, if nothing trains on its device; for instance because the run before it is paused."""
        with self._lock:
            run = self._runs.get(run_id)
            if run in self._waiting and self.active(self._devices[run_id]) is None:
                self._waiting.remove(run)
                self._start(run)

    def waited_before(self, run_id: str) -> bool:
        """Whether a run that still waits has waited since before this server was started."""
        return run_id in self._waited_before and self._runs[run_id].snapshot.status == "queued"

    def stands_still(self) -> list[Run]:
        """The runs that waited before this server was started and whose device is free, in their order: somebody has to start the first."""
        with self._lock:
            free = [device for device in sorted(set(self._devices.values())) if self._stands_still(device)]
            return [run for device in free for run in self._in_turn(device) if self.waited_before(run.run_id)]

    def _stands_still(self, device: str) -> bool:
        """Whether the device is free, and no run that is paused lets others wait for it."""
        return not any(
            self._devices[run_id] == device and run.snapshot.status in ("loading", "running", "paused")
            for run_id, run in self._runs.items()
        )

    def all_active(self) -> list[Run]:
        """All runs that have not ended, including those that wait."""
        with self._lock:
            return [run for run in self._runs.values() if not run.snapshot.ended]

    def shutdown(self, timeout: float = 10.0) -> None:
        """Stop every run and wait, at most `timeout` seconds, until they are saved. What waits stays in the queue on the disk."""
        with self._lock:
            self._closing = True
        deadline = time.monotonic() + timeout
        runs = self.all_active()
        for run in runs:
            run.stop()
        for run in runs:
            run.join(max(0.0, deadline - time.monotonic()))
        self._queue.close()


def _owner_id(run: Run) -> str:
    return run.owner.id if run.owner is not None else ""


def _loop_of(root: Path, ticket: Ticket) -> Callable[..., RunLoop]:
    """What makes the run's loop."""
    path = run_path(root, ticket.run_id)
    if ticket.kind == "resume":
        return partial(resumed_loop, path, ticket.changes, by=ticket.by)
    if ticket.kind == "branch":
        return partial(branched_loop, run_path(root, ticket.parent), ticket.step, ticket.changes, path, owner=ticket.owner)
    return partial(new_loop, ticket.config, path, owner=ticket.owner)
