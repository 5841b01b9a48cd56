"""Deleting runs, undoing it, and the trash."""

from __future__ import annotations

import streamlit as st

from pages.parts.runs.place import select, selected
from pages.shared.library import is_in_use, library
from pages.shared.people import allowed, allowed_with, note_who, of_others, owner_at, refused, said, serving, shuts
from pages.shared.problems import problem_text, show_problem
from pages.shared.text import as_plain, counted
from wgan_core.access.permissions import Action, Answer
from wgan_core.library.entry import Entry
from wgan_core.library.trash import DAYS, FOLDER, Deleted, delete, deleted_runs, erase, erase_old, restore
from wgan_core.store.layout import StoreError

_UNDO = "runs.undo"
_PROBLEM, _ASKED = "runs.trash-problem", "runs.delete-asked"
MAX_LISTED = 20


def delete_button(entries: list[Entry]) -> None:
    """Moves the selected runs to the trash."""
    names = [entry.name for entry in entries]
    says = f"They can be restored for {DAYS} days. A branch does not need its parent."
    st.button(
        "Delete",
        icon=":material/delete:",
        on_click=_delete,
        args=(names, [entry.title for entry in entries]),
        **shuts("delete", *names, help=says, disabled=not entries),
    )


def _delete(names: list[str], titles: list[str], *, asked: bool = False) -> None:
    st.session_state.pop(_ASKED, None)
    if refused("delete", *names):
        return
    if not asked and of_others(*names):
        st.session_state[_ASKED] = names, titles
        return
    for name in names:
        note_who(name, "deleted")
    try:
        moved = delete(library().root, names, is_in_use)
    except StoreError as error:
        st.session_state[_PROBLEM] = problem_text(error)
        return
    st.session_state[_UNDO] = moved, f"{as_plain(titles[0])} is" if len(titles) == 1 else f"{counted(len(titles), 'run')} are"
    select(name for name in selected() if name not in names)


def _restore(deleted: list[Deleted]) -> None:
    if _refused("restore", deleted):
        return
    st.session_state.pop(_UNDO, None)
    try:
        back = restore(library().root, deleted)
        select(back)
        for name in back:
            note_who(name, "restored")
    except StoreError as error:
        st.session_state[_PROBLEM] = problem_text(error)


def _erase(deleted: list[Deleted]) -> None:
    if _refused("erase", deleted):
        return
    st.session_state.pop(_UNDO, None)
    try:
        erase(library().root, deleted)
    except StoreError as error:
        st.session_state[_PROBLEM] = problem_text(error)


def _refused(action: Action, deleted: list[Deleted]) -> bool:
    """Whether the visitor may not do this with runs in the trash; then says so."""
    return not said(_may(action, deleted))


def _may(action: Action, deleted: list[Deleted]) -> Answer:
    if not serving().is_shared:
        return allowed(action)
    return allowed_with(action, [owner_at(library().root / FOLDER / one.token / one.name) for one in deleted])


def _mine(deleted: list[Deleted]) -> list[Deleted]:
    """Those that the visitor may restore and delete for good."""
    return [one for one in deleted if _may("erase", [one])]


def _ask() -> None:
    """Before runs of others are deleted."""
    if _ASKED not in st.session_state:
        return
    names, titles = st.session_state[_ASKED]
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        whose = as_plain(", ".join(of_others(*names)))
        what = as_plain(titles[0]) if len(titles) == 1 else counted(len(titles), "run")
        st.markdown(f":material/warning: {what}: this belongs to {whose}.", width="content")
        st.button("Delete all the same", type="primary", on_click=_delete, args=(names, titles), kwargs={"asked": True})
        st.button("Keep", on_click=st.session_state.pop, args=(_ASKED, None))


def undo() -> None:
    """What was just deleted, with a button that brings it back; or why it was not."""
    _ask()
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
    deleted = _mine(deleted_runs(library().root))
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
