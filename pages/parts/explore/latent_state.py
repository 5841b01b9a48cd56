"""The latent that the Explore page shows: a seed and the moves away from it, with undo and redo."""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st

from wgan_core.latent.place import REACH, DirectionLike, Place
from wgan_core.latent.plane import LIMIT
from wgan_core.latent.seeds import fixed_latents
from wgan_core.latent.vectors import Latents, as_in_links, latents_from_link, latents_to_link

DIMENSIONS_AT_A_TIME = 8
MAX_SEED = 2**31 - 1
SEED = "explore.seed"
_PLACE, _VERSION, _PAST, _FUTURE = "explore.place", "explore.version", "explore.past", "explore.future"
_OWN, _KNOWN = "explore.own", "explore.known"
MAX_UNDO_STEPS = 100
MAX_NUMBERS_IN_LINK = 256  # numbers in a latent: more would make the address longer than 700 characters


@dataclass(frozen=True)
class _Moment:
    """A state that undo can return to."""

    seed: int
    place: Place
    own: Latents | None


def seed_latent(seed: int, latent_dim: int) -> Latents:
    """The latent of a seed. It is the same as the first latent of a sample grid with that seed."""
    return fixed_latents(seed, 1, latent_dim)[0].numpy()


def origin(latent_dim: int) -> Latents:
    """The latent that the moves start from, [latent_dim]: the seed's, or the user's own latent, pasted or found for an image."""
    own = own_latent(latent_dim)
    return own if own is not None else seed_latent(current_seed(), latent_dim)


def own_latent(latent_dim: int) -> Latents | None:
    """The user's own latent, if there is one with `latent_dim` numbers. It replaces the seed's."""
    own: Latents | None = st.session_state.get(_OWN)
    return own if own is not None and len(own) == latent_dim else None


def start_from_own(z: Latents) -> None:
    """Start from the user's own latent. It is rounded to 16 bits per number, as in links."""
    _remember()
    st.session_state[_OWN] = as_in_links(z)
    st.session_state[_PLACE] = Place()
    st.session_state[_VERSION] = version() + 1


def own_as_text(latent_dim: int) -> str:
    """The user's own latent as text for links; "" if there is none or if it is too long for a link."""
    own = own_latent(latent_dim)
    if own is None or latent_dim > MAX_NUMBERS_IN_LINK:
        return ""
    return latents_to_link(own)


def own_from_text(text: str) -> None:
    """Take over the latent of a link. Raises ValueError if the text is not a latent."""
    st.session_state[_OWN] = latents_from_link(text, MAX_NUMBERS_IN_LINK)


def plane_name(seed: int) -> int:
    """The 32-bit name of the plane around a seed's latent."""
    return zlib.crc32(f"seed {seed}".encode())


def plane(latent_dim: int) -> int:
    """The 32-bit name of the plane around the origin."""
    own = own_latent(latent_dim)
    return zlib.crc32(own.tobytes()) if own is not None else plane_name(current_seed())


def origin_in_words(latent_dim: int) -> str:
    """Where the moves start, in words."""
    return "your own latent" if own_latent(latent_dim) is not None else f"seed {current_seed()}"


def slider_key(dimension: int) -> str:
    """The session state key of the server-side slider of one latent dimension."""
    return f"explore.z{dimension}"


def current_latent(latent_dim: int) -> Latents:
    """The latent on show, [latent_dim]."""
    return place().latent(origin(latent_dim), plane(latent_dim), st.session_state.get(_KNOWN))


def current_seed() -> int:
    """The seed on show."""
    return int(st.session_state.get(SEED) or 0)


def place() -> Place:
    """The moves away from the origin."""
    return st.session_state.setdefault(_PLACE, Place())


def version() -> int:
    """A counter that grows whenever the server moves the latent, which tells the browser's controls to follow."""
    return st.session_state.setdefault(_VERSION, 0)


def go_to(new: Place, *, from_browser: bool = False) -> None:
    """Move the latent. Each call is one step for undo."""
    if new == place():
        return
    _remember()
    st.session_state[_PLACE] = new
    if not from_browser:
        st.session_state[_VERSION] = version() + 1


def start_at(new: Place) -> None:
    """Start at `new`, with an empty undo history."""
    st.session_state[_PLACE] = new
    st.session_state[_VERSION] = version() + 1
    st.session_state[_PAST], st.session_state[_FUTURE] = [], []


def reset() -> None:
    """Undo all moves."""
    go_to(Place())


def seed_changed() -> None:
    """Go to the seed that was chosen and discard all moves away from the old one."""
    before = st.session_state.get("explore.seed-before", 0)
    if before != current_seed():
        _remember(before)
        st.session_state["explore.seed-before"] = current_seed()
    st.session_state[_PLACE] = Place()
    st.session_state[_OWN] = None
    st.session_state[_VERSION] = version() + 1


def seeds_from_current(count: int) -> list[int]:
    """The current seed and those after it. After the largest seed comes 0."""
    return [(current_seed() + number) % (MAX_SEED + 1) for number in range(count)]


def choose_seed(seed: int) -> None:
    """Go to another seed, with the same moves away from it."""
    _remember()
    st.session_state[_OWN] = None
    st.session_state[SEED] = st.session_state["explore.seed-before"] = seed
    st.session_state[_VERSION] = version() + 1


def new_random() -> None:
    """Go to a random seed."""
    st.session_state["explore.seed-before"] = current_seed()
    st.session_state[SEED] = secrets.randbelow(100_000)
    seed_changed()


