"""Pictures in a folder or a zip archive as a data set."""

from __future__ import annotations

import itertools
import os
import queue
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from wgan_core.data import kept, label_file, picture
from wgan_core.data.dataset import DataError, ImageDataset
from wgan_core.data.no_images import instead_of
from wgan_core.data.picture import MAX_PIXELS, Frame, Header, Reading
from wgan_core.data.picture_files import (
    Found,
    Parts,
    PictureFile,
    clean_path,
    find_files,
    folder_classes,
    printable,
    says_it_is_a_picture,
    split_parts,
)
from wgan_core.data.room import room_for

MAX_OPENED = 2000
"""Files of a folder that are opened to count its images before a run starts."""
_READ_AT_ONCE = 8
"""So few images are read in no time, so that it is certain whether a run could read them."""
MUCH_CUT = 0.05
_AT_ONCE = 64
_WORKERS = min(8, os.cpu_count() or 1)

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is. It may raise to end the loading."""
_Result = TypeVar("_Result")
_Item = TypeVar("_Item")


def no_progress(what: str, done: int, total: int) -> None:
    """For callers that show none."""


def load_folder(folder: str, reading: Reading, *, held_out: bool = False, progress: Progress = no_progress) -> ImageDataset:
    """The images in a folder and its subfolders, or in a zip archive, sorted by path. What they become is in `reading`.

    Grey if all images are grey, otherwise RGB, unless `reading` says which. Transparent parts become white. The folders in which paths
    first differ become classes if there are at least two of them and every image lies in one; or a file of labels beside the pictures
    names them. Where folders are called train and test (or the like), the images of the second are held out. The notes say what else
    should be known, e.g. how many files could not be read.

    Args:
        folder: a path as somebody may type or paste it.
        reading: how pictures become images.
        held_out: load the held-out part.
        progress: may raise to end the loading.

    Raises:
        DataError: there is no such folder, it holds fewer than two images, or no part that is held out.
    """
    if not folder.strip():
        raise DataError("image-folder needs a folder of images: write its path into the data folder setting.")
    root = clean_path(folder)
    found = find_files(root, classic=reading.classic)
    parts = split_parts(found.files) if not reading.classic else None
    if held_out and (parts is None or not parts.held_out):
        raise DataError(
            "A folder of images has no held-out part, unless it holds folders called train and test: keep test images in a separate folder."
        )
    files = found.files if parts is None else parts.held_out if held_out else parts.training
    key = kept.key_of(found, files, reading)
    if (known := kept.recall(key)) is not None:
        return known
    begun = kept.now()
    loaded = _Load(found, files, reading, progress).run()
    notes = list(loaded.notes)
    if parts is not None and parts.held_out and not held_out:
        notes.append(
            f"The {len(parts.training):,} files in the folder {parts.training_name} are trained on; the {len(parts.held_out):,} in "
            f"{parts.held_out_name} are held out."
        )
    form = [
        *(["zip"] if found.root.is_file() else []),
        *(["split"] if parts is not None and parts.held_out else []),
        *(["16-bit-colour"] if loaded.deep_colour else []),
    ]
    labels, names = _labels(loaded.kept, parts, found, notes, form)
    data = ImageDataset("image-folder", loaded.images, labels, names, printable(str(root)), tuple(notes), reading.classic, tuple(form))
    kept.keep(key, data, seconds=kept.now() - begun)
    return data


def classes_in(folder: str) -> tuple[str, ...]:
    """The class names that `load_folder` would give, found from the paths alone; empty if there are none, or no folder."""
    if not folder.strip():
        return ()
    try:
        parts = split_parts(find_files(clean_path(folder)).files)
    except DataError:
        return ()
    return folder_classes([file for file in parts.training if says_it_is_a_picture(file)], without=parts.depth)[1]


@dataclass
class Preview:
    """Some images of a folder, and what was seen of all."""

    images: ImageDataset
    count: int
    """The number of all images. In a folder of more than `MAX_OPENED` files only those looked at are known to be readable."""
    files: list[PictureFile]
    """The files of `images`, as far as each holds one."""
    cut: float
    """The mean share of these pictures that is cut off."""
    left_out: str = ""
    """A sentence on files that could not be read, as far as they were looked at; "" if there are none."""


def preview_folder(folder: str, max_images: int, reading: Reading) -> Preview:
    """At most `max_images` of the images to train on, spread evenly over the folder. Raises DataError like `load_folder`."""
    found = find_files(clean_path(folder))
    files = [file for file in split_parts(found.files).training if says_it_is_a_picture(file)]
    if not files:
        raise DataError(f"There are no images that can be read in {folder}.")
    opened = len(files) <= MAX_OPENED
    frames = _frames(files, reading) if opened else [1] * len(files)
    good = [index for index, number in enumerate(frames) if number] or list(range(len(files)))
    chosen = good[:: -(-len(good) // max_images)]
    some = [files[index] for index in chosen]
    loaded = _Load(Found(found.root, some), some, reading, no_progress, fewest=1).run()
    count = len(loaded.images) + sum(frames) - sum(frames[index] for index in chosen)
    unreadable = {file for file, number in zip(files, frames, strict=True) if not number} | set(loaded.unreadable)
    left_out = _left_out(sorted(unreadable, key=lambda file: file.parts)) if unreadable else ""
    if left_out and not opened:
        left_out = f"Among {len(some):,} files that were looked at: {left_out}"
    return Preview(ImageDataset("image-folder", loaded.images), count, loaded.kept, loaded.cut, left_out)


def refuse_folder(folder: str, reading: Reading) -> None:
    """Raise the DataError of `load_folder` if it is certain that it raises one, and if that takes no longer than a preview."""
    files = split_parts(find_files(clean_path(folder)).files).training if folder.strip() else []
    if len(files) <= MAX_OPENED and sum(_frames(files, reading)) <= _READ_AT_ONCE:
        load_folder(folder, reading)


def _frames(files: Sequence[PictureFile], reading: Reading) -> list[int]:
    """How many images each file holds, by its header; 0 if it cannot be read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        headers = list(_each(files, partial(_look, reading=reading), no_progress, ""))
    return [0 if header is None else header.frames for header in headers]


