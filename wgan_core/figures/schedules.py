"""How settings change over a run by themselves, drawn before it starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from wgan_core.figures.style import BLUE, LEGEND, ORANGE


def rates_figure(steps: Sequence[int], critic: Sequence[float], generator: Sequence[float]) -> go.Figure:
    """Both learning rates over a run, at `steps`."""
    traces = [
        _line(name, steps, rates, colour, dash)
        for name, rates, colour, dash in (("critic", critic, BLUE, "solid"), ("generator", generator, ORANGE, "dash"))
    ]
    return _figure(traces, "learning rate")


def schedule_figure(steps: Sequence[int], values: Sequence[float], label: str) -> go.Figure:
    """A setting with the name `label` over a run, at `steps`."""
    return _figure([_line(label, steps, values, BLUE, "solid")], label)


def _line(name: str, steps: Sequence[int], values: Sequence[float], colour: str, dash: str) -> dict[str, Any]:
    line = {"color": colour, "dash": dash}
    return {"type": "scatter", "mode": "lines", "name": name, "x": list(steps), "y": list(values), "line": line}


def _figure(traces: list[dict[str, Any]], title: str) -> go.Figure:
    layout = {
        "margin": {"l": 8, "r": 8, "t": 24, "b": 8},
        "legend": LEGEND,
        "xaxis": {"title": {"text": "critic updates"}, "automargin": True},
        "yaxis": {"title": {"text": title}, "rangemode": "tozero", "exponentformat": "power", "automargin": True},
    }
    return go.Figure(data=traces, layout=layout)
