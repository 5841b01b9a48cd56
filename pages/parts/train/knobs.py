"""The knobs of a run that trains: a slider on a log scale for each setting that is worth changing, with a field to type a value into."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.components.v2 import component

from pages.components.bundle import bundle
from pages.components.payload import asset
from pages.components.sent import sent_by
from pages.shared.problems import problem_text
from wgan_core.config import PRESETS, SCHEDULES, SETTINGS, ConfigError, TrainConfig, check_value, describe_range, is_scheduled
from wgan_core.runs.messages import Snapshot
from wgan_core.runs.names import nearest_preset, short_number, started_with

_HERE = Path(__file__).parent
_component = component(
    "wgan_knobs", html='<div class="knobs"></div>', css=asset("knobs.css", _HERE), js=bundle(_HERE / "knobs.js"), isolate_styles=True
)
KEY = "knobs"
_PROBLEM = "knobs-problem"
ENDS: Mapping[str, tuple[float, float]] = {
    "clip_value": (1e-4, 1.0),
    "gp_lambda": (0.01, 1000.0),
    "n_critic": (1, 100),
    "critic_lr": (1e-6, 0.1),
    "generator_lr": (1e-6, 0.1),
}
"""The ends of each slider. Values beyond them, as far as the setting allows them, can be typed."""
_BEGINS: Mapping[str, str] = {schedule.end: name for name, schedule in SCHEDULES.items()}
"""Of each setting that a schedule ends with, the one that it begins with: both are set on the same scale."""
STOPS_PER_DECADE = 20
USUAL_FACTOR = 3.0
"""The marked range reaches this much further than the values of the presets."""


def knobs(snapshot: Snapshot, names: Sequence[str], on_set: Any) -> None:
    """Draw the knobs of these settings. `on_set(name, value)` is called with a checked value when one has been changed."""
    start = started_with(snapshot.config, snapshot.edits)
    preset, _ = nearest_preset(start)
    problem = st.session_state.get(_PROBLEM, ("", "", ""))
    data = [_knob(snapshot, name, preset, problem[2] if problem[:2] == (snapshot.run_id, name) else "") for name in names]

    def changed() -> None:
        take(snapshot.run_id, names, sent_by(KEY, "set"), on_set)

    _component(key=KEY, data={"knobs": data}, on_set_change=changed)


def take(run_id: str, names: Sequence[str], sent: Any, on_set: Any) -> None:
    """Use what the browser has sent, a setting's name and a text. What cannot be used is explained beside the knob."""
    if not isinstance(sent, Mapping) or sent.get("name") not in names:
        return
    name = str(sent["name"])
    try:
        value = check_value(name, str(sent.get("value", "")))
    except ConfigError as error:
        st.session_state[_PROBLEM] = run_id, name, problem_text(error)
        return
    st.session_state.pop(_PROBLEM, None)
    on_set(name, value)


def _knob(snapshot: Snapshot, name: str, preset: str, problem: str) -> dict[str, Any]:
    info, value, of = SETTINGS[name], getattr(snapshot.config, name), _BEGINS.get(name, name)
    begins = name in SCHEDULES and is_scheduled(snapshot.config, name)
    last = next((edit for edit in reversed(snapshot.edits) if edit.field == name), None)
    low, high = usual_range(snapshot.config, of)
    marked = getattr(PRESETS[preset], of)
    return {
        "name": name,
        "label": f"{info.label} at the start" if begins else info.label,
        "help": f"{info.help} Allowed: {describe_range(info)}. The tick is the value of the preset {preset}. The green line is the range "
        f"of the presets of this kind, and three times beyond: from {short_number(low)} to {short_number(high)}.",
        "value": value,
        "stops": stops(*ENDS[of], whole=info.kind == "int"),
        "usual": [low, high],
        "preset": marked,
        "preset_words": short_number(marked),
        "was": f"was {short_number(last.old)}" if last is not None else "",
        "was_value": last.old if last is not None else value,
        "problem": problem,
    }


def stops(low: float, high: float, *, whole: bool) -> list[float]:
    """Values from `low` to `high`, evenly on a log scale, with two digits; whole numbers if wanted."""
    count = round(STOPS_PER_DECADE * math.log10(high / low))
    values = [low * (high / low) ** (index / count) for index in range(count + 1)]
    return sorted({round(value) if whole else float(f"{value:.2g}") for value in values})


def usual_range(config: TrainConfig, name: str) -> tuple[float, float]:
    """The range to mark on a slider: of the presets with the same Lipschitz method and optimiser, and `USUAL_FACTOR` times beyond."""
    same = [preset for preset in PRESETS.values() if preset.lipschitz == config.lipschitz and preset.optimizer == config.optimizer]
    values = [getattr(preset, name) for preset in same or PRESETS.values()]
    low, high = min(values) / USUAL_FACTOR, max(values) * USUAL_FACTOR
    return (max(1.0, low), high) if SETTINGS[name].kind == "int" else (low, high)
