"""What can be done with the selected runs."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.parts.runs.label_form import label_form
from pages.parts.runs.place import select
from pages.parts.runs.transfer import export_button
from pages.parts.runs.trash_view import delete_button
from pages.shared.library import library
from pages.shared.people import note_who, refused, shuts
from pages.shared.problems import show_problem
from pages.shared.text import counted
from wgan_core.library.entry import Entry
from wgan_core.library.labels import change_labels
from wgan_core.store.layout import StoreError

MAX_COMPARED = 8
_STYLE = "@media (max-width: 640px) { .st-key-runs-actions :is(.stElementContainer, .stPopover):has(button:disabled) { display: none; } }"
"""On a phone there is no room for what cannot be pressed."""
COMPARISON = Path(__file__).parents[2] / "compare.py"


def actions(entries: list[Entry]) -> None:
    """The buttons, also while nothing is selected, so that nothing moves when something is."""
    sound = [entry for entry in entries if not entry.damaged]
    one = entries[0] if len(entries) == 1 and sound else None
    st.html(f"<style>{_STYLE}</style>")
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="runs-actions"):
        if (
            st.button("Open", icon=":material/model_training:", disabled=one is None, help="See the run, or go on with it")
            and one is not None
        ):
            st.switch_page("pages/train.py", query_params={"run": one.name})
        explorable = one is not None and one.saved_steps > 0
        if st.button("Explore", icon=":material/explore:", disabled=not explorable) and one is not None:
            st.switch_page("pages/explore.py", query_params={"run": one.name})
        compare_with(sound)
        label_form(entries)
        _pin(entries)
        export_button(sound)
        delete_button(entries)
        if st.button("Clear the selection", icon=":material/close:", type="tertiary", disabled=not entries):
            select([])
            st.rerun()
    st.caption(_selected_in_words(entries))


def _selected_in_words(entries: list[Entry]) -> str:
    """Always one line: if the table moved when a run is selected, the next click would select another run than the one aimed at."""
    if not entries:
        return "Select runs at the left edge of the table to open, compare, label or delete them."
    return f"{counted(len(entries), 'run')} {'is' if len(entries) == 1 else 'are'} selected."


def show_damage(entries: list[Entry]) -> None:
    """What is wrong with the damaged ones of the selected runs. To be drawn below the table, which must not move."""
    for entry in entries:
        if entry.damaged:
            show_problem(entry.damaged)


def compare_with(entries: list[Entry]) -> None:
    """The button that opens the comparison."""
    if not COMPARISON.is_file():
        return
    fitting = 2 <= len(entries) <= MAX_COMPARED
    label, help_text = "Compare", f"Select two to {MAX_COMPARED} runs: what differs, and their curves over each other"
    if st.button(label, icon=":material/compare_arrows:", disabled=not fitting, help=help_text):
        st.switch_page(str(COMPARISON), query_params={"runs": ",".join(entry.name for entry in entries)})


def _pin(entries: list[Entry]) -> None:
    pinned = bool(entries) and all(entry.labels.pinned for entry in entries)
    label = "Unpin" if pinned else "Pin"
    names = [entry.name for entry in entries]
    shut = shuts("label", *names, help="Pinned runs are listed first", disabled=not entries)
    if st.button(label, icon=":material/keep:", **shut) and not refused("label", *names):
        try:
            for entry in entries:
                change_labels(library().root / entry.name, pinned=not pinned)
                note_who(entry.name, "labelled", pinned=not pinned)
        except StoreError as error:
            show_problem(error)
            return
        st.rerun()
