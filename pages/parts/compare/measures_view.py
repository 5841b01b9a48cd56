"""The table of measures: the value at the cursor and the best one of each run, with floor, noise, and which differences exceed it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts.compare import state
from pages.parts.compare.sides_view import Named, html_table
from wgan_core.compare.measures import Row, Value, measures_table
from wgan_core.compare.words import conclusion, number, seeds_in_words

_HELP = (
    "The last value, plus or minus its noise: two standard deviations, of what sampling does to it (the spread of real "
    "data against real data) or of how much the last readings jump, whichever is larger. The noise is that of one run. Another seed of the "
    "same settings may lie further away: compare several seeds before you believe a small difference."
)


def draw_measures(named: Sequence[Named], bundled: Sequence[Sequence[Named]], steps: Sequence[int]) -> tuple[Row, ...]:
    """The table, and below it what is known of several seeds. steps: where the cursor is in each run. Returns the rows."""
    st.subheader("Measures", help=_HELP, anchor=False)
    when = st.segmented_control(
        "When",
        tuple(state.WHEN),
        key=state.TABLE,
        default="end" if state.TABLE not in st.session_state else None,
        required=True,
        format_func=state.WHEN.__getitem__,
        persist_state="session",
        label_visibility="collapsed",
    )
    ends = [one.side.last for one in named]
    if when == "end":
        steps = ends
        if len(set(ends)) > 1:
            words = ", ".join(f"{one.letter} at step {end:,}" for one, end in zip(named, ends, strict=True))
            st.caption(f"The runs end at different steps: {words}.")
    rows = measures_table([one.side for one in named], steps)
    if not rows:
        st.caption("The instruments have measured nothing in these runs so far.")
        return ()
    letters = [one.letter for one in named]
    html_table(
        ["Measure", "What follows", *letters],
        [[row.title, conclusion(row, letters), *(_cell(row, value) for value in row.values)] for row in rows],
        "compare-measures",
    )
    several = [[letters.index(one.letter) for one in bundle] for bundle in bundled]
    for sentence in seeds_in_words(rows, letters, [bundle for bundle in several if _as_far([steps[place] for place in bundle])]):
        st.caption(sentence)
    if apart := [bundle for bundle in several if not _as_far([steps[place] for place in bundle])]:
        names = ", ".join("".join(letters[place] for place in bundle) for bundle in apart)
        st.caption(
            f"The seeds of {names} have been trained for different numbers of steps: to compare them, choose “{state.WHEN['cursor']}”."
        )
    return rows


def _as_far(steps: Sequence[int]) -> bool:
    """Whether runs have come about as far as each other."""
    return max(steps) <= 1.1 * min(steps)


def _cell(row: Row, value: Value | None) -> str:
    if value is None:
        return "–"
    text = number(row, value.last)
    if value.noise is not None:
        text += f" ± {number(row, value.noise, digits=1)}"
    if value.floor is not None:
        text += f", floor {number(row, value.floor)}"
    if value.best is not None and value.best_step != value.step:
        text += f"; best {number(row, value.best)} at step {value.best_step:,}"
    return f"{text} (step {value.step:,})"
