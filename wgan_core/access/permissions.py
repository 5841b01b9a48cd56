"""May this visitor do this now? One function for all pages; it is asked where something is done, not only where a button is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from wgan_core.access.person import Person
from wgan_core.access.serving import Serving

Action = Literal[
    "start",
    "branch",
    "download data",
    "upload",
    "delete upload",
    "import",
    "measure speed",
    "experiment",
    "film",
    "search",
    "paper",
    "steer",
    "resume",
    "pin step",
    "label",
    "delete",
    "restore",
    "erase",
    "save direction",
    "export",
    "name a path",
]
Need = Literal["name", "own", "own upload", "teacher", "alone", "nothing", "computing"]
NEEDS: MappingProxyType[Action, Need] = MappingProxyType(
    {
        "start": "name",
        "branch": "name",
        "download data": "teacher",
        "upload": "name",
        "delete upload": "own upload",
        "import": "name",
        "measure speed": "name",
        "experiment": "computing",
        "film": "computing",
        "search": "computing",  # for latents, among training images: minutes of processor
        "paper": "computing",
        "steer": "own",  # pause, go on, step, save, stop, edit a setting, measure now, leave the queue
        "resume": "own",
        "pin step": "own",
        "label": "own",  # title, tags, note and pin
        "delete": "own",
        "restore": "own",
        "erase": "own",
        "save direction": "own",
        "export": "nothing",
        "name a path": "alone",
    }
)
"""What an action needs on a server of a class: a name; that the run is one's own; the teacher; that nobody else uses the server; nothing.
What is only computed for the visitor's own tab and leaves nothing behind needs nothing there, but may be switched off in a showcase."""


@dataclass(frozen=True)
class Visitor:
    """Who asks."""

    person: Person | None = None
    """None: has not said who they are."""
    is_teacher: bool = False
    only_looks: bool = False
    """Came by a link without controls."""


@dataclass(frozen=True)
class Answer:
    """Whether it may be done; if not, why, in one sentence for the visitor."""

    ok: bool
    why: str = ""
    needs_name: bool = False
    """It could be done by somebody who has said who they are."""

    def __bool__(self) -> bool:
        return self.ok


YES = Answer(True)
_NAME_FIRST = Answer(False, "Say who you are first, at the top of the page.", needs_name=True)


def may(serving: Serving, who: Visitor, action: Action, owner: Person | None = None) -> Answer:
    """Whether `who` may do `action`. owner: of the run that it is about; None if nobody is written into it, or it is about no run."""
    need = NEEDS[action]
    if who.only_looks and need != "nothing":
        return Answer(False, "This link is for looking on: open the page without it to use the controls.")
    if serving.mode == "personal" or need == "nothing":
        return YES
    if need == "alone":
        return Answer(False, "On a server that several people use, no file or folder of the server can be named: upload your data.")
    if serving.mode == "read only":
        return _in_showcase(serving, need)
    if need == "computing":
        return YES
    if who.is_teacher:
        return YES if who.person is not None else _NAME_FIRST
    if need == "teacher":
        return Answer(False, "Only the teacher can do this here.")
    if need == "own upload" and (owner is None or who.person is None or owner.id != who.person.id):
        return Answer(False, _brought(owner))
    if need == "own" and (owner is None or who.person is None or owner.id != who.person.id):
        return Answer(False, _belongs(owner))
    return YES if who.person is not None else _NAME_FIRST


def _in_showcase(serving: Serving, need: Need) -> Answer:
    if need == "computing" and serving.experiments:
        return YES
    return Answer(False, "This server only shows its runs: you can look and explore, but not start or change anything.")


def _brought(owner: Person | None) -> str:
    if owner is None:
        return "Nobody is noted as the owner of this upload, so only the teacher can delete it."
    return f"{owner.name} has uploaded this: only {owner.name} and the teacher can delete it."


def _belongs(owner: Person | None) -> str:
    if owner is None:
        return "This run belongs to nobody here, so only the teacher can change it."
    return f"This run belongs to {owner.name}: only {owner.name} and the teacher can change it."
