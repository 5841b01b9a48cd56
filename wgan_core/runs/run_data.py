"""The data of a run: loaded with progress and an end on request, and found again where the run or its data have moved."""

from __future__ import annotations

import contextlib
import os
import queue
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from wgan_core.config import TrainConfig
from wgan_core.data import kept
from wgan_core.data.catalog import DOWNLOADED
from wgan_core.data.classes import labels_hash
from wgan_core.data.dataset import DataError, Dataset
from wgan_core.data.download import is_available
from wgan_core.data.image_folder import Progress, no_progress
from wgan_core.data.load import load_dataset
from wgan_core.data.picture_files import clean_path
from wgan_core.data.uploads import data_folders
from wgan_core.runs.messages import Command, is_stop
from wgan_core.store.folder import RunFolder, StoreError

_OWN = ("image-folder", "csv")
_SHOW_EVERY_SECONDS = 0.5


class LoadingStopped(Exception):
    """Somebody has asked the run to stop while its data was loaded."""


def watched(inbox: queue.SimpleQueue[Command], show: Callable[[str, float], None] = lambda sentence, share: None) -> Progress:
    """A `Progress` that tells `show` now and then how far it is, and raises LoadingStopped once Stop is in the inbox."""
    next_time = time.monotonic() + _SHOW_EVERY_SECONDS

    def progress(what: str, done: int, total: int) -> None:
        nonlocal next_time
        if _stop_waits(inbox):
            raise LoadingStopped("Stopped while the data was loaded, before the training began.")
        if time.monotonic() >= next_time or total <= 1:
            next_time = time.monotonic() + _SHOW_EVERY_SECONDS
            show(f"{what}: {done:,} of {total:,}." if total > 1 else f"{what}.", done / max(1, total))

    return progress


def _stop_waits(inbox: queue.SimpleQueue[Command]) -> bool:
    """Whether one of the waiting commands is Stop. All of them stay there."""
    waiting: list[Command] = []
    with contextlib.suppress(queue.Empty):
        while True:
            waiting.append(inbox.get_nowait())
    for command in waiting:
        inbox.put(command)
    return any(map(is_stop, waiting))


def with_absolute_root(config: TrainConfig) -> TrainConfig:
    """The config with the data folder as a full path, so that the run finds it from every folder later. A place that does not exist is
    left as it was written."""
    if not config.data_root.strip():
        return config
    try:
        path = os.path.abspath(clean_path(config.data_root))
        path.encode("utf-8")
    except (ValueError, OSError):
        return config
    return config.replace(data_root=path) if len(path) <= 4096 and os.path.exists(path) else config


def with_data_here(config: TrainConfig) -> TrainConfig:
    """For a data set that is downloaded: the config with this machine's own data folder, unless the data is where the config says. So
    nothing is ever downloaded to a path that a run folder brought from another machine."""
    if config.dataset in DOWNLOADED and config.data_root and not is_available(config):
        return config.replace(data_root="")
    return config


def data_of_run(folder: RunFolder, config: TrainConfig, progress: Progress = no_progress) -> tuple[Dataset, TrainConfig]:
    """The data that the run in `folder` was trained on, and `config` with the place where it was found.

    Looked at in turn: the data folder of `config`; that of this machine (WGAN_DATA_ROOT, or the cache), and in it folders and files of the
    same name; and the images that were kept in the cache. The fingerprint says whether it is the run's data.

    Raises:
        DataError: there is no data in the first place, nor elsewhere.
        StoreError: there is other data in the first place, and nowhere the run's.
    """
    known = _known(folder)
    classic = config.dataset == "image-folder" and "reader" not in known
    wanted = known.get("fingerprint")
    problem: Exception | None = None
    for place in _places(with_data_here(config)):
        try:
            dataset = load_dataset(place, progress=progress, classic=classic)
        except (DataError, OSError) as error:
            problem = problem or error
            continue
        if wanted in (None, dataset.fingerprint):
            _check_labels(known, dataset)
            return dataset, place
        problem = problem or _other_data(known, dataset)
    if (dataset := kept.by_fingerprint(wanted)) is not None and list(dataset.data.shape[1:]) == known.get("shape"):
        return dataset, config
    assert problem is not None
    raise problem


def held_out_of_run(folder: RunFolder, config: TrainConfig) -> Dataset:
    """The part of a run's data that it never sees. Raises DataError if there is none here."""
    problem: Exception | None = None
    for place in _places(config):
        try:
            return load_dataset(place, held_out=True, classic=config.dataset == "image-folder" and "reader" not in _known(folder))
        except (DataError, OSError) as error:
            problem = problem or error
    raise DataError(str(problem)) from problem


def _known(folder: RunFolder) -> dict[str, Any]:
    known = folder.meta.get("dataset")
    return known if isinstance(known, dict) else {}


def _places(config: TrainConfig) -> Iterator[TrainConfig]:
    """`config` with every data folder in which its data may lie."""
    yield config
    if not config.data_root:
        return
    if config.dataset in DOWNLOADED:
        yield config.replace(data_root="")
    elif config.dataset in _OWN:
        name = Path(config.data_root.replace("\\", "/")).name
        for root in data_folders() if name not in ("", ".", "..") else ():
            here = root / name
            if os.path.exists(here) and str(here) != config.data_root:
                yield config.replace(data_root=str(here))


def _check_labels(known: dict[str, Any], dataset: Dataset) -> None:
    """Raise StoreError if a conditional run's samples have other labels now."""
    if "labels" in known and (dataset.labels is None or labels_hash(dataset) != known["labels"]):
        raise StoreError("The labels of the data differ from those that this run was trained with: restore them, or start a new run.")


def _other_data(known: dict[str, Any], dataset: Dataset) -> StoreError:
    return StoreError(
        f"The data here differs from the data that this run was trained on ({known.get(dataset.kind)} {dataset.kind} then, "
        f"{len(dataset)} now, or other content): set the data folder to the same data, or start a new run."
    )
