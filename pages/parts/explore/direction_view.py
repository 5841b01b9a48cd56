"""Which directions of the latent space get a slider: found ones, and those that the user has named."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import streamlit as st

from pages.parts.explore import latent_state
from pages.parts.explore.latent_source import Source, run_data
from pages.shared.server import run_manager
from wgan_core.data.catalog import DATASETS
from wgan_core.data.dataset import DataError
from wgan_core.data.image_folder import folder_classes
from wgan_core.latent import directions
from wgan_core.latent.directions import Direction
from wgan_core.latent.saved import SavedNetworks
from wgan_core.measures.coverage import classifier_for, has_classes
from wgan_core.store.folder import RunFolder, StoreError, run_path

COUNT = 8
RANDOM = 4
_CHOSEN, _NAME, _PROBLEM = "explore.directions", "explore.direction-name", "explore.direction-problem"


def choose_directions(source: Source) -> tuple[Direction, ...]:
    """Draw the choice. Returns the directions chosen."""
    saved = _saved(source)
    names = [one.name for one in saved]
    most = min(COUNT, source.latent_dim)
    options = [
        *names,
        *(f"more {name}" for name in _class_names(source)),
        *(f"activations {number}" for number in range(1, min(most, directions.features(source.networks)) + 1)),
        *(f"images {number}" for number in range(1, most + 1)),
        *(f"random {number}" for number in range(1, RANDOM + 1)),
    ]
    # What another run knew, or a link, may not be here; what the latent has gone along, by undo or a link, has a slider.
    wanted = [*st.session_state.get(_CHOSEN, []), *latent_state.place().directions]
    st.session_state[_CHOSEN] = [name for name in dict.fromkeys(wanted) if name in options]
    st.multiselect(
        "Directions",
        options,
        key=_CHOSEN,
        on_change=_some_let_go,
        persist_state="session",
        width=360,
        placeholder="Add a slider for a direction",
        help="more …: from all others towards the images that a small classifier takes for that class. activations: principal components "
        "of what the generator's first layer passes on; images: of the images. Those that you have named come first.",
    )
    with st.popover("Name a direction", icon=":material/label:"):
        _naming(source, names)
    found = {name: _find(source, name, saved) for name in st.session_state[_CHOSEN]}
    for name, one in found.items():
        if one is None:
            st.caption(f":material/info: “{name}” is not to be had: {_why_not(name)}.")
    return tuple(one for one in found.values() if one is not None)


def _why_not(name: str) -> str:
    if name.startswith("more "):
        return "too few random images are taken for that class, or its direction is mostly chance"
    return "the images of this generator do not differ that way"


def _some_let_go() -> None:
    """A direction that loses its slider is not gone along any more."""
    here = latent_state.place()
    left = {name: amount for name, amount in here.directions.items() if name in st.session_state[_CHOSEN]}
    latent_state.go_to(replace(here, directions=left))


def _class_names(source: Source) -> tuple[str, ...]:
    """Of the run's data, where it has classes."""
    if source.dataset == "image-folder":
        return _folder_classes(_folder(source).config.data_root)
    return DATASETS[source.dataset].classes


@st.cache_data(max_entries=8, ttl=60, show_spinner=False)
def _folder_classes(folder: str) -> tuple[str, ...]:
    return folder_classes(folder)


def _saved(source: Source) -> tuple[Direction, ...]:
    try:
        return directions.saved_directions(_folder(source))
    except StoreError as error:
        st.error(str(error), icon=":material/error:")
        return ()


def _folder(source: Source) -> RunFolder:
    return RunFolder.open(run_path(run_manager().root, source.run_id))


def _find(source: Source, name: str, saved: tuple[Direction, ...]) -> Direction | None:
    for one in saved:
        if one.name == name:
            return one
    if name.startswith("more "):
        return next((one for one in _class_directions(source) if one.name == name), None)
    of, number = re.fullmatch(r"(\w+) (\d+)", name).groups()  # pyright: ignore[reportOptionalMemberAccess] # it is one of the options
    if of == "random":
        return directions.random_direction(source.latent_dim, int(number))
    return next((one for one in _principal(source.networks, source.key, of) if one.name == name), None)


@st.cache_resource(max_entries=8, show_spinner="Finding directions …")
def _principal(_networks: SavedNetworks, key: tuple[object, ...], of: str) -> tuple[Direction, ...]:
    return (directions.of_activations if of == "activations" else directions.of_images)(_networks, COUNT)


def _class_directions(source: Source) -> tuple[Direction, ...]:
    try:
        return _by_class(source.key, source)
    except DataError as error:
        st.warning(f"Directions of classes need the run's data: {error}", icon=":material/folder_off:")
        return ()


@st.cache_resource(max_entries=4, show_spinner="Teaching a small classifier the classes, once for each data set …")
def _by_class(key: tuple[object, ...], _source: Source) -> tuple[Direction, ...]:
    data = run_data(_source.run_id)
    if not has_classes(data):
        return ()
    classifier = classifier_for(data)
    return directions.of_classes(_source.networks, classifier.probabilities, classifier.class_names)


def _naming(source: Source, names: list[str]) -> None:
    st.caption("The way from the seed's latent to the current one becomes a direction with a name of yours, kept in the run's folder.")
    st.text_input("Name", key=_NAME, max_chars=directions.MAX_NAME_LENGTH)
    st.button("Save the way to here", icon=":material/save:", on_click=_save, args=(source,))
    if problem := st.session_state.pop(_PROBLEM, ""):
        st.error(problem, icon=":material/error:")
    for name in names:
        st.button(
            f"Delete “{name}”",
            key=f"explore.delete-{name}",
            icon=":material/delete:",
            type="tertiary",
            on_click=_delete,
            args=(source, name),
        )


def _save(source: Source) -> None:
    way = latent_state.current_latent(source.latent_dim) - latent_state.origin(source.latent_dim)
    length = float(np.linalg.norm(way))
    if not length:
        st.session_state[_PROBLEM] = "Nothing is moved away from the seed's latent yet, so there is no way to name."
        return
    name = str(st.session_state[_NAME])
    note = f"the way that you named, from {latent_state.origin_in_words(source.latent_dim)}"
    found = Direction(name, way / np.float32(length), length, note, source.step)
    try:
        directions.save_direction(_folder(source), replace(found, name=name.strip()))
    except StoreError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    st.session_state[_CHOSEN] = [*(one for one in st.session_state[_CHOSEN] if one != name.strip()), name.strip()]
    st.session_state[_NAME] = ""


def _delete(source: Source, name: str) -> None:
    try:
        directions.delete_direction(_folder(source), name)
    except StoreError as error:
        st.session_state[_PROBLEM] = str(error)
