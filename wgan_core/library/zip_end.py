"""The end of a zip says how many entries it has. It is read before anything else, because a list of a million entries fills the memory."""

from __future__ import annotations

import os
import struct
from typing import BinaryIO, NamedTuple

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_MAX_COMMENT = 2**16


class Directory(NamedTuple):
    """The list of a zip's entries."""

    entries: int
    size: int
    """Bytes."""


def directory_of(file: BinaryIO) -> Directory | None:
    """What the end of the zip says about its list; None if the file does not end as a zip does. Where this and Python's zipfile could find
    different ends, both take the last one."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _END.size - _MAX_COMMENT))
    tail = file.read()
    at = len(tail) - _END.size if _is_end(tail[-_END.size :]) else tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        return None
    _, _, _, _, count, length, _, _ = _END.unpack_from(tail, at)
    return _of_large(file, size - len(tail) + at) or Directory(count, length)


def _is_end(record: bytes) -> bool:
    return len(record) == _END.size and record.startswith(b"PK\x05\x06") and record.endswith(b"\0\0")


def _of_large(file: BinaryIO, end: int) -> Directory | None:
    """From the records that large zips have before their end."""
    if end < _LOCATOR.size + _END64.size:
        return None
    file.seek(end - _LOCATOR.size)
    if not file.read(_LOCATOR.size).startswith(b"PK\x06\x07"):
        return None
    file.seek(end - _LOCATOR.size - _END64.size)
    record = file.read(_END64.size)
    if not record.startswith(b"PK\x06\x06"):
        return None
    *_, count, length, _ = _END64.unpack(record)
    return Directory(count, length)
