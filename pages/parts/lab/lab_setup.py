"""The laboratory's settings: an experiment to start from, the data, both networks, the training, a second WGAN. The URL holds them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.parts.lab.drawing_pad import drawing_pad
from pages.shared import data_place, settings
from pages.shared.cards import card, card_style
from pages.shared.lab_pictures import lab_picture
from pages.shared.page_address import address, write_address
from pages.shared.people import allowed, refused, shuts
from pages.shared.point_upload import point_upload, show_file_check
from pages.shared.problems import problem_text, show_problem
from pages.shared.text import inert
from wgan_core.config import ConfigError, TrainConfig, steered_by
from wgan_core.data.catalog import DATASETS
from wgan_core.data.dataset import DataError
from wgan_core.data.uploads import DRAWN, keep_drawing, place_of
from wgan_core.lab import drawing
from wgan_core.lab.laboratory import Laboratory
from wgan_core.lab.setup import EXPERIMENTS, FIELDS, TWIN_FIELDS, check, needs_restart, twin_of

SCOPE, TWIN = "lab", "lab-twin"
EXPERIMENT, TWO, SOURCE, DRAWING, LINK = "lab-experiment", "lab-two", "lab-source", "lab-drawing", "lab-link"
LABORATORY = "lab-laboratory"
_ASKED = "lab-drawing-asked"
"""Session state key: the drawing came by a link, and nobody has said yet that it is to be used."""
WHO, PACE = "lab-who", "lab-pace"
"""Session state keys: which networks are trained, and how fast."""
_OPEN = "lab-experiments-open"
_LAYOUT = """<style>
    .st-key-lab-experiments .stImage img { image-rendering: auto; }
    .st-key-lab-experiments button { padding: 0; border: 0; min-height: 0; background: none; text-align: left; }
    .st-key-lab-experiments [class*="st-key-card-"] { padding: 0.4rem; }
    /* The name stands beside the picture only where its longest words have room there. */
    @media (min-width: 1000px) and (max-width: 1439.9px) {
        .st-key-lab-experiments [class*="st-key-card-"] > :has(.stImage) { width: 4.5rem; }
    }
    @media (min-width: 1440px) {
        .st-key-lab-experiments [class*="st-key-card-"] { flex-direction: row; align-items: center; }
        .st-key-lab-experiments [class*="st-key-card-"] > :has(.stImage) { flex: 0 0 3.5rem; width: 3.5rem; }
    }
    .st-key-lab-experiments button p { font-size: 0.8rem; line-height: 1.3; }
    .st-key-lab-experiments [class*="st-key-card-chosen"] { border: 2px solid var(--focus); }
    @media (max-width: 640px) {  /* on a phone, the picture comes before everything that can be set */
        .stVerticalBlock > :is(.st-key-lab-popovers, .st-key-lab-experiments, .st-key-lab-note, .st-key-lab-knobs),
        .stVerticalBlock > :has(> :is(.st-key-lab-popovers, .st-key-lab-experiments, .st-key-lab-note, .st-key-lab-knobs)) { order: 1; }
    }
