"""Where the learner is: the lesson and its step. The address of the page holds both, so that they can be sent to others."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from pages.shared.text import inert
from wgan_core.config.whole import whole_number
from wgan_core.lessons.catalog import CODE, LESSONS

MAX_STEP = 20
_HERE, _SEEN, _WRITTEN = "learn-here", "learn-seen", "learn-written"


@dataclass(frozen=True)
class Place:
    """A step of a lesson."""

    lesson: str | None
    """None: the list of lessons; `CODE`: the walkthrough's program."""
    step: int = 1
    """From 1. May be larger than the number of steps, because only the lesson knows how many it has."""

    @property
    def params(self) -> dict[str, str]:
        """The parameters of the address."""
        if self.lesson is None:
            return {}
        return {"lesson": self.lesson} if self.lesson == CODE else {"lesson": self.lesson, "step": str(self.step)}


def find_place() -> Place:
    """The place to show: the one that the address asks for if the address has changed, else the one that was chosen on the page.

    The address is brought up to date in the browser, without a new entry in its history: Back leaves the page at the first press.
    """
    params = {name: value for name, value in st.query_params.items() if name in ("lesson", "step")}
    here: Place | None = st.session_state.get(_HERE)
    written: list[dict[str, str]] = st.session_state.setdefault(_WRITTEN, [])  # by the browser for us, and not read since
    if params in written:
        del written[: written.index(params) + 1]
    elif here is None or params != st.session_state.get(_SEEN):
        written.clear()
        here = _asked(params)
    assert here is not None
    if here.params not in (params, *written[-1:]):
        written.append(here.params)
    st.session_state[_HERE], st.session_state[_SEEN] = here, params
    return here


def go(place: Place) -> None:
    """Show this place at the next run of the script."""
    st.session_state[_HERE] = place


def _asked(params: dict[str, str]) -> Place:
    lesson = params.get("lesson")
    if lesson is None or lesson == CODE:
        return Place(lesson)
    if lesson not in LESSONS:
        says = f"This link names the lesson {lesson[:60]!r}, which does not exist. Here are those that do."
        st.warning(inert(says), icon=":material/link_off:")
        return Place(None)
    return Place(lesson, whole_number(params.get("step", "1"), MAX_STEP) or 1)
