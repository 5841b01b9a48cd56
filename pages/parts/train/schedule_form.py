"""The schedules of the set-up form: which settings change over the run by themselves, and how, drawn before the start."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.components.live_chart import live_chart
from pages.shared import settings
from wgan_core.config import SCHEDULES, SETTINGS, TrainConfig, is_scheduled
from wgan_core.figures.schedules import rates_figure, schedule_figure
from wgan_core.training.rates import rate_share
from wgan_core.training.schedules import value_at
from wgan_core.training.warmup import generator_updates_within

_POINTS = 240
_HEIGHT = 180


def schedule_fields(scope: str, method: str) -> dict[str, Any]:
    """The widgets of the schedules, but for that of the learning rates. Returns the values of those that are shown.

    method: the Lipschitz method, which decides whether c or λ can have one.
    """
    offered = [name for name, schedule in SCHEDULES.items() if method in _methods(schedule.shape)]
    changing = any(st.session_state[settings.widget_key(scope, SCHEDULES[name].shape)] != "constant" for name in offered)
    values: dict[str, Any] = {}
    words = " and ".join(SETTINGS[name].label for name in offered)
    with st.expander(f"Schedule of {words}", expanded=changing, icon=":material/show_chart:"):
        columns = st.columns(len(offered))
        for column, name in zip(columns, offered, strict=True):
            with column:
                shape, end = SCHEDULES[name]
                values[shape] = settings.setting_widget(scope, shape)
                if values[shape] != "constant":
                    values[end] = settings.setting_widget(scope, end)
    return values


def length_of_schedules(scope: str, values: dict[str, Any]) -> dict[str, Any]:
    """The widget of their length, if anything has a schedule in `values`."""
    if any(values.get(shape, "constant") != "constant" for shape in ("lr_schedule", *(one.shape for one in SCHEDULES.values()))):
        return {"schedule_updates": settings.setting_widget(scope, "schedule_updates")}
    return {}


def _methods(shape: str) -> tuple[str, ...]:
    """The Lipschitz methods with which a schedule has an effect."""
    return SETTINGS[shape].only_with[1:] or SETTINGS["lipschitz"].choices


def show_schedules(config: TrainConfig) -> None:
    """Draw every setting that changes over the run by itself."""
    names = [name for name in SCHEDULES if is_scheduled(config, name)]
    count = len(names) + (config.lr_schedule != "constant")
    if not count:
        return
    steps = sorted({config.max_steps * i // _POINTS for i in range(_POINTS + 1)})
    columns = st.columns(count)
    for column, name in zip(columns, names, strict=False):
        with column:
            _show(config, name, steps)
    if config.lr_schedule != "constant":
        with columns[-1]:
            _show_rates(config, steps)


def _updates(config: TrainConfig, step: int) -> int:
    """Generator updates before a critic update, as the settings give them."""
    return generator_updates_within(config.model_copy(update={"max_steps": step})) if config.schedule_updates and step else 0


def _show(config: TrainConfig, name: str, steps: list[int]) -> None:
    label, values = SETTINGS[name].label, [value_at(config, name, step, _updates(config, step)) for step in steps]
    words = f"{label} over the run: from {values[0]:.3g} to {values[-1]:.3g}, {getattr(config, SCHEDULES[name].shape)}"
    live_chart(schedule_figure(steps, values, label), key=f"setup-schedule-{name}", alt=words, height=_HEIGHT)


def _show_rates(config: TrainConfig, steps: list[int]) -> None:
    shares = [rate_share(config, step, _updates(config, step)) for step in steps]
    critic, generator = ([rate * share for share in shares] for rate in (config.critic_lr, config.generator_lr))
    words = f"Learning rates over the run: the critic's falls from {critic[0]:.2g} to {critic[-1]:.2g}, the generator's from "
    words += f"{generator[0]:.2g} to {generator[-1]:.2g}"
    live_chart(rates_figure(steps, critic, generator), key="setup-rates", alt=words, height=_HEIGHT)
