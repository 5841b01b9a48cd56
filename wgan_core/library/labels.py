"""What people put on a run: a title, tags, a note and a pin. One small file in the run's folder, so it moves with the run.

Several windows and programs may change the labels of one run. Each change names only what it changes and is applied to what the file then
holds, under the lock of the folder of runs: of each label the last change stays, and no other is lost.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from wgan_core.library.lock import library_lock
from wgan_core.library.plain_text import TextError, checked, harmless
from wgan_core.store.files import read_json, write_atomically
from wgan_core.store.layout import LABELS, MAX_BYTES, NoRun, StoreError, check_layout

FORMAT = 1
MAX_TITLE = 120
MAX_TAG = 40
MAX_TAGS = 20
MAX_NOTE = 4000


@dataclass(frozen=True)
class Labels:
    """The labels of one run."""

    title: str = ""
    """In place of the name that the run has by itself; empty if nobody gave it one."""
    tags: tuple[str, ...] = ()
    note: str = ""
    """May have several lines."""
    pinned: bool = False
    """Listed before all others."""


def read_labels(run: Path) -> Labels:
    """The labels of the run folder `run`; none if there are none or if they cannot be read."""
    return _labels_in(_read(run))


def change_labels(
    run: Path,
    *,
    title: str | None = None,
    note: str | None = None,
    pinned: bool | None = None,
    add_tags: Iterable[str] = (),
    remove_tags: Iterable[str] = (),
) -> Labels:
    """Change the marks that are given, and leave the others as they are. An empty title gives the run its own name back.

    returns the labels that the run then has. Raises TextError for a text that is too long, NoRun if the run has been deleted meanwhile, and
    StoreError if its folder cannot be written.
    """
    texts: dict[str, Any] = {}
    if title is not None:
        texts["title"] = checked(title, "A title", MAX_TITLE)
    if note is not None:
        texts["note"] = checked(note, "A note", MAX_NOTE, lines=True)
    if pinned is not None:
        texts["pinned"] = pinned
    new_tags, old_tags = as_tags(add_tags), as_tags(remove_tags)
    with library_lock(run.parent):
        if not os.path.lexists(run / "config.json"):
            raise NoRun(f"The run {run.name} is not here any more: it was deleted or moved in the meantime.")
        check_layout(run)
        found = _read(run) | texts
        found["tags"] = list(_together(_labels_in(found).tags, new_tags, without=old_tags))
        _write(run, {"format": FORMAT} | found)
    return _labels_in(found)


def as_tags(texts: Iterable[str]) -> tuple[str, ...]:
    """Tags from what somebody typed, which may hold several with commas between them. Raises TextError."""
    parts = (part for text in texts for part in text.split(","))
    return tuple(dict.fromkeys(tag for part in parts if (tag := checked(part, "A tag", MAX_TAG))))


def _together(tags: Iterable[str], more: Iterable[str], *, without: Iterable[str]) -> tuple[str, ...]:
    """Tags in the order in which they were put on. Two that differ in capitals only are one. Raises TextError if they are too many."""
    gone = {tag.casefold() for tag in without}
    kept: dict[str, str] = {}
    for tag in (*tags, *more):
        if tag.casefold() not in gone:
            kept.setdefault(tag.casefold(), tag)
    if len(kept) > MAX_TAGS:
        raise TextError(f"A run can have at most {MAX_TAGS} tags, and this one would have {len(kept)}: remove some first.")
    return tuple(kept.values())


def _read(run: Path) -> dict[str, Any]:
    """What the file holds, also what a later version wrote into it."""
    try:
        found = read_json(run / LABELS, MAX_BYTES[LABELS])
    except (OSError, ValueError):
        return {}
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _labels_in(found: dict[str, Any]) -> Labels:
    title, tags, note = found.get("title"), found.get("tags"), found.get("note")
    listed = cast("list[object]", tags)[:MAX_TAGS] if isinstance(tags, list) else []
    texts = [harmless(tag, MAX_TAG) for tag in listed if isinstance(tag, str)]
    return Labels(
        title=harmless(title, MAX_TITLE) if isinstance(title, str) else "",
        tags=tuple(dict.fromkeys(tag.replace(",", " ") for tag in texts if tag)),
        note=harmless(note, MAX_NOTE, lines=True) if isinstance(note, str) else "",
        pinned=found.get("pinned") is True,
    )


def _write(run: Path, found: dict[str, Any]) -> None:
    try:
        write_atomically(run / LABELS, json.dumps(found, indent=2, ensure_ascii=False).encode())
    except OSError as error:
        raise StoreError(
            f"The run {run.name} cannot be labelled, because its folder cannot be written ({error.strerror or error})."
        ) from None
