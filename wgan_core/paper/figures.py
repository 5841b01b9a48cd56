"""The figures of the paper results: plain data in, `plotly.graph_objects.Figure` out. Does not use torch or Streamlit.

As in `wgan_core.figures.training`, only the colours of curves are set here; background, text and grid come from the page.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from wgan_core.figures.style import BLUE, GENERATED, GREEN, GREY, LEGEND, ORANGE, PURPLE, REAL

Values = NDArray[np.floating] | NDArray[np.integer]
Axis = dict[str, Any]

_MARGIN = {"l": 8, "r": 8, "t": 40, "b": 8}
_LEGEND = LEGEND | {"y": -0.27, "yanchor": "top"}  # below the panels, because their titles are above
GAP = 0.12
"""Between panels, as a share of the width."""


def panels(titles: Sequence[str], axes: Sequence[tuple[Axis, Axis]]) -> dict[str, Any]:
    """The layout of panels side by side, each with its title, x axis and y axis."""
    width = (1 - GAP * (len(titles) - 1)) / len(titles)
    layout: dict[str, Any] = {"margin": _MARGIN, "legend": _LEGEND, "hovermode": "closest", "annotations": []}
    for index, (title, (x_axis, y_axis)) in enumerate(zip(titles, axes, strict=True)):
        number = str(index + 1) if index else ""
        left = index * (width + GAP)
        layout[f"xaxis{number}"] = {"automargin": True, "domain": [left, left + width], "anchor": f"y{number}", **x_axis}
        layout[f"yaxis{number}"] = {"automargin": True, "anchor": f"x{number}", **y_axis}
        layout["annotations"].append(heading(title, left + width / 2, 1.0))
    return layout


def heading(text: str, x: float, y: float) -> dict[str, Any]:
    place = {"x": x, "y": y, "xref": "paper", "yref": "paper", "xanchor": "center", "yanchor": "bottom", "yshift": 4}
    return place | {"text": text, "showarrow": False, "font": {"size": 13}}


def axis(title: str, **more: Any) -> Axis:
    return {"title": {"text": title}, "tickformat": ".3~g", **more}


def _line(x: Values, y: Values, name: str, colour: str, panel: int = 1, **more: Any) -> dict[str, Any]:
    """A curve in the panel with the number `panel`."""
    number = str(panel) if panel > 1 else ""
    line = {"color": colour, "width": 2, "dash": more.pop("dash", "solid")}
    trace = {"type": "scatter", "x": x, "y": y, "name": name, "mode": "lines", "line": line, "xaxis": f"x{number}", "yaxis": f"y{number}"}
    return trace | {"hovertemplate": "%{x:.3g}: %{y:.4g}"} | more


def lines(theta: Values, transport: Values, estimate: Values, scale: float, js: Values) -> go.Figure:
    """Parallel lines: distances against θ. Left: W1 and the critic's estimate / K. Right: the Jensen-Shannon divergence.

    Args:
        theta, transport, estimate, js: all [n].
        scale: K of estimate = K · |θ|.
    """
    far = np.where(theta == 0, np.nan, math.log(2))
    traces = [
        _line(theta, transport, "exact W1", GREEN),
        _line(theta, estimate / scale, "critic's estimate / K", BLUE, mode="markers", marker={"size": 8}),
        _line(theta, far, "JS divergence: log 2, and 0 at θ = 0", GREEN, 2, dash="dot"),
        _line(np.zeros(1), np.zeros(1), "", GREEN, 2, mode="markers", marker={"size": 8}, showlegend=False),
        _line(theta, js, "bound by a trained discriminator", ORANGE, 2, mode="markers", marker={"size": 8, "symbol": "diamond-open"}),
    ]
    x_axis = axis("θ, distance between the lines")
    axes = ((x_axis, axis("Wasserstein distance", rangemode="tozero")), (x_axis, axis("Jensen-Shannon divergence", range=[-0.05, 0.8])))
    return go.Figure(data=traces, layout=panels(("Wasserstein: a slope everywhere", "Jensen-Shannon: flat"), axes))


def gaussians(x: Values, critic: Values, probability: Values, best: Values, mean: float) -> go.Figure:
    """Two Gaussians N(±mean, 1): densities, discriminator, critic.

    Args:
        x: [n]; critic: its values / K, [n]; probability, best: D(x) as trained and at the optimum, [n].
    """
    density = {at: np.exp(-((x - at) ** 2) / 2) / math.sqrt(2 * math.pi) for at in (mean, -mean)}
    traces = [
        _line(x, density[mean], "density of real points", REAL, fill="tozeroy"),
        _line(x, density[-mean], "density of generated points", GENERATED, fill="tozeroy"),
        _line(x, best, "best discriminator, σ(6x)", GREY, dash="dot"),
        _line(x, probability, "trained discriminator D(x)", GREY),
        _line(x, critic, "trained critic f(x) / K", BLUE, 2),
        _line(x, x, "slope 1, the best critic", BLUE, 2, dash="dot"),
    ]
    x_axis = axis("x")
    axes = ((x_axis, axis("density, probability")), (x_axis, axis("critic value / K")))
    return go.Figure(data=traces, layout=panels(("GAN: flat where the points are", "WGAN: the same slope everywhere"), axes))


def depth(norms: Mapping[str, Values]) -> go.Figure:
    """log₁₀ of the gradient's norm at each layer, input first; one curve per method."""
    colours = (ORANGE, GREEN, GREY, BLUE)
    traces = [
        _line(
            np.arange(1, len(values) + 1),
            np.where(np.isfinite(values), values, np.nan),
            name,
            colour,
            mode="lines+markers",
            marker={"size": 6},
            hovertemplate="layer %{x}: 10<sup>%{y:.1f}</sup>",
        )
        for (name, values), colour in zip(norms.items(), colours, strict=True)
    ]
    ticks = {"tickprefix": "10<sup>", "ticksuffix": "</sup>", "tickformat": "d", "dtick": 4}
    layout = panels(("",), ((axis("layer of the critic, 1 is next to its input", dtick=1), axis("norm of the gradient") | ticks),))
    return go.Figure(data=traces, layout=layout)


