"""Pinning a kept step, so that it is never thinned out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from wgan_core.store.folder import RunFolder, StoreError

_Done = TypeVar("_Done")


def pin(folder: RunFolder, step: int, text: str = "") -> None:
    """Pin a full or a light step of `folder`, whether it is training or not. Raises StoreError.

    text: shown beside the step; at most 200 letters are kept.
    """
    _check_kept(folder, step)
    _write(lambda: folder.past.write_pin(step, text))
    try:
        _check_kept(folder, step)  # a run that is training may have been about to remove it
    except StoreError:
        _write(lambda: folder.past.discard_pin(step))
        raise


def unpin(folder: RunFolder, step: int) -> bool:
    """Remove the pin of `step`; whether there was one. The step stays until the run is thinned out the next time. Raises StoreError."""
    return _write(lambda: folder.past.discard_pin(step))


def _check_kept(folder: RunFolder, step: int) -> None:
    kept = sorted({*folder.steps(), *folder.past.light_steps()})
    if step not in kept:
        near = f" The nearest kept step is {min(kept, key=lambda at: abs(at - step)):,}." if kept else ""
        raise StoreError(f"Step {step:,} is not kept, so it cannot be pinned.{near}")


def _write(action: Callable[[], _Done]) -> _Done:
    try:
        return action()
    except OSError as error:
        raise StoreError(f"The pin cannot be written ({error.strerror or error}): make the run's folder writable.") from None
