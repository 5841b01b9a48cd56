"""Smoothing, thinning and the figures."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from tests.figures_drawn import layout, traces
from tests.project import PROJECT
from wgan_core.figures import training as figures
from wgan_core.figures.curves import log_ticks, smooth, thin
from wgan_core.figures.style import GENERATED, REAL
from wgan_core.store.history import COLUMNS
from wgan_core.store.ledger import Edit


def tensorboard(values: list[float], weight: float) -> list[float]:
    """TensorBoard's formula as a plain loop."""
    last, counted, shown = 0.0, 0, []
    for value in values:
        if not np.isfinite(value):
            shown.append(value)
            continue
        last = weight * last + (1 - weight) * value
        counted += 1
        shown.append(last / (1 - weight**counted))
    return shown


@pytest.mark.parametrize("weight", [0.0, 0.6, 0.99])
def test_smoothing_is_tensorboards(weight: float) -> None:
    values = np.random.default_rng(0).normal(size=200)
    values[[0, 5, 6]] = np.nan
    np.testing.assert_allclose(smooth(values, weight), tensorboard(values.tolist(), weight), rtol=1e-9)


def test_smoothing_begins_anew_where_asked() -> None:
    values = np.random.default_rng(1).normal(size=30)
    expected = tensorboard(values[:10].tolist(), 0.9) + tensorboard(values[10:].tolist(), 0.9)
    np.testing.assert_allclose(smooth(values, 0.9, [10, 10, 0, 99]), expected, rtol=1e-9)


def test_equal_values_stay_exactly_as_they_are() -> None:
    values = np.full(50, 0.1)
    assert (smooth(values, 0.7) == values).all()
    with pytest.raises(ValueError, match="below 1"):
        smooth(values, 1.0)


def test_thinning_keeps_spikes_and_ends() -> None:
    y = np.random.default_rng(2).normal(size=100_000)
    y[[777, 54_321]] = 40.0, -40.0
    kept = thin(np.arange(100_000.0), y)
    assert len(kept) <= 600 and {0, 777, 54_321, 99_999} <= set(kept.tolist())
    assert thin(np.arange(5.0), y[:5]).tolist() == [0, 1, 2, 3, 4]


def rows(count: int) -> np.ndarray:
    table = np.zeros((count, len(COLUMNS)))
    table[:, 0] = np.arange(1, count + 1) * 5
    table[:, 1] = table[:, 0] // 25
    table[:, 2] = table[:, 0] / 100
    table[:, 3] = np.linspace(1, 2, count)
    table[:, 4] = -table[:, 3]
    table[:, 5] = np.where(table[:, 1] > 0, 0.5, np.nan)
    return table


def lines(figure: go.Figure) -> list[Any]:
    return [trace for trace in traces(figure) if trace.hoverinfo != "skip"]


def test_a_curve_shows_all_points_and_the_recorded_ones_behind() -> None:
    figure = figures.curves(rows(100), figures.ESTIMATE, smoothing=0.6)
    raw, shown = traces(figure)
    np.testing.assert_allclose(raw.y, np.linspace(1, 2, 100), rtol=1e-6)
    np.testing.assert_allclose(shown.y, tensorboard(np.linspace(1, 2, 100).tolist(), 0.6), rtol=1e-6)
    assert shown.x.tolist() == list(range(5, 501, 5))
    assert raw.opacity == 0.25
    assert len(traces(figures.curves(rows(100), figures.ESTIMATE, smoothing=0))) == 1


def test_missing_values_are_left_out_and_nothing_else() -> None:
    figure = figures.curves(rows(10), figures.LOSSES, smoothing=0)
    critic, generator = lines(figure)
    assert len(critic.y) == 10 and len(generator.y) == 6
    assert generator.line.color == figures.GREY


def test_log_scale_leaves_out_what_has_no_logarithm() -> None:
    table = rows(10)
    table[3, 3] = -1.0
    figure = figures.curves(table, figures.ESTIMATE, smoothing=0, log_y=True)
    assert layout(figure).yaxis.type == "log" and len(traces(figure)[0].y) == 9


def test_edits_are_numbered_flags_in_every_unit_of_x() -> None:
    edits = [Edit(250, "clip_value", 0.01, 0.02), Edit(250, "n_critic", 5, 3), Edit(400, "critic_lr", 5e-5, 1e-4)]
    units: dict[figures.XAxis, list[float]] = {"step": [250, 400], "generator_updates": [10, 16], "seconds": [2.5, 4.0]}
    for x_axis, expected in units.items():
        figure = figures.curves(rows(100), figures.SCORES, edits=edits, x_axis=x_axis)
        assert [shape.x0 for shape in layout(figure).shapes] == expected
        assert [label.text for label in layout(figure).annotations] == ["1", "2"]
    first, second = figures.flags(rows(100), edits)
    assert (first.edits, second.edits) == (tuple(edits[:2]), (edits[2],))


