"""What all pages share: the app's page configuration and its navigation."""

from __future__ import annotations

import streamlit as st
from streamlit.navigation.page import StreamlitPage


def navigation() -> StreamlitPage:
    """Set up the app and return the requested page, ready to run."""
    st.session_state["framed"] = True
    st.set_page_config(page_title="WGAN Playground", page_icon="static/icon.svg", layout="wide")
    st.html("<style>.stMainBlockContainer { padding-top: 4.5rem; }</style>")  # Streamlit's default leaves too much empty space
    return st.navigation(
        [
            st.Page("pages/home.py", title="Home", icon=":material/home:", default=True),
            st.Page("pages/learn.py", title="Learn", icon=":material/school:"),
            st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
            st.Page("pages/lab.py", title="Laboratory", icon=":material/science:"),
            st.Page("pages/explore.py", title="Explore", icon=":material/explore:"),
            st.Page("pages/paper.py", title="Paper results", icon=":material/menu_book:"),
            st.Page("pages/glossary.py", title="Glossary", icon=":material/dictionary:"),
        ],
        position="top",
    )


def within_frame() -> None:
    """Make sure that the navigation is set up. Every page calls this first.

    Until `st.navigation` has been called once, Streamlit treats each file in `pages/` as a page of its own. After a restart of the server,
    opening a page's address would then show the page without the navigation. Calling `navigation` here and rerunning fixes that.
    """
    if "framed" not in st.session_state:
        navigation()
        st.rerun()
