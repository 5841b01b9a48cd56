"""How many real samples a run has seen: the batch sizes of the run and of all that it descends from."""

from __future__ import annotations

from wgan_core.store.folder import RunFolder, StoreError, run_path
from wgan_core.store.parent import Parent

BatchSizes = tuple[tuple[int, int], ...]
"""Batch sizes, each with the step after which it was in force, ascending from 0."""


def batch_sizes(folder: RunFolder) -> BatchSizes:
    """The batch sizes with which the critic in `folder` was trained, those of its ancestors first.

    Of an ancestor whose folder is not beside it any more, only what the branch noted is known: that size then counts from step 0.
    """
    found: list[tuple[int, int]] = []
    seen: set[str] = set()
    until: int | None = None
    while True:
        parent = folder.parent
        begun = parent.step if parent is not None else 0
        if until is None or begun < until:
            found.append((begun, folder.config.batch_size))
            until = begun
        if parent is None or until == 0:
            return tuple(reversed(found))
        seen.add(folder.path.name)
        above = None if parent.run_id in seen else _beside(folder, parent.run_id)
        if above is None:
            return ((0, _noted(parent, folder.config.batch_size)), *reversed(found))
        folder = above


def samples_seen(sizes: BatchSizes, step: int) -> int:
    """Real samples that the critic has seen after `step`: the batch size summed over the steps."""
    ends = [*(begun for begun, _ in sizes[1:]), step]
    return sum(size * max(0, min(end, step) - begun) for (begun, size), end in zip(sizes, ends, strict=True))


def _beside(folder: RunFolder, run_id: str) -> RunFolder | None:
    try:
        return RunFolder.open(run_path(folder.path.parent, run_id))
    except StoreError:
        return None


def _noted(parent: Parent, otherwise: int) -> int:
    """The parent's batch size as the branch noted it, if they differ."""
    size, _ = parent.differs.get("batch_size", (otherwise, otherwise))
    return size if isinstance(size, int) and not isinstance(size, bool) and size > 0 else otherwise
