"""The Explore page: move through the latent space of a generator that has been trained or is still training."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from pages.components.live_image import live_image
from pages.parts.explore import latent_state, path_view, pins
from pages.parts.explore.class_view import choose_class, class_to_params, show_way_between
from pages.parts.explore.direction_view import choose_directions
from pages.parts.explore.grid_view import grids
from pages.parts.explore.image_view import your_image
from pages.parts.explore.inside_view import inside
from pages.parts.explore.latent_explorer import PAGE, image_count, latent_explorer, reason_not_in_browser, send_generator, set_image_count
from pages.parts.explore.latent_source import MIX_HELP, Source, open_source
from pages.parts.explore.nearest_view import nearest
from pages.parts.explore.point_view import show_landing
from pages.parts.explore.source_choice import choose_source, training_now
from pages.parts.explore.time_view import open_run_if_asked, time_to_params
from pages.shared.film_form import film_form
from pages.shared.frame import within_frame
from pages.shared.page_address import address, write_address
from pages.shared.problems import problem_text, show_problem
from pages.shared.run_time import AT
from pages.shared.server import run_manager
from pages.shared.text import inert
from wgan_core.config.whole import whole_number
from wgan_core.figures import images
from wgan_core.latent.directions import diversity
from wgan_core.latent.place import Place, from_params
from wgan_core.latent.saved import SavedNetworks
from wgan_core.latent.vectors import Latents, latent_from_text, latent_to_text
from wgan_core.store.folder import StoreError

PICTURE_WIDTH_PX = 448
SECTIONS: dict[str, tuple[str, Callable[[Source], None]]] = {
    "way": ("Interpolate", path_view.interpolation),
    "grids": ("Grids", grids),
    "nearest": ("Nearest training images", nearest),
    "image": ("Your image", your_image),
    "inside": ("Inside the networks", inside),
}
_OWN_LINKED = "explore.own-linked"
_SECTION, _PASTED, _PASTE_PROBLEM = "explore.section", "explore.pasted", "explore.paste-problem"
_STAYS = """<style>
    @media (min-width: 1000px) {
        .stColumn:has(> * > .st-key-explore-stays), .stColumn:has(.st-key-explore-stays) {
            position: sticky; top: 4rem; align-self: flex-start; max-height: calc(100vh - 4.5rem); overflow-y: auto; padding: 3px;
        }
    }
    @media (max-width: 999px) {
        .stHorizontalBlock:has(> .stColumn .st-key-explore-stays) { flex-direction: column; }
        .stHorizontalBlock:has(> .stColumn .st-key-explore-stays) > .stColumn { width: 100%; }
    }
</style>"""  # on a wide page the picture stays in view beside the sections
MAX_DIMENSIONS = 1024  # the most that a latent may have; a run with fewer ignores the other dimensions in a link


def show_picture(source: Source) -> None:
    """Draw the image or point of the current latent, generated on the server."""
    z = latent_state.current_latent(source.latent_dim)
    if source.networks.makes_points:
        show_landing(source, z)
        return
    live_image(
        images.png(source.pixels(z[None])[0]),
        key="explore-picture",
        alt=f"Image generated from {latent_state.origin_in_words(source.latent_dim)} at step {source.step}",
        width=PICTURE_WIDTH_PX,
    )


def show_score(source: Source) -> None:
    """The critic's score of the current image or point, and buttons to download, pin, copy or paste its latent."""
    z = latent_state.current_latent(source.latent_dim)
    score, percentile = source.score(z)
    share = {0.0: "none", 1.0: "all"}.get(percentile, f"{percentile:.0%}")
    st.markdown(
        f"**Critic score {score:.4g}**: higher than {share} of 256 random {source.kind} from this generator",
        help="The critic scores how real a sample looks to it: the higher, the more real. The scores have no limits and no fixed zero, so "
        "only comparisons between scores of the same critic mean anything.",
    )
    name = f"{source.name}-seed{latent_state.current_seed()}"
    with st.container(horizontal=True):
        files = [
            ("Latent (.npy)", lambda: path_view.as_npy(z), "npy", "application/octet-stream"),
            ("Latent as text", lambda: latent_to_text(z), "json", "application/json"),
        ]
        if not source.networks.makes_points:
            files.insert(0, ("PNG", lambda: _as_png(source, z), "png", "image/png"))
        for label, make, suffix, mime in files:
            st.download_button(label, make, f"{name}.{suffix}", mime, icon=":material/download:", on_click="ignore")
        st.button("Pin for interpolation", icon=":material/keep:", on_click=pins.pin, args=(source, z))
        with st.popover("Film", icon=":material/movie:", key="explore.film", on_change="rerun"):
            st.markdown(f"How this {'point' if source.networks.makes_points else 'image'} came about: the same latent at every kept step.")
            latents = np.asarray(z, dtype=np.float32)[None]
            told = None if source.told is None else tuple(source.told.weights(source.told.mix).tolist())
            title = f"{source.run_id}, seed {latent_state.current_seed()}"
            film_form(source.run_id, title, key="explore-film-of-run", latents=latents, told=told)
        with st.popover("Copy or paste", icon=":material/content_paste:"):
            st.code(latent_to_text(z), language="json", wrap_lines=True, height=120)
            st.text_area("Paste a latent", key=_PASTED, placeholder="[0.1, -1.2, …]", height=100)
            st.button("Go to this latent", icon=":material/arrow_forward:", on_click=_paste, args=(source.latent_dim,))
            if problem := st.session_state.pop(_PASTE_PROBLEM, ""):
                show_problem(problem)


