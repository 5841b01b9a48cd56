"""Keeps progress in the browser and the place in the page's address, by a component that shows nothing."""

from __future__ import annotations

import time
from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

from pages.components.bundle import bundle
from pages.components.sent import sent_by
from pages.parts.learn import progress
from pages.parts.learn.place import Place, go

_SENT = "learn-sent"
_KEY = "learn-keeper-component"
_component = component("wgan_learn_keeper", html="<span hidden></span>", js=bundle(Path(__file__).parent / "keeper.js"))


def keep(place: Place) -> None:
    """Send the browser what it has to keep; the first time in a session, take over what it kept."""
    known = st.session_state.get(_SENT, False)
    kept = progress.progress().to_text() if known else None
    data = {"progress": kept, "place": place.params, "drawn": time.time_ns() // 1_000_000}
    with st.container(key="learn-keeper"):
        st.html("<style>.st-key-learn-keeper { position: absolute; }</style>")  # it shows nothing and takes no room
        _component(key=_KEY, data=data, on_kept_change=_take_over, on_list_change=_show_list)


def _show_list() -> None:
    """Learn was pressed in the navigation, while a lesson was shown."""
    go(Place(None))


def _take_over() -> None:
    """The browser sent what it kept. It is taken before the page is drawn, since a rerun afterwards would lose a button pressed by then."""
    kept = sent_by(_KEY, "kept")
    if kept is not None and not st.session_state.get(_SENT, False):
        st.session_state[_SENT] = True
        progress.take_over(str(kept))
