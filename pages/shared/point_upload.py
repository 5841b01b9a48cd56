"""Uploading a file of points in the set-up form, and checking it before a run starts."""

from __future__ import annotations

import os
from functools import partial

import streamlit as st

from pages.shared.kept_uploads import kept_uploads
from pages.shared.limits import upload_refused
from pages.shared.people import allowed, me, refused
from pages.shared.problems import show_problem
from wgan_core.data.dataset import DataError
from wgan_core.data.point_file import MAX_BYTES, MAX_POINTS, keep_upload, load_points
from wgan_core.library.upload_owners import note_owner

_UPLOAD, _PROBLEM = "setup-upload", "setup-upload-problem"


def point_upload(target: str) -> None:
    """A widget that accepts a file, stores it and writes its path into the session state under the key `target`."""
    st.file_uploader(
        "Upload a CSV file of points",
        type=["csv", "tsv", "txt"],
        key=_UPLOAD,
        on_change=_keep,
        args=(target,),
        max_upload_size=MAX_BYTES // 10**6,
        help="Each line holds one point: two numbers, x and y, separated by a comma, a semicolon, a tab or spaces. A header line is "
        f"skipped. The file may hold at most {MAX_POINTS:,} points. It is stored in a cache folder on the machine that runs the app.",
    )
    if problem := st.session_state.get(_PROBLEM):
        show_problem(problem)
    kept_uploads(target, (".csv",), _PROBLEM)


def _keep(target: str) -> None:
    st.session_state[_PROBLEM] = ""
    upload = st.session_state.get(_UPLOAD)
    if upload is None:  # the upload was removed from the widget; the stored file stays in use
        return
    if refused("upload", then=partial(_keep, target)):
        return
    if why := upload_refused():
        st.session_state[_PROBLEM] = why
        return
    try:
        path = keep_upload(upload.name, upload.getvalue())
    except DataError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    note_owner(path, me())
    st.session_state[target] = str(path)


def show_file_check(file: str | None) -> str:
    """Show how many points the file holds, or why it cannot be used. Returns that reason; "" if it can be used."""
    if not file:
        return "There are no points yet: upload a file" + (", or write its path." if allowed("name a path") else ".")
    try:
        stat = os.stat(os.path.expanduser(file))
        stamp = (stat.st_mtime, stat.st_size)
    except (OSError, ValueError):
        stamp = (0.0, 0)
    problem, count = _look(file, stamp)
    if problem:
        show_problem(problem)
    else:
        st.caption(f"{count:,} points.")
    return problem


@st.cache_data(max_entries=8, show_spinner="Reading the points …")
def _look(file: str, stamp: tuple[float, int]) -> tuple[str, int]:
    """Why the file cannot be used, or "" if it can, and how many points it holds."""
    try:
        return "", len(load_points(file))
    except DataError as error:
        return str(error), 0
