"""The step under the cursor of a run's page, when that is in the past: what was known then, and what its kept networks show."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from pages.shared.past_looks import health_then, landscape_then, scores_then
from pages.shared.run_time import as_of
from wgan_core.runs.messages import Snapshot
from wgan_core.store.folder import StoreError
from wgan_core.store.readings import Reading, of_key
from wgan_core.timeline.looks import Landscape, Scores
from wgan_core.timeline.reading import Nearest, Timeline

_HEALTH = "critic-health"


@dataclass(frozen=True)
class Then:
    """A step in the past of a run."""

    at: int
    """Where the cursor is."""
    snapshot: Snapshot
    """The run as it was there."""
    near: Nearest | None
    """The kept step whose networks are looked at; None if none is kept."""
    path: Path
    """The run's folder."""

    @property
    def which(self) -> str:
        """Which step the networks are of, in words."""
        if self.near is None:
            return ""
        return f"step {self.near.step:,}" + ("" if self.near.exact else f", the kept step nearest to {self.at:,}")

    def scores(self) -> Scores | None:
        """The critic's scores of the samples; None if they cannot be computed."""
        with contextlib.suppress(StoreError):
            return scores_then(self.path, self.near.step) if self.near is not None else None
        return None

    def landscape(self) -> Landscape | None:
        """The critic's landscape, of a run on points; None if it cannot be computed."""
        with contextlib.suppress(StoreError):
            return landscape_then(self.path, self.near.step) if self.near is not None else None
        return None

    def measured(self) -> Snapshot:
        """The run as it was there, with the critic's health measured on the kept networks, unless the run itself has measured it nearer
        to the cursor."""
        reading = self._health()
        if reading is None:
            return self.snapshot
        readings = (*(one for one in self.snapshot.readings if one.key != _HEALTH or one.step < reading.step), reading)
        return replace(self.snapshot, readings=readings)

    def _health(self) -> Reading | None:
        recorded = [abs(one.step - self.at) for one in of_key(self.snapshot.readings, _HEALTH)]
        if self.near is None or min(recorded, default=self.at + 1) <= abs(self.near.step - self.at):
            return None
        try:
            return health_then(self.path, self.near.step, self.snapshot.generator_updates)
        except StoreError:
            return None


def then_of(snapshot: Snapshot, past: Timeline | None, at: int | None) -> Then | None:
    """The step `at` of a run; None at the end."""
    if past is None or at is None:
        return None
    return Then(at, as_of(snapshot, at), past.nearest(at), past.folder.path)


def about_the_past(then: Then) -> None:
    """What this part of the page is about, while the cursor is in the past."""
    networks = f" Its critic is measured on {then.which}." if then.near is not None else " No networks near it are kept."
    st.info(f"This is what was known at step {then.at:,}.{networks}", icon=":material/history:")
