"""Scatter plots of the points that a saved generator makes."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.components.live_chart import live_chart
from pages.parts.explore.latent_source import Source
from wgan_core.data import toy
from wgan_core.figures import training as figures
from wgan_core.latent.vectors import Latents

_HEIGHT_PX = 480
_CLOUD_SEED, _CLOUD = 12345, 1024


def show_landing(source: Source, z: Latents) -> None:
    """Show the point that the generator makes from the latent `z` [latent_dim], among the points of random latents."""
    here = source.networks.samples(z[None])
    words = f"The generator maps this latent to the point ({here[0, 0]:.3g}, {here[0, 1]:.3g})"
    show_points(source, key="explore-points", alt=f"{words}, among {_CLOUD} random points at step {source.step}", here=here)
    st.caption(f"{words}.")


def cloud(source: Source) -> tuple[toy.Points, toy.Points | None]:
    """The generator's points for random latents, and real points if their distribution is known, both [1024, 2]."""
    z = np.random.default_rng(_CLOUD_SEED).standard_normal((_CLOUD, source.latent_dim), dtype=np.float32)
    return source.networks.samples(z), toy.draw(source.dataset, _CLOUD, seed=0, stream=2) if source.dataset in toy.DISTRIBUTIONS else None


def show_points(source: Source, *, key: str, alt: str, here: toy.Points, path: toy.Points | None = None) -> None:
    """Plot `here` and `path`, both [n, 2], in front of generated points, and of real points if their distribution is known."""
    generated, real = cloud(source)
    figure = figures.scatter(generated, real, limit=toy.view_limit(source.dataset), path=path, here=here)
    live_chart(figure, key=key, alt=alt, height=_HEIGHT_PX, revision=source.run_id)
