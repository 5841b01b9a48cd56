"""A pad to draw points on with mouse, pen or finger."""

from __future__ import annotations

from pathlib import Path

from streamlit.components.v2 import component

from pages.components.bundle import bundle
from pages.components.payload import asset
from wgan_core.lab.drawing import MAX_DRAWN, MIN_DRAWN

_HERE = Path(__file__).parent
_component = component("wgan_drawing_pad", html=asset("drawing_pad.html", _HERE), css=asset("pad.css"), js=bundle(_HERE / "drawing_pad.js"))


def drawing_pad(drawing: str, *, key: str) -> str | None:
    """Show a drawing to go on with, as `lab.drawing.to_text` writes it; "" begins with an empty pad.

    Returns the drawing that the user has just asked to be used, else None. It comes from the browser: check it.
    """
    data = {"drawing": drawing, "most": MAX_DRAWN, "least": MIN_DRAWN}
    drawn = _component(key=key, data=data, on_points_change=_nothing).points
    return str(drawn) if drawn is not None else None


def _nothing() -> None:
    """Asked for by Streamlit, or it would not tell what was sent."""
