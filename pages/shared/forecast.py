"""What can be told before a run starts: whether its data can be learned from, and what it will cost."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.shared.server import run_manager
from wgan_core.advice import Advice
from wgan_core.config import ConfigError, TrainConfig
from wgan_core.input_check import check_own_data, predicted_cost
from wgan_core.known_speed import KnownSpeed, known_speed


def forecast(config: TrainConfig) -> None:
    """Both, where there is something to tell."""
    for advice in _data_advice(config):
        (st.warning if advice.level == "warning" else st.info)(advice.text, icon=":material/dataset:")
    _cost(config)


def _data_advice(config: TrainConfig) -> tuple[Advice, ...]:
    if config.dataset not in ("csv", "image-folder"):
        return ()
    try:
        changed = Path(config.data_root).expanduser().stat().st_mtime
    except (OSError, RuntimeError):
        return ()
    return _checked(config.dataset, config.data_root, changed, config)


@st.cache_data(max_entries=8, show_spinner="Looking at the data …")
def _checked(dataset: str, root: str, changed: float, _config: TrainConfig) -> tuple[Advice, ...]:
    return check_own_data(_config)


def _cost(config: TrainConfig) -> None:
    try:
        known = _known(run_manager().root, config.model_dump_json(), config)
    except ConfigError:  # said where the run is started
        return
    if known is None:
        return
    cost = predicted_cost(config, known.steps_per_second).text
    if known.n_critic == config.n_critic:
        how = f"at the {known.steps_per_second:,.3g} steps per second of {known.run_id}"
    else:
        how = f"guessed from {known.run_id}, whose n_critic was {known.n_critic}"
    st.caption(f"About {cost}, {how}.")


@st.cache_data(max_entries=64, ttl=30, show_spinner=False)
def _known(root: Path, key: str, _config: TrainConfig) -> KnownSpeed | None:
    return known_speed(root, _config)
