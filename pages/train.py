"""The Train page: set up a run, start it, watch it and steer it."""

from __future__ import annotations

import streamlit as st

from pages.parts.train.controls import title_of
from pages.parts.train.run_view import run_view
from pages.parts.train.setup import setup_form
from pages.shared.frame import within_frame
from pages.shared.page_address import address, write_address
from pages.shared.queue_note import kept_queue
from pages.shared.server import run_manager
from pages.shared.start import show_run


def _chosen_run() -> str | None:
    """The run to show: the one in the URL, or else the one that this tab showed last, if it has not ended."""
    run_id = st.query_params.get("run")
    if run_id is None and not address() and (last := st.session_state.get("train-run")) is not None:
        run = run_manager().get(last)
        run_id = last if run is not None and not run.snapshot.ended else None
    return run_id


def _others(shown: str | None) -> None:
    """List the other runs that have not ended, so that every tab can find them."""
    for run in run_manager().all_active():
        if run.run_id != shown:
            with st.container(horizontal=True, vertical_alignment="center"):
                title = title_of(run.snapshot)
                st.markdown(f":material/model_training: **{title}** is {run.snapshot.status}.", width="content")
                if st.button(f"Show {title}", key=f"show-{run.run_id}", type="tertiary", icon=":material/visibility:"):
                    show_run(run.run_id)


within_frame()
run_id = _chosen_run()
if run_id is None:
    st.title("Train")
    kept_queue()
    _others(None)
    setup_form()
else:
    st.session_state["train-run"] = run_id
    if st.query_params.get("run") != run_id:
        write_address({"run": run_id})
    run_view(run_id)
    _others(run_id)