def _look(file: PictureFile, reading: Reading) -> Header | None:
    return picture.look(file.source(), reading)


def _read(file: PictureFile, reading: Reading) -> list[Frame]:
    return picture.read(file.source(), reading)


@dataclass
class _Load:
    """Reads files into one tensor. First the headers, so that the room is known; then the pictures, on several threads."""

    found: Found
    files: list[PictureFile]
    reading: Reading
    progress: Progress
    fewest: int = 2
    notes: list[str] = field(default_factory=list)
    kept: list[PictureFile] = field(default_factory=list)
    """The file of each image."""
    unreadable: list[PictureFile] = field(default_factory=list)
    images: Tensor = field(default_factory=lambda: torch.empty(0))
    cut: float = 0.0
    deep_colour: bool = False

    def run(self) -> _Load:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns about pictures that are refused, and about every oddity of a file
            return self._run()

    def _run(self) -> _Load:
        root = self.found.root
        headers = list(_each(self.files, partial(_look, reading=self.reading), self.progress, "Looking through the files"))
        pairs = [(file, header) for file, header in zip(self.files, headers, strict=True) if header is not None]
        unreadable = [file for file, header in zip(self.files, headers, strict=True) if header is None and says_it_is_a_picture(file)]
        if not pairs and not unreadable:
            raise DataError(f"There are no images in {root}: {instead_of(file.parts[-1] for file in self.found.files)}")
        images = self._decode(pairs, unreadable)
        self.unreadable = unreadable
        self._say(unreadable, pairs)
        if len(self.kept) < self.fewest:
            number = "one image that can be read" if self.kept else "no image that can be read"
            raise DataError(f"There is {number} in {root}, and training needs at least two.{''.join(' ' + note for note in self.notes)}")
        self.images = images
        return self

    def _decode(self, pairs: list[tuple[PictureFile, Header]], unreadable: list[PictureFile]) -> Tensor:
        count = sum(header.frames for _, header in pairs)
        deep = sum(header.frames for _, header in pairs if header.deep)
        self.deep_colour = any(header.deep and not header.grey for _, header in pairs)
        channels = 1 if all(header.grey for _, header in pairs) else 3
        size = self.reading.size
        images = room_for((count, channels, size, size), torch.uint8, self.progress)
        numbers = room_for((deep if self.reading.tones == "used" else 0, channels, size, size), torch.float32, self.progress)
        rows: list[int] = []
        low, high, cut, all_grey, at = np.inf, -np.inf, 0.0, True, 0
        read = _each([file for file, _ in pairs], partial(_read, reading=self.reading), self.progress, "Reading the pictures")
        for (file, header), frames in zip(pairs, read, strict=True):
            if not frames:
                unreadable.append(file)
            for frame in frames[: header.frames]:
                pixels = frame.pixels.expand(channels, -1, -1)
                if pixels.dtype == torch.uint8:
                    images[at] = pixels
                elif self.reading.tones == "used":
                    numbers[len(rows)] = pixels
                    rows.append(at)
                    low, high = min(low, frame.low), max(high, frame.high)
                else:
                    images[at] = picture.scaled(pixels, frame.low, frame.high)
                all_grey, cut, at = all_grey and frame.is_grey, cut + frame.cut, at + 1
                self.kept.append(file)
        for row, number in zip(rows, numbers, strict=False):
            images[row] = picture.scaled(number, low, high)
        if rows:
            many = "1 picture has" if len(rows) == 1 else f"{len(rows):,} pictures have"
            self.notes.append(
                f"{many} more than 256 tones: the lowest number in the files, {low:g}, became black, and the highest, {high:g}, white."
            )
        self.cut = cut / max(1, at)
        return self._in_channels(images[:at], all_grey)

    def _in_channels(self, images: Tensor, all_grey: bool) -> Tensor:
        """The images with the channels that the setting asks for, or as few as are needed."""
        wanted = {"grey": 1, "rgb": 3, "auto": 1 if all_grey else 3}[self.reading.channels]
        if len(images) == 0 or wanted == images.shape[1]:
            return images
        if wanted == 3:
            return images.expand(-1, 3, -1, -1).contiguous()
        if self.reading.channels == "auto":
            self.notes.append("All pictures are grey, although they are stored in colour, so they are taken as grey.")
        grey = room_for((len(images), 1, *images.shape[2:]), torch.uint8, no_progress)
        for target, part in zip(grey.split(4096), images.split(4096), strict=True):
            target.copy_(picture.to_grey(part))
        return grey

    def _say(self, unreadable: list[PictureFile], pairs: list[tuple[PictureFile, Header]]) -> None:
        """Notes on what was left out."""
        if unreadable:
            self.notes.insert(0, _left_out(sorted(unreadable, key=lambda file: file.parts)))
        if folders := self.found.unreadable_folders:
            many = _counted(len(folders), "folder")
            self.notes.append(f"{many} could not be opened and {_are(len(folders))} left out: {_listed(folders)}.")
        if again := self.found.linked_twice:
            self.notes.append(f"{_counted(again, 'link')} to folders that are read anyway {_are(again)} not followed.")
        stacks = [header.frames for _, header in pairs if header.frames > 1]
        if stacks:
            self.notes.append(
                f"{_counted(len(stacks), 'file')} with several pages or frames gave {sum(stacks):,} images (setting frames: first uses one "
                "of each file)."
            )
        if self.cut > MUCH_CUT:
            self.notes.append(
                f"On average, {self.cut:.0%} of each picture is cut off, because only its central square is used (setting fit: pad or "
                "squash uses all of it)."
            )


