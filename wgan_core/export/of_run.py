"""The program of a run folder: its first settings, its live edits, and in what the program differs from the run."""

from __future__ import annotations

import dataclasses
import re

from wgan_core.data.catalog import DATASETS
from wgan_core.export.program import write_program
from wgan_core.export.sections import Program
from wgan_core.latent.saved import sample_shape
from wgan_core.store.folder import RunFolder
from wgan_core.store.ledger import Edit

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,99}")


def program_of(folder: RunFolder, *, for_notebook: bool = False) -> Program:
    """The program that trains the run in `folder` from its beginning, with its live edits. Raises ExportError or StoreError.

    Of the folder's texts only checked settings and plain names get into it: a stranger's run must not be able to put code there.
    """
    config = folder.config_at(0)
    # The values from the checked config: what a ledger holds may be anything.
    edits = [dataclasses.replace(edit, new=getattr(folder.config_at(edit.step), edit.field)) for edit in folder.edits() if edit.step > 0]
    last = folder.config_at(max((edit.step for edit in edits), default=0))
    caveat = _caveat(folder)
    program = write_program(
        config.replace(max_steps=last.max_steps),
        shape=sample_shape(folder) if config.dataset == "image-folder" else None,
        edits=edits,
        about=[" ".join(filter(None, (_origin(folder), caveat or _promise(folder), _says_edits(edits))))],
        for_notebook=for_notebook,
        schedule_steps=config.max_steps,
    )
    return dataclasses.replace(program, caveat=caveat)


def _origin(folder: RunFolder) -> str:
    name = folder.path.resolve().name
    return f"Written by WGAN Playground from {f'the run {name}' if _PLAIN.fullmatch(name) else 'a run'}."


def _promise(folder: RunFolder) -> str:
    version = str(dict(folder.meta.get("versions") or {}).get("torch", ""))
    torch = f"PyTorch {version}" if _PLAIN.fullmatch(version) else "the run's version of PyTorch"
    return (
        f"On the run's CPU, with {torch} and as many threads, it computes what the playground computes there: as a rule bit for bit, "
        "and up to rounding where that CPU rounds the playground's larger matrix products otherwise."
    )


def _says_edits(edits: list[Edit]) -> str:
    return "What was changed while the run trained is changed at the same steps." if edits else ""


def _caveat(folder: RunFolder) -> str:
    """In what the run was not what the program is, as far as the folder tells."""
    there, seen = DATASETS[folder.config.dataset].images, dict(folder.meta.get("dataset") or {}).get("images")
    differs: list[str] = []
    if there and isinstance(seen, int) and seen != there:
        differs.append(f"saw {seen:,} images only, and this trains on all {there:,}")
    if folder.config.precision != "float32":
        differs.append(f"computed in {folder.config.precision}, and this computes in float32")
    return f"The run {'; it '.join(differs)}: so these weights will not be the run's." if differs else ""
