"""Set up a training loop, for a new run or for one that is resumed from its folder."""

from __future__ import annotations

import itertools
import queue
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wgan_core.access.person import Person
from wgan_core.config import SETTINGS, TrainConfig
from wgan_core.data.classes import Classes, labels_hash, notes_on
from wgan_core.data.dataset import Dataset
from wgan_core.data.epochs import batches_of_epoch
from wgan_core.data.kept import VERSION as READER
from wgan_core.data.load import load_dataset
from wgan_core.instruments.monitor import Monitor
from wgan_core.latent.saved import check_networks
from wgan_core.runs.loop import RunLoop
from wgan_core.runs.messages import Command, Snapshot, Status
from wgan_core.runs.recorder import Recorder
from wgan_core.runs.run_data import data_of_run, watched, with_absolute_root
from wgan_core.store.folder import RunFolder, StoreError
from wgan_core.store.history import History, newest
from wgan_core.store.readings import ADVICE, Reading
from wgan_core.timeline.sizes import sizes_of
from wgan_core.training.device import describe_device, train_on_this_thread
from wgan_core.training.state import StateMismatch
from wgan_core.training.trainer import Trainer
from wgan_core.training.world import World

Inbox = queue.SimpleQueue[Command]
Publish = Callable[[Snapshot], None]

LOCAL_FIELDS = frozenset(("data_root", "device", "threads"))
"""Settings that describe this machine and not the experiment. They may change when a run is resumed."""


def new_loop(
    config: TrainConfig,
    path: Path,
    inbox: Inbox,
    publish: Publish = lambda snapshot: None,
    *,
    note: str = "",
    owner: Person | None = None,
    world: World | None = None,
    **kwargs: Any,
) -> RunLoop:
    """A loop for a new run in the folder `path`. If several processes train it, this is process 0 of `world`.

    Raises ConfigError, DataError, StoreError or ValueError, each with one sentence."""
    config = with_absolute_root(config)
    crew = train_on_this_thread(config.threads)
    dataset = load_dataset(config, progress=watched(inbox, shown(publish, path.name, config)))
    trainer = Trainer(config, dataset, world, crew)
    about = describe_data(dataset, trainer.classes)
    folder = RunFolder.create(path, config, dataset=about, note=note, owner=owner, device=describe_device(trainer.device))
    folder.hold()
    recorder = Recorder(folder)
    for text in (*dataset.notes, *(notes_on(trainer.classes) if trainer.classes is not None else ())):
        recorder.say("data", text)
        recorder.note(0, "warning", text=text)
    _note_processes(recorder, 0, world)
    return RunLoop(trainer, recorder, inbox, publish, monitor=Monitor(trainer, dataset, inbox.put), **kwargs)


def resumed_loop(
    path: Path, changes: dict[str, Any], inbox: Inbox, publish: Publish = lambda snapshot: None, *, by: str = "", **kwargs: Any
) -> RunLoop:
    """A loop that resumes the run at `path` from its newest readable step.

    Args:
        path: the run folder.
        changes: new values for live settings, recorded in the ledger; and for `data_root`, `device` and `threads`, which describe this
            machine and not the experiment.
        by: who resumes it, for the ledger.

    Raises StoreError, DataError or ConfigError, each with one sentence. The folder is then unchanged.
    """
    folder = RunFolder.open(path)
    if not folder.steps():
        raise StoreError("This run has no saved step to resume from: start a new one with its settings.")
    folder.hold()
    try:
        loop = _resume(folder, changes, inbox, publish, by=by, **kwargs)
    except OSError as error:
        folder.release()
        raise StoreError(f"The run folder {path} cannot be written: {error.strerror or error}.") from None
    except BaseException:
        folder.release()
        raise
    return loop


def shown(publish: Publish, run_id: str, config: TrainConfig) -> Callable[[str, float], None]:
    """Publishes how far the loading of the data is."""
    numbers = itertools.count(2)  # a Run has already published 0 (queued) and 1 (loading)

    def show(sentence: str, share: float) -> None:
        publish(Snapshot(run_id=run_id, seq=next(numbers), status="loading", config=config, notice=sentence, loaded=share))

    return show


def _note_processes(recorder: Recorder, step: int, world: World | None) -> None:
    if world is not None:
        recorder.note(step, "processes", count=world.size)


