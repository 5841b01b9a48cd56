"""Many images around the current latent, and on the plane through three latents."""

from __future__ import annotations

import streamlit as st

from pages.components.live_image import live_image
from pages.parts.explore import latent_state, path_view
from pages.parts.explore.latent_source import Source
from wgan_core.figures import images
from wgan_core.latent.vectors import neighbours, plane_through

RADII = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
IN_A_ROW = 10
STEPS = 9
_KEYS = "explore.plane-keys"


def grids(source: Source) -> None:
    """The section."""
    left, right = st.columns(2, gap="large")
    with left:
        _around(source)
    with right:
        _plane(source)


def _around(source: Source) -> None:
    st.markdown(
        "**Around this latent**",
        help="(z + r ε) / √(1 + r²) with random ε: each is as typical as z. r is the share of noise: 0.05 is nearly z itself, at 1.6 "
        "little is left of it.",
    )
    z = latent_state.current_latent(source.latent_dim)
    pixels = source.pixels(neighbours(z, RADII, IN_A_ROW))
    radii = ", ".join(f"{radius:g}" for radius in RADII)
    live_image(
        images.png(images.tile(pixels, columns=IN_A_ROW)),
        key="explore-around",
        alt=f"{IN_A_ROW} random neighbours of the latent at each of the radii {radii}",
        caption=f"Rows, from the top: r = {radii}.",
        width=640,
    )


def _plane(source: Source) -> None:
    st.markdown(
        "**The plane through three latents**",
        help="The first is one in from the top left corner, the second one in from the bottom left, the third one in from the top right. "
        "Every latent is made as long as the three are.",
    )
    st.session_state.setdefault(_KEYS, "1, 2, 3")
    st.text_input("Three seeds or pins", key=_KEYS, persist_state="session", width=260, help="Pins are p1, p2, …")
    keys = path_view.keys_from(str(st.session_state[_KEYS]), source)
    if keys is None or len(keys) != 3:
        st.error("Write three seeds, whole numbers, or pins such as p1, separated by commas.", icon=":material/error:")
        return
    pixels = source.pixels(plane_through(keys[0], keys[1], keys[2], STEPS))
    live_image(
        images.png(images.tile(pixels, columns=STEPS)),
        key="explore-plane",
        alt=f"{STEPS} × {STEPS} images on the plane through three latents",
        width=640,
    )
