"""One lesson: its heading, its steps and the buttons to move between them."""

from __future__ import annotations

import streamlit as st

from wgan_core.lessons.catalog import LESSONS


def lesson_view(name: str, step: int) -> None:
    """Step `step` of a lesson."""
    lesson = LESSONS[name]
    st.page_link("pages/learn.py", label="All lessons", icon=":material/arrow_back:", query_params={})
    st.title(lesson.title)
    st.markdown(lesson.sentence)
    st.page_link("pages/lab.py", label="Try it in the laboratory", icon=":material/science:")
