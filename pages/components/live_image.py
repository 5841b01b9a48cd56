"""A picture that is updated in place: its element stays, and the next picture shows only once it can be drawn whole."""

from __future__ import annotations

from streamlit.components.v2 import component

from pages.components.bundle import bundle
from pages.components.payload import HERE, pack

_component = component(
    "wgan_live_image",
    html="<figure><img hidden><figcaption hidden></figcaption></figure>",
    css="""
        figure { margin: 0; }
        img { display: block; max-width: 100%; height: auto; }
        img[hidden] { display: none; }
        figcaption { margin-top: 0.4rem; font-size: 0.875rem; overflow-wrap: anywhere; }
        figcaption { color: color-mix(in srgb, var(--st-text-color) 60%, transparent); }
    """,
    js=bundle(HERE / "live_image.js"),
)


def live_image(png: bytes, *, key: str, alt: str, caption: str = "", width: int | None = None, pixelated: bool = True) -> None:
    """Show a picture; shown again under the same key, it changes without flicker and without moving what is below it.

    Args:
        png: the picture, in any format that browsers show.
        key: unique on the page.
        alt: what the picture shows, for people who do not see it.
        caption: plain text below it.
        width: in pixels, at most the container's; None: the picture's own.
        pixelated: enlarge pixels to sharp squares instead of blurring them.
    """
    header = {"alt": alt, "caption": caption, "width": width, "pixelated": pixelated}
    _component(key=key, data=pack(header, png))
