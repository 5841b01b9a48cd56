"""The last result of each experiment that was computed before the release: a picture, and what was measured."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "results"
"""What `python -m tests.e2e.paper_pictures` wrote."""
RECORD = FOLDER / "results.json"
HEIGHTS_PX = {
    "lines": 380,
    "gaussians": 380,
    "quality": 420,
    "generators": 720,
    "surfaces": 620,
    "depth": 380,
    "boundary": 380,
    "architectures": 400,
    "methods": 380,
    "overfitting": 380,
}
"""Of the figures, on the page as well as in the pictures."""


@dataclass(frozen=True)
class LastResult:
    """One result that comes with the project."""

    name: str
    date: str
    """The day on which it was computed, such as 2026-11-26."""
    seed: int
    seconds: float
    passed: bool
    checks: tuple[dict[str, Any], ...]
    """With the keys what, measured, threshold and passed, as in `Result.as_dict`."""

    def picture(self, theme: str) -> Path:
        """The figure for a light or a dark page."""
        return FOLDER / f"{self.name}-{'dark' if theme == 'dark' else 'light'}.webp"


@cache
def last_results() -> dict[str, LastResult]:
    """By the name of the experiment."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    return {name: LastResult(name=name, **{**entry, "checks": tuple(entry["checks"])}) for name, entry in record.items()}
