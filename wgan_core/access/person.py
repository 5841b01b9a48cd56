"""A person on a server that several people use."""

from __future__ import annotations

import hashlib
import re
import secrets
import unicodedata
from dataclasses import dataclass
from typing import Any, cast

MAX_NAME = 30
COLOURS = ("#3b82d6", "#17a37f", "#e07a1f", "#9a6fd0", "#c9577c", "#8b919a")
"""To choose from; the page's chart colours."""
_COLOUR = re.compile(r"#[0-9a-f]{6}")
_ID = re.compile(r"[0-9a-f]{32}")


class NameRefused(ValueError):
    """A name that cannot be used. The message is one sentence."""


@dataclass(frozen=True)
class Person:
    """Somebody, as a run and its ledger remember them. What proves who it is never gets here: `id` is a hash of it."""

    id: str
    name: str
    colour: str = COLOURS[0]

    def to_meta(self) -> dict[str, str]:
        """As JSON values."""
        return {"id": self.id, "name": self.name, "colour": self.colour}


def new_secret() -> str:
    """What a browser keeps to prove later that it is the same person: 192 random bits."""
    return secrets.token_urlsafe(24)


def person_of(proof: str, name: str, colour: str) -> Person:
    """The person who has this secret or this log-in. Raises NameRefused."""
    known = colour if _COLOUR.fullmatch(colour) else COLOURS[0]
    return Person(hashlib.sha256(proof.encode()).hexdigest()[:32], checked_name(name), known)


def checked_name(name: str) -> str:
    """The name without blanks around it. Raises NameRefused if it is empty, too long, or holds signs that are not seen."""
    plain = " ".join(unicodedata.normalize("NFC", name).split())
    if not plain:
        raise NameRefused("Write a name that the others know you by.")
    if len(plain) > MAX_NAME:
        raise NameRefused(f"The name has {len(plain)} letters: use at most {MAX_NAME}.")
    if any(unicodedata.category(letter) in ("Cc", "Cf", "Co", "Cs", "Cn") for letter in plain):
        raise NameRefused("The name holds signs that cannot be seen: use letters and digits.")
    return plain


def same_name(one: str, other: str) -> bool:
    """Whether two names look alike: capitals and the width of letters do not count."""
    return unicodedata.normalize("NFKC", one).casefold() == unicodedata.normalize("NFKC", other).casefold()


def person_in(meta: Any) -> Person | None:
    """The person that `to_meta` wrote; None if there is none, or something else stands there."""
    if not isinstance(meta, dict):
        return None
    values = cast("dict[str, object]", meta)
    found = {name: value for name, value in values.items() if isinstance(value, str)}
    if not _ID.fullmatch(found.get("id", "")) or not _COLOUR.fullmatch(found.get("colour", "")):
        return None
    try:
        return Person(found["id"], checked_name(found.get("name", "")), found["colour"])
    except NameRefused:
        return None
