"""Small helpers that turn values into text, and text into numbers."""

from __future__ import annotations

import re

_MARKDOWN = re.compile(r"[\\`*\[\]<>~$&|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|^(?=[#+\-=])|(?<=^\d)(?=[.)])")
"""Characters that mean something anywhere in Markdown, and the places before those that do at its beginning."""

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


def whole_number(text: str, most: int) -> int | None:
    """`text` as a whole number from 0 to `most`, or None if it is not one."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        return None
    number = int(text)
    return number if number <= most else None


def as_plain(text: str) -> str:
    """`text` as Markdown that shows it as it is: nothing in it is bold, a link, a formula, an icon or HTML."""
    # A directive or an icon begins with a colon and a letter, and a backslash does not keep an icon from being drawn.
    colons = re.sub(r":(?=[A-Za-z+_-])", f":{_WORD_JOINER}", " ".join(text.split()))
    return _MARKDOWN.sub(lambda found: f"\\{found[0]}", colons)
