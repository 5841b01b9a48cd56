"""Data that was brought to the page: checked, kept under the data folder, named after its content, and deletable."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wgan_core.config import TrainConfig
from wgan_core.data import pixel_table
from wgan_core.data.catalog import data_root
from wgan_core.data.dataset import DataError
from wgan_core.data.picture_files import PICTURE_SUFFIXES, check_archive, printable

MAX_BYTES = 1_000_000_000
"""Of all files of one upload."""
MAX_FILES = 100_000
MAX_UNPACKED_BYTES = 10 * 10**9
DRAWN = "drawn"
MAX_DRAWINGS = 200
"""Kept at a time, the newest; each has at most 8 kB."""
PICTURES = tuple(sorted(suffix.removeprefix(".") for suffix in PICTURE_SUFFIXES))
BESIDE = ("csv", "tsv", "json", "jsonl")
"""Files of labels, which may come with pictures."""
_ALONE = (".zip", ".npz", ".npy", ".gz")
"""Files that are used alone."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,60}-[0-9a-f]{12}\.(zip|npz|npy|csv)")


@dataclass(frozen=True)
class Upload:
    """One kept upload."""

    path: Path
    bytes: int
    modified: float


def uploads_folder() -> Path:
    """Where uploads are kept: in the data folder of this machine."""
    return data_root(TrainConfig()) / "uploads"


def data_folders() -> list[Path]:
    """The folders in which a run's own data may lie if it is not where the run says: the data folder of this machine, and its uploads."""
    places = [data_root(TrainConfig()), uploads_folder()]
    return [place for place in places if os.path.isdir(place)]


def keep_images(files: Sequence[tuple[str, bytes]]) -> Path:
    """Keep uploaded images: one zip archive, one NumPy file, one table of pixels, which becomes a NumPy file, or any number of pictures,
    with a file of labels if there is one, which become an archive. Archives are not unpacked. Returns where the images are; the same
    content always lies in the same place.

    Raises:
        DataError: too many or too large, an archive that is damaged, locked or unpacks to too much, or a disk that is full.
    """
    if sum(len(content) for _, content in files) > MAX_BYTES:
        raise DataError(f"These files have more than {MAX_BYTES // 10**6:,} MB together: choose fewer, or make the pictures smaller.")
    packed = [(name, content) for name, content in files if _suffix(name) in (".zip", ".npz", ".npy")]
    if packed and len(files) > 1:
        raise DataError(
            "Only one archive or array can be used, and no other files beside it: press × on those that you do not want, so that one "
            "archive, or only pictures, are left."
        )
    if packed:
        name, content = packed[0]
        if _suffix(name) != ".npy":
            _check(name, content, nothing_but_arrays=_suffix(name) == ".npz")
        return store(name, content, _suffix(name))
    if len(files) == 1 and files[0][0].lower().endswith(pixel_table.SUFFIXES):
        name, content = files[0]
        return store(name.split(".")[0], _as_arrays(name, content), ".npz")
    if not any(_suffix(name) in PICTURE_SUFFIXES for name, _ in files):
        raise DataError("There is no picture among these files.")
    if len(files) > MAX_FILES:
        raise DataError(f"These are more than {MAX_FILES:,} files: choose fewer.")
    return store("pictures", _packed(files), ".zip")


def replaces(before: Sequence[str], new: Sequence[str]) -> bool:
    """Whether files called `new` should replace those called `before`, which were brought earlier and would not go with them: a single
    archive, array or packed table replaces everything, and pictures replace archives, arrays and packed tables."""
    if len(new) == 1 and _suffix(new[0]) in _ALONE:
        return True
    return any(_suffix(name) in _ALONE for name in before) and all(_suffix(name) in PICTURE_SUFFIXES for name in new)