def boundary(clipped: Values, penalised: Values, steps: NDArray[np.int64], share: Values, clip_value: float) -> go.Figure:
    """Histograms of a critic's weights, and the share at ±c in the course of training.

    Args:
        clipped, penalised: all weights of the critic, flattened.
        steps, share: critic updates and the clipped critic's share of weights at ±c, both [n].
    """
    traces = [
        _heap(clipped, clip_value * 1.1, "clipping", ORANGE, 1),
        _heap(penalised, float(np.abs(penalised).max()) * 1.05, "gradient penalty", BLUE, 2),
        _line(steps, 100 * share, "at ±c with clipping", ORANGE, 3),
    ]
    weights = axis("weight")
    axes = (
        (weights, axis("weights, %")),
        (weights, axis("weights, %")),
        (axis("critic updates"), axis("weights at ±c, %", range=[0, 105])),
    )
    titles = ("Clipping, at the end", "Gradient penalty, at the end", "Clipping, during training")
    return go.Figure(data=traces, layout=panels(titles, axes) | {"showlegend": False})


def _heap(weights: Values, limit: float, name: str, colour: str, panel: int, bins: int = 61) -> dict[str, Any]:
    counts, edges = np.histogram(weights, bins, (-limit, limit))
    number = str(panel) if panel > 1 else ""
    return {
        "type": "bar",
        "x": (edges[:-1] + edges[1:]) / 2,
        "y": 100 * counts / len(weights),
        "width": np.diff(edges),
        "name": name,
        "marker": {"color": colour, "line": {"width": 0}},
        "xaxis": f"x{number}",
        "yaxis": f"y{number}",
        "hovertemplate": "%{x:.3g}: %{y:.2f} %",
    }


def quality(curves: Mapping[str, tuple[Values, Values]], ranked: Sequence[str]) -> go.Figure:
    """Estimate against sliced W1 in three panels: runs with equal critics, the clipped run, and the GAN.

    Args:
        curves: sliced W1 and estimate, both [n], for the runs in `ranked`, for "clipping" and for "GAN".
        ranked: names of the runs with equal critics.
    """
    colours = (BLUE, GREY, PURPLE)
    looks = [(name, colour, 1) for name, colour in zip(ranked, colours, strict=True)] + [("clipping", GREEN, 2), ("GAN", ORANGE, 3)]
    dots = {"mode": "lines+markers", "marker": {"size": 6}}
    traces = [_line(*curves[name], name, colour, panel, **dots) for name, colour, panel in looks]
    traces.append(_line(np.array([0.0, 0.8]), np.full(2, math.log(2)), "log 2", GREY, 3, dash="dot", hoverinfo="skip"))
    sliced = axis("sliced W1, ← better", range=[0.0, 0.78])
    axes = (
        (sliced, axis("Wasserstein estimate", rangemode="tozero")),
        (sliced, axis("Wasserstein estimate", rangemode="tozero")),
        (sliced, axis("JS estimate", range=[0.0, 0.8])),
    )
    return go.Figure(data=traces, layout=panels(("WGAN, gradient penalty", "WGAN, clipping", "GAN"), axes))


