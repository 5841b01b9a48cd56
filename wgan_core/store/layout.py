"""The files that a run folder may hold: plain files and folders with known names and limited sizes, and no links. Checked before any of
them is used."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from wgan_core.store.files import is_link

DIRECTIONS = "directions.json"
"""Written and read by `latent.directions`."""
LABELS = "labels.json"
"""Title, tags, note and pin, written and read by `library.labels`."""
MAX_BYTES = {
    "config.json": 10**6,
    "metrics.csv": 4 * 10**9,
    "ledger.jsonl": 10**8,
    "health.jsonl": 4 * 10**9,
    "histograms.jsonl": 10**9,
    DIRECTIONS: 10**7,
    LABELS: 10**6,
    ".lock": 10**6,
}
"""The files of a run folder and the largest size of each, in bytes. Larger files were not written by a run and are not read."""
FOLDERS: dict[str, int | None] = {"steps": None, "light": None, "samples": 10**8, "moments": 10**8, "marks": 10**6}
"""The folders in a run folder, with the largest size of a file in them, in bytes; None for no limit."""


class StoreError(Exception):
    """A run folder that cannot be used as it is. The message is one sentence for the user."""


class NoRun(StoreError):
    """There is no run folder at this path."""


def check_layout(path: Path) -> None:
    """Check the run folder at `path`. Raises StoreError if an entry is of the wrong kind or far too large.

    A stranger's folder may hold links. Following them, this program would write and delete outside the folder. `path` itself may be reached
    through links, since those are the user's own.
    """
    for name, max_bytes in MAX_BYTES.items():
        found = _look(path / name)
        if found is not None:
            _check_kind(path / name, found, "file")
            _check_size(path / name, found, max_bytes)
    for name, max_bytes in FOLDERS.items():
        found = _look(path / name)
        if found is not None:
            _check_kind(path / name, found, "folder")
            _check_inside(path / name, max_bytes=max_bytes)


def _check_inside(folder: Path | str, *, max_bytes: int | None, deeper: bool = True) -> None:
    """Check the entries of `folder` and of its subfolders. `max_bytes`: per file, None for no limit."""
    for entry in _scan(folder):
        found = _found(entry.path, lambda entry=entry: entry.stat(follow_symlinks=False))
        if found is not None:
            _check_kind(entry.path, found)
            if max_bytes is not None:
                _check_size(entry.path, found, max_bytes)
            if deeper and stat.S_ISDIR(found.st_mode):
                _check_inside(entry.path, max_bytes=max_bytes, deeper=False)


def _scan(folder: Path | str) -> list[os.DirEntry[str]]:
    """The entries of `folder`, sorted by name; none if it cannot be read. Twice as fast as through paths."""
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []


def _check_size(path: Path | str, found: os.stat_result, max_bytes: int) -> None:
    if found.st_size > max_bytes:
        raise StoreError(f"{path} is larger than any file that a run writes there ({max_bytes:,} bytes): restore it from a copy.")


def _look(path: Path) -> os.stat_result | None:
    """The entry itself, without following links; None if there is none (any more)."""
    return _found(path, lambda: os.lstat(path))


def _found(path: Path | str, look: Callable[[], os.stat_result]) -> os.stat_result | None:
    try:
        return look()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StoreError(f"{path} cannot be read ({error.strerror}): make it readable for your user, or restore it from a copy.") from None


def _check_kind(path: Path | str, found: os.stat_result, wanted: str = "") -> None:
    """Raise StoreError unless the entry is a plain file or a folder, and of the kind `wanted` if that is given."""
    if is_link(found):
        raise StoreError(f"{path} is a link, and a run folder may not hold links: replace it with what it points to, or delete it.")
    kind = "file" if stat.S_ISREG(found.st_mode) else "folder" if stat.S_ISDIR(found.st_mode) else ""
    if not kind:
        raise StoreError(f"{path} is neither a file nor a folder: delete it.")
    if wanted and kind != wanted:
        raise StoreError(f"{path} is a {kind} where a {wanted} should be: restore it from a copy, or delete it.")
