"""The newest state of a run, from this process or from the run's folder."""

from __future__ import annotations

from pathlib import Path

from pages.shared.once import Once
from pages.shared.server import run_manager
from wgan_core.runs.launch import snapshot_from_folder
from wgan_core.runs.messages import Snapshot
from wgan_core.store.folder import RunFolder, run_path

_FROM_FOLDERS = Once[Snapshot](8)


def newest_snapshot(run_id: str, *, watch: bool = True) -> Snapshot:
    """The newest snapshot of a run. Raises StoreError. watch: let a run that trains here draw its samples for the page."""
    run = run_manager().get(run_id)
    if run is not None:
        return run.watch() if watch else run.snapshot
    path = run_path(run_manager().root, run_id)
    folder = RunFolder.open(path)
    return _FROM_FOLDERS.get((path, _stamp(path), folder.is_held()), lambda: snapshot_from_folder(folder))


def _stamp(path: Path) -> tuple[float, ...]:
    """A value that changes whenever the contents of the run folder do."""
    files = [path / name for name in ("config.json", "metrics.csv", "ledger.jsonl", "health.jsonl", "steps", "samples")]
    return tuple(file.stat().st_mtime for file in files if file.exists())
