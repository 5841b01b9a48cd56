"""Runs in groups: the seeds of one setting as one row, with mean and spread of the measures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from pages.parts.runs.place import USUAL, Place, measures_of, select, selected
from pages.parts.runs.table import ROW_PX, Column
from pages.parts.runs.thumbnails import thumbnail
from wgan_core.config import SETTINGS
from wgan_core.library.entry import Entry
from wgan_core.library.fields import FIELDS, Field, FieldError, differing, measure_name
from wgan_core.library.groups import ALL_BUT_SEED, Group, grouped, grouping
from wgan_core.store.readings import KINDS

KEY = "runs.groups"
_MEMBERS = "runs.members"
_BY = "runs.group"
_OTHERS = ("dataset", "status", "tag", "parent")


def group_choice(entries: list[Entry]) -> list[str]:
    """Draw the field in which the grouping is chosen. Its value is in the address, as names with commas between them."""
    options = [ALL_BUT_SEED, *dict.fromkeys((*_OTHERS, *differing(entries)))]
    asked = [name for name in st.query_params.get("group", "").split(",") if name in options]
    chosen = st.multiselect(
        "Group by",
        options,
        asked or [ALL_BUT_SEED],
        key=_BY,
        format_func=lambda name: "All settings but the seed" if name == ALL_BUT_SEED else FIELDS[name].label,
        help="Runs with the same values of all of these are one row.",
    )
    if chosen and chosen != [ALL_BUT_SEED]:
        st.query_params["group"] = ",".join(chosen)
    else:
        st.query_params.pop("group", None)
    return chosen or [ALL_BUT_SEED]


def groups_of(entries: list[Entry], names: Sequence[str], place: Place) -> tuple[list[Field], list[Group]]:
    """The fields and the groups, in the order of their first runs, or of the mean of the field that the page is sorted by."""
    try:
        by = grouping(names, entries)
    except FieldError:
        by = grouping([ALL_BUT_SEED], entries)
    found = grouped(entries, by)
    if place.order != USUAL and place.order in FIELDS and FIELDS[place.order].kind == "number":
        means = {id(group): spread.mean if (spread := group.spread(place.order)) is not None else None for group in found}
        have = sorted((one for one in found if means[id(one)] is not None), key=lambda one: means[id(one)] or 0.0, reverse=place.reverse)
        found = [*have, *(one for one in found if means[id(one)] is None)]
    return by, found


def group_table(root: Path, by: Sequence[Field], groups: Sequence[Group], place: Place) -> None:
    """Draw the groups. To select one selects its runs."""
    columns = _columns(root, by, groups, place)
    st.session_state[_MEMBERS] = [[entry.name for entry in group.entries] for group in groups]
    chosen = [at for at, names in enumerate(st.session_state[_MEMBERS]) if names and set(names) <= set(selected())]
    now = st.session_state.get(KEY, {}).get("selection", {}).get("rows", [])
    if sorted(now) != chosen:
        st.session_state[KEY] = {"selection": {"rows": chosen, "columns": [], "cells": []}}
    st.dataframe(
        {label: cells for label, (cells, _) in columns.items()},
        key=KEY,
        row_height=ROW_PX,
        hide_index=True,
        column_config={label: config for label, (_, config) in columns.items()},
        on_select=_keep_selection,
        selection_mode="multi-row",
        placeholder="",
        alt=f"{len(groups)} groups of runs",
    )


def _keep_selection() -> None:
    members: list[list[str]] = st.session_state.get(_MEMBERS, [])
    here = [name for row in st.session_state[KEY]["selection"]["rows"] if row < len(members) for name in members[row]]
    shown = {name for names in members for name in names}
    select([*(name for name in selected() if name not in shown), *here])
    st.session_state["runs.selection-changed"] = True


def _columns(root: Path, by: Sequence[Field], groups: Sequence[Group], place: Place) -> dict[str, Column]:
    of = st.column_config
    first = [group.entries[0] for group in groups]
    columns: dict[str, Column] = {
        "Samples": (
            [thumbnail(root / entry.name, entry.grid, points=entry.makes_points) for entry in first],
            of.ImageColumn(width=76, pinned=True, help="Of the group's first run"),
        )
    }
    columns["Runs"] = [len(group.entries) for group in groups], of.NumberColumn(width=60)
    columns["Seeds"] = [", ".join(map(str, group.seeds)) for group in groups], of.TextColumn(width=100)
    keys = measures_of(entry for group in groups for entry in group.entries)
    # What was asked for comes before the many settings.
    columns |= _measure_columns(place.measure, groups) if place.measure in keys else {}
    for at, one in enumerate(by):
        columns[one.label] = _value_column(one, [group.values[at] for group in groups])
    for key in keys:
        columns |= _measure_columns(key, groups)
    return columns | _spread_columns("step", "Steps", groups) | _spread_columns("seconds", "Time, s", groups)


def _measure_columns(key: str, groups: Sequence[Group]) -> dict[str, Column]:
    """Mean and spread of the last values of an instrument, and of the best ones where one end is the good one."""
    title, best = KINDS[key].title, f"best_{measure_name(key)}"
    of_best = _spread_columns(best, f"Best {title}", groups) if best in FIELDS else {}
    return _spread_columns(measure_name(key), title, groups) | of_best


def _value_column(one: Field, values: list[Any]) -> Column:
    help_text = SETTINGS[one.name].help if one.name in SETTINGS else None
    width = min(190, max(90, 24 + 8 * len(one.label)))
    if one.kind == "number":
        return values, st.column_config.NumberColumn(help=help_text, width=width)
    texts = [", ".join(value) if isinstance(value, tuple) else "" if value is None else str(value) for value in values]
    return texts, st.column_config.TextColumn(help=help_text, width=width)


def _spread_columns(name: str, label: str, groups: Sequence[Group]) -> dict[str, Column]:
    """The mean over the group's runs that have the value, and the standard deviation between them."""
    spreads = [group.spread(name) for group in groups]
    if not any(spreads):
        return {}
    of, number = st.column_config, "localized" if name == "step" else "%.3g"
    spread_help = "The standard deviation between the runs of the group; empty for a single run."
    return {
        f"{label}: mean": ([one and one.mean for one in spreads], of.NumberColumn(format=number, width=130)),
        f"{label}: spread": ([one and one.sd for one in spreads], of.NumberColumn(format=number, width=130, help=spread_help)),
    }
