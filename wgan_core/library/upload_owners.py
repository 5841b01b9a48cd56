"""Who brought an upload, on a server that several people use: a small file beside it, with everybody who uploaded the same content."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any, cast

from wgan_core.access.person import Person, person_in
from wgan_core.data.uploads import uploads
from wgan_core.store.files import read_json, write_atomically

_MAX_BYTES = 100_000


def _file(upload: Path) -> Path:
    return upload.with_name(f".{upload.name}.owners")


def owners_of(upload: Path) -> list[Person]:
    """Everybody who brought it, the first first; nobody if that was not written down."""
    try:
        found = read_json(_file(upload), _MAX_BYTES)
    except (OSError, ValueError):
        return []
    values = cast("list[Any]", found) if isinstance(found, list) else []
    return [person for one in values if (person := person_in(one)) is not None]


def note_owner(upload: Path, person: Person | None) -> None:
    """Write down that `person` brought it. None, and a disk that is full, write nothing: then it is the teacher's to delete."""
    known = owners_of(upload)
    if person is None or any(one.id == person.id for one in known):
        return
    with contextlib.suppress(OSError):
        write_atomically(_file(upload), json.dumps([one.to_meta() for one in (*known, person)]).encode())


def forget_owners(upload: Path) -> None:
    """To be called when it has been deleted."""
    with contextlib.suppress(OSError):
        _file(upload).unlink(missing_ok=True)


def count_of(person: Person) -> int:
    """How many of the kept uploads they brought."""
    return sum(any(one.id == person.id for one in owners_of(upload.path)) for upload in uploads())
