"""Cards with a picture: the whole card is the link or button that it holds."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import streamlit as st

_STYLE = """
    [class*="st-key-card-"] { position: relative; height: 100%; transition: border-color 0.15s; }
    [class*="st-key-card-"]:hover { border-color: var(--focus); }
    [class*="st-key-card-"] :is(.stPageLink, .stPageLink *, .stButton, .stButton *, .stElementContainer) { position: static; }
    /* The first link or button covers the card. Further ones lie above it. */
    [class*="st-key-card-"] :is(.stPageLink a, .stButton button)::after { content: ""; position: absolute; inset: 0; z-index: 1; }
    [class*="st-key-card-"] [class*="st-key-also-"] :is(.stPageLink a, .stButton button) { position: relative; z-index: 2; }
    [class*="st-key-card-"] [class*="st-key-also-"] :is(.stPageLink a, .stButton button)::after { content: none; }
    [class*="st-key-card-"] .stPageLink a { padding: 0; min-height: 0; }
    [class*="st-key-card-"] :is(.stPageLink a, .stButton button) :is(span, div, p) { white-space: normal; overflow: visible; }
    [class*="st-key-card-"] .stImage img { width: 100%; image-rendering: pixelated; border-radius: 0.25rem; }
    [class*="st-key-card-"] .stElementToolbar, [class*="st-key-card-"] [data-testid="stElementToolbar"] { display: none; }
"""


def card_style() -> None:
    """Once on a page with cards."""
    st.html(f"<style>{_STYLE}</style>")


@contextmanager
def card(key: str, picture: Path | bytes | None = None, alt: str = "") -> Generator[None]:
    """A card. Inside, draw first the link or button that the whole card is for.

    Args:
        key: unique on the page.
        picture: shown at the top; None leaves the place out.
        alt: what the picture shows, for people who cannot see it.
    """
    with st.container(border=True, key=f"card-{key}", gap="xsmall"):
        if picture is not None:
            st.image(picture if isinstance(picture, bytes) else str(picture), alt=alt, width="stretch")
        yield
