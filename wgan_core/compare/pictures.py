"""What the fixed latents of a run had become at a step, as a picture: the grid of images, or the points in the plane."""

from __future__ import annotations

from dataclasses import dataclass

from wgan_core.compare.side import Side
from wgan_core.config import POINT_SETS
from wgan_core.data.catalog import DATASETS
from wgan_core.data.toy import view_limit
from wgan_core.figures import images
from wgan_core.store.folder import StoreError
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


def picture_near(side: Side, step: int) -> Snapshot:
    """The kept picture that is nearest to `step`. Raises StoreError if none is kept, or it has just been thinned out."""
    timeline = Timeline.of(side.folder)
    kept = [moment.step for moment in timeline.moments if moment.grid and moment.step <= side.last]
    if not kept:
        raise StoreError("This run keeps no pictures.")
    near = min(kept, key=lambda at: (abs(at - step), at))
    if side.started.dataset in POINT_SETS:
        points = side.folder.past.read_points(near)
        drawn = images.scatter(points, timeline.data_points(), view_limit(side.started.dataset), _POINTS_SIDE)
        return Snapshot(near, images.png(drawn), "points")
    return Snapshot(near, timeline.picture(near).data, DATASETS[side.started.dataset].kind)
