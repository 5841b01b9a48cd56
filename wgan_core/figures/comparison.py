"""Plotly figures of several runs over each other: plain data in, `plotly.graph_objects.Figure` out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from wgan_core.figures.curves import Values, log_ticks, smooth, thin
from wgan_core.figures.style import FAINT_GREEN, OF_RUNS, REAL

_FEW = 60
"""Up to so many points, each gets a mark."""


@dataclass(frozen=True)
class Line:
    """The curve of a run, or the mean of several."""

    key: str
    """The letter of the run; charts on the page highlight by it."""
    name: str
    x: Values
    y: Values
    """[n], as recorded."""
    place: int
    """Decides colour and dash, see `style.OF_RUNS`."""
    low: Values | None = None
    high: Values | None = None
    """The band around the mean of several runs, [n]."""
    restarts: tuple[float, ...] = ()
    """Places on the x axis where smoothing begins anew, such as edits."""


@dataclass(frozen=True)
class Axes:
    """What the axes show."""

    x_title: str
    y_title: str
    log_y: bool = False
    percent: bool = False
    reach: float | None = None
    """The end of the x axis; None for the end of the longest line."""


def lines_figure(lines: Sequence[Line], axes: Axes, *, smoothing: float = 0.0, noise: float | None = None) -> go.Figure:
    """Curves over each other.

    Args:
        smoothing: 0 to below 1, see `curves.smooth`. Bands are not smoothed; nor are lines of few points.
        noise: half the height of a noise band around 0, which is then marked as the level of real data; None for none.
    """
    traces = [trace for line in lines for trace in _traces(line, smoothing if len(line.x) > _FEW else 0.0, axes)]
    y_axis: dict[str, Any] = {"title": {"text": axes.y_title}, "automargin": True}
    y_axis |= {"tickformat": ".0%"} if axes.percent else {"tickformat": ".3~g"}
    if axes.log_y:
        y_axis |= {"type": "log"} | log_ticks(
            value for trace in traces for value in (trace["y"].min(initial=np.inf), trace["y"].max(initial=0))
        )
    reach = axes.reach if axes.reach is not None else max((float(line.x[-1]) for line in lines if len(line.x)), default=1.0)
    return go.Figure(
        data=([] if noise is None else _level(noise, reach)) + traces,
        layout={
            "margin": {"l": 8, "r": 8, "t": 18, "b": 8},
            "hovermode": "x unified",
            "showlegend": False,  # the page has one legend for all its charts
            "xaxis": {
                "title": {"text": axes.x_title},
                "automargin": True,
                "hoverformat": ",.6~g",
                "autorangeoptions": {"include": [0, reach]},
            },
            "yaxis": y_axis,
        },
    )


def _traces(line: Line, smoothing: float, axes: Axes) -> list[dict[str, Any]]:
    colour, dash = OF_RUNS[line.place % len(OF_RUNS)]
    restarts = np.searchsorted(line.x, line.restarts, side="right").tolist()
    shown = smooth(line.y, smoothing, restarts)
    drawable = np.isfinite(line.y) & ((shown > 0) | (not axes.log_y))
    x, raw, shown = (values[drawable].astype(np.float32) for values in (line.x, line.y, shown))
    kept = thin(x, shown)
    main = {
        "type": "scatter",
        "x": x[kept],
        "y": shown[kept],
        "customdata": raw[kept],
        "mode": "lines+markers" if len(x) <= _FEW else "lines",
        "marker": {"size": 5},
        "name": line.name,
        "legendgroup": line.key,
        "line": {"color": colour, "width": 2, "dash": dash},
        "hovertemplate": f"%{{y:{'.1%' if axes.percent else '.4g'}}}" + (" (recorded: %{customdata:.4g})" if smoothing else ""),
    }
    behind = [_band(line, colour, drawable)] if line.low is not None and line.high is not None else []
    if smoothing:
        kept = thin(x, raw)
        faint = {"type": "scatter", "x": x[kept], "y": raw[kept], "mode": "lines", "line": {"color": colour, "width": 1}, "opacity": 0.2}
        behind.append(faint | {"hoverinfo": "skip", "legendgroup": line.key})
    return [*behind, main]


def _band(line: Line, colour: str, drawable: np.ndarray) -> dict[str, Any]:
    assert line.low is not None and line.high is not None
    x, low, high = (values[drawable].astype(np.float32) for values in (line.x, line.low, line.high))
    return {
        "type": "scatter",
        "x": np.concatenate((x, x[::-1])),
        "y": np.concatenate((high, low[::-1])),
        "fill": "toself",
        "fillcolor": faint(colour),
        "line": {"width": 0},
        "mode": "lines",
        "hoverinfo": "skip",
        "legendgroup": line.key,
    }


def faint(colour: str, opacity: float = 0.18) -> str:
    """A colour, written #rrggbb, that lets most of what is behind it through."""
    red, green, blue = (int(part, 16) for part in re.findall("[0-9a-f]{2}", colour.lower()))
    return f"rgba({red},{green},{blue},{opacity})"


