"""Two pictures over each other, with an edge between them that the user moves."""

from __future__ import annotations

from pathlib import Path

from streamlit.components.v2 import component

from pages.components.bundle import bundle
from pages.components.payload import asset, pack

_HERE = Path(__file__).parent
_component = component("wgan_wipe", html=asset("wipe.html", _HERE), css=asset("wipe.css", _HERE), js=bundle(_HERE / "wipe.js"))


def wipe(left: bytes, right: bytes, *, names: tuple[str, str], alts: tuple[str, str], key: str, pixelated: bool = True) -> None:
    """Show `left` on the left of the edge and `right` on its right. When other pictures are drawn under the same key, the edge stays.

    Args:
        left, right: pictures of one shape, in any format that browsers can show; the second is scaled to the size of the first.
        names: what each is, shown below its side.
        alts: descriptions for people who cannot see them.
        key: unique on the page.
        pixelated: draw enlarged pixels as sharp squares.
    """
    header = {"first": len(left), "names": list(names), "alts": list(alts), "pixelated": pixelated}
    _component(key=key, data=pack(header, left + right))
