"""The newest state of a run, from this process or from the run's folder."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from pages.shared.server import run_manager
from wgan_core.runs.launch import snapshot_from_folder
from wgan_core.runs.messages import Snapshot
from wgan_core.store.folder import RunFolder, run_path


def newest_snapshot(run_id: str, *, watch: bool = True) -> Snapshot:
    """The newest snapshot of a run. Raises StoreError. watch: let a run that trains here draw its samples for the page."""
    run = run_manager().get(run_id)
    if run is not None:
        return run.watch() if watch else run.snapshot
    path = run_path(run_manager().root, run_id)
    return _from_folder(path, _stamp(path), RunFolder.open(path).is_held())


@st.cache_resource(max_entries=8, show_spinner=False)
def _from_folder(path: Path, stamp: tuple[float, ...], held: bool) -> Snapshot:
    return snapshot_from_folder(RunFolder.open(path))


def _stamp(path: Path) -> tuple[float, ...]:
    """A value that changes whenever the contents of the run folder do."""
    files = [path / name for name in ("config.json", "metrics.csv", "ledger.jsonl", "health.jsonl", "steps", "samples")]
    return tuple(file.stat().st_mtime for file in files if file.exists())
