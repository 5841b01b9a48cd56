"""Who uses a run folder now: the one who trains into it, and those who read it for a while. Works between processes."""

from __future__ import annotations

import contextlib
import secrets
import stat
from collections.abc import Generator
from pathlib import Path

import filelock

from wgan_core.store.files import entries

_READER = ".reading-"


def training_lock(path: Path) -> filelock.FileLock:
    """The lock of the run folder at `path`, which is held while something trains into it. Not waited for, unless `acquire` is told to."""
    # Not thread-local: a page needs to see whether the training thread holds the lock.
    return filelock.FileLock(path / ".lock", timeout=0, thread_local=False)


def is_held(path: Path) -> bool:
    """Whether a run is being trained into the folder at `path` now."""
    return (path / ".lock").exists() and _is_locked(path / ".lock")


@contextlib.contextmanager
def reading(path: Path) -> Generator[None]:
    """Keep the run folder at `path` from being deleted while it is read. Where nothing can be written, nothing can be deleted either, and
    this does nothing."""
    file = path / f"{_READER}{secrets.token_hex(4)}"
    lock = filelock.FileLock(file, timeout=0, thread_local=False)
    with contextlib.suppress(OSError, filelock.Timeout):
        if path.is_dir():  # else the lock would make the folder
            lock.acquire()
    try:
        yield
    finally:
        lock.release()
        with contextlib.suppress(OSError):
            file.unlink(missing_ok=True)


def is_read(path: Path) -> bool:
    """Whether the run folder at `path` is inside a `reading`. Removes what a reader that was killed has left."""
    for entry in entries(path):
        if entry.name.startswith(_READER) and _is_plain(entry):
            if _is_locked(entry):
                return True
            with contextlib.suppress(OSError):
                entry.unlink(missing_ok=True)
    return False


def _is_plain(file: Path) -> bool:
    """Whether it is a file. Locking a link, which only a stranger's folder has, would empty what it points to."""
    with contextlib.suppress(OSError):
        return stat.S_ISREG(file.lstat().st_mode)
    return False


def _is_locked(file: Path) -> bool:
    try:
        with filelock.FileLock(file, timeout=0, thread_local=False):
            return False
    except filelock.Timeout:
        return True
    except OSError:
        return False
