"""Runs as zips: out of this server, and into it."""

from __future__ import annotations

import io
from functools import partial

import streamlit as st

from pages.parts.runs.place import select
from pages.shared.library import library
from pages.shared.limits import run_refused
from pages.shared.people import me, refused, serving
from pages.shared.problems import problem_text
from pages.shared.text import as_plain, counted
from wgan_core.library.entry import Entry
from wgan_core.library.zip_export import export_runs, file_name
from wgan_core.library.zip_import import import_runs
from wgan_core.store.layout import StoreError

MAX_MEGABYTES = 1000
"""A browser's downloads and uploads pass through the server's memory."""
_UPLOADS = "runs.uploads"
_SAYS = "runs.imported"


def export_button(entries: list[Entry]) -> None:
    """Downloads the selected runs. The zip is made when the button is pressed."""
    names = [entry.name for entry in entries]
    too_large = sum(entry.size for entry in entries) > MAX_MEGABYTES * 10**6
    way_out = f"More than {MAX_MEGABYTES:,} MB at once: use the command line, `runs export`."
    st.download_button(
        "Export",
        data=lambda: _zip(names),
        file_name=file_name(names) if names else "runs.zip",
        mime="application/zip",
        icon=":material/download:",
        disabled=not entries or too_large,
        help=way_out if too_large else "One zip with everything of the runs, to keep or to import elsewhere.",
        on_click="ignore",
    )


def _zip(names: list[str]) -> bytes:
    target = io.BytesIO()
    export_runs(library().root, names, target, without_paths=serving().is_shared)
    return target.getvalue()


def importer() -> None:
    """A button that opens a field for a zip; what is put there is imported at once."""
    number: int = st.session_state.setdefault(_UPLOADS, 0)
    with st.popover("Import", icon=":material/upload:", key=f"runs.import-{number}"):  # closed again after each file
        st.markdown("A zip of one or more runs, from *Export* here or from any run folder. It is checked before anything is written.")
        file = st.file_uploader("Zip of runs", "zip", key=f"runs.upload-{number}", max_upload_size=MAX_MEGABYTES)
        if file is not None:
            _import(file)


def imported() -> None:
    """What the last import brought, or why it was refused; once."""
    kind, text = st.session_state.pop(_SAYS, ("", ""))
    if kind == "problem":
        st.error(text, icon=":material/error:")
    elif kind:
        st.success(text, icon=":material/check:")


def _import(file: io.BytesIO) -> None:
    st.session_state[_UPLOADS] += 1  # an empty field next time, so that nothing is tried, or refused, twice
    if refused("import", then=partial(_import, file)) or run_refused(0):
        return
    with st.spinner("Checking and unpacking…"):
        try:
            names = import_runs(library().root, file, owner=me())
        except StoreError as error:
            st.session_state[_SAYS] = "problem", problem_text(error)
        else:
            which = as_plain(names[0]) if len(names) == 1 else counted(len(names), "run")
            st.session_state[_SAYS] = "done", f"Imported {which}: selected below."
            select(names)
    st.rerun()