def _resume(
    folder: RunFolder, changes: dict[str, Any], inbox: Inbox, publish: Publish, *, by: str, world: World | None = None, **kwargs: Any
) -> RunLoop:
    here = {name: value for name, value in changes.items() if name in LOCAL_FIELDS}
    live = {name: value for name, value in changes.items() if name not in here}
    folder.check_edits_known()
    config = folder.config_at(folder.steps()[-1]).replace(**here)
    config.replace(**live)  # an invalid value is refused before anything is changed
    crew = train_on_this_thread(config.threads)
    dataset, config = data_of_run(folder, config, watched(inbox, shown(publish, folder.path.name, config)))
    here["data_root"] = config.data_root
    check_networks(folder, tuple(dataset.data.shape[1:]))
    trainer = Trainer(config, dataset, world, crew)
    damaged = _load_newest_readable(folder, trainer)
    # An older step, used because newer ones are damaged, may be from before some edits.
    trainer.configure(folder.config_at(trainer.step).replace(**here))
    for step in damaged:
        folder.set_aside(step)
    folder.forget_after(trainer.step)
    rows = folder.read_metrics()
    recorder = Recorder(folder, History(rows))
    recorder.by = by
    recorder.note(trainer.step, "resumed")
    _note_processes(recorder, trainer.step, world)
    if damaged:
        text = f"Step {damaged[0]} could not be read and was set aside; the run continues from step {trainer.step}."
        recorder.say("damage", text)
        recorder.note(trainer.step, "warning", text=text)
    known = of_these_settings(folder, recorder.readings)
    loop = RunLoop(trainer, recorder, inbox, publish, monitor=Monitor(trainer, dataset, inbox.put, known=known), **kwargs)
    if live:
        loop.edit(live)
    recorder.by = ""
    return loop


def of_these_settings(folder: RunFolder, readings: tuple[Reading, ...]) -> list[Reading]:
    """The readings since the recipe was last changed, and since a branch began: what came before is no measure for what is now."""
    changed = [edit.step for edit in folder.edits() if edit.field in SETTINGS and SETTINGS[edit.field].group == "recipe"]
    begun = max([*changed, folder.parent.step if folder.parent is not None else 0])
    return [one for one in readings if one.step > begun or one.key == ADVICE]


def _load_newest_readable(folder: RunFolder, trainer: Trainer) -> list[int]:
    """Load the newest step that fits. Returns the newer ones, which do not fit. Raises StoreError if none fits."""
    damaged: list[int] = []
    reason = ""
    for step in reversed(folder.steps()):
        try:
            trainer.load_state_dict(folder.read_step(step))
            return damaged
        except (StoreError, StateMismatch) as error:
            reason = reason or f"The run cannot be resumed from step {step}: {error}"
            damaged.append(step)
    raise StoreError(reason)


def describe_data(dataset: Dataset, classes: Classes | None = None) -> dict[str, Any]:
    """What a run folder keeps about its data, and about the classes that its networks are told."""
    return {
        "name": dataset.name,
        dataset.kind: len(dataset),
        "shape": list(dataset.data.shape[1:]),
        "fingerprint": dataset.fingerprint,
        "source": dataset.source,
        "notes": list(dataset.notes),
        "form": list(dataset.form),
        **({} if dataset.classic else {"reader": READER}),
        **({} if classes is None else {"classes": classes.to_meta(), "labels": labels_hash(dataset)}),
    }


def snapshot_from_folder(folder: RunFolder) -> Snapshot:
    """A snapshot, read from the folder, of a run that this process is not training. Raises StoreError."""
    steps = folder.steps()
    rows = History(folder.read_metrics()).view()
    last = int(max(steps[-1] if steps else 0, newest(rows, "step", 0)))
    stands = folder.status()
    status: Status = stands if stands in ("running", "finished", "failed") else "stopped"
    error = ""
    if stands == "interrupted":
        error = f"The program ended before this run did. Step {steps[-1] if steps else 0} is saved; resume to continue from there."
    elif stands == "failed":
        error = next((str(entry["error"]) for entry in reversed(folder.ledger()) if entry.get("error")), "")
    return Snapshot(
        run_id=folder.path.name,
        seq=len(rows),
        status=status,
        config=folder.config_at(last),
        step=last,
        generator_updates=int(newest(rows, "generator_updates", 0)),
        history=rows,
        edits=folder.edits(),
        batches_per_epoch=batches_of_epoch(folder.samples_seen, folder.config.batch_size),
        saved_steps=tuple(steps),
        sizes=sizes_of(folder.path),
        readings=folder.readings(),
        parent=folder.parent,
        error=error,
    )