def _as_png(source: Source, z: Latents) -> bytes:
    pixels = source.pixels(z[None])[0]
    return images.png(images.enlarge(pixels, max(1, 512 // pixels.shape[0])))


def _paste(latent_dim: int) -> None:
    try:
        latent_state.start_from_own(latent_from_text(str(st.session_state[_PASTED]), latent_dim))
    except ValueError as error:
        st.session_state[_PASTE_PROBLEM] = str(error)


def show_controls(source: Source) -> None:
    """Draw the seed, undo, reset and history."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(
            "Seed",
            0,
            latent_state.MAX_SEED,
            step=1,
            key=latent_state.SEED,
            persist_state="session",
            on_change=latent_state.seed_changed,
            width=160,
            help="A latent z is the list of numbers from which the generator makes an image. Each seed stands for one random latent, z ~ "
            "N(0, I). The same seed gives the same latent in every run with the same number of dimensions.",
        )
        st.button("New random", icon=":material/casino:", on_click=latent_state.new_random, shortcut="N")
        st.button("Undo", icon=":material/undo:", on_click=latent_state.undo, disabled=not latent_state.can_undo(), shortcut="Mod+Z")
        st.button("Redo", icon=":material/redo:", on_click=latent_state.redo, disabled=not latent_state.can_redo(), shortcut="Mod+Shift+Z")
        st.button(
            "Reset",
            icon=":material/restart_alt:",
            on_click=latent_state.reset,
            disabled=latent_state.place() == Place(),
            help="Undo all moves and go back to the seed's latent.",
        )
        with st.popover("History", icon=":material/history:", disabled=not latent_state.can_undo()):
            st.caption("Earlier latents, the most recent first.")
            for back, words in enumerate(latent_state.history(source.latent_dim), 1):
                st.button(words, key=f"explore.back-{back}", type="tertiary", on_click=latent_state.undo, args=(back,))


def _choose_dimensions(source: Source) -> range:
    """Let the user choose which latent dimensions get a slider."""
    size = latent_state.DIMENSIONS_AT_A_TIME
    groups = list(range(0, source.latent_dim, size))
    first = groups[0]
    if len(groups) > 1:
        first = st.select_slider(
            f"Dimensions (of {source.latent_dim})",
            groups,
            key="explore.first",
            persist_state="session",
            width=260,
            format_func=lambda start: f"{start + 1}–{min(start + size, source.latent_dim)}",
        )
    return range(first, min(first + size, source.latent_dim))


def _show_moves(source: Source) -> None:
    if (psi := latent_state.place().truncation) != 1 and not source.networks.makes_points:
        share = _diversity(source.networks, source.key, psi)
        st.caption(f"At ψ = {psi:g}, random images from this generator differ from each other {share:.0%} as much as at ψ = 1.")
    if latent_state.own_latent(source.latent_dim) is not None:
        words = "Your own latent is used instead of the seed's. Choosing another seed discards it."
        if not latent_state.own_as_text(source.latent_dim):
            words += " It is too long for the page's address, so a link to this page starts from the seed's latent instead."
        st.caption(words)
    here = latent_state.place()
    moved = [f"z{dimension + 1}" for dimension in sorted(here.dimensions) if dimension < source.latent_dim]
    moved += [name for name, amount in here.directions.items() if amount]
    moved += ["the place on the plane"] if here.x or here.y else []
    if any(here.directions.values()) or here.truncation != 1:
        st.caption("The z sliders set the latent before directions and truncation are applied.")
    st.caption(
        "The sliders count in σ, the standard deviation of the noise that the generator was trained on. It has seen almost nothing beyond "
        "±3 σ. For a direction that you saved yourself, 1 × goes all the way to the latent where you saved it. BatchNorm uses its running "
        "statistics, so each latent always gives the same image. " + (f"Moved: {', '.join(moved)}." if moved else "Nothing moved yet.")
    )


@st.cache_data(max_entries=64, show_spinner=False)
def _diversity(_networks: SavedNetworks, key: tuple[object, ...], truncation: float) -> float:
    return diversity(_networks, truncation)


def _choose_where(source: Source) -> bool:
    """Whether the generator runs in the browser. It does so if it can, unless the user chooses the server."""
    if reason := reason_not_in_browser(source):
        st.caption(f":material/dns: The generator runs on the server. {problem_text(reason)}")
        return False
    where = st.segmented_control(
        "Where the generator runs",
        ("in the browser", "on the server"),
        key="explore.where",
        default="in the browser",
        required=True,
        persist_state="session",
        label_visibility="collapsed",
        help="In the browser, the picture changes while you drag. On the server, it changes when you release the mouse.",
    )
    return where == "in the browser"


@st.fragment
def latent_view(run_id: str, step: int, averaged: bool) -> None:
    """The latent, its picture and the sections below. A fragment, so that moving a slider reruns only this part of the page."""
    try:
        source = open_source(run_id, step, averaged=averaged)
    except StoreError as error:
        show_problem(error, icon=":material/broken_image:")
        return
    picture, beside = st.columns([5, 6], gap="large")
    with beside:
        show_controls(source)
        source, of_first = choose_class(source)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            dimensions = _choose_dimensions(source)
            directions = choose_directions(of_first) if not source.networks.makes_points else ()
            in_browser = _choose_where(source)
    if gone := latent_state.keep_known_moves(source.latent_dim, directions):
        st.toast(f"Removed, because this run does not have them: {', '.join(gone)}.", icon=":material/link_off:", duration="long")
    with picture, st.container(key="explore-stays"):
        st.html(_STAYS)
        if in_browser:
            latent_explorer(source, dimensions, directions, key="explore-latent")
        else:
            show_picture(source)
            way = source.told.label if source.told is not None and source.told.first != source.told.second else ""
            latent_state.show_sliders(dimensions, directions, source.latent_dim, way=way, mix_help=MIX_HELP)
    with beside:
        show_score(source)
        show_way_between(source)
        _section(source)
        _show_moves(source)
    _keep_in_link(source)


def _section(source: Source) -> None:
    """Draw one of the sections, so that only what is shown has to be computed."""
    if source.networks.makes_points:
        path_view.interpolation(source)
        return
    if _SECTION not in st.session_state:
        asked = st.query_params.get("view", "")
        st.session_state[_SECTION] = asked if asked in SECTIONS else "way"
    chosen = st.segmented_control(
        "Section",
        tuple(SECTIONS),
        key=_SECTION,
        required=True,
        persist_state="session",
        format_func=lambda name: SECTIONS[name][0],
        label_visibility="collapsed",
    )
    SECTIONS[chosen or "way"][1](source)


def _keep_in_link(source: Source) -> None:
    params = {"run": source.run_id, **time_to_params(source), "seed": str(latent_state.current_seed()), **latent_state.place().to_params()}
    if own := latent_state.own_as_text(source.latent_dim):
        params["latent"] = own
    params |= path_view.path_to_params(source) | class_to_params(source)
    if source.averages and not source.averaged:
        params["generator"] = "trained"
    if (count := image_count()) > 1:
        params["show"] = str(count)
    if (view := st.session_state.get(_SECTION, "way")) != "way":
        params["view"] = view
    st.session_state["explore.link"] = source.run_id
    write_address(params)


def _latent_from_link() -> None:
    """On the first visit, take the latent from the link. From then on the URL follows the page."""
    if latent_state.SEED in st.session_state:
        return
    seed = whole_number(asked_seed := st.query_params.get("seed", "0"), latent_state.MAX_SEED)
    st.session_state[latent_state.SEED] = seed or 0
    st.session_state["explore.seed-before"] = st.session_state[latent_state.SEED]
    path_view.path_from_params(st.query_params)
    plain = address().keys() <= {"run", "step", AT, "generator", "view", "class", "to"}  # names no latent
    set_image_count(whole_number(st.query_params.get("show", str(PAGE) if plain else ""), PAGE))
    found, problems = from_params(dict(st.query_params), MAX_DIMENSIONS)
    if seed is None:
        problems.append(f"This link names the seed {asked_seed[:40]!r}, which cannot be used. Seed 0 is used instead.")
    latent_state.start_at(found)
    try:
        if text := st.query_params.get("latent", ""):
            latent_state.own_from_text(text)
            st.session_state[_OWN_LINKED] = True
    except ValueError:
        problems.append("The latent in this link is incomplete or damaged. The seed's latent is used instead.")
    for problem in problems:
        st.warning(inert(problem), icon=":material/link_off:")


within_frame()
st.title("Explore")
open_run_if_asked()
_latent_from_link()
source = choose_source()
if source is not None:
    if st.session_state.pop(_OWN_LINKED, False) and latent_state.own_latent(source.latent_dim) is None:
        st.warning(
            "The latent in this link does not have as many numbers as this run needs. The seed's latent is used instead.",
            icon=":material/link_off:",
        )
    if (run := run_manager().get(source.run_id)) is not None and not run.snapshot.ended:
        training_now(source.run_id, source.steps[-1])
    send_generator(source, key="explore-generator")
    latent_view(source.run_id, source.step, source.averaged)
