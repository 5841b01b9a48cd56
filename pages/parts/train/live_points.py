"""The points of a run while it trains, as a scatter plot."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.components.live_chart import live_chart
from wgan_core.data import toy
from wgan_core.figures import training as figures
from wgan_core.runs.messages import Pictures

_HEIGHT_PX = 600


def live_points(run_id: str, dataset: str, pictures: Pictures, *, key: str = "chart-points", caption: str = "") -> None:
    """Draw generated points in front of real ones. The axes always have the same range."""
    figure = figures.scatter(pictures.samples.astype(np.float32), pictures.real.astype(np.float32), limit=toy.view_limit(dataset))
    words = f"{len(pictures.samples)} generated points from fixed latents at step {pictures.step}, and {len(pictures.real)} real ones"
    live_chart(figure, key=key, alt=words, height=_HEIGHT_PX, revision=run_id)
    words = caption or f"Generated points at step {pictures.step:,}, from the same {len(pictures.samples)} latents at every step"
    st.caption(f"{words}, in front of real ones.")
