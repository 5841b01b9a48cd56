"""Where the pictures of a data set lie: in a folder with its subfolders, or in a zip archive, which is read without being unpacked."""

from __future__ import annotations

import os
import threading
import zipfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from wgan_core.data.dataset import DataError
from wgan_core.data.no_images import no_folder_at

CLASSIC_SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm"))
"""Earlier versions went by these."""
_OTHER_SUFFIXES = (
    ".jfif .jpe .jpg2 .avif .avifs .jp2 .j2k .jpx .jxl .heic .heif .hif .apng .dib .ico .icns .tga .pcx .pbm .pnm .ppm .pfm .qoi .sgi "
    ".rgb .dds .psd .svg .exr .hdr .dcm .dng .raw .cr2 .cr3 .nef .arw .orf .rw2 .fits .fit .eps"
)
PICTURE_SUFFIXES = CLASSIC_SUFFIXES | frozenset(_OTHER_SUFFIXES.split())
"""Names of pictures, readable or not. A file with one of these that cannot be read is counted; other files that are no pictures are not."""
_HEADS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF", b"\0\0\0", b"8BPS", b"P4", b"P5", b"P6", b"P7", b"qoif")
MAX_FILES = 2_000_000
MAX_MEMBER_BYTES = 500_000_000
MAX_RATIO = 200
"""A member of an archive may be so many times as large as it is packed; pictures are packed already and hardly shrink."""
TRAINING_NAMES = frozenset(("train", "training", "trn", "train_images", "training_images", "trainset"))
HELD_OUT_NAMES = frozenset(
    ("test", "testing", "tst", "val", "valid", "validation", "dev", "eval", "holdout", "held_out", "test_images", "testset", "val_images")
)


@dataclass(frozen=True)
class PictureFile:
    """One file of a folder or an archive."""

    parts: tuple[str, ...]
    """Its path below the folder."""
    source: Callable[[], Path | bytes] = field(compare=False, repr=False)
    """Its path, or its bytes."""
    stamp: tuple[int, ...] = ()
    """Size and times: changes whenever the file does."""

    @property
    def suffix(self) -> str:
        """The ending of its name, in small letters."""
        return os.path.splitext(self.parts[-1])[1].lower()

    @property
    def name(self) -> str:
        """Its name in a form that can be printed."""
        return printable(self.parts[-1])


@dataclass
class Found:
    """All files of a source, sorted by path, and what was noticed on the way."""

    root: Path
    files: list[PictureFile]
    unreadable_folders: list[str] = field(default_factory=list)
    linked_twice: int = 0
    stamp: tuple[int, ...] = ()
    """Of an archive: size and time of the archive."""


def clean_path(text: str) -> Path:
    """The path that somebody has typed or pasted: without blanks and quotes around it, with ~ expanded. `file://` is understood."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1].strip()
    if text.startswith("file://"):
        from urllib.parse import unquote

        text = unquote(text.removeprefix("file://"))
    return Path(os.path.expanduser(text))  # unlike Path.expanduser, leaves ~nobody as it is


def printable(name: str) -> str:
    """A file's name as text that can be stored and shown, whatever bytes it has."""
    return os.fsencode(name).decode("utf-8", "replace")


def find_files(root: Path, *, classic: bool = False) -> Found:
    """The files in the folder or archive `root`, without hidden ones. Raises DataError if there is no such place, or it is too large.

    Links to folders are followed, and no folder is read twice, so that loops do no harm. classic: as earlier versions did it, which went by
    suffixes and followed no links to folders.
    """
    if os.path.isdir(root):
        return _classic(root) if classic else _in_folder(root)
    if zipfile.is_zipfile(root):
        return _in_zip(root)
    raise DataError(no_folder_at(root, printable(root.name), _HEADS))


