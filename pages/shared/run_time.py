"""A run along its time: what the timeline of a page shows of it, and the step in the page's address that its cursor is at."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import streamlit as st

from pages.components.moment_picture import Kept
from pages.components.timeline import Mark, MarkKind, Track
from pages.shared.problems import problem_text
from pages.shared.schedules import by_schedule
from pages.shared.server import run_manager
from pages.shared.text import counted
from wgan_core.config import SCHEDULES, SETTINGS, ConfigError, TrainConfig, has_schedule, is_scheduled, main_number, parse_config
from wgan_core.config.whole import whole_number
from wgan_core.figures.curves import thin
from wgan_core.runs.best import NAMED
from wgan_core.runs.messages import Snapshot
from wgan_core.runs.names import settings_line, short_number, started_with
from wgan_core.store.folder import RunFolder, StoreError, run_path
from wgan_core.store.history import column, generator_updates_at
from wgan_core.store.ledger import Edit
from wgan_core.timeline.reading import Moment, Timeline

AT = "at"
"""The parameter of a link that names the step under the cursor. Without it, the cursor is at the end."""
_PROBLEM, _MOVED = "time-problem", "time-moved"
_OVERTAKEN_SECONDS = 10.0
_CURVE_POINTS = 400
_SCHEDULE_POINTS = 48
"""Of the past of a run with a schedule, at which the values in force are told."""
_MAX_STEP = 10**15


def cursor_of(run_id: str) -> str:
    """The name of the cursor of a run, for charts, pictures and timelines."""
    return f"run:{run_id}"


def store_of(run_id: str, *, averaged: bool = False) -> str:
    """The name under which the browser holds a run's kept pictures."""
    return f"{run_id}{'/averaged' if averaged else ''}"


class Asked(NamedTuple):
    """The step that the page's address names."""

    step: int | None
    """None: the end, also if there is a problem."""
    problem: str = ""
    """Why another step is shown than the one that was asked for, in one sentence."""


def asked_step(snapshot: Snapshot, text: str | None = None) -> Asked:
    """The step in the page's address, or in `text`; the end if there is none, or if it is beyond the end of the run."""
    if text is None:
        text = str(st.query_params.get(AT, ""))
    end, training = snapshot.step, not snapshot.ended
    if not (text := text.strip()):
        return Asked(None)
    if (step := whole_number(text, _MAX_STEP)) is None:
        return Asked(None, f"This link names the step {text[:40]!r}, which is not a whole number from 0 on. The end of the run is shown.")
    if step > end:
        reached = "has come to" if training else "ends at"
        return Asked(None, f"This link names step {step:,}, but the run {reached} step {end:,}, which is shown.")
    return Asked(None if step == end and not training else step)


def settled(run_id: str, asked: Asked) -> Asked:
    """`asked`, whose problem is told until the cursor is moved. The address forgets it at once: a run that trains may come to that step."""
    if asked.problem:
        st.session_state[_PROBLEM] = run_id, asked.problem
        st.query_params.pop(AT, None)
    elif asked.step is None and st.session_state.get(_PROBLEM, ("", ""))[0] == run_id:
        return Asked(None, st.session_state[_PROBLEM][1])
    return asked


class _Move(NamedTuple):
    """The last move of a cursor in this browser tab."""

    run_id: str
    before: str
    """What the address said before."""
    step: int | None
    when: float
    """In seconds, monotonic."""


def moved_lately(run_id: str) -> Asked | None:
    """Where the cursor of a run has just been moved, if the address does not say so yet; None otherwise.

    A page that is redrawn every second may have asked for that before it was told its new address, and then names the old one.
    """
    move: _Move | None = st.session_state.get(_MOVED)
    if move is None or move.run_id != run_id or time.monotonic() - move.when > _OVERTAKEN_SECONDS:
        return None
    return Asked(move.step) if st.query_params.get(AT, "") == move.before else None


def go_to(run_id: str, step: int | None) -> None:
    """Write the step under the cursor of a run into the page's address; None: the end."""
    st.session_state.pop(_PROBLEM, None)
    st.session_state[_MOVED] = _Move(run_id, st.query_params.get(AT, ""), step, time.monotonic())
    write_step(step)


def write_step(step: int | None) -> None:
    """Write a step into the page's address; None: the end."""
    if step is None:
        st.query_params.pop(AT, None)
    else:
        st.query_params[AT] = str(step)


def folder_of(run_id: str) -> Path:
    """The folder of a run, which may not be there. Raises StoreError for what cannot be a run's id."""
    return run_path(run_manager().root, run_id)


def past_of(snapshot: Snapshot, path: Path) -> Timeline | None:
    """The past of the run in the folder `path`; None while it has no folder or that cannot be opened."""
    try:
        return Timeline.of(RunFolder.open(path), snapshot.step)
    except StoreError:
        return None


def track_of(snapshot: Snapshot, past: Timeline) -> Track:
    """What the timeline shows of a run."""
    rows = snapshot.history
    number = main_number(snapshot.config)
    steps, values = column(rows, "step"), column(rows, number.column)
    known = np.isfinite(values)
    steps, values = steps[known], values[known]
    kept = thin(steps.astype(np.float32), values.astype(np.float32), _CURVE_POINTS)
    end = snapshot.step
    return Track(
        end=end,
        training=not snapshot.ended,
        paused=snapshot.status == "paused",
        stops=[moment.step for moment in past.moments if moment.step <= end],
        marks=[mark for moment in past.moments if moment.step <= end for mark in marks_of(moment)],
        steps=steps[kept],
        values=values[kept],
        value_name=number.short,
        settings=settings_in_force(snapshot),
        held=held_in_words(snapshot, past),
    )


