"""The strip of three lights above the curves: does the run learn, is its critic healthy, are its samples varied?"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.shared.lights import LIGHTS
from wgan_core.config import critic_word
from wgan_core.instruments.answers import IN_A_WORD, answers
from wgan_core.runs.messages import Snapshot

_SHORT: Mapping[str, str] = {"learns": "Learns", "critic": "Critic healthy", "variety": "Samples varied"}


def lights(snapshot: Snapshot, *, past: bool = False) -> None:
    """One line. The number behind each answer, and its step, are a hover away, and on the Diagnosis tab.

    past: whether the snapshot is of a step before the newest.
    """
    with st.container(horizontal=True, gap="xsmall" if past else "small", vertical_alignment="center", key="run-lights"):
        if past:
            st.caption(f"At step {snapshot.step:,}:", width="content")
        for answer in answers(snapshot):
            colour, icon = LIGHTS[answer.state]
            short = _SHORT[answer.key].replace("Critic", critic_word(snapshot.config).capitalize())
            words = f"{short}: {IN_A_WORD[answer.state].lower()}"
            st.badge(words, icon=icon, color=colour, help=f"**{answer.question}** {answer.text}")
