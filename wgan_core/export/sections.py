"""The pieces that a script and a notebook are made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """A part of a program: its code, and what a notebook says before it, in Markdown."""

    title: str
    says: str
    code: str


@dataclass(frozen=True)
class Program:
    """A whole program: a title, what there is to know about it, and its parts in order."""

    title: str
    header: tuple[str, ...]
    """Paragraphs of plain text."""
    parts: tuple[Section, ...]
    caveat: str = ""
    """In what it differs from the run; empty if in nothing."""