</style>"""
_SOURCES = (*(name for name, info in DATASETS.items() if info.kind == "points"), "drawn")
_NETWORKS = ("generator_widths", "latent_dim", "generator_norm", "critic_widths", "critic_norm", "leaky_slope")
_RECIPE = ("objective", "lipschitz", "optimizer", "adam_beta1", "adam_beta2", "batch_size", "seed")
_TWIN_PREFIX = "b."
_PURPOSE = (
    "A WGAN that is small enough to see everything. The generator makes points in the plane. You can see how the critic scores every "
    "place, in which direction it pushes the generated points, and how far they are from the real ones."
)


def set_up() -> Laboratory | None:
    """Draw the settings and return the laboratory that they describe. While they cannot be used, the current laboratory is kept; None if
    there is none yet."""
    _take_over_link()
    data_place.offer(settings.widget_key(SCOPE, "data_root"))
    values: dict[str, Any] = {}
    card_style()
    st.html(_LAYOUT)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title("Laboratory", width="content", help=_PURPOSE, anchor=False)
    with st.container(horizontal=True, key="lab-popovers"):
        with st.popover("Points", icon=":material/scatter_plot:"):
            values |= _data()
        with st.popover("Networks", icon=":material/lan:"):
            values |= {name: settings.setting_widget(SCOPE, name, badge="restarts") for name in _NETWORKS}
        with st.popover("Training", icon=":material/tune:"):
            values |= {name: settings.setting_widget(SCOPE, name, badge="restarts") for name in _RECIPE}
        with st.popover("Second WGAN", icon=":material/compare:"):
            twin = _second()
    _experiments()
    with st.container(key="lab-note"):
        note = st.empty()
    values |= _live_settings()
    # Settings of the methods that are not chosen, in case the user goes back to them.
    values |= {name: st.session_state[settings.widget_key(SCOPE, name)] for name in FIELDS if name not in values}
    _write_link(values, twin)
    # All messages are in one container, so that the elements below keep their position whatever it shows.
    with note.container():
        laboratory = _laboratory(_configs(values, twin))
        _show_experiment_note()
    return laboratory


def _experiments() -> None:
    """The experiments as cards, the chosen one marked. They fold when one is chosen, so that the picture comes into view."""
    current = st.session_state[EXPERIMENT]
    with (
        st.container(key="lab-experiments"),
        st.expander(f"Experiments: {EXPERIMENTS[current].title}", icon=":material/experiment:", key=_OPEN, on_change="rerun"),
        st.grid(len(EXPERIMENTS), min_column_width=76, gap="xsmall", wrap=False),
    ):
        for name, chosen in EXPERIMENTS.items():
            key = f"{'chosen' if name == current else 'lab'}-{name}"
            with card(key, lab_picture(name, st.context.theme.type), "Its points on the critic's landscape after 2,000 updates"):
                st.button(
                    chosen.title,
                    key=f"lab-choose-{name}",
                    type="tertiary",
                    on_click=_experiment_chosen,
                    args=(name,),
                )


def _show_experiment_note() -> None:
    """Show the experiment's note. It applies to the experiment's own settings only."""
    chosen = EXPERIMENTS[st.session_state[EXPERIMENT]]
    if len(st.session_state[LINK]) == 1:  # the link holds only the experiment's name
        st.caption(chosen.note)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"You have changed the settings of “{chosen.title}”.", width="content")
        st.button("Reset to the experiment", on_click=_put, args=(st.session_state[EXPERIMENT],), type="tertiary", icon=":material/undo:")


def _data() -> dict[str, Any]:
    source = st.selectbox(
        "Real points",
        _SOURCES,
        key=SOURCE,
        persist_state="session",
        help="What the generator learns to imitate. Another choice restarts the training.",
        format_func=_source_title,
    )
    if source == "drawn":
        return {"dataset": "csv", "data_root": _drawn()}
    if source == "csv":
        key = settings.widget_key(SCOPE, "data_root")
        point_upload(key)
        file = settings.setting_widget(SCOPE, "data_root", badge="restarts")
        data_place.trust(file)
        show_file_check(file)
        return {"dataset": "csv", "data_root": file}
    st.caption(DATASETS[source].description)
    return {"dataset": source, "data_root": ""}


def _source_title(name: str) -> str:
    return "Drawn by you" if name == "drawn" else DATASETS[name].title


def _drawn() -> str | None:
    """The file that holds the drawing, or None if nothing has been drawn."""
    st.caption("Draw where the real points should be, then press “Train on these points”. The drawing is scaled to fill the picture.")
    sent = drawing_pad(st.session_state.get(DRAWING, ""), key="lab-pad")
    if sent is not None:
        st.session_state[DRAWING] = sent
        st.session_state.pop(_ASKED, None)
    if not (text := st.session_state.get(DRAWING)):
        return None
    try:
        content = drawing.to_csv(drawing.from_text(text))
        place = place_of(DRAWN, content, ".csv")
        if not place.exists() and (st.session_state.get(_ASKED) or not allowed("experiment")):
            return None  # a link makes no file by itself, nor does who may only look on
        return str(keep_drawing(content))
    except DataError as error:
        st.session_state.pop(DRAWING, None)
        show_problem(error)
        return None


def _second() -> dict[str, Any] | None:
    """The settings of the second WGAN, or None if there is only one."""
    two = st.toggle(
        "Two WGANs side by side · restarts",
        key=TWO,
        persist_state="session",
        help="The second WGAN gets the same real points, starts from the same generator and is updated at the same time. Only its critic "
        "differs, in the settings below.",
    )
    if not two:
        return None
    method = st.session_state[settings.widget_key(TWIN, "lipschitz")]
    shown = ("objective", "lipschitz", *steered_by(method), "critic_widths", "critic_lr", "optimizer")
    values = {name: settings.setting_widget(TWIN, name, badge="restarts") for name in shown}
    return values | {name: st.session_state[settings.widget_key(TWIN, name)] for name in TWIN_FIELDS if name not in values}


def _live_settings() -> dict[str, Any]:
    """The settings that may change while the networks train, in a row of their own."""
    method = st.session_state[settings.widget_key(SCOPE, "lipschitz")]
    names = (*steered_by(method), "n_critic", "critic_lr", "generator_lr")
    values: dict[str, Any] = {}
    with st.container(key="lab-knobs"), st.grid(4, min_column_width=150):
        for name in names:
            with st.container():
                values[name] = settings.setting_widget(SCOPE, name)
    return values


# Reading and writing the URL.


def _experiment_chosen(name: str) -> None:
    _put(name)
    st.session_state[_OPEN] = False


def _put(name: str, config: TrainConfig | None = None, twin: Mapping[str, Any] | None = None) -> None:
    """Make the widgets show an experiment. A config or second WGAN that is given replaces the experiment's own."""
    chosen = EXPERIMENTS[name]
    config = config or chosen.config
    twin = chosen.twin if twin is None else twin
    st.session_state[EXPERIMENT] = name
    st.session_state[TWO] = twin is not None
    settings.fill_widgets(SCOPE, config, FIELDS)
    settings.fill_widgets(TWIN, _second_config(config, twin), TWIN_FIELDS)
    st.session_state[SOURCE] = config.dataset
    st.session_state[WHO], st.session_state[PACE] = chosen.who, chosen.pace


