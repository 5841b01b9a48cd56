"""What a run keeps of its past besides its full steps: light steps, the moments of the fixed latents, and marks.

light/00012800.safetensors        generator and critic (and averaged generator) in half precision: to look at, not to resume
moments/00012800.webp             the grid of the fixed latents; 00012800-averaged.webp of the averaged generator
moments/00012800.safetensors      for points: the points themselves, and those of the averaged generator
moments/data.safetensors          for points: as many points of the data
marks/00012800-pin                a pinned step; 00012800-branch-<run id>: a step at which that run branched off

Every file is whole or absent. Folders of earlier versions have none of them.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from wgan_core.store.files import entries
from wgan_core.store.layout import StoreError

if TYPE_CHECKING:
    import torch

TensorDict = dict[str, "torch.Tensor"]
Points = NDArray[np.float32]

STEP = r"[0-9]{8}|[1-9][0-9]{8,17}"
"""A step as `f"{step:08d}"` writes it. Files named otherwise were not made by this program."""
_LIGHT = re.compile(rf"({STEP})\.safetensors")
_MOMENT = re.compile(rf"({STEP})(-averaged)?\.(webp|safetensors)")


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
        path = self.light_path(step)
        try:
            with safetensors.safe_open(path, framework="pt") as file:
                metadata = file.metadata() or {}
                names = [name for name in file.keys() if name.startswith(f"{part}.")]  # noqa: SIM118
                tensors = {name.removeprefix(f"{part}."): file.get_tensor(name) for name in names}
        except FileNotFoundError:
            raise StoreError(f"Step {step:,} is not kept any more: choose another of the kept steps.") from None
        except (OSError, safetensors.SafetensorError):
            raise StoreError(f"The light step {step:,} is damaged or not a safetensors file: choose another one.") from None
        if metadata != {"run": self.run_id, "step": str(step), "part": "light"}:
            raise StoreError(f"The light step {step:,} does not belong to this run or this step: its label names another.")
        if not tensors:
            raise StoreError(f"The light step {step:,} does not hold the {part}.")
        return {name: tensor.float() if str(tensor.dtype) == "torch.float16" else tensor for name, tensor in tensors.items()}

    def light_path(self, step: int) -> Path:
        """The file of a light step."""
        return self.path / "light" / f"{step:08d}.safetensors"

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

    def read_data_points(self) -> Points | None:
        """As many points of the data; None if the run keeps none. Raises StoreError."""
        path = self.path / "moments" / "data.safetensors"
        return _points(path, "samples") if path.exists() else None


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
