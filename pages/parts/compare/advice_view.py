"""What can be said of each run at the cursor: three answers, and what its instruments advise."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts.compare.sides_view import Named
from pages.shared.lights import LIGHTS
from pages.shared.text import inert
from wgan_core.instruments.answers import IN_A_WORD, answers
from wgan_core.store.readings import advice_in


def draw_advice(named: Sequence[Named], steps: Sequence[int]) -> None:
    """The answers and the advice for each run up to the cursor, with a link to the run."""
    st.subheader("Diagnosis and advice at the cursor", anchor=False)
    with st.grid(min(len(named), 4), min_column_width=260):
        for one, step in zip(named, steps, strict=True):
            with st.container(gap="xsmall", border=True, height="stretch"):
                st.page_link("pages/train.py", label=one.in_markdown, query_params={"run": one.side.run_id})
                _one(one, step)


def _one(one: Named, step: int) -> None:
    seen = one.side.seen_at(step)
    for answer in answers(seen):
        colour, icon = LIGHTS[answer.state]
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.markdown(answer.question, width="content")
            st.badge(IN_A_WORD[answer.state], icon=icon, color=colour, help=answer.text)
    for each in advice_in(seen.readings):
        (st.warning if each.get("level") == "warning" else st.info)(inert(str(each["text"])))
