"""What the fixed latents of a run had become at a step, as a picture: the grid of images, or the points in the plane."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from wgan_core.compare.side import Side
from wgan_core.data.catalog import DATASETS
from wgan_core.data.toy import view_limit
from wgan_core.figures import images
from wgan_core.store.folder import StoreError
from wgan_core.store.past import Points
from wgan_core.timeline.reading import Timeline

_POINTS_SIDE = 480


@dataclass(frozen=True)
class Snapshot:
    """A picture of a run at a step."""

    step: int
    """The kept step that is nearest to the one asked for."""
    picture: bytes
    """A file that browsers and Pillow can read."""
    kind: str
    """images or points"""
    points: Points | None = None
    """Those in the picture, [n, 2]; None of images, and of drawings."""
    real: Points | None = None
    """Those of the data behind them, [n, 2]."""


def picture_near(side: Side, step: int) -> Snapshot:
    """The kept picture that is nearest to `step`. Raises StoreError if none is kept, or it has just been thinned out."""
    timeline, kind = Timeline.of(side.folder), DATASETS[side.started.dataset].kind
    kept = [moment.step for moment in timeline.moments if moment.grid and moment.step <= side.last]
    if kept and timeline.has_points:
        near = _nearest(kept, step)
        points, real = side.folder.past.read_points(near), timeline.data_points()
        drawn = images.scatter(points, real, view_limit(side.started.dataset), _POINTS_SIDE)
        return Snapshot(near, images.png(drawn), kind, points, real)
    if kept:
        near = _nearest(kept, step)
        return Snapshot(near, timeline.picture(near).data, kind)
    return _drawing(side, step, kind)


def _drawing(side: Side, step: int, kind: str) -> Snapshot:
    """Of a run of points of an earlier version, which has drawings only."""
    drawings = {at: path for at, path in side.folder.samples().items() if at <= side.last}
    if not drawings:
        raise StoreError("This run keeps no pictures.")
    near = _nearest(drawings, step)
    try:
        return Snapshot(near, drawings[near].read_bytes(), kind)
    except OSError:
        raise StoreError(f"The picture of step {near:,} is not kept any more: choose another step.") from None


def _nearest(steps: Iterable[int], step: int) -> int:
    return min(steps, key=lambda at: (abs(at - step), at))
