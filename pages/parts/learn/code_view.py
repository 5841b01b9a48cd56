"""The walkthrough as a program: its code in pieces, each with what it does and the stage of slow motion that shows it."""

from __future__ import annotations

import re

import streamlit as st

from pages.parts.learn import place
from wgan_core.config import PRESETS
from wgan_core.export.explained import Piece, pieces, stage_of
from wgan_core.export.program import script, write_program
from wgan_core.export.sections import Program
from wgan_core.lab.setup import EXPERIMENTS
from wgan_core.lab.stages import caption
from wgan_core.lessons.catalog import CODE_TITLE

_PRESET = "walkthrough"
_EXPERIMENT = "first-look"
"""Of the laboratory. It begins in slow motion."""
# Code and words are beside each other where there is room for lines of code, and below each other on a narrow page.
_STYLE = """<style>
.st-key-learn-code [data-testid="stColumn"] { min-width: min(100%, 26rem); }
.st-key-learn-code [data-testid="stHorizontalBlock"] { row-gap: 0.6rem; }
.st-key-learn-code pre code { font-size: 0.8rem; }
/* Streamlit's own colours of code have a contrast of less than 4.5. */
.st-key-learn-code pre .token { color: inherit !important; }
.st-key-learn-code pre .token:is(.comment) { color: light-dark(#56606c, #a3adba) !important; }
.st-key-learn-code pre .token:is(.keyword, .boolean) { color: light-dark(#1f5aa8, #8db8f2) !important; }
.st-key-learn-code pre .token:is(.string, .triple-quoted-string) { color: light-dark(#1a6e3c, #7fd6a0) !important; }
.st-key-learn-code pre .token:is(.number) { color: light-dark(#8f4600, #f2b27d) !important; }
.st-key-learn-code-heading h1 { padding: 0; font-size: 1.9rem; }
</style>"""


def code_view() -> None:
    """The whole program, section by section."""
    program = write_program(PRESETS[_PRESET])
    _heading(program)
    with st.container(key="learn-code"):
        st.html(_STYLE)
        for section in program.parts:
            st.header(section.title)
            if section.says:
                st.markdown(section.says)
            for piece in pieces(section):
                _piece(piece)
    st.page_link("pages/train.py", label="Train it here", icon=":material/model_training:", query_params={"preset": _PRESET})
    _list_button("learn-code-end")


def _heading(program: Program) -> None:
    with st.container(key="learn-code-heading", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title(CODE_TITLE, width="content")
        _list_button("learn-all")
    st.markdown(
        f"This is the whole program of the walkthrough: {program.title}. It needs only PyTorch and torchvision. Read it from above, or go "
        "straight to *Training*: there, each line that matters is beside the stage of the laboratory's slow motion that shows what it "
        "does, with points in place of images. On a run's page, *Export* writes such a program for your own settings."
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button("Download the program", script(program), f"{_PRESET}.py", "text/x-python", icon=":material/download:")
        _lab_link("The laboratory in slow motion")


def _list_button(key: str) -> None:
    st.button("All lessons", key=key, icon=":material/list:", type="tertiary", on_click=place.go, args=(place.Place(None),))


def _lab_link(label: str) -> None:
    st.page_link("pages/lab.py", label=label, icon=":material/science:", query_params={"experiment": _EXPERIMENT})


def _piece(piece: Piece) -> None:
    code, words = st.columns([7, 5], gap="medium")
    with code:
        st.code(re.sub(r"\n+$", "", piece.code), language="python", wrap_lines=True)
    with words:
        st.markdown(piece.says)
        if piece.part is not None:
            config = EXPERIMENTS[_EXPERIMENT].config
            heading, sentences = caption(stage_of(piece.part, config), config)
            with st.container(border=True):
                st.markdown(f":material/slow_motion_video: **{heading}**\n\n{sentences}")
                _lab_link("See it in slow motion")