def test_flags_too_close_to_read_share_a_label() -> None:
    edits = [Edit(step, "n_critic", 5, 3) for step in (100, 110, 115, 300, 470)]
    figure = figures.curves(rows(100), figures.ESTIMATE, edits=edits)
    assert [label.text for label in layout(figure).annotations] == ["1–3", "4", "5"]
    assert len(layout(figure).shapes) == 5
    # Closer up there is room for each; and its number stays what it is in the list.
    figure = figures.curves(rows(100)[:24], figures.ESTIMATE, edits=edits[:3], since=105)
    assert [label.text for label in layout(figure).annotations] == ["2", "3"]


def test_a_chart_since_an_edit_begins_there_and_is_smoothed_as_before() -> None:
    whole = lines(figures.curves(rows(100), figures.ESTIMATE))[0]
    late = lines(figures.curves(rows(100), figures.ESTIMATE, since=300))[0]
    assert late.x.tolist() == list(range(300, 501, 5))
    np.testing.assert_array_equal(late.y, whole.y[59:])
    assert len(lines(figures.curves(rows(100), figures.ESTIMATE, since=500))[0].x) == 2  # still a line


def test_a_spike_that_has_passed_does_not_flatten_the_rest() -> None:
    table = rows(200)
    table[:, 3] = np.sin(np.arange(200))
    assert figures.usual_range(table, figures.ESTIMATE) is None
    table[100:102, 3] = 500.0
    low, high = figures.usual_range(table, figures.ESTIMATE) or (0.0, 0.0)
    assert -1.3 < low < -1 and 1 < high < 1.3
    shown = layout(figures.curves(table, figures.ESTIMATE, y_range=(low, high))).yaxis
    assert shown.range is None and (shown.autorangeoptions.clipmin, shown.autorangeoptions.clipmax) == (low, high)
    assert figures.usual_range(table, figures.ESTIMATE, since=600) is None


def test_a_spike_of_now_is_in_sight() -> None:
    table = rows(200)
    table[:, 3] = np.sin(np.arange(200))
    table[198:, 3] = 500.0
    assert figures.usual_range(table, figures.ESTIMATE) is None


def test_a_level_that_lasts_is_no_spike() -> None:
    table = rows(200)
    table[:, 3] = np.sin(np.arange(200))
    table[100:120, 3] = 500.0
    assert figures.usual_range(table, figures.ESTIMATE) is None


def test_a_spike_on_a_log_scale() -> None:
    table = rows(200)
    table[:, 3] = 1.0 + np.arange(200) % 7
    table[100, 3] = 1e9
    low, high = figures.usual_range(table, figures.ESTIMATE, log_y=True) or (0.0, 0.0)
    assert 0.7 < low < 1 and 7 < high < 10
    assert layout(figures.curves(table, figures.ESTIMATE, log_y=True, y_range=(low, high))).yaxis.autorangeoptions.clipmax == high


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(2.0, 3.0, {"nticks": 5}), (0.01, 1.0, {"dtick": "D2"}), (1e-5, 1.0, {"dtick": 1}), (1e-20, 1.0, {"dtick": 3})],
)
def test_the_ticks_of_a_log_axis_have_room(low: float, high: float, ticks: dict[str, Any]) -> None:
    assert log_ticks([low, high]) == ticks


def test_real_and_generated_have_the_same_colours_everywhere() -> None:
    colours = {"real": REAL, "generated": GENERATED}
    rng = np.random.default_rng(4)
    points = rng.normal(size=(5, 2))
    shown = [figures.curves(rows(9), figures.SCORES, smoothing=0), figures.score_histogram(points[:, 0], points[:, 1])]
    for figure in (*shown, figures.scatter(points, points, limit=1)):
        found = {trace.name: trace.marker.color or trace.line.color for trace in traces(figure) if trace.name in colours}
        assert found == colours
    for file in ("components/lab_stage.css", "parts/explore/latent_explorer.css"):
        text = (PROJECT / "pages" / file).read_text(encoding="utf-8")
        assert f"--real: {REAL}; --generated: {GENERATED};" in text
    assert REAL in (PROJECT / "pages/parts/lab/drawing_pad.js").read_text(encoding="utf-8")
    assert REAL in (PROJECT / "pages/shared/wgan.svg").read_text(encoding="utf-8")


def test_smoothing_begins_anew_at_an_edit() -> None:
    table = rows(100)
    table[:, 3] = np.where(table[:, 0] <= 250, 1.0, 9.0)
    (line,) = lines(figures.curves(table, figures.ESTIMATE, edits=[Edit(250, "n_critic", 5, 3)], smoothing=0.9))
    assert set(line.y.tolist()) == {1.0, 9.0}


def test_a_figure_is_as_large_after_a_hundred_thousand_points() -> None:
    short, long = (len(str(figures.curves(rows(count), figures.SCORES, smoothing=0.6).to_json())) for count in (1000, 100_000))
    assert long < 1.1 * short


def test_the_histogram_counts_every_image() -> None:
    rng = np.random.default_rng(3)
    figure = figures.score_histogram(rng.normal(1, 1, 64), rng.normal(-1, 1, 50))
    real, generated = traces(figure)
    assert (real.y.sum(), generated.y.sum()) == (64, 50)
    assert np.average(real.x, weights=real.y) > np.average(generated.x, weights=generated.y)
