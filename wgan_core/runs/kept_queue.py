"""The queue on the disk: the runs that wait outlive the server.

.queue/00000003-<run-id>.json     a run that waits, with its place in front
.queue/00000003-<run-id>.lock     held by the server whose run it is, until that server ends; so of several servers one starts it
.queue/last.json                  who trained last on which device, for the order of those who wait

A file is removed once its run has a folder of its own, or has been taken out of the queue.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast, get_args

import filelock

from wgan_core.access.person import Person, person_in
from wgan_core.config import ConfigError, TrainConfig, parse_config
from wgan_core.store.files import entries, read_json, write_atomically
from wgan_core.store.folder import StoreError, run_path

FOLDER = ".queue"
MAX_BYTES = 10**6
Kind = Literal["new", "resume", "branch"]
_FORMAT = 1
_TICKET = re.compile(r"(?P<place>[0-9]{8,18})-(?P<run_id>[A-Za-z0-9][A-Za-z0-9._-]{0,99})\.json")
_DEVICES = ("cpu", "cuda", "mps")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Ticket:
    """All that it takes to start a run when its turn comes."""

    run_id: str
    config: TrainConfig
    """Of a new run; of others, what is shown until the run has begun."""
    kind: Kind = "new"
    changes: dict[str, Any] = field(default_factory=dict[str, Any])
    """Settings of a branch or of a run that is resumed, where they differ."""
    parent: str = ""
    """Of a branch: the run id of the run that it continues, and its step."""
    step: int = 0
    owner: Person | None = None
    by: str = ""
    """Who resumes a run, for its ledger."""


def waiting_count(root: Path) -> int:
    """How many runs wait below the folder of runs `root`, in any process or since one has ended. Needs no PyTorch."""
    return sum(1 for _ in _tickets(root / FOLDER))


def _tickets(folder: Path) -> list[tuple[int, Path, str]]:
    """Place, file and run id of each run that waits, in their order."""
    found = [(match, entry) for entry in entries(folder) if (match := _TICKET.fullmatch(entry.name))]
    return sorted((int(match["place"]), entry, match["run_id"]) for match, entry in found)


class KeptQueue:
    """The tickets of one server in the folder of runs `root`. Safe from any thread."""

    def __init__(self, root: Path) -> None:
        self.folder = root / FOLDER
        self._root = root
        self._held: dict[str, tuple[Path, filelock.FileLock]] = {}
        self._guard = threading.Lock()

    def add(self, ticket: Ticket) -> None:
        """Keep a run that begins to wait, behind all others. Raises StoreError."""
        with self._guard:
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                place = 1 + max((place for place, *_ in _tickets(self.folder)), default=0)
                path = self.folder / f"{place:08d}-{ticket.run_id}.json"
                lock = _lock_of(path)
                lock.acquire()
                write_atomically(path, json.dumps(_to_meta(ticket)).encode())
            except (OSError, filelock.Timeout) as error:
                why = getattr(error, "strerror", None) or "its file is in use"
                raise StoreError(f"The run cannot be queued, because the queue cannot be written ({why}): free some disk space.") from None
            self._held[ticket.run_id] = path, lock

    def remove(self, run_id: str) -> None:
        """Forget a run that has begun, or that somebody took out of the queue. Does nothing if it is not in it."""
        with self._guard:
            if run_id not in self._held:
                return
            path, lock = self._held.pop(run_id)
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            lock.release()
            with contextlib.suppress(OSError):
                Path(lock.lock_file).unlink(missing_ok=True)

    def leave(self, run_id: str) -> None:
        """Keep a run on the disk, for a server that can train it."""
        with self._guard:
            if run_id in self._held:
                self._held.pop(run_id)[1].release()

    def take(self) -> tuple[list[Ticket], list[str]]:
        """The runs that waited when their server ended, in their order; and for each that cannot be read, a sentence. What another server
        holds stays with it, and what has begun meanwhile is forgotten."""
        tickets: list[Ticket] = []
        problems: list[str] = []
        with self._guard:
            for _, path, run_id in _tickets(self.folder):
                lock = _lock_of(path)
                try:
                    lock.acquire()
                except (OSError, filelock.Timeout):
                    continue
                ticket = self._read(path, run_id, problems)
                if ticket is None:
                    lock.release()
                else:
                    self._held[run_id] = path, lock
                    tickets.append(ticket)
        return tickets, problems

    def _read(self, path: Path, run_id: str, problems: list[str]) -> Ticket | None:
        """The ticket in a file. None if it is of no use: then the file is removed if the run has begun, and set aside if it is damaged."""
        try:
            ticket = _from_meta(read_json(path, MAX_BYTES), run_id)
        except FileNotFoundError:  # begun or taken out by another server just now
            return None
        except ConfigError as error:  # of a later version, or with data that this one refuses
            problems.append(f"{run_id} waited, but this version cannot train it, so it is kept for one that can: {error}")
            return None
        except (OSError, ValueError, StoreError):
            problems.append(_set_aside(path))
            return None
        if ticket.kind != "resume" and (run_path(self._root, run_id) / "config.json").exists():
            path.unlink(missing_ok=True)
            return None
        return ticket

    def last_owners(self) -> dict[str, str]:
        """Who trained last on each device, as ids of persons."""
        try:
            found = read_json(self.folder / "last.json", MAX_BYTES)
        except (OSError, ValueError):
            return {}
        values = cast("dict[str, Any]", found) if isinstance(found, dict) else {}
        return {device: who for device, who in values.items() if device in _DEVICES and isinstance(who, str)}

    def note_last(self, owners: dict[str, str]) -> None:
        """Remember who trained last on each device. If that cannot be written, only the order after a restart may differ."""
        with contextlib.suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(self.folder / "last.json", json.dumps(owners).encode())

    def close(self) -> None:
        """Leave what waits to the next server."""
        with self._guard:
            for _, lock in self._held.values():
                lock.release()
            self._held.clear()


def _lock_of(path: Path) -> filelock.FileLock:
    return filelock.FileLock(path.with_suffix(".lock"), timeout=0, thread_local=False)


def _set_aside(path: Path) -> str:
    """Rename a file that cannot be read. Returns the sentence about it."""
    aside = path.with_name(f"damaged-{path.name}")
    try:
        path.rename(aside)
    except OSError:
        aside = path
    log.warning("the queue's file %s cannot be read", aside)
    return f"A run that waited cannot be read and will not begin. Its file is kept as {aside.name} in the folder {FOLDER} beside the runs."


def _to_meta(ticket: Ticket) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "run_id": ticket.run_id,
        "kind": ticket.kind,
        "config": ticket.config.model_dump(),
        "changes": ticket.changes,
        "parent": ticket.parent,
        "step": ticket.step,
        "by": ticket.by,
        "owner": ticket.owner.to_meta() if ticket.owner is not None else None,
    }


def _from_meta(found: Any, run_id: str) -> Ticket:
    """What `_to_meta` wrote. Raises ValueError or ConfigError if it is something else."""
    if not isinstance(found, dict):
        raise ValueError("not an object")
    meta = cast("dict[str, Any]", found)
    kind, config, changes, parent, step = (meta.get(name) for name in ("kind", "config", "changes", "parent", "step"))
    if (
        meta.get("format") != _FORMAT
        or meta.get("run_id") != run_id
        or kind not in get_args(Kind)
        or not isinstance(config, dict)
        or not isinstance(changes, dict)
        or not isinstance(parent, str)
        or not isinstance(step, int)
        or not isinstance(by := meta.get("by"), str)
    ):
        raise ValueError("not what a ticket holds")
    if kind == "branch":
        run_path(Path(), parent)
    parsed = parse_config(cast("dict[str, Any]", config))
    parse_config(parsed.model_dump() | cast("dict[str, Any]", changes))
    return Ticket(run_id, parsed, cast("Kind", kind), cast("dict[str, Any]", changes), parent, step, person_in(meta.get("owner")), by)
