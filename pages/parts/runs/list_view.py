"""The list of runs: what to show, the table, and what can be done with the selected runs."""

from __future__ import annotations

import streamlit as st

from pages.parts.runs.actions import actions, show_damage
from pages.parts.runs.group_view import group_choice, group_table, groups_of
from pages.parts.runs.place import PAGE_ROWS, Place, find_place, found_runs, selected
from pages.parts.runs.table import table
from pages.parts.runs.trash_view import undo
from pages.shared.library import library, listed
from pages.shared.text import counted, inert
from wgan_core.library.entry import Entry

REFRESH_SECONDS = 3.0
_POLLED = "runs.polled"
_JUST_LISTED = "runs.just-listed"


def list_view(entries: list[Entry]) -> None:
    """Everything below the title, if there are runs."""
    place = find_place(entries)
    if place.problem:
        st.error(inert(place.problem), icon=":material/error:")
    undo()
    chosen = [entry for entry in entries if entry.name in selected()]
    actions(chosen)
    by = group_choice(entries) if place.view == "groups" else []
    run_every = _refresh_seconds(len(entries)) if any(entry.is_live for entry in entries) else None
    st.session_state[_POLLED] = run_every is not None
    st.session_state[_JUST_LISTED] = entries
    st.fragment(_rows, run_every=run_every)(place, by)
    show_damage(chosen)


def _refresh_seconds(runs: int) -> float:
    """Looking at 10,000 folders takes a second, which training should not lose every third."""
    return REFRESH_SECONDS * max(1.0, runs / 1000)


def _rows(place: Place, by: list[str]) -> None:
    """The table, kept up to date while something trains. by: the fields to group by, if the view is of groups."""
    entries = st.session_state.pop(_JUST_LISTED, None) or listed()
    if st.session_state.get(_POLLED) and not any(entry.is_live for entry in entries):
        st.rerun()  # the last one has ended: look no more by itself
    rows = found_runs(entries, place)
    if not rows:
        st.info("No run fits this filter: change it, or empty the field to see all.", icon=":material/search_off:")
        return
    found = [entry for entry, _ in rows]
    if place.view == "groups":
        fields, groups = groups_of(found, by, place)
        first = _page(len(groups), len(groups), "group")
        group_table(library().root, fields, groups[first : first + PAGE_ROWS], place)
    else:
        first = _page(len(rows), len(entries), "run")
        table(library().root, rows[first : first + PAGE_ROWS], found, place)
    if st.session_state.pop("runs.selection-changed", False):
        st.rerun()  # of the whole page, because the actions are outside


def _page(found: int, everything: int, noun: str) -> int:
    """Say how many of how many rows are shown, and draw the field to turn the page. Returns the first row to show."""
    pages = -(-found // PAGE_ROWS)
    first = 0
    with st.container(horizontal=True, vertical_alignment="center"):
        says = st.empty()
        if pages > 1:
            if (st.session_state.get("page") or 1) > pages:
                st.session_state["page"] = pages
            at = st.number_input("Page", 1, pages, key="page", bind="query-params", width=120, label_visibility="collapsed")
            first = (at - 1) * PAGE_ROWS
        shown = f"{first + 1:,} to {min(found, first + PAGE_ROWS):,} of " if pages > 1 else ""
        of_all = "" if found == everything else f" of {everything:,}"
        says.caption(f"Showing {shown}{counted(found, noun)}{of_all}.", width="content")
    return first
