"""The list of lessons."""

from __future__ import annotations

import streamlit as st

from wgan_core.lessons.catalog import LESSONS


def contents() -> None:
    """All lessons, in the order in which they build on each other."""
    st.title("Learn")
    st.markdown(
        "Short lessons for people who have never seen a critic. Each one asks you what will happen, trains a small WGAN before your eyes, "
        "and compares your prediction with what was measured."
    )
    for number, (name, lesson) in enumerate(LESSONS.items(), 1):
        with st.container(key=f"lesson-{name}"):
            st.page_link("pages/learn.py", label=f"**{number}. {lesson.title}**", query_params={"lesson": name})
            st.caption(f"{lesson.sentence} About {lesson.minutes} minutes.")
