"""Images that were read once, kept so that the next start takes a second.

Each data set is an array named after the hash of its content, so that a run finds its data by the fingerprint it has stored, wherever the
files went. Beside it, small files say which source (files with their sizes and times, and how they were read) gave which content: if
anything changes there, the name changes too, and the files are read again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import time
from collections.abc import Iterable
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import torch

from wgan_core.data.cache_folder import cache_folder
from wgan_core.data.dataset import ImageDataset
from wgan_core.data.picture import Reading
from wgan_core.data.picture_files import Found, PictureFile
from wgan_core.data.room import too_large_for_memory

VERSION = 2
"""Counts up when the same files become other images."""
WORTH_SECONDS = 1.0
"""What is read in less time is not kept."""
MAX_BYTES = 20 * 10**9
_FINGERPRINT = re.compile(r"[0-9a-f]{32}")

now = time.monotonic


def key_of(found: Found, files: Iterable[PictureFile], reading: Reading) -> str:
    """A hash of where the files lie, what they are called, how large they are, when they were changed, and how they are read."""
    digest = hashlib.blake2b(repr((VERSION, os.path.realpath(found.root), found.stamp, astuple(reading))).encode(), digest_size=16)
    for file in files:
        digest.update(repr((file.parts, file.stamp)).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def recall(key: str) -> ImageDataset | None:
    """The data set that was kept under `key`; None if there is none, or it is damaged."""
    try:
        said = json.loads((_folder() / f"{key}.json").read_text("utf-8"))
        return _load(said)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def by_fingerprint(fingerprint: object) -> ImageDataset | None:
    """Kept images with that fingerprint, from whatever source; None if there are none."""
    if not isinstance(fingerprint, str) or not _FINGERPRINT.fullmatch(fingerprint) or not (_folder() / f"{fingerprint}.npy").is_file():
        return None
    for path in _folder().glob("*.json"):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            said = json.loads(path.read_text("utf-8"))
            if said["fingerprint"] == fingerprint and (data := _load(said)) is not None:
                return data
    return None


def keep(key: str, data: ImageDataset, *, seconds: float) -> None:
    """Keep what took `seconds` to read, if that is worth it. A full or read-only disk is no reason to complain."""
    if seconds < WORTH_SECONDS:
        return
    said = {
        "fingerprint": data.fingerprint,
        "name": data.name,
        "labels": None if data.labels is None else data.labels.tolist(),
        "class_names": data.class_names,
        "source": data.source,
        "notes": data.notes,
        "classic": data.classic,
        "form": data.form,
    }
    folder = _folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        array = folder / f"{data.fingerprint}.npy"
        if not array.exists():
            aside = folder / f"{data.fingerprint}-{os.getpid()}.part"
            try:
                with aside.open("wb") as file:
                    np.save(file, data.data.numpy())
                aside.replace(array)
            finally:
                aside.unlink(missing_ok=True)
        aside = folder / f"{key}-{os.getpid()}.part"
        aside.write_text(json.dumps(said), "utf-8")
        aside.replace(folder / f"{key}.json")
        _sweep(folder, but=array)
    except OSError:
        return


def _folder() -> Path:
    return cache_folder("pictures")


def _load(said: dict[str, Any]) -> ImageDataset | None:
    """The data set that one of the small files describes; None if its array has another content."""
    path = _folder() / f"{said['fingerprint']}.npy"
    large = too_large_for_memory(path.stat().st_size)
    array = np.load(path, mmap_mode="c" if large else None, allow_pickle=False)
    labels = None if said["labels"] is None else torch.tensor(said["labels"])
    names, notes, form = (tuple(map(str, said[part])) for part in ("class_names", "notes", "form"))
    images, source = torch.from_numpy(array), str(said["source"])
    data = ImageDataset(str(said["name"]), images, labels, names, source, notes, bool(said["classic"]), form)
    if large:  # reading all of it again would take as long as loading
        data.__dict__["fingerprint"] = said["fingerprint"]
    if data.fingerprint != said["fingerprint"] or (labels is not None and len(labels) != len(data)):
        path.unlink(missing_ok=True)
        return None
    os.utime(path)
    return data


def _sweep(folder: Path, but: Path) -> None:
    """Remove the arrays that were not used for longest, until the rest fits, and the small files that lead nowhere."""
    arrays = sorted(folder.glob("*.npy"), key=lambda path: path.stat().st_mtime, reverse=True)
    room = MAX_BYTES - but.stat().st_size
    for path in arrays:
        if path == but:
            continue
        room -= path.stat().st_size
        if room < 0:
            path.unlink(missing_ok=True)
    for path in folder.glob("*.json"):
        with contextlib.suppress(ValueError, KeyError, TypeError):
            if not (folder / f"{json.loads(path.read_text('utf-8'))['fingerprint']}.npy").exists():
                path.unlink(missing_ok=True)
