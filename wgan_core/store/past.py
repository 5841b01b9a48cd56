"""What a run keeps of its past besides its full steps: light steps, the moments of the fixed latents, and marks.

light/00012800.safetensors        generator and critic (and averaged generator) in half precision: to look at, not to resume. In the runs
                                  that come with the project, in int8 with a scale for each row
moments/00012800.webp             the grid of the fixed latents; 00012800-averaged.webp of the averaged generator
moments/00012800.safetensors      for points: the points themselves, and those of the averaged generator
moments/data.safetensors          for points: as many points of the data
histograms.jsonl                  weights and scores at the steps that were looked at
marks/00012800-pin                a pinned step; 00012800-branch-<run id>: a step at which that run branched off

Every file is whole or absent. Folders of earlier versions have none of them.
"""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from wgan_core.store.files import append_lines, entries, parse_json, read_json, whole_lines, write_atomically
from wgan_core.store.layout import StoreError

if TYPE_CHECKING:
    import torch

TensorDict = dict[str, "torch.Tensor"]
Points = NDArray[np.float32]

STEP = r"[0-9]{8}|[1-9][0-9]{8,17}"
"""A step as `f"{step:08d}"` writes it. Files named otherwise were not made by this program."""
FOLDERS = ("light", "moments", "marks")
HISTOGRAMS = "histograms.jsonl"
"""Histograms of weights and scores, a line for each step that was looked at; see `timeline.histograms`."""
SCALE = ":scale"
"""Ends the name of the tensor that holds the scale of each row of an int8 matrix."""
MAX_TEXT = 200
"""Letters of a pin's text; what is longer is cut."""
_MAX_MARK_BYTES = 10_000
_LIGHT = re.compile(rf"({STEP})\.safetensors")
_MOMENT = re.compile(rf"({STEP})(-averaged)?\.(webp|safetensors)")
_MARK = re.compile(rf"({STEP})-(?:(pin)|branch-([A-Za-z0-9][A-Za-z0-9._-]{{0,99}}))")
# As `write_atomically` leaves one behind when it is killed.
_ASIDE = re.compile(rf"\.(?:{_LIGHT.pattern}|{_MOMENT.pattern}|{_MARK.pattern}|data\.safetensors)-[0-9a-f]{{8}}")


class Marked(NamedTuple):
    """A mark on a step: a pin with its text, or the run that branched off there."""

    step: int
    text: str
    """Of a pin; may be empty."""
    branch: str
    """The id of the run that branched off; empty for a pin."""


