"""Runs out of a zip, which may come from a stranger. Everything about it is checked before anything is written; then it is unpacked
beside the runs, checked again as any run folder is, and renamed into place: all of its runs or none."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import stat
import struct
import time
import zipfile
import zlib
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from wgan_core.access.person import Person
from wgan_core.library.lock import library_lock
from wgan_core.library.members import belongs, max_bytes
from wgan_core.library.plain_text import harmless
from wgan_core.library.trash import free_name
from wgan_core.library.zip_end import directory_of
from wgan_core.store.files import entries, sync_folder
from wgan_core.store.folder import RunFolder, run_path
from wgan_core.store.layout import StoreError

MAX_ENTRIES = 100_000
MAX_DIRECTORY_BYTES = 20_000_000
MAX_RATIO = 100
"""Times as large as the zip. Runs are mostly random numbers and pictures, which do not become a tenth."""
FREE_BYTES = 50_000_000
"""Left free on the disk, and allowed whatever the ratio."""
_ASIDE = ".import-"
_IGNORED = re.compile(r"(^|/)(__MACOSX/.*|\.DS_Store|Thumbs\.db|desktop\.ini|\.lock|\.reading-[0-9a-f]+)$")
"""What systems add to zips that people make, and locks."""
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, ValueError, OverflowError, KeyError)
"""What zipfile raises for files that are no zips or damaged ones."""
_CHUNK = 2**20


class ZipError(StoreError):
    """A zip that is refused. The message is one sentence for the user; nothing was imported."""


@dataclass
class Incoming:
    """A run in a zip."""

    name: str
    """The name of its folder in the zip."""
    members: dict[str, zipfile.ZipInfo] = field(default_factory=dict[str, zipfile.ZipInfo])
    """Its files by their paths inside that folder."""


def import_runs(
    root: Path, file: BinaryIO, progress: Callable[[int, int], None] = lambda done, of: None, *, owner: Person | None = None
) -> list[str]:
    """Import all runs of a zip.

    Args:
        root: the folder of runs.
        file: the zip, which can be sought in.
        progress: called with how many of how many files are unpacked.
        owner: to whom the runs then belong, whoever started them; None leaves that as it is.

    Returns the names of their folders: a number is added where a name is taken. The id inside stays. Raises ZipError or StoreError.
    """
    with _as_sentence(), _opened(file) as archive:
        runs = _checked(archive, _length(file))
        _check_room(root, sum(one.file_size for run in runs for one in run.members.values()))
        with _aside(root) as aside:
            _unpack(archive, runs, aside, progress)
            for run in runs:
                _check_run(aside, run.name)
                if owner is not None:
                    RunFolder.open(aside / run.name).give_to(owner)
            return _put_in_place(root, aside, [run.name for run in runs])


@contextlib.contextmanager
def _as_sentence() -> Generator[None]:
    try:
        yield
    except StoreError:
        raise
    except _DAMAGED:
        raise ZipError("This file is not a zip, or it is damaged or cut off: save it again and try again.") from None
    except OSError as error:
        raise ZipError(f"The runs cannot be written ({error.strerror or error}): nothing was imported.") from None


def _length(file: BinaryIO) -> int:
    return file.seek(0, os.SEEK_END)


# What the zip says about itself.


@contextlib.contextmanager
def _opened(file: BinaryIO) -> Generator[zipfile.ZipFile]:
    directory = directory_of(file)
    if directory is None:
        raise zipfile.BadZipFile
    if directory.entries > MAX_ENTRIES or directory.size > MAX_DIRECTORY_BYTES:
        raise ZipError(f"This zip has more than {MAX_ENTRIES:,} entries: put fewer runs into it.")
    with zipfile.ZipFile(file) as archive:
        yield archive


def _checked(archive: zipfile.ZipFile, size: int) -> list[Incoming]:
    """The runs in it, after checking every entry without unpacking any. Raises ZipError."""
    runs: dict[str, Incoming] = {}
    seen: set[str] = set()
    total = 0
    for one in archive.infolist():
        name = _safe_name(one)
        if one.is_dir() or _IGNORED.search(name):
            continue
        _check_entry(one, name)
        total += one.file_size
        if name.casefold() in seen:
            raise ZipError(f"This zip holds {_shown(name)} twice: pack the run folders again.")
        seen.add(name.casefold())
        folder, _, path = name.partition("/")
        runs.setdefault(folder, Incoming(folder)).members[path] = one
    if total > MAX_RATIO * size + FREE_BYTES:
        raise ZipError(f"This zip would become {total / size:,.0f} times as large when it is unpacked, which no run does: it was refused.")
    if not runs:
        raise ZipError("This zip holds no run: a run is a folder with a file config.json in it.")
    if without := [run.name for run in runs.values() if "config.json" not in run.members]:
        raise ZipError(f"{_shown(without[0])} in this zip is no run, because it has no config.json: pack run folders only.")
    return list(runs.values())


def _safe_name(one: zipfile.ZipInfo) -> str:
    """The entry's path with / between its parts. Raises ZipError if it could lead anywhere else than into a new folder."""
    name = one.filename
    parts = name.rstrip("/").split("/")
    leads_out = name.startswith("/") or ".." in parts or "\\" in name or ":" in name
    # zipfile cuts the name at a zero byte and turns the system's separators into /.
    odd = "" in parts or "." in parts or any(ord(letter) < 32 or ord(letter) == 127 for letter in one.orig_filename)
    if leads_out or odd or "\\" in one.orig_filename:
        raise ZipError(f"This zip holds the path {_shown(one.orig_filename)}, which does not stay inside a run's folder: it was refused.")
    return name


