"""The runs that come with the project. Uses no PyTorch, so that Home can show them at once."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

SHIPPED: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    {
        "walkthrough-fashion-mnist": ("Clothes and shoes", "Fashion-MNIST, 120,000 critic updates"),
        "walkthrough-mnist": ("Handwritten digits", "MNIST, 120,000 critic updates"),
    }
)
"""Title and a line for each, by its run id; the best pictures first."""


def newest_grid(run: Path) -> Path | None:
    """The newest sample grid of a run's folder, a PNG; None if it has none, as a run of points."""
    return max((run / "samples").glob("[0-9]*.png"), default=None)
