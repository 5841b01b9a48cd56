"""The table of runs: a picture, what each is called, in which settings it differs, and how far it got."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.runs.place import Place, measures_of, select, selected
from pages.parts.runs.thumbnails import thumbnail
from wgan_core.config import SETTINGS
from wgan_core.data.catalog import DATASETS
from wgan_core.library.entry import Entry
from wgan_core.library.fields import best_of, differing, setting_value
from wgan_core.store.readings import DISTANCES, KINDS

KEY = "runs.table"
ROW_PX = 56
MAX_SETTINGS = 8
"""Columns of settings that differ; the others can be switched on in the table's menu of columns."""
_ROWS = "runs.rows"

Column = tuple[list[Any], Any]
"""The cells and their configuration."""


def table(root: Path, rows: Sequence[tuple[Entry, int]], found: Sequence[Entry], place: Place) -> None:
    """Draw the rows of one page. Which of them are selected is kept by name, so that rows may come, go and move.

    Args:
        root: the folder of runs.
        rows: the runs to show, with their depth in the tree.
        found: all runs that the filter found, whose differences are the columns.
        place: what the address asks for.
    """
    entries = [entry for entry, _ in rows]
    names = [entry.name for entry in entries]
    different = differing(found)
    columns = _columns(root, rows, different, place, measures_of(found))
    hidden = {SETTINGS[name].label for name in different[MAX_SETTINGS:]}
    st.session_state[_ROWS] = names
    chosen = [names.index(name) for name in selected() if name in names]
    now = st.session_state.get(KEY, {}).get("selection", {}).get("rows", [])
    if sorted(now) != sorted(chosen):
        st.session_state[KEY] = {"selection": {"rows": sorted(chosen), "columns": [], "cells": []}}
    st.dataframe(
        {label: cells for label, (cells, _) in columns.items()},
        key=KEY,
        height="auto" if len(rows) < 10 else 600,
        row_height=ROW_PX,
        hide_index=True,
        column_order=[label for label in columns if label not in hidden],
        column_config={label: config for label, (_, config) in columns.items()},
        on_select=_keep_selection,
        selection_mode="multi-row",
        placeholder="",
        alt=f"{len(rows)} runs: {', '.join(entry.title for entry in entries[:20])}",
    )


def _keep_selection() -> None:
    """Remember which runs were selected, also those that are on other pages of the table."""
    names: list[str] = st.session_state.get(_ROWS, [])
    rows = st.session_state[KEY]["selection"]["rows"]
    here = [names[row] for row in rows if row < len(names)]
    select([*(name for name in selected() if name not in names or name in here), *here])
    st.session_state["runs.selection-changed"] = True


def _columns(
    root: Path, rows: Sequence[tuple[Entry, int]], different: Sequence[str], place: Place, keys: Sequence[str]
) -> dict[str, Column]:
    """By heading. different: the settings that are columns. keys: the instruments that are."""
    entries = [entry for entry, _ in rows]
    of = st.column_config
    columns: dict[str, Column] = {
        "Samples": (
            [thumbnail(root / entry.name, entry.grid, points=entry.makes_points) for entry in entries],
            of.ImageColumn(width=76, pinned=True, help="From its newest sample grid"),
        ),
        "Run": ([_called(entry, depth) for entry, depth in rows], of.TextColumn(width=260)),
        "Status": ([_status(entry) for entry in entries], of.TextColumn(width=90)),
        "Estimate": (
            [list(entry.curve) or None for entry in entries],
            of.LineChartColumn(
                width=110, help="The Wasserstein estimate over the run. Each curve has a scale of its own. Nothing for an ordinary GAN."
            ),
        ),
    }
    for name in different:
        columns[SETTINGS[name].label] = _setting_column(name, entries)
    for key in sorted(keys, key=lambda key: key != place.measure):
        columns |= _measure_columns(key, entries)
    return columns | _facts(entries)


def _facts(entries: Sequence[Entry]) -> dict[str, Column]:
    """What is known of every run."""
    of = st.column_config
    return {
        "Data": ([DATASETS[entry.data].title if entry.data in DATASETS else entry.data for entry in entries], of.TextColumn(width=110)),
        "Steps": ([None if entry.damaged else entry.step for entry in entries], of.NumberColumn(format="localized", width=80)),
        "Time, min": ([None if entry.damaged else entry.seconds / 60 for entry in entries], of.NumberColumn(format="%.1f", width=80)),
        "Size, MB": ([entry.size / 1e6 for entry in entries], of.NumberColumn(format="%.1f", width=80)),
        "Device": (
            [str(entry.settings.get("device", "")) for entry in entries],
            of.TextColumn(width=70, help="As it was set; auto is a GPU where there is one"),
        ),
        "Branch of": (
            [f"{entry.parent}, step {entry.parent_step:,}" if entry.parent else "" for entry in entries],
            of.TextColumn(width=180),
        ),
        **({"Owner": ([entry.owner for entry in entries], of.TextColumn(width=100))} if any(entry.owner for entry in entries) else {}),
        "Tags": ([list(entry.labels.tags) for entry in entries], of.ListColumn(width=140)),
        "Note": ([" ".join(entry.note.split()) for entry in entries], of.TextColumn(width=200)),
        "Created": ([_when(entry.created) for entry in entries], of.DatetimeColumn(format="YYYY-MM-DD HH:mm", width=140)),
        "Id": (
            [entry.name for entry in entries],
            of.TextColumn(width=240, help="The name of the run's folder; it stays when the title changes"),
        ),
    }


def _called(entry: Entry, depth: int) -> str:
    pin = "★ " if entry.labels.pinned else ""
    return f"{'   ' * (depth - 1)}{'└ ' if depth else ''}{pin}{entry.title}"


def _status(entry: Entry) -> str:
    return "damaged" if entry.damaged else entry.status or "unknown"


def _setting_column(name: str, entries: Sequence[Entry]) -> Column:
    info = SETTINGS[name]
    values = [setting_value(entry, name) for entry in entries]
    edited = "" if not any(name in entry.edited for entry in entries) else " At the last step; it was edited in some runs."
    help_text = f"{info.help}{edited} Empty where it has no effect."
    width = min(190, max(90, 24 + 8 * len(info.label)))
    if info.kind in ("int", "float"):
        return values, st.column_config.NumberColumn(help=help_text, width=width)
    return [None if value is None else str(value) for value in values], st.column_config.TextColumn(help=help_text, width=width)


def _measure_columns(key: str, entries: Sequence[Entry]) -> dict[str, Column]:
    """The last value, its floor if it is a distance, and the best value with its step if one end is the good one."""
    title, of = KINDS[key].title, st.column_config
    number = "percent" if KINDS[key].share else "%.3g"
    found = [entry.measures.get(key) for entry in entries]
    best = [best_of(entry, key) for entry in entries]
    columns: dict[str, Column] = {
        title: (
            [one and one.value for one in found],
            of.NumberColumn(help=f"{KINDS[key].meaning} The last value.", format=number, width=100),
        )
    }
    if key in DISTANCES:
        columns[f"{title}: floor"] = (
            [one and one.floor for one in found],
            of.NumberColumn(help="The value of real data against other real data", format=number, width=90),
        )
    if any(best):
        columns[f"{title}: best"] = ([one and one.value for one in best], of.NumberColumn(format=number, width=90))
        columns[f"{title}: best step"] = ([one and one.step for one in best], of.NumberColumn(format="localized", width=90))
    return columns


def _when(created: str) -> datetime.datetime | None:
    try:
        return datetime.datetime.fromisoformat(created)
    except ValueError:
        return None