def surfaces(values: Mapping[tuple[str, str], Values], points: Mapping[str, Values], half: float) -> go.Figure:
    """Maps of critic values with contours, one column per data set and one row per method.

    Args:
        values: [y, x] by data set and method. Each map has its own scale, because the scales of critics cannot be compared.
        points: real points [n, 2] of each data set.
        half: maps range from −half to half in both directions.
    """
    sets, methods = list(points), list(dict.fromkeys(method for _, method in values))
    layout: dict[str, Any] = {"margin": _MARGIN | {"l": 30}, "showlegend": False, "hovermode": "closest", "annotations": []}
    traces: list[dict[str, Any]] = []
    gap, width, height = 0.03, (1 - 0.03 * (len(sets) - 1)) / len(sets), (1 - 0.06 * (len(methods) - 1)) / len(methods)
    for row, method in enumerate(methods):
        bottom = (len(methods) - 1 - row) * (height + 0.06)
        layout["annotations"].append(heading(method, 0, bottom + height / 2) | {"textangle": -90, "xanchor": "right", "yanchor": "middle"})
        for index, name in enumerate(sets):
            left = index * (width + gap)
            number = str(row * len(sets) + index + 1)
            traces += _map(values[name, method], points[name], half, number)
            hidden = {"range": [-half, half], "showticklabels": False, "showgrid": False, "zeroline": False, "constrain": "domain"}
            layout[f"xaxis{number}"] = hidden | {"domain": [left, left + width], "anchor": f"y{number}"}
            layout[f"yaxis{number}"] = hidden | {"domain": [bottom, bottom + height], "anchor": f"x{number}", "scaleanchor": f"x{number}"}
            if row == 0:
                layout["annotations"].append(heading(name, left + width / 2, 1.0))
    return go.Figure(data=traces, layout=layout)


def _map(values: Values, points: Values, half: float, number: str) -> list[dict[str, Any]]:
    axis = np.linspace(-half, half, len(values))
    place = {"xaxis": f"x{number}", "yaxis": f"y{number}"}
    spread = values - values.min()
    surface = {
        "type": "contour",
        "x": axis,
        "y": axis,
        "z": (spread / max(float(spread.max()), 1e-30)).astype(np.float32),
        "colorscale": "Viridis",
        "ncontours": 18,
        "showscale": False,
        "line": {"width": 0.5},
        "hovertemplate": "%{x:.2f}, %{y:.2f}: %{z:.2f} of the range<extra></extra>",
    }
    dots = {
        "type": "scatter",
        "mode": "markers",
        "x": points[:, 0],
        "y": points[:, 1],
        "marker": {"size": 3, "color": ORANGE},
        "hoverinfo": "skip",
    }
    return [surface | place, dots | place]


def overfitting(curves: Mapping[int, tuple[Values, Values, Values]]) -> go.Figure:
    """A critic's estimates over a run, one panel for each number of digits that it is trained on.

    Args:
        curves: steps, estimate on the training digits and on held-out ones, all [n], by the number of digits.
    """
    traces: list[dict[str, Any]] = []
    dots = {"mode": "lines+markers", "marker": {"size": 6}}
    for panel, (steps, training, held_out) in enumerate(curves.values(), start=1):
        shown = panel == 1  # in the legend
        traces.append(_line(steps, training, "on training digits", REAL, panel, showlegend=shown, **dots))
        traces.append(_line(steps, held_out, "on held-out digits", BLUE, panel, showlegend=shown, **dots))
    top = 1.05 * max(float(values.max()) for _, *pair in curves.values() for values in pair)
    axes = ((axis("critic updates", tickformat=",d"), axis("Wasserstein estimate", range=[0.0, top])),) * len(curves)
    return go.Figure(data=traces, layout=panels([f"Trained on {count:,} digits" for count in curves], axes))


def methods(curves: Mapping[str, tuple[Values, Values, Values]], largest: int) -> go.Figure:
    """The classifier score of each method's images over critic updates, and over seconds.

    Args:
        curves: critic updates, score and seconds, all [n], by the method's name.
        largest: the score of perfect images, which is the number of classes.
    """
    traces: list[dict[str, Any]] = []
    dots = {"mode": "lines+markers", "marker": {"size": 6}}
    for (name, (steps, score, seconds)), colour in zip(curves.items(), (ORANGE, BLUE, PURPLE, GREY), strict=True):
        traces.append(_line(steps, score, name, colour, 1, **dots))
        traces.append(_line(seconds, score, name, colour, 2, showlegend=False, **dots))
    score_axis = axis("classifier score", range=[0.8, largest])
    axes = ((axis("critic updates", tickformat=",d"), score_axis), (axis("seconds of one core"), score_axis))
    return go.Figure(data=traces, layout=panels(("By critic updates", "By time"), axes))