def _second_config(config: TrainConfig, twin: Mapping[str, Any] | None) -> TrainConfig:
    """`config` with the changes of `twin`, or with default changes if those do not work with `config`."""
    try:
        return config.replace(**(twin or _default_second(config)))
    except ConfigError:
        return config.replace(**_default_second(config))


def _default_second(config: TrainConfig) -> dict[str, Any]:
    """Default changes for the second WGAN, so that the comparison is interesting when it is switched on."""
    other = (
        {"lipschitz": "gradient-penalty", "optimizer": "adam"}
        if config.lipschitz == "clip"
        else {"lipschitz": "clip", "optimizer": "rmsprop"}
    )
    try:
        config.replace(**other)
    except ConfigError:  # a shared setting rules this method out, such as BatchNorm in the critic with the penalty
        return {"clip_value": config.clip_value / 2}
    return other


def _take_over_link() -> None:
    """Fill the widgets from the URL if it has changed, or from the first experiment on the first visit."""
    params = address()
    known = st.session_state.get(LINK)
    if known is not None and (not params or params == known):
        return
    if known is None:
        st.session_state[_OPEN] = not params
    name, problems = params.get("experiment", next(iter(EXPERIMENTS))), list[str]()
    if name not in EXPERIMENTS:
        problems.append(f"This link names the experiment {name[:60]!r}, which does not exist. The first experiment is used instead.")
        name = next(iter(EXPERIMENTS))
    chosen = EXPERIMENTS[name]
    mine = {key: value for key, value in params.items() if key in FIELDS}
    config, more = settings.read_changes(chosen.config, mine, "experiment")
    problems += more
    try:
        check(config)
    except ConfigError as error:
        problems.append(f"This link holds settings that cannot be used here. {problem_text(error)}")
        config = chosen.config
    twin = _twin_from_link(config, chosen.twin, params, problems)
    _put(name, config, twin)
    st.session_state[TWO] = twin is not None and params.get("second") != "off"
    _drawing_from_link(params, problems)
    for problem in problems:
        st.warning(inert(problem), icon=":material/link_off:")


def _twin_from_link(
    config: TrainConfig, usual: Mapping[str, Any] | None, params: Mapping[str, str], problems: list[str]
) -> dict[str, Any] | None:
    theirs = {key.removeprefix(_TWIN_PREFIX): value for key, value in params.items() if key.startswith(_TWIN_PREFIX)}
    theirs = {key: value for key, value in theirs.items() if key in TWIN_FIELDS}
    if usual is None and not theirs:
        return None
    try:
        second = config.replace(**(usual or {}))
    except ConfigError as error:
        problems.append(f"The second WGAN of this experiment does not work with the settings in this link. {problem_text(error)}")
        return None
    found, more = settings.read_changes(second, theirs, "experiment")
    problems += more
    return {name: getattr(found, name) for name in TWIN_FIELDS}


