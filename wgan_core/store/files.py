"""File operations that leave a file, or a line, either whole or absent, even if the machine stops in the middle.

The files may come from a stranger, so no link is followed, no pipe is waited for, and JSON is read within limits.
"""

from __future__ import annotations

import errno
import json
import math
import os
import re
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

MAX_LINE_BYTES = 1_000_000
"""Bytes per line. Longer lines are skipped. The lines written here have a few thousand."""
MAX_NESTING = 32
"""Levels of lists and objects nested in JSON. The JSON written here has six."""
MAX_DIGITS = 18
"""Digits of a whole number in JSON, so that it fits into 64 bits."""

_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)

# 0 where the system has no such flag. O_NONBLOCK keeps the opening of a pipe from waiting for its other end.
_PLAIN_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def entries(folder: Path) -> Iterator[Path]:
    """The entries of `folder`, sorted by name; none if it cannot be read."""
    try:
        yield from sorted(folder.iterdir())
    except OSError:
        return


def write_synced(path: Path, data: bytes) -> None:
    """Write a file and wait until it is on the disk. Raises OSError."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def write_atomically(path: Path, data: bytes) -> None:
    """Write to a temporary file and rename it, so that the file is always either the old one or the new one. Raises OSError."""
    aside = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        write_synced(aside, data)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` permanent. Raises OSError."""
    # Windows cannot open a folder and does not need this.
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def append_lines(path: Path, lines: list[str]) -> None:
    """Append all lines, or none of them and raise OSError. A partial line left by an interrupted write is removed first."""
    with _open_plain_file(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, "a+b") as file:
        end = file.seek(0, os.SEEK_END)
        if end and (file.seek(end - 1), file.read(1))[1] != b"\n":
            file.seek(0)
            end = file.truncate(file.read().rfind(b"\n") + 1)
    try:
        with _open_plain_file(path, os.O_WRONLY | os.O_APPEND, "ab") as file:
            file.write("".join(line + "\n" for line in lines).encode())
    except OSError:
        # Otherwise the lines that still fitted on a full disk would be there twice after the next attempt.
        with _open_plain_file(path, os.O_RDWR, "r+b") as file:
            file.truncate(end)
        raise


def whole_lines(path: Path) -> Iterator[str]:
    """The lines of a text file, without an unfinished last line and without lines of more than `MAX_LINE_BYTES` bytes. Yields nothing if
    the file cannot be read."""
    try:
        with _open_plain_file(path, os.O_RDONLY, "rb") as file:
            while line := file.readline(MAX_LINE_BYTES):
                begun = line
                while line and not line.endswith(b"\n"):
                    line = file.readline(MAX_LINE_BYTES)
                if line is begun:
                    yield line.decode("utf-8", errors="replace").rstrip("\r\n")
    except OSError:
        return


def read_json(path: Path, max_bytes: int) -> Any:
    """The contents of a JSON file of at most `max_bytes` bytes, see `parse_json`. Raises OSError or ValueError."""
    with _open_plain_file(path, os.O_RDONLY, "rb") as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise ValueError(f"more than {max_bytes} bytes")
    return parse_json(data.decode("utf-8"))


def parse_json(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: the text is not JSON, or is JSON that this program never writes: nested deeper than `MAX_NESTING`, a whole number
            with more than `MAX_DIGITS` digits, a number that is not finite, or half of a surrogate pair (which no file, page or
            terminal accepts).
    """
    # Before it is parsed: near the limit of recursion anything may fail, also what Python does by itself.
    if text.count("[") + text.count("{") > MAX_NESTING and _levels(text) > MAX_NESTING:
        raise ValueError("nested too deep")
    found = json.loads(text, parse_int=_whole_number, parse_float=_finite, parse_constant=_finite)
    if "\\u" in text:
        json.dumps(found, ensure_ascii=False).encode()  # UnicodeEncodeError is a ValueError
    return found


def _whole_number(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_DIGITS:
        raise ValueError("too many digits")
    return int(digits)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number


def _levels(text: str) -> int:
    """How deep lists and objects are nested in a JSON text; of one that is not JSON, at least as deep as a parser gets."""
    depth = deepest = 0
    for found in _BRACKET.finditer(text):
        match found.group():
            case "[" | "{":
                deepest = max(deepest, depth := depth + 1)
            case "]" | "}":
                depth -= 1
            case _:  # a text, in which brackets are letters
                pass
    return deepest


def _open_plain_file(path: Path, flags: int, mode: str) -> BinaryIO:
    """Open a plain file without following a link, where the system can do that. Raises OSError, also if it is not a plain file."""
    descriptor = os.open(path, flags | _PLAIN_FLAGS, 0o666)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "Not a plain file", str(path))
        return os.fdopen(descriptor, mode)  # pyright: ignore[reportReturnType] # all modes here are binary
    except BaseException:
        os.close(descriptor)
        raise


# Telling links from files.


def is_link(found: os.stat_result) -> bool:
    """Whether `os.lstat` has found a link or, on Windows, a junction."""
    junction = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1)
    return stat.S_ISLNK(found.st_mode) or getattr(found, "st_reparse_tag", 0) == junction
