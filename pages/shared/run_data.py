"""The data that a run was trained on, loaded once for all browser tabs."""

from __future__ import annotations

import streamlit as st

from pages.shared.server import run_manager
from wgan_core.data.dataset import DataError, Dataset
from wgan_core.runs.run_data import data_of_run, held_out_of_run
from wgan_core.store.folder import RunFolder, StoreError, run_path


def run_data(run_id: str, *, held_out: bool = False) -> Dataset:
    """The data that the run was trained on, or the held-out part. Raises DataError if they are not on this machine."""
    folder = RunFolder.open(run_path(run_manager().root, run_id))
    known = folder.meta.get("dataset")
    try:
        return _data(folder.config.model_dump_json(), str(known), held_out, folder)
    except StoreError as error:  # other data than the run's
        raise DataError(str(error)) from None


@st.cache_resource(max_entries=3, show_spinner="Loading the run's data …")
def _data(config: str, known: str, held_out: bool, _folder: RunFolder) -> Dataset:
    return held_out_of_run(_folder, _folder.config) if held_out else data_of_run(_folder, _folder.config)[0]
