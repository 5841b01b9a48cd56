"""What a branch takes over of its parent's past."""

from __future__ import annotations

from wgan_core.store.folder import AVERAGED, RunFolder, StoreError
from wgan_core.timeline.histograms import from_line
from wgan_core.timeline.room import thin_light

_MEGABYTE = 1_000_000


def inherit(parent: RunFolder, branch: RunFolder, step: int, *, same_data: bool) -> None:
    """Copy the parent's light steps, moments and histograms up to `step`. They then belong to the branch, which stays whole without its
    parent. Light steps take at most half of the branch's budget for its history. Raises OSError.

    same_data: the data's points are taken over too.
    """
    ours, theirs = branch.past, parent.past
    for averaged in (False, True):
        for at, path in theirs.moments(averaged=averaged).items():
            if at <= step:
                ours.copy_moment(path)
    if same_data and theirs.has_data_points():
        ours.copy_moment(theirs.data_points_path)
    for line in theirs.histogram_lines():
        if (found := from_line(line)) is not None and found.step <= step:
            ours.append_histograms(line)
    _take_light(parent, branch, step)


def _take_light(parent: RunFolder, branch: RunFolder, step: int) -> None:
    ours, left = branch.past, branch.config.history_budget * _MEGABYTE // 2
    parts = ("generator", "critic", *((AVERAGED,) if parent.config.ema_decay and branch.config.ema_decay else ()))
    for at in parent.past.light_steps():
        if at >= step:  # the branch begins with the whole of `step`
            break
        try:
            ours.write_light(at, parent.past.read_halves(at, parts))
        except StoreError:  # damaged, or thinned out meanwhile
            continue
        written = ours.light_steps()
        if len(written) * ours.light_path(at).stat().st_size > left:
            thin_light(ours, len(written) // 2)
