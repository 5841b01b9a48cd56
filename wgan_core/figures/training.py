"""Plotly figures: plain data in, `plotly.graph_objects.Figure` out. Does not use Streamlit or torch.

Figures set only the colours of their curves; background, text and grid come from the page's theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from wgan_core.figures.curves import Values, smooth, thin
from wgan_core.figures.style import BLUE, GREEN, GREY, LEGEND, ORANGE
from wgan_core.store.history import Rows, column
from wgan_core.store.ledger import Edit

Coordinates = NDArray[np.floating]
"""Points in the plane, [n, 2]."""

XAxis = Literal["step", "generator_updates", "seconds"]
X_TITLES: dict[XAxis, str] = {"step": "critic updates", "generator_updates": "generator updates", "seconds": "training time, s"}


@dataclass(frozen=True)
class Curve:
    """One column of a run's history, and how to draw it."""

    column: str
    name: str
    colour: str
    dash: str = "solid"


ESTIMATE = (Curve("wasserstein_estimate", "Wasserstein estimate", BLUE),)
SCORES = (Curve("real_score", "real", GREEN), Curve("fake_score", "generated", ORANGE, "dash"))
LOSSES = (Curve("critic_loss", "critic loss", BLUE), Curve("generator_loss", "generator loss (its level means nothing)", GREY))


def curves(
    rows: Rows,
    which: Sequence[Curve],
    *,
    edits: Sequence[Edit] = (),
    smoothing: float = 0.6,
    log_y: bool = False,
    x_axis: XAxis = "step",
    y_title: str = "",
) -> go.Figure:
    """Curves of a run over time: the smoothed line in front, the recorded values faint behind it, and a labelled line at each edit.

    Args:
        rows: a run's history.
        which: the columns to draw.
        edits: changes of live settings; smoothing restarts at each.
        smoothing: 0 to below 1, see `curves.smooth`.
        log_y: use a logarithmic y axis, on which values of 0 and below are left out.
        x_axis: what the x axis shows.
    """
    restarts = np.searchsorted(column(rows, "step"), [edit.step for edit in edits], side="right").tolist()
    traces = [trace for curve in which for trace in _traces(rows, curve, restarts, smoothing, log_y, x_axis)]
    y_axis = {"title": {"text": y_title}, "automargin": True, "type": "log" if log_y else "linear", "exponentformat": "power"}
    # In one call, because adding part after part makes Plotly validate everything again each time, which is five times slower.
    return go.Figure(
        data=traces,
        layout={
            "margin": {"l": 8, "r": 8, "t": 30 if len(which) > 1 else 10, "b": 8},
            "hovermode": "x unified",
            "legend": LEGEND,
            "showlegend": len(which) > 1,
            "xaxis": {"title": {"text": X_TITLES[x_axis]}, "automargin": True, "hoverformat": ",.6~g"},
            "yaxis": y_axis | {"tickformat": ".3~g"},
            **_edit_marks(rows, edits, x_axis),
        },
    )


def _traces(rows: Rows, curve: Curve, restarts: list[int], smoothing: float, log_y: bool, x_axis: XAxis) -> list[dict[str, Any]]:
    """The smoothed line of one column and, if it is smoothed at all, the recorded values behind it."""
    x, raw = column(rows, x_axis), column(rows, curve.column)
    shown = smooth(raw, smoothing, restarts)
    drawable = np.isfinite(raw)
    if log_y:
        drawable &= (raw > 0) & (shown > 0)
    x, raw, shown = (values[drawable].astype(np.float32) for values in (x, raw, shown))
    kept = thin(x, shown)
    line = {
        "type": "scatter",
        "x": x[kept],
        "y": shown[kept],
        "customdata": raw[kept],
        "mode": "lines",
        "name": curve.name,
        "legendgroup": curve.column,
        "line": {"color": curve.colour, "width": 2, "dash": curve.dash},
        "hovertemplate": "%{y:.4g} (recorded: %{customdata:.4g})" if smoothing else "%{y:.4g}",
    }
    if not smoothing:
        return [line]
    kept = thin(x, raw)
    faint = {
        "type": "scatter",
        "x": x[kept],
        "y": raw[kept],
        "mode": "lines",
        "line": {"color": curve.colour, "width": 1},
        "opacity": 0.25,
        "hoverinfo": "skip",
        "showlegend": False,
        "legendgroup": curve.column,
    }
    return [faint, line]


def _edit_marks(rows: Rows, edits: Sequence[Edit], x_axis: XAxis) -> dict[str, list[dict[str, Any]]]:
    """A dotted line where settings changed, labelled with the change. Neighbouring labels are placed at different heights."""
    lines: list[dict[str, Any]] = []
    labels: list[dict[str, Any]] = []
    for index, step in enumerate(sorted({edit.step for edit in edits})):
        x = _position(rows, step, x_axis)
        text = "<br>".join(f"{edit.field} {_short(edit.old)} → {_short(edit.new)}" for edit in edits if edit.step == step)
        whole_height = {"type": "line", "yref": "paper", "x0": x, "x1": x, "y0": 0, "y1": 1}
        lines.append(whole_height | {"line": {"color": GREY, "width": 1, "dash": "dot"}})
        place = {"x": x, "xanchor": "left", "xshift": 3, "y": 1 - 0.13 * (index % 4), "yref": "paper", "yanchor": "top"}
        labels.append(place | {"text": text, "showarrow": False, "font": {"size": 11}})
    return {"shapes": lines, "annotations": labels}


