"""All runs of a folder, listed fast: what is known about each is kept in an index beside them, and read again only where a folder has
changed.

The index is a help, never the truth: if it is lost, damaged, locked, of another version or cannot be written, the list is the same and only
takes longer.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
import zlib
from collections.abc import Callable, Generator, Iterable
from dataclasses import replace
from pathlib import Path

import wgan_core
from wgan_core.library.entry import Entry, from_facts, to_facts
from wgan_core.library.look import Naming, look, signature, status_now
from wgan_core.store.folder import run_ids

FILE = ".library.sqlite"
VERSION = 2
"""Raise it when what an entry holds, or how it is found, changes."""
_SAVED_AT_ONCE = 500
"""Folders that are read before the index is written, so that not all is lost if the program ends meanwhile."""
_WAIT_SECONDS = 0.3
"""For another process that writes the index."""

_UNREADABLE = (sqlite3.Error, OSError, ValueError)
"""Of a damaged file; ValueError where SQLite's message itself cannot be decoded."""

Known = tuple[str, Entry]
"""The signature of a folder, and what was found in it."""


class Library:
    """The runs below `root`. Safe from any thread.

    Args:
        root: the folder of runs. It need not exist.
        naming: the name that a run has by itself.
    """

    def __init__(self, root: Path, naming: Naming) -> None:
        self.root = root
        self._naming = naming
        self._lock = threading.Lock()
        self._known: dict[str, Known] | None = None

    def entries(self, progress: Callable[[int, int], None] = lambda done, of: None) -> list[Entry]:
        """All runs as they are now: pinned ones first, then the newest. Damaged ones are last.

        progress: called while folders are read, with how many of how many have been.
        """
        with self._lock:
            self._refresh(progress)
            found = [entry for _, entry in (self._known or {}).values()]
        return in_usual_order(self._now(entry) for entry in found)

    def entry(self, name: str) -> Entry | None:
        """The run in the folder `name`, read now; None if there is none."""
        with self._lock:
            known = self._known if self._known is not None else {}
            current = signature(self.root / name)
            if not current:
                known.pop(name, None)
                return None
            before = known.get(name)
            entry = before[1] if before is not None and before[0] == current else look(self.root / name, self._naming)
            if entry is None:
                return None
            known[name] = current, entry
        return self._now(entry)

    def _now(self, entry: Entry) -> Entry:
        return replace(entry, status=status_now(self.root / entry.name, entry.status)) if entry.status == "open" else entry

    def _refresh(self, progress: Callable[[int, int], None]) -> None:
        """Read the folders that have changed, and forget those that are gone."""
        before = self._known if self._known is not None else self._load()
        signatures = {name: found for name in run_ids(self.root) if (found := signature(self.root / name))}
        known = {name: before[name] for name, found in signatures.items() if name in before and before[name][0] == found}
        fresh = [name for name in signatures if name not in known]
        self._known = known
        for begin in range(0, len(fresh), _SAVED_AT_ONCE):
            names = fresh[begin : begin + _SAVED_AT_ONCE]
            for done, name in enumerate(names, begin):
                progress(done, len(fresh))
                if (entry := look(self.root / name, self._naming)) is not None:
                    known[name] = signatures[name], entry
            self._save({name: known[name] for name in names if name in known}, ())
        if gone := [name for name in before if name not in known]:
            self._save({}, gone)

    # The file.

    def _load(self) -> dict[str, Known]:
        """What the index holds; nothing if it cannot be read."""
        found: dict[str, Known] = {}
        if not (self.root / FILE).is_file():
            return found
        with contextlib.suppress(*_UNREADABLE), self._connection() as connection:
            if not _is_ours(connection):
                return found
            for name, signed, facts, checksum in connection.execute("SELECT name, signature, facts, checksum FROM runs"):
                with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
                    if checksum == _checksum(name, signed, facts):
                        found[name] = signed, from_facts(json.loads(facts))
        return found

    def _save(self, fresh: dict[str, Known], gone: Iterable[str]) -> None:
        """Write what has changed. If the index cannot be used, a new one is begun; if it cannot be written, it stays as it is."""
        if not self.root.is_dir():
            return
        try:
            self._write(fresh, gone)
        except sqlite3.OperationalError:  # locked, or not to be written
            return
        except _UNREADABLE:  # damaged
            with contextlib.suppress(*_UNREADABLE):
                (self.root / FILE).unlink(missing_ok=True)
                self._write(self._known or {}, ())

    def _write(self, fresh: dict[str, Known], gone: Iterable[str]) -> None:
        with self._connection() as connection, connection:
            if not _is_ours(connection):
                connection.executescript(_begin())
                fresh, gone = self._known or {}, ()
            rows = [_row(name, signed, entry) for name, (signed, entry) in fresh.items()]
            connection.executemany("DELETE FROM runs WHERE name = ?", [(name,) for name in gone])
            connection.executemany("INSERT OR REPLACE INTO runs VALUES (?, ?, ?, ?)", rows)

    @contextlib.contextmanager
    def _connection(self) -> Generator[sqlite3.Connection]:
        connection = sqlite3.connect(self.root / FILE, timeout=_WAIT_SECONDS)
        try:
            # A torn index is thrown away, so nothing has to be waited for.
            connection.execute("PRAGMA synchronous = OFF")
            yield connection
        finally:
            connection.close()


def in_usual_order(entries: Iterable[Entry]) -> list[Entry]:
    """Pinned ones first, then the newest. Damaged ones are last."""
    newest_first = sorted(entries, key=lambda entry: (entry.created, entry.name), reverse=True)
    return sorted(newest_first, key=lambda entry: (not entry.labels.pinned, bool(entry.damaged)))


def _is_ours(connection: sqlite3.Connection) -> bool:
    """Whether the index was written by this version. Raises sqlite3.Error if it cannot be read."""
    with contextlib.suppress(sqlite3.OperationalError):
        return connection.execute("SELECT version FROM written_by").fetchone() == (_version(),)
    return False


def _row(name: str, signed: str, entry: Entry) -> tuple[str, str, str, int]:
    facts = json.dumps(to_facts(entry), separators=(",", ":"))
    return name, signed, facts, _checksum(name, signed, facts)


def _checksum(*texts: str) -> int:
    """By which a row is known to be whole: SQLite itself does not notice a byte that has changed."""
    return zlib.crc32("\0".join(texts).encode())


def _version() -> str:
    return f"{wgan_core.__version__}/{VERSION}"


def _begin() -> str:
    return f"""
        DROP TABLE IF EXISTS runs;
        DROP TABLE IF EXISTS written_by;
        CREATE TABLE runs (name TEXT PRIMARY KEY, signature TEXT NOT NULL, facts TEXT NOT NULL, checksum INTEGER NOT NULL);
        CREATE TABLE written_by (version TEXT NOT NULL);
        INSERT INTO written_by VALUES ('{_version()}');
    """
