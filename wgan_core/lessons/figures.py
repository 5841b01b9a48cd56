"""The charts of the lessons. Plain data in, a Plotly figure out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from wgan_core.figures.style import BLUE, GREY, LEGEND, ORANGE, PURPLE

COLOURS = (BLUE, ORANGE, PURPLE, GREY)


@dataclass(frozen=True)
class Line:
    """One curve."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    dash: str = "solid"
    colour: int = 0
    """An index of `COLOURS`."""


def curves(lines: Sequence[Line], *, y_title: str, end: float, floor: float | None = None, log: bool = False) -> go.Figure:
    """Curves over updates.

    Args:
        lines: the curves; the name of a single one is not shown.
        y_title: what they show.
        end: the number of updates at the right edge, so that the axis does not move while a training goes on.
        floor: the value of a perfect generator, as a dashed line.
        log: whether the vertical axis is logarithmic. Values that are not above 0 are then left out.
    """
    traces: list[dict[str, object]] = [
        {
            "type": "scatter",
            "x": list(line.x),
            "y": [value if value > 0 or not log else None for value in line.y],
            "mode": "lines",
            "name": line.name,
            "line": {"color": COLOURS[line.colour % len(COLOURS)], "width": 2, "dash": line.dash},
        }
        for line in lines
    ]
    if floor is not None:
        traces.append(
            {
                "type": "scatter",
                "x": [0, end],
                "y": [floor, floor],
                "mode": "lines",
                "name": "floor: real against real",
                "line": {"color": GREY, "dash": "dash", "width": 1.5},
            }
        )
    y_axis: dict[str, object] = {"title": {"text": y_title}, "automargin": True, "hoverformat": ".4~g"}
    y_axis |= {"type": "log", "exponentformat": "power", "dtick": 1} if log else {"rangemode": "tozero"}
    return go.Figure(
        data=traces,
        layout={
            "margin": {"l": 8, "r": 8, "t": 10, "b": 8},
            "hovermode": "x unified",
            "showlegend": len(traces) > 1,
            "legend": LEGEND,
            "xaxis": {"title": {"text": "updates"}, "automargin": True, "range": [0, end], "hoverformat": ",.6~g"},
            "yaxis": y_axis,
        },
    )
