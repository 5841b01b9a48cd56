"""Reading a run's past: which steps are kept, what happened at them, and what they hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from wgan_core.config import POINT_SETS, TrainConfig
from wgan_core.store.folder import RunFolder, StoreError, TensorDict
from wgan_core.store.history import newest
from wgan_core.store.past import Points
from wgan_core.store.readings import Reading
from wgan_core.store.readings import newest as newest_readings
from wgan_core.timeline.histograms import Histograms, from_line
from wgan_core.timeline.marks import Mark, marks_of
from wgan_core.timeline.sizes import Sizes, sizes_of


@dataclass(frozen=True)
class Moment:
    """A step at which something is kept, or at which something happened."""

    step: int
    full: bool = False
    """Whether the whole state is saved, so that it can be resumed and branched."""
    light: bool = False
    """Whether the networks are kept to be looked at only, usually in half precision. False where the step is full."""
    grid: bool = False
    """Whether the picture, or the points, of the fixed latents are kept."""
    marks: tuple[Mark, ...] = ()


class Nearest(NamedTuple):
    """The kept step that is nearest to the one asked for."""

    step: int
    exact: bool


@dataclass(frozen=True)
class Picture:
    """The grid of the fixed latents at a step, as a file for a browser."""

    step: int
    data: bytes
    mime: str


@dataclass(frozen=True)
class Cloud:
    """The points of the fixed latents at a step, float32 [n, 2]."""

    step: int
    points: Points


@dataclass(frozen=True)
class Timeline:
    """A run's past as it was when this was made. Use `of`."""

    folder: RunFolder
    moments: tuple[Moment, ...]
    """Ascending."""
    last: int
    """The newest step that is recorded."""

    @classmethod
    def of(cls, folder: RunFolder, last: int | None = None) -> Timeline:
        """What `folder` keeps now. Opens neither networks nor pictures.

        last: the newest recorded step, if it is known: otherwise all curves are read for it.
        """
        full = set(folder.whole_steps())
        light = {*folder.past.light_steps(), *folder.steps()} - full  # steps with weights only are for looking too
        grids = set(_pictured(folder, averaged=False))
        marks = marks_of(folder)
        moments = tuple(
            Moment(step, step in full, step in light, step in grids, tuple(marks.get(step, ())))
            for step in sorted(full | light | grids | marks.keys())
        )
        reached = int(newest(folder.read_metrics(), "step", 0)) if last is None else last
        return cls(folder, moments, max([reached, *full, *light, *grids]))

    @property
    def has_points(self) -> bool:
        """Whether the run makes points in the plane: then there are `clouds`, otherwise `pictures`."""
        return self.folder.config.dataset in POINT_SETS

    def nearest(self, step: int, *, full: bool = False) -> Nearest | None:
        """The step with networks that is nearest to `step`, the earlier of two equally near ones; None if none is kept.

        full: only steps that can be resumed and branched.
        """
        kept = [one.step for one in self.moments if one.full or (one.light and not full)]
        if not kept:
            return None
        found = min(kept, key=lambda at: (abs(at - step), at))
        return Nearest(found, found == step)

    def networks(self, step: int, part: str) -> TensorDict:
        """The tensors of a network at a kept step, float32, on the CPU: of the full step if it is there, else of the light one.

        part: "generator", "critic" or "averaged".

        Raises StoreError, also if the step has been thinned out since this timeline was made.
        """
        return self.folder.read_network(step, part)

    def why_not_branched(self, step: int) -> str:
        """Why no branch can begin at `step`, in a sentence that says what to do; empty if one can."""
        return self.folder.why_not_resumed(step)

    def settings(self, step: int) -> TrainConfig:
        """The settings under which `step` was trained: an edit made at a step holds from the next one on. Raises StoreError."""
        return self.folder.config_before(step)

    # What the fixed latents became.

    def picture(self, step: int, *, averaged: bool = False) -> Picture:
        """The grid of one kept moment. Raises StoreError if it is gone."""
        path = _pictured(self.folder, averaged=averaged).get(step)
        if path is None:
            raise StoreError(f"The picture of step {step:,} is not kept any more: choose another step.")
        return _picture(step, path)

    def pictures(self, *, averaged: bool = False) -> tuple[Picture, ...]:
        """The grids of all kept moments, ascending; none for a run of points. Those removed meanwhile are left out."""
        return () if self.has_points else tuple(_read(_pictured(self.folder, averaged=averaged).items()))

    def clouds(self, *, averaged: bool = False) -> tuple[Cloud, ...]:
        """The points of all kept moments, ascending; none for a run of images. Those that cannot be read are left out."""
        if not self.has_points or (averaged and not self.folder.config.ema_decay):
            return ()
        found: list[Cloud] = []
        for step in self.folder.past.moments(averaged=averaged):
            try:
                found.append(Cloud(step, self.folder.past.read_points(step, averaged=averaged)))
            except StoreError:
                continue
        return tuple(found)

    def data_points(self) -> Points:
        """Points of the data, float32 [n, 2], to be drawn behind every cloud; empty if the run keeps none."""
        try:
            found = self.folder.past.read_data_points()
        except StoreError:
            found = None
        return np.empty((0, 2), np.float32) if found is None else found

    # What was measured.

    def histograms(self) -> tuple[Histograms, ...]:
        """Histograms of weights and scores at the steps that were looked at, ascending."""
        found = (from_line(line) for line in self.folder.past.histogram_lines())
        return tuple(sorted((one for one in found if one is not None), key=lambda one: one.step))

    def readings_at(self, step: int) -> dict[str, Reading]:
        """What was known at `step`: of each instrument the last reading up to there, by key."""
        return newest_readings(one for one in self.folder.readings() if one.step <= step)

    def sizes(self) -> Sizes:
        """What the folder holds now."""
        return sizes_of(self.folder.path)


def _pictured(folder: RunFolder, *, averaged: bool) -> dict[int, Path]:
    """The files that show the fixed latents, by step, ascending. Runs of earlier versions have samples/*.png only; those of points are
    drawings and not points, so they are left out."""
    moments = folder.past.moments(averaged=averaged)
    if folder.config.dataset in POINT_SETS:
        return moments
    return dict(sorted((folder.samples(averaged=averaged) | moments).items()))


def _picture(step: int, path: Path) -> Picture:
    try:
        return Picture(step, path.read_bytes(), f"image/{path.suffix.removeprefix('.')}")
    except OSError:
        raise StoreError(f"The picture of step {step:,} is not kept any more: choose another step.") from None


def _read(files: Iterable[tuple[int, Path]]) -> Iterable[Picture]:
    for step, path in files:
        try:
            yield _picture(step, path)
        except StoreError:
            continue
