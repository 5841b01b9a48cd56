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

from wgan_core.figures.curves import Values, log_ticks, robust_range, smooth, thin
from wgan_core.figures.style import BLUE, GENERATED, GREY, LEGEND, ORANGE, REAL
from wgan_core.store.history import Rows, column
from wgan_core.store.ledger import Edit

Coordinates = NDArray[np.floating]
"""Points in the plane, [n, 2]."""

XAxis = Literal["step", "generator_updates", "seconds"]
X_TITLES: dict[XAxis, str] = {"step": "critic updates", "generator_updates": "generator updates", "seconds": "training time, s"}


_FLAG_WIDTH = 0.04
"""Of a flag's label, as a share of a chart of normal width."""


@dataclass(frozen=True)
class Curve:
    """One column of a run's history, and how to draw it."""

    column: str
    name: str
    colour: str
    dash: str = "solid"


ESTIMATE = (Curve("wasserstein_estimate", "Wasserstein estimate", BLUE),)
BOUND = (Curve("js_bound", "Jensen-Shannon bound", BLUE),)
"""Of an ordinary GAN, in place of the estimate."""
DISCRIMINATOR_LOSS = (Curve("critic_loss", "Discriminator loss", BLUE),)
"""Of a GAN whose loss bounds no divergence."""
GENERATOR_LOSS = (Curve("generator_loss", "generator loss", GREY),)
SCORES = (Curve("real_score", "real", REAL), Curve("fake_score", "generated", GENERATED, "dash"))
LOSSES = (Curve("critic_loss", "critic loss", BLUE), Curve("generator_loss", "generator loss (its level means nothing)", GREY))
GAN_LOSSES = (Curve("critic_loss", "discriminator loss", BLUE), Curve("generator_loss", "generator loss", GREY))


def curves(
    rows: Rows,
    which: Sequence[Curve],
    *,
    edits: Sequence[Edit] = (),
    smoothing: float = 0.6,
    log_y: bool = False,
    x_axis: XAxis = "step",
    y_title: str = "",
    since: int = 0,
    y_range: tuple[float, float] | None = None,
    parent_until: int | None = None,
) -> go.Figure:
    """Curves of a run over time: the smoothed line in front, the recorded values faint behind it, and a numbered flag at each edit.

    Args:
        rows: a run's history.
        which: the columns to draw.
        edits: changes of live settings; smoothing restarts at each.
        smoothing: 0 to below 1, see `curves.smooth`.
        log_y: use a logarithmic y axis, on which values of 0 and below are left out.
        x_axis: what the x axis shows.
        since: draw from this step on.
        y_range: the values that the y axis shows, see `usual_range`; None for all.
        parent_until: in a branch, the step where it began; what came before is its parent's, and greyed.
    """
    begins = [] if parent_until is None else [parent_until]
    restarts = np.searchsorted(column(rows, "step"), [*begins, *(edit.step for edit in edits)], side="right").tolist()
    first = _first(rows, since)
    traces = [trace for curve in which for trace in _traces(rows, curve, restarts, smoothing, log_y, x_axis, first)]
    y_axis = {"title": {"text": y_title}, "automargin": True, "tickformat": ".3~g"}
    if log_y:
        shown = y_range or (value for trace in traces for value in (trace["y"].min(initial=np.inf), trace["y"].max(initial=0)))
        y_axis |= {"type": "log"} | log_ticks(shown)
    if y_range is not None:  # not as `range`: at each new one Plotly would forget how the user has zoomed
        y_axis["autorangeoptions"] = {"clipmin": y_range[0], "clipmax": y_range[1]}
    flagged = [flag for flag in flags(rows, edits, x_axis) if flag.edits[0].step >= since]
    width = float(np.ptp(column(rows, x_axis)[first:])) if len(rows) else 0.0
    # In one call, because adding part after part makes Plotly validate everything again each time, which is five times slower.
    return go.Figure(
        data=traces,
        layout={
            "margin": {"l": 8, "r": 8, "t": 34 if len(which) > 1 else 18, "b": 8},
            "hovermode": "x unified",
            "legend": LEGEND,
            "showlegend": len(which) > 1,
            "xaxis": {"title": {"text": X_TITLES[x_axis]}, "automargin": True, "hoverformat": ",.6~g"},
            "yaxis": y_axis,
            **_marks(flagged, width, None if parent_until is None else _position(rows, parent_until, x_axis)),
        },
    )


