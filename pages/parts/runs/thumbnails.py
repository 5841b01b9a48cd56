"""Small pictures of runs' sample grids, as addresses that hold the picture itself. Made for the runs that are shown, and kept."""

from __future__ import annotations

import base64
import functools
import io
import os
from pathlib import Path

from PIL import Image

SIDE_PX = 112
"""Twice the height of a row, for screens with small pixels."""
MAX_SIDE_PX = 4096
"""A larger picture was not written by a run, and is not opened."""


def thumbnail(run: Path, grid: str, *, points: bool) -> str | None:
    """The sample grid `grid` of the run folder `run`, small, as a data URL; None if there is none that can be read.

    points: a scatter plot is shown whole; of a grid of images, only the upper left quarter, in which something can still be seen.
    """
    if not grid:
        return None
    path = run / "samples" / grid
    try:
        about = os.lstat(path)
    except OSError:
        return None
    return _made(str(path), about.st_mtime_ns, about.st_size, points)


@functools.lru_cache(maxsize=2000)
def _made(path: str, changed: int, size: int, points: bool) -> str | None:
    try:
        with Image.open(path, formats=("PNG",)) as picture:
            if max(picture.size) > MAX_SIDE_PX:
                return None
            width, height = picture.size
            part = picture if points or max(picture.size) < 64 else picture.crop((0, 0, width // 2, height // 2))
            small = part.convert("RGB")
        small.thumbnail((SIDE_PX, SIDE_PX), Image.Resampling.BOX if max(small.size) > SIDE_PX else Image.Resampling.NEAREST)
    # Pillow raises many kinds of errors for pictures that are damaged.
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None
    target = io.BytesIO()
    small.save(target, "WEBP", quality=75)
    return "data:image/webp;base64," + base64.b64encode(target.getvalue()).decode()
