"""A button that saves the comparison as one picture, drawn by the browser from the charts on the page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from streamlit.components.v2 import component

from pages.components.bundle import bundle
from pages.components.payload import pack

_HERE = Path(__file__).parent
_component = component(
    "wgan_compare_picture",
    html='<div class="save"><button type="button">Save as PNG</button><output></output></div>',
    css="""
        .save { display: flex; flex-wrap: wrap; align-items: center; gap: 0.5rem; color: var(--st-text-color); font-size: 0.875rem; }
        button {
          padding: 0.5rem 0.9rem;
          font: inherit;
          color: inherit;
          background: var(--st-background-color);
          border: 1px solid var(--st-widget-border-color, var(--st-border-color));
          border-radius: var(--st-button-radius);
          cursor: pointer;
        }
        button:hover { color: var(--st-primary-color); border-color: var(--st-primary-color); }
        button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
    """,
    js=bundle(_HERE / "picture.js"),
)


class Chart(NamedTuple):
    """A chart on the page."""

    key: str
    title: str
    note: str
    """What has to be known of it; empty for nothing."""


class Picture(NamedTuple):
    """A picture of a run."""

    caption: str
    data: bytes


def picture_button(
    file: str,
    runs: Sequence[tuple[str, str]],
    differs: Sequence[str],
    measures: Sequence[str],
    charts: Sequence[Chart],
    pictures: Sequence[Picture],
) -> None:
    """Draw the button.

    Args:
        file: the name of the saved file.
        runs: a line for each run, with its colour.
        differs, measures: lines of text, beside each other.
        charts: as they are on the page when the button is pressed.
        pictures: in any format that browsers can show.
    """
    header = {
        "file": file,
        "runs": [{"words": words, "colour": colour} for words, colour in runs],
        "differs": list(differs),
        "measures": list(measures),
        "charts": [one._asdict() for one in charts],
        "pictures": [{"caption": one.caption, "bytes": len(one.data)} for one in pictures],
    }
    _component(key="compare-save", data=pack(header, b"".join(one.data for one in pictures)), width="content")
