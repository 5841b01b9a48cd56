"""The runs of this process: at most one trains on each device, while others wait or are paused."""

from __future__ import annotations

import atexit
import itertools
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from wgan_core.config import TrainConfig
from wgan_core.runs.branch import branched_config, branched_loop
from wgan_core.runs.launch import new_loop, resumed_loop
from wgan_core.runs.names import run_title, started_with
from wgan_core.runs.run import Run, RunLoop
from wgan_core.store.folder import RunFolder, StoreError, new_run_id, run_ids, run_path
from wgan_core.training.device import resolve_device


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
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._runs: dict[str, Run] = {}
        self._devices: dict[str, str] = {}
        self._waiting: list[Run] = []
        self._lock = threading.RLock()
        # So that a server still saves what it trains when it is told to end.
        atexit.register(self.shutdown)

    def start(self, config: TrainConfig, *, queue: bool = False) -> Run:
        """Start a new run; with `queue`, after the run that is training on that device. Raises DeviceBusy, ConfigError."""
        with self._lock:  # so that no other run gets the same number
            run_id = new_run_id(config, (*run_ids(self.root), *self._runs))
            return self._add(run_id, config, partial(new_loop, config, run_path(self.root, run_id)), queue)

    def resume(self, run_id: str, changes: dict[str, Any] | None = None, *, queue: bool = False) -> Run:
        """Resume a run from its folder, see `launch.resumed_loop`. Raises DeviceBusy, ConfigError, StoreError."""
        path = run_path(self.root, run_id)
        folder = RunFolder.open(path)
        config = folder.config_at(max(folder.steps(), default=0)).replace(**(changes or {}))
        return self._add(run_id, config, partial(resumed_loop, path, changes or {}), queue)

    def branch(self, parent_id: str, step: int, changes: dict[str, Any] | None = None, *, queue: bool = False) -> Run:
        """Start a new run that continues from a saved step of another one, see `branch.branched_loop`. Raises DeviceBusy, ConfigError,
        StoreError."""
        parent = run_path(self.root, parent_id)
        folder = RunFolder.open(parent)
        config = branched_config(folder, step, changes or {})
        folder.read_part(step, "training")  # a step without it is refused at once, not on the run's thread
        with self._lock:
            run_id = new_run_id(config, (*run_ids(self.root), *self._runs))
            return self._add(run_id, config, partial(branched_loop, parent, step, changes or {}, run_path(self.root, run_id)), queue)

    def _add(self, run_id: str, config: TrainConfig, make_loop: Callable[..., RunLoop], queue: bool) -> Run:
        device = resolve_device(config.device).type
        with self._lock:
            known = self._runs.get(run_id)
            if known is not None and not known.snapshot.ended:
                raise StoreError(f"{run_id} is {known.snapshot.status} already.")
            busy = self.active(device)
            if busy is not None and not queue:
                raise DeviceBusy(busy, device)
            run = Run(run_id, config, make_loop, on_end=self._ended)
            self._runs[run_id] = run
            self._devices[run_id] = device
            if busy is None:
                run.start()
            else:
                self._waiting.append(run)
            return run

    def _ended(self, ended: Run) -> None:
        """Start the next run that waits for the device of `ended`, unless another one has just been started there."""
        with self._lock:
            device = self._devices[ended.run_id]
            for run in [run for run in self._waiting if self._devices[run.run_id] == device]:
                if self.active(device) is not None:
                    return
                self._waiting.remove(run)
                run.start()  # does nothing if the run was stopped while it waited; then the next one is tried

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
            before = itertools.takewhile(lambda run: run.run_id != run_id, self._waiting)
            waiting = [run for run in before if self._devices[run.run_id] == device and run.snapshot.status == "queued"]
            active = self.active(device)
            return [active, *waiting] if active is not None else waiting

    def start_now(self, run_id: str) -> None:
        """Start a queued run before its turn, if nothing trains on its device; for instance because the run before it is paused."""
        with self._lock:
            run = self._runs.get(run_id)
            if run in self._waiting and self.active(self._devices[run_id]) is None:
                self._waiting.remove(run)
                run.start()

    def all_active(self) -> list[Run]:
        """All runs that have not ended, including those that wait."""
        with self._lock:
            return [run for run in self._runs.values() if not run.snapshot.ended]

    def shutdown(self, timeout: float = 10.0) -> None:
        """Stop every run and wait, at most `timeout` seconds, until they are saved."""
        deadline = time.monotonic() + timeout
        runs = self.all_active()
        for run in runs:
            run.stop()
        for run in runs:
            run.join(max(0.0, deadline - time.monotonic()))