def _level(noise: float, reach: float) -> list[dict[str, Any]]:
    """The level of real data, which is 0, and its noise band."""
    look = {"type": "scatter", "mode": "lines", "hoverinfo": "skip"}
    edges = {"x": [0, reach, reach, 0], "y": np.array([noise, noise, -noise, -noise])}
    return [
        look | edges | {"fill": "toself", "fillcolor": FAINT_GREEN, "line": {"width": 0}},
        look | {"x": [0, reach], "y": np.zeros(2), "line": {"color": REAL, "width": 1, "dash": "dash"}},
    ]


@dataclass(frozen=True)
class Heap:
    """A histogram that is drawn as an outline."""

    key: str
    name: str
    edges: Values
    """[bins + 1]."""
    shares: Values
    """[bins], of all values."""
    place: int
    dash: str = ""
    """In place of the run's own."""


def heaps_figure(panels: Mapping[str, Sequence[Heap]], *, x_title: str, to_peak: bool = False) -> go.Figure:
    """Histograms over each other, as outlines, in panels side by side.

    Args:
        panels: by title.
        to_peak: draw each histogram relative to its fullest bin, for narrow and wide ones in one panel; otherwise all have the same area.
    """
    traces: list[dict[str, Any]] = []
    layout: dict[str, Any] = {"margin": {"l": 8, "r": 8, "t": 34, "b": 8}, "showlegend": False, "hovermode": "closest", "annotations": []}
    width = 1 / max(1, len(panels))
    for number, (title, heaps) in enumerate(panels.items(), 1):
        suffix = "" if number == 1 else str(number)
        traces += [_outline(heap, suffix, to_peak) for heap in heaps]
        domain = [(number - 1) * width + (0.03 if number > 1 else 0), number * width - 0.01]
        layout[f"xaxis{suffix}"] = {"domain": domain, "anchor": f"y{suffix}", "nticks": 4, "tickformat": ".2~g", "title": {"text": x_title}}
        layout[f"yaxis{suffix}"] = {"anchor": f"x{suffix}", "rangemode": "tozero", "showticklabels": False}
        place = {"x": sum(domain) / 2, "y": 1, "xref": "paper", "yref": "paper", "xanchor": "center", "yanchor": "bottom", "yshift": 6}
        layout["annotations"].append(place | {"text": title, "showarrow": False})
    return go.Figure(data=traces, layout=layout)


def _outline(heap: Heap, suffix: str, to_peak: bool) -> dict[str, Any]:
    colour, dash = OF_RUNS[heap.place % len(OF_RUNS)]
    heights = heap.shares / max(1e-12, float(heap.shares.max())) if to_peak else heap.shares / np.diff(heap.edges)
    return {
        "type": "scatter",
        "mode": "lines",
        # From 0 up to the first bin, and down to 0 after the last.
        "x": np.concatenate((heap.edges[:1], heap.edges)),
        "y": np.concatenate(([0.0], heights, [0.0])),
        "customdata": np.concatenate(([0.0], heap.shares, [0.0])),
        "line": {"color": colour, "width": 2, "dash": heap.dash or dash, "shape": "hv"},
        "fill": "tozeroy",
        "fillcolor": faint(colour, 0.08),
        "name": heap.name,
        "legendgroup": heap.key,
        "xaxis": f"x{suffix}",
        "yaxis": f"y{suffix}",
        "hovertemplate": "near %{x:.3g}: %{customdata:.1%}",
    }