def _position(rows: Rows, step: int, x_axis: XAxis) -> float:
    """The position of a step on the x axis."""
    if x_axis == "step" or not len(rows):
        return float(step)
    return float(np.interp(step, column(rows, "step"), column(rows, x_axis)))


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def score_histogram(real_scores: Values, fake_scores: Values, bins: int = 24, kind: str = "images") -> go.Figure:
    """Histogram of the critic's scores for single images or points, real and generated. Scores are unbounded; only differences mean
    anything.

    Args:
        real_scores: [n]; fake_scores: [m].
        bins: number of bars for each group.
        kind: what is counted, in words.
    """
    edges = np.histogram_bin_edges(np.concatenate((real_scores, fake_scores)), bins=bins)
    heaps = ((real_scores, "real", GREEN), (fake_scores, "generated", ORANGE))
    bars = [
        {
            "type": "bar",
            "x": (edges[:-1] + edges[1:]) / 2,
            "y": np.histogram(scores, edges)[0],
            "width": np.diff(edges),
            "name": name,
            "marker": {"color": colour, "line": {"width": 0}},
            "opacity": 0.6,
            "hovertemplate": "score %{x:.3g}: %{y}",
        }
        for scores, name, colour in heaps
    ]
    return go.Figure(
        data=bars,
        layout={
            "barmode": "overlay",
            "margin": {"l": 8, "r": 8, "t": 30, "b": 8},
            "legend": LEGEND,
            "xaxis": {"title": {"text": "critic score"}, "automargin": True, "tickformat": ".3~g"},
            "yaxis": {"title": {"text": kind}, "automargin": True},
        },
    )


def scatter(
    generated: Coordinates,
    real: Coordinates | None = None,
    *,
    limit: float,
    path: Coordinates | None = None,
    here: Coordinates | None = None,
) -> go.Figure:
    """Points in the plane; both axes cover [-limit, limit] at equal scale, so that nothing moves but the points.

    Args:
        generated: [n, 2].
        real: [m, 2], drawn behind and larger, so that they stay visible where the two overlap.
        limit: of both axes.
        path: [k, 2], joined by a line: the generated points along a path through latent space.
        here: single points [j, 2] to highlight.
    """
    groups: tuple[tuple[str, Coordinates | None, dict[str, Any]], ...] = (
        ("real", real, {"mode": "markers", "marker": {"size": 8, "color": GREEN, "opacity": 0.35}}),
        ("generated", generated, {"mode": "markers", "marker": {"size": 4, "color": ORANGE, "opacity": 0.75}}),
        ("on the path", path, {"mode": "lines", "line": {"color": BLUE, "width": 2}}),
        ("here", here, {"mode": "markers", "marker": {"size": 12, "color": BLUE, "line": {"color": "white", "width": 2}}}),
    )
    traces = [
        {"type": "scatter", "name": name, "x": points[:, 0], "y": points[:, 1], "hovertemplate": "%{x:.3f}, %{y:.3f}", **look}
        for name, points, look in groups
        if points is not None
    ]
    axis = {"range": [-limit, limit], "zeroline": False, "constrain": "domain", "automargin": True, "tickformat": ".3~g"}
    layout = {"margin": {"l": 8, "r": 8, "t": 30, "b": 8}, "legend": LEGEND, "showlegend": True, "hovermode": "closest"}
    return go.Figure(data=traces, layout=layout | {"xaxis": axis, "yaxis": axis | {"scaleanchor": "x"}})


def rates_figure(steps: Sequence[int], critic: Sequence[float], generator: Sequence[float]) -> go.Figure:
    """Both learning rates over a run, at `steps`."""
    traces = [
        {"type": "scatter", "mode": "lines", "name": name, "x": list(steps), "y": list(rates), "line": {"color": colour, "dash": dash}}
        for name, rates, colour, dash in (("critic", critic, BLUE, "solid"), ("generator", generator, ORANGE, "dash"))
    ]
    axis = {"title": {"text": "learning rate"}, "rangemode": "tozero", "exponentformat": "power", "automargin": True}
    layout = {
        "margin": {"l": 8, "r": 8, "t": 24, "b": 8},
        "legend": LEGEND,
        "xaxis": {"title": {"text": "critic updates"}, "automargin": True},
        "yaxis": axis,
    }
    return go.Figure(data=traces, layout=layout)


def path_figure(scores: NDArray[np.floating], change: NDArray[np.floating], frames_between: int) -> go.Figure:
    """The critic's score (left axis) and the change from frame to frame (right axis) along a path between latents, both [n].

    frames_between: a line is drawn every this many frames, where the path passes one of its latents.
    """
    x = np.arange(len(scores))
    marks = [
        {"type": "line", "x0": at, "x1": at, "yref": "paper", "y0": 0, "y1": 1, "line": {"color": GREY, "width": 1, "dash": "dot"}}
        for at in range(0, len(scores), frames_between)
    ]
    traces = [
        {"type": "scatter", "x": x, "y": scores, "mode": "lines", "name": "critic score", "line": {"color": BLUE}},
        {
            "type": "scatter",
            "x": x,
            "y": change,
            "mode": "lines",
            "name": "change of the picture",
            "yaxis": "y2",
            "line": {"color": ORANGE},
        },
    ]
    return go.Figure(
        data=traces,
        layout={
            "margin": {"l": 8, "r": 8, "t": 10, "b": 8},
            "hovermode": "x unified",
            "legend": LEGEND,
            "shapes": marks,
            "xaxis": {"title": {"text": "frame"}, "automargin": True},
            "yaxis": {"title": {"text": "critic score"}, "automargin": True, "hoverformat": ".4~g"},
            "yaxis2": {
                "title": {"text": "change"},
                "overlaying": "y",
                "side": "right",
                "automargin": True,
                "rangemode": "tozero",
                "showgrid": False,
                "tickmode": "auto",  # otherwise ticks are at the positions of the other axis, which are not round here
                "hoverformat": ".4~g",
            },
        },
    )
