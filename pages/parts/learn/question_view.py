"""The widget of a question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

import streamlit as st

from pages.parts.learn.curve_pad import curve_pad
from wgan_core.lessons.asking import Choice, Drawing, Guess, Question, Slider


def ask(question: Question, *, key: str, before: Guess | None, locked: bool, measured: Sequence[float] = ()) -> Guess | None:
    """Draw the question's widget and return the answer, or None while there is none.

    Args:
        key: unique on the page.
        before: the answer that was given before, to start with.
        locked: whether the answer can no longer be changed, because the training has begun.
        measured: for a drawing, the curve that was measured.
    """
    if before is not None and not question.accepts(before):
        before = None
    match question:
        case Choice():
            if key not in st.session_state and before is not None:
                st.session_state[key] = before
            return st.radio(
                question.words,
                tuple(question.options),
                index=None,
                key=key,
                format_func=question.options.__getitem__,
                disabled=locked,
            )
        case Slider():
            if key not in st.session_state:
                st.session_state[key] = question.start if before is None else before
            return st.select_slider(question.words, question.values, key=key, format_func=question.label, disabled=locked)
        case Drawing():
            return _drawn(question, key, before, locked, measured)
        case _:
            assert_never(question)


def _drawn(question: Drawing, key: str, before: Guess | None, locked: bool, measured: Sequence[float]) -> list[float] | None:
    st.markdown(question.words)
    kept = st.session_state.get(f"{key}-drawn", before)
    shown = kept if isinstance(kept, list) else None
    sent = curve_pad(question, heights=shown, measured=measured, locked=locked, key=key)
    if sent is not None:
        st.session_state[f"{key}-drawn"] = shown = sent
    return shown
