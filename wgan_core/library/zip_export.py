"""Runs as one zip: each a folder of the zip, as it is among the runs. Also of a run that is still training."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import time
import zipfile
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import BinaryIO, NamedTuple

from wgan_core.library.look import folder_size
from wgan_core.library.members import belongs
from wgan_core.store.files import entries, read_json
from wgan_core.store.folder import run_path
from wgan_core.store.layout import MAX_BYTES, NoRun, check_layout
from wgan_core.store.locks import reading

_PACKED = (".safetensors", ".png", ".webp")
"""Files that compressing would hardly make smaller."""


_WITH_PATHS = ("config.json", "ledger.jsonl")
"""Files that may say where the data lie."""


class _Part(NamedTuple):
    """A file, opened: it can be read to its end also if it is deleted meanwhile."""

    name: str
    file: BinaryIO


def export_runs(root: Path, names: Iterable[str], target: BinaryIO, *, without_paths: bool = False) -> None:
    """Write a zip of the runs with these folder names below `root`. A damaged run is written as it is. Raises StoreError, OSError.

    without_paths: leave out where on this machine a run's own data lie; their name stays, by which they are found in a data folder.
    """
    with zipfile.ZipFile(target, "w", allowZip64=True) as archive:
        for name in dict.fromkeys(names):
            run = run_path(root, name)
            if not os.path.lexists(run / "config.json"):
                raise NoRun(f"The run {name} is not here any more: it was deleted or moved in the meantime.")
            check_layout(run)
            folder = data_folder_of(run) if without_paths else b""
            with reading(run):
                for parts in _parts(run):
                    for part in parts:
                        hidden = folder if part.name in _WITH_PATHS else b""
                        _write(archive, f"{name}/{part.name}", part.file, hidden)


def data_folder_of(run: Path) -> bytes:
    """The folder in which a run's own data lie, as JSON writes it and with the slash at its end; empty if there is none."""
    try:
        meta = read_json(run / "config.json", MAX_BYTES["config.json"])
        root = meta["config"]["data_root"]
        folder = f"{os.path.dirname(root)}{os.sep}" if os.path.isabs(root) else ""
    except (OSError, ValueError, KeyError, TypeError):
        return b""
    return json.dumps(folder)[1:-1].encode() if len(folder) > 1 else b""


def export_size(root: Path, names: Iterable[str]) -> int:
    """About how many bytes the zip will have."""
    return sum(folder_size(root / name) for name in names)


def file_name(names: list[str]) -> str:
    """What to call the zip."""
    return f"{names[0]}.zip" if len(names) == 1 else f"{len(names)}-runs.zip"


def _parts(run: Path) -> Generator[list[_Part]]:
    """The files of a run in groups that belong together. A saved step is one group, so that it is written whole or not at all."""
    for entry in entries(run):
        if entry.is_file():
            yield from _opened([entry], run)
        elif entry.name == "steps":
            for step in entries(entry):
                yield from _opened(list(entries(step)), run)
        elif entry.is_dir():
            for file in entries(entry):
                yield from _opened([file], run)


@contextlib.contextmanager
def _all_open(files: list[Path], run: Path) -> Generator[list[_Part]]:
    with contextlib.ExitStack() as stack:
        yield [_Part(file.relative_to(run).as_posix(), stack.enter_context(file.open("rb"))) for file in files]


def _opened(files: list[Path], run: Path) -> Generator[list[_Part]]:
    """The files that belong to a run, all open; nothing if one of them is gone, because the run trains and thins out what it keeps."""
    mine = [file for file in files if belongs(file.relative_to(run).as_posix())]
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), _all_open(mine, run) as parts:
        yield parts


def _write(archive: zipfile.ZipFile, name: str, file: BinaryIO, hidden: bytes) -> None:
    """hidden: left out wherever the file holds it."""
    about = os.fstat(file.fileno())
    changed = max(time.localtime(about.st_mtime)[:6], (1980, 1, 1, 0, 0, 0))
    member = zipfile.ZipInfo(name, min(changed, (2107, 12, 31, 0, 0, 0)))
    member.compress_type = zipfile.ZIP_STORED if name.endswith(_PACKED) else zipfile.ZIP_DEFLATED
    content = file.read().replace(hidden, b"") if hidden else b""
    member.file_size = len(content) if hidden else about.st_size
    member.external_attr = 0o644 << 16
    with archive.open(member, "w") as target:
        shutil.copyfileobj(io.BytesIO(content) if hidden else file, target)
