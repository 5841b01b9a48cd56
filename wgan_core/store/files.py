"""Files that are whole or not there, and lines that are written whole or not at all, also where the machine stops in the middle.

What is read may be a stranger's: no link is followed, no pipe waited for, and JSON is read within bounds.
"""

from __future__ import annotations

import errno
import json
import math
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

MOST_LINE = 1_000_000
"""Bytes of a line; longer ones are passed over. Ours have some thousands."""
MOST_NESTED = 32
"""Lists and objects within each other in JSON; ours have six."""
MOST_DIGITS = 18
"""Of a whole number in JSON: it then fits into 64 bits."""

# 0 where the system has no such flag. The second keeps the opening of a pipe from waiting for its other end.
_PLAINLY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


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
    with _open_plainly(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, "a+b") as file:
        end = file.seek(0, os.SEEK_END)
        if end and (file.seek(end - 1), file.read(1))[1] != b"\n":
            file.seek(0)
            end = file.truncate(file.read().rfind(b"\n") + 1)
    try:
        with _open_plainly(path, os.O_WRONLY | os.O_APPEND, "ab") as file:
            file.write("".join(line + "\n" for line in lines).encode())
    except OSError:
        # Else the lines that a full disk still took would be there twice once the rest is written.
        with _open_plainly(path, os.O_RDWR, "r+b") as file:
            file.truncate(end)
        raise


def whole_lines(path: Path) -> Iterator[str]:
    """The lines of a text file but a torn last one, and but those of more than `MOST_LINE` bytes; none where it cannot be read."""
    try:
        with _open_plainly(path, os.O_RDONLY, "rb") as file:
            while line := file.readline(MOST_LINE):
                begun = line
                while line and not line.endswith(b"\n"):
                    line = file.readline(MOST_LINE)
                if line is begun:
                    yield line.decode("utf-8", errors="replace").rstrip("\r\n")
    except OSError:
        return


def read_json(path: Path, most: int) -> Any:
    """What a JSON file of at most `most` bytes holds, see `parse_json`. Raises OSError or ValueError."""
    with _open_plainly(path, os.O_RDONLY, "rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(f"more than {most} bytes")
    return parse_json(data.decode("utf-8"))


def parse_json(text: str) -> Any:
    """The value that a JSON text stands for.

    Raises:
        ValueError: it is no JSON, or nothing that this program writes: nested deeper than `MOST_NESTED`, a whole number of more than
            `MOST_DIGITS` digits, a number that is not finite, half of a surrogate pair (which no file, page or terminal takes).
    """
    try:
        found = json.loads(text, parse_int=_whole_number, parse_float=_finite, parse_constant=_finite)
    except RecursionError:
        raise ValueError("nested too deep") from None
    if text.count("[") + text.count("{") > MOST_NESTED and not _is_shallow(found):
        raise ValueError("nested too deep")
    if "\\u" in text:
        json.dumps(found, ensure_ascii=False).encode()  # UnicodeEncodeError is a ValueError
    return found


def _whole_number(digits: str) -> int:
    if len(digits.lstrip("-")) > MOST_DIGITS:
        raise ValueError("too many digits")
    return int(digits)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number


def _is_shallow(found: Any) -> bool:
    level: list[Any] = [found]
    for _ in range(MOST_NESTED + 1):
        level = [part for one in level for part in _parts(one) if isinstance(part, (dict, list))]
        if not level:
            return True
    return False


def _parts(one: Any) -> Iterable[Any]:
    """What a list or an object holds."""
    if isinstance(one, dict):
        return cast("dict[Any, Any]", one).values()
    return cast("list[Any]", one) if isinstance(one, list) else ()


def _open_plainly(path: Path, flags: int, mode: str) -> BinaryIO:
    """Open a file, without following a link where the system can do that. Raises OSError, also for what is no plain file."""
    descriptor = os.open(path, flags | _PLAINLY, 0o666)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Not a plain file", str(path))
        return os.fdopen(descriptor, mode)  # pyright: ignore[reportReturnType] # all modes here are binary
    except BaseException:
        os.close(descriptor)
        raise


# What stands where a file or a folder should be.


def is_link(found: os.stat_result) -> bool:
    """Whether `os.lstat` has found a link, or on Windows a junction."""
    junction = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1)
    return stat.S_ISLNK(found.st_mode) or getattr(found, "st_reparse_tag", 0) == junction
