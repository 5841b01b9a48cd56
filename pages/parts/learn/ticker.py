"""Keeps a training going while it is watched, by a component that shows nothing."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.components.v2 import component

from pages.components.bundle import bundle

_COUNT = "learn-looks"
_component = component("wgan_learn_ticker", html="<span hidden></span>", js=bundle(Path(__file__).parent / "ticker.js"))


def keep_looking(playing: bool) -> None:
    """While `playing`, the browser requests the next look by itself, by rerunning the script or the fragment that this is called in."""
    st.session_state[_COUNT] = count = st.session_state.get(_COUNT, 0) + 1
    _component(key="learn-ticker", data={"playing": playing, "count": count}, on_look_change=_do_nothing)


def _do_nothing() -> None:
    """Only the rerun matters."""
