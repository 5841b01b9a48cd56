"""What a run's ledger says: one entry a line, and the live edits among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wgan_core.store.files import parse_json


@dataclass(frozen=True)
class Edit:
    """A live change: from `step` on, `field` is `new`."""

    step: int
    field: str
    old: Any
    new: Any


def entry_in(line: str) -> dict[str, Any] | None:
    """The entry that a line holds, with its `step` and `what`; None for a line that holds none."""
    try:
        entry = parse_json(line)
    except ValueError:
        return None
    sound = isinstance(entry, dict) and isinstance(entry.get("step"), int) and entry["step"] >= 0 and isinstance(entry.get("what"), str)
    return entry if sound else None


def edits_in(entries: Iterable[Mapping[str, Any]]) -> tuple[Edit, ...]:
    """The live edits that still hold: those made after a step that was later resumed from are left out."""
    edits: list[Edit] = []
    for entry in entries:
        if entry["what"] == "resumed":
            edits = [edit for edit in edits if edit.step <= entry["step"]]
        elif entry["what"] == "edit" and isinstance(entry.get("field"), str) and entry.keys() >= {"old", "new"}:
            edits.append(Edit(entry["step"], entry["field"], entry["old"], entry["new"]))
    return tuple(edits)
