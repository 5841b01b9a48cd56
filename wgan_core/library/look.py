"""Reading what a list shows from a run folder, quickly: of the curves only a sample, and tensors not at all."""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import re
import stat
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

from wgan_core.config import ConfigError, TrainConfig, is_wasserstein
from wgan_core.library.entry import Entry, Measured
from wgan_core.library.labels import read_labels
from wgan_core.store.files import MAX_LINE_BYTES, whole_lines
from wgan_core.store.folder import RunFolder
from wgan_core.store.history import COLUMNS, row_in
from wgan_core.store.layout import NoRun, StoreError
from wgan_core.store.ledger import edits_in
from wgan_core.store.locks import is_held
from wgan_core.store.past import STEP
from wgan_core.store.readings import DISTANCES, KINDS, from_line

MOMENTS = 40
"""Points of the small curve."""
_WHOLE_BYTES = 1_000_000
"""A curve's file up to this size is read at once; of a larger one, lines here and there."""
_MORE_IS_BETTER = ("modes", "classes")
_WITH_BEST = (*DISTANCES, *_MORE_IS_BETTER)
_NUMBER = r"(null|-?[0-9][-+.0-9e]{0,30})"
_WRITTEN = re.compile(
    rf'"floor":(?P<floor>{_NUMBER}),"floor_sd":(?P<floor_sd>{_NUMBER}),"generator_updates":[0-9]+,"key":"(?P<key>[a-z0-9-]+)",'
    r'"mode":"[^"\\]*","n":[0-9]+,"reference":"[^"\\]*","seconds":[^,"]+,"spent":[^,"]+,"step":(?P<step>[0-9]{1,15}),'
    rf'"trained":[^,"]+,"unit":"[^"\\]*","value":(?P<value>{_NUMBER})}}$'
)
"""The end of a line of health.jsonl as `to_line` writes it."""
_STEP = re.compile(STEP)
_ENDED = ("finished", "stopped", "failed")

Naming = Callable[[str, TrainConfig], str]
"""The name that a run has by itself, from the name of its folder and the settings it started with."""


def signature(run: Path) -> str:
    """A short text that changes when the contents of the run folder do; empty if it is not there or is no run folder. Reads no file."""
    digest = hashlib.blake2b(digest_size=12)
    has_config = False
    try:
        with os.scandir(run) as found:
            for entry in sorted(found, key=lambda entry: entry.name):
                if entry.name[0] != ".":  # locks, and what is being written
                    about = entry.stat(follow_symlinks=False)
                    has_config = has_config or entry.name == "config.json"
                    digest.update(f"{entry.name}/{about.st_mtime_ns}/{about.st_size}/{about.st_ino}\n".encode("utf-8", "surrogateescape"))
    except OSError:
        return ""
    return digest.hexdigest() if has_config else ""


def look(run: Path, naming: Naming) -> Entry | None:
    """What a list shows of the run folder `run`; None if there is no run. The status of a run that may still be training is "open", see
    `status_now`."""
    try:
        folder = RunFolder.open(run)
        return _entry(folder, naming)
    except NoRun:
        return None
    except StoreError as error:
        return Entry(run.name, damaged=str(error), labels=read_labels(run), size=folder_size(run))


def status_now(run: Path, status: str) -> str:
    """The status for people, of a run whose entry has this `status`."""
    if status != "open":
        return status
    return "running" if is_held(run) else "interrupted"


def _entry(folder: RunFolder, naming: Naming) -> Entry:
    ledger, inside = folder.ledger(), _Inside(folder.path)
    edited: dict[str, list[Any]] = {}
    for edit in edits_in(ledger):
        edited.setdefault(edit.field, [edit.old]).append(edit.new)
    try:
        config = folder.config.replace(**{name: values[-1] for name, values in edited.items()}) if edited else folder.config
    except (ConfigError, TypeError):
        config, edited = folder.config, {}
    curve = _Curve(folder.path / "metrics.csv")
    parent, data = folder.parent, folder.meta.get("dataset", {})
    owner = folder.owner
    return Entry(
        name=folder.path.name,
        run_id=folder.run_id,
        owner=owner.name if owner is not None else "",
        owner_id=owner.id if owner is not None else "",
        own_title=naming(folder.path.name, folder.config),
        created=str(folder.meta.get("created", ""))[:40],
        status=_noted_status(ledger),
        settings=config.model_dump(mode="json") | ({"device": used} if (used := str(folder.meta.get("device", ""))[:80]) else {}),
        edited={name: tuple(values) for name, values in edited.items()},
        parent=parent.run_id if parent is not None else "",
        parent_step=parent.step if parent is not None else 0,
        step=max(inside.newest_step, int(curve.last("step") or 0)),
        generator_updates=int(curve.last("generator_updates") or 0),
        seconds=curve.last("seconds") or 0.0,
        estimate=curve.last("wasserstein_estimate") if is_wasserstein(config) else None,
        curve=curve.estimates() if is_wasserstein(config) else (),
        measures=_measures(folder.path),
        size=inside.size,
        fingerprint=str(data.get("fingerprint") or ""),
        grid=inside.newest_grid,
        saved_steps=inside.saved_steps,
        labels=read_labels(folder.path),
        data=config.dataset,
        own_note=str(folder.meta.get("note", ""))[:4000],
    )


