"""A Plotly chart that is updated in place. With `st.plotly_chart` every new figure would be a new chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pandas  # noqa: F401 # Plotly looks whether it is loaded, and trips over a pandas that another thread is just loading
import plotly.graph_objects as go
import streamlit as st
from plotly.io.json import to_json_plotly
from streamlit.components.v2 import component

from pages.components.bundle import bundle
from pages.components.payload import HERE, pack
from pages.components.plotly_asset import PlotlyAssetError, plotly_url

# Not isolated, because Plotly adds the styles of its mode bar to the page's head, where a shadow root would not find them.
_component = component(
    "wgan_live_chart",
    html='<div class="wgan-chart" role="figure"></div><p class="wgan-chart-message" role="alert" hidden></p>',
    css="""
        .wgan-chart { position: relative; width: 100%; }
        .wgan-chart-cursor { position: absolute; left: -1px; width: 2px; pointer-events: none; background: var(--st-primary-color); }
        .wgan-chart .main-svg { background: transparent !important; }
        .wgan-chart .wgan-chart-dim { opacity: 0.12 !important; }
        .wgan-chart-message { margin: 0; overflow-wrap: anywhere; }
    """,
    js=bundle(HERE / "live_chart.js"),
    isolate_styles=False,
)


Scale = tuple[Sequence[float], Sequence[float]]


class Chart(NamedTuple):
    """A figure made ready for the browser, which may be kept and shown to many viewers."""

    figure: go.Figure
    json: bytes


def prepared(figure: go.Figure) -> Chart:
    """`figure`, made ready once: that takes longer than to send it."""
    return Chart(figure, _to_json(figure))


def live_chart(
    chart: go.Figure | Chart,
    *,
    key: str,
    alt: str,
    height: int = 320,
    revision: str = "keep",
    cursor: str | None = None,
    scale: Scale | None = None,
    legend: str | None = None,
) -> None:
    """Draw a figure. When it is drawn again under the same key, the chart keeps its zoom, its hidden legend entries and its hover text.

    Background, text, grid and fonts follow the page's theme unless the figure sets them. The figure's template is ignored.

    Args:
        chart: the figure. Traces are identified by their position, so keep their order between updates.
        key: unique on the page; also the file name of the downloaded PNG.
        alt: a description for people who cannot see the chart.
        height: in pixels. The chart is as wide as its container.
        revision: change it to reset the zoom and the hidden legend entries, for example when another run is shown.
        cursor: the name of a film's or a timeline's cursor. A vertical line marks where it is, and a click on the chart moves it.
        scale: if the x axis does not count what the cursor counts: places of the cursor, and where they are on the axis, both ascending.
        legend: the name of a legend elsewhere on the page. It highlights traces by their `legendgroup`.
    """
    chart = chart if isinstance(chart, Chart) else prepared(chart)
    try:
        url = plotly_url()
    except PlotlyAssetError as error:
        st.plotly_chart(chart.figure, key=key, height=height, alt=alt)
        st.caption(f":material/info: Each update resets the zoom of this chart. How to avoid that: {error}")
        return
    header = {
        "url": url,
        "alt": alt,
        "height": height,
        "revision": revision,
        "name": key,
        "cursor": cursor,
        "scale": scale,
        "legend": legend,
    }
    _component(key=key, data=pack(header, chart.json), height=height)


def _to_json(figure: go.Figure) -> bytes:
    """Data and layout as JSON, without the template: about 6 kB that the page's theme replaces."""
    parts = figure.to_plotly_json()
    layout = {name: value for name, value in parts["layout"].items() if name != "template"}
    return str(to_json_plotly({"data": parts["data"], "layout": layout})).encode()
