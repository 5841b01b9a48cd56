"""One lock for everything that changes several runs, or what several windows may change: labels, the trash, an import."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from pathlib import Path

import filelock

from wgan_core.store.layout import StoreError

PATIENCE_SECONDS = 20.0


@contextlib.contextmanager
def library_lock(root: Path, *, patience: float = PATIENCE_SECONDS) -> Generator[None]:
    """Hold the lock of the folder of runs `root`, also against other processes. Raises StoreError if that is not possible."""
    lock = filelock.FileLock(root / ".library.lock", timeout=patience, thread_local=False)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise StoreError("Another window or program is changing the runs at the moment: try again.") from None
    except OSError as error:
        raise StoreError(f"The folder of runs cannot be written ({error.strerror or error}), so nothing was changed.") from None
    try:
        yield
    finally:
        lock.release()
