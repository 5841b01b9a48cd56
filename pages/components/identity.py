"""Keeps a short text in the browser that says who somebody is, by a component that shows nothing."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st
from streamlit.components.v2 import component

from pages.components.bundle import bundle
from pages.components.payload import HERE
from pages.components.sent import sent_by

KEY = "identity-component"
MAX_LETTERS = 2000
_component = component("wgan_identity", html="<span hidden></span>", js=bundle(HERE / "identity.js"))


def identity(keep: str | None, on_kept: Callable[[str], None]) -> None:
    """Have the browser keep a text. keep: the text; None asks for what it has kept, and calls
    `on_kept` with that if there is something; "" forgets it."""

    def kept() -> None:
        sent = sent_by(KEY, "kept")
        if isinstance(sent, str) and len(sent) <= MAX_LETTERS:
            on_kept(sent)

    with st.container(key="identity"):
        st.html("<style>.st-key-identity { position: absolute; }</style>")  # it shows nothing and takes no room
        _component(key=KEY, data={"keep": keep}, on_kept_change=kept)
