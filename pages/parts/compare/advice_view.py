"""What each run's instruments advise."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts.compare.sides_view import Named
from wgan_core.store.readings import ADVICE, advice_in


def draw_advice(named: Sequence[Named], steps: Sequence[int]) -> None:
    """The advice of each run up to the cursor, with a link to the run."""
    st.subheader("Advice", anchor=False)
    with st.grid(min(len(named), 4), min_column_width=240):
        for one, step in zip(named, steps, strict=True):
            with st.container(gap="xsmall", border=True, height="stretch"):
                st.page_link("pages/train.py", label=f"**{one.letter}** {one.title}", query_params={"run": one.side.run_id})
                readings = [reading for reading in one.side.readings if reading.step <= step]
                advice = advice_in(readings)
                for each in advice:
                    (st.warning if each.get("level") == "warning" else st.info)(each["text"])
                if not advice:
                    judged = any(reading.key == ADVICE for reading in readings)
                    st.caption("Nothing to say against it." if judged else "Not judged up to the cursor.")
