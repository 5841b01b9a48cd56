"""Points drawn with the mouse as text short enough for a link: two bytes per point, in URL-safe base64 without padding."""

from __future__ import annotations

import base64
import binascii

import numpy as np

from wgan_core.data.dataset import DataError
from wgan_core.data.toy import FILE_LIMIT, Points

MAX_DRAWN = 500
MIN_DRAWN = 2


def from_text(text: str) -> Points:
    """The points [n, 2] of a drawing, within ±`toy.FILE_LIMIT`, the limit of plots of files.

    Raises:
        DataError: the text is not a drawing, or the drawing has too few or too many points.
    """
    try:
        data = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        data = b"?"
    if len(data) % 2:
        raise DataError("This link holds a drawing that is cut off or changed: draw the points again.")
    points = np.frombuffer(data, np.uint8).reshape(-1, 2)
    if not MIN_DRAWN <= len(points) <= MAX_DRAWN:
        raise DataError(f"A drawing should have from {MIN_DRAWN} to {MAX_DRAWN} points, not {len(points)}: draw it again.")
    if (points == points[0]).all():
        raise DataError("All points of this drawing are the same, so there is nothing to learn: draw different ones.")
    return ((points.astype(np.float32) / 255 * 2 - 1) * FILE_LIMIT).astype(np.float32)


def to_csv(points: Points) -> bytes:
    """Points as a CSV file with a line of headings."""
    return ("x,y\n" + "".join(f"{x:.4f},{y:.4f}\n" for x, y in points)).encode()
