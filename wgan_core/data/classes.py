"""The classes of a data set: their names, and how many samples each has. A conditional run is told the class of each sample."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wgan_core.config.whole import whole_number
from wgan_core.data.dataset import DataError, Dataset

if TYPE_CHECKING:
    from torch import Tensor

MAX_CLASSES = 1000
"""More different labels than this are captions or numbers, and no classes; and a class slider has no use for them."""
FEW = 20
"""Images of one class, below which the networks soon know them by heart."""


@dataclass(frozen=True)
class Classes:
    """The classes that a conditional run is told."""

    names: tuple[str, ...]
    counts: tuple[int, ...]
    """The number of samples of each."""

    def __len__(self) -> int:
        return len(self.names)

    @property
    def largest(self) -> int:
        """The class with the most samples; the first of several."""
        return self.counts.index(max(self.counts))

    def find(self, text: str) -> int:
        """The number of the class that somebody names: by its name, in whatever case, or else by its number. Raises ValueError."""
        folded = [name.casefold() for name in self.names]
        wanted = text.strip().casefold()
        if wanted in folded:
            return folded.index(wanted)
        if (number := whole_number(wanted, len(self) - 1)) is not None:
            return number
        raise ValueError(f"There is no class {text.strip()[:40]!r}: choose one of {listed(self.names)}.")

    def to_meta(self) -> dict[str, Any]:
        """As plain values for a run's config.json."""
        return {"names": list(self.names), "counts": list(self.counts)}

    @classmethod
    def from_meta(cls, said: Any) -> Classes:
        """The inverse of `to_meta`, for values that a stranger may have written. Raises ValueError."""
        try:
            found = cls(tuple(str(name)[:100] for name in said["names"]), tuple(int(count) for count in said["counts"]))
        except (TypeError, KeyError, ValueError, OverflowError):
            raise ValueError("The classes are damaged.") from None
        if not 2 <= len(found.names) == len(found.counts) <= MAX_CLASSES or min(found.counts) < 0 or max(found.counts) < 1:
            raise ValueError("The classes are damaged.")
        return found


def listed(names: Sequence[str], most: int = 12) -> str:
    """Names in words, the first of them if there are many."""
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most:,} more"


def classes_of(dataset: Dataset) -> Classes:
    """The classes of `dataset`. Raises DataError, with one sentence, if a conditional run cannot use them."""
    labels = dataset.labels
    if labels is None or not dataset.class_names:
        said = "".join(f" {note}" for note in dataset.notes if "label" in note)
        raise DataError(
            f"Labels: conditional needs data with classes, and {dataset.name} has none here: choose ignore, put the pictures of each class "
            f"into a folder of its own, or add a file of labels.{said}"
        )
    number = len(dataset.class_names)
    if len(labels) != len(dataset):
        raise DataError(f"{dataset.name} has {len(labels):,} labels for {len(dataset):,} {dataset.kind}: give each one label.")
    if number < 2:
        raise DataError(f"Labels: conditional needs at least two classes, and {dataset.name} has one: choose ignore.")
    if number > MAX_CLASSES:
        raise DataError(
            f"Labels: conditional works with at most {MAX_CLASSES:,} classes, and {dataset.name} has {number:,}: choose ignore, or sort "
            f"the {dataset.kind} into fewer classes."
        )
    if int(labels.min()) < 0 or int(labels.max()) >= number:
        raise DataError(f"{dataset.name} has labels outside of its {number:,} classes: number them from 0 to {number - 1:,}.")
    return Classes(dataset.class_names, tuple(labels.bincount(minlength=number).tolist()))


def labels_hash(dataset: Dataset) -> str:
    """A hash of the classes' names and of every sample's class, by which a conditional run recognises its labels."""
    assert dataset.labels is not None
    digest = hashlib.blake2b(repr(dataset.class_names).encode(), digest_size=16)
    digest.update(dataset.labels.numpy().tobytes())
    return digest.hexdigest()


def notes_on(classes: Classes) -> list[str]:
    """What the user should know about classes that have few samples, or none."""
    none = [name for name, count in zip(classes.names, classes.counts, strict=True) if count == 0]
    few = [name for name, count in zip(classes.names, classes.counts, strict=True) if 0 < count < FEW]
    notes: list[str] = []
    if none:
        notes.append(f"{_classes(none)} no samples, so what is generated for {_them(none)} means nothing: {listed(none, 5)}.")
    if few:
        notes.append(
            f"{_classes(few)} fewer than {FEW} samples, which the networks will learn by heart; a run with Labels: ignore shares what it "
            f"learns among all classes: {listed(few, 5)}."
        )
    return notes


def _classes(names: Sequence[str]) -> str:
    return "1 class has" if len(names) == 1 else f"{len(names):,} classes have"


def _them(names: Sequence[str]) -> str:
    return "it" if len(names) == 1 else "them"


@functools.lru_cache(maxsize=64)
def rows_of_grid(classes: int, most: int = 16) -> tuple[int, ...]:
    """The classes that a grid of samples shows, one a row: all, or `most` of them, spread evenly."""
    if classes <= most:
        return tuple(range(classes))
    return tuple(round(row * (classes - 1) / (most - 1)) for row in range(most))


def shared_out(count: int, classes: Classes) -> Tensor:
    """Labels [count] in which each class has its share of the data as nearly as whole numbers allow, well mixed and always the same: for
    samples that stand for all that a conditional generator makes."""
    import torch

    ends = torch.tensor(classes.counts, dtype=torch.float64).cumsum(0)
    # Multiples of the golden ratio are spread evenly over [0, 1), also those of any part of the rows.
    at = (torch.arange(count, dtype=torch.float64) + 0.5).mul_(0.6180339887498949) % 1
    return torch.searchsorted(ends, at * ends[-1], right=True).clamp(max=len(classes) - 1)
