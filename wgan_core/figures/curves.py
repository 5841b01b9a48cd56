"""Preparing curves for the screen: smoothing, and thinning to the points that a screen can show."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter
from tsdownsample import MinMaxLTTBDownsampler

Values = NDArray[np.floating]

SCREEN_POINTS = 600
"""Number of points of a curve that can be told apart in a chart of normal width."""


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
