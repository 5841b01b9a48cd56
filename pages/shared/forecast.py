"""What can be told before a run starts: whether its data can be learned from, and what it will cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import streamlit as st

from pages.shared.server import run_manager
from wgan_core.advice import Advice
from wgan_core.config import ConfigError, TrainConfig
from wgan_core.data import DataError
from wgan_core.image_folder import preview_folder
from wgan_core.input_check import check_data, predicted_cost, too_few
from wgan_core.known_speed import KnownSpeed, known_speed
from wgan_core.point_file import load_points

_PREVIEW = 200
"""Images of a folder that are looked at: what takes longer is left to the run."""


def forecast(config: TrainConfig) -> None:
    """Both, where there is something to tell."""
    for advice in _data_advice(config):
        (st.warning if advice.level == "warning" else st.info)(advice.text, icon=":material/dataset:")
    _cost(config)


def _data_advice(config: TrainConfig) -> tuple[Advice, ...]:
    """Of data of one's own; the data sets that come by name are known to be sound. What cannot be read is said elsewhere."""
    try:
        if config.dataset == "csv":
            return _points_advice(config.data_root, _changed(config))
        if config.dataset == "image-folder":
            return _folder_advice(config.data_root, _changed(config))
    except (DataError, OSError, RuntimeError):
        pass
    return ()


def _changed(config: TrainConfig) -> float:
    return Path(config.data_root).expanduser().stat().st_mtime


@st.cache_data(max_entries=8, show_spinner=False)
def _points_advice(file: str, changed: float) -> tuple[Advice, ...]:
    return check_data(load_points(file))


@st.cache_data(max_entries=8, show_spinner="Looking at the images …")
def _folder_advice(folder: str, changed: float) -> tuple[Advice, ...]:
    images, count = preview_folder(folder, _PREVIEW)
    found = [advice for advice in check_data(images) if advice.key != "few-samples"]
    if len(images) < count:
        found = [replace(advice, text=f"{len(images)} of the {count:,} images were looked at. {advice.text}") for advice in found]
    few = too_few(count)
    return (*found, *([few] if few is not None else []))


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
