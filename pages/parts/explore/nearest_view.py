"""The training images nearest to the image on show."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.components.live_image import live_image
from pages.parts.explore import latent_state
from pages.parts.explore.latent_source import Source
from pages.shared.problems import problem_text
from pages.shared.run_data import run_data
from wgan_core.data.dataset import DataError, ImageDataset
from wgan_core.figures import images
from wgan_core.latent.neighbours import By, Neighbours

SHOWN = 8
TITLES: dict[By, str] = {"pixels": "by pixels", "critic": "by the critic's features"}
HELP: dict[By, str] = {
    "pixels": "Euclidean distance between the pixel values, which are in [-1, 1]. A blurred image is near everything, so a small distance "
    "alone does not show that an image is copied.",
    "critic": "Euclidean distance between the outputs of the critic's last hidden layer. It has no fixed unit, so only comparisons mean "
    "anything.",
}


def nearest(source: Source) -> None:
    """Draw the section “Nearest training images”, for the image of the current latent."""
    show_nearest(source, source.pixels(latent_state.current_latent(source.latent_dim)[None])[0], key="explore-nearest")


def show_nearest(source: Source, picture: images.Pixels, *, key: str) -> None:
    """Draw the training images nearest to `picture` [h, w, c], and say how far real images are from each other."""
    try:
        found = _neighbours(source.key_of_step, source)
    except DataError as error:
        st.info(f"Finding training images needs the run's data. {problem_text(error)}", icon=":material/folder_off:")
        return
    query = np.ascontiguousarray(picture.transpose(2, 0, 1)[None])
    for by, title in TITLES.items():
        rows, distances = found.nearest(query, min(SHOWN, len(found)), by)
        scale = f". Real images are typically {found.typical(by):.3g} away from the nearest other real image" if len(found) > 1 else ""
        st.markdown(
            f"**Nearest training images, {title}**: the nearest is {distances[0, 0]:.3g} away{scale}.",
            help=HELP[by],
        )
        live_image(
            images.png(images.tile(found.pictures(rows[0]), columns=SHOWN)),
            key=f"{key}-{by}",
            alt=f"The {len(rows[0])} training images nearest {title}",
            caption="Distances: " + ", ".join(f"{distance:.3g}" for distance in distances[0]) + ".",
            width=640,
        )


@st.cache_resource(max_entries=3, show_spinner="Loading the run's data …")
def _neighbours(key: tuple[object, ...], _source: Source) -> Neighbours:
    data = run_data(_source.run_id)
    if not isinstance(data, ImageDataset):
        raise DataError("They are not images.")
    return Neighbours(data, _source.networks.critic)