def _marks(flagged: Sequence[Flag], width: float, parent_until: float | None) -> dict[str, list[dict[str, Any]]]:
    """Flags of edits, and a grey field over the parent's part of a branch."""
    marks = _edit_marks(flagged, width)
    if parent_until is not None:
        field = {"type": "rect", "yref": "paper", "x0": 0, "x1": parent_until, "y0": 0, "y1": 1, "line": {"width": 0}}
        marks["shapes"].append(field | {"fillcolor": GREY, "opacity": 0.25, "layer": "above"})
    return marks


def usual_range(rows: Rows, which: Sequence[Curve], *, since: int = 0, log_y: bool = False) -> tuple[float, float] | None:
    """The values that a y axis should show if a spike would flatten everything else, see `curves.robust_range`; None if it may show all."""
    recorded = [column(rows, curve.column)[_first(rows, since) :] for curve in which]
    recorded = [values[np.isfinite(values) & ((values > 0) | (not log_y))] for values in recorded]
    if not log_y:
        return robust_range(recorded)
    found = robust_range([np.log10(values) for values in recorded])
    return None if found is None else (10.0 ** found[0], 10.0 ** found[1])


def _first(rows: Rows, since: int) -> int:
    """The first row to draw: of the step `since`, but at least the last two rows, so that there is always a line."""
    return max(0, min(int(np.searchsorted(column(rows, "step"), since)), len(rows) - 2))


def _traces(
    rows: Rows, curve: Curve, restarts: list[int], smoothing: float, log_y: bool, x_axis: XAxis, first: int
) -> list[dict[str, Any]]:
    """The smoothed line of one column and, if it is smoothed at all, the recorded values behind it."""
    x, raw = column(rows, x_axis)[first:], column(rows, curve.column)
    raw, shown = raw[first:], smooth(raw, smoothing, restarts)[first:]
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


@dataclass(frozen=True)
class Flag:
    """One mark on a curve: the edits of a step, and their number in the list beside the chart."""

    number: int
    x: float
    edits: tuple[Edit, ...]


def flags(rows: Rows, edits: Sequence[Edit], x_axis: XAxis = "step") -> tuple[Flag, ...]:
    """A flag for each step at which settings changed, numbered from 1."""
    found = []
    for number, step in enumerate(sorted({edit.step for edit in edits}), 1):
        found.append(Flag(number, _position(rows, step, x_axis), tuple(edit for edit in edits if edit.step == step)))
    return tuple(found)


def _edit_marks(flagged: Sequence[Flag], width: float) -> dict[str, list[dict[str, Any]]]:
    """A dotted line for each flag, with its number on top. Flags too close to stand side by side on an x axis of this width share a label,
    such as 2–4."""
    whole_height = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "line": {"color": GREY, "width": 1, "dash": "dot"}}
    lines = [whole_height | {"x0": flag.x, "x1": flag.x} for flag in flagged]
    groups: list[list[Flag]] = []
    for flag in flagged:
        if groups and flag.x - groups[-1][0].x <= _FLAG_WIDTH * width:
            groups[-1].append(flag)
        else:
            groups.append([flag])
    place = {"yref": "paper", "y": 1, "yanchor": "bottom", "showarrow": False, "borderpad": 2}
    look = {"font": {"size": 11}, "bgcolor": "rgba(139,145,154,0.25)"}
    labels = [place | look | {"x": group[0].x, "text": _numbers(group)} for group in groups]
    return {"shapes": lines, "annotations": labels}


def _numbers(group: Sequence[Flag]) -> str:
    return str(group[0].number) if len(group) == 1 else f"{group[0].number}–{group[-1].number}"


def _position(rows: Rows, step: int, x_axis: XAxis) -> float:
    """The position of a step on the x axis."""
    if x_axis == "step" or not len(rows):
        return float(step)
    return float(np.interp(step, column(rows, "step"), column(rows, x_axis)))


def score_histogram(real_scores: Values, fake_scores: Values, bins: int = 24, kind: str = "images") -> go.Figure:
    """Histogram of the critic's scores for single images or points, real and generated. Scores are unbounded; only differences mean
    anything.

    Args:
        real_scores: [n]; fake_scores: [m].
        bins: number of bars for each group.
        kind: what is counted, in words.
    """
    edges = np.histogram_bin_edges(np.concatenate((real_scores, fake_scores)), bins=bins)
    heaps = ((real_scores, "real", REAL), (fake_scores, "generated", GENERATED))
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
        ("real", real, {"mode": "markers", "marker": {"size": 8, "color": REAL, "opacity": 0.35}}),
        ("generated", generated, {"mode": "markers", "marker": {"size": 4, "color": GENERATED, "opacity": 0.75}}),
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
