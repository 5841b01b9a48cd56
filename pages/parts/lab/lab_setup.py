"""The laboratory's settings: an experiment to begin with, the data, both networks, the recipe, a second WGAN. All of it in the URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from pages.parts.lab.drawing_pad import drawing_pad
from pages.shared import settings
from pages.shared.point_upload import point_upload, say_what_is_wrong
from wgan_core.config import ConfigError, TrainConfig, steered_by
from wgan_core.data.catalog import DATASETS
from wgan_core.data.dataset import DataError
from wgan_core.data.point_file import keep_upload
from wgan_core.lab import drawing
from wgan_core.lab.laboratory import Laboratory
from wgan_core.lab.setup import EXPERIMENTS, FIELDS, TWIN_FIELDS, check, needs_restart, twin_of

SCOPE, TWIN = "lab", "lab-twin"
EXPERIMENT, TWO, SOURCE, DRAWING, LINK = "lab-experiment", "lab-two", "lab-source", "lab-drawing", "lab-link"
LABORATORY = "lab-laboratory"
WHO = "lab-who"
"""Session state key: which networks train."""
_SOURCES = (*(name for name, info in DATASETS.items() if info.kind == "points"), "drawn")
_NETWORKS = ("generator_widths", "latent_dim", "generator_norm", "critic_widths", "critic_norm", "leaky_slope")
_RECIPE = ("lipschitz", "optimizer", "adam_beta1", "adam_beta2", "batch_size", "seed")
_TWIN_PREFIX = "b."
_PURPOSE = (
    "A WGAN small enough to see everything: how high the critic scores each place of the plane, which way it pushes the generated points, "
    "and how far they really are from the real ones."
)


def set_up() -> Laboratory | None:
    """Draw the settings. Returns the laboratory that they describe, or the one at hand if that can be kept, as
    it is while they cannot be used; None if there is none yet."""
    _take_over_link()
    values: dict[str, Any] = {}
    with st.container(horizontal=True, vertical_alignment="center"):
        st.title("Laboratory", width="content", help=_PURPOSE)
        st.selectbox(
            "Experiment",
            tuple(EXPERIMENTS),
            key=EXPERIMENT,
            format_func=lambda name: EXPERIMENTS[name].title,
            on_change=_experiment_chosen,
            persist_state="session",
            label_visibility="collapsed",
            width=340,
        )
        with st.popover("Points", icon=":material/scatter_plot:"):
            values |= _data()
        with st.popover("Networks", icon=":material/lan:"):
            values |= {name: settings.setting_widget(SCOPE, name, badge="restarts") for name in _NETWORKS}
        with st.popover("Recipe", icon=":material/tune:"):
            values |= {name: settings.setting_widget(SCOPE, name, badge="restarts") for name in _RECIPE}
        with st.popover("Second WGAN", icon=":material/compare:"):
            twin = _second()
    note = st.empty()
    values |= _at_hand()
    # Of the methods that are not chosen, for whoever goes back to them.
    values |= {name: st.session_state[settings.widget_key(SCOPE, name)] for name in FIELDS if name not in values}
    _write_link(values, twin)
    # All in one place, so that what stands below keeps its own whatever is said here.
    with note.container():
        laboratory = _laboratory(_configs(values, twin))
        _say_what_to_see()
    return laboratory


def _say_what_to_see() -> None:
    """The experiment's note, which holds for its own settings only."""
    chosen = EXPERIMENTS[st.session_state[EXPERIMENT]]
    if len(st.session_state[LINK]) == 1:  # nothing but the experiment's name
        st.caption(chosen.note)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Changed from “{chosen.title}”.", width="content")
        st.button("Back to the experiment", on_click=_experiment_chosen, type="tertiary", icon=":material/undo:")


