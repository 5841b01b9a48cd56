"""The run folder: write, read, resume, list. It holds only JSON, CSV, safetensors and PNG, so opening a stranger's run executes nothing.

<run-id>/
  config.json      the config, library versions, data set fingerprint
  metrics.csv      append-only; an unfinished last line is ignored
  ledger.jsonl     events: edits, status changes, saves, warnings
  health.jsonl     what the instruments read; append-only too
  steps/00012000/  generator, critic and training .safetensors; complete or absent
  samples/00012000.png, and 00012000-averaged.png where the generator is averaged
  light/ moments/ marks/ histograms.jsonl     the run's past, see `store.past`

PyTorch is imported where tensors are read and written, so that lists of runs appear before it has loaded.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock
import numpy as np
import safetensors

from wgan_core.access.person import Person, person_in
from wgan_core.config import SETTINGS, ConfigError, TrainConfig, parse_config
from wgan_core.store.files import (
    append_lines,
    entries,
    read_json,
    sync_folder,
    whole_lines,
    write_atomically,
    write_synced,
)
from wgan_core.store.history import COLUMNS, HEADER, Rows, column, metric_lines, row_in
from wgan_core.store.layout import DIRECTIONS, FOLDERS, LABELS, MAX_BYTES, NoRun, StoreError, check_layout
from wgan_core.store.ledger import Edit, edits_in, entry_in
from wgan_core.store.locks import is_held, training_lock
from wgan_core.store.parent import Parent, parent_in
from wgan_core.store.past import STEP, Past, in_float32
from wgan_core.store.readings import Reading, from_line, to_line

if TYPE_CHECKING:
    import torch

TensorDict = dict[str, "torch.Tensor"]
PARTS = ("generator", "critic", "training")
AVERAGED = "averaged"
"""A fourth part, of runs that average their generator."""
FORMAT = 1
_AVERAGED_GRID = f"-{AVERAGED}"
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_NUMBERED = re.compile(r"[0-9]{8}-[0-9]{4}-.+-(?P<number>[1-9][0-9]{0,8})-[0-9a-f]{4}")
_STEP = re.compile(STEP)
_BEGUN = re.compile(r"\.[a-z]+\.(json|jsonl|csv)-[0-9a-f]{8}")
"""A file that was being written."""
_ASIDE = re.compile(rf"\.({_STEP.pattern})-[0-9a-f]{{8}}")


def runs_root() -> Path:
    """The folder that holds the runs: the environment variable WGAN_RUNS_ROOT, otherwise `checkpoints/` in the project's folder.

    If only the package is installed, without the project around it: `checkpoints/` in the current folder.
    """
    if chosen := os.environ.get("WGAN_RUNS_ROOT"):
        return Path(chosen).expanduser()
    project = Path(__file__).parents[2]
    return (project if (project / "app.py").is_file() else Path.cwd()) / "checkpoints"


def new_run_id(config: TrainConfig, taken: Iterable[str] = ()) -> str:
    """A name such as `20260314-0926-mnist-4-3f9a`: sorts by time, names the data set, counts the runs, and does not collide.

    taken: the ids of the runs that there are. The new run's number is one more than the largest among them.
    """
    number = 1 + max((run_number(run_id) or 0 for run_id in taken), default=0)
    return f"{datetime.datetime.now():%Y%m%d-%H%M}-{config.dataset}-{number}-{secrets.token_hex(2)}"


def run_ids(root: Path) -> list[str]:
    """The names of all folders below `root` that can be runs, without opening them."""
    return [entry.name for entry in entries(root) if _RUN_ID.fullmatch(entry.name)]


def run_number(run_id: str) -> int | None:
    """The number in a run id made by `new_run_id`; None for a folder that was named by hand or by an earlier version."""
    found = _NUMBERED.fullmatch(run_id)
    return int(found["number"]) if found else None


def run_path(root: Path, run_id: str) -> Path:
    """The folder of `run_id` below `root`. Raises NoRun (a StoreError) for anything that is not a plain run id, so `../x` is refused."""
    if not _RUN_ID.fullmatch(run_id):
        raise NoRun(f"{run_id[:80]!r} is not a run id: it may hold letters, digits, hyphens, dots and underscores only.")
    return root / run_id


@dataclass(frozen=True)
class RunSummary:
    """One line about a run folder, for lists."""

    run_id: str
    path: Path
    config: TrainConfig
    created: str
    step: int
    """The newest saved step."""
    status: str
    """running (being trained now), finished, stopped, failed or interrupted; empty if unknown."""
    note: str
    has_steps: bool


@dataclass(frozen=True)
class DamagedRun:
    """A run folder that cannot be opened, for lists."""

    run_id: str
    path: Path
    damaged: str
    """What is wrong with it, in one sentence."""


class RunFolder:
    """One run folder. Use `create` or `open`."""

    def __init__(self, path: Path, meta: dict[str, Any], config: TrainConfig) -> None:
        self.path = path
        self.meta = meta
        self.config = config
        """The config that the run started with. The edits are in the ledger, see `config_at`."""
        self.past = Past(path, str(meta.get("run_id", "")))
        """Light steps, moments and marks."""
        self._lock = training_lock(path)

    @property
    def run_id(self) -> str:
        """The id written into the run; it stays with the run when its folder is copied or renamed."""
        return str(self.meta["run_id"])

    @property
    def parent(self) -> Parent | None:
        """Where the run began, if it is a branch."""
        return parent_in(self.meta)

    @property
    def owner(self) -> Person | None:
        """Who started it; None if nobody was noted."""
        return person_in(self.meta.get("owner"))

    @property
    def samples_seen(self) -> int:
        """The number of images or points that the run trains on; 0 if its config.json does not tell."""
        known: dict[str, Any] = dict(self.meta.get("dataset") or {})
        found = known.get("images", known.get("points"))
        return found if isinstance(found, int) and found > 0 else 0

    def give_to(self, owner: Person) -> None:
        """Write down another owner. Only for a run that is not trained. Raises OSError."""
        self.meta["owner"] = owner.to_meta()
        write_atomically(self.path / "config.json", json.dumps(self.meta, indent=2).encode())

    @classmethod
    def create(
        cls,
        path: Path,
        config: TrainConfig,
        *,
        run_id: str = "",
        dataset: dict[str, Any] | None = None,
        note: str = "",
        parent: Parent | None = None,
        owner: Person | None = None,
        device: str = "",
    ) -> RunFolder:
        """A new run folder at `path`, which must be absent or empty, or left by a run that was killed before it saved anything. Raises
        StoreError."""
        import torch

        check_vacant(path)
        meta = {
            "format": FORMAT,
            "run_id": run_id or path.name,
            "created": _now(),
            "note": note,
            "config": config.model_dump(),
            "dataset": dataset or {},
            "device": device,
            "versions": {"torch": torch.__version__, "numpy": np.__version__, "safetensors": safetensors.__version__},
        }
        if parent is not None:
            meta["parent"] = parent.to_meta()
        if owner is not None:
            meta["owner"] = owner.to_meta()
        folder = cls(path, meta, config)
        try:
            _clear(path)
            folder.restore_if_deleted()
        except OSError as error:
            raise StoreError(f"The run folder {path} cannot be written: {error.strerror or error}.") from None
        return folder

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """An existing run folder.

        Raises:
            NoRun: there is none.
            StoreError: its config.json cannot be used, or it contains something that does not belong there, such as a link.
        """
        if not os.path.lexists(path / "config.json"):
            raise NoRun(f"{path} is not a run folder: it has no config.json.")
        check_layout(path)
        try:
            meta = _checked_meta(read_json(path / "config.json", MAX_BYTES["config.json"]))
        except (OSError, ValueError):
            raise StoreError(f"{path / 'config.json'} is damaged: restore it from a copy.") from None
        if meta.get("format") != FORMAT:
            found = repr(meta.get("format"))[:40]
            raise StoreError(f"{path} was written by another version of the playground (format {found}, not {FORMAT}).")
        try:
            # Runs from before there was this setting were rounded like that, and can still be repeated bit for bit.
            return cls(path, meta, parse_config({"rounding": "exact"} | meta["config"]))
        except ConfigError as error:
            raise StoreError(f"{path / 'config.json'}: {error}") from None

    def restore_if_deleted(self) -> bool:
        """Create the folder and write config.json if they are missing; returns True if they were. Raises OSError."""
        if (self.path / "config.json").exists():
            return False
        (self.path / "steps").mkdir(parents=True, exist_ok=True)
        (self.path / "samples").mkdir(exist_ok=True)
        write_atomically(self.path / "config.json", json.dumps(self.meta, indent=2).encode())
        if self._lock.is_locked:
            # The lock was on a file that is gone, so nobody else would see it.
            self._lock.release()
            self._lock.acquire()
        return True

    def hold(self) -> None:
        """Lock the folder for writing, also against other processes. Raises StoreError if another process or thread holds it."""
        check_layout(self.path)  # again, because files will now be written into it
        try:
            # With a timeout, because a page that calls `is_held` takes the lock for a moment.
            self._lock.acquire(timeout=2)
        except filelock.Timeout:
            raise StoreError(f"{self.path.name} is being trained already, here or by another process: stop it there first.") from None
        except OSError as error:
            raise StoreError(f"The run folder {self.path} cannot be written: {error.strerror or error}.") from None
        for entry in entries(self.path / "steps"):
            if _ASIDE.fullmatch(entry.name):  # left by a process that was killed while saving
                shutil.rmtree(entry, ignore_errors=True)
        with contextlib.suppress(OSError):
            self.past.clear_up()

    def release(self) -> None:
        """Release the lock."""
        self._lock.release()

    def is_held(self) -> bool:
        """Whether a run is being trained into this folder now."""
        return is_held(self.path)

    # Saved steps.

    def steps(self) -> list[int]:
        """The saved steps, ascending."""
        return sorted(int(entry.name) for entry in entries(self.path / "steps") if _STEP.fullmatch(entry.name) and entry.is_dir())

    def whole_steps(self) -> list[int]:
        """The saved steps that hold what is needed to continue training, ascending. Some runs keep weights only."""
        return [step for step in self.steps() if (self._step_path(step) / "training.safetensors").exists()]

    def can_resume(self) -> bool:
        """Whether there is such a step."""
        return bool(self.whole_steps())

    def write_step(self, step: int, state: dict[str, TensorDict]) -> None:
        """Save `state` (see `Trainer.state_dict`) as `step`, completely or not at all. Raises OSError, for instance if the disk is full."""
        import safetensors.torch

        target = self._step_path(step)
        aside = self.path / "steps" / f".{target.name}-{secrets.token_hex(4)}"
        try:
            aside.mkdir(parents=True)
            for part, tensors in state.items():
                contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
                metadata = {"run": self.run_id, "step": str(step), "part": part}
                write_synced(aside / f"{part}.safetensors", safetensors.torch.save(contiguous, metadata))
            sync_folder(aside)
            self._discard_step(step)
            aside.rename(target)
            sync_folder(target.parent)
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def part_shapes(self, step: int, part: str) -> dict[str, tuple[int, ...]]:
        """The shapes of the tensors of one part of a saved step, without reading these. Raises StoreError."""
        path = self._step_path(step) / f"{part}.safetensors"
        try:
            with safetensors.safe_open(path, framework="np") as file:
                return {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
        except (OSError, safetensors.SafetensorError):
            raise StoreError(f"{path.name} of step {step} is damaged or not a safetensors file.") from None

    def read_part(self, step: int, part: str) -> TensorDict:
        """The tensors of one part of a saved step, on the CPU; float16 becomes float32. Raises StoreError."""

        path = self._step_path(step) / f"{part}.safetensors"
        if not path.parent.is_dir():
            if self.past.light_path(step).exists():
                raise StoreError(self.why_not_resumed(step))
            kept = ", ".join(map(str, self.steps())) or "none"
            raise StoreError(f"Step {step} is not saved in this run (saved: {kept}).")
        try:
            with safetensors.safe_open(path, framework="pt") as file:
                metadata = file.metadata() or {}
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        except FileNotFoundError:
            what = "it keeps weights only, so it can be explored but not resumed" if part == "training" else f"its {part} file is missing"
            raise StoreError(f"Step {step} is incomplete: {what}.") from None
        except (OSError, safetensors.SafetensorError):
            raise StoreError(f"{path.name} of step {step} is damaged or not a safetensors file.") from None
        if metadata != {"run": self.run_id, "step": str(step), "part": part}:
            raise StoreError(f"{path.name} of step {step} does not belong to this run or this step: its label names another.")
        return in_float32(tensors)

    def read_step(self, step: int) -> dict[str, TensorDict]:
        """The whole state of a saved step. Raises StoreError."""
        return self.read_state(step, averaged=self.config.ema_decay > 0)

    def read_state(self, step: int, *, averaged: bool) -> dict[str, TensorDict]:
        """The whole state of a saved step, with the averaged generator or without. Raises StoreError."""
        return {part: self.read_part(step, part) for part in ((*PARTS, AVERAGED) if averaged else PARTS)}

    def read_network(self, step: int, part: str) -> TensorDict:
        """The tensors of a network ("generator", "critic" or "averaged") of a saved step, or else of a light one. Raises StoreError."""
        light = not self._step_path(step).is_dir() and self.past.light_path(step).exists()
        return self.past.read_light(step, part) if light else self.read_part(step, part)

    def why_not_resumed(self, step: int) -> str:
        """Why `step` can be neither resumed nor branched, in one sentence; empty if it can."""
        if (self._step_path(step) / "training.safetensors").exists():
            return ""
        whole = self.whole_steps()
        instead = f": the nearest that does is step {min(whole, key=lambda at: abs(at - step)):,}." if whole else ", and this run has none."
        if self._step_path(step).is_dir() or self.past.light_path(step).exists():
            return (
                f"Step {step:,} can be explored but neither continued nor branched, because it holds rounded networks only. Training on "
                f"takes the exact networks, the optimisers and the random numbers{instead}"
            )
        return f"Step {step:,} is not kept. A branch needs a step with everything saved{instead}"

    def set_aside(self, step: int) -> None:
        """Rename a step that cannot be read, so that it is ignored but not lost."""
        path = self._step_path(step)
        path.rename(path.with_name(f"damaged-{path.name}-{secrets.token_hex(2)}"))

    def prune(self) -> None:
        """Thin out the saved steps to doubling intervals. The newest ones and those of `protected_steps` always stay."""
        for step in set(self.steps()) - steps_to_keep(self.steps()) - self.protected_steps():
            self.discard_step(step)

    def protected_steps(self) -> set[int]:
        """The steps that are never removed: step 0, those saved by hand or before an edit, pinned ones, the beginning of a branch, and
        those at which another run branched off."""
        noted = {entry["step"] for entry in self.ledger() if entry["what"] in ("saved-by-hand", "saved-before-edit", "branched")}
        return {0} | noted | self.past.marked_steps()

    def discard_step(self, step: int) -> None:
        """Remove a saved step, unless it was pinned, or branched from, at this moment. Raises OSError."""
        path = self._step_path(step)
        aside = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
        path.rename(aside)
        if step in self.past.marked_steps():
            aside.rename(path)
            return
        shutil.rmtree(aside, ignore_errors=True)

    def _discard_step(self, step: int) -> None:
        """Make place for a step that is written again, without ever leaving half of it. Raises OSError."""
        path = self._step_path(step)
        aside = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
        if path.exists():
            path.rename(aside)
            shutil.rmtree(aside, ignore_errors=True)

    def _step_path(self, step: int) -> Path:
        return self.path / "steps" / f"{step:08d}"

    # Curves, ledger, samples.

    def append_metrics(self, rows: Rows) -> None:
        """Add rows of `history.COLUMNS` to metrics.csv. Raises OSError."""
        path = self.path / "metrics.csv"
        append_lines(path, [*([] if path.exists() else [HEADER]), *metric_lines(rows)])

    def read_metrics(self) -> Rows:
        """The recorded rows, float64 [n, 8]. Unfinished lines, and lines that do not hold numbers, are left out."""
        rows = [values for line in whole_lines(self.path / "metrics.csv") if (values := row_in(line)) is not None]
        return np.array(rows, dtype=np.float64).reshape(-1, len(COLUMNS))

    def append_readings(self, readings: Iterable[Reading]) -> None:
        """Append readings to health.jsonl. Raises OSError."""
        append_lines(self.path / "health.jsonl", [to_line(reading) for reading in readings])

    def readings(self) -> tuple[Reading, ...]:
        """All readings, oldest first. Unfinished or invalid lines are left out."""
        return tuple(reading for line in whole_lines(self.path / "health.jsonl") if (reading := from_line(line)) is not None)

    def append_ledger(self, step: int, what: str, /, **details: Any) -> None:
        """Record an event at `step`. Raises OSError."""
        append_lines(self.path / "ledger.jsonl", [json.dumps({"time": _now(), "step": step, "what": what, **details})])

    def ledger(self) -> list[dict[str, Any]]:
        """All entries, oldest first. Invalid lines are left out."""
        return [entry for line in whole_lines(self.path / "ledger.jsonl") if (entry := entry_in(line)) is not None]

    def edits(self) -> tuple[Edit, ...]:
        """The edits that still apply, oldest first. Those of settings that only a later version knows are left out, so that its runs can be
        looked at here (see `check_edits_known`)."""
        return tuple(edit for edit in edits_in(self.ledger()) if edit.field in SETTINGS)

    def processes(self) -> int:
        """The largest number of processes that trained the run together at any time; 1 if it was always a single process."""
        counts = [entry.get("count") for entry in self.ledger() if entry["what"] == "processes"]
        return max((count for count in counts if isinstance(count, int)), default=1)

    def config_at(self, step: int) -> TrainConfig:
        """The config in force at `step`: the first config with all edits up to that step. Raises StoreError."""
        return self._edited_up_to(step)

    def config_before(self, step: int) -> TrainConfig:
        """The config under which `step` was trained: an edit made at that step is not in it yet. Raises StoreError."""
        return self._edited_up_to(step - 1)

    def _edited_up_to(self, step: int) -> TrainConfig:
        changes = {edit.field: edit.new for edit in self.edits() if edit.step <= step}
        try:
            return parse_config(self.config.model_dump() | changes)  # not `replace`: in a stranger's ledger a field may be called `self`
        except ConfigError as error:
            raise StoreError(f"{self.path / 'ledger.jsonl'} holds an impossible edit: {error}") from None

    def check_edits_known(self) -> None:
        """Raise StoreError if a setting was edited that this version does not know. Such a run can be looked at, but not trained on."""
        for edit in edits_in(self.ledger()):
            if edit.field not in SETTINGS:
                name = " ".join(edit.field[:60].split())
                raise StoreError(
                    f"The setting {name}, edited at step {edit.step:,}, is not known to this version: the run can be looked at here, but "
                    "only the version that trained it can continue or repeat it."
                )

    def forget_after(self, step: int) -> None:
        """Remove curve points and readings after `step`, because the run resumes from there and will record them again. Raises OSError."""
        rows = self.read_metrics()
        kept = rows[column(rows, "step") <= step]
        if len(kept) < len(rows):
            write_atomically(self.path / "metrics.csv", "".join(line + "\n" for line in (HEADER, *metric_lines(kept))).encode())
        readings = self.readings()
        before = [to_line(reading) for reading in readings if reading.step <= step]
        if len(before) < len(readings):
            write_atomically(self.path / "health.jsonl", "".join(line + "\n" for line in before).encode())
        self.past.forget_after(step)

    def write_sample(self, step: int, png: bytes, *, averaged: bool = False) -> None:
        """Save the sample grid of `step`, made by the generator or by the averaged generator. Raises OSError."""
        (self.path / "samples").mkdir(exist_ok=True)
        write_atomically(self.path / "samples" / f"{step:08d}{_AVERAGED_GRID if averaged else ''}.png", png)

    def samples(self, *, averaged: bool = False) -> dict[int, Path]:
        """The saved sample grids by step, ascending, of the generator or of the averaged generator."""
        ending = f"{_AVERAGED_GRID if averaged else ''}.png"
        named = {entry.name.removesuffix(ending): entry for entry in entries(self.path / "samples") if entry.name.endswith(ending)}
        return dict(sorted((int(step), entry) for step, entry in named.items() if _STEP.fullmatch(step)))

    def status(self) -> str:
        """The status of the run, see `RunSummary.status`."""
        noted = [str(entry.get("status", "")) for entry in self.ledger() if entry["what"] == "status"]
        if self.is_held():
            return "running"
        if not noted:
            return ""
        return noted[-1] if noted[-1] in ("finished", "stopped", "failed") else "interrupted"

    def summary(self) -> RunSummary:
        """The line that a list of runs shows for this run."""
        steps = self.steps()
        return RunSummary(
            run_id=self.path.name,
            path=self.path,
            config=self.config,
            created=str(self.meta.get("created", "")),
            step=max(steps, default=0),
            status=self.status(),
            note=str(self.meta.get("note", "")),
            has_steps=bool(steps),
        )


def list_runs(root: Path) -> list[RunSummary]:
    """All run folders below `root` that can be opened, newest first."""
    return look_through(root)[0]


def look_through(root: Path) -> tuple[list[RunSummary], list[DamagedRun]]:
    """All run folders below `root`: those that can be opened, newest first, and those that are damaged. Other folders are ignored."""
    runs: list[RunSummary] = []
    damaged: list[DamagedRun] = []
    for entry in entries(root):
        if not _RUN_ID.fullmatch(entry.name):
            continue
        try:
            runs.append(RunFolder.open(entry).summary())
        except NoRun:
            continue
        except StoreError as error:
            damaged.append(DamagedRun(entry.name, entry, str(error)))
    return sorted(runs, key=lambda run: run.created, reverse=True), damaged[::-1]


def steps_to_keep(steps: Iterable[int]) -> set[int]:
    """The two newest of `steps` (in case one is damaged), and the first step in each doubling: 0, 100, 200, 400, ... where they exist."""
    ordered = sorted(steps)
    first_of_doubling: dict[int, int] = {}
    for step in ordered:
        first_of_doubling.setdefault((step // 100).bit_length(), step)
    return set(first_of_doubling.values()) | set(ordered[-2:])


def check_vacant(path: Path) -> None:
    """Raise StoreError unless a new run can be made at `path`, see `RunFolder.create`."""
    if path.exists() and (not path.is_dir() or any(path.iterdir())) and not _is_left_over(path):
        raise StoreError(f"{path} exists already: choose another folder, or continue it with --resume.")


def _is_left_over(path: Path) -> bool:
    """Whether a folder holds nothing but what a run leaves that was killed before it saved its first step, and is not in use."""
    try:
        check_layout(path)
        folder = RunFolder.open(path)
    except NoRun:  # killed before config.json was there
        folder = None
    except StoreError:
        return False
    made = {*MAX_BYTES, *FOLDERS} - {DIRECTIONS, LABELS}  # which people have written
    if any(entry.name not in made and not _BEGUN.fullmatch(entry.name) for entry in entries(path)):
        return False
    saved = any(not _ASIDE.fullmatch(entry.name) for name in ("steps", "light") for entry in entries(path / name))
    return not saved and not (folder is not None and folder.is_held())


def _clear(path: Path) -> None:
    """Empty a folder that `_is_left_over`. Raises OSError."""
    for entry in entries(path):
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def _checked_meta(meta: Any) -> dict[str, Any]:
    """The contents of config.json, after checking for the parts that this program relies on. Raises ValueError."""
    sound = (
        isinstance(meta, dict)
        and isinstance(meta.get("run_id"), str)
        and isinstance(meta.get("config"), dict)
        and isinstance(meta.get("dataset", {}), dict)
        and isinstance(meta.get("versions", {}), dict)
        and all(isinstance(meta.get(name, ""), str) for name in ("created", "note", "device"))
    )
    if not sound:
        raise ValueError("not what config.json of a run holds")
    parent_in(meta)
    return meta


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
