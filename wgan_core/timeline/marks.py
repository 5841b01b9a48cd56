"""What happened at which step of a run, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from wgan_core.config import SETTINGS
from wgan_core.store.folder import RunFolder

MarkKind = Literal["start", "edit", "error", "by-hand", "pin", "branch"]


@dataclass(frozen=True)
class Mark:
    """Something that happened at a step."""

    kind: MarkKind
    """start: the run, or the branch, began; edit: a live setting was changed; error: the run failed; by-hand: saved by hand; pin: pinned;
    branch: another run branched off."""
    text: str
    """One line for the user."""
    run_id: str = ""
    """Of a branch: the run that branched off."""


def marks_of(folder: RunFolder) -> dict[int, list[Mark]]:
    """The marks of a run by step. What happened after a step from which the run was later resumed is left out."""
    found: dict[int, list[Mark]] = {}
    for entry in folder.ledger():
        step = entry["step"]
        if entry["what"] == "resumed":
            found = {at: marks for at, marks in found.items() if at <= step}
        elif (mark := _mark(entry)) is not None and mark not in found.get(step, ()):
            found.setdefault(step, []).append(mark)
    for marked in folder.past.marks():
        text = f"Pinned: {marked.text}" if marked.text else "Pinned"
        mark = Mark("branch", f"{marked.branch} branched off", marked.branch) if marked.branch else Mark("pin", text)
        found.setdefault(marked.step, []).append(mark)
    begun = folder.parent.step if folder.parent is not None else 0
    text = f"Branch of {folder.parent.run_id} from step {begun:,}" if folder.parent is not None else "The run began"
    found.setdefault(begun, []).insert(0, Mark("start", text))
    return found


def _mark(entry: dict[str, Any]) -> Mark | None:
    match entry["what"]:
        case "edit" if {"field", "old", "new"} <= entry.keys():
            name = str(entry["field"])
            return Mark("edit", f"{SETTINGS[name].label if name in SETTINGS else name}: {entry['old']} → {entry['new']}")
        case "saved-by-hand":
            return Mark("by-hand", "Saved by hand")
        case "status" if entry.get("status") == "failed":
            return Mark("error", str(entry.get("error") or "The run failed"))
    return None
