"""Bringing pictures to the set-up form: an upload, examples of what becomes of them, and the uploads that are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.runtime.uploaded_file_manager import UploadedFile

from pages.shared.kept_uploads import kept_uploads
from pages.shared.limits import upload_refused
from pages.shared.people import allowed, me, refused
from pages.shared.problems import show_problem
from pages.shared.text import counted, inert
from wgan_core.config import TrainConfig
from wgan_core.data.dataset import DataError
from wgan_core.data.uploads import BESIDE, MAX_BYTES, PICTURES, keep_images, replaces
from wgan_core.library.upload_owners import note_owner

_UPLOAD, _PROBLEM = "setup-images", "setup-images-problem"
_KNOWN, _REPLACED = "setup-images-known", "setup-images-replaced"
"""The ids of the files in the widget at its last change, and of those that newer ones replaced."""
_SHOWN = 3


def image_upload(target: str) -> None:
    """A widget that takes pictures, stores them and writes their path into the session state under the key `target`."""
    files = st.file_uploader(
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
    elif any(file.file_id in _replaced() for file in files) and (used := _in_use(files)):
        names = ", ".join(file.name for file in used[:_SHOWN]) + (" and more" if len(used) > _SHOWN else "")
        st.caption(inert(f"{names} replaced the other files in this list. They are not used; × removes them."))
    kept_uploads(target, (".zip", ".npz", ".npy"), _PROBLEM)


def _keep(target: str) -> None:
    st.session_state[_PROBLEM] = ""
    files = _in_use(st.session_state.get(_UPLOAD) or [])
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


def _in_use(files: Sequence[UploadedFile]) -> list[UploadedFile]:
    """The files of the widget without those that newer ones replaced. The widget keeps every file until its × is pressed."""
    known = st.session_state.get(_KNOWN, frozenset[str]())
    before = [file for file in files if file.file_id in known and file.file_id not in _replaced()]
    new = [file for file in files if file.file_id not in known]
    if new and replaces([file.name for file in before], [file.name for file in new]):
        st.session_state[_REPLACED] = _replaced() | {file.file_id for file in before}
        before = []
    st.session_state[_KNOWN] = frozenset(file.file_id for file in files)
    return [*before, *new]


def _replaced() -> frozenset[str]:
    return st.session_state.get(_REPLACED, frozenset[str]())


def show_images(config: TrainConfig) -> str:
    """How many images there are, what was left out, and some of them with what will be cut off faded. Returns why no run can be trained on
    them; "" if one can, or if that is not certain."""
    if not config.data_root.strip():
        return "There are no pictures yet: upload some" + (", or write the path of their folder." if allowed("name a path") else ".")
    seen = _look(config.data_root, _stamp(config.data_root), config.fit, config.frames, config.tones, config)
    if seen.problem:
        show_problem(seen.problem)
        return seen.problem if seen.certain else ""
    words = f"{counted(seen.count, 'image')}."
    if seen.strip is not None:
        faded = f" What is faded is cut off: {seen.cut:.0%} on average." if seen.cut > 0.005 else ""
        st.image(seen.strip, width="stretch", alt=f"Examples of the pictures.{faded}")
        words += faded
    st.caption(f"{words} {inert(seen.left_out)}".rstrip())
    return ""


@dataclass(frozen=True)
class _Seen:
    """What is known of the pictures before a run starts."""

    problem: str = ""
    """Why they cannot be shown."""
    certain: bool = False
    """Whether a run could not be trained on them either."""
    count: int = 0
    strip: NDArray[np.uint8] | None = None
    cut: float = 0.0
    """The share of them that is cut off."""
    left_out: str = ""


@st.cache_data(max_entries=16, ttl=5, show_spinner=False)
def _stamp(place: str) -> str:
    from wgan_core.data.own_images import stamp

    return stamp(place)


@st.cache_data(max_entries=8, show_spinner="Looking at the pictures …")
def _look(place: str, stamp: str, fit: str, frames: str, tones: str, _config: TrainConfig) -> _Seen:
    from wgan_core.data.examples import example_strip
    from wgan_core.data.own_images import preview_own, why_unusable
    from wgan_core.data.picture import Reading

    reading = Reading.of(_config)
    try:
        preview = preview_own(place, 8, reading)
        if preview.count < 2 and (problem := why_unusable(place, reading)):
            return _Seen(problem, certain=True)
        strip, cut = example_strip(place, reading) or (None, 0.0)
    except DataError as error:
        problem = why_unusable(place, reading)  # a preview reads some of the files only, and those of unusual names not at all
        return _Seen(problem or str(error), certain=bool(problem))
    except OSError as error:
        return _Seen(str(error))
    return _Seen("", False, preview.count, strip, cut, preview.left_out)
