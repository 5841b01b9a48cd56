"""The points of a run along its time, in front of real ones, and the critic's landscape behind them where it has been computed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from streamlit.components.v2 import component

from pages.components.bundle import bundle
from pages.components.moment_picture import Kept, message
from pages.components.payload import HERE, asset, pack
from wgan_core.figures.style import GENERATED, REAL

Points = NDArray[np.floating]
"""[n, 2]."""
_component = component(
    "wgan_moment_points",
    html="""
        <figure>
            <div class="legend"><span class="real">real</span><span class="generated">generated</span><span class="scores"></span></div>
            <canvas role="img" aria-label="Points"></canvas>
            <figcaption></figcaption>
        </figure>
    """,
    css=f":host, figure {{ --real: {REAL}; --generated: {GENERATED}; }}" + asset("moment_points.css"),
    js=bundle(HERE / "moment_points.js"),
)


class Behind(NamedTuple):
    """The critic's landscape of one step."""

    at: int
    """The step of the cursor that it belongs to."""
    step: int
    """The kept step whose critic it is."""
    scores: NDArray[np.float32]
    """On a grid over the square that is shown, [n, n]; y increases from row to row."""


def moment_points(
    newest: tuple[int, Points],
    real: Points,
    kept: Kept,
    *,
    limit: float,
    store: str,
    cursor: str,
    key: str,
    alt: str,
    caption: str,
    behind: Behind | None = None,
) -> None:
    """Show the newest points, or the kept ones nearest to the cursor.

    Args:
        newest: the step and its points.
        real: real points.
        kept: the points to look back at, as float32 [n, 2].
        limit: both axes cover [-limit, limit].
        store, cursor, key, alt, caption: as for `moment_picture`.
        behind: the landscape to draw while the cursor is where that belongs.
    """
    step, points = newest
    header, body, missing = message((step, _bytes(points)), kept, store=store, cursor=cursor, key=key, alt=alt, caption=caption)
    backdrop = b"" if behind is None else _bytes(behind.scores)
    header |= {
        "limit": limit,
        "real": len(real),
        "behind": None if behind is None else {"at": behind.at, "step": behind.step, "grid": len(behind.scores), **_scale(behind.scores)},
    }
    _component(key=key, data=pack(header, b"".join((_bytes(real), backdrop, body))), on_missing_change=missing)


def _bytes(numbers: NDArray[np.floating]) -> bytes:
    return numbers.astype("<f4").tobytes()


def _scale(scores: NDArray[np.float32]) -> dict[str, float]:
    """The middle of the colours, and how far they reach from there."""
    low, high = float(np.nanmin(scores)), float(np.nanmax(scores))
    return {"middle": (low + high) / 2, "extent": max((high - low) / 2, 1e-12)}
