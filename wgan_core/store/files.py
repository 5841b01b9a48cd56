"""Files that are whole or not there, and lines that are written whole or not at all, also where the machine stops in the middle."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path


def entries(folder: Path) -> Iterator[Path]:
    """What lies in `folder`, by name; nothing where it cannot be read."""
    try:
        yield from sorted(folder.iterdir())
    except OSError:
        return


def write_synced(path: Path, data: bytes) -> None:
    """Write, and wait until the disk has it. Raises OSError."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def write_atomically(path: Path, data: bytes) -> None:
    """Write aside and rename: the file is the old one or the new one, whatever happens. Raises OSError."""
    aside = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        write_synced(aside, data)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable. Raises OSError."""
    # Windows cannot open a folder, and needs no such call.
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def append_lines(path: Path, lines: list[str]) -> None:
    """Append all lines or, raising OSError, none; what an earlier, interrupted write left of a line is cut off first."""
    with path.open("a+b") as file:
        end = file.seek(0, os.SEEK_END)
        if end and (file.seek(end - 1), file.read(1))[1] != b"\n":
            file.seek(0)
            end = file.truncate(file.read().rfind(b"\n") + 1)
    try:
        with path.open("ab") as file:
            file.write("".join(line + "\n" for line in lines).encode())
    except OSError:
        # Else the lines that a full disk still took would be there twice once the rest is written.
        os.truncate(path, end)
        raise


def whole_lines(path: Path) -> list[str]:
    """The lines of a text file but a torn last one; none where it cannot be read."""
    try:
        text = path.read_bytes().decode("utf-8", errors="replace")
    except OSError:
        return []
    return text[: text.rfind("\n") + 1].splitlines()
