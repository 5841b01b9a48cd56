"""What is compared, and how it is looked at. It lives in the session and in the page's address, so that a link shows the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

import streamlit as st

from pages.shared.page_address import write_address
from wgan_core.compare.alignment import AXES, Axis
from wgan_core.compare.curves import KINDS_OF_CURVES
from wgan_core.compare.side import MAX_SIDES

NAMES, AXIS, CURVES, LEFT, RIGHT = "compare.runs", "compare.axis", "compare.curves", "compare.left", "compare.right"
BANDS, SMOOTHING, TABLE = "compare.bands", "compare.smoothing", "compare.table"
WHEN = {"end": "At the end of each run", "cursor": "At the cursor"}
"""The values that the table of measures may show."""
_PLACE, _LINK = "compare.place", "compare.link"
LETTERS = ascii_uppercase[:MAX_SIDES]
_MAX_NAMES = 50
"""More names in an address are not even counted."""


@dataclass(frozen=True)
class Asked:
    """What a link asks for."""

    names: tuple[str, ...]
    too_many: int
    """How many runs more than can be compared it names."""


def read_link() -> Asked:
    """Take over a link that has not been read yet. Values that cannot be used are left out, because they only change the view."""
    text = st.query_params.get("runs", "")
    named = [name for name in text.split(",")[:_MAX_NAMES] if name]
    asked = Asked(tuple(dict.fromkeys(named))[:MAX_SIDES], max(0, len(dict.fromkeys(named)) - MAX_SIDES))
    if text and st.session_state.get(_LINK) != text:
        st.session_state[_LINK] = text
        st.session_state[NAMES] = list(asked.names)
        _read_view()
    return asked


def _read_view() -> None:
    params = st.query_params
    if (axis := params.get("axis")) in AXES:
        st.session_state[AXIS] = axis
    st.session_state[_PLACE] = _number(params.get("at", ""))
    if curves := [key for key in params.get("curves", "").split(",") if key in KINDS_OF_CURVES]:
        st.session_state[CURVES] = curves
    else:
        st.session_state.pop(CURVES, None)
    for key, letter in zip((LEFT, RIGHT), params.get("wipe", "")[:2], strict=False):
        if letter in LETTERS:
            st.session_state[key] = letter
    if (when := params.get("table")) in WHEN:
        st.session_state[TABLE] = when
    if params.get("bands") == "off":
        st.session_state[BANDS] = False


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def axis() -> Axis:
    """The chosen axis."""
    return st.session_state.get(AXIS, "step")


def place(reach: float, default: float) -> float:
    """The place of the cursor on the axis, which ends at `reach`."""
    chosen = st.session_state.get(_PLACE)
    return default if chosen is None else min(chosen, reach)


def set_place(chosen: float | None) -> None:
    """Move the cursor; None: to where all runs are."""
    st.session_state[_PLACE] = chosen


def write_link(names: Sequence[str], curves: Sequence[str], usual: Sequence[str]) -> None:
    """Make the address show the same as the page. usual: the curves that are drawn if none are named."""
    params = {"runs": ",".join(names)}
    if axis() != "step":
        params["axis"] = axis()
    if (chosen := st.session_state.get(_PLACE)) is not None:
        params["at"] = f"{chosen:.6g}"
    if list(curves) != list(usual):
        params["curves"] = ",".join(curves)
    if LEFT in st.session_state and (pair := f"{st.session_state[LEFT]}{st.session_state.get(RIGHT, '')}") != LETTERS[:2]:
        params["wipe"] = pair
    if st.session_state.get(TABLE) == "cursor":
        params["table"] = "cursor"
    if not st.session_state.get(BANDS, True):
        params["bands"] = "off"
    st.session_state[_LINK] = params["runs"]
    write_address(params)
