"""What the pages say of the queue: how many runs wait, and that those from before a restart of the server kept their places."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.shared.problems import problem_text
from pages.shared.text import counted
from wgan_core.runs.kept_queue import waiting_count
from wgan_core.store.folder import runs_root

_READ = "queue-problems-read"


def waiting_line() -> None:
    """A line that leads to the runs that wait, for the pages that do not list them. Needs no PyTorch."""
    if waiting := waiting_count(runs_root()):
        words = f"{counted(waiting, 'run')} {'waits' if waiting == 1 else 'wait'} in the queue"
        st.page_link("pages/train.py", label=words, icon=":material/hourglass_top:")


def _problems(problems: Sequence[str]) -> None:
    """What could not be taken over, until this tab has read it."""
    if not problems or st.session_state.get(_READ):
        return
    st.warning("\n\n".join(map(problem_text, problems)), icon=":material/warning:")
    if st.button("I have read this", type="tertiary", icon=":material/check:"):
        st.session_state[_READ] = True
        st.rerun()


def kept_queue() -> None:
    """Say what waited when the server ended, and offer to let it go on, if it does not by itself."""
    from pages.shared.people import refused, shuts
    from pages.shared.server import run_manager

    manager = run_manager()
    _problems(manager.queue_problems)
    still = manager.stands_still()
    if not still:
        return
    first = still[0].run_id
    count = f"{len(still)} runs were" if len(still) > 1 else "One run was"
    them = "They begin" if len(still) > 1 else "It begins"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":material/hourglass_top: {count} waiting when the playground was last closed. {them} when you say so.", width="content"
        )
        if st.button("Go on with the queue", icon=":material/play_arrow:", **shuts("steer", first)) and not refused("steer", first):
            manager.start_now(first)
            st.rerun()