class Past:
    """The past of the run in the folder `path`, whose id is `run_id`."""

    def __init__(self, path: Path, run_id: str) -> None:
        self.path = path
        self.run_id = run_id

    # Light steps.

    def light_steps(self) -> list[int]:
        """The light steps, ascending."""
        return sorted(int(found[1]) for entry in entries(self.path / "light") if (found := _LIGHT.fullmatch(entry.name)))

    def read_light(self, step: int, part: str) -> TensorDict:
        """One part ("generator", "critic" or "averaged") of a light step, on the CPU, in float32. Raises StoreError."""
        return in_float32(self.read_halves(step, (part,))[part])

    def read_halves(self, step: int, parts: Iterable[str]) -> dict[str, TensorDict]:
        """These parts of a light step as they are on disk. Raises StoreError."""
        path = self.light_path(step)
        try:
            with safetensors.safe_open(path, framework="pt") as file:
                metadata = file.metadata() or {}
                names = list(file.keys())
                found = {
                    part: {name.removeprefix(f"{part}."): file.get_tensor(name) for name in names if name.startswith(f"{part}.")}
                    for part in parts
                }
        except FileNotFoundError:
            raise StoreError(f"Step {step:,} is not kept any more: choose another of the kept steps.") from None
        except (OSError, safetensors.SafetensorError):
            raise StoreError(f"The light step {step:,} is damaged or not a safetensors file: choose another one.") from None
        if metadata != {"run": self.run_id, "step": str(step), "part": "light"}:
            raise StoreError(f"The light step {step:,} does not belong to this run or this step: its label names another.")
        if missing := [part for part, tensors in found.items() if not tensors]:
            raise StoreError(f"The light step {step:,} does not hold the {missing[0]}: choose another step.")
        return found

    def light_path(self, step: int) -> Path:
        """The file of a light step."""
        return self.path / "light" / f"{step:08d}.safetensors"

    def write_light(self, step: int, state: Mapping[str, TensorDict]) -> None:
        """Keep `state`, tensors by part and name, as a light step. Raises OSError."""
        import safetensors.torch

        tensors = {f"{part}.{name}": tensor for part, network in state.items() for name, tensor in network.items()}
        label = {"run": self.run_id, "step": str(step), "part": "light"}
        self._write(self.light_path(step), safetensors.torch.save(tensors, label))

    def discard_light(self, step: int) -> None:
        """Remove a light step, unless it was pinned meanwhile. Raises OSError."""
        if step not in self.marked_steps():
            self.light_path(step).unlink(missing_ok=True)

    # Moments of the fixed latents.

    def moments(self, *, averaged: bool = False) -> dict[int, Path]:
        """The files of the kept moments by step, ascending: WebP pictures, or safetensors with points."""
        found: dict[int, Path] = {}
        for entry in entries(self.path / "moments"):
            named = _MOMENT.fullmatch(entry.name)
            # The points of the averaged generator are in the same file.
            if named and (bool(named[2]) == averaged or named[3] == "safetensors"):
                found[int(named[1])] = entry
        return dict(sorted(found.items()))

    def read_points(self, step: int, *, averaged: bool = False) -> Points:
        """The points [n, 2] of the fixed latents at a kept moment. Raises StoreError."""
        return _points(self.path / "moments" / f"{step:08d}.safetensors", "averaged" if averaged else "samples")

    def has_data_points(self) -> bool:
        """Whether points of the data are kept."""
        return self.data_points_path.exists()

    @property
    def data_points_path(self) -> Path:
        """The file with points of the data."""
        return self.path / "moments" / "data.safetensors"

    def read_data_points(self) -> Points | None:
        """As many points of the data; None if the run keeps none. Raises StoreError."""
        return _points(self.data_points_path, "samples") if self.has_data_points() else None

    def write_picture(self, step: int, webp: bytes, *, averaged: bool = False) -> None:
        """Keep the grid of the fixed latents at `step`. Raises OSError."""
        self._write(self.path / "moments" / f"{step:08d}{'-averaged' if averaged else ''}.webp", webp)

    def write_points(self, step: int, clouds: Mapping[str, Points]) -> None:
        """Keep the points of the fixed latents at `step`: [n, 2] each, "samples" and maybe "averaged". Raises OSError."""
        self._write(self.path / "moments" / f"{step:08d}.safetensors", safetensors.numpy.save(dict(clouds)))

    def write_data_points(self, points: Points) -> None:
        """Keep points of the data, [n, 2], to be shown behind those of the run. Raises OSError."""
        self._write(self.data_points_path, safetensors.numpy.save({"samples": points}))

    def copy_moment(self, path: Path) -> None:
        """Take over a file of another run's moments. Raises OSError."""
        self._write(self.path / "moments" / path.name, path.read_bytes())

    def discard_moment(self, step: int) -> None:
        """Remove what is kept of the fixed latents at `step`. Raises OSError."""
        for ending in (".webp", "-averaged.webp", ".safetensors"):
            (self.path / "moments" / f"{step:08d}{ending}").unlink(missing_ok=True)

    # Histograms.

    def append_histograms(self, line: str) -> None:
        """Add a line to histograms.jsonl. Raises OSError."""
        append_lines(self.path / HISTOGRAMS, [line])

    def histogram_lines(self) -> list[str]:
        """All lines of histograms.jsonl, oldest first."""
        return list(whole_lines(self.path / HISTOGRAMS))

    # Marks.

    def marks(self) -> list[Marked]:
        """The pins and the branches, by step."""
        found: list[Marked] = []
        for entry in entries(self.path / "marks"):
            if named := _MARK.fullmatch(entry.name):
                found.append(Marked(int(named[1]), _text_in(entry) if named[2] else "", named[3] or ""))
        return sorted(found)

    def marked_steps(self) -> set[int]:
        """The steps that are pinned, and those at which another run branched off: they stay."""
        return {int(named[1]) for entry in entries(self.path / "marks") if (named := _MARK.fullmatch(entry.name))}

    def write_pin(self, step: int, text: str = "") -> None:
        """Mark `step` as pinned. Raises OSError."""
        self._write_mark(f"{step:08d}-pin", {"text": text[:MAX_TEXT]})

    def discard_pin(self, step: int) -> bool:
        """Remove the pin of `step`; whether there was one. Raises OSError."""
        path = self.path / "marks" / f"{step:08d}-pin"
        there = path.exists()
        path.unlink(missing_ok=True)
        return there

    def write_branch(self, step: int, run_id: str) -> None:
        """Mark `step` as one at which the run `run_id` branched off. Raises OSError."""
        self._write_mark(f"{step:08d}-branch-{run_id}", {})

    def _write_mark(self, name: str, details: Mapping[str, str]) -> None:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        self._write(self.path / "marks" / name, json.dumps({"time": now, **details}).encode())

    # All of it.

    def forget_after(self, step: int) -> None:
        """Remove everything about later steps, because the run goes on from `step` and they will come again. Raises OSError."""
        for light in self.light_steps():
            if light > step:
                self.light_path(light).unlink(missing_ok=True)
        for moment in self.moments():
            if moment > step:
                self.discard_moment(moment)
        for entry in entries(self.path / "marks"):
            if (named := _MARK.fullmatch(entry.name)) and int(named[1]) > step:
                entry.unlink(missing_ok=True)
        lines = self.histogram_lines()
        before = [line for line in lines if _step_of(line) <= step]
        if len(before) < len(lines):
            write_atomically(self.path / HISTOGRAMS, "".join(line + "\n" for line in before).encode())

    def clear_up(self) -> None:
        """Remove what a process that was killed while writing has left behind."""
        for folder in FOLDERS:
            for entry in entries(self.path / folder):
                if _ASIDE.fullmatch(entry.name) and entry.is_file():
                    entry.unlink(missing_ok=True)

    def _write(self, path: Path, data: bytes) -> None:
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, data)


