"""The charts of the lessons. Plain data in, a Plotly figure out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from wgan_core.figures.style import BLUE, GENERATED, GREY, LEGEND, PURPLE, REAL

COLOURS = (BLUE, PURPLE, "#c2568d", GREY)
"""Neither that of real nor that of generated data."""


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


def parallel_lines(follows_critic: float, follows_discriminator: float) -> go.Figure:
    """Two pictures of the plane, one above the other: the real line at 0, and where the generated one is."""
    traces: list[dict[str, object]] = []
    for name, theta, bottom in (("follows the critic", follows_critic, 1.4), ("follows the discriminator", follows_discriminator, 0.0)):
        for x, colour, width in ((0.0, REAL, 7), (theta, GENERATED, 4)):
            line = {"color": colour, "width": width}
            traces.append({"type": "scatter", "x": [x, x], "y": [bottom, bottom + 1], "mode": "lines", "line": line, "name": name})
        traces.append(
            {
                "type": "scatter",
                "x": [theta],
                "y": [bottom + 1.12],
                "mode": "text",
                "text": [f"{name}: θ = {theta:.2f}"],
                "textposition": "middle center",
            }
        )
    return go.Figure(
        data=traces,
        layout={
            "margin": {"l": 8, "r": 8, "t": 10, "b": 8},
            "showlegend": False,
            "hovermode": False,
            "xaxis": {"range": [-0.9, 1.5], "title": {"text": "x (the real line is at 0)"}, "automargin": True},
            "yaxis": {"range": [-0.1, 2.7], "visible": False},
        },
    )
