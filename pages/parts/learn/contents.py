"""The list of lessons."""

from __future__ import annotations

import streamlit as st

from pages.parts.learn import place
from pages.parts.learn.progress import Progress, progress
from wgan_core.lessons.catalog import CODE, CODE_SENTENCE, CODE_TITLE, LESSONS

_CARDS = """<style>
.st-key-learn-lessons { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); }
.st-key-learn-lessons > div { width: auto; height: 100%; }
</style>"""


def contents() -> None:
    """All lessons, in the order in which they build on each other."""
    st.title("Learn")
    st.markdown(
        "Short lessons for people who have never seen a critic. Each one asks you what will happen, trains a small WGAN before your eyes, "
        "and compares your prediction with what was measured. Your place and your predictions stay in this browser."
    )
    done = progress()
    _continue(done)
    with st.container(key="learn-lessons"):
        st.html(_CARDS)
        for number, (name, lesson) in enumerate(LESSONS.items(), 1):
            with st.container(border=True, key=f"lesson-{name}"):
                st.page_link("pages/learn.py", label=f"**{number}. {lesson.title}**", query_params={"lesson": name})
                st.markdown(lesson.sentence)
                st.caption(_state(done, name, lesson.minutes))
        with st.container(border=True, key=f"lesson-{CODE}"):
            st.page_link("pages/learn.py", label=f"**{CODE_TITLE}**", query_params={"lesson": CODE})
            st.markdown(CODE_SENTENCE)
            st.caption("To read")


def _state(done: Progress, name: str, minutes: int) -> str:
    if name in done.ended:
        return ":material/check_circle: Done"
    return f"Begun, at step {done.reached[name]}" if name in done.reached else f"About {minutes} minutes"


def _continue(done: Progress) -> None:
    """The way to the lesson that comes next."""
    begun = done.last if done.last and done.last not in done.ended else ""
    todo = [name for name in LESSONS if name not in done.ended]
    if not todo:
        st.success("You have done all lessons. The laboratory and the Train page are yours.", icon=":material/celebration:")
        return
    name = begun or todo[0]
    step = done.reached.get(name, 1)
    words = "Continue" if done.reached else "Begin"
    st.button(
        f"{words}: {LESSONS[name].title}",
        key="learn-continue",
        icon=":material/play_arrow:",
        type="primary",
        on_click=place.go,
        args=(place.Place(name, step),),
    )
