"""The legend of all charts of a comparison: an entry for each run, which highlights its curves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from streamlit.components.v2 import component

from pages.components.bundle import bundle
from pages.components.payload import asset
from wgan_core.figures.style import OF_RUNS

_HERE = Path(__file__).parent
_component = component(
    "wgan_compare_legend",
    html='<div class="legend" role="group" aria-label="Runs"></div>',
    css=asset("legend.css", _HERE),
    js=bundle(_HERE / "legend.js"),
)
LEGEND = "compare"
"""The name under which charts follow this legend."""


@dataclass(frozen=True)
class Entry:
    """A run, or several seeds of one setting."""

    key: str
    """The legendgroup of its traces; also what it is called by."""
    name: str
    note: str
    place: int
    """Decides colour and dash."""


def legend(entries: Sequence[Entry], *, key: str) -> None:
    """Draw the legend. Pointing at an entry or focusing it highlights its curves in all charts with `legend=LEGEND`."""
    drawn = [
        {
            "key": one.key,
            "name": one.name,
            "note": one.note,
            "colour": OF_RUNS[one.place % len(OF_RUNS)][0],
            "dash": OF_RUNS[one.place % len(OF_RUNS)][1],
        }
        for one in entries
    ]
    _component(key=key, data={"legend": LEGEND, "entries": drawn})
