"""Figures of a critic's health: the numbers that are drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from tests.figures_drawn import layout, traces
from wgan_core.figures import health as health_figures
from wgan_core.store.readings import Reading


def named(figure: go.Figure, name: str) -> Any:
    return next(trace for trace in traces(figure) if trace.name == name)


def test_the_truth_is_drawn_as_excess_over_a_floor_at_zero() -> None:
    readings = [Reading("sliced-w1", step, step, value, floor, 0.01, 256) for step, value, floor in ((10, 0.5, 0.1), (20, 0.2, 0.04))]
    figure = health_figures.truth(readings)
    assert named(figure, "excess").y == pytest.approx((0.4, 0.16))
    assert list(named(figure, "real against real").y) == [0, 0, 0]
    assert list(named(figure, "noise band").y) == [0.02, 0.02, 0.02, -0.02, -0.02, -0.02]
    assert list(named(figure, "noise band").x) == [0, 10, 20, 20, 10, 0]
    assert layout(figure).yaxis.title.text == "Sliced W1 − floor"


def test_what_is_known_by_heart_is_drawn_with_its_noise() -> None:
    known = [Reading("overfit-gap", step, step, value, details={"noise": noise}) for step, value, noise in ((10, 0.1, 0.2), (20, 0.6, 0.1))]
    figure = health_figures.memory([*known, Reading("overfit-gap", 30, 30, 0.5)])  # the last of an earlier version, without its noise
    assert list(named(figure, "share of the estimate").y) == [0.1, 0.6]
    assert list(named(figure, "noise band").y) == [0.2, 0.1, -0.1, -0.2]


def test_long_runs_are_thinned_and_keep_first_and_last() -> None:
    readings = [Reading("exact-w1", step, 0, 1.0, 0.5, 0.0) for step in range(5000)]
    drawn = named(health_figures.truth(readings), "excess").x
    assert len(drawn) == 400 and (drawn[0], drawn[-1]) == (0, 4999)


def health(step: int, **bounds: float | None) -> Reading:
    norms = {"real": [1, 2, 3, 4, 5.0], "fake": [2, 3, 4, 5, 6.0], "between": [0.1, 1, 2, 3, 40.0]}
    values = {name: {"value": bounds.get(name), "reason": ""} for name in ("empirical", "spectral", "box", "display_w1")}
    return Reading("critic-health", step, 0, bounds.get("empirical"), details={"norms": norms, "bounds": values})


def test_slopes_are_medians_and_bounds_on_a_log_axis() -> None:
    figure = health_figures.slopes([health(1, empirical=7.0, spectral=9.0), health(5, empirical=8.0, spectral=0.0)])
    assert layout(figure).yaxis.type == "log"
    assert list(named(figure, "real").y) == [3, 3] and list(named(figure, "generated").y) == [4, 4]
    assert list(named(figure, "between").y) == [2, 2]
    assert list(named(figure, "between, middle 90 %").y) == [40, 40, 0.1, 0.1]
    assert list(named(figure, "K_emp").y) == [7, 8]
    assert list(named(figure, "K_spec").y) == [9, None]  # a log axis has no 0
    assert all(trace.name != "K_box" for trace in traces(figure))


def test_a_critic_without_slopes_can_be_drawn() -> None:
    reading = Reading("critic-health", 1, 0, None, details={"norms": None, "bounds": health(1).details["bounds"]})
    assert len(traces(health_figures.slopes([reading]))) == 1


def layer(name: str, at: float | None) -> dict[str, Any]:
    return {"name": name, "counts": [3, 1, 0, 4], "limit": 0.02, "at_boundary": at}


def test_the_histogram_of_each_layer_with_its_clip_lines() -> None:
    figure = health_figures.clip_boundary([layer("layer 1", 0.88), layer("layer 2", 0.5)], 0.01)
    first, second = traces(figure)
    assert list(first.x) == pytest.approx([-0.015, -0.005, 0.005, 0.015]) and list(first.y) == pytest.approx([3 / 8, 1 / 8, 0, 0.5])
    assert (first.xaxis, second.xaxis) == ("x", "x2")
    assert sorted((shape.x0, shape.xref) for shape in layout(figure).shapes) == [(-0.01, "x"), (-0.01, "x2"), (0.01, "x"), (0.01, "x2")]
    assert [text.text for text in layout(figure).annotations] == ["layer 1<br><b>88%</b> at ±c", "layer 2<br><b>50%</b> at ±c"]
    wide = health_figures.clip_boundary([layer("layer 1", 0.0)], 0.05)  # c was raised: the line is in the picture at once
    assert layout(wide).xaxis.range[1] > 0.05 and list(layout(wide).xaxis.tickvals) == [-0.05, 0, 0.05]
    none = health_figures.clip_boundary([layer("layer 1", None)], None)
    assert not layout(none).shapes and layout(none).annotations[0].text == "layer 1"


def test_gradients_against_depth_in_one_chart_on_a_log_axis() -> None:
    depth = {
        "critic": {"names": ["critic layer 1", "critic layer 2"], "log10_norms": [-26.0, None]},
        "generator": {"names": ["generator layer 1", "critic layer 1", "critic layer 2"], "log10_norms": [-3.0, -2.0, -1.0]},
    }
    figure = health_figures.gradient_depth(depth)
    assert layout(figure).yaxis.type == "log" and list(layout(figure).xaxis.categoryarray) == depth["generator"]["names"]
    assert named(figure, "critic's loss").y[0] == pytest.approx(1e-26) and named(figure, "critic's loss").y[1] is None
    assert list(named(figure, "generator's loss").y) == pytest.approx([1e-3, 1e-2, 1e-1])
    assert list(named(figure, "critic's loss").x) == depth["critic"]["names"]


def test_the_lag_begins_where_training_left_it() -> None:
    figure = health_figures.critic_lag([0, 100, 200], [1.0, 1.5, 2.0])
    assert list(named(figure, "estimate / steepest slope").y) == [1.0, 1.5, 2.0] and list(named(figure, "as training left it").y) == [
        1,
        1,
        1,
    ]


def test_classes_beside_those_of_real_data() -> None:
    figure = health_figures.classes(["a", "b"], np.array([1.0, 0.0]).tolist(), [0.4, 0.6])
    assert list(named(figure, "generated").y) == [1, 0] and list(named(figure, "real").y) == [0.4, 0.6]
