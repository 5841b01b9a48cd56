"""What all pages share: the app's page configuration and its navigation."""

from __future__ import annotations

import re
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from pages.shared.person_bar import ask_if_needed, go_on, person_bar

NAME = "WGAN Playground"
# Without its comments: Streamlit leaves out a script with anything in it that looks like a tag, such as `<string>`.
_ADDRESS = re.sub(r"^ *//.*\n|^ */\*\*.*\*/\n", "", (Path(__file__).parent / "address.js").read_text(encoding="utf-8"), flags=re.MULTILINE)
_STYLE = """
    .stMainBlockContainer { padding-top: 4.5rem; }  /* Streamlit's default leaves too much empty space */
    .stElementContainer:has(.wgan-address) { display: none; }
    /* What opens over the page lies outside .stApp and does not know its colour scheme, only that of the system. */
    :root { --focus: #1f5aa8; --on-primary: #ffffff; }
    @media (prefers-color-scheme: dark) { :root { --focus: #8db8f2; --on-primary: #0f141b; } }
    .stApp { --focus: light-dark(#1f5aa8, #8db8f2); --on-primary: light-dark(#ffffff, #0f141b); }
    /* Streamlit writes white on any primary colour, also on a light one. */
    [data-testid="stBaseButton-primary"]:enabled { color: var(--on-primary) !important; }
    .stMultiSelect [data-tag-index] span { color: var(--on-primary) !important; }
    .stApp :focus-visible { outline: 2px solid var(--focus) !important; outline-offset: 2px; }
    .stApp input:focus-visible, .stApp textarea:focus-visible { outline-offset: -2px; }
    [data-testid="stCaptionContainer"] { opacity: 0.75; }  /* Streamlit's 0.6 has a contrast of just 4.5 */
    button kbd { color: inherit !important; opacity: 1 !important; }
    @media (max-width: 640px), (hover: none) { button kbd { display: none !important; } }  /* no keyboard there */
"""


def navigation() -> StreamlitPage:
    """Set up the app and return the requested page, ready to run."""
    st.set_page_config(page_title=NAME, page_icon="static/icon.svg", layout="wide")
    st.html(f"<style>{_STYLE}</style>")
    st.html(f"<div class='wgan-address'><script>{_ADDRESS}</script></div>", unsafe_allow_javascript=True)
    page = st.navigation(
        [
            st.Page("pages/home.py", title="Home", icon=":material/home:", default=True),
            st.Page("pages/learn.py", title="Learn", icon=":material/school:"),
            st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
            st.Page("pages/runs.py", title="Runs", icon=":material/table_rows:"),
            st.Page("pages/compare.py", title="Compare", icon=":material/compare_arrows:"),
            st.Page("pages/lab.py", title="Laboratory", icon=":material/science:"),
            st.Page("pages/explore.py", title="Explore", icon=":material/explore:"),
            st.Page("pages/paper.py", title="Paper results", icon=":material/menu_book:"),
            st.Page("pages/glossary.py", title="Glossary", icon=":material/dictionary:"),
        ],
        position="top",
    )
    st.session_state["framed"] = True  # not before, because this function may be interrupted
    if page.url_path:
        name_tab(page.title)
    return page


def name_tab(words: str) -> None:
    """Make the browser's tab say what the page shows: first that, because a tab has room for a few words only."""
    st.set_page_config(page_title=f"{words} · {NAME}")


def within_frame() -> None:
    """Make sure that the navigation is set up, and say who is looking where several people use the server. Every page calls this first.

    Until `st.navigation` has been called once, Streamlit treats each file in `pages/` as a page of its own. After a restart of the server,
    opening a page's address, or choosing a page within the first second, would then show the page without the navigation. Calling
    `navigation` here and rerunning fixes that.
    """
    if "framed" not in st.session_state:
        navigation()
        st.rerun()
    if not person_bar():
        st.stop()
    go_on()
    ask_if_needed()