def _classic(root: Path) -> Found:
    files = [
        PictureFile(path.relative_to(root).parts, _at(path), stamp_of(path.stat()))
        for path in sorted(root.rglob("*"))
        if path.suffix.lower() in CLASSIC_SUFFIXES and not any(map(_hidden, path.relative_to(root).parts)) and path.is_file()
    ]
    return Found(root, files)


def _in_folder(root: Path) -> Found:
    found = Found(root, [])
    inside, seen, links = os.path.realpath(root), set[str](), list[tuple[str, tuple[str, ...]]]()
    _walk(str(root), (), found, seen, links)
    while links:  # after everything that lies in the folder itself
        path, parts = links.pop(0)
        target = os.path.realpath(path)
        if target in seen or inside.startswith(target.rstrip(os.sep) + os.sep):
            found.linked_twice += 1
        else:
            _walk(path, parts, found, seen, links)
    found.files.sort(key=lambda file: file.parts)
    return found


def _walk(folder: str, parts: tuple[str, ...], found: Found, seen: set[str], links: list[tuple[str, tuple[str, ...]]]) -> None:
    """Add the files of a folder and of all real folders in it; links to folders go to `links`."""
    waiting = [(folder, parts)]
    while waiting:
        folder, parts = waiting.pop()
        seen.add(os.path.realpath(folder))
        try:
            with os.scandir(folder) as entries:
                listed = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            found.unreadable_folders.append(printable(parts[-1] if parts else os.path.basename(folder)))
            continue
        for entry in listed:
            if not _hidden(entry.name):
                _add(entry, (*parts, entry.name), found, waiting, links)


def _add(
    entry: os.DirEntry[str],
    parts: tuple[str, ...],
    found: Found,
    waiting: list[tuple[str, tuple[str, ...]]],
    links: list[tuple[str, tuple[str, ...]]],
) -> None:
    try:
        if entry.is_dir(follow_symlinks=False):
            waiting.append((entry.path, parts))
        elif entry.is_symlink() and entry.is_dir():
            links.append((entry.path, parts))
        elif entry.is_file():
            if len(found.files) >= MAX_FILES:
                raise DataError(f"{found.root} holds more than {MAX_FILES:,} files: choose a folder that holds the pictures only.")
            found.files.append(PictureFile(parts, _at(Path(entry.path)), stamp_of(entry.stat())))
    except OSError:  # a link in a circle, or a file that has just gone
        return


def _at(path: Path) -> Callable[[], Path]:
    return lambda: path


def stamp_of(stat: os.stat_result) -> tuple[int, ...]:
    """Size and times of a file: changes whenever the file does."""
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def _hidden(name: str) -> bool:
    return name.startswith(".") or name in ("__MACOSX", "Thumbs.db", "desktop.ini", "$RECYCLE.BIN", "System Volume Information")


# Archives.


def check_archive(archive: zipfile.ZipFile, name: str) -> list[zipfile.ZipInfo]:
    """The members of an archive that are files and not hidden. Raises DataError if there are too many, or if one would unpack to too much,
    before anything is unpacked."""
    members = [member for member in archive.infolist() if not member.is_dir() and not any(map(_hidden, _parts(member)))]
    if len(members) > MAX_FILES:
        raise DataError(f"{name} holds more than {MAX_FILES:,} files: make an archive of fewer.")
    if any(member.flag_bits & 1 for member in members):
        raise DataError(f"{name} is protected by a password: make an archive without one.")
    for member in members:
        packed = max(1, member.compress_size)
        if member.file_size > MAX_MEMBER_BYTES or (member.file_size > 10**7 and member.file_size > MAX_RATIO * packed):
            raise DataError(
                f"{name} holds a file that unpacks to {member.file_size / 1e6:,.0f} MB from {packed / 1e6:,.2f} MB: a picture does not "
                "shrink so far, so it is not unpacked."
            )
    return members


