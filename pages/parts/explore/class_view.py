"""Choosing what a generator that is told classes makes: one class, or a place on the way to another."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.components.live_image import live_image
from pages.parts.explore import latent_state
from pages.parts.explore.latent_source import MIX_HELP, Source, of_class
from pages.shared.text import inert
from wgan_core.data.classes import Classes
from wgan_core.figures import images

_FIRST, _SECOND, _RUN = "explore.class", "explore.class-to", "explore.class-run"
_STRIP = 9


def choose_class(source: Source) -> tuple[Source, Source]:
    """Draw the choice of one class or two. Returns the source as it makes what is chosen, and as it makes the first class alone; the source
    itself if it is told none."""
    classes = source.whole.classes
    if classes is None:
        return source, source
    _begin(source, classes)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first = st.selectbox(
            "Class",
            range(len(classes)),
            key=_FIRST,
            persist_state="session",
            width=220,
            format_func=classes.names.__getitem__,
            help="This generator is told which class to make, and the latent says the rest.",
        )
        others = (None, *(number for number in range(len(classes)) if number != first))
        if st.session_state.get(_SECOND) not in others:
            st.session_state[_SECOND] = None
        second = st.selectbox(
            "On the way to",
            others,
            key=_SECOND,
            persist_state="session",
            width=220,
            format_func=lambda number: "no other class" if number is None else classes.names[number],
            help=f"Adds a slider that leads from one class to the other. {MIX_HELP}",
        )
    alone = of_class(source, first, first, 0.0)
    return (alone if second is None else of_class(source, first, second, latent_state.place().mix)), alone


def _begin(source: Source, classes: Classes) -> None:
    """On the first visit, take the classes from the link; in another run, start with the first class."""
    if st.session_state.get(_RUN) == source.run_id:
        return
    names, params = list(classes.names), st.query_params
    asked = params.get("class", "") if params.get("run", source.run_id) == source.run_id else ""
    towards = params.get("to", "") if asked else ""
    st.session_state[_RUN] = source.run_id
    st.session_state[_FIRST] = names.index(asked) if asked in names else 0
    st.session_state[_SECOND] = names.index(towards) if towards in names else None
    for name in (asked, towards):
        if name and name not in names:
            st.warning(inert(f"This link names the class {name[:40]!r}, which this run does not have."), icon=":material/link_off:")


def class_to_params(source: Source) -> dict[str, str]:
    """The classes as parameters of a link."""
    if source.told is None:
        return {}
    names, told = source.told.classes.names, source.told
    return {"class": names[told.first]} | ({"to": names[told.second]} if told.second != told.first else {})


def show_way_between(source: Source) -> None:
    """Draw the same latent on the way from one class to the other, if two are chosen."""
    told = source.told
    if told is None or told.first == told.second or source.networks.makes_points:
        return
    z = latent_state.current_latent(source.latent_dim)[None]
    strip = [source.whole.of_class(told.weights(mix)).pixels(z)[0] for mix in np.linspace(0, 1, _STRIP)]
    live_image(
        images.png(images.tile(np.stack(strip), columns=_STRIP)),
        key="explore-classes",
        alt=f"{_STRIP} images of the same latent from {told.label}",
        caption=f"The same latent, {told.label}.",
        width=640,
    )
