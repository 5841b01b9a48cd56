"""What can be said before a run starts: whether its data look usable, and how long it will take."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.parts.train.controls import title_of
from pages.shared.people import refused
from pages.shared.problems import show_problem
from pages.shared.server import run_manager
from wgan_core.config import ConfigError, TrainConfig
from wgan_core.data.dataset import DataError
from wgan_core.data.own_images import stamp
from wgan_core.forecast.device_check import check_device
from wgan_core.forecast.input_check import check_own_data, predicted_cost
from wgan_core.forecast.known_speed import KnownSpeed, known_speed, same_speed
from wgan_core.forecast.speed_trial import SpeedTrial, try_speed
from wgan_core.instruments.advice import Advice
from wgan_core.training.device import resolve_device

_TRIAL = "speed-trial"


def data_advice(config: TrainConfig) -> None:
    """Show advice on the user's own data, where they look unusual, and on the device."""
    for advice in _data_advice(config):
        (st.warning if advice.level == "warning" else st.info)(advice.text, icon=":material/dataset:")
    for advice in check_device(config):
        st.info(advice.text, icon=":material/memory:")


def _data_advice(config: TrainConfig) -> tuple[Advice, ...]:
    if config.dataset not in ("csv", "image-folder"):
        return ()
    changed = _stamp(config.data_root)
    reading = (config.image_size, config.fit, config.channels, config.tones, config.frames)
    return _checked(config.dataset, config.data_root, changed, reading, config) if changed else ()


@st.cache_data(max_entries=16, ttl=5, show_spinner=False)
def _stamp(place: str) -> str:
    return stamp(place) if place.strip() else ""


@st.cache_data(max_entries=8, show_spinner="Checking the data …")
def _checked(dataset: str, root: str, changed: str, reading: tuple[object, ...], _config: TrainConfig) -> tuple[Advice, ...]:
    return check_own_data(_config)


def cost(config: TrainConfig) -> None:
    """The expected duration, from the speed of an earlier run, of a trial, or of an earlier run with another n_critic."""
    try:
        known = _known(run_manager().root, config.model_dump_json(), config)
        if known is not None and known.n_critic == config.n_critic:
            _show_cost(
                config, known.steps_per_second, f"at {known.steps_per_second:,.3g} steps per second, the speed of the run {known.title}"
            )
            return
        tried = _trial_for(config)
        if tried is not None:
            speed = tried.steps_per_second(config.n_critic)
            _show_cost(config, speed, f"at {speed:,.3g} steps per second, the speed of a short trial on random data")
            return
        if known is not None:
            _show_cost(config, known.steps_per_second, f"estimated from the run {known.title}, whose n_critic was {known.n_critic}")
        _offer_trial(config)
    except ConfigError:  # the device does not exist here; the start button says so
        return


def _show_cost(config: TrainConfig, steps_per_second: float, how: str) -> None:
    st.caption(f"About {predicted_cost(config, steps_per_second).text}, {how}.")


def _trial_for(config: TrainConfig) -> SpeedTrial | None:
    tried, trial = st.session_state.get(_TRIAL, (None, None))
    return trial if tried is not None and same_speed(tried, config) else None


def _offer_trial(config: TrainConfig) -> None:
    busy = run_manager().active(resolve_device(config.device).type)
    pressed = st.button(
        "How long will it take?",
        type="tertiary",
        icon=":material/timer:",
        disabled=busy is not None,
        help="Train these networks on random data for about a second to measure their speed. Nothing is saved."
        if busy is None
        else f"Wait until {title_of(busy.snapshot)} has ended. It trains on the same device, so a trial now would measure too low a speed.",
    )
    if not pressed or refused("measure speed"):
        return
    try:
        with st.spinner("Measuring the speed …"):
            st.session_state[_TRIAL] = config, try_speed(config)
    except (ConfigError, DataError) as error:
        show_problem(error)
        return
    st.rerun()


def expected_seconds(config: TrainConfig) -> float | None:
    """How long a run will train, from the speed of an earlier one; None if there is none like it."""
    try:
        known = _known(run_manager().root, config.model_dump_json(), config)
    except ConfigError:
        return None
    return config.max_steps / known.steps_per_second if known is not None and known.steps_per_second > 0 else None


@st.cache_data(max_entries=64, ttl=30, show_spinner=False)
def _known(root: Path, key: str, _config: TrainConfig) -> KnownSpeed | None:
    return known_speed(root, _config)
