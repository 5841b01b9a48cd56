"""What to say of a place in which there are no images."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

_ARCHIVES = (".tar", ".gz", ".tgz", ".bz2", ".tbz", ".tbz2", ".xz", ".txz", ".7z", ".rar", ".zst")
_OTHER_FILES = (
    (b"PAR1", "a Parquet file"),
    (b"\x89HDF", "an HDF5 file"),
    (b"MATLAB", "a file of MATLAB"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook"),
    (b"SQLite", "a database"),
    (b"\x80\x02", "a Python pickle, which is not opened because it may run programs"),
    (b"\x80\x03", "a Python pickle, which is not opened because it may run programs"),
    (b"\x80\x04", "a Python pickle, which is not opened because it may run programs"),
)
"""How files begin that people have images in, and that are not read."""
_LONGEST = max(len(beginning) for beginning, _ in _OTHER_FILES)
_IDX = (b"\0\0\x08\x03", b"\0\0\x08\x01")
_WAY_OUT = "write the path of a folder of images, or of a zip archive, into the data folder setting."
_CIFAR = frozenset(("data_batch_1", "test_batch"))


def no_folder_at(path: Path, name: str, pictures: tuple[bytes, ...]) -> str:
    """Why a path leads to no images, and the way out, as one sentence. `name`: of the file, printable. `pictures`: how pictures begin."""
    try:
        with path.open("rb") as file:
            head = file.read(_LONGEST)
    except (OSError, ValueError):
        return f"There is no folder {path}: {_WAY_OUT}"
    if name.lower().endswith(".zip"):
        return f"{name} is damaged, or no zip archive: make it again."
    if name.lower().endswith(_ARCHIVES):
        return f"{name} is an archive of another kind than zip: unpack it, or make it a zip archive."
    for beginning, what in _OTHER_FILES:
        if head.startswith(beginning):
            return f"{name} is {what}: save its images as an array with numpy.save, or as picture files."
    if head.startswith(_IDX):
        return f"{name} is one of the files of a data set such as MNIST: write the path of the folder that holds them."
    if head.startswith(pictures):
        return f"{name} is a single picture, and training needs at least two: write the path of its folder."
    return f"{name} is no archive, array or table of pixels: {_WAY_OUT}"


def instead_of(names: Iterable[str]) -> str:
    """What to do about a folder that holds only files with these `names`."""
    if set(names) >= _CIFAR:
        return "it is the folder of CIFAR-10. Choose CIFAR-10 as the data set, and the folder above as its data folder."
    return "it should hold files such as .png or .jpg; subfolders are searched too."
