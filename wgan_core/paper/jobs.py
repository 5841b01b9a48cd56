"""Experiments on separate threads, so that a page can show their progress and be reloaded meanwhile."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import Literal

from wgan_core.paper import run
from wgan_core.paper.result import Progress, Result, Stopped

log = logging.getLogger(__name__)

Status = Literal["waiting", "running", "done", "stopped", "failed"]


@dataclass
class Job:
    """One run of an experiment. `fraction` runs from 0 to 1; `result` is set when it is done, and `error` is a sentence if it failed."""

    name: str
    seed: int
    status: Status = "waiting"
    fraction: float = 0.0
    result: Result | None = None
    error: str = ""
    progress: Progress = field(init=False)

    def __post_init__(self) -> None:
        self.progress = Progress(self._show)

    def _show(self, fraction: float) -> None:
        self.fraction = fraction

    @property
    def active(self) -> bool:
        """Whether it is waiting or running."""
        return self.status in ("waiting", "running")

    def stop(self) -> None:
        """End it within milliseconds, or before it begins. Has no effect once it has ended. Safe from any thread."""
        self.progress.stop()
        if self.status == "waiting":
            self.status = "stopped"


class PaperJobs:
    """Runs experiments one after another, and keeps the newest result of each as long as the process lives. Safe from any thread."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        self._results: dict[str, Result] = {}
        self._lock = threading.Lock()
        self._turn = threading.Lock()

    def get(self, name: str) -> Job | None:
        """The latest job of that experiment; None if none was started."""
        return self._jobs.get(name)

    def result(self, name: str) -> Result | None:
        """The newest result of that experiment; None if there is none."""
        return self._results.get(name)

    def start(self, name: str, seed: int = 0) -> Job:
        """Start the experiment, after the earlier ones have ended. If it is already waiting or running, that job is returned."""
        with self._lock:
            known = self._jobs.get(name)
            if known is not None and known.active:
                return known
            job = self._jobs[name] = Job(name, seed)
        threading.Thread(target=self._work, args=(job,), name=f"paper-{name}", daemon=True).start()
        return job

    def _work(self, job: Job) -> None:
        with self._turn:
            if job.progress.stopping:
                job.status = "stopped"
                return
            job.status = "running"
            try:
                job.result = self._results[job.name] = run(job.name, job.seed, job.progress)
                job.status = "done"
            except Stopped:
                job.status = "stopped"
            except Exception as error:
                log.exception("experiment %s failed", job.name)
                job.error = f"It stopped because of an error in the program ({type(error).__name__}: {str(error)[:200]})."
                job.status = "failed"
