"""What the Runs page shows, as its address says: filter, order, view and measure; and which runs are selected in this tab."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, cast

import streamlit as st

from wgan_core.library.entry import Entry
from wgan_core.library.fields import FIELDS, differing, measure_name, sorted_by
from wgan_core.library.groups import tree
from wgan_core.library.query import FilterError, matching
from wgan_core.store.readings import DISTANCES, KINDS

View = Literal["list", "branches", "groups"]
VIEWS: dict[str, str] = {"list": "List", "branches": "Branches", "groups": "Seeds and groups"}
PAGE_ROWS = 50
"""Runs that are shown at once. More pictures would make the page slow."""
USUAL = "usual"
"""The order without a choice: pinned runs first, then the newest."""
_SELECTED = "runs.selected"
_ORDERS = ("created", "title", "status", "step", "seconds", "size")


@dataclass(frozen=True)
class Place:
    """What the address asks for."""

    filter: str
    order: str
    """A field's name, or `USUAL`."""
    reverse: bool
    view: View
    measure: str
    """The key of an instrument; empty if there is none."""
    problem: str = ""
    """Why the filter cannot be read; empty if it can."""


def measures_of(entries: Iterable[Entry]) -> list[str]:
    """The keys of the instruments that have read something, distances first."""
    found = {key for entry in entries for key in entry.measures}
    return [key for key in dict.fromkeys((*DISTANCES, *KINDS)) if key in found]


def find_place(entries: list[Entry]) -> Place:
    """Draw the widgets that decide what is shown. Their values are in the address."""
    keys = measures_of(entries)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        wanted = st.text_input(
            "Find runs",
            key="filter",
            bind="query-params",
            placeholder="for example: digits n_critic>=5 tag:good",
            icon=":material/search:",
            help=_HELP,
            live=True,
        )
        order = _choice("sort", "Sort by", _orders(entries, keys), "Pinned runs come first in the usual order.")
        view = _choice("view", "Show as", VIEWS, "")
        titles = {key: KINDS[key].title for key in keys} or {"": "none yet"}
        measure = _choice("measure", "Measure", titles, _MEASURE_HELP)
    name, _, direction = order.partition(":")
    return Place(wanted or "", name, direction == "desc", cast(View, view), measure, _problem(wanted or ""))


def _choice(name: str, label: str, options: Mapping[str, str], help_text: str) -> str:
    """A choice among `options`, whose titles are shown. The address holds any but the first as the parameter `name`."""
    values = list(options)
    asked = st.query_params.get(name)
    index = values.index(asked) if asked in values else 0
    key = f"runs.{name}"
    if st.session_state.get(key) not in values:
        st.session_state.pop(key, None)
    chosen = st.selectbox(label, values, index, key=key, format_func=options.__getitem__, help=help_text or None, width=170)
    if chosen != values[0]:
        st.query_params[name] = chosen
    else:
        st.query_params.pop(name, None)
    return chosen


def _orders(entries: list[Entry], keys: list[str]) -> dict[str, str]:
    """Fields and directions, as in `step:desc`, and what they are called."""
    measures = [name for key in keys for name in (measure_name(key), f"best_{measure_name(key)}") if name in FIELDS]
    names = [*_ORDERS, *measures, *differing(entries)]
    found = {USUAL: "Newest first"}
    for name in names:
        found[f"{name}:desc"] = f"{FIELDS[name].label}, {_FROM_LAST.get(name, 'largest first')}"
        found[f"{name}:asc"] = f"{FIELDS[name].label}, {_FROM_FIRST.get(name, 'smallest first')}"
    return found


def _problem(text: str) -> str:
    try:
        matching([], text)
    except FilterError as error:
        return str(error)
    return ""


def found_runs(entries: list[Entry], place: Place) -> list[tuple[Entry, int]]:
    """The runs to show, in their order, each with its depth in the tree of branches. A filter that cannot be read shows all."""
    found = entries if place.problem else matching(entries, place.filter)
    if place.order != USUAL and place.order in FIELDS:
        found = sorted_by(found, place.order, reverse=place.reverse)
    if place.view == "branches":
        return [(leaf.entry, leaf.depth) for leaf in tree(found)]
    return [(entry, 0) for entry in found]


def selected() -> list[str]:
    """The names of the selected runs, in the order in which they were selected."""
    return st.session_state.setdefault(_SELECTED, [])


def select(names: Iterable[str]) -> None:
    """Select these runs and no others."""
    st.session_state[_SELECTED] = list(dict.fromkeys(names))


_FROM_FIRST = {"title": "A to Z", "status": "A to Z", "created": "oldest first"}
_FROM_LAST = {"title": "Z to A", "status": "Z to A", "created": "newest first"}
_MEASURE_HELP = "Its columns come first. Of a distance, smaller is better, down to its floor: that of real data against other real data."
_HELP = """
Words are looked for in title, name, note, tags and data. A field and a value narrow it down:

- `dataset:mnist,kmnist` one of these values
- `n_critic>=5`, `clip_value<.02` any setting, by the name of its flag
- `status:finished`, `tag:good`, `pin:yes`, `created>=2026-03-01`
- `sliced_w1<.1`, `best_exact_w1<.2` the last or the best value of a measure
- `steps>10k`, `time>1h`, `size<100MB`
- `-status:failed`, `-"old try"` all but these
"""
