"""The timeline of a run's page: where its cursor is, and what can be done at the step under it."""

from __future__ import annotations

import streamlit as st

from pages.components.timeline import Action, timeline
from pages.parts.train.branch_form import open_form
from pages.shared.run_time import asked_step, cursor_of, go_to, settled, store_of, track_of
from wgan_core.runs.messages import Snapshot
from wgan_core.timeline.reading import Timeline

ACTIONS = (
    Action("branch", "Branch from here with …", "Train on from this step with other settings, as a new run.", at=("full",)),
    Action("explore", "Explore this step", "Open the latent space of the generator of this step.", at=("full", "light")),
)
_PRESSED = "time-pressed"


def time_view(snapshot: Snapshot, past: Timeline | None) -> int | None:
    """Draw the timeline. Returns the step under its cursor, None for the end."""
    run_id = snapshot.run_id
    if past is None or not (snapshot.step or snapshot.saved_steps):
        return None
    _do(run_id)
    asked = settled(run_id, asked_step(snapshot))
    timeline(
        track_of(snapshot, past),
        cursor=cursor_of(run_id),
        at=asked.step,
        key="timeline",
        on_move=go_to,
        actions=ACTIONS,
        on_action=lambda name, step: st.session_state.update({_PRESSED: (run_id, name, step)}),
        frames=store_of(run_id),
    )
    if asked.problem:
        st.warning(asked.problem, icon=":material/link_off:")
    return asked.step


def _do(run_id: str) -> None:
    """Do what the button that was pressed is for. Not in its callback, where a page cannot be left."""
    pressed = st.session_state.pop(_PRESSED, None)
    if pressed is None or pressed[0] != run_id:
        return
    _, name, step = pressed
    if name == "branch":
        open_form(run_id, step)
    elif name == "explore":
        st.switch_page("pages/explore.py", query_params={"run": run_id, "step": str(step)})
