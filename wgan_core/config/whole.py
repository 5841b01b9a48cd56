"""Whole numbers in text that a stranger may have written: in a link, a file, a field of a form."""

from __future__ import annotations

MOST = 2**63 - 1
"""The largest number that fits into a seed, a step or a label."""


def whole_number(text: str, most: int = MOST) -> int | None:
    """`text` as a whole number from 0 to `most`, or None if it is not one.

    `int` takes the digits of all scripts, and raises ValueError for more than 4,300 of them even where all are digits.
    """
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(most))):
        return None
    number = int(text)
    return number if number <= most else None
