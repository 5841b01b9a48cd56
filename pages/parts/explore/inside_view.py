"""Inside the networks: what the generator's layers hold for the current latent, and which pixels move the critic's score."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.components.live_image import live_image
from pages.parts.explore import latent_state
from pages.parts.explore.latent_source import Source
from wgan_core.figures import images
from wgan_core.latent.inside import layer_views, score_by_pixel

MOST_MAPS = 32
_POSITIVE, _NEGATIVE = np.array([59, 130, 214]), np.array([224, 122, 31])


def inside(source: Source) -> None:
    """The section."""
    z = latent_state.current_latent(source.latent_dim)
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.markdown(
            "**The generator, layer by layer**",
            help="What each layer passes on for this latent, after its nonlinearity: blue above 0, orange below, white 0; each layer has a "
            "scale of its own. Fully connected layers have no picture: their units are laid out row by row.",
        )
        for number, view in enumerate(layer_views(source.networks, z)):
            maps = view.maps[:MOST_MAPS]
            shown = f", the first {MOST_MAPS} shown" if len(maps) < len(view.maps) else ""
            live_image(
                images.png(images.tile(coloured(maps), columns=8 if len(maps) > 1 else 1)),
                key=f"explore-layer-{number}",
                alt=f"Activations of {view.name}",
                caption=f"{view.name}{shown}; {view.silent:.0%} of all are below 0 before the nonlinearity.",
                width=480,
            )
    with right:
        st.markdown(
            "**What moves the critic's score**",
            help="Gradient times input: what each pixel adds to the score, to first order, compared with middle grey. Blue raises the "
            "score, orange lowers it.",
        )
        effect = score_by_pixel(source.networks, z)
        live_image(
            images.png(coloured(effect[None])[0]),
            key="explore-effect",
            alt="How much each pixel of the image adds to the critic's score",
            caption=f"From {effect.min():.3g} to {effect.max():.3g}; all together {effect.sum():.3g}.",
            width=320,
        )


def coloured(maps: NDArray[np.float32]) -> images.Pixels:
    """Maps [n, h, w] as pictures [n, h, w, 3]: white at 0, blue above, orange below, full at the largest of all; nan is grey."""
    largest = float(np.nanmax(np.abs(maps), initial=0)) or 1.0
    share = np.clip(np.nan_to_num(maps) / largest, -1, 1)[..., None]
    ends = np.where(share > 0, _POSITIVE, _NEGATIVE)
    pictures = 255 + np.abs(share) * (ends - 255)
    pictures[np.isnan(maps)] = 128
    return pictures.round().astype(np.uint8)
