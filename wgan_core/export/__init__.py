"""A run in a form that works without this project: a PyTorch program, a notebook, ONNX, an exported program.

Nothing heavy is imported here: the command line reads `KINDS` before it needs PyTorch.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import types
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wgan_core.store.locks import reading

if TYPE_CHECKING:
    from wgan_core.store.folder import RunFolder

AT_A_TIME = 2
"""Processes that export. Each takes half a gigabyte of memory, and on a server anybody who may look may export."""
WAIT_SECONDS = 60.0
"""For a place."""
_PLACES = threading.BoundedSemaphore(AT_A_TIME)


class ExportError(ValueError):
    """An export that cannot be made. The message is one sentence that says what to do."""


@dataclass(frozen=True)
class Kind:
    """One form that a run can be exported in."""

    title: str
    suffix: str
    mime: str
    help: str
    has_weights: bool
    """Whether it holds the weights of a saved step. Otherwise it is a program that trains from the beginning."""


KINDS: types.MappingProxyType[str, Kind] = types.MappingProxyType(
    {
        "script": Kind(
            "Script",
            ".py",
            "text/x-python",
            "One readable PyTorch program that trains what this run trained, from the beginning.",
            has_weights=False,
        ),
        "notebook": Kind(
            "Notebook",
            ".ipynb",
            "application/x-ipynb+json",
            "The same program in cells, for Jupyter or Colab; uses a GPU where there is one.",
            has_weights=False,
        ),
        "onnx": Kind(
            "ONNX",
            ".onnx",
            "application/octet-stream",
            "A trained network for other programs and languages, in one file, for any batch size.",
            has_weights=True,
        ),
        "exported-program": Kind(
            "PyTorch program",
            ".pt2",
            "application/octet-stream",
            "A trained network that torch.export.load reads without this project, for any batch size.",
            has_weights=True,
        ),
    }
)
PARTS = ("generator", "critic", "averaged")
"""The networks that can be exported. averaged is the averaged generator, for runs that have one."""


@dataclass(frozen=True)
class Exported:
    """The contents of a file, and a note about it."""

    content: bytes
    note: str


def file_name(run_id: str, kind: str, part: str = "generator") -> str:
    """The name of the exported file, e.g. `<run-id>.onnx`."""
    return f"{run_id}{'' if part == 'generator' else f'-{part}'}{KINDS[kind].suffix}"


def export(folder: RunFolder, kind: str, *, step: int | None = None, part: str = "generator", opset: int | None = None) -> Exported:
    """The run in `folder` as a file of one of `KINDS`.

    Args:
        folder: the run; it is not changed. A script and a notebook only need its settings and edits.
        kind: a key of `KINDS`.
        step: a saved step, for kinds with weights; None for the newest readable one.
        part: one of `PARTS`, for kinds with weights.
        opset: the version of the operators, for onnx; None for one that runtimes of several years read.

    Raises ExportError or StoreError, each with one sentence.

    Tracing a network (for the kinds with weights) changes for some seconds how PyTorch calls every module of the process, see
    `export_in_subprocess`.
    """
    if opset is not None and kind != "onnx":
        raise ExportError(f"--opset is for onnx only, and not for {kind}.")
    if not KINDS[kind].has_weights:
        if step is not None or part != "generator":
            raise ExportError(f"A {kind} trains from the beginning: --step and --part are for onnx and exported-program.")
        from wgan_core.export.notebook import notebook
        from wgan_core.export.of_run import program_of
        from wgan_core.export.program import script

        program = program_of(folder, for_notebook=kind == "notebook")
        text = notebook(program) if kind == "notebook" else script(program)
        return Exported(text.encode(), program.caveat)
    from wgan_core.export.weights import exported_program, onnx_file
    from wgan_core.latent.saved import load_networks, newest_readable

    averaged = part == "averaged"
    networks = newest_readable(folder, averaged=averaged) if step is None else load_networks(folder, step, averaged=averaged)
    if kind == "onnx":
        return onnx_file(networks, part, opset)
    return exported_program(networks, part)


def export_in_subprocess(path: Path, kind: str, *, step: int | None = None, part: str = "generator", timeout: float = 600.0) -> bytes:
    """The contents of an export of the run folder at `path`, made in a separate process, on one core.

    For use in a process that is training. While PyTorch traces a network, it wraps the calls of all modules in all threads. Arguments as
    for `export`; `timeout` in seconds. Raises ExportError.
    """
    with reading(path), tempfile.TemporaryDirectory() as aside:  # already while the process starts
        target = Path(aside) / f"export{KINDS[kind].suffix}"
        command = ["export", str(path.resolve()), "--as", kind, "--part", part, "--out", str(target)]
        run_command_line(command + ([] if step is None else ["--step", str(step)]), timeout=timeout)
        return target.read_bytes()


def run_command_line(arguments: Sequence[str], *, timeout: float) -> None:
    """Run `wgan_core` with these arguments in a separate process, on one core, two at a time. `timeout` in seconds. Raises ExportError with
    the last line that it wrote, if it fails."""
    if not _PLACES.acquire(timeout=WAIT_SECONDS):
        raise ExportError("Several files are being made for others already: try again in a minute.")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "wgan_core", *arguments],
            cwd=Path(__file__).parents[2],
            env=os.environ | {"OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired:
        raise ExportError(f"The export was not finished after {timeout:.0f} s: try again when the machine is less busy.") from None
    finally:
        _PLACES.release()
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["The export ended without an error message."]
        raise ExportError(lines[-1].removeprefix("wgan_core: "))
