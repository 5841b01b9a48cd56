"""Epochs on the Train page: the length of a run in epochs, and the epoch that a run is in."""

from __future__ import annotations

import streamlit as st

from pages.shared.settings import widget_key
from wgan_core.config import SETTINGS, TrainConfig
from wgan_core.data.dataset import DataError
from wgan_core.data.epochs import batches_of_epoch, epoch_of, known_samples
from wgan_core.runs.messages import Snapshot

_KEY = "setup-epochs"


def epoch_in_words(snapshot: Snapshot) -> list[str]:
    """Epoch 3 of 40; empty if it is not known how many batches an epoch has."""
    if not (batches := snapshot.batches_per_epoch):
        return []
    return [f"epoch {epoch_of(snapshot.step, batches):,} of {epoch_of(snapshot.config.max_steps, batches):,}"]


def epochs_field(scope: str) -> None:
    """The length of the run in epochs, bound to its length in critic updates: a change of one changes the other."""
    names = ("dataset", "data_root", "fit", "channels", "tones", "frames", "flip", "batch_size", "max_steps")
    values = {name: st.session_state[widget_key(scope, name)] for name in names}
    samples, size, steps = _samples(values), values["batch_size"], values["max_steps"]
    batches = batches_of_epoch(samples, size) if isinstance(size, int) and size > 0 else 0
    if not batches or not isinstance(steps, int):
        return
    st.session_state[_KEY] = float(f"{steps / batches:.4g}")
    left_out = samples % size
    rest = f" The last {left_out:,} of them are left out, because they fill no batch." if left_out else ""
    st.number_input(
        "The same in epochs",
        min_value=0.001,
        step=1.0,
        format="%.6g",
        key=_KEY,
        on_change=_take,
        args=(widget_key(scope, "max_steps"), batches),
        help=f"An epoch is one pass over all {samples:,} samples in a new random order: {batches:,} batches, each for one critic update."
        f"{rest} A change here changes the length of the run.",
    )


def _take(key: str, batches: int) -> None:
    """Write the length that was asked for in epochs into the field of the length in critic updates."""
    most = int(SETTINGS["max_steps"].high or 0)
    st.session_state[key] = min(most, max(1, round(st.session_state[_KEY] * batches)))


def _samples(values: dict[str, object]) -> int:
    """How many samples the run trains on; 0 if that is not known."""
    from wgan_core.data.own_images import stamp

    config = TrainConfig().model_copy(update=values)
    if config.dataset not in ("csv", "image-folder"):
        return known_samples(config)
    changed = stamp(config.data_root) if config.data_root.strip() else ""
    key = (config.dataset, config.data_root, config.fit, config.frames, config.flip)
    return _counted(key, changed, config) if changed else 0


@st.cache_data(max_entries=16, show_spinner=False)
def _counted(key: tuple[str, ...], changed: str, _config: TrainConfig) -> int:
    """The number of samples in files of one's own; 0 if they cannot be read."""
    from wgan_core.data.own_images import preview_own
    from wgan_core.data.picture import Reading
    from wgan_core.data.point_file import load_points

    try:
        if _config.dataset == "csv":
            return len(load_points(_config.data_root))
        return preview_own(_config.data_root, 1, Reading.of(_config)).count * (2 if _config.flip == "horizontal" else 1)
    except (DataError, OSError, RuntimeError):
        return 0
