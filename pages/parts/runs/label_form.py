"""Giving runs a title, tags and a note."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.shared.library import library, listed
from pages.shared.people import note_who, refused, shuts
from pages.shared.problems import problem_text
from wgan_core.library.entry import Entry
from wgan_core.library.labels import MAX_NOTE, MAX_TITLE, change_labels
from wgan_core.library.plain_text import TextError
from wgan_core.store.layout import StoreError

_OPEN = "runs.labels"


def label_form(entries: list[Entry]) -> None:
    """A button that opens the form. Of several runs, only tags can be changed together."""
    if st.session_state.pop("runs.close-labels", False):
        st.session_state[_OPEN] = False
    with st.popover(
        "Rename, tag, note",
        icon=":material/label:",
        key=_OPEN,
        on_change="rerun",
        **shuts("label", *(entry.name for entry in entries), disabled=not entries),
    ) as form:
        if entries and form.open:
            _form(entries)


def _form(entries: list[Entry]) -> None:
    one = entries[0] if len(entries) == 1 else None
    common = [tag for tag in entries[0].labels.tags if all(tag in entry.labels.tags for entry in entries)]
    known = dict.fromkeys([*common, *(tag for entry in listed() for tag in entry.labels.tags)])
    key = "|".join(entry.name for entry in entries)  # so that the fields begin with what these runs have
    with st.form(f"runs.form.{key}", border=False):
        title = note = ""
        if one is not None:
            title = st.text_input("Title", one.labels.title, max_chars=MAX_TITLE, placeholder=one.own_title or one.name)
        tags = st.multiselect("Tags", list(known), common, accept_new_options=True, placeholder="Choose or type a tag")
        if one is not None:
            note = st.text_area("Note", one.note, max_chars=MAX_NOTE)
        if st.form_submit_button("Save", type="primary", icon=":material/check:"):
            _save(entries, _changes(one, title, note), common, tags)


def _changes(one: Entry | None, title: str, note: str) -> dict[str, Any]:
    """Only what was changed here, so that what another window changed meanwhile stays."""
    if one is None:
        return {}
    changed = {"title": (title, one.labels.title), "note": (note, one.note)}
    return {name: new for name, (new, old) in changed.items() if new.strip() != old.strip()}


def _save(entries: list[Entry], changes: dict[str, Any], before: list[str], tags: list[str]) -> None:
    problems: list[str] = []
    if refused("label", *(entry.name for entry in entries)):
        return
    for entry in entries:
        try:
            change_labels(
                library().root / entry.name,
                **changes,
                add_tags=[tag for tag in tags if tag not in before],
                remove_tags=[tag for tag in before if tag not in tags],
            )
            note_who(entry.name, "labelled", **changes)
        except (StoreError, TextError) as error:
            problems.append(problem_text(error))
    if problems:
        st.error(" ".join(dict.fromkeys(problems)), icon=":material/error:")
        return
    st.session_state["runs.close-labels"] = True
    st.rerun()
