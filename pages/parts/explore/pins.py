"""Latents that the user has pinned, to interpolate between. Links include the pins as long as they are few."""

from __future__ import annotations

import numpy as np
import streamlit as st

from pages.components.live_image import live_image
from pages.parts.explore.latent_source import Source
from wgan_core.figures import images
from wgan_core.latent.vectors import Latents, as_in_links, latents_from_link, latents_to_link

MAX_KEYS = 32
"""How many latents a path may lead through."""
MAX_NUMBERS_IN_LINK = 1280
"""How many numbers all pins together may have in a link. Longer addresses, over about 3,400 characters, are cut off in some places."""
THROUGH = "explore.path-seeds"
"""Session state key: the text that lists the latents on the path."""
DEFAULT_KEYS = "1, 2, 3"
_PINS, _RUN = "explore.pins", "explore.pins-run"


def pins(source: Source) -> list[Latents]:
    """The latents pinned for a run in this browser tab, at first those of the link that opened it."""
    kept: dict[str, list[Latents]] = st.session_state.setdefault(_PINS, {})
    if source.run_id not in kept:
        kept[source.run_id] = _from_link(source)
    return kept[source.run_id]


def _from_link(source: Source) -> list[Latents]:
    text = st.query_params.get("pins", "")
    if not text or st.query_params.get("run") != source.run_id:
        return []
    try:
        numbers = latents_from_link(text, MAX_NUMBERS_IN_LINK)
        return list(numbers.reshape(-1, source.latent_dim))
    except ValueError:
        st.warning("The pins in this link are incomplete or damaged, so they were ignored.", icon=":material/link_off:")
        return []


def pins_to_params(source: Source) -> dict[str, str]:
    """Link parameters: the pins, if they fit, and the latents on the path, unless the path needs pins that do not fit."""
    kept = pins(source)
    through = str(st.session_state.get(THROUGH, DEFAULT_KEYS))
    fit = 0 < len(kept) * source.latent_dim <= MAX_NUMBERS_IN_LINK
    params = {"pins": latents_to_link(np.concatenate(kept))} if fit else {}
    if through != DEFAULT_KEYS and (fit or "p" not in through.lower()):
        params["through"] = through
    return params


def reset_path_of_other_run(source: Source) -> None:
    """After another run was chosen: if the path leads through pins that this run lacks, go back to the default path."""
    if st.session_state.get(_RUN) not in (None, source.run_id) and not pins(source) and "p" in str(st.session_state[THROUGH]).lower():
        st.session_state[THROUGH] = DEFAULT_KEYS
    st.session_state[_RUN] = source.run_id


def pin(source: Source, z: Latents) -> None:
    """Pin a latent, rounded to 16 bits per number as in links, and add it to the path.

    The path through the default seeds is not one that the user made: from two pins on, the pins take its place.
    """
    kept = pins(source)
    if len(kept) >= MAX_KEYS:
        st.toast(f"{MAX_KEYS} latents are pinned, and a path cannot lead through more. Remove the pins first.", icon=":material/keep:")
        return
    kept.append(as_in_links(z))
    st.toast(f"Pinned as p{len(kept)}. See “Interpolate” below.", icon=":material/keep:")
    through = [word.strip() for word in str(st.session_state.get(THROUGH, DEFAULT_KEYS)).split(",") if word.strip()]
    if ", ".join(through) != DEFAULT_KEYS:
        st.session_state[THROUGH] = ", ".join([*through, f"p{len(kept)}"][-MAX_KEYS:])
    elif len(kept) >= 2:
        st.session_state[THROUGH] = ", ".join(f"p{number}" for number in range(1, len(kept) + 1))


def _unpin(source: Source) -> None:
    pins(source).clear()
    st.session_state[THROUGH] = DEFAULT_KEYS


def show_pins(source: Source, kept: list[Latents]) -> None:
    """Show the pinned latents as small pictures, with their names."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if not source.networks.makes_points:
            live_image(
                images.png(images.tile(source.pixels(np.stack(kept)), columns=len(kept))),
                key="explore-pins",
                alt=f"Images of {len(kept)} pinned latents",
                width=64 * len(kept),
            )
        names = "p1" if len(kept) == 1 else f"p1 to p{len(kept)}"
        one, several = "Pin another latent to interpolate between them.", "The path leads through the latents listed in “Through”."
        more = one if "p" not in str(st.session_state[THROUGH]).lower() else several
        if len(kept) * source.latent_dim > MAX_NUMBERS_IN_LINK:
            more += " They are too long for the page's address, so a link to this page leaves them out."
        st.caption(f"{len(kept)} pinned: {names}. {more}", width="content")
        st.button("Remove pins", on_click=_unpin, args=(source,), icon=":material/keep_off:", type="tertiary")
