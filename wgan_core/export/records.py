"""What a run has recorded, for other programs: a table for spreadsheets, or event files for TensorBoard. One or many runs at once.

Nothing heavy is imported here: the command line reads `RECORDS` before it needs PyTorch.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import secrets
import shutil
import tempfile
import types
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from wgan_core.export import ExportError, run_command_line
from wgan_core.store.locks import reading

if TYPE_CHECKING:
    from wgan_core.store.folder import RunFolder


class Record(NamedTuple):
    """One form that the records of runs can be exported in."""

    title: str
    help: str


RECORDS: types.MappingProxyType[str, Record] = types.MappingProxyType(
    {
        "csv": Record(
            "CSV",
            "Tables for a spreadsheet: one row for each recorded step with units in the header, and a second file with what the "
            "instruments have read.",
        ),
        "tensorboard": Record(
            "TensorBoard",
            "Event files that TensorBoard shows: curves and measurements, pictures of the fixed latents, histograms of the weights at "
            "the kept steps, settings with their last results. Start it with: tensorboard --logdir FOLDER.",
        ),
    }
)


def why_not(kind: str) -> str:
    """Why records of this kind cannot be made here; "" if they can."""
    if kind == "tensorboard" and importlib.util.find_spec("tensorboardX") is None:
        return "This needs the package tensorboardX: install it with pip install tensorboardX."
    return ""


def export_records(folders: Sequence[RunFolder], kind: str, target: Path) -> list[Path]:
    """Write the records of runs into the folder `target`, which is made if it is missing. Returns what was made, a path for each run.

    Each run is there completely or not at all. Raises ExportError or StoreError, each with one sentence; runs before that one stay.

    Args:
        folders: the runs, which are only read.
        kind: a key of `RECORDS`.
        target: of csv, holds RUN.csv and RUN-readings.csv; of tensorboard, a folder for each run.
    """
    if problem := why_not(kind):
        raise ExportError(problem)
    names = [folder.path.resolve().name for folder in folders]
    if len(set(names)) < len(names):
        raise ExportError(
            "Two of these runs have the same name, so their files would overwrite each other: export them one after the other."
        )
    for name in names:
        for path in _paths(target, name, kind):
            if os.path.lexists(path):
                raise ExportError(f"{path} exists already: delete it, or choose another folder with --out.")
    made: list[Path] = []
    try:
        target.mkdir(parents=True, exist_ok=True)
        for folder, name in zip(folders, names, strict=True):
            aside = target / f".{name}-{secrets.token_hex(4)}"
            try:
                aside.mkdir()
                with reading(folder.path):
                    _write(folder, kind, aside, name, folders)
                for path in _paths(target, name, kind):
                    (aside if kind == "tensorboard" else aside / path.name).rename(path)
            finally:
                shutil.rmtree(aside, ignore_errors=True)
            made.append(_paths(target, name, kind)[0])
    except OSError as error:
        raise ExportError(f"{target} cannot be written ({error.strerror}).") from None
    return made


def _paths(target: Path, name: str, kind: str) -> list[Path]:
    return [target / name] if kind == "tensorboard" else [target / f"{name}.csv", target / f"{name}-readings.csv"]


def _write(folder: RunFolder, kind: str, aside: Path, name: str, beside: Sequence[RunFolder]) -> None:
    if kind == "tensorboard":
        from wgan_core.export.tensorboard import worth_telling, write_events

        write_events(folder, aside, worth_telling([one.config for one in beside]))
        return
    from wgan_core.export.tables import readings_csv, steps_csv

    (aside / f"{name}.csv").write_bytes(steps_csv(folder))
    (aside / f"{name}-readings.csv").write_bytes(readings_csv(folder))


def zip_of_records(paths: Sequence[Path], kind: str, *, timeout: float = 900.0) -> bytes:
    """The records of the run folders at `paths` as a zip file, made in a separate process, on one core: a process that is training is not
    slowed down more than by any other program. `timeout` in seconds. Raises ExportError."""
    with contextlib.ExitStack() as held, tempfile.TemporaryDirectory() as aside:
        for path in paths:
            held.enter_context(reading(path))  # already while the process starts
        target = Path(aside) / "out"
        run_command_line(["export", *(str(path.resolve()) for path in paths), "--as", kind, "--out", str(target)], timeout=timeout)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
            for file in sorted(target.rglob("*")):
                if file.is_file():
                    packed.write(file, file.relative_to(target))
        return buffer.getvalue()
