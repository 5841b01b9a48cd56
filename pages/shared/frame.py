"""The frame around every page: its configuration and the navigation."""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import StreamlitPage


def navigation() -> StreamlitPage:
    """The page that was asked for, ready to run."""
    st.session_state["framed"] = True
    st.set_page_config(page_title="WGAN Playground", page_icon="static/icon.svg", layout="wide")
    st.html("<style>.stMainBlockContainer { padding-top: 4.5rem; }</style>")  # Streamlit leaves a third of a screen empty
    return st.navigation(
        [
            st.Page("pages/home.py", title="Home", icon=":material/home:", default=True),
            st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
            st.Page("pages/lab.py", title="Laboratory", icon=":material/science:"),
            st.Page("pages/explore.py", title="Explore", icon=":material/explore:"),
            st.Page("pages/paper.py", title="Paper results", icon=":material/menu_book:"),
        ],
        position="top",
    )


def within_frame() -> None:
    """To be called first by every page.

    Until `st.navigation` has been called once, Streamlit takes each file in `pages/` for an app of its own. So after a restart of the
    server, the address of a page would show it without the frame; calling it here and starting over mends that.
    """
    if "framed" not in st.session_state:
        navigation()
        st.rerun()
