"""A CSV or JSON file of labels beside pictures: each picture's name with its class."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from wgan_core.config.whole import whole_number
from wgan_core.data.picture_files import Found, PictureFile, printable

MAX_BYTES = 200_000_000
MAX_CLASSES = 1000
"""More different labels than this are captions or numbers, and no classes."""
_NAMES = ("file_name", "filename", "file", "image", "image_id", "img", "path", "name", "id", "picture")
_LABELS = ("label", "labels", "class", "category", "target", "class_name", "y", "breed", "species", "diagnosis", "dx")
_SUFFIXES = frozenset((".csv", ".tsv", ".json", ".jsonl"))


def labels_beside(pictures: Sequence[PictureFile], found: Found, notes: list[str]) -> tuple[list[int], tuple[str, ...]] | None:
    """The class of each picture and the names of the classes, from the first file of labels that names every picture; None if there is
    none. Says in `notes` which file was used, or that one lacks some of the pictures."""
    depth = min((len(file.parts) for file in pictures), default=1)
    for file in found.files:
        if file.suffix not in _SUFFIXES or len(file.parts) > depth:
            continue
        table = _table(_content(file), file.suffix)
        classes = [_find(file_of, table) for file_of in pictures] if table else []
        named = [label for label in classes if label is not None]
        if len(named) < len(pictures):
            if len(named) > len(pictures) // 2:
                notes.append(f"{file.name} has labels for only {len(named):,} of {len(pictures):,} images, so they are not used.")
            continue
        names = sorted(set(named), key=_number_first)
        if 2 <= len(names) <= min(MAX_CLASSES, max(2, len(pictures) // 2)):
            notes.append(f"The labels come from {file.name}: {len(names)} classes.")
            return [names.index(label) for label in named], tuple(map(printable, names))
    return None


def _content(file: PictureFile) -> str:
    try:
        source = file.source()
        if isinstance(source, Path):
            if source.stat().st_size > MAX_BYTES:
                return ""
            source = source.read_bytes()
        return source.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""


def _table(text: str, suffix: str) -> dict[str, str]:
    """Labels by the names of pictures; empty if the text is no table of labels."""
    try:
        pairs = list(_in_json(json.loads(text)) if suffix == ".json" else _in_lines(text) if suffix == ".jsonl" else _in_csv(text))
    except (ValueError, RecursionError, csv.Error):
        return {}
    return {_plain(name): str(label).strip() for name, label in pairs if str(name).strip() and str(label).strip()}


def _in_csv(text: str) -> Iterable[tuple[Any, Any]]:
    """Columns named like those of `_NAMES` and `_LABELS`, or the first two."""
    head = text[:4096].split("\n", 1)[0]
    separator = max(",;\t", key=head.count)
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=separator) if any(cell.strip() for cell in row)]
    if not rows or len(rows[0]) < 2:
        return
    heads = [cell.strip().lower() for cell in rows[0]]
    name = next((heads.index(word) for word in _NAMES if word in heads), None)
    label = next((heads.index(word) for word in _LABELS if word in heads), None)
    if name is None and label is None and not any(word in heads for word in _LABELS):
        first, second, rest = 0, 1, rows
    else:
        first = name if name is not None else 0
        second = label if label is not None else 1 - min(first, 1)
        rest = rows[1:]
    for row in rest:
        if len(row) > max(first, second):
            yield row[first], row[second]


def _in_lines(text: str) -> Iterable[tuple[Any, Any]]:
    return _in_json([json.loads(line) for line in text.splitlines() if line.strip()])


def _in_json(data: Any) -> Iterable[tuple[Any, Any]]:
    """{"labels": [[name, label], ...]} as of StyleGAN, {name: label}, or a list of objects with a name and a label."""
    if isinstance(data, dict) and isinstance(data.get("labels"), list):
        data = data["labels"]
    if isinstance(data, dict):
        yield from ((name, label) for name, label in data.items() if isinstance(label, str | int))
    for item in data if isinstance(data, list) else ():
        if isinstance(item, list) and len(item) == 2 and isinstance(item[1], str | int):
            yield item[0], item[1]
        elif isinstance(item, dict):
            name = next((item[word] for word in _NAMES if word in item), None)
            label = next((item[word] for word in _LABELS if isinstance(item.get(word), str | int)), None)
            if name is not None and label is not None:
                yield name, label


def _plain(name: object) -> str:
    return str(PurePosixPath(str(name).strip().replace("\\", "/"))).removeprefix("./")


def _find(file: PictureFile, table: dict[str, str]) -> str | None:
    """A picture's label: by the end of its path, the longest first, with or without its suffix."""
    for start in range(len(file.parts)):
        path = "/".join(file.parts[start:])
        if path in table:
            return table[path]
        stem = path.rpartition(".")[0]
        if stem and stem in table:
            return table[stem]
    return None


def _number_first(label: str) -> tuple[int, str]:
    number = whole_number(label)
    return (10**9 if number is None else number, label)
