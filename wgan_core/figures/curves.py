"""Preparing curves for the screen: smoothing, and thinning to the points that a screen can show."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from tsdownsample import MinMaxLTTBDownsampler

Values = NDArray[np.floating]

SCREEN_POINTS = 600
"""Number of points of a curve that can be told apart in a chart of normal width."""
_RARE = 0.02
"""The share of a curve's values, at each end, that a spike may consist of."""
_NEWEST = 20
"""A curve's last values are always in sight, for they may be the beginning of something."""


def smooth(values: Values, weight: float, restarts: Iterable[int] = ()) -> Values:
    """Exponential moving average as in TensorBoard, restarted at each index in `restarts`.

    last = weight · last + (1 - weight) · value; shown = last / (1 - weight^n), so that the beginning is not pulled towards zero. Values
    that are not finite pass through unchanged and are not counted. A stretch of equal values stays exactly as it is.

    Args:
        values: [n].
        weight: 0 (no smoothing) to below 1.
        restarts: indices of `values` where a new stretch begins, e.g. after a setting was changed.
    """
    if not 0 <= weight < 1:
        raise ValueError(f"weight must be from 0 to below 1, not {weight}")
    smoothed = values.copy()
    bounds = [0, *sorted(index for index in restarts if 0 < index < len(values)), len(values)]
    for start, end in itertools.pairwise(bounds):
        stretch = smoothed[start:end]  # a view
        finite = np.isfinite(stretch)
        counted = stretch[finite]
        if weight and len(counted) and counted.min() != counted.max():
            shown = lfilter([1 - weight], [1, -weight], counted)
            # From some n on, weight^n is negligible. Computing the powers for a whole long curve would cost more than the filter.
            early = shown[: int(np.ceil(-40 / np.log(weight)))]
            early /= 1 - weight ** np.arange(1, len(early) + 1)
            stretch[finite] = shown
    return smoothed


def thin(x: Values, y: Values, points: int = SCREEN_POINTS) -> NDArray[np.intp]:
    """Indices of at most `points` points of the curve (x, y), chosen so that it looks the same (MinMaxLTTB, arXiv 2305.00332).

    y must be finite.
    """
    if len(x) <= points:
        return np.arange(len(x))
    # The library needs increasing x. Recorded steps increase, but seconds or generator updates may stay equal for a while.
    return MinMaxLTTBDownsampler().downsample(np.ascontiguousarray(y), n_out=points).astype(np.intp)


def robust_range(curves: Sequence[Values]) -> tuple[float, float] | None:
    """The range of a y axis that leaves out spikes which would flatten everything else; None if there are no such spikes.

    A spike is made of at most 2 % of the values, lies further outside than the rest is wide, and has passed: the newest 20 values of each
    curve are always in the range.

    Args:
        curves: finite values, [n] each, oldest first.
    """
    values = np.concatenate(curves) if curves else np.empty(0)
    if len(values) < 2 * _NEWEST:
        return None
    low, high = np.quantile(values, (_RARE, 1 - _RARE))
    newest = np.concatenate([curve[-_NEWEST:] for curve in curves])
    low, high = min(low, newest.min()), max(high, newest.max())
    width = high - low
    if width == 0 or (values.max() <= high + width and values.min() >= low - width):
        return None
    return float(low - 0.1 * width), float(high + 0.1 * width)


def log_ticks(values: Iterable[float]) -> dict[str, Any]:
    """Ticks of a log axis, in Plotly's terms, that do not run into each other: at 1, 2 and 5, at every decade, or at every few decades."""
    positive = [value for value in values if 0 < value < np.inf]
    decades = float(np.log10(max(positive) / min(positive))) if positive else 0.0
    if decades < 1:
        return {"nticks": 5}
    return {"dtick": "D2" if decades < 2.5 else int(np.ceil(decades / 8))}