def _remember(seed: int | None = None) -> None:
    past = st.session_state.setdefault(_PAST, [])
    past.append(_Moment(current_seed() if seed is None else seed, place(), st.session_state.get(_OWN)))
    del past[:-MAX_UNDO_STEPS]
    st.session_state[_FUTURE] = []


def can_undo() -> bool:
    """Whether there is anything to undo."""
    return bool(st.session_state.get(_PAST))


def can_redo() -> bool:
    """Whether there is anything to redo."""
    return bool(st.session_state.get(_FUTURE))


def undo(steps: int = 1) -> None:
    """Go back by this many moves."""
    for _ in range(steps):
        _step(_PAST, _FUTURE)


def history(latent_dim: int, most: int = 12) -> list[str]:
    """The states that `undo` can return to, in words, the most recent first."""
    return [_in_words(moment, latent_dim) for moment in reversed(st.session_state.get(_PAST, [])[-most:])]


def _in_words(moment: _Moment, latent_dim: int) -> str:
    own = moment.own is not None and len(moment.own) == latent_dim
    parts = ["your own latent" if own else f"seed {moment.seed}"]
    names = {"xy": "at", "z": "z", "d": "along", "psi": "ψ", "mix": "between classes"}
    parts += [f"{names[name]} {text}" for name, text in moment.place.to_params().items()]
    return " · ".join(part[:40] for part in parts)


def redo() -> None:
    """Redo the move that was undone last."""
    _step(_FUTURE, _PAST)


def _step(source: str, target: str) -> None:
    if not st.session_state.get(source):
        return
    moment = st.session_state[source].pop()
    st.session_state.setdefault(target, []).append(_Moment(current_seed(), place(), st.session_state.get(_OWN)))
    st.session_state[SEED] = st.session_state["explore.seed-before"] = moment.seed
    st.session_state[_PLACE], st.session_state[_OWN] = moment.place, moment.own
    st.session_state[_VERSION] = version() + 1


def keep_known_moves(latent_dim: int, directions: Sequence[DirectionLike]) -> list[str]:
    """Set which directions have sliders. Removes moves along other directions, and along dimensions that the generator lacks, and returns
    their names."""
    st.session_state[_KNOWN] = {one.name: one for one in directions}
    here, known = place(), st.session_state[_KNOWN]
    lacking = {dimension for dimension in here.dimensions if dimension >= latent_dim}
    gone = [*(f"z{dimension + 1}" for dimension in sorted(lacking)), *(name for name in here.directions if name not in known)]
    if gone:
        left = {dimension: value for dimension, value in here.dimensions.items() if dimension not in lacking}
        kept = {name: amount for name, amount in here.directions.items() if name in known}
        st.session_state[_PLACE] = replace(here, dimensions=left, directions=kept)
        st.session_state[_VERSION] = version() + 1
    return gone


def show_sliders(
    dimensions: Sequence[int], directions: Sequence[DirectionLike], latent_dim: int, *, way: str = "", mix_help: str = ""
) -> None:
    """Draw Streamlit widgets that do the same as the browser's pad and sliders. They take effect when they are released. way: between which
    classes the latent can be moved; empty: none."""
    here = place()
    z = here.before(origin(latent_dim), plane(latent_dim))
    with st.container(horizontal=True):
        for axis in ("x", "y"):
            key = f"explore.{axis}"
            st.session_state[key] = float(getattr(here, axis))
            st.number_input(
                f"{axis} on the plane",
                float(-LIMIT),
                float(LIMIT),
                step=0.1,
                format="%.2f",
                key=key,
                on_change=_take,
                args=(key, lambda value, axis=axis: replace(place(), **{axis: value})),
                width=180,
                help="Each place on this endless plane is another latent. Places near each other give similar images.",
            )
    if way:
        key = "explore.mix"
        st.session_state[key] = here.mix
        change = (key, lambda value: replace(place(), mix=value))
        st.slider(way, 0.0, 1.0, step=0.01, key=key, on_change=_take, args=change, help=mix_help)
    columns = st.columns(2, gap="medium")
    sliders = [
        *(
            (slider_key(each), f"z{each + 1}", float(z[each]), "σ", lambda value, each=each: _with_dimension(each, value))
            for each in dimensions
        ),
        *(
            (
                f"explore.d-{one.name}",
                one.name,
                here.directions.get(one.name, 0.0),
                one.unit,
                lambda value, one=one: _along(one.name, value),
            )
            for one in directions
        ),
    ]
    for index, (key, label, value, unit, change) in enumerate(sliders):
        st.session_state[key] = float(np.clip(value, -REACH, REACH))
        with columns[index % 2]:
            st.slider(label, -REACH, REACH, step=0.01, format=f"%.2f {unit}", key=key, on_change=_take, args=(key, change))
    key = "explore.psi"
    st.session_state[key] = here.truncation
    st.slider(
        "Truncation ψ",
        0.0,
        1.0,
        step=0.01,
        key=key,
        on_change=_take,
        args=(key, lambda value: replace(place(), truncation=value)),
        help="Multiplies the latent by ψ. A smaller ψ gives more typical but less varied images.",
    )


def _take(key: str, change: Callable[[float], Place]) -> None:
    go_to(change(float(st.session_state[key])))


def _with_dimension(dimension: int, value: float) -> Place:
    return replace(place(), dimensions={**place().dimensions, dimension: value})


def _along(name: str, amount: float) -> Place:
    return replace(place(), directions={**place().directions, name: amount})