def _as_arrays(name: str, content: bytes) -> bytes:
    """A table of pixels as an .npz file. Raises DataError if it is none."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / re.sub(r"[^\w.-]+", "-", os.path.basename(name.replace("\\", "/")))[-80:]  # messages name it
        path.write_bytes(content)
        if not pixel_table.is_pixel_table(path):
            raise DataError("This table has no images: each line should be the pixels of one square image, with its class before or after.")
        images, labels = pixel_table.read_pixel_table(path, lambda text, done, of: None)
    buffer = io.BytesIO()
    if labels is None:
        np.savez(buffer, images=images)
    else:
        np.savez(buffer, images=images, labels=labels)
    return buffer.getvalue()


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()


def _check(name: str, content: bytes, *, nothing_but_arrays: bool) -> None:
    """Look through an archive's list of contents. Raises DataError."""
    shown = printable(os.path.basename(name))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist() if nothing_but_arrays else check_archive(archive, shown)
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{shown} is damaged, or no archive: make it again.") from None
    if len(members) > MAX_FILES:
        raise DataError(f"{shown} holds more than {MAX_FILES:,} files: make an archive of fewer.")
    if (size := sum(member.file_size for member in members)) > MAX_UNPACKED_BYTES:
        most = f"{MAX_UNPACKED_BYTES / 1e9:,.0f}"
        raise DataError(f"{shown} unpacks to {size / 1e9:,.1f} GB, and at most {most} GB are allowed: make it smaller.")
    if not members:
        raise DataError(f"{shown} holds no files.")


def _packed(files: Sequence[tuple[str, bytes]]) -> bytes:
    """The files as one archive. The same files give the same bytes, in whatever order they come."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        taken: set[str] = set()
        for name, content in sorted(files):
            plain = os.path.basename(name.replace("\\", "/")) or "picture"
            while plain in taken:
                plain = f"_{plain}"
            taken.add(plain)
            archive.writestr(zipfile.ZipInfo(plain), content)  # with a fixed date
    return buffer.getvalue()


def place_of(name: str, content: bytes, suffix: str) -> Path:
    """Where `store` keeps a file's content, whether or not it is there."""
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", Path(name).stem).strip("-")[:60] or "points"
    return uploads_folder() / f"{stem}-{hashlib.blake2b(content, digest_size=6).hexdigest()}{suffix}"


def store(name: str, content: bytes, suffix: str) -> Path:
    """Keep a file's content under a name made of its own and a hash. Raises DataError if it cannot be written."""
    path = place_of(name, content, suffix)
    folder = path.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            aside = path.with_suffix(".part")
            try:
                aside.write_bytes(content)
                aside.replace(path)
            finally:
                aside.unlink(missing_ok=True)
    except OSError as error:
        raise DataError(f"The upload cannot be saved in {folder} ({error.strerror}): free some space there.") from error
    return path


def keep_drawing(content: bytes) -> Path:
    """Keep points that were drawn in the laboratory, as a CSV file. The page and its link hold the drawing itself, and the file is only for
    reading it like any other. So it belongs to nobody, and the files that have not been used for longest are removed. Raises DataError."""
    path = store(DRAWN, content, ".csv")
    with contextlib.suppress(OSError):
        os.utime(path)
        for old in _kept(drawn=True)[MAX_DRAWINGS:]:
            old.path.unlink(missing_ok=True)
    return path


def uploads() -> list[Upload]:
    """All kept uploads, the newest first."""
    return _kept(drawn=False)


def _kept(*, drawn: bool) -> list[Upload]:
    """The drawings, or all other files, the newest first."""
    found: list[Upload] = []
    try:
        for path in uploads_folder().iterdir():
            if _NAME.fullmatch(path.name) and path.name.startswith(f"{DRAWN}-") is drawn:
                stat = path.stat()
                found.append(Upload(path, stat.st_size, stat.st_mtime))
    except OSError:
        return []
    return sorted(found, key=lambda one: -one.modified)


def delete_upload(name: str) -> None:
    """Delete one kept upload. Only names that `store` gives are deleted. Raises DataError if it cannot be."""
    if not _NAME.fullmatch(name):
        raise DataError("There is no such upload.")
    try:
        (uploads_folder() / name).unlink(missing_ok=True)
    except OSError as error:
        raise DataError(f"The upload cannot be deleted ({error.strerror}).") from None
