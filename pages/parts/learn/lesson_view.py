"""One lesson: its heading, the step that is shown, and the buttons to move between steps."""

from __future__ import annotations

import streamlit as st

from pages.parts.learn import place
from pages.parts.learn.progress import progress, visited
from pages.parts.learn.task_view import forget_other, task_chart, task_view
from wgan_core.lessons.catalog import LESSONS
from wgan_core.lessons.step import Link
from wgan_core.lessons.steps import STEPS

# On a wide page the chart is below the words, beside the picture; on a narrow one all three are below each other.
_NARROW = """<style>
.st-key-learn-step [data-testid="stColumn"] { min-width: min(100%, 24rem); }
@media (min-width: 64rem) {
  .st-key-learn-step > [data-testid="stLayoutWrapper"] > [data-testid="stHorizontalBlock"] {
    display: grid; grid-template: auto 1fr / 5fr 7fr;
    > [data-testid="stColumn"] { width: auto; min-width: 0; }
    > [data-testid="stColumn"]:nth-child(2) { grid-row: 1 / 3; grid-column: 2; }
  }
}
</style>"""


def lesson_view(name: str, number: int) -> None:
    """Step `number` of a lesson, from 1; its last step if there are not so many."""
    steps = STEPS[name]
    number = min(number, len(steps))
    forget_other(f"{name}.{steps[number - 1].name}")
    visited(name, number, len(steps))
    _heading(name, number, len(steps))
    _step(name, number)


@st.fragment
def _step(name: str, number: int) -> None:
    """One step: words and buttons on the left, the picture on the right or, on a narrow page, below."""
    step = STEPS[name][number - 1]
    key = f"{name}.{step.name}"
    with st.container(key="learn-step"):
        st.html(_NARROW)
        words, picture, chart = st.columns([5, 7, 5], gap="large")
    with words:
        st.subheader(step.title)
        st.markdown(step.text)
        if step.task is not None:
            task_view(key, step.task, picture)
        for link in step.links:
            _link(link)
        _moves(name, number, key)
    if step.task is not None:
        with chart:
            task_chart(step.task)


def _heading(name: str, number: int, of: int) -> None:
    with st.container(key="learn-heading", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.html("<style>.st-key-learn-heading h1 { padding: 0; font-size: 1.9rem; }</style>")  # the step needs the room
        st.title(LESSONS[name].title, width="content")
        st.button(
            "All lessons",
            key="learn-all",
            icon=":material/list:",
            type="tertiary",
            on_click=place.go,
            args=(place.Place(None),),
            help="Your place is kept.",
        )
    st.progress(number / of, text=f"Lesson {list(LESSONS).index(name) + 1} of {len(LESSONS)}, step {number} of {of}")


def _moves(name: str, number: int, key: str) -> None:
    """Back and Next. Next is the main button as soon as this step's task is done, and before that it skips the task."""
    names, steps = list(LESSONS), STEPS[name]
    following = names[names.index(name) + 1 :]
    done = steps[number - 1].task is None or key in progress().results
    if number < len(steps):
        label, target = "Next" if done else "Skip", place.Place(name, number + 1)
    elif following:
        label, target = f"Next lesson: {LESSONS[following[0]].title}", place.Place(following[0])
    else:
        label, target = "To the list of lessons", place.Place(None)
    with st.container(horizontal=True, key="learn-moves"):
        back = st.button("Back", key="learn-back", icon=":material/arrow_back:", disabled=number == 1)
        go_on = st.button(label, key="learn-next", icon=":material/arrow_forward:", type="primary" if done else "secondary")
    if back or go_on:
        place.go(target if go_on else place.Place(name, number - 1))
        st.rerun()


def _link(link: Link) -> None:
    icons = {"lab": "science", "train": "model_training", "explore": "explore", "paper": "menu_book", "learn": "school"}
    st.page_link(f"pages/{link.page}.py", label=link.label, icon=f":material/{icons[link.page]}:", query_params=dict(link.params))