def in_float32(tensors: TensorDict) -> TensorDict:
    """Tensors as they are on disk in float32: of float16, or of int8 rows with a scale each."""
    found: TensorDict = {}
    for name, tensor in tensors.items():
        if name.endswith(SCALE) and name.removesuffix(SCALE) in tensors:
            continue
        scale = tensors.get(name + SCALE)
        if scale is not None and scale.ndim == 1 and tensor.ndim > 1 and len(scale) == len(tensor):
            found[name] = tensor.float() * scale.view(-1, *[1] * (tensor.ndim - 1))
        else:
            found[name] = tensor.float() if str(tensor.dtype) == "torch.float16" else tensor
    return found


def _step_of(line: str) -> float:
    """The step that a line of histograms.jsonl belongs to; infinite if it cannot be read."""
    try:
        found = parse_json(line)
    except ValueError:
        return math.inf
    step = found.get("step") if isinstance(found, dict) else None
    return step if isinstance(step, int) else math.inf


def _text_in(path: Path) -> str:
    try:
        found = read_json(path, _MAX_MARK_BYTES)
    except (OSError, ValueError):
        return ""
    text = found.get("text") if isinstance(found, dict) else None
    return text[:MAX_TEXT] if isinstance(text, str) else ""


def _points(path: Path, name: str) -> Points:
    try:
        arrays = safetensors.numpy.load_file(path)
    except FileNotFoundError:
        raise StoreError("This moment is not kept any more: choose another one.") from None
    except (OSError, safetensors.SafetensorError):
        raise StoreError(f"{path.name} is damaged or not a safetensors file: choose another moment.") from None
    found = arrays.get(name)
    if found is None or found.ndim != 2 or found.shape[1] != 2:
        raise StoreError(f"{path.name} does not hold points: choose another moment.")
    return found.astype(np.float32)
