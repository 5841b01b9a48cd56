"""A Plotly chart that is updated in place, which `st.plotly_chart` cannot do: there every new figure is a new chart."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st
from plotly.io.json import to_json_plotly
from streamlit.components.v2 import component

from pages.components.bundle import bundle
from pages.components.payload import HERE, pack
from pages.components.plotly_asset import PlotlyAssetError, plotly_url

# Not isolated: Plotly adds the styles of its mode bar to the page's head, which a shadow root would not see.
_component = component(
    "wgan_live_chart",
    html='<div class="wgan-chart" role="img"></div><p class="wgan-chart-message" role="alert" hidden></p>',
    css="""
        .wgan-chart { position: relative; width: 100%; }
        .wgan-chart-cursor { position: absolute; left: -1px; width: 2px; pointer-events: none; background: var(--st-primary-color); }
        .wgan-chart .main-svg { background: transparent !important; }
        .wgan-chart-message { margin: 0; overflow-wrap: anywhere; }
    """,
    js=bundle(HERE / "live_chart.js"),
    isolate_styles=False,
)


def live_chart(figure: go.Figure, *, key: str, alt: str, height: int = 320, revision: str = "keep", cursor: str | None = None) -> None:
    """Draw `figure`; drawn again under the same key, the chart keeps its zoom, hidden legend entries and hover.

    Background, text, grid and fonts follow the page's theme wherever the figure does not set them; its template is not used.

    Args:
        figure: the chart. Traces are told apart by their position: keep their order between updates.
        key: unique on the page; also names the downloaded PNG.
        alt: what the chart shows, for people who do not see it.
        height: in pixels. The width is the container's.
        revision: change it to let go of zoom and hidden legend entries, for example when another run is shown.
        cursor: the name of a film's cursor: an upright line shows where it is, and a click on the chart moves it.
    """
    try:
        url = plotly_url()
    except PlotlyAssetError as error:
        st.plotly_chart(figure, key=key, height=height, alt=alt)
        st.caption(f":material/info: Zoom is lost at each update here. To keep it: {error}")
        return
    header = {"url": url, "alt": alt, "height": height, "revision": revision, "name": key, "cursor": cursor}
    _component(key=key, data=pack(header, _to_json(figure)), height=height)


def _to_json(figure: go.Figure) -> bytes:
    """Data and layout as JSON without the template, about 6 kB that the page's theme replaces."""
    parts = figure.to_plotly_json()
    layout = {name: value for name, value in parts["layout"].items() if name != "template"}
    return str(to_json_plotly({"data": parts["data"], "layout": layout})).encode()
