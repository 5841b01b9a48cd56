"""A file of points for the set-up form: uploaded, kept, and looked through before a run starts on it."""

from __future__ import annotations

import os

import streamlit as st

from wgan_core.data.dataset import DataError
from wgan_core.data.point_file import MAX_BYTES, MAX_POINTS, keep_upload, load_points

_UPLOAD, _PROBLEM = "setup-upload", "setup-upload-problem"


def point_upload(target: str) -> None:
    """Takes a file; its path goes into the widget of the session state key `target`."""
    st.file_uploader(
        "Upload a CSV file of points",
        type=["csv", "tsv", "txt"],
        key=_UPLOAD,
        on_change=_keep,
        args=(target,),
        max_upload_size=MAX_BYTES // 10**6,
        help=f"Two numbers a line, x and y, separated by comma, semicolon, tab or spaces; a line of headings is passed over. At most "
        f"{MAX_POINTS:,} points. The file is kept in a cache folder of the machine that the app runs on.",
    )
    if problem := st.session_state.get(_PROBLEM):
        st.error(problem, icon=":material/error:")


def _keep(target: str) -> None:
    st.session_state[_PROBLEM] = ""
    upload = st.session_state[_UPLOAD]
    if upload is None:  # taken out again; the file that was kept stays in use
        return
    try:
        st.session_state[target] = str(keep_upload(upload.name, upload.getvalue()))
    except DataError as error:
        st.session_state[_PROBLEM] = str(error)


def say_what_is_wrong(file: str | None) -> None:
    """A sentence if the file of points cannot be used, else how many it holds."""
    if not file:
        return
    try:
        stat = os.stat(os.path.expanduser(file))
        stamp = (stat.st_mtime, stat.st_size)
    except (OSError, ValueError):
        stamp = (0.0, 0)
    problem, count = _look(file, stamp)
    if problem:
        st.error(problem, icon=":material/error:")
    else:
        st.caption(f"{count:,} points.")


@st.cache_data(max_entries=8, show_spinner="Reading the points …")
def _look(file: str, stamp: tuple[float, int]) -> tuple[str, int]:
    """What is wrong with a file, empty if nothing is; and how many points it holds."""
    try:
        return "", len(load_points(file))
    except DataError as error:
        return str(error), 0
