"""Texts that people write about runs. They may come from a stranger's folder, so they are made harmless whenever they are read, too."""

from __future__ import annotations

import unicodedata

_JOINERS = frozenset("\u200c\u200d")
"""Of all invisible format characters, those that scripts and emoji need. The others can turn the direction of what follows, or hide."""


class TextError(ValueError):
    """A text that cannot be kept. The message is one sentence that says what to do."""


def harmless(text: str, most: int, *, lines: bool = False) -> str:
    """`text` in any script, cut to `most` characters, without control characters, without marks that turn the direction of writing, and
    without halves of surrogate pairs. White space becomes single blanks; with `lines`, line breaks stay."""
    kept = "".join(_shown(letter) for letter in text[: 4 * most + 1000])
    if lines:
        return "\n".join(" ".join(line.split()) for line in kept.splitlines()).strip("\n")[:most].rstrip()
    return " ".join(kept.split())[:most].rstrip()


def checked(text: str, what: str, most: int, *, lines: bool = False) -> str:
    """`harmless(text)`. Raises TextError if it is longer than `most` characters."""
    if len(text) > most and len(kept := harmless(text, len(text), lines=lines)) > most:
        raise TextError(f"{what} can have at most {most:,} characters, and this one has {len(kept):,}: shorten it.")
    return harmless(text, most, lines=lines)


def _shown(letter: str) -> str:
    """The character itself, a line break or blank in place of other white space, or nothing."""
    if letter in "\n\r":
        return letter
    if letter.isspace():
        return " "
    hidden = unicodedata.category(letter) in ("Cc", "Cf", "Cs") and letter not in _JOINERS
    return "" if hidden else letter
