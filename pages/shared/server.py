"""Objects that this server process keeps for all browser tabs."""

from __future__ import annotations

import atexit
import gc

import streamlit as st

from pages.shared.hangup import save_at_hangup
from pages.shared.serving import serving
from wgan_core.data.download import Downloads
from wgan_core.paper.jobs import PaperJobs
from wgan_core.runs.manager import RunManager
from wgan_core.store.folder import runs_root


@st.cache_resource(show_spinner=False)
def run_manager() -> RunManager:
    """The runs of this process. They keep running when a tab is closed. In a class, what waited when the server ended goes on by itself."""
    save_at_hangup()
    of_class = serving().mode == "class"
    return RunManager(runs_root(), yield_seconds=serving().yield_seconds if of_class else None, goes_on=of_class)


@st.cache_resource(show_spinner=False)
def downloads() -> Downloads:
    """The downloads of this process."""
    return Downloads()


@st.cache_resource(show_spinner=False)
def paper_jobs() -> PaperJobs:
    """The computations of the paper results in this process."""
    return PaperJobs()


@st.cache_resource(show_spinner=False)
def exclude_loaded_from_gc() -> None:
    """Exclude everything that is loaded so far from garbage collection. Call it once a run is training and its page has been drawn.

    Streamlit collects garbage after every script run, which here means every second. With PyTorch loaded, each collection stops all threads
    for more than 0.1 s. Measured: a viewer slowed a training run by 20 %, and by 7 % after this call.
    """
    gc.collect()
    gc.freeze()
    atexit.register(gc.unfreeze)  # otherwise libraries that check for leaks at exit would report every object
