"""Plotly figures of a critic's health: plain data in, `plotly.graph_objects.Figure` out. Same colours as in the other figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from wgan_core.figures.style import BLUE, FAINT_BLUE, FAINT_GREEN, GENERATED, GREY, LEGEND, ORANGE, PURPLE, REAL
from wgan_core.store.readings import KINDS, Reading, memory_noise

_X_STEPS = {"title": {"text": "critic updates"}, "automargin": True, "hoverformat": ",.6~g"}
_MAX_POINTS = 400


def truth(readings: Sequence[Reading]) -> go.Figure:
    """A distance over the steps, shown as its excess over the floor. The floor, the value of real data against other real data at the same
    n, is the line at 0. The noise band extends two of the floor's standard deviations to either side; values inside it cannot be told from
    real data.

    readings: all of one key, each with a floor.
    """
    kept = [reading for reading in _thinned(readings) if reading.excess is not None]
    steps = [reading.step for reading in kept]
    # Starting at step 0, so that even the first reading has a visible band beside it.
    across = [0, *steps] if steps and steps[0] else steps
    noise = [2 * (reading.floor_sd or 0.0) for reading in kept]
    noise = noise[:1] * (len(across) - len(steps)) + noise
    excess = {
        "type": "scatter",
        "x": steps,
        "y": [reading.excess for reading in kept],
        "mode": "lines+markers",
        "marker": {"size": 5},
        "name": "excess",
        "line": {"color": BLUE, "width": 2},
        "customdata": [[reading.value, reading.floor, reading.n] for reading in kept],
        "hovertemplate": "%{y:.4g} above the floor<br>value %{customdata[0]:.4g}, floor %{customdata[1]:.4g}, n %{customdata[2]}",
    }
    band = {
        "type": "scatter",
        "x": [*across, *reversed(across)],
        "y": [*noise, *(-size for size in reversed(noise))],
        "fill": "toself",
        "fillcolor": FAINT_GREEN,
        "line": {"width": 0},
        "mode": "lines",
        "hoverinfo": "skip",
        "name": "noise band",
    }
    floor = _line(across, [0.0] * len(across), "real against real", REAL, "dash") | {"hoverinfo": "skip"}
    title = KINDS[kept[0].key].title if kept else ""
    return _figure([band, floor, excess], {"text": f"{title} − floor"})


def memory(readings: Sequence[Reading]) -> go.Figure:
    """How much of the estimate is what the critic knows by heart, over the steps, with the noise band of each reading around 0: values
    inside it cannot be told from a critic that knows nothing by heart.

    readings: of the key "overfit-gap".
    """
    kept = [one for one in _thinned(readings) if one.value is not None and memory_noise(one) is not None]
    steps = [reading.step for reading in kept]
    noise = [memory_noise(reading) or 0.0 for reading in kept]
    band = {
        "type": "scatter",
        "x": [*steps, *reversed(steps)],
        "y": [*noise, *(-size for size in reversed(noise))],
        "fill": "toself",
        "fillcolor": FAINT_GREEN,
        "line": {"width": 0},
        "mode": "lines",
        "hoverinfo": "skip",
        "name": "noise band",
    }
    share = {
        "type": "scatter",
        "x": steps,
        "y": [reading.value for reading in kept],
        "mode": "lines+markers",
        "marker": {"size": 5},
        "name": "share of the estimate",
        "line": {"color": BLUE, "width": 2},
        "hovertemplate": "%{y:.0%} of the estimate",
    }
    figure = _figure([band, _line(steps, [0.0] * len(steps), "nothing", REAL, "dash") | {"hoverinfo": "skip"}, share], {"text": ""})
    return figure.update_yaxes(tickformat=".0%", title_text="learned by heart")


def slopes(readings: Sequence[Reading]) -> go.Figure:
    """The critic's steepness over the steps, on a log axis: the median gradient norm on real samples, on generated samples and between them
    (with the middle 90 % of the latter), the steepest slope found, and the bounds from the weights."""
    kept = [reading for reading in _thinned(readings) if reading.details.get("bounds")]
    steps = [reading.step for reading in kept]

    def norm(name: str, at: int) -> list[float | None]:
        return [_positive((reading.details.get("norms") or {}).get(name, [None] * 5)[at]) for reading in kept]

    def bound(name: str) -> list[float | None]:
        return [_positive(reading.details["bounds"][name]["value"]) for reading in kept]

    between = [(step, low, high) for step, low, high in zip(steps, norm("between", 0), norm("between", 4), strict=True) if low and high]
    band = {
        "type": "scatter",
        "x": [*(step for step, _, _ in between), *(step for step, _, _ in reversed(between))],
        "y": [*(high for _, _, high in between), *(low for _, low, _ in reversed(between))],
        "fill": "toself",
        "fillcolor": FAINT_BLUE,
        "line": {"width": 0},
        "mode": "lines",
        "hoverinfo": "skip",
        "name": "between, middle 90 %",
        "showlegend": False,
    }
    lines = [
        _line(steps, norm("real", 2), "real", REAL),
        _line(steps, norm("fake", 2), "generated", GENERATED),
        _line(steps, norm("between", 2), "between", BLUE),
        _line(steps, bound("empirical"), "K_emp", PURPLE, "dot"),
        _line(steps, bound("spectral"), "K_spec", GREY, "dash"),
        _line(steps, bound("box"), "K_box", GREY, "dashdot"),
    ]
    shown = [line for line in lines if any(value is not None for value in line["y"])]
    return _figure([band, *shown], {"text": "slope of the critic"}, log=True)


def clip_boundary(layers: Sequence[Mapping[str, Any]], clip_value: float | None) -> go.Figure:
    """The distribution of each critic layer's weights, side by side, with lines at ±c.

    Args:
        layers: in the form of a critic-health reading's details.
        clip_value: the current c; None if nothing is clipped.
    """
    traces: list[dict[str, Any]] = []
    layout: dict[str, Any] = {
        "margin": {"l": 8, "r": 8, "t": 56, "b": 8},
        "showlegend": False,
        "bargap": 0,
        "shapes": [],
        "annotations": [],
    }
    width = 1 / max(1, len(layers))
    for number, layer in enumerate(layers, 1):
        suffix = "" if number == 1 else str(number)
        counts = np.asarray(layer["counts"], dtype=float)
        edges = np.linspace(-layer["limit"], layer["limit"], len(counts) + 1)
        traces.append(
            {
                "type": "bar",
                "x": (edges[:-1] + edges[1:]) / 2,
                "y": counts / max(1.0, counts.sum()),
                "width": np.diff(edges),
                "marker": {"color": BLUE, "line": {"width": 0}},
                "xaxis": f"x{suffix}",
                "yaxis": f"y{suffix}",
                "hovertemplate": "weights near %{x:.3g}: %{y:.1%}<extra></extra>",
            }
        )
        reach = 1.15 * max(layer["limit"], clip_value or 0.0)
        domain = [(number - 1) * width + (0.03 if number > 1 else 0), number * width - 0.01]
        layout[f"xaxis{suffix}"] = {"domain": domain, "range": [-reach, reach], "anchor": f"y{suffix}"} | _clip_ticks(clip_value)
        layout[f"yaxis{suffix}"] = {"anchor": f"x{suffix}", "rangemode": "tozero", "showticklabels": False}
        for c in (-clip_value, clip_value) if clip_value is not None else ():
            place = {"type": "line", "xref": f"x{suffix}", "yref": f"y{suffix} domain", "x0": c, "x1": c, "y0": 0, "y1": 1}
            layout["shapes"].append(place | {"line": {"color": ORANGE, "width": 2, "dash": "dash"}})
        at, then = layer.get("at_boundary"), layer.get("clip_value")
        # The share belongs to the measured step, and c may have been different then.
        where = "±c" if then is None or then == clip_value else f"±{then:g} then"
        words = layer["name"] if at is None else f"{layer['name']}<br><b>{at:.0%}</b> at {where}"
        place = {"x": sum(domain) / 2, "y": 1, "xref": "paper", "yref": "paper", "xanchor": "center"}
        place |= {"yanchor": "bottom", "yshift": 6, "showarrow": False}
        layout["annotations"].append(place | {"text": words})
    return go.Figure(data=traces, layout=layout)


def _clip_ticks(clip_value: float | None) -> dict[str, Any]:
    """Ticks named −c, 0 and c, because there may be little room."""
    if clip_value is None:
        return {"nticks": 3, "tickformat": ".2~g"}
    return {"tickvals": [-clip_value, 0, clip_value], "ticktext": ["−c", "0", "c"]}


def gradient_depth(depth: Mapping[str, Mapping[str, Any]]) -> go.Figure:
    """The gradient's size at the input of each layer, from the latent to the score, on a log axis: for the critic's loss, which ends at the
    image, and for the generator's loss, which passes through both networks.

    depth: in the form of a critic-health reading's details.
    """
    places = list(depth["generator"]["names"])
    traces = []
    for name, colour, dash in (("generator", ORANGE, "dash"), ("critic", BLUE, "solid")):
        norms = [None if value is None else 10.0**value for value in depth[name]["log10_norms"]]
        one = _line(list(depth[name]["names"]), norms, f"{name}'s loss", colour, dash)
        traces.append(one | {"hovertemplate": "%{y:.2e} at the input of %{x}"})
    figure = _figure(traces, {"text": "gradient norm at the layer's input"}, log=True)
    figure.update_xaxes(type="category", categoryorder="array", categoryarray=places, title=None, tickangle=-35, hoverformat=None)
    return figure


def seen_by_the_critic(details: Mapping[str, Any]) -> list[float]:
    """estimate / steepest slope, [k], from the details of a critic-lag reading."""
    slopes = details.get("slopes") or [1.0] * len(details["estimates"])
    return [estimate / slope if slope else estimate for estimate, slope in zip(details["estimates"], slopes, strict=True)]


def critic_lag(updates: Sequence[int], estimates: Sequence[float]) -> go.Figure:
    """How much of the distance the critic sees while it trains on and the generator stands still, [k] each. The first value is the state
    that training had reached."""
    lines = [
        _line(list(updates), list(estimates), "estimate / steepest slope", BLUE),
        _line(list(updates), [estimates[0]] * len(updates), "as training left it", GREY, "dash") | {"hoverinfo": "skip"},
    ]
    figure = _figure(lines, {"text": "distance seen"})
    return figure.update_xaxes(title={"text": "more critic updates"})


def classes(names: Sequence[str], shares: Sequence[float], real_shares: Sequence[float]) -> go.Figure:
    """The share of each class among the samples, beside real data, [classes] each."""
    bars = [
        {"type": "bar", "x": list(names), "y": list(y), "name": name, "marker": {"color": colour}, "hovertemplate": "%{x}: %{y:.1%}"}
        for y, name, colour in ((real_shares, "real", REAL), (shares, "generated", GENERATED))
    ]
    figure = _figure(bars, {"text": "share"})
    figure.update_layout(barmode="group", hovermode="closest")
    figure.update_xaxes(type="category", title=None, hoverformat=None)
    return figure.update_yaxes(tickformat=".0%", rangemode="tozero")


def right_classes(names: Sequence[str], right: Sequence[float | None], accuracy: float) -> go.Figure:
    """For each class, how many of the samples that should show it do, [classes]; and how often the classifier is right on real data."""
    shares = [None if share is None or share != share else share for share in right]
    bars = {
        "type": "bar",
        "x": list(names),
        "y": shares,
        "name": "generated",
        "marker": {"color": GENERATED},
        "hovertemplate": "%{x}: %{y:.0%}",
    }
    real = {"type": "scatter", "x": list(names), "y": [accuracy] * len(names), "name": "real", "mode": "lines", "line": {"color": REAL}}
    figure = _figure([bars, real | {"hovertemplate": "%{y:.1%}"}], {"text": "of the right class"})
    figure.update_layout(hovermode="closest")
    figure.update_xaxes(type="category", title=None, hoverformat=None)
    return figure.update_yaxes(tickformat=".0%", range=[0, 1.02])


def _line(x: Sequence[Any], y: Sequence[float | None], name: str, colour: str, dash: str = "solid") -> dict[str, Any]:
    return {
        "type": "scatter",
        "x": x,
        "y": y,
        "name": name,
        "mode": "lines+markers" if len(x) < 40 and dash == "solid" else "lines",
        "marker": {"size": 5},
        "line": {"color": colour, "width": 2, "dash": dash},
        "hovertemplate": "%{y:.4g}",
    }


def _figure(traces: list[dict[str, Any]], y_title: dict[str, Any], *, log: bool = False) -> go.Figure:
    return go.Figure(
        data=traces,
        layout={
            "margin": {"l": 8, "r": 8, "t": 30, "b": 8},
            "hovermode": "x unified",
            "legend": LEGEND,
            "showlegend": True,
            "xaxis": _X_STEPS,
            "yaxis": {
                "title": y_title,
                "automargin": True,
                "type": "log" if log else "linear",
                **({"exponentformat": "power", "dtick": _ticks(traces)} if log else {}),
                **({} if log else {"tickformat": ".3~g"}),
            },
        },
    )


def _ticks(traces: list[dict[str, Any]]) -> int | str:
    """Ticks of a log axis: whole decades or, if the axis covers few of them, also 2 and 5 in between."""
    values = [value for trace in traces for value in trace["y"] if value]
    return "D2" if not values or max(values) < 300 * min(values) else 1


def _positive(value: float | None) -> float | None:
    """The value if a log axis can show it, otherwise None."""
    return value if value is not None and value > 0 else None


def _thinned(readings: Sequence[Reading]) -> list[Reading]:
    """At most as many readings as a chart can show separately, evenly spaced, including the newest."""
    if len(readings) <= _MAX_POINTS:
        return list(readings)
    at = np.unique(np.linspace(0, len(readings) - 1, _MAX_POINTS).round().astype(int))
    return [readings[index] for index in at]
