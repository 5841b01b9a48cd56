"""The latent that the Explore page shows: a seed, and the dimensions that were moved away from what the seed gave."""

from __future__ import annotations

import secrets

import numpy as np
import streamlit as st

from wgan_core.latent import Latents
from wgan_core.recorder import fixed_latents

DIMENSIONS_AT_A_TIME = 8
RANGE = 3.0
MAX_SEED = 2**31 - 1


def seed_latent(seed: int, latent_dim: int) -> Latents:
    """The latent of one seed; the same that a sample grid of that seed begins with."""
    return fixed_latents(seed, 1, latent_dim)[0].numpy()


def slider_key(dimension: int) -> str:
    """Session state key of the slider of one latent dimension."""
    return f"explore.z{dimension}"


def current_latent(latent_dim: int) -> Latents:
    """The latent on show, [latent_dim]."""
    z = seed_latent(current_seed(), latent_dim).copy()
    for dimension, value in moved().items():
        if dimension < latent_dim:
            z[dimension] = value
    return z


def current_seed() -> int:
    """The seed on show."""
    return int(st.session_state.get("explore.seed") or 0)


def moved() -> dict[int, float]:
    """Dimensions that were moved, and where to."""
    return st.session_state.setdefault("explore.moved", {})


def reset() -> None:
    """Back to what the seed gives."""
    st.session_state["explore.moved"] = {}


def new_random() -> None:
    """Another seed."""
    st.session_state["explore.seed"] = secrets.randbelow(100_000)
    reset()


def move(dimension: int) -> None:
    """Take over the slider of `dimension`."""
    moved()[dimension] = float(st.session_state[slider_key(dimension)])


def show_sliders(first: int, latent_dim: int) -> None:
    """Sliders for a handful of dimensions, in standard deviations of N(0, 1)."""
    z = current_latent(latent_dim)
    columns = st.columns(2, gap="medium")
    for index, dimension in enumerate(range(first, min(first + DIMENSIONS_AT_A_TIME, latent_dim))):
        st.session_state[slider_key(dimension)] = float(np.clip(z[dimension], -RANGE, RANGE))
        with columns[index % 2]:
            st.slider(
                f"z{dimension + 1}",
                -RANGE,
                RANGE,
                step=0.01,
                format="%.2f σ",
                key=slider_key(dimension),
                on_change=move,
                args=(dimension,),
            )