def _in_zip(path: Path) -> Found:
    try:
        archive = zipfile.ZipFile(path)
        members = check_archive(archive, printable(path.name))
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{printable(path.name)} cannot be opened as a zip archive ({type(error).__name__}): make it again.") from None
    lock = threading.Lock()
    files = [
        PictureFile(_parts(member), _unpack(archive, member, lock), (member.CRC, member.file_size)) for member in members if _parts(member)
    ]
    return Found(path, sorted(files, key=lambda file: file.parts), stamp=stamp_of(path.stat()))


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, lock: threading.Lock) -> Callable[[], bytes]:
    def bytes_of() -> bytes:
        try:
            with lock, archive.open(member) as file:
                # Not more than it says: the header of an archive may lie.
                return file.read(member.file_size)
        except Exception:  # a damaged archive raises many kinds of errors; nothing is then what is read
            return b""

    return bytes_of


def _parts(member: zipfile.ZipInfo) -> tuple[str, ...]:
    """The path of a member. Names in UTF-8 that are not marked as such, as many programs write them, are recognised."""
    name = member.filename
    if not member.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            name = member.filename
    return tuple(part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("/", "..", "."))


# What the folders mean.


@dataclass(frozen=True)
class Parts:
    """Files to train on, and files that are held out, with the names of their folders."""

    training: list[PictureFile]
    held_out: list[PictureFile]
    training_name: str = ""
    held_out_name: str = ""
    depth: int | None = None
    """Which folder of a path says to which part the file belongs."""


def _below_common(paths: Sequence[tuple[str, ...]]) -> int:
    """How many folders lie above all files: the depth at which they first differ."""
    depth = 0
    while paths and all(len(parts) > depth + 1 and parts[depth] == paths[0][depth] for parts in paths):
        depth += 1
    return depth


def split_parts(files: list[PictureFile]) -> Parts:
    """Folders such as train/ and test/ as what they say; everything is for training if there are none, or others beside them."""
    depth = _below_common([file.parts for file in files if says_it_is_a_picture(file)])
    tops = {file.parts[depth] if len(file.parts) > depth + 1 else "" for file in files if says_it_is_a_picture(file)}
    training = {top for top in tops if top.lower() in TRAINING_NAMES}
    held_out = {top for top in tops if top.lower() in HELD_OUT_NAMES}
    if not training or not held_out or tops != training | held_out:
        return Parts(files, [])
    names = (", ".join(sorted(chosen)) for chosen in (training, held_out))
    return Parts(
        [file for file in files if len(file.parts) > depth and file.parts[depth] in training],
        [file for file in files if len(file.parts) > depth and file.parts[depth] in held_out],
        *names,
        depth=depth,
    )


def folder_classes(
    files: Sequence[PictureFile], *, without: int | None = None, classic: bool = False
) -> tuple[list[int] | None, tuple[str, ...]]:
    """The class of each file, and the names of the classes: the first folders in which paths differ, if there are at least two, and every
    file lies in one. The folder at the depth `without`, of the part, does not count."""
    paths = [file.parts if without is None else (*file.parts[:without], *file.parts[without + 1 :]) for file in files]
    depth = 0 if classic else _below_common(paths)
    tops = Counter(parts[depth] for parts in paths if len(parts) > depth + 1)
    if len(tops) < 2 or sum(tops.values()) < len(files):
        return None, ()
    names = sorted(tops)
    index = {name: position for position, name in enumerate(names)}
    return [index[parts[depth]] for parts in paths], tuple(map(printable, names))


def says_it_is_a_picture(file: PictureFile) -> bool:
    """Whether a file that cannot be read should be: by its name, or by its first bytes if its name says nothing."""
    if file.suffix in PICTURE_SUFFIXES:
        return True
    if file.suffix:
        return False
    try:
        source = file.source()
        if isinstance(source, bytes):
            head = source[:4]
        else:
            with source.open("rb") as opened:
                head = opened.read(4)
    except OSError:
        return False
    return head.startswith(_HEADS)
