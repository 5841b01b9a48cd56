"""A picture that is updated in place. Its element stays, and the next picture appears only when it has loaded completely."""

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
    """Show a picture. When it is shown again under the same key, it changes without flicker and nothing below it moves.

    Args:
        png: the picture, in any format that browsers can show.
        key: unique on the page.
        alt: a description for people who cannot see the picture.
        caption: plain text below it.
        width: in pixels, limited by the container. None keeps the picture's own width.
        pixelated: draw enlarged pixels as sharp squares instead of blurring them.
    """
    header = {"alt": alt, "caption": caption, "width": width, "pixelated": pixelated}
    _component(key=key, data=pack(header, png))
