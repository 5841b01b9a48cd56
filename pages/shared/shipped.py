"""The runs that come with the project. Uses no PyTorch, so that Home can show them at once."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType

SHIPPED: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    {
        "showcase-fashion-mnist": ("Sharper clothes", "Fashion-MNIST, convolutions, 8,000 critic updates"),
        "showcase-mnist": ("Sharper digits", "MNIST, convolutions, 8,000 critic updates"),
        "walkthrough-fashion-mnist": ("Clothes and shoes", "Fashion-MNIST, 120,000 critic updates"),
        "walkthrough-mnist": ("Handwritten digits", "MNIST, 120,000 critic updates"),
    }
)
"""Title and a line for each, by its run id; the best pictures first."""


def newest_grid(run: Path) -> Path | None:
    """The newest sample grid of a run's folder, a PNG, of the averaged generator if there is one; None without any, as in a run of
    points."""
    return max((run / "samples").glob("[0-9]*.png"), key=lambda file: (file.stem.split("-")[0], "-" in file.stem), default=None)
