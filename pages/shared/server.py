"""What this server process keeps for all its browser tabs."""

from __future__ import annotations

import atexit
import gc

import streamlit as st

from wgan_core.data.download import Downloads
from wgan_core.paper.jobs import PaperJobs
from wgan_core.runs.manager import RunManager
from wgan_core.store.folder import runs_root


@st.cache_resource(show_spinner=False)
def run_manager() -> RunManager:
    """The runs of this process; they outlive any tab."""
    return RunManager(runs_root())


@st.cache_resource(show_spinner=False)
def downloads() -> Downloads:
    """The downloads of this process."""
    return Downloads()


@st.cache_resource(show_spinner=False)
def paper_jobs() -> PaperJobs:
    """The papers' results computed in this process."""
    return PaperJobs()


@st.cache_resource(show_spinner=False)
def spare_what_is_loaded() -> None:
    """Take everything that is loaded by now out of garbage collection; to be called once a run trains and its page has been drawn.

    Streamlit collects garbage after every script run, so every second here. With PyTorch loaded that halts all threads for more than 0.1 s
    (measured: a viewer cost a training run 20 % of its speed, and 7 % with this).
    """
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # else libraries that look for leaks at the end find everything
