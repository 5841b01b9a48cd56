"""Bringing pictures to the set-up form: an upload, examples of what becomes of them, and the uploads that are kept."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.shared.kept_uploads import kept_uploads
from pages.shared.limits import upload_refused
from pages.shared.people import me, refused
from pages.shared.problems import show_problem
from wgan_core.config import TrainConfig
from wgan_core.data.dataset import DataError
from wgan_core.data.uploads import BESIDE, MAX_BYTES, PICTURES, keep_images
from wgan_core.library.upload_owners import note_owner

_UPLOAD, _PROBLEM = "setup-images", "setup-images-problem"


def image_upload(target: str) -> None:
    """A widget that takes pictures, stores them and writes their path into the session state under the key `target`."""
    st.file_uploader(
        "Upload pictures, a zip archive, a NumPy array or a table of pixels",
        type=[*PICTURES, "zip", "npz", "npy", "gz", *BESIDE],
        accept_multiple_files=True,
        key=_UPLOAD,
        on_change=_keep,
        args=(target,),
        max_upload_size=MAX_BYTES // 10**6,
        help="Drag any number of pictures here, or one zip archive with folders for classes, or one array (.npy, .npz): images [number, "
        "height, width] or [number, height, width, channels], with labels if the file holds some. A CSV file alone may hold the pixels, "
        "one image in each line; a CSV or JSON file beside pictures may name their classes. The files are stored on the machine that runs "
        "the app, and can be deleted below.",
    )
    if problem := st.session_state.get(_PROBLEM):
        show_problem(problem)
    kept_uploads(target, (".zip", ".npz", ".npy"), _PROBLEM)


def _keep(target: str) -> None:
    st.session_state[_PROBLEM] = ""
    files = st.session_state.get(_UPLOAD)
    if not files:  # the upload was removed from the widget; the stored files stay in use
        return
    if refused("upload", then=partial(_keep, target)):
        return
    if why := upload_refused():
        st.session_state[_PROBLEM] = why
        return
    try:
        path = keep_images([(file.name, file.getvalue()) for file in files])
    except DataError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    note_owner(path, me())
    st.session_state[target] = str(path)


def show_images(config: TrainConfig) -> None:
    """How many images there are, what was left out, and some of them with what will be cut off faded."""
    if not config.data_root.strip():
        return
    stamp = _stamp(config.data_root)
    problem, count, strip, cut = _look(config.data_root, stamp, config.fit, config.frames, config)
    if problem:
        show_problem(problem)
        return
    words = f"{count:,} images."
    if strip is not None:
        faded = f" What is faded is cut off: {cut:.0%} on average." if cut > 0.005 else ""
        st.image(strip, width="stretch", alt=f"Examples of the pictures.{faded}")
        words += faded
    st.caption(words)


@st.cache_data(max_entries=16, ttl=5, show_spinner=False)
def _stamp(place: str) -> str:
    from wgan_core.data.own_images import stamp

    return stamp(place)


@st.cache_data(max_entries=8, show_spinner="Looking at the pictures …")
def _look(place: str, stamp: str, fit: str, frames: str, _config: TrainConfig) -> tuple[str, int, NDArray[np.uint8] | None, float]:
    """Why the pictures cannot be used, or ""; how many there are; some of them; and the share that is cut off."""
    from wgan_core.data.examples import example_strip
    from wgan_core.data.own_images import preview_own
    from wgan_core.data.picture import Reading

    reading = Reading.of(_config)
    try:
        count = preview_own(place, 8, reading).count
        strip = example_strip(place, reading)
    except (DataError, OSError) as error:
        return str(error), 0, None, 0.0
    return ("", count, *strip) if strip is not None else ("", count, None, 0.0)