def held_in_words(snapshot: Snapshot, past: Timeline) -> str:
    """Which step is the best, if that is followed, what the run keeps of its past, and how much of its budget that takes."""
    counts = [sum(getattr(moment, kind) for moment in past.moments) for kind in ("full", "light", "grid")]
    full, light, grids = counts
    pins = [(moment.step, mark.text.removeprefix("Pinned: ")) for moment in past.moments for mark in moment.marks if mark.kind == "pin"]
    best = "".join(f"Best step: {step:,}, {text.removeprefix(NAMED)}. " for step, text in pins if text.startswith(NAMED))
    words = f"{best}Kept: {counted(full, 'full step')}, {light:,} with networks only, {counted(grids, 'picture')}"
    if snapshot.sizes is None:
        return f"{words}."
    budget = snapshot.config.history_budget
    return f"{words}; {snapshot.sizes.history / 1e6:,.0f} MB{f' of {budget:,} MB' if budget else ''}."


_KINDS: dict[str, MarkKind] = {"start": "start", "edit": "edit", "error": "error", "by-hand": "saved", "pin": "pin", "branch": "branch"}


def marks_of(moment: Moment) -> list[Mark]:
    """What is kept of a step, and what happened there."""
    kept: list[Mark] = [Mark(moment.step, "full" if moment.full else "light")] if moment.full or moment.light else []
    return [*kept, *(Mark(moment.step, _KINDS[mark.kind], problem_text(mark.text)) for mark in moment.marks)]


def edit_in_words(edit: Edit) -> str:
    """A change of a setting: Clip value c .05 → .02."""
    label = SETTINGS[edit.field].label if edit.field in SETTINGS else edit.field
    return f"{label} {value_in_words(edit.old)} → {value_in_words(edit.new)}"


def value_in_words(value: object) -> str:
    """A setting's value in few signs."""
    return short_number(value) if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


def settings_in_force(snapshot: Snapshot) -> list[tuple[int, str]]:
    """The settings from each step on at which they changed: first those that were changed, then all in one line."""
    edited = list(dict.fromkeys(edit.field for edit in snapshot.edits if edit.field in SETTINGS))
    values: dict[str, Any] = started_with(snapshot.config, snapshot.edits).model_dump()
    found: list[tuple[int, str]] = []
    by_itself = (
        {snapshot.step * i // _SCHEDULE_POINTS for i in range(_SCHEDULE_POINTS + 1)} if has_schedule(snapshot.config) else set[int]()
    )
    for step in sorted({0, *(edit.step for edit in snapshot.edits), *by_itself}):
        # An edit made at a step holds from the next one on.
        values |= {edit.field: edit.new for edit in snapshot.edits if edit.step == step and edit.field in SETTINGS and step}
        try:
            config = parse_config(values)
        except ConfigError:  # in a stranger's ledger
            continue
        changed = by_schedule(config, step, generator_updates_at(snapshot.history, step))
        changed += [f"{SETTINGS[name].label} {value_in_words(getattr(config, name))}" for name in edited if not _follows(config, name)]
        found.append((step + 1 if step else 0, ", ".join(changed) or settings_line(config)))
    return found or [(0, settings_line(snapshot.config))]


def _follows(config: TrainConfig, name: str) -> bool:
    """Whether the setting only decides the course of a schedule, whose value is told instead."""
    return any(is_scheduled(config, of) and name in (of, schedule.end) for of, schedule in SCHEDULES.items())


def config_then(snapshot: Snapshot, step: int) -> TrainConfig:
    """The settings under which `step` was trained: an edit made at a step holds from the next one on."""
    later = [edit for edit in snapshot.edits if edit.step >= step]
    try:
        return started_with(snapshot.config, later)
    except ConfigError:
        return snapshot.config


def as_of(snapshot: Snapshot, step: int) -> Snapshot:
    """The snapshot as it would have been at `step`: its past up to there, with the settings in force. Its pictures are left out."""
    rows = snapshot.history[: int(np.searchsorted(column(snapshot.history, "step"), step, side="right"))]
    return replace(
        snapshot,
        step=step,
        config=config_then(snapshot, step),
        history=rows,
        generator_updates=int(column(rows, "generator_updates")[-1]) if len(rows) else 0,
        edits=tuple(edit for edit in snapshot.edits if edit.step < step),
        readings=tuple(one for one in snapshot.readings if one.step <= step),
        pictures=None,
    )


def kept_pictures(past: Timeline, *, averaged: bool = False) -> Kept:
    """The pictures, or the points, of the fixed latents that a run keeps, for `moment_picture` and `moment_points`."""
    folder = past.folder
    if averaged and not folder.config.ema_decay:
        return {}
    resumed = sorted(entry["step"] for entry in folder.ledger() if entry["what"] == "resumed")

    def read(step: int) -> bytes:
        if past.has_points:
            return folder.past.read_points(step, averaged=averaged).astype("<f4").tobytes()
        return past.picture(step, averaged=averaged).data

    # A step that was trained again after a resume may have another picture.
    steps = [moment.step for moment in past.moments if moment.grid]
    return {step: (str(int(np.searchsorted(resumed, step))), partial(read, step)) for step in steps}
