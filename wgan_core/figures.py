"""Plotly figures: plain data in, `plotly.graph_objects.Figure` out. Knows neither Streamlit nor torch.

Figures bring the colours of their curves only; background, text and grid come from the page's theme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import plotly.graph_objects as go

from wgan_core.curves import Values, smooth, thin
from wgan_core.history import Rows, column

# Told apart by people who cannot tell red from green, and readable on white and on near-black.
BLUE, GREEN, ORANGE, GREY = "#3b82d6", "#17a37f", "#e07a1f", "#8b919a"

XAxis = Literal["step", "generator_updates", "seconds"]
X_TITLES: dict[XAxis, str] = {"step": "critic updates", "generator_updates": "generator updates", "seconds": "training time, s"}


class EditLike(Protocol):
    """A live change of a setting at a step."""

    @property
    def step(self) -> int: ...
    @property
    def field(self) -> str: ...
    @property
    def old(self) -> object: ...
    @property
    def new(self) -> object: ...


@dataclass(frozen=True)
class Curve:
    """One column of a run's history and how it is drawn."""

    column: str
    name: str
    colour: str
    dash: str = "solid"


ESTIMATE = (Curve("wasserstein_estimate", "Wasserstein estimate", BLUE),)
SCORES = (Curve("real_score", "real images", GREEN), Curve("fake_score", "generated images", ORANGE, "dash"))
LOSSES = (Curve("critic_loss", "critic loss", BLUE), Curve("generator_loss", "generator loss (its level means nothing)", GREY))


def curves(
    rows: Rows,
    which: Sequence[Curve],
    *,
    edits: Sequence[EditLike] = (),
    smoothing: float = 0.6,
    log_y: bool = False,
    x_axis: XAxis = "step",
    y_title: str = "",
) -> go.Figure:
    """Curves of a run over time: smoothed line in front, the recorded one faint behind it, a labelled line at each edit.

    Args:
        rows: a run's history.
        which: the columns to draw.
        edits: live changes; smoothing begins anew at each.
        smoothing: 0 to below 1, see `curves.smooth`.
        log_y: logarithmic y axis; values of 0 and below are left out there.
        x_axis: what runs along x.
    """
    figure = go.Figure()
    restarts = np.searchsorted(column(rows, "step"), [edit.step for edit in edits], side="right")
    for curve in which:
        _add_curve(figure, rows, curve, restarts.tolist(), smoothing, log_y, x_axis)
    _mark_edits(figure, rows, edits, x_axis)
    figure.update_layout(
        margin={"l": 8, "r": 8, "t": 30 if len(which) > 1 else 10, "b": 8},
        hovermode="x unified",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "title": None},
        showlegend=len(which) > 1,
    )
    figure.update_xaxes(title=X_TITLES[x_axis], automargin=True, hoverformat=",.6~g")
    figure.update_yaxes(title=y_title, automargin=True, type="log" if log_y else "linear", exponentformat="power", tickformat=".3~g")
    return figure


def _add_curve(figure: go.Figure, rows: Rows, curve: Curve, restarts: list[int], smoothing: float, log_y: bool, x_axis: XAxis) -> None:
    x, raw = column(rows, x_axis), column(rows, curve.column)
    shown = smooth(raw, smoothing, restarts)
    drawable = np.isfinite(raw)
    if log_y:
        drawable &= (raw > 0) & (shown > 0)
    x, raw, shown = (values[drawable].astype(np.float32) for values in (x, raw, shown))
    if smoothing:
        kept = thin(x, raw)
        faint = {"color": curve.colour, "width": 1}
        figure.add_scatter(
            x=x[kept], y=raw[kept], mode="lines", line=faint, opacity=0.25, hoverinfo="skip", showlegend=False, legendgroup=curve.column
        )
    kept = thin(x, shown)
    figure.add_scatter(
        x=x[kept],
        y=shown[kept],
        customdata=raw[kept],
        mode="lines",
        name=curve.name,
        legendgroup=curve.column,
        line={"color": curve.colour, "width": 2, "dash": curve.dash},
        hovertemplate="%{y:.4g} (recorded: %{customdata:.4g})" if smoothing else "%{y:.4g}",
    )


def _mark_edits(figure: go.Figure, rows: Rows, edits: Sequence[EditLike], x_axis: XAxis) -> None:
    """A dotted line where settings changed, labelled with what changed; neighbouring labels at different heights."""
    steps = sorted({edit.step for edit in edits})
    for index, step in enumerate(steps):
        x = _position(rows, step, x_axis)
        text = "<br>".join(f"{edit.field} {_short(edit.old)} → {_short(edit.new)}" for edit in edits if edit.step == step)
        figure.add_vline(x=x, line={"color": GREY, "width": 1, "dash": "dot"})
        figure.add_annotation(
            x=x,
            y=1 - 0.13 * (index % 4),
            yref="paper",
            text=text,
            showarrow=False,
            xanchor="left",
            yanchor="top",
            xshift=3,
            font={"size": 11},
        )


def _position(rows: Rows, step: int, x_axis: XAxis) -> float:
    """Where a step lies on the x axis."""
    if x_axis == "step" or not len(rows):
        return float(step)
    return float(np.interp(step, column(rows, "step"), column(rows, x_axis)))


def _short(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def score_histogram(real_scores: Values, fake_scores: Values, bins: int = 24) -> go.Figure:
    """How the critic scores single images: real ones against generated ones. Scores are unbounded; only their differences mean something.

    Args:
        real_scores: [n]; fake_scores: [m].
    """
    edges = np.histogram_bin_edges(np.concatenate((real_scores, fake_scores)), bins=bins)
    figure = go.Figure()
    for scores, name, colour in ((real_scores, "real images", GREEN), (fake_scores, "generated images", ORANGE)):
        counts, _ = np.histogram(scores, edges)
        figure.add_bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=counts,
            width=np.diff(edges),
            name=name,
            marker={"color": colour, "line": {"width": 0}},
            opacity=0.6,
            hovertemplate="score %{x:.3g}: %{y}",
        )
    figure.update_layout(
        barmode="overlay",
        margin={"l": 8, "r": 8, "t": 30, "b": 8},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
    )
    figure.update_xaxes(title="critic score", automargin=True, tickformat=".3~g")
    figure.update_yaxes(title="images", automargin=True)
    return figure
