"""Small helpers that turn values into text, and text into numbers."""

from __future__ import annotations

import re

_ACTIVE = re.compile(r"[\\\[<$]")
"""What begins a link, a picture, a formula or HTML in Markdown."""
_MARKDOWN = re.compile(r"[\\`*\[\]<>~$&|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|^(?=[#+\-=])|(?<=^\d)(?=[.)])")
"""Characters that mean something anywhere in Markdown, and the places before those that do at its beginning."""

_NAMES = re.compile(r":(?=[A-Za-z+_-])")
_ADDRESSES = re.compile(r"\bhttps?:(?=//)|\bwww(?=\.)", re.IGNORECASE)
_WORD_JOINER = "\u2060"
"""Has no width."""

STATUS_COLOURS: dict[str, str] = {
    "queued": "gray",
    "loading": "blue",
    "running": "green",
    "paused": "orange",
    "finished": "blue",
    "stopped": "gray",
    "interrupted": "orange",
    "failed": "red",
    "damaged": "red",
}


def status_badge(status: str) -> str:
    """A coloured badge in Markdown."""
    return f":{STATUS_COLOURS.get(status, 'gray')}-badge[{status or 'unknown'}]"


def duration(seconds: float) -> str:
    """A rounded duration such as "40 s", "12 min" or "3 h 5 min"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def counted(count: int, noun: str) -> str:
    """A number with its noun: "1 step", "2,000 steps"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def as_plain(text: str) -> str:
    """`text` as Markdown that shows it as it is: nothing in it is bold, a link, a formula, an icon or HTML."""
    return _MARKDOWN.sub(lambda found: f"\\{found[0]}", _ADDRESSES.sub(_joined, _without_names(text)))


def inert(sentence: str) -> str:
    """A sentence that may hold text of strangers, as Markdown in one paragraph: nothing in it becomes a picture, a link with other words
    than its address, a formula, an icon or HTML. Emphasis stays."""
    text = _ACTIVE.sub(lambda found: f"\\{found[0]}", _without_names(sentence))
    return f"\\{text}" if text[:1] in ("#", ">", "-", "+", "|") else text


def _without_names(text: str) -> str:
    """In one line, without directives and icons: they begin with a colon and a letter, and a backslash does not keep an icon from being
    drawn."""
    return _NAMES.sub(_joined, " ".join(text.split()))


def _joined(found: re.Match[str]) -> str:
    return f"{found[0]}{_WORD_JOINER}"
