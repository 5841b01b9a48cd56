"""What this server process keeps for all its browser tabs."""

from __future__ import annotations

import streamlit as st

from wgan_core.download import Downloads
from wgan_core.manager import RunManager
from wgan_core.store import runs_root


@st.cache_resource(show_spinner=False)
def run_manager() -> RunManager:
    """The runs of this process; they outlive any tab."""
    return RunManager(runs_root())


@st.cache_resource(show_spinner=False)
def downloads() -> Downloads:
    """The downloads of this process."""
    return Downloads()
