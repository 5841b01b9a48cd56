"""The cursor of a comparison: where along the axis the runs are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from streamlit.components.v2 import component

from pages.components.bundle import bundle
from pages.components.payload import asset
from pages.components.sent import sent_by

_HERE = Path(__file__).parent
_component = component("wgan_compare_place", html=asset("place.html", _HERE), css=asset("place.css", _HERE), js=bundle(_HERE / "place.js"))
CURSOR = "compare"
"""The name under which charts follow this cursor."""
_KEY = "compare-place"
Scale = tuple[Sequence[float], Sequence[float]]
"""Places on the axis and the steps of a run there, both ascending from 0 to its end."""


def cursor_of(letter: str) -> str:
    """The name of the cursor that counts the steps of one run, for its pictures. It moves with the cursor of the charts."""
    return f"{CURSOR}:{letter}"


def place_slider(
    place: float, reach: float, title: str, scales: Mapping[str, Scale], *, whole: bool, on_move: Callable[[float], None]
) -> None:
    """Draw the slider.

    Args:
        place: where it stands, from 0 to `reach`, the end of the axis.
        title: what the axis counts, in words.
        scales: of the runs, by their letters. Where a run ends there is a mark, which those that end at one place share.
        whole: whether it is counted in whole numbers.
        on_move: called with the new place when the user has let go of the slider, or clicked on a chart.
    """
    marks: dict[float, str] = {}
    for letter, (places, _) in scales.items():
        at = places[-1]
        marks[at] = f"{marks[at]}, {letter}" if at in marks else f"end of {letter}"
    data = {
        "cursor": CURSOR,
        "place": place,
        "reach": reach,
        "title": title,
        "whole": whole,
        "ends": [{"name": name, "at": at} for at, name in marks.items()],
        "runs": [{"cursor": cursor_of(letter), "places": list(places), "steps": list(steps)} for letter, (places, steps) in scales.items()],
    }

    def moved() -> None:
        sent = sent_by(_KEY, "place")
        if isinstance(sent, (int, float)) and not isinstance(sent, bool) and 0 <= sent <= reach:
            on_move(float(sent))

    _component(key=_KEY, data=data, on_place_change=moved)
