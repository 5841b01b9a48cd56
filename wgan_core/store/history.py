"""The curves of a run: an append-only table that other threads may read while it grows."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wgan_core.config import js_bound

COLUMNS = ("step", "generator_updates", "seconds", "wasserstein_estimate", "critic_loss", "generator_loss", "real_score", "fake_score")
"""One row per recorded step. `seconds`: training time without pauses. `generator_loss`: that of the latest generator update (nan before the
first). `critic_loss` of a WGAN includes the gradient penalty, if there is one; a discriminator's does not, and neither does the estimate,
which is nan for an ordinary GAN. The other columns belong to the step itself."""

HEADER = ",".join(COLUMNS)
"""The first line of metrics.csv."""
_MAX_COUNT = 1e15
"""The largest number of steps, generator updates or seconds that a run can have."""
_MAX_FLOAT32 = float(np.finfo(np.float32).max)

Rows = NDArray[np.float64]


class History:
    """Rows of `COLUMNS`, float64 [n, 8]. One thread appends. Any thread may read a view, because rows never change once written."""

    def __init__(self, rows: Rows | None = None) -> None:
        rows = np.empty((0, len(COLUMNS))) if rows is None else rows
        self._buffer = np.empty((max(1024, 2 * len(rows)), len(COLUMNS)))
        self._buffer[: len(rows)] = rows
        self._length = len(rows)

    def append(self, rows: Rows) -> None:
        """Add `rows`, [k, 8]."""
        needed = self._length + len(rows)
        if needed > len(self._buffer):
            # A new buffer, so that earlier views keep reading the old one.
            grown = np.empty((2 * needed, len(COLUMNS)))
            grown[: self._length] = self._buffer[: self._length]
            self._buffer = grown
        self._buffer[self._length : needed] = rows
        self._length = needed

    def view(self) -> Rows:
        """All rows so far, read-only, without a copy."""
        view = self._buffer[: self._length]
        view.flags.writeable = False
        return view


def column(rows: Rows, name: str) -> NDArray[np.float64]:
    """One column of `rows`, by its name in `COLUMNS`; or `js_bound`, which for an ordinary GAN follows from the critic's loss."""
    if name == "js_bound":
        return js_bound(column(rows, "critic_loss"))
    return rows[:, COLUMNS.index(name)]


def newest(rows: Rows, name: str, default: float) -> float:
    """The last value of a column; `default` if there are no rows."""
    return float(column(rows, name)[-1]) if len(rows) else default


def generator_updates_at(rows: Rows, step: int) -> int:
    """Generator updates done when `step` critic updates were; between recorded steps, about."""
    if not len(rows):
        return 0
    return int(np.interp(step, [0, *column(rows, "step")], [0, *column(rows, "generator_updates")]))


def metric_lines(rows: Rows) -> list[str]:
    """Rows as lines of metrics.csv."""
    return [",".join("" if np.isnan(value) else f"{value:.9g}" for value in row) for row in rows]


def row_in(line: str) -> list[float] | None:
    """The cells of a line of metrics.csv; None unless it has one cell per column, each within the range that a run can reach."""
    try:
        row = [float(cell) if cell else math.nan for cell in line.split(",")]
    except ValueError:
        return None
    if len(row) != len(COLUMNS) or not all(0 <= cell <= _MAX_COUNT for cell in row[:3]):
        return None
    # The other columns are computed in float32; a loss may be infinite.
    return row if all(not math.isfinite(cell) or abs(cell) <= _MAX_FLOAT32 for cell in row[3:]) else None