def _data() -> dict[str, Any]:
    source = st.selectbox(
        "Real points",
        _SOURCES,
        key=SOURCE,
        persist_state="session",
        help="Another choice restarts the training.",
        format_func=_source_title,
    )
    if source == "drawn":
        return {"dataset": "csv", "data_root": _drawn()}
    if source == "csv":
        key = settings.widget_key(SCOPE, "data_root")
        point_upload(key)
        file = settings.setting_widget(SCOPE, "data_root", badge="restarts")
        say_what_is_wrong(file)
        return {"dataset": "csv", "data_root": file}
    st.caption(DATASETS[source].description)
    return {"dataset": source, "data_root": ""}


def _source_title(name: str) -> str:
    return "Drawn by you" if name == "drawn" else DATASETS[name].title


def _drawn() -> str | None:
    """The file that holds the drawing; None while there is none."""
    st.caption("Draw where real points should be, then press “Train on these”. The drawing is stretched to fill the picture.")
    sent = drawing_pad(st.session_state.get(DRAWING, ""), key="lab-pad")
    if sent is not None:
        st.session_state[DRAWING] = sent
    if not (text := st.session_state.get(DRAWING)):
        return None
    try:
        return str(keep_upload("drawn", drawing.to_csv(drawing.from_text(text))))
    except DataError as error:
        st.session_state.pop(DRAWING, None)
        st.error(str(error), icon=":material/error:")
        return None


def _second() -> dict[str, Any] | None:
    """The settings of the second WGAN; None where there is only one."""
    two = st.toggle(
        "Two WGANs side by side :gray-badge[restarts]",
        key=TWO,
        persist_state="session",
        help="The second gets the same real points, starts from the same generator and takes its updates at the same time. Only its critic "
        "differs, by what is set here.",
    )
    if not two:
        return None
    method = st.session_state[settings.widget_key(TWIN, "lipschitz")]
    shown = ("lipschitz", *steered_by(method), "critic_widths", "critic_lr", "optimizer")
    values = {name: settings.setting_widget(TWIN, name, badge="restarts") for name in shown}
    return values | {name: st.session_state[settings.widget_key(TWIN, name)] for name in TWIN_FIELDS if name not in values}


def _at_hand() -> dict[str, Any]:
    """The settings that change while it trains, in a row of their own."""
    method = st.session_state[settings.widget_key(SCOPE, "lipschitz")]
    names = (*steered_by(method), "n_critic", "critic_lr", "generator_lr")
    values: dict[str, Any] = {}
    with st.container(key="lab-knobs"):
        for column, name in zip(st.columns(4), names, strict=False):
            with column:
                values[name] = settings.setting_widget(SCOPE, name)
    return values


# From and to the URL.


def _experiment_chosen() -> None:
    _put(st.session_state[EXPERIMENT])


def _put(name: str, config: TrainConfig | None = None, twin: Mapping[str, Any] | None = None) -> None:
    """Make the widgets show an experiment, with another config or second WGAN if these are given."""
    chosen = EXPERIMENTS[name]
    config = config or chosen.config
    twin = chosen.twin if twin is None else twin
    st.session_state[EXPERIMENT] = name
    st.session_state[TWO] = twin is not None
    settings.put_config(SCOPE, config, FIELDS)
    settings.put_config(TWIN, _that_goes_with(config, twin), TWIN_FIELDS)
    st.session_state[SOURCE] = config.dataset
    st.session_state[WHO] = chosen.who


def _that_goes_with(config: TrainConfig, twin: Mapping[str, Any] | None) -> TrainConfig:
    """`twin`, where that goes with `config`."""
    try:
        return config.replace(**(twin or _opposite(config)))
    except ConfigError:
        return config.replace(**_opposite(config))


def _opposite(config: TrainConfig) -> dict[str, Any]:
    """A second WGAN worth comparing, for whoever switches it on."""
    other = (
        {"lipschitz": "gradient-penalty", "optimizer": "adam"}
        if config.lipschitz == "clip"
        else {"lipschitz": "clip", "optimizer": "rmsprop"}
    )
    try:
        config.replace(**other)
    except ConfigError:  # what both have in common does not go with it, as BatchNorm in the critic with the penalty
        return {"clip_value": config.clip_value / 2}
    return other