def _check_entry(one: zipfile.ZipInfo, name: str) -> None:
    """Raises ZipError unless it is a plain file that belongs to a run, of a size that it can have."""
    kind = stat.S_IFMT(one.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise ZipError(f"{_shown(name)} in this zip is a link or another special file, and runs have none: it was refused.")
    if one.flag_bits & 0x1:
        raise ZipError("This zip is protected by a password: pack the runs without one.")
    if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ZipError("This zip is compressed in a way that not every computer can read: pack the runs as an ordinary zip.")
    path = name.partition("/")[2]
    if not path:
        raise ZipError(f"{_shown(name)} in this zip lies outside any folder: pack the runs' folders, not only what is in them.")
    if not belongs(path):
        raise ZipError(f"{_shown(name)} in this zip does not belong to a run: pack run folders only.")
    most = max_bytes(path)
    if most is not None and one.file_size > most:
        raise ZipError(f"{_shown(name)} in this zip is larger than any such file of a run ({most:,} bytes): it was refused.")


def _shown(text: str) -> str:
    return repr(harmless(text, 80))


def _check_room(root: Path, needed: int) -> None:
    there = root
    while not there.exists() and there != there.parent:
        there = there.parent
    free = shutil.disk_usage(there).free - FREE_BYTES
    if needed > free:
        raise ZipError(f"Unpacked, these runs need {needed / 1e6:,.0f} MB, and {max(0, free) / 1e6:,.0f} MB are free: make room first.")


# Writing.


@contextlib.contextmanager
def _aside(root: Path) -> Generator[Path]:
    """A folder beside the runs, gone at the end whatever happens. One that a killed import left a day ago goes too."""
    root.mkdir(parents=True, exist_ok=True)
    for entry in entries(root):
        with contextlib.suppress(OSError):
            if entry.name.startswith(_ASIDE) and entry.lstat().st_mtime < time.time() - 86_400:
                shutil.rmtree(entry)
    aside = root / f"{_ASIDE}{secrets.token_hex(4)}"
    aside.mkdir()
    try:
        yield aside
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _unpack(archive: zipfile.ZipFile, runs: list[Incoming], aside: Path, progress: Callable[[int, int], None]) -> None:
    files = [(run.name, path, one) for run in runs for path, one in run.members.items()]
    for done, (folder, path, one) in enumerate(files):
        progress(done, len(files))
        target = aside / folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        left = one.file_size
        with archive.open(one) as source, target.open("xb") as written:
            while block := source.read(min(_CHUNK, left + 1)):
                left -= len(block)
                if left < 0:
                    raise zipfile.BadZipFile
                written.write(block)
            written.flush()
            os.fsync(written.fileno())
        if left:
            raise zipfile.BadZipFile


def _check_run(aside: Path, name: str) -> None:
    """What is checked of every run folder, now that it is one."""
    try:
        RunFolder.open(aside / name)
    except StoreError as error:
        reason = str(error).replace(f"{aside}{os.sep}", "")
        raise ZipError(f"The run {_shown(name)} in this zip cannot be used: {reason}") from None


def _put_in_place(root: Path, aside: Path, names: list[str]) -> list[str]:
    """Rename all runs into place. If one cannot be, those before it are taken back."""
    placed: list[tuple[str, str]] = []
    with library_lock(root):
        try:
            for name in names:
                there = free_name(root, _folder_name(root, aside, name))
                (aside / name).rename(root / there)
                placed.append((name, there))
            sync_folder(root)
        except BaseException:
            for name, there in placed:
                with contextlib.suppress(OSError):
                    (root / there).rename(aside / name)
            raise
    return [there for _, there in placed]


def _folder_name(root: Path, aside: Path, name: str) -> str:
    """The name of the folder in the zip; where no run folder may be called so, the run's id, and else a plain word."""
    for tried in (name, RunFolder.open(aside / name).run_id):
        with contextlib.suppress(StoreError):
            run_path(root, tried)
            return tried
    return "imported-run"
