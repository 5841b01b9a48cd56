"""Choosing which directions of the latent space get a slider: computed directions, and those that the user has saved."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import streamlit as st

from pages.parts.explore import latent_state
from pages.parts.explore.latent_source import Source
from pages.shared.people import note_who, refused, shuts
from pages.shared.problems import problem_text, show_problem
from pages.shared.run_data import run_data
from pages.shared.server import run_manager
from wgan_core.data.catalog import DATASETS
from wgan_core.data.dataset import DataError
from wgan_core.data.image_folder import classes_in
from wgan_core.latent import directions
from wgan_core.latent.directions import Direction
from wgan_core.latent.saved import SavedNetworks
from wgan_core.measures.coverage import classifier_for, has_classes
from wgan_core.store.folder import RunFolder, StoreError, run_path

COUNT = 8
RANDOM = 4
_CHOSEN, _NAME, _PROBLEM = "explore.directions", "explore.direction-name", "explore.direction-problem"


def choose_directions(source: Source) -> tuple[Direction, ...]:
    """Draw the choice and return the chosen directions."""
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
    # Directions from another run or a link may be missing here. Every direction that the latent was moved along gets a slider.
    wanted = [*st.session_state.get(_CHOSEN, []), *latent_state.place().directions]
    st.session_state[_CHOSEN] = [name for name in dict.fromkeys(wanted) if name in options]
    st.multiselect(
        "Directions",
        options,
        key=_CHOSEN,
        on_change=_drop_unselected_moves,
        persist_state="session",
        width=360,
        placeholder="Add a slider for a direction",
        help="A direction is a way to move from any latent so that the picture changes in one respect. Your own directions come first. "
        "more …: towards images that a small classifier recognises as that class. activations: the main directions (principal components) "
        "in which the outputs of the generator's first layer vary. images: the same for the images. random: for comparison.",
    )
    with st.popover("Save a direction", icon=":material/label:"):
        _naming(source, names)
    found = {name: _find(source, name, saved) for name in st.session_state[_CHOSEN]}
    for name, one in found.items():
        if one is None:
            st.caption(f":material/info: There is no direction “{name}”: {_why_not(name)}.")
    return tuple(one for one in found.values() if one is not None)


def _why_not(name: str) -> str:
    if name.startswith("more "):
        return "the classifier recognises too few random images as that class, or the direction found is mostly chance"
    return "the images of this generator do not vary in that many ways"


def _drop_unselected_moves() -> None:
    """When a direction loses its slider, undo the move along it."""
    here = latent_state.place()
    left = {name: amount for name, amount in here.directions.items() if name in st.session_state[_CHOSEN]}
    latent_state.go_to(replace(here, directions=left))


def _class_names(source: Source) -> tuple[str, ...]:
    """The classes of the run's data, if it has any."""
    if source.dataset == "image-folder":
        return _folder_classes(_folder(source).config.data_root)
    return DATASETS[source.dataset].classes


@st.cache_data(max_entries=8, ttl=60, show_spinner=False)
def _folder_classes(folder: str) -> tuple[str, ...]:
    return classes_in(folder)


def _saved(source: Source) -> tuple[Direction, ...]:
    try:
        return directions.saved_directions(_folder(source))
    except StoreError as error:
        show_problem(error)
        return ()


def _folder(source: Source) -> RunFolder:
    return RunFolder.open(run_path(run_manager().root, source.run_id))


def _find(source: Source, name: str, saved: tuple[Direction, ...]) -> Direction | None:
    for one in saved:
        if one.name == name:
            return one
    if name.startswith("more "):
        return next((one for one in _class_directions(source) if one.name == name), None)
    of, number = re.fullmatch(r"(\w+) (\d+)", name).groups()  # pyright: ignore[reportOptionalMemberAccess] # the name is one of the options, so it matches
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
        st.warning(f"Class directions need the run's data. {problem_text(error)}", icon=":material/folder_off:")
        return ()


@st.cache_resource(max_entries=4, show_spinner="Training a small classifier, once for each data set …")
def _by_class(key: tuple[object, ...], _source: Source) -> tuple[Direction, ...]:
    data = run_data(_source.run_id)
    if not has_classes(data):
        return ()
    classifier = classifier_for(data)
    return directions.of_classes(_source.networks, classifier.probabilities, classifier.class_names)


def _naming(source: Source, names: list[str]) -> None:
    st.caption("Save the move from the seed's latent to the current one as a direction. It is stored with the run.")
    st.text_input("Name", key=_NAME, max_chars=directions.MAX_NAME_LENGTH)
    st.button("Save direction", icon=":material/save:", on_click=_save, args=(source,), **shuts("save direction", source.run_id))
    if problem := st.session_state.pop(_PROBLEM, ""):
        show_problem(problem)
    for name in names:
        st.button(
            f"Delete “{name}”",
            key=f"explore.delete-{name}",
            icon=":material/delete:",
            type="tertiary",
            on_click=_delete,
            args=(source, name),
            **shuts("save direction", source.run_id),
        )


def _save(source: Source) -> None:
    if refused("save direction", source.run_id):
        return
    move = latent_state.current_latent(source.latent_dim) - latent_state.origin(source.latent_dim)
    length = float(np.linalg.norm(move))
    if not length:
        st.session_state[_PROBLEM] = "Move away from the seed's latent first. The direction leads from there to where you are."
        return
    name = str(st.session_state[_NAME])
    note = f"saved by you, starting from {latent_state.origin_in_words(source.latent_dim)}"
    found = Direction(name, move / np.float32(length), length, note, source.step)
    try:
        directions.save_direction(_folder(source), replace(found, name=name.strip()))
        note_who(source.run_id, "direction saved", name=name.strip())
    except StoreError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    st.session_state[_CHOSEN] = [*(one for one in st.session_state[_CHOSEN] if one != name.strip()), name.strip()]
    st.session_state[_NAME] = ""


def _delete(source: Source, name: str) -> None:
    if refused("save direction", source.run_id):
        return
    try:
        directions.delete_direction(_folder(source), name)
        note_who(source.run_id, "direction deleted", name=name)
    except StoreError as error:
        st.session_state[_PROBLEM] = str(error)
