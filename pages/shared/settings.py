"""Widgets for the settings. Bounds, help, unit and badge come from `wgan_core.config.SETTINGS`; the values are in the session state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from pages.shared import data_place
from pages.shared.people import allowed
from pages.shared.problems import problem_text, show_problem
from wgan_core.config import PRESETS, SETTINGS, ConfigError, SettingInfo, TrainConfig, check_value, describe_range, parse_config

DEFAULT_PRESET = "quick-start"
SHOW_NAMES = "settings-show-names"
"""Session state key: whether the tooltips also give each setting's name in links and on the command line."""
_WHEN = {"new run": "Changing it needs a new run.", "restarts": "Changing it restarts the training."}


def widget_key(scope: str, name: str) -> str:
    """The session state key of a setting's widget."""
    return f"{scope}.{name}"


def fill_widgets(scope: str, config: TrainConfig, names: Iterable[str] = tuple(SETTINGS)) -> None:
    """Make the widgets of `scope` show the values of `config` the next time they are drawn."""
    for name in names:
        st.session_state[widget_key(scope, name)] = as_widget_value(SETTINGS[name], getattr(config, name))


def as_widget_value(info: SettingInfo, value: Any) -> Any:
    """A config value in the form that its widget uses."""
    return ",".join(map(str, value)) if info.kind == "widths" else value


def value_of(scope: str, name: str) -> Any:
    """The checked value of a setting's widget. Raises ConfigError if the value cannot be used."""
    return check_value(name, st.session_state[widget_key(scope, name)])


def setting_widget(scope: str, name: str, *, on_change: Any = None, badge: str = "new run") -> Any | None:
    """Draw the widget of one setting, with an explanation below it if its value cannot be used. Returns the checked value or None.

    badge: shown beside a setting that cannot change while the networks train; with "" no setting gets a badge, not even "live".

    A path of the server cannot be typed where several people use it. Then the widget is left out, and what was uploaded stays.
    """
    if name != "data_root" or allowed("name a path"):
        _draw(SETTINGS[name], widget_key(scope, name), on_change, badge)
    try:
        return value_of(scope, name)
    except ConfigError as error:
        show_problem(error)
        return None


def _draw(info: SettingInfo, key: str, on_change: Any, badge: str) -> None:
    label = info.label + (f" ({info.unit})" if info.unit else "")
    if badge:
        label += f" · {'live' if info.live else badge}"  # no coloured badge: a screen reader would read its Markdown aloud
    common: dict[str, Any] = {
        "key": key,
        "help": _help(info, badge),
        "persist_state": "session",
        "on_change": on_change if on_change is not None else "rerun",
    }
    match info.kind:
        case "int":
            st.number_input(label, step=1, **common)
        case "float":
            # With an int as its step the widget would accept whole numbers only, and turn λ = 0.1 into 0.
            st.number_input(label, step=float(info.step or 0.1), format="%.6g", **common)
        case "choice":
            st.selectbox(label, info.choices, **common)
        case _:
            st.text_input(label, **common)


def _help(info: SettingInfo, badge: str) -> str:
    """The tooltip of a setting: what it does, which values are allowed and when a change takes effect."""
    when = "You can change it while the networks train." if info.live else _WHEN.get(badge, "")
    names = f"Name in links: `{info.name}`; on the command line: `{info.flag}`." if st.session_state.get(SHOW_NAMES) else ""
    facts = " ".join(filter(None, (f"Allowed: {describe_range(info)}.", when, names)))
    return f"{info.help}\n\n{facts}"


def names_toggle() -> None:
    """A switch that adds to every tooltip the setting's name in links and on the command line."""
    st.toggle(
        "Show names for links and the command line",
        key=SHOW_NAMES,
        persist_state="session",
        help="Adds two names to the tooltip of every setting: one for links to this page, one for the `wgan` command.",
    )


def read_link(params: Mapping[str, str]) -> tuple[str, TrainConfig, list[str]]:
    """The preset and config that a link describes, and a sentence for each parameter that cannot be used and is ignored."""
    problems: list[str] = []
    preset = params.get("preset", DEFAULT_PRESET)
    if preset not in PRESETS:
        problems.append(f"This link names the preset {preset[:60]!r}, which does not exist. The preset {DEFAULT_PRESET} is used instead.")
        preset = DEFAULT_PRESET
    config, more = read_changes(PRESETS[preset], params, "preset")
    return preset, config, problems + more


def read_changes(base: TrainConfig, params: Mapping[str, str], base_name: str) -> tuple[TrainConfig, list[str]]:
    """`base` with the changes that a link asks for, and a sentence for each one that cannot be used and is ignored."""
    problems: list[str] = []
    changes: dict[str, Any] = {}
    for name in sorted(params.keys() & SETTINGS.keys()):
        text = params[name]
        if name == "data_root":
            text, problem = data_place.from_link(text)
            if problem:
                problems.append(problem)
                continue
        try:
            changes[name] = check_value(name, text)
        except ConfigError as error:
            problems.append(f"This link holds a value that cannot be used. {problem_text(error)} The {base_name}'s value is used instead.")
    try:
        return base.replace(**changes), problems
    except ConfigError as error:  # each value is allowed, but not this combination
        sentence = f"This link combines settings that do not work together. {problem_text(error)}"
        return base, [*problems, f"{sentence} The {base_name}'s values are used instead."]


def write_link(preset: str, values: Mapping[str, Any]) -> dict[str, str]:
    """The parameters of a link to these settings: the preset and what differs from it."""
    return {"preset": preset, **write_changes(PRESETS[preset], values)}


def write_changes(base: TrainConfig, values: Mapping[str, Any]) -> dict[str, str]:
    """Link parameters for every value that differs from `base`. A value of None cannot be used yet and is left out."""
    params: dict[str, str] = {}
    for name, value in values.items():
        if value is not None and value != getattr(base, name):
            text = as_widget_value(SETTINGS[name], value)
            if name == "data_root" and not (text := data_place.for_link(text)):
                continue
            params[name] = f"{text:.9g}" if isinstance(text, float) else str(text)
    return params


def link_to(config: TrainConfig) -> dict[str, str]:
    """The parameters of the shortest link to `config`, which starts from the most similar preset."""
    links = (write_link(preset, config.model_dump()) for preset in PRESETS)
    return min(links, key=len)


def complete_config(values: Mapping[str, Any]) -> TrainConfig | None:
    """The config made of all values, or None while one of them cannot be used. If they do not work together, the page says why."""
    if any(value is None for value in values.values()):
        return None
    try:
        return parse_config(dict(values))
    except ConfigError as error:
        show_problem(error)
        return None
