"""Deleting runs, undoing it, and the trash."""

from __future__ import annotations

import streamlit as st

from pages.parts.runs.place import select, selected
from pages.shared.library import is_in_use, library
from pages.shared.problems import problem_text, show_problem
from pages.shared.text import as_plain, counted
from wgan_core.library.entry import Entry
from wgan_core.library.trash import DAYS, Deleted, delete, deleted_runs, erase, erase_old, restore
from wgan_core.store.layout import StoreError

_UNDO = "runs.undo"
_PROBLEM = "runs.trash-problem"
MAX_LISTED = 20


def delete_button(entries: list[Entry]) -> None:
    """Moves the selected runs to the trash."""
    st.button(
        "Delete",
        icon=":material/delete:",
        disabled=not entries,
        help=f"They can be restored for {DAYS} days. A branch does not need its parent.",
        on_click=_delete,
        args=([entry.name for entry in entries], [entry.title for entry in entries]),
    )


def _delete(names: list[str], titles: list[str]) -> None:
    try:
        moved = delete(library().root, names, is_in_use)
    except StoreError as error:
        st.session_state[_PROBLEM] = problem_text(error)
        return
    st.session_state[_UNDO] = moved, f"{as_plain(titles[0])} is" if len(titles) == 1 else f"{counted(len(titles), 'run')} are"
    select(name for name in selected() if name not in names)


def _restore(deleted: list[Deleted]) -> None:
    st.session_state.pop(_UNDO, None)
    try:
        select(restore(library().root, deleted))
    except StoreError as error:
        st.session_state[_PROBLEM] = problem_text(error)


def _erase(deleted: list[Deleted]) -> None:
    st.session_state.pop(_UNDO, None)
    try:
        erase(library().root, deleted)
    except StoreError as error:
        st.session_state[_PROBLEM] = problem_text(error)


def undo() -> None:
    """What was just deleted, with a button that brings it back; or why it was not."""
    if problem := st.session_state.pop(_PROBLEM, ""):
        show_problem(problem)
    if _UNDO not in st.session_state:
        return
    moved, what = st.session_state[_UNDO]
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(f":material/delete: {what} in the trash.", width="content")
        st.button("Undo", icon=":material/undo:", on_click=_restore, args=(moved,))


def trash() -> None:
    """What is in the trash, at the end of the page; nothing if it is empty."""
    erase_old(library().root)
    deleted = deleted_runs(library().root)
    if not deleted:
        return
    with st.expander(f"Trash ({len(deleted):,})", icon=":material/delete:"):
        st.caption(f"After {DAYS} days a run is deleted for good.")
        for one in deleted[:MAX_LISTED]:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"{as_plain(one.name)}, deleted {one.when:%Y-%m-%d %H:%M} UTC", width="content")
                st.button("Restore", key=f"restore-{one.token}", icon=":material/undo:", on_click=_restore, args=([one],))
        if len(deleted) > MAX_LISTED:
            st.caption(f"And {counted(len(deleted) - MAX_LISTED, 'run')} deleted before.")
        with st.popover("Empty the trash", icon=":material/delete_forever:"):
            st.markdown(f"{counted(len(deleted), 'run')} will be deleted for good. This cannot be undone.")
            st.button("Delete for good", type="primary", on_click=_erase, args=(deleted,))
