"""Two pictures over each other, with an edge between them that the user moves."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from streamlit.components.v2 import component

from pages.components.bundle import bundle
from pages.components.payload import asset, pack
from wgan_core.figures.style import GENERATED, REAL

_HERE = Path(__file__).parent
_component = component(
    "wgan_wipe",
    html=asset("wipe.html", _HERE),
    css=f":host, .wipe {{ --real: {REAL}; --generated: {GENERATED}; }}" + asset("wipe.css", _HERE),
    js=bundle(_HERE / "wipe.js"),
)
Points = NDArray[np.floating]
"""[n, 2]."""


class Layer(NamedTuple):
    """One of the two. While the cursor is moved, it shows the nearest of the pictures that the browser holds already."""

    name: str
    """What it is, shown below its side, with {step} where the step goes."""
    alt: str
    """A description for people who cannot see it."""
    store: str
    """The name under which the browser holds the kept pictures."""
    cursor: str
    """The cursor that counts the steps of the run."""
    step: int
    """Of what is shown at first."""
    shown: bytes | Points
    """A picture in any format that browsers can show, or points."""
    real: Points | None = None
    """Real points behind the others."""
    limit: float = 0.0
    """Of points: both axes cover [-limit, limit]."""


def wipe(left: Layer, right: Layer, *, key: str) -> None:
    """Show `left` on the left of the edge and `right` on its right; the edge stays when others are drawn under the same key.

    The second is scaled to the size of the first.
    """
    packed = [_packed(layer) for layer in (left, right)]
    _component(key=key, data=pack({"layers": [header for header, _ in packed]}, b"".join(body for _, body in packed)))


def _packed(layer: Layer) -> tuple[dict[str, Any], bytes]:
    shown = layer.shown if isinstance(layer.shown, bytes) else _bytes(layer.shown)
    real = b"" if layer.real is None else _bytes(layer.real)
    header = {name: value for name, value in layer._asdict().items() if name not in ("shown", "real")}
    return header | {"real": len(real), "bytes": len(shown)}, real + shown


def _bytes(points: Points) -> bytes:
    return points.astype("<f4").tobytes()