def _take_over_link() -> None:
    """Fill the widgets from the URL where it says something new; from the first experiment on the first visit."""
    params = dict(st.query_params)
    known = st.session_state.get(LINK)
    if known is not None and (not params or params == known):
        return
    name, problems = params.get("experiment", next(iter(EXPERIMENTS))), list[str]()
    if name not in EXPERIMENTS:
        problems.append(f"This link names the experiment {name[:60]!r}, which does not exist; the first one was taken.")
        name = next(iter(EXPERIMENTS))
    chosen = EXPERIMENTS[name]
    mine = {key: value for key, value in params.items() if key in FIELDS}
    config, more = settings.read_changes(chosen.config, mine, "experiment")
    problems += more
    try:
        check(config)
    except ConfigError as error:
        problems.append(f"This link asks for something that cannot be: {error}")
        config = chosen.config
    twin = _twin_from_link(config, chosen.twin, params, problems)
    _put(name, config, twin)
    st.session_state[TWO] = twin is not None and params.get("second") != "off"
    _drawing_from_link(params, problems)
    for problem in problems:
        st.warning(problem, icon=":material/link_off:")


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
        problems.append(f"The second WGAN of this experiment cannot be with what this link asks for: {error}")
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
        problems.append(str(error))
        return
    st.session_state[DRAWING], st.session_state[SOURCE] = text, "drawn"


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
        # Against what a link without them would give, see `_twin_from_link`.
        config = chosen.config.replace(**{key: value for key, value in values.items() if value is not None})
        changes = settings.write_changes(config.replace(**(chosen.twin or {})), twin)
        if not changes and chosen.twin is None:
            changes = {"lipschitz": twin["lipschitz"]}
        params |= {_TWIN_PREFIX + key: value for key, value in changes.items()}
    elif chosen.twin is not None:
        params["second"] = "off"
    st.session_state[LINK] = params
    if dict(st.query_params) != params:
        st.query_params.from_dict(params)


# The laboratory itself.


def _configs(values: Mapping[str, Any], twin: Mapping[str, Any] | None) -> tuple[TrainConfig, ...] | None:
    """One config or two, or None with a sentence on the page."""
    source = st.session_state[SOURCE]
    if source in ("drawn", "csv") and not values["data_root"]:
        todo = "Draw some points" if source == "drawn" else "Upload a CSV file of points"
        st.info(f"{todo}: open “Points” above.", icon=":material/scatter_plot:")
        return None
    changes = {name: value for name, value in values.items() if value is not None}
    if len(changes) < len(values) or (twin is not None and None in twin.values()):
        return None  # the sentence stands beside the widget
    try:
        config = check(EXPERIMENTS[st.session_state[EXPERIMENT]].config.replace(**changes))
        return (config,) if twin is None else (config, twin_of(config, twin))
    except ConfigError as error:
        st.error(str(error), icon=":material/error:")
        return None


def _laboratory(configs: tuple[TrainConfig, ...] | None) -> Laboratory | None:
    """The laboratory at hand with these settings, or a new one where they reach further than a live change."""
    lab: Laboratory | None = st.session_state.get(LABORATORY)
    if configs is None:
        return lab  # as it was: what is to be mended stands beside the widget
    same = lab is not None and len(lab.configs) == len(configs)
    if lab is not None and same and not any(map(needs_restart, lab.configs, configs)):
        if lab.configs != configs:
            lab.configure(configs)
        return lab
    try:
        fresh = Laboratory(configs)
    except DataError as error:
        st.error(str(error), icon=":material/error:")
        return None
    st.session_state[LABORATORY] = fresh
    return fresh


def restart() -> None:
    """Begin anew with the same settings."""
    lab: Laboratory | None = st.session_state.get(LABORATORY)
    if lab is not None:
        st.session_state[LABORATORY] = Laboratory(lab.configs)
