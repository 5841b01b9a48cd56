"""Figures of several runs: what is drawn where, and that long curves stay small."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from wgan_core.figures.comparison import Axes, Heap, Line, heaps_figure, lines_figure
from wgan_core.figures.curves import SCREEN_POINTS
from wgan_core.figures.style import OF_RUNS

AXES = Axes("critic updates", "estimate", reach=100.0)
X = np.arange(100.0)


def traces(figure: Any) -> Any:
    return figure.data


def test_each_run_has_its_colour_dash_and_group() -> None:
    lines = [Line("A", "A", X, X, 0), Line("C", "C", X, 2 * X, 2)]
    first, second = traces(lines_figure(lines, AXES))
    assert (first["legendgroup"], first["line"]["color"], first["line"]["dash"]) == ("A", *OF_RUNS[0])
    assert (second["legendgroup"], second["line"]["color"], second["line"]["dash"]) == ("C", *OF_RUNS[2])
    assert len({(colour, dash) for colour, dash in OF_RUNS}) == len({colour for colour, _ in OF_RUNS}) == 8


def test_smoothing_keeps_the_recorded_values_behind_and_starts_again_at_an_edit() -> None:
    jump = np.where(X < 50, 0.0, 10.0)
    faint, smoothed = traces(lines_figure([Line("A", "A", X, jump, 0)], AXES, smoothing=0.9))
    assert faint["opacity"] < 1 and faint["y"][50] == 10 and smoothed["y"][50] < 5
    _, restarted = traces(lines_figure([Line("A", "A", X, jump, 0, restarts=(49.0,))], AXES, smoothing=0.9))
    assert restarted["y"][50] == 10
    few = Line("A", "A", X[:5], X[:5], 0)
    assert len(traces(lines_figure([few], AXES, smoothing=0.9))) == 1  # readings are not smoothed


def test_a_long_curve_is_thinned_and_what_is_not_finite_left_out() -> None:
    x = np.arange(100_000.0)
    y = np.sin(x / 1000)
    y[500] = np.nan
    (line,) = traces(lines_figure([Line("A", "A", x, y, 0)], AXES))
    assert len(line["x"]) <= SCREEN_POINTS and np.isfinite(line["y"]).all()
    (log,) = traces(lines_figure([Line("A", "A", x, y, 0)], Axes("x", "y", log_y=True)))
    assert (log["y"] > 0).all()


def test_a_band_lies_behind_its_mean_and_belongs_to_it() -> None:
    band, mean = traces(lines_figure([Line("AB", "AB", X, X, 0, low=X - 1, high=X + 1)], AXES))
    assert band["fill"] == "toself" and band["legendgroup"] == mean["legendgroup"] == "AB"
    assert band["y"].max() == 100 and band["y"].min() == -1


def test_the_level_of_real_data_is_0_with_its_noise_over_the_whole_axis() -> None:
    band, level, _ = traces(lines_figure([Line("A", "A", X, X, 0)], AXES, noise=0.5))
    assert (band["y"].min(), band["y"].max(), max(band["x"])) == (-0.5, 0.5, 100) and list(level["x"]) == [0, 100]


@pytest.mark.parametrize("to_peak", [True, False])
def test_outlines_of_narrow_and_wide_bins(to_peak: bool) -> None:
    narrow = Heap("A", "A", np.array([-0.1, 0, 0.1]), np.array([0.25, 0.75]), 0)
    wide = Heap("B", "B", np.array([-10.0, 0, 10]), np.array([0.5, 0.5]), 1)
    first, second = traces(heaps_figure({"layer 1": [narrow, wide]}, x_title="weight", to_peak=to_peak))
    assert first["y"][0] == first["y"][-1] == 0 and len(first["x"]) == len(first["y"]) == 4
    if to_peak:
        assert first["y"].max() == second["y"].max() == 1
    else:  # equal areas
        assert first["y"].max() == pytest.approx(7.5) and second["y"].max() == pytest.approx(0.05)
    assert first["customdata"].max() == 0.75  # what the hover text tells
