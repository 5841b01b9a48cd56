"""The timeline of a run's page: where its cursor is, and what can be done at the step under it."""

from __future__ import annotations

import streamlit as st

from pages.components.timeline import Action, timeline
from pages.parts.train.branch_form import open_form
from pages.shared.people import note_who, refused
from pages.shared.problems import show_problem
from pages.shared.run_time import AT, asked_step, cursor_of, folder_of, go_to, moved_lately, settled, store_of, track_of, write_step
from pages.shared.text import inert
from wgan_core.runs.messages import Snapshot
from wgan_core.store.folder import RunFolder, StoreError
from wgan_core.timeline.pins import pin, unpin
from wgan_core.timeline.reading import Timeline

ACTIONS = (
    Action("pin", "Pin", "Never thin out this step.", of=("full", "light"), besides=("pin",)),
    Action("unpin", "Unpin", "Let this step be thinned out when the run needs the room.", of=("pin",)),
    Action(
        "branch",
        "Branch from here with …",
        "Train on from this step with other settings, as a new run. This takes a step that is saved in full.",
        of=("full",),
        near="Branch from step {step} with …",
    ),
    Action(
        "explore",
        "Explore this step",
        "Move through the latent space of the generator of this step.",
        of=("full", "light"),
        near="Explore step {step}",
    ),
)
_PRESSED, _PROBLEM = "time-pressed", "time-pin-problem"


def time_view(snapshot: Snapshot, past: Timeline | None) -> int | None:
    """Draw the timeline. Returns the step under its cursor, None for the end."""
    run_id = snapshot.run_id
    if past is None or not (snapshot.step or snapshot.saved_steps):
        return None
    _leave_if_asked(run_id)
    if (asked := moved_lately(run_id)) is not None:
        write_step(asked.step)
    else:
        asked = settled(run_id, asked_step(snapshot))
    timeline(
        track_of(snapshot, past),
        cursor=cursor_of(run_id),
        at=asked.step,
        key="timeline",
        on_move=lambda step: go_to(run_id, step),
        actions=ACTIONS,
        on_action=lambda name, step: act(run_id, name, step),
        frames=store_of(run_id),
    )
    if asked.problem:
        st.warning(inert(asked.problem), icon=":material/link_off:")
    if problem := st.session_state.pop(_PROBLEM, ""):
        show_problem(problem)
    return asked.step


def act(run_id: str, name: str, step: int) -> None:
    """Do what a button of the timeline is for. The page is left later, because a callback cannot."""
    if name not in ("pin", "unpin"):
        st.session_state[_PRESSED] = run_id, name, step
        return
    if refused("pin step", run_id):
        return
    try:
        folder = RunFolder.open(folder_of(run_id))
        pin(folder, step) if name == "pin" else unpin(folder, step)
        note_who(run_id, "pinned" if name == "pin" else "unpinned", at=step)
    except StoreError as error:
        st.session_state[_PROBLEM] = str(error)


def _leave_if_asked(run_id: str) -> None:
    pressed = st.session_state.pop(_PRESSED, None)
    if pressed is None or pressed[0] != run_id:
        return
    _, name, step = pressed
    if name == "branch":
        open_form(run_id, step)
    elif name == "explore":
        st.switch_page("pages/explore.py", query_params={"run": run_id, AT: str(step)})
