"""One of the runs, or steps of a run, that are compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wgan_core.compare.differences import Described, described
from wgan_core.config import TrainConfig
from wgan_core.store.batches import BatchSizes, batch_sizes
from wgan_core.store.folder import RunFolder, StoreError, run_path
from wgan_core.store.history import Rows, column, newest
from wgan_core.store.ledger import Edit
from wgan_core.store.readings import Reading

MIN_SIDES, MAX_SIDES = 2, 8
_STEP = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True)
class Side:
    """A run, up to a step if one was named, with everything that a comparison reads of it."""

    name: str
    """RUN or RUN@STEP, as in the page's address."""
    folder: RunFolder
    until: int | None
    """The named step; None for the whole run."""
    last: int
    """The last step: the named one, or the newest that was recorded or saved."""
    started: TrainConfig
    """The settings that the run started with."""
    config: TrainConfig
    """The settings in force at `last`."""
    history: Rows
    readings: tuple[Reading, ...]
    edits: tuple[Edit, ...]
    described: Described
    batch_sizes: BatchSizes
    """Those of its ancestors too."""

    @property
    def run_id(self) -> str:
        """The name of the run's folder."""
        return self.folder.path.name

    @property
    def data(self) -> Mapping[str, Any]:
        """What the run keeps about its data."""
        return dict(self.folder.meta.get("dataset") or {})

    def seen_at(self, step: int) -> Seen:
        """The run as it was at `step`, for `instruments.answers`."""
        rows = self.history[column(self.history, "step") <= step]
        return Seen(
            config=self.folder.config_before(step) if step < self.last else self.config,
            step=step,
            generator_updates=int(newest(rows, "generator_updates", 0)),
            history=rows,
            readings=tuple(one for one in self.readings if one.step <= step),
        )


@dataclass(frozen=True)
class Seen:
    """A run up to a step."""

    config: TrainConfig
    step: int
    generator_updates: int
    history: Rows
    readings: tuple[Reading, ...]
    steps_per_second: float = 0.0
    ended: bool = True
    """Nothing is said of what will be measured later."""


def split_name(name: str) -> tuple[str, int | None]:
    """`RUN` and `RUN@STEP` as the run's id and the step. Raises StoreError."""
    run_id, at, step = name.partition("@")
    if not at:
        return run_id, None
    if not _STEP.fullmatch(step):
        raise StoreError(f"{name[:80]!r} names no step: write it as RUN@STEP, with a whole number after the @.")
    return run_id, int(step)


def open_side(root: Path, name: str) -> Side:
    """The run that `name` (RUN or RUN@STEP) stands for, from its folder below `root`.

    Raises:
        NoRun: there is no such run.
        StoreError: it is damaged, or it never reached that step.
    """
    run_id, until = split_name(name)
    folder = RunFolder.open(run_path(root, run_id))
    history, readings, edits = folder.read_metrics(), folder.readings(), folder.edits()
    steps = column(history, "step")
    last = int(max(max(folder.steps(), default=0), steps[-1] if len(steps) else 0))
    if until is not None:
        if until > last:
            raise StoreError(f"{run_id} has been trained to step {last:,} only: choose a step up to that one.")
        last = until
        history = history[steps <= until]
        readings = tuple(one for one in readings if one.step <= until)
        edits = tuple(edit for edit in edits if edit.step < until)  # one made there holds from the next step on
    return Side(
        name=name,
        folder=folder,
        until=until,
        last=last,
        started=folder.config,
        config=folder.config_at(last) if until is None else folder.config_before(last),
        history=history,
        readings=readings,
        edits=edits,
        described=described(folder, until),
        batch_sizes=batch_sizes(folder),
    )
