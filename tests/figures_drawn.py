"""What a figure of Plotly holds. Its own types leave open what `figure.data` and `figure.layout` are."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go


def traces(figure: go.Figure) -> list[Any]:
    return [*figure.data]


def layout(figure: go.Figure) -> Any:
    return figure.layout
