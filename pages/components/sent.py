"""What the browser's half of a component has sent."""

from __future__ import annotations

from typing import Any

import streamlit as st


def sent_by(key: str, name: str) -> Any:
    """The value `name` that the component with this `key` has sent; None if there is none.

    A message may arrive after its component has left the page, because somebody has just opened another tab of it. Streamlit still calls
    the component's function, but has forgotten what was sent.
    """
    return (st.session_state.get(key) or {}).get(name)
