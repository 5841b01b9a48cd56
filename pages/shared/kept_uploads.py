"""The uploads that are kept: to use again, or to delete by whoever brought them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from pages.shared.people import allowed_with, me, said
from pages.shared.text import as_plain
from wgan_core.access.permissions import Answer
from wgan_core.data.dataset import DataError
from wgan_core.data.uploads import Upload, delete_upload, uploads
from wgan_core.library.upload_owners import forget_owners, owners_of

_SHOWN = 20


def kept_uploads(target: str, suffixes: Sequence[str], problem: str) -> None:
    """A list of them, if there are any.

    Args:
        target: the key of the session state that takes the path of the one to use.
        suffixes: of the files to list.
        problem: the key of the session state that takes why one cannot be deleted.
    """
    found = [upload for upload in uploads() if upload.path.suffix in suffixes]
    if not found:
        return
    with st.popover(f"Kept uploads ({len(found)})", icon=":material/folder_zip:", type="tertiary", key="kept-uploads", on_change="rerun"):
        for upload in found[:_SHOWN]:
            with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
                st.button(_title(upload), key=f"use-{upload.path.name}", type="tertiary", on_click=_use, args=(target, upload.path))
                answer = may_delete(upload.path)
                st.button(
                    "Delete",
                    key=f"delete-{upload.path.name}",
                    icon=":material/delete:",
                    type="tertiary",
                    on_click=_delete,
                    args=(target, upload.path, problem),
                    help=answer.why or None,
                    disabled=not answer and not answer.needs_name,
                )
        st.caption("A run that was trained on a deleted upload can be looked at, but not resumed.")


def may_delete(upload: Path) -> Answer:
    """Whether the visitor may delete this upload. It is their own if nobody else has brought the same."""
    owners, person = owners_of(upload), me()
    others = [owner for owner in owners if person is None or owner.id != person.id]
    return allowed_with("delete upload", others or owners or [None])


def _title(upload: Upload) -> str:
    names = ", ".join(owner.name for owner in owners_of(upload.path))
    return as_plain(f"{upload.path.name}, {upload.bytes / 1e6:,.1f} MB{f', of {names}' if names else ''}")


def _use(target: str, path: Path) -> None:
    st.session_state[target] = str(path)


def _delete(target: str, path: Path, problem: str) -> None:
    if not said(may_delete(path)):
        return
    try:
        delete_upload(path.name)
    except DataError as error:
        st.session_state[problem] = str(error)
        return
    forget_owners(path)
    if st.session_state.get(target) == str(path):
        st.session_state[target] = ""