def _drawing_from_link(params: Mapping[str, str], problems: list[str]) -> None:
    if not (text := params.get("drawn")):
        return
    try:
        drawing.from_text(text)
    except DataError as error:
        problems.append(problem_text(error))
        return
    st.session_state.update({DRAWING: text, SOURCE: "drawn", _ASKED: True})


def _write_link(values: Mapping[str, Any], twin: Mapping[str, Any] | None) -> None:
    name = st.session_state[EXPERIMENT]
    chosen = EXPERIMENTS[name]
    params = {"experiment": name}
    if st.session_state[SOURCE] == "drawn":
        values = {key: value for key, value in values.items() if key not in ("dataset", "data_root")}
        if text := st.session_state.get(DRAWING):
            params["drawn"] = text
    params |= settings.write_changes(chosen.config, values)
    if twin is not None:
        # Compared with what a link without these parameters would give, see `_twin_from_link`.
        config = chosen.config.replace(**{key: value for key, value in values.items() if value is not None})
        changes = settings.write_changes(config.replace(**(chosen.twin or {})), twin)
        if not changes and chosen.twin is None:
            changes = {"lipschitz": twin["lipschitz"]}
        params |= {_TWIN_PREFIX + key: value for key, value in changes.items()}
    elif chosen.twin is not None:
        params["second"] = "off"
    st.session_state[LINK] = params
    write_address(params)


# The laboratory itself.


def _configs(values: Mapping[str, Any], twin: Mapping[str, Any] | None) -> tuple[TrainConfig, ...] | None:
    """One or two configs, or None, with an explanation on the page."""
    source = st.session_state[SOURCE]
    if source == "drawn" and st.session_state.get(DRAWING) and not values["data_root"]:
        _offer_drawing()
        return None
    if source in ("drawn", "csv") and not values["data_root"]:
        todo = "draw some points" if source == "drawn" else "upload a CSV file of points"
        st.info(f"Open “Points” above and {todo}.", icon=":material/scatter_plot:")
        return None
    changes = {name: value for name, value in values.items() if value is not None}
    if len(changes) < len(values) or (twin is not None and None in twin.values()):
        return None  # the explanation is below the widget
    try:
        config = check(EXPERIMENTS[st.session_state[EXPERIMENT]].config.replace(**changes))
        return (config,) if twin is None else (config, twin_of(config, twin))
    except ConfigError as error:
        show_problem(error)
        return None


def _offer_drawing() -> None:
    """Ask whether to use the drawing that came by a link: it becomes a file of the server."""
    count = len(drawing.from_text(st.session_state[DRAWING]))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f":material/draw: This link brings a drawing of {count:,} points.", width="content")
        st.button("Train on this drawing", icon=":material/check:", on_click=_use_drawing, **shuts("experiment"))


def _use_drawing() -> None:
    if not refused("experiment"):
        st.session_state.pop(_ASKED, None)


def _laboratory(configs: tuple[TrainConfig, ...] | None) -> Laboratory | None:
    """The current laboratory with these settings, or a new one if the changes cannot be made while it trains."""
    lab: Laboratory | None = st.session_state.get(LABORATORY)
    if configs is None:
        return lab  # unchanged; the explanation is below the widget
    same = lab is not None and len(lab.configs) == len(configs)
    if lab is not None and same and not any(map(needs_restart, lab.configs, configs)):
        if lab.configs != configs:
            lab.configure(configs)
        return lab
    try:
        fresh = Laboratory(configs)
    except DataError as error:
        show_problem(error)
        return None
    st.session_state[LABORATORY] = fresh
    return fresh


def restart() -> None:
    """Start again from untrained networks, with the same settings."""
    lab: Laboratory | None = st.session_state.get(LABORATORY)
    if lab is None:
        return
    try:
        st.session_state[LABORATORY] = Laboratory(lab.configs)
    except DataError as error:  # its file has been deleted since
        st.toast(problem_text(error), icon=":material/error:", duration="long")
