"""A run's ledger: one entry per line, and the edits among them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from wgan_core.store.files import parse_json


@dataclass(frozen=True)
class Edit:
    """A change of a live setting: from `step` on, `field` has the value `new`."""

    step: int
    field: str
    old: Any
    new: Any


def entry_in(line: str) -> dict[str, Any] | None:
    """The entry in a line of the ledger, with its `step` and `what`; None if the line does not hold one."""
    try:
        entry = parse_json(line)
    except ValueError:
        return None
    sound = isinstance(entry, dict) and isinstance(entry.get("step"), int) and entry["step"] >= 0 and isinstance(entry.get("what"), str)
    return entry if sound else None


def edits_in(entries: Iterable[Mapping[str, Any]]) -> tuple[Edit, ...]:
    """The edits that still apply. If the run was later resumed from an earlier step, the edits after that step are left out."""
    edits: list[Edit] = []
    for entry in entries:
        if entry["what"] == "resumed":
            edits = [edit for edit in edits if edit.step <= entry["step"]]
        elif entry["what"] == "edit" and isinstance(entry.get("field"), str) and entry.keys() >= {"old", "new"}:
            edits.append(Edit(entry["step"], entry["field"], entry["old"], entry["new"]))
    return tuple(edits)
