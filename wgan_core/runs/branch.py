"""Branches: a new run that continues from a saved step of another one, with other settings if wanted.

The branch is whole by itself: it has the parent's past (curves, pictures, light steps, and readings if its data are the same) up to that
step, and the step itself. So the parent may train on, move or be deleted.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wgan_core.access.person import Person
from wgan_core.config import OF_SHAPES, SETTINGS, ConfigError, TrainConfig
from wgan_core.data.dataset import Dataset
from wgan_core.data.image_folder import Progress
from wgan_core.data.load import load_dataset
from wgan_core.instruments.monitor import Monitor
from wgan_core.runs.launch import Inbox, Publish, describe_data, shown
from wgan_core.runs.loop import RunLoop
from wgan_core.runs.recorder import Recorder
from wgan_core.runs.run_data import data_of_run, watched, with_absolute_root
from wgan_core.store.folder import NoRun, RunFolder, StoreError, run_path
from wgan_core.store.history import History, column
from wgan_core.store.locks import reading
from wgan_core.store.parent import Parent
from wgan_core.timeline.inherit import inherit
from wgan_core.training.carry_over import carry_over
from wgan_core.training.device import describe_device, train_on_this_thread
from wgan_core.training.state import StateMismatch
from wgan_core.training.trainer import Trainer

OF_DATA = ("dataset", "data_root", "fit", "channels", "tones", "frames", "flip")
"""Settings that decide which data a run trains on."""
_OF_THE_PARENT_ALONE = frozenset(("advice", "critic-lag"))
"""Readings that say something about the parent's settings, not about the networks that the branch begins with."""


def branched_config(folder: RunFolder, step: int, changes: dict[str, Any]) -> TrainConfig:
    """The settings under which `step` of the run in `folder` was trained, with `changes`. An edit made at that very step is left out: the
    branch begins as if it had not happened. Raises StoreError or ConfigError if no branch can have these settings."""
    folder.check_edits_known()
    was = folder.config_before(step)
    config = was.replace(**changes)
    for name in OF_SHAPES:
        if getattr(config, name) != getattr(was, name):
            raise ConfigError(
                f"{SETTINGS[name].label} cannot differ in a branch, because the networks of step {step:,} would not fit: leave it at "
                f"{_in_words(getattr(was, name))}, or start a new run."
            )
    if config.lipschitz != was.lipschitz and "spectral-norm" in (config.lipschitz, was.lipschitz):
        raise ConfigError(
            f"{SETTINGS['lipschitz'].label} cannot change to or from spectral-norm in a branch, because the critic of step {step:,} would "
            f"not fit: leave it at {was.lipschitz}, or start a new run."
        )
    if config.max_steps <= step:
        raise ConfigError(f"The branch would begin at its end: set {SETTINGS['max_steps'].label} to more than {step:,}.")
    return config


def _in_words(value: object) -> str:
    return "-".join(map(str, value)) if isinstance(value, tuple) else str(value)


def branched_loop(
    parent: Path,
    step: int,
    changes: dict[str, Any],
    path: Path,
    inbox: Inbox,
    publish: Publish = lambda snapshot: None,
    *,
    owner: Person | None = None,
    **kwargs: Any,
) -> RunLoop:
    """A loop for a new run in the folder `path` that continues from `step` of the run at `parent`, which is only read and may be training.

    Raises StoreError, DataError or ConfigError, each with one sentence. Then there is no new folder.
    """
    with reading(parent):
        return _branched(RunFolder.open(parent), step, changes, path, inbox, publish, owner, **kwargs)


def _branched(
    folder: RunFolder,
    step: int,
    changes: dict[str, Any],
    path: Path,
    inbox: Inbox,
    publish: Publish,
    owner: Person | None,
    **kwargs: Any,
) -> RunLoop:
    was, config = folder.config_before(step), branched_config(folder, step, changes)
    state = folder.read_state(step, averaged=was.ema_decay > 0)
    crew = train_on_this_thread(config.threads)
    config = with_absolute_root(config)
    dataset, config = _data(folder, config, watched(inbox, shown(publish, path.name, config)))
    trainer = Trainer(config, dataset, crew=crew)
    try:
        anew = carry_over(trainer, state, was)
    except StateMismatch as error:
        raise StoreError(f"The networks of step {step:,} do not fit this data or these settings: {error}") from None
    differs = {name: (getattr(was, name), getattr(config, name)) for name in TrainConfig.model_fields}
    differs = {name: values for name, values in differs.items() if values[0] != values[1]}
    if not _same_data(folder, dataset):
        anew = (*anew, "the data, which are not those of the parent")
    origin = Parent(folder.run_id, step, differs, anew)
    branch = RunFolder.create(
        path, config, dataset=describe_data(dataset, trainer.classes), parent=origin, owner=owner, device=describe_device(trainer.device)
    )
    with _or_nothing(branch):
        branch.hold()
        _take_past(folder, branch, step, with_readings=_same_data(folder, dataset))
        recorder = Recorder(branch, History(branch.read_metrics()))
        recorder.note(step, "branched", parent=origin.run_id, anew=list(anew))
        loop = RunLoop(trainer, recorder, inbox, publish, monitor=Monitor(trainer, dataset, inbox.put), **kwargs)
    with contextlib.suppress(OSError):  # so that the parent keeps this step; the branch is whole without it
        folder.past.write_branch(step, branch.run_id)
    return loop


def _data(folder: RunFolder, config: TrainConfig, progress: Progress) -> tuple[Dataset, TrainConfig]:
    """The parent's data, wherever it lies now, or other data if the settings say so."""
    if all(getattr(config, name) == getattr(folder.config, name) for name in OF_DATA):
        try:
            return data_of_run(folder, config, progress)
        except StoreError:  # other data at the same place: the branch takes it, and says so
            pass
    return load_dataset(config, progress=progress), config


@contextlib.contextmanager
def _or_nothing(branch: RunFolder) -> Iterator[None]:
    """Remove the new folder again if it could not be filled."""
    try:
        yield
    except BaseException as error:
        branch.release()
        shutil.rmtree(branch.path, ignore_errors=True)
        if isinstance(error, OSError):
            raise StoreError(f"The branch cannot be written: {error.strerror or error}.") from None
        raise


def _same_data(folder: RunFolder, dataset: Dataset) -> bool:
    return folder.meta.get("dataset", {}).get("fingerprint") in (None, dataset.fingerprint)


def _take_past(parent: RunFolder, branch: RunFolder, step: int, *, with_readings: bool) -> None:
    """Copy the parent's past up to `step`. Raises OSError."""
    rows = parent.read_metrics()
    if len(past := rows[column(rows, "step") <= step]):
        branch.append_metrics(past)
    if with_readings:
        branch.append_readings(one for one in parent.readings() if one.step <= step and one.key not in _OF_THE_PARENT_ALONE)
    for averaged in (False, True):
        for at, file in parent.samples(averaged=averaged).items():
            if at <= step:
                branch.write_sample(at, file.read_bytes(), averaged=averaged)
    inherit(parent, branch, step, same_data=with_readings)


def ancestry(folder: RunFolder) -> tuple[Parent, ...]:
    """Where the run began, where that one began, and so on, the nearest first, as far as the folders lie beside each other."""
    found: list[Parent] = []
    seen = {folder.run_id}
    while (origin := folder.parent) is not None:
        found.append(origin)
        if origin.run_id in seen:
            break
        seen.add(origin.run_id)
        try:
            folder = RunFolder.open(run_path(folder.path.parent, origin.run_id))
        except (NoRun, StoreError):
            break
    return tuple(found)
