"""The timeline of the run that is explored: its cursor chooses the step whose networks are used."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.components.moment_picture import moment_picture
from pages.components.moment_points import moment_points
from pages.components.timeline import Action, timeline
from pages.parts.explore.latent_source import Source
from pages.shared import run_time as shared
from pages.shared.run_time import AT, asked_step, cursor_of, kept_pictures, settled, store_of, track_of
from pages.shared.snapshots import newest_snapshot
from pages.shared.text import inert
from wgan_core.data import toy
from wgan_core.runs.messages import Snapshot
from wgan_core.timeline.reading import Timeline

POLL_SECONDS = 3.0
_PREVIEW_PX = 72
_MOVED = "explore.moved"
_ACTIONS = (Action("train", "Curves of this step", "Show the run at this step on the Train page."),)


def run_time(run_id: str, snapshot: Snapshot, past: Timeline) -> int | None:
    """Draw the timeline. Returns the step under its cursor, None for the end."""
    asked = shared.moved_lately(run_id) or settled(run_id, _asked(run_id, snapshot, past))
    st.session_state[_key(run_id)] = asked.step
    st.fragment(_timeline, run_every=None if snapshot.ended else POLL_SECONDS)(run_id)
    if asked.problem:
        st.warning(inert(asked.problem), icon=":material/link_off:")
    return asked.step


def move_to(run_id: str, step: int | None) -> None:
    """Move the cursor, as the timeline does; None: to the end."""
    shared.go_to(run_id, step)
    st.query_params.pop("step", None)
    st.session_state[_key(run_id)] = step


def time_to_params(source: Source) -> dict[str, str]:
    """The step as a parameter of a link: where the cursor is, or at the end the step whose networks are explored."""
    at = st.session_state.get(_key(source.run_id))
    return {"step": str(source.step)} if at is None else {AT: str(at)}


def _key(run_id: str) -> str:
    return f"explore.at-{run_id}"


def _asked(run_id: str, snapshot: Snapshot, past: Timeline) -> shared.Asked:
    """The step in the address if that is about this run; else where the cursor was when the run was last explored."""
    if st.query_params.get("run") == run_id:
        if "," not in (text := st.query_params.get(AT, "")) and text:  # in links of earlier versions it was a place in latent space
            return asked_step(snapshot, text)
        if text := st.query_params.get("step", ""):
            asked = asked_step(snapshot, text)
            newest = past.nearest(snapshot.step)
            at_end = snapshot.ended and newest is not None and asked.step == newest.step
            return shared.Asked(None) if at_end else asked
    at = st.session_state.get(_key(run_id))
    return shared.Asked(at if at is None or at <= snapshot.step else None)


def _timeline(run_id: str) -> None:
    """The part that follows a run while it trains. The explored networks change only when the cursor is moved."""
    if st.session_state.pop(_MOVED, False):
        st.rerun()
    snapshot = newest_snapshot(run_id, watch=False)
    past = shared.past_of(snapshot, shared.folder_of(run_id))
    if past is None:
        return

    def moved(step: int | None) -> None:
        move_to(run_id, step)
        st.session_state[_MOVED] = True

    left, right = st.columns([10, 1], vertical_alignment="bottom", gap="small")
    with left:
        timeline(
            track_of(snapshot, past),
            cursor=cursor_of(run_id),
            at=st.session_state.get(_key(run_id)),
            key="explore-timeline",
            on_move=moved,
            actions=_ACTIONS,
            on_action=lambda name, step: st.session_state.update({_MOVED: True, _OPEN: (run_id, step)}),
            frames=store_of(run_id),
        )
    with right, st.container(width=_PREVIEW_PX):
        _preview(run_id, snapshot, past)


_OPEN = "explore.open-run"


def open_run_if_asked() -> None:
    """Go to the Train page if the button for that was pressed."""
    if (asked := st.session_state.pop(_OPEN, None)) is not None:
        st.switch_page("pages/train.py", query_params={"run": asked[0], AT: str(asked[1])})


def _preview(run_id: str, snapshot: Snapshot, past: Timeline) -> None:
    """The samples of the run's fixed latents at the cursor, small: they follow it while it is moved."""
    kept = kept_pictures(past)
    if not kept:
        return
    last = max(kept)
    body = kept[last][1]()
    store, cursor, key, alt = store_of(run_id), cursor_of(run_id), "explore-moments", "Samples of the run's fixed latents at step {step}"
    if past.has_points:
        points, limit = np.frombuffer(body, "<f4").reshape(-1, 2), toy.view_limit(snapshot.config.dataset)
        moment_points((last, points), past.data_points(), kept, limit=limit, store=store, cursor=cursor, key=key, alt=alt, caption="")
    else:
        moment_picture((last, body), kept, store=store, cursor=cursor, key=key, alt=alt, caption="")
