"""The program of a run folder: its first settings, its edits, and how the program differs from the run."""

from __future__ import annotations

import dataclasses
import re
from typing import cast

from wgan_core.data.catalog import DATASETS
from wgan_core.export.program import write_program
from wgan_core.export.sections import Program
from wgan_core.latent.saved import classes_told, sample_shape
from wgan_core.store.folder import RunFolder
from wgan_core.store.ledger import Edit

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+_-]{0,99}")


def program_of(folder: RunFolder, *, for_notebook: bool = False) -> Program:
    """The program that trains the run in `folder` from its beginning, with its edits. Raises ExportError or StoreError.

    Only checked settings and plain names from the folder get into the program, so that a stranger's run cannot insert code.
    """
    folder.check_edits_known()
    config = folder.config_at(0)
    # The values come from the checked config, because a ledger may hold anything.
    edits = [dataclasses.replace(edit, new=getattr(folder.config_at(edit.step), edit.field)) for edit in folder.edits() if edit.step > 0]
    last = folder.config_at(max((edit.step for edit in edits), default=0))
    caveat = _caveat(folder)
    program = write_program(
        config.replace(max_steps=last.max_steps),
        shape=sample_shape(folder) if config.dataset == "image-folder" else None,
        classes=len(classes_told(folder) or ()),
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
    on = f"On the run's CPU, with {torch}, it computes the same as the playground"
    if folder.config.rounding == "exact":
        return f"{on}: usually bit for bit, and otherwise up to rounding, if that CPU rounds larger matrix products differently."
    return f"{on} up to rounding, whose differences grow while it trains. A run with exact rounding could be repeated bit for bit."


def _says_edits(edits: list[Edit]) -> str:
    return "Settings that were changed while the run trained are changed at the same steps." if edits else ""


_FORMS = {
    "zip": "read its pictures from a zip archive, while this program reads a folder: unpack it first",
    "array": "read an array of images, while this program reads a folder of pictures",
    "split": "trained only on the pictures in the folder for training, while this program reads all that DATA_ROOT holds: name that folder "
    "there",
    "table": "read a file that is not written in the plainest way (quotes, comments, an index, decimal commas and the like), while this "
    "program reads two numbers per line: save its points so",
    "16-bit-colour": "read pictures with 16 bits for each colour, of which this program reads 8",
    "label-file": "read the classes from a file of labels, while this program takes the folder of each picture: sort them into one folder "
    "for each class",
}


def _other_reading(folder: RunFolder) -> list[str]:
    """How the run read own pictures in a way that the program does not."""
    known: dict[str, object] = dict(folder.meta.get("dataset") or {})
    if folder.config.dataset not in ("image-folder", "csv"):
        return []
    if folder.config.dataset == "image-folder" and "fingerprint" in known and "reader" not in known:
        return ["read its pictures with an earlier version, which treated large photographs, 16 bits, links and stacks in another way"]
    form = cast(list[object], known["form"]) if isinstance(known.get("form"), list) else []
    unused = ("label-file",) if folder.config.labels == "ignore" else ()
    return [words for name, words in _FORMS.items() if name in form and name not in unused]


def _caveat(folder: RunFolder) -> str:
    """How the run differs from the program, as far as the folder shows."""
    there, seen = DATASETS[folder.config.dataset].images, dict(folder.meta.get("dataset") or {}).get("images")
    differs: list[str] = []
    if (parent := folder.parent) is not None:
        differs.append(f"began as a branch at step {parent.step:,} of another run, while this program begins with untrained networks")
    if there and isinstance(seen, int) and seen != there:
        differs.append(f"saw only {seen:,} images, while this program trains on all {there:,}")
    differs += _other_reading(folder)
    if folder.config.precision != "float32":
        differs.append(f"computed in {folder.config.precision}, while this program computes in float32")
    return f"The run {'; it '.join(differs)}: so the weights will differ from the run's." if differs else ""
