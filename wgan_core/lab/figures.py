"""The laboratory's chart: exact W1 and what the critics see of it. Plain data in, a Plotly figure out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import plotly.graph_objects as go

from wgan_core.figures.style import BLUE, GREY, LEGEND, PURPLE

COLOURS = (BLUE, PURPLE)


class TruthLike(Protocol):
    """One measurement of one WGAN."""

    @property
    def step(self) -> int: ...
    @property
    def w1(self) -> float: ...
    @property
    def scaled(self) -> float: ...


def truth(history: Sequence[Sequence[TruthLike]], names: Sequence[str], floor: float) -> go.Figure:
    """Exact W1 (solid) and estimate / steepest slope (dotted) of each WGAN over critic updates, and the floor.

    Args:
        history: measurements of all WGANs, oldest first.
        names: of the WGANs; the name of a single one is not shown in the legend.
    """
    steps = [row[0].step for row in history]
    traces: list[dict[str, object]] = []
    for number, name in enumerate(names):
        of = f" · {name}" if len(names) > 1 else ""
        for title, values, dash in (
            ("exact W1", [row[number].w1 for row in history], "solid"),
            ("estimate / steepest slope", [row[number].scaled for row in history], "dot"),
        ):
            line = {"color": COLOURS[number], "width": 2, "dash": dash}
            traces.append({"type": "scatter", "x": steps, "y": values, "mode": "lines", "name": title + of, "line": line})
    across = {"x": [steps[0], steps[-1]] if steps else [], "y": [floor, floor] if steps else []}
    traces.append(
        {"type": "scatter", **across, "mode": "lines", "name": "floor: real against real", "line": {"color": GREY, "dash": "dash"}}
    )
    return go.Figure(
        data=traces,
        layout={
            "margin": {"l": 8, "r": 8, "t": 10, "b": 8},
            "hovermode": "x unified",
            "legend": LEGEND,
            "xaxis": {"title": {"text": "critic updates"}, "automargin": True, "hoverformat": ",.6~g"},
            "yaxis": {"title": {"text": "the data's own unit"}, "automargin": True, "rangemode": "tozero", "hoverformat": ".4~g"},
        },
    )
