"""A pad for drawing points with the mouse, a pen or a finger."""

from __future__ import annotations

from pathlib import Path

from streamlit.components.v2 import component

from pages.components.bundle import bundle
from pages.components.payload import asset
from wgan_core.lab.drawing import MAX_DRAWN, MIN_DRAWN

_HERE = Path(__file__).parent
_component = component("wgan_drawing_pad", html=asset("drawing_pad.html", _HERE), css=asset("pad.css"), js=bundle(_HERE / "drawing_pad.js"))


def drawing_pad(drawing: str, *, key: str) -> str | None:
    """Show a drawing, as `lab.drawing.to_text` writes it, for the user to continue; "" starts with an empty pad.

    Returns the drawing if the user has just pressed “Train on these points”, else None. It comes from the browser, so check it.
    """
    data = {"drawing": drawing, "most": MAX_DRAWN, "least": MIN_DRAWN}
    drawn = _component(key=key, data=data, on_points_change=_do_nothing).points
    return str(drawn) if drawn is not None else None


def _do_nothing() -> None:
    """A callback is required, otherwise Streamlit does not report what was sent."""
