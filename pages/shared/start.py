"""Starting a run, and what to do while the device is busy: for every page with a Start button."""

from __future__ import annotations

import streamlit as st

from pages.shared.server import run_manager
from wgan_core.config import ConfigError, TrainConfig
from wgan_core.runs.manager import DeviceBusy


def start_run(config: TrainConfig, *, queue: bool = False) -> None:
    """Start a run and show it; where the device is busy, remember by whom."""
    try:
        run = run_manager().start(config, queue=queue)
    except DeviceBusy as error:
        st.session_state["busy"] = str(error), error.run.run_id
        return
    except ConfigError as error:
        st.error(str(error), icon=":material/error:")
        return
    st.session_state.pop("busy", None)
    show_run(run.run_id)


def show_run(run_id: str) -> None:
    """Turn the Train page to that run."""
    st.session_state["train-run"] = run_id
    st.switch_page("pages/train.py", query_params={"run": run_id})


def offer_queue(config: TrainConfig) -> None:
    """After a start that found the device busy: what trains there, and two ways on."""
    if "busy" not in st.session_state:
        return
    sentence, run_id = st.session_state["busy"]
    st.warning(sentence, icon=":material/hourglass_top:")
    with st.container(horizontal=True):
        if st.button("Queue it", icon=":material/queue:"):
            start_run(config, queue=True)
        if st.button("Show the run that is training", icon=":material/visibility:"):
            st.session_state.pop("busy", None)
            show_run(run_id)