def _each(items: Sequence[_Item], work: Callable[[_Item], _Result], progress: Progress, what: str) -> Iterator[_Result]:
    """The results of `work` for all items, in order, made on several threads. Ends at once if `progress` raises."""
    tasks: queue.SimpleQueue[tuple[Future[_Result], _Item] | None] = queue.SimpleQueue()
    for number in range(_WORKERS):
        # Daemons, because a program that is told to end should not wait for the pictures that are just being read.
        threading.Thread(target=_work, args=(tasks, work), name=f"pictures-{number}", daemon=True).start()

    def asked(item: _Item) -> Future[_Result]:
        tasks.put((future := Future(), item))
        return future

    window: list[Future[_Result]] = []
    try:
        waiting = map(asked, items)
        window = list(itertools.islice(waiting, _AT_ONCE))
        for done in range(len(items)):
            progress(what, done, len(items))
            yield _result(window.pop(0), partial(progress, what, done, len(items)))
            window.extend(itertools.islice(waiting, 1))
    finally:
        for future in window:
            future.cancel()
        for _ in range(_WORKERS):
            tasks.put(None)


def _work(tasks: queue.SimpleQueue[tuple[Future[_Result], _Item] | None], work: Callable[[_Item], _Result]) -> None:
    """Do what is asked for until None comes."""
    torch.set_num_threads(1)
    while (task := tasks.get()) is not None:
        future, item = task
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(work(item))
            except BaseException as error:
                future.set_exception(error)


def _result(future: Future[_Result], still: Callable[[], None]) -> _Result:
    """A result, waited for in small pieces, so that a wish to end is noticed while a large picture is read."""
    while True:
        try:
            return future.result(timeout=0.2)
        except TimeoutError:
            still()


def _labels(
    kept_files: list[PictureFile], parts: Parts | None, found: Found, notes: list[str], form: list[str]
) -> tuple[Tensor | None, tuple[str, ...]]:
    """The class of each image, and their names. Says in `form` if they are read from a file."""
    if parts is None:
        index, names = folder_classes(kept_files, classic=True)
        return (None if index is None else torch.tensor(index)), names
    if (beside := label_file.labels_beside(kept_files, found, notes)) is not None:
        form.append("label-file")
        return torch.tensor(beside[0]), beside[1]
    # A held-out part has the numbers of the training part, also where it lacks a class.
    pictures = set(kept_files)
    training = [file for file in parts.training if file in pictures or says_it_is_a_picture(file)]
    _, names = folder_classes(training, without=parts.depth)
    index, here = folder_classes(kept_files, without=parts.depth)
    if index is None or not set(here) <= set(names):
        return None, ()
    return torch.tensor([names.index(here[number]) for number in index]), names


def _left_out(files: Iterable[PictureFile]) -> str:
    names = [file.name for file in files]
    heif = (
        " HEIC pictures can be read after `pip install pillow-heif`."
        if any(name.lower().endswith((".heic", ".heif")) for name in names)
        else ""
    )
    images = "an image" if len(names) == 1 else "images"
    return (
        f"{_counted(len(names), 'file')} could not be read as {images} of at most {MAX_PIXELS // 10**6} megapixels and {_are(len(names))} "
        f"left out: {_listed(names)}.{heif}"
    )


def _counted(number: int, noun: str) -> str:
    return f"1 {noun}" if number == 1 else f"{number:,} {noun}s"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:5]) + (" and more" if len(names) > 5 else "")
