"""Small pictures of the laboratory's experiments after 2,000 critic updates, as the laboratory shows them then."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "lab-pictures"
"""What `python -m tests.lab_pictures` wrote."""


def lab_picture(name: str, theme: str | None) -> Path | None:
    """The picture for a light or a dark page; None for an experiment that has none yet."""
    file = FOLDER / f"{name}-{'dark' if theme == 'dark' else 'light'}.webp"
    return file if file.exists() else None
