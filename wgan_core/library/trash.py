"""The trash: a deleted run is moved into a folder beside the others, from where it comes back whole.

.trash/20260314T092601Z-3f9a/<name of the run's folder>     deleted at that time; nothing inside is changed

It is emptied by hand, or a run at a time 30 days after it was deleted.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import secrets
import shutil
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from pathlib import Path

from wgan_core.library.lock import library_lock
from wgan_core.store.files import entries
from wgan_core.store.folder import run_path
from wgan_core.store.layout import NoRun, StoreError
from wgan_core.store.locks import is_held, is_read

FOLDER = ".trash"
DAYS = 30
_STAMP = "%Y%m%dT%H%M%SZ"
_DELETED = re.compile(r"(?P<when>[0-9]{8}T[0-9]{6}Z)-[0-9a-f]{8}")


@dataclass(frozen=True)
class Deleted:
    """A run in the trash."""

    name: str
    """That its folder had."""
    token: str
    """By which `restore` and `erase` find it; one run may be deleted several times."""
    when: datetime.datetime
    """UTC."""


def deleted_runs(root: Path) -> list[Deleted]:
    """The runs in the trash, the last deleted first."""
    return sorted(_found(root), key=lambda one: (one.when, one.token), reverse=True)


def delete(root: Path, names: Iterable[str], in_use: Callable[[str], bool] = lambda name: False) -> list[Deleted]:
    """Move runs to the trash: all of them, or none.

    in_use: whether this process needs the run of that name, for instance because it waits in the queue.

    Raises StoreError with one sentence if one is being trained or read, is not there any more, or cannot be moved.
    """
    with library_lock(root):
        names = list(dict.fromkeys(names))
        for name in names:
            _check_unused(run_path(root, name), in_use)
        now = datetime.datetime.now(datetime.UTC)
        moved: list[Deleted] = []
        try:
            for name in names:
                moved.append(_move_away(root, name, now))
        except OSError as error:
            for one in moved:
                _put_back(root, one)
            raise StoreError(
                f"The run {names[len(moved)]} cannot be deleted ({error.strerror or error}), so nothing was deleted."
            ) from None
    return moved


def restore(root: Path, deleted: Iterable[Deleted]) -> list[str]:
    """Take runs out of the trash. Returns the names of their folders: a number is added where the old name is taken. Raises StoreError."""
    with library_lock(root):
        return [_put_back(root, one) for one in deleted]


def erase(root: Path, deleted: Iterable[Deleted]) -> None:
    """Delete runs in the trash for good. Raises StoreError for what cannot be deleted."""
    with library_lock(root):
        for one in deleted:
            _erase(root, one)


def erase_old(root: Path) -> int:
    """Delete for good what has been in the trash for `DAYS` days. Returns how many runs. Does nothing where that is not possible now."""
    since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=DAYS)
    old = [one for one in deleted_runs(root) if one.when < since]
    with contextlib.suppress(StoreError):
        if old:
            erase(root, old)
            return len(old)
    return 0


def free_name(root: Path, name: str, taken: Iterable[str] = ()) -> str:
    """`name`, or with the first number that makes it the name of no folder below `root` and none of `taken`."""
    others = set(taken)
    for number in range(1, 10**6):
        tried = name if number == 1 else f"{name[:90]}-{number}"
        if tried not in others and not os.path.lexists(root / tried):
            return tried
    raise StoreError(f"There are too many runs called {name}: delete some first.")


def _found(root: Path) -> Generator[Deleted]:
    for folder in entries(root / FOLDER):
        stamped = _DELETED.fullmatch(folder.name)
        inside = [entry for entry in entries(folder) if not entry.name.startswith(".")] if stamped else []
        if stamped and len(inside) == 1:
            with contextlib.suppress(ValueError):
                when = datetime.datetime.strptime(stamped["when"], _STAMP).replace(tzinfo=datetime.UTC)
                yield Deleted(inside[0].name, folder.name, when)


def _check_unused(run: Path, in_use: Callable[[str], bool]) -> None:
    if not os.path.lexists(run):
        raise NoRun(f"The run {run.name} is not here any more: it was deleted or moved in the meantime.")
    if in_use(run.name) or is_held(run):
        raise StoreError(f"The run {run.name} is being trained or waits for it: stop it first, then delete it.")
    if is_read(run):
        raise StoreError(f"The run {run.name} is being read, for instance by an export: wait for its end, then delete it.")


def _move_away(root: Path, name: str, now: datetime.datetime) -> Deleted:
    token = f"{now.strftime(_STAMP)}-{secrets.token_hex(4)}"
    place = root / FOLDER / token
    place.mkdir(parents=True)
    try:
        (root / name).rename(place / name)
    except OSError:
        place.rmdir()
        raise
    return Deleted(name, token, now)


def _put_back(root: Path, one: Deleted) -> str:
    place = root / FOLDER / one.token
    name = free_name(root, one.name)
    try:
        (place / one.name).rename(root / name)
        with contextlib.suppress(OSError):
            place.rmdir()
    except FileNotFoundError:
        raise NoRun(f"The run {one.name} is not in the trash any more: it was restored or deleted for good in the meantime.") from None
    except OSError as error:
        raise StoreError(f"The run {one.name} cannot be restored ({error.strerror or error}).") from None
    return name


def _erase(root: Path, one: Deleted) -> None:
    place = root / FOLDER / one.token
    inside = place / one.name
    try:
        if inside.is_symlink():
            inside.unlink()  # a run folder may be a link of the user's own; what it points to is not in the trash
        shutil.rmtree(place)
    except FileNotFoundError:
        return
    except OSError as error:
        raise StoreError(f"The run {one.name} cannot be deleted for good ({error.strerror or error}).") from None
