"""Runs that belong together: those with the same settings but for the seed, and branches under their parents."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from wgan_core.library.entry import Entry
from wgan_core.library.fields import FIELDS, Field, differing, field

ALL_BUT_SEED = "settings"
"""In place of names: everything but the seed, the machine and the records."""


@dataclass(frozen=True)
class Spread:
    """Mean and spread over the runs of a group."""

    n: int
    mean: float
    sd: float | None
    """The standard deviation of a sample; None for a single run."""


@dataclass(frozen=True)
class Group:
    """Runs that have the same values of some fields."""

    values: tuple[Any, ...]
    """Of the fields by which it was grouped."""
    entries: tuple[Entry, ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        """Without repetitions, ascending."""
        return tuple(sorted({entry.settings["seed"] for entry in self.entries if "seed" in entry.settings}))

    def spread(self, name: str) -> Spread | None:
        """Of a field that is a number, over the runs that have it; None if none has."""
        values = [value for entry in self.entries if (value := FIELDS[name].get(entry)) is not None and math.isfinite(value)]
        if not values:
            return None
        return Spread(len(values), statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None)


def grouping(names: Iterable[str], entries: Sequence[Entry]) -> list[Field]:
    """The fields to group by. For `ALL_BUT_SEED`: the data, and each setting in which the entries differ, but for the seed and what makes
    no difference to the result. Raises FieldError."""
    found: dict[str, Field] = {}
    for name in names:
        if name == ALL_BUT_SEED:
            different = [name for name in ("dataset", *differing(entries)) if name != "seed"]
            found |= {name: FIELDS[name] for name in different}
        else:
            one = field(name)
            found[one.name] = one
    return list(found.values())


def grouped(entries: Iterable[Entry], by: Sequence[Field]) -> list[Group]:
    """The groups in the order of their first run; damaged runs are in none."""
    found: dict[tuple[Any, ...], list[Entry]] = {}
    for entry in entries:
        if not entry.damaged:
            found.setdefault(tuple(one.get(entry) for one in by), []).append(entry)
    return [Group(values, tuple(members)) for values, members in found.items()]


@dataclass(frozen=True)
class Leaf:
    """A run in the tree of branches."""

    entry: Entry
    depth: int
    """0 for a run that is no branch, or whose parent is not in the list."""


def tree(entries: Iterable[Entry]) -> list[Leaf]:
    """The entries with each branch under its parent, otherwise in their order. A parent is found by the id written into it: the first that
    has it."""
    entries = list(entries)
    by_id: dict[str, Entry] = {}
    for entry in entries:
        by_id.setdefault(entry.run_id or entry.name, entry)
    children: dict[str, list[Entry]] = {}
    roots: list[Entry] = []
    for entry in entries:
        parent = by_id.get(entry.parent) if entry.parent else None
        (roots if parent is None or parent is entry else children.setdefault(parent.name, [])).append(entry)
    return _laid_out(entries, roots, children)


def _laid_out(entries: list[Entry], roots: list[Entry], children: dict[str, list[Entry]]) -> list[Leaf]:
    found: dict[str, Leaf] = {}
    # Runs of a stranger may name each other as parents; whoever is reached from no root then stands at the end.
    for root in (*roots, *entries):
        waiting = [Leaf(root, 0)]
        while waiting:
            leaf = waiting.pop()
            if leaf.entry.name not in found:
                found[leaf.entry.name] = leaf
                waiting += [Leaf(child, leaf.depth + 1) for child in reversed(children.get(leaf.entry.name, []))]
    return list(found.values())
