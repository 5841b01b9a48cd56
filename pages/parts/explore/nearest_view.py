"""The training images nearest to what is shown."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.components.live_image import live_image
from pages.parts.explore import latent_state
from pages.parts.explore.latent_source import Source, run_data
from wgan_core.data.dataset import DataError, ImageDataset
from wgan_core.figures import images
from wgan_core.latent.neighbours import By, Neighbours

SHOWN = 8
TITLES: dict[By, str] = {"pixels": "by pixels", "critic": "by the critic's features"}
HELP: dict[By, str] = {
    "pixels": "Euclidean distance, with pixels in [-1, 1]. A blurred image lies near everything, so a small distance is not yet a copy.",
    "critic": "Euclidean distance of what the critic's last hidden layer passes on, in a unit of its own: only the comparison tells.",
}


def nearest(source: Source) -> None:
    """The section: of the current latent's image."""
    show_nearest(source, source.pixels(latent_state.current_latent(source.latent_dim)[None])[0], key="explore-nearest")


def show_nearest(source: Source, picture: images.Pixels, *, key: str) -> None:
    """The training images nearest to `picture` [h, w, c], with how far real images are from each other."""
    try:
        found = _neighbours(source.key, source)
    except DataError as error:
        st.info(f"Looking for training images needs the run's data: {error}", icon=":material/folder_off:")
        return
    query = np.ascontiguousarray(picture.transpose(2, 0, 1)[None])
    for by, title in TITLES.items():
        rows, distances = found.nearest(query, min(SHOWN, len(found)), by)
        scale = f"; real images are {found.typical(by):.3g} from their nearest other one" if len(found) > 1 else ""
        st.markdown(
            f"**Nearest training images, {title}**: {distances[0, 0]:.3g} away{scale}",
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
        raise DataError("they are no images.")
    return Neighbours(data, _source.networks.critic)
