"""Widgets made from the config: bounds, help, unit and badge come from `wgan_core.config.SETTINGS`, values live in session state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import streamlit as st

from wgan_core.config import PRESETS, SETTINGS, ConfigError, SettingInfo, TrainConfig, check_value, describe_range, parse_config

DEFAULT_PRESET = "quick-start"


def widget_key(scope: str, name: str) -> str:
    """Session state key of a setting's widget."""
    return f"{scope}.{name}"


def put_config(scope: str, config: TrainConfig, names: Iterable[str] = tuple(SETTINGS)) -> None:
    """Make the widgets of `scope` show `config` from the next time they are drawn."""
    for name in names:
        st.session_state[widget_key(scope, name)] = to_widget(SETTINGS[name], getattr(config, name))


def to_widget(info: SettingInfo, value: Any) -> Any:
    """A config value as its widget holds it."""
    return ",".join(map(str, value)) if info.kind == "widths" else value


def value_of(scope: str, name: str) -> Any:
    """What the widget of a setting holds, checked. Raises ConfigError."""
    return check_value(name, st.session_state[widget_key(scope, name)])


def setting_widget(scope: str, name: str, *, on_change: Any = None, badge: str = "new run") -> Any | None:
    """The widget of one setting, with a sentence below it if its value cannot be used. Returns the checked value or None.

    badge: what to write beside a setting that cannot change while networks train; "" leaves out the "live" of the others too.
    """
    _draw(SETTINGS[name], widget_key(scope, name), on_change, badge)
    try:
        return value_of(scope, name)
    except ConfigError as error:
        st.error(str(error), icon=":material/error:")
        return None


def _draw(info: SettingInfo, key: str, on_change: Any, badge: str) -> None:
    label = info.label + (f", {info.unit}" if info.unit else "")
    if badge:
        label += " :green-badge[live]" if info.live else f" :gray-badge[{badge}]"
    common: dict[str, Any] = {
        "key": key,
        "help": f"{info.help}\n\nTakes {describe_range(info)}. Name in links and on the command line: `{info.flag}`.",
        "persist_state": "session",
        "on_change": on_change if on_change is not None else "rerun",
    }
    match info.kind:
        case "int":
            st.number_input(label, step=1, **common)
        case "float":
            # A step that is an int would make it a widget of whole numbers, and λ 0.1 a 0.
            st.number_input(label, step=float(info.step or 0.1), format="%.6g", **common)
        case "choice":
            st.selectbox(label, info.choices, **common)
        case _:
            st.text_input(label, **common)


def read_link(params: Mapping[str, str]) -> tuple[str, TrainConfig, list[str]]:
    """The preset and config that a link's parameters describe, and a sentence for each that cannot be used (which is then left out)."""
    problems: list[str] = []
    preset = params.get("preset", DEFAULT_PRESET)
    if preset not in PRESETS:
        problems.append(f"This link names the preset {preset[:60]!r}, which does not exist; {DEFAULT_PRESET} was taken.")
        preset = DEFAULT_PRESET
    config, more = read_changes(PRESETS[preset], params, "preset")
    return preset, config, problems + more


def read_changes(base: TrainConfig, params: Mapping[str, str], base_name: str) -> tuple[TrainConfig, list[str]]:
    """`base` with what a link's parameters change of it, and a sentence for each that cannot be used (which is then left out)."""
    problems: list[str] = []
    changes: dict[str, Any] = {}
    for name in sorted(params.keys() & SETTINGS.keys()):
        try:
            changes[name] = check_value(name, params[name])
        except ConfigError as error:
            problems.append(f"This link asks for something that cannot be: {error} The {base_name}'s value was taken.")
    try:
        return base.replace(**changes), problems
    except ConfigError as error:  # each value is possible, but not together
        return base, [*problems, f"This link asks for something that cannot be: {error} The {base_name}'s values were taken."]


def write_link(preset: str, values: Mapping[str, Any]) -> dict[str, str]:
    """The parameters of a link to these settings: the preset and what differs from it."""
    return {"preset": preset, **write_changes(PRESETS[preset], values)}


def write_changes(base: TrainConfig, values: Mapping[str, Any]) -> dict[str, str]:
    """The parameters of a link for what differs from `base`; None is a value that cannot be used yet."""
    params: dict[str, str] = {}
    for name, value in values.items():
        if value is not None and value != getattr(base, name):
            text = to_widget(SETTINGS[name], value)
            params[name] = f"{text:.9g}" if isinstance(text, float) else str(text)
    return params


def link_to(config: TrainConfig) -> dict[str, str]:
    """The parameters of the shortest link to `config`: from the preset that it differs from least."""
    links = (write_link(preset, config.model_dump()) for preset in PRESETS)
    return min(links, key=len)


def complete_config(values: Mapping[str, Any]) -> TrainConfig | None:
    """The config of all values, or None while one of them cannot be used. Says so where they cannot be used together."""
    if any(value is None for value in values.values()):
        return None
    try:
        return parse_config(dict(values))
    except ConfigError as error:
        st.error(str(error), icon=":material/error:")
        return None
