"""A pad on which a learner draws the curve that they expect."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from streamlit.components.v2 import component

from pages.components.bundle import bundle
from pages.components.payload import asset
from wgan_core.lessons.asking import Drawing

_HERE = Path(__file__).parent
_component = component(
    "wgan_curve_pad", html=asset("curve_pad.html", _HERE), css=asset("curve_pad.css", _HERE), js=bundle(_HERE / "curve_pad.js")
)


def curve_pad(
    question: Drawing, *, heights: Sequence[float] | None, measured: Sequence[float], locked: bool, key: str
) -> list[float] | None:
    """Show the pad and return the curve that was drawn, or None while there is none.

    Args:
        question: what to draw.
        heights: the curve to start with, from 0 to 1; None for none.
        measured: a curve of the same kind to show beside it.
        locked: whether the curve can no longer be changed.
        key: unique on the page.
    """
    data = {
        "heights": list(heights) if heights is not None else [0.5] * question.places,
        "drawn": heights is not None,
        "locked": locked,
        "measured": [value if math.isfinite(value) else 0.0 for value in measured],
        "left": question.left,
        "right": question.right,
        "up": question.up,
    }
    sent = _component(key=key, data=data, on_heights_change=_do_nothing).heights
    return sent if question.accepts(sent) else None


def _do_nothing() -> None:
    """A callback is required, otherwise Streamlit does not report what was sent."""
