"""The pieces that scripts and notebooks are made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """A part of a program: its code, and the Markdown text before it in a notebook."""

    title: str
    says: str
    code: str


@dataclass(frozen=True)
class Program:
    """A whole program: its title, its header, and its parts in order."""

    title: str
    header: tuple[str, ...]
    """Paragraphs of plain text."""
    parts: tuple[Section, ...]
    caveat: str = ""
    """How it differs from the run; empty if it does not."""