def _noted_status(ledger: list[dict[str, Any]]) -> str:
    """The last status in the ledger if the run has ended with it; "open" if it was still training; empty if none is noted."""
    noted = [str(entry.get("status", "")) for entry in ledger if entry["what"] == "status"]
    if not noted:
        return "open" if ledger else ""
    return noted[-1] if noted[-1] in _ENDED else "open"


def _measures(run: Path) -> dict[str, Measured]:
    """The last and the best value of each instrument."""
    found: dict[str, Measured] = {}
    for line in whole_lines(run / "health.jsonl"):
        for key, step, value, floor, floor_sd in _values_in(line):
            before = found.get(key)
            best = (before.best, before.best_step) if before is not None else (None, None)
            if value is not None and _is_better(key, value, best[0]):
                best = (value, step)
            found[key] = Measured(value, step, floor, floor_sd, *best)
    return found


def _values_in(line: str) -> list[tuple[str, int, float | None, float | None, float | None]]:
    """Key, step, value, floor and its sd, if the line holds a reading. Its details, which are long, are not parsed if a run wrote it."""
    if written := _WRITTEN.search(line):
        key, step, *numbers = written.group("key", "step", "value", "floor", "floor_sd")
        with contextlib.suppress(ValueError):
            value, floor, floor_sd = (None if number == "null" else float(number) for number in numbers)
            return [(key, int(step), value, floor, floor_sd)] if key in KINDS else []
    one = from_line(line)
    return [(one.key, one.step, one.value, one.floor, one.floor_sd)] if one is not None and one.key in KINDS else []


def _is_better(key: str, value: float, best: float | None) -> bool:
    if key not in _WITH_BEST:
        return False
    return best is None or (value > best if key in _MORE_IS_BETTER else value < best)


class _Curve:
    """Of metrics.csv the last line, and the estimate in `MOMENTS` lines at about the same distance."""

    def __init__(self, file: Path) -> None:
        self._lines = _some_lines(file)
        self._last = row_in(self._lines[-1]) if self._lines else None

    def last(self, name: str) -> float | None:
        value = self._last[COLUMNS.index(name)] if self._last is not None else math.nan
        return value if math.isfinite(value) else None

    def estimates(self) -> tuple[float, ...]:
        cells = (line.split(",") for line in self._lines)
        values = [_number(row[_ESTIMATE]) for row in cells if len(row) == len(COLUMNS)]
        return tuple(float(f"{value:.4g}") for value in values if math.isfinite(value))


_ESTIMATE = COLUMNS.index("wasserstein_estimate")


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan


def _some_lines(path: Path) -> list[str]:
    """Whole lines of a text file, its last one among them."""
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size <= _WHOLE_BYTES:
                lines = file.read().split(b"\n")[:-1]
                last = len(lines) - 1  # and line 0 is the heading
                picked = sorted({last - k * last // MOMENTS for k in range(MOMENTS)}) if last > MOMENTS else range(1, last + 1)
                found = [lines[at] for at in picked]
            else:
                found = [_line_after(file, round(k * size / MOMENTS)) for k in range(MOMENTS)]
                file.seek(max(0, size - 4000))
                found += file.read().split(b"\n")[:-1][-1:]
    except OSError:
        return []
    return [line.decode("ascii", "replace") for line in found]


def _line_after(file: Any, at: int) -> bytes:
    """The first whole line after byte `at`."""
    file.seek(at)
    file.readline(MAX_LINE_BYTES)
    line: bytes = file.readline(MAX_LINE_BYTES)
    return line if line.endswith(b"\n") else b""


class _Inside:
    """What one walk through a run folder finds: its size, its saved steps and its newest sample grid."""

    def __init__(self, run: Path) -> None:
        self.size = 0
        """Bytes."""
        self.saved_steps = self.newest_step = 0
        self.newest_grid = ""
        self._newest_of_grid = -1
        for entry, about in _entries(run):
            if not stat.S_ISDIR(about.st_mode):
                self.size += about.st_size
            elif entry.name == "steps":
                self._count_steps(entry.path)
            elif entry.name == "samples":
                self._find_grid(entry.path)
            else:
                self.size += folder_size(entry.path)

    def _count_steps(self, folder: str) -> None:
        for entry, about in _entries(folder):
            self.size += folder_size(entry.path) if stat.S_ISDIR(about.st_mode) else about.st_size
            if _STEP.fullmatch(entry.name) and stat.S_ISDIR(about.st_mode):
                self.saved_steps += 1
                self.newest_step = max(self.newest_step, int(entry.name))

    def _find_grid(self, folder: str) -> None:
        for entry, about in _entries(folder):
            self.size += about.st_size
            step = entry.name.removesuffix(".png")
            if step != entry.name and _STEP.fullmatch(step) and int(step) > self._newest_of_grid:
                self._newest_of_grid, self.newest_grid = int(step), entry.name


def folder_size(folder: Path | str) -> int:
    """Total size in bytes of all files in `folder` and below, links not followed."""
    return sum(folder_size(entry.path) if stat.S_ISDIR(about.st_mode) else about.st_size for entry, about in _entries(folder))


def _entries(folder: Path | str) -> Generator[tuple[os.DirEntry[str], os.stat_result]]:
    """The entries of a folder; not those that vanish meanwhile, because a run that trains replaces and removes files."""
    with contextlib.suppress(OSError), os.scandir(folder) as found:
        for entry in found:
            with contextlib.suppress(OSError):
                yield entry, entry.stat(follow_symlinks=False)
