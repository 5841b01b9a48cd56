"""The figures of those paper results that compare whole runs: plain data in, `plotly.graph_objects.Figure` out. Uses no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from wgan_core.figures.images import tile
from wgan_core.figures.style import BLUE, GREY, ORANGE
from wgan_core.paper.figures import axis, heading, panels

GAP = 0.04
"""Between pictures, as a share of the width or height."""


def generators(samples: Mapping[tuple[str, str], NDArray[np.uint8]], scores: Mapping[tuple[str, str], float]) -> go.Figure:
    """Pictures of samples, one column per kind of generator and one row per method.

    Args:
        samples: [n, side, side], by kind and method.
        scores: the classifier score, by the same.
    """
    kinds, methods = (list(dict.fromkeys(names)) for names in zip(*samples, strict=True))
    width, height = (1 - GAP * (len(kinds) - 1)) / len(kinds), (1 - 2 * GAP * (len(methods) - 1)) / len(methods)
    layout: dict[str, Any] = {"margin": {"l": 8, "r": 8, "t": 40, "b": 8}, "showlegend": False, "annotations": []}
    traces: list[dict[str, Any]] = []
    for (kind, method), images in samples.items():
        left, bottom = kinds.index(kind) * (width + GAP), (len(methods) - 1 - methods.index(method)) * (height + 2 * GAP)
        number = str(len(traces) + 1)
        sheet = tile(images[:, :, :, None])[::-1, :, 0]
        place = {"xaxis": f"x{number}", "yaxis": f"y{number}"}
        shades = {"zmin": 0, "zmax": 255, "colorscale": [[0, "#000000"], [1, "#ffffff"]], "showscale": False, "hoverinfo": "skip"}
        traces.append({"type": "heatmap", "z": sheet} | shades | place)
        hidden = {"showticklabels": False, "showgrid": False, "zeroline": False, "ticks": "", "constrain": "domain"}
        layout[f"xaxis{number}"] = hidden | {"domain": [left, left + width], "anchor": f"y{number}"}
        layout[f"yaxis{number}"] = hidden | {"domain": [bottom, bottom + height], "anchor": f"x{number}", "scaleanchor": f"x{number}"}
        layout[f"yaxis{number}"]["constraintoward"] = "top"  # next to its heading where the page is narrow
        words = f"{kind}<br>{method}, score {scores[kind, method]:.1f}"  # short, for telephones
        layout["annotations"].append(heading(words, left + width / 2, bottom + height) | {"font": {"size": 12}})
    return go.Figure(data=traces, layout=layout)


def architectures(
    found: Mapping[str, Sequence[tuple[float, float]]], words: Sequence[str], least_score: float, most_sliced: float
) -> go.Figure:
    """The classifier score and the sliced W1 of each architecture, with either method.

    Args:
        found: (score, sliced W1) of each architecture, by method.
        words: what each architecture is.
        least_score, most_sliced: where a run counts as having learned.
    """
    order = np.arange(1, len(words) + 1)
    traces: list[dict[str, Any]] = []
    for (method, pairs), colour, symbol in zip(found.items(), (ORANGE, BLUE), ("diamond-open", "circle"), strict=True):
        for panel, values in enumerate(np.array(pairs).T, start=1):
            number = str(panel) if panel > 1 else ""
            trace = {"type": "scatter", "mode": "markers", "x": order, "y": values, "name": method, "showlegend": panel == 1}
            trace |= {"marker": {"size": 9, "color": colour, "symbol": symbol}, "xaxis": f"x{number}", "yaxis": f"y{number}"}
            traces.append(trace | {"text": words, "hovertemplate": "%{text}: %{y:.3g}"})
    for panel, limit in enumerate((least_score, most_sliced), start=1):
        number = str(panel) if panel > 1 else ""
        line = {"type": "scatter", "mode": "lines", "x": [0.5, len(words) + 0.5], "y": [limit, limit], "hoverinfo": "skip"}
        line |= {"name": "needed to have learned", "showlegend": panel == 1, "line": {"color": GREY, "width": 2, "dash": "dot"}}
        traces.append(line | {"xaxis": f"x{number}", "yaxis": f"y{number}"})
    number_axis = axis("architecture", dtick=1, range=[0.5, len(words) + 0.5])
    axes = ((number_axis, axis("classifier score", range=[0.8, 10])), (number_axis, axis("sliced W1", rangemode="tozero")))
    return go.Figure(data=traces, layout=panels(("Recognisable (higher is better)", "Like the data (lower is better)"), axes))
