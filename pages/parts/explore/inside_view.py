"""Inside the networks: the outputs of the generator's layers for the current latent, and which pixels affect the critic's score."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.components.live_image import live_image
from pages.parts.explore import latent_state
from pages.parts.explore.latent_source import Source
from wgan_core.figures import images
from wgan_core.latent.inside import layer_views, score_by_pixel

MAX_MAPS = 32
_POSITIVE, _NEGATIVE = np.array([59, 130, 214]), np.array([224, 122, 31])


def inside(source: Source) -> None:
    """Draw the section “Inside the networks”."""
    z = latent_state.current_latent(source.latent_dim)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown(
            "**The generator, layer by layer**",
            help="The output of each layer for this latent, after its nonlinearity. Blue is above 0, orange is below 0, white is 0. Each "
            "layer has its own scale. The units of fully connected layers have no places in a picture, so they are laid out row by row.",
        )
        for number, view in enumerate(layer_views(source.networks, z)):
            maps = view.maps[:MAX_MAPS]
            shown = f" (the first {MAX_MAPS} are shown)" if len(maps) < len(view.maps) else ""
            live_image(
                images.png(images.tile(coloured(maps), columns=8 if len(maps) > 1 else 1)),
                key=f"explore-layer-{number}",
                alt=f"Outputs of {view.name}",
                caption=f"{view.name[:1].upper()}{view.name[1:]}{shown}. Before the nonlinearity, {view.silent:.0%} of the values are "
                "below 0.",
                width=480,
            )
    with right:
        st.markdown(
            "**Which pixels affect the critic's score**",
            help="How much each pixel adds to the score compared with middle grey, to first order (gradient times input). Blue pixels "
            "raise the score, orange pixels lower it.",
        )
        effect = score_by_pixel(source.networks, z)
        live_image(
            images.png(coloured(effect[None])[0]),
            key="explore-effect",
            alt="How much each pixel of the image adds to the critic's score",
            caption=f"From {effect.min():.3g} to {effect.max():.3g} per pixel; the sum is {effect.sum():.3g}.",
            width=320,
        )


def coloured(maps: NDArray[np.float32]) -> images.Pixels:
    """Maps [n, h, w] as pictures [n, h, w, 3]: white at 0, blue above, orange below, strongest at the largest value; nan is grey."""
    largest = float(np.nanmax(np.abs(maps), initial=0)) or 1.0
    share = np.clip(np.nan_to_num(maps) / largest, -1, 1)[..., None]
    ends = np.where(share > 0, _POSITIVE, _NEGATIVE)
    pictures = 255 + np.abs(share) * (ends - 255)
    pictures[np.isnan(maps)] = 128
    return pictures.round().astype(np.uint8)
