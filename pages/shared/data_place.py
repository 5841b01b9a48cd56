"""Which data a link or a visitor may name. A link opens only what lies in the data folder of this machine or was uploaded; on a server that
several people use, nothing else can be named at all, and no path of the server is shown."""

from __future__ import annotations

import os
from pathlib import Path

import streamlit as st

from pages.shared.people import allowed, serving
from pages.shared.text import as_plain
from wgan_core.config import TrainConfig
from wgan_core.data.cache_folder import cache_folder
from wgan_core.data.catalog import data_root
from wgan_core.data.uploads import data_folders

_ASKED = "data.asked"
_MAX_SHOWN = 200
_trusted: set[str] = set()
"""Paths that somebody at this computer has typed, or has said yes to, since the server was started; in personal mode only."""


def from_link(text: str) -> tuple[str, str]:
    """The path for what a link names, and why it is not used; one of them is empty.

    In personal mode a path elsewhere on the computer is used after a click, see `offer`.
    """
    if not text:
        return "", ""
    if (path := _inside(text)) is not None:
        return path, ""
    if serving().is_shared:
        return "", "This link names data that are not on this server: upload yours."
    if text in _trusted:
        return text, ""
    st.session_state[_ASKED] = text
    return "", "This link names data elsewhere on this computer. A link cannot open them by itself."


def for_link(path: str) -> str:
    """How a link names the data at `path`; "" if it cannot."""
    if not serving().is_shared:
        return path
    real = os.path.realpath(path)
    for root in _roots():
        if path and os.path.commonpath((root, real)) == root:
            return os.path.relpath(real, root)
    return ""


def in_words(path: str) -> str:
    """How a page shows the path: whole only where nobody else looks."""
    return path if not serving().is_shared else Path(path).name


def without_folder(content: bytes, path: str) -> bytes:
    """The text of a file without the folder of `path`, where several people use the server; the name stays."""
    folder = f"{os.path.dirname(path)}{os.sep}"
    return content.replace(folder.encode(), b"") if serving().is_shared and os.path.isabs(path) and len(folder) > 1 else content


def may_be_read(path: str) -> bool:
    """Whether the visitor may have a run read this path. Asked where the run is started."""
    return not path or not serving().is_shared or _inside(path) is not None


def trust(path: str | None) -> None:
    """This path was typed here, so that the page's own address, which holds it, can be loaded again."""
    if path and allowed("name a path"):
        _trusted.add(path)


def offer(key: str) -> None:
    """Ask whether to open what a link has named. key: of the widget that then holds the path."""
    text = str(st.session_state.get(_ASKED, ""))
    if not text or not allowed("name a path"):
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/folder: {as_plain(text[:_MAX_SHOWN])}", width="content")
        st.button("Use these data", key=f"data-use-{key}", icon=":material/folder_open:", on_click=_use, args=(key, text))
        st.button("Leave it", key=f"data-leave-{key}", type="tertiary", on_click=st.session_state.pop, args=(_ASKED, None))


def _use(key: str, text: str) -> None:
    st.session_state.pop(_ASKED, None)
    if allowed("name a path"):
        trust(text)
        st.session_state[key] = text


def _roots() -> list[str]:
    """The folders in which a link may name something, without links in their paths."""
    places = [data_root(TrainConfig()), *data_folders(), cache_folder("uploads")]
    return list(dict.fromkeys(os.path.realpath(place) for place in places))


def _inside(text: str) -> str | None:
    """The path of something that lies in one of these folders, also when links are followed; None for anything else."""
    try:
        for root in _roots():
            real = os.path.realpath(os.path.join(root, text))
            if os.path.commonpath((root, real)) == root and os.path.exists(real):
                return text if os.path.isabs(text) else real
    except (OSError, ValueError):  # such as a zero byte
        return None
    return None
