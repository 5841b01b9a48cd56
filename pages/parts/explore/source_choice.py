"""Choosing the run to explore, one of its saved steps, and one of its generators."""

from __future__ import annotations

import streamlit as st

from pages.parts.explore.latent_source import Source, open_source, runs_to_choose, saved_steps
from pages.parts.explore.time_view import move_to, run_time
from pages.shared.library import title_of
from pages.shared.problems import show_problem
from pages.shared.run_time import folder_of, past_of
from pages.shared.server import run_manager
from pages.shared.shipped import SHIPPED
from pages.shared.snapshots import newest_snapshot
from wgan_core.store.folder import RunSummary, StoreError


def choose_source() -> Source | None:
    """Draw the choices. Returns what was chosen, or None if there is nothing to explore."""
    runs, damaged = runs_to_choose()
    if not runs:
        st.info(
            "There is no trained run yet. Start one on the Train page: you can explore it while it trains.",
            icon=":material/model_training:",
        )
        st.page_link("pages/train.py", label="Train a run", icon=":material/model_training:")
        for one in damaged:
            show_problem(one.damaged, icon=":material/broken_image:")
        return None
    ids = [run.run_id for run in (*runs, *damaged)]
    wanted = st.query_params.get("run")
    if wanted and st.session_state.get("explore.link") != wanted:
        st.session_state["explore.link"] = wanted
        if wanted in ids:
            st.session_state["explore.run"] = wanted
        else:
            st.warning(f"This link names the run {wanted[:60]!r}, which does not exist here.", icon=":material/link_off:")
    if st.session_state.get("explore.run") not in ids:
        st.session_state["explore.run"] = _worth_seeing(runs)
    titles = {run.run_id: f"{_title(run)} · step {run.step:,}" for run in runs}
    titles |= {one.run_id: f"{one.run_id} (damaged)" for one in damaged}  # choosing one shows what is wrong with it
    left, right = st.columns([3, 8], vertical_alignment="bottom")
    with left:
        run_id = st.selectbox("Run", ids, format_func=titles.__getitem__, key="explore.run", persist_state="session")
    with right:
        source = _choose_step(run_id)
    return _choose_generator(source) if source is not None else None


def _title(run: RunSummary) -> str:
    return f"{SHIPPED[run.run_id][0]} ({run.run_id})" if run.run_id in SHIPPED else title_of(run.run_id, run.config)


def _worth_seeing(runs: list[RunSummary]) -> str:
    """The run to open on: one that comes with the project, else the newest that was trained to its end, else the newest."""
    known = [run.run_id for run in runs]
    finished = [run.run_id for run in runs if run.status == "finished"]
    return next((name for name in SHIPPED if name in known), next(iter(finished), known[0]))


@st.fragment(run_every=3)
def training_now(run_id: str, newest: int) -> None:
    """Show how far a training run is, and a button for any step saved since the page was drawn with `newest` as its last one."""
    run = run_manager().get(run_id)
    if run is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        words = f"This run is {run.snapshot.status} at step {run.snapshot.step:,}. You can explore its saved steps."
        st.caption(words if run.snapshot.ended else f"{words} “Save now” on the Train page adds one.", width="content")
        try:
            last = saved_steps(run_id)[-1]
        except (StoreError, IndexError):
            return
        if last > newest:
            label = f"Show step {last:,}, saved just now"
            if st.button(label, key="explore.show-newest", icon=":material/update:", on_click=move_to, args=(run_id, last)):
                st.rerun()


def _choose_step(run_id: str) -> Source | None:
    """Draw the run's timeline. Returns the networks at its cursor, or those kept nearest to it."""
    try:
        snapshot = newest_snapshot(run_id, watch=False)
        past = past_of(snapshot, folder_of(run_id))
        at = run_time(run_id, snapshot, past) if past is not None else None
        near = past.nearest(at) if past is not None and at is not None else None
        if near is not None and at is not None and not near.exact:
            st.caption(f"No networks of step {at:,} are kept. You explore those of step {near.step:,}, the nearest.")
        return open_source(run_id, None if near is None else near.step)
    except StoreError as error:
        show_problem(error, icon=":material/broken_image:")
        return None


def _choose_generator(source: Source) -> Source | None:
    """Let the user choose between the averaged generator, whose samples are on the cards of its run, and the one as trained."""
    if not source.averages:
        return source
    key = "explore.generator"
    if key not in st.session_state:
        st.session_state[key] = "as trained" if st.query_params.get("generator") == "trained" else "averaged"
    choice = st.segmented_control(
        "Generator",
        ("averaged", "as trained"),
        key=key,
        required=True,
        persist_state="session",
        help="The averaged generator uses a moving average of the generator's weights. Its samples change less from step to step and are "
        "often better.",
    )
    try:
        return open_source(source.run_id, source.step, averaged=choice == "averaged")
    except StoreError as error:
        show_problem(error, icon=":material/broken_image:")
        return None
