"""How this server is used: read once, when it starts."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from wgan_core.access.serving import Serving, ServingError, read_serving


@st.cache_resource(show_spinner=False)
def _read() -> tuple[Serving, str]:
    try:
        return read_serving(Path(__file__).parents[2]), ""
    except ServingError as error:
        return Serving(mode="read only", experiments=False), str(error)  # what is wrong must not allow more than was meant


def serving() -> Serving:
    """The server's mode and limits, as they were when it started."""
    return _read()[0]


def serving_problem() -> str:
    """Why the server's mode cannot be read, in one sentence; "" if it can. Then nothing is allowed."""
    return _read()[1]
