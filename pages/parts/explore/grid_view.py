"""Grids of images: around the current latent, and on the plane through three latents."""

from __future__ import annotations

import streamlit as st

from pages.components.live_image import live_image
from pages.parts.explore import latent_state, path_view
from pages.parts.explore.latent_source import Source
from wgan_core.figures import images
from wgan_core.latent.vectors import neighbours, plane_through

RADII = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
IMAGES_PER_ROW = 10
PLANE_SIDE = 9
_KEYS = "explore.plane-keys"


def grids(source: Source) -> None:
    """Draw the section “Grids”."""
    left, right = st.columns(2, gap="large")
    with left:
        _around(source)
    with right:
        _plane(source)


def _around(source: Source) -> None:
    st.markdown(
        "**Around this latent**",
        help="Random neighbours of the latent z: (z + r ε) / √(1 + r²) with random ε. r says how much noise is mixed in: at 0.05 the "
        "result is nearly z itself, at 1.6 little of z is left. The division keeps each neighbour as typical a latent as z.",
    )
    z = latent_state.current_latent(source.latent_dim)
    pixels = source.pixels(neighbours(z, RADII, IMAGES_PER_ROW))
    radii = ", ".join(f"{radius:g}" for radius in RADII)
    live_image(
        images.png(images.tile(pixels, columns=IMAGES_PER_ROW)),
        key="explore-around",
        alt=f"{IMAGES_PER_ROW} random neighbours of the latent at each of the radii {radii}",
        caption=f"The rows from top to bottom: r = {radii}.",
        width=640,
    )


def _plane(source: Source) -> None:
    st.markdown(
        "**The plane through three latents**",
        help="Three latents span a plane, and this grid shows images on it. The first latent is one image in from the top left corner, the "
        "second one in from the bottom left, the third one in from the top right. Every latent is rescaled to the length of these three.",
    )
    st.session_state.setdefault(_KEYS, "1, 2, 3")
    st.text_input(
        "Three seeds or pins", key=_KEYS, persist_state="session", width=260, help="Separate them by commas. Your pins are p1, p2, …"
    )
    keys = path_view.keys_from(str(st.session_state[_KEYS]), source)
    if keys is None or len(keys) != 3:
        st.error("Enter three seeds (whole numbers) or pins (such as p1), separated by commas.", icon=":material/error:")
        return
    pixels = source.pixels(plane_through(keys[0], keys[1], keys[2], PLANE_SIDE))
    live_image(
        images.png(images.tile(pixels, columns=PLANE_SIDE)),
        key="explore-plane",
        alt=f"{PLANE_SIDE} × {PLANE_SIDE} images on the plane through three latents",
        width=640,
    )
