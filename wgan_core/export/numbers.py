"""Numbers in the text of a program."""

from __future__ import annotations


def number(value: float) -> str:
    """A number as one would write it, which reads back as exactly `value`: 187_600, 5e-5, 0.2."""
    if isinstance(value, int):
        return f"{value:_}" if value >= 10_000 else str(value)
    return repr(value).replace("e-0", "e-")
