"""Classes of data: what a conditional run can use, and what it says of the rest."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from wgan_core.config import ConfigError, TrainConfig, parse_config
from wgan_core.data.classes import Classes, classes_of, labels_hash, notes_on, rows_of_grid, shared_out
from wgan_core.data.dataset import DataError, Dataset, ImageDataset
from wgan_core.data.load import load_dataset


def images(labels: list[int] | None, names: tuple[str, ...], count: int = 6) -> ImageDataset:
    data = torch.zeros(count, 1, 8, 8, dtype=torch.uint8)
    return ImageDataset("own", data, None if labels is None else torch.tensor(labels), names)


def own(place: Path) -> Dataset:
    return load_dataset(TrainConfig(dataset="image-folder", data_root=str(place), image_size=8, labels="conditional"))


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (images(None, ()), "needs data with classes, and own has none here: choose ignore, put the pictures of each class into a folder"),
        (images([0, 1, 0], ("a", "b")), "own has 3 labels for 6 images: give each one label."),
        (images([0] * 6, ("a",)), "needs at least two classes, and own has one: choose ignore."),
        (images(list(range(6)), tuple(map(str, range(10_000)))), "at most 1,000 classes, and own has 10,000: choose ignore, or sort"),
        (images([0, 1, 2, 0, 1, 2], ("a", "b")), "own has labels outside of its 2 classes: number them from 0 to 1."),
        (images([0, 1, -1, 0, 1, 1], ("a", "b")), "own has labels outside of its 2 classes"),
    ],
    ids=["missing", "wrong count", "one class", "10,000 classes", "too large", "negative"],
)
def test_labels_that_cannot_be_used_are_refused_in_one_sentence(data: ImageDataset, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        classes_of(data)


def test_a_class_with_one_picture_is_used_and_said() -> None:
    classes = classes_of(images([0] * 40 + [1], ("cat", "dog"), 41))
    assert classes.counts == (40, 1) and classes.largest == 0
    (note,) = notes_on(classes)
    assert note.startswith("1 class has fewer than 20 samples, which the networks will learn by heart") and note.endswith(
        "all classes: dog."
    )
    (note,) = notes_on(classes_of(images([0, 0, 0, 2, 2, 2] * 10, ("cat", "dog", "cow"), 60)))
    assert note == "1 class has no samples, so what is generated for it means nothing: dog."


def test_the_labels_of_own_pictures(tmp_path: Path) -> None:
    """Of folders, of a file beside the pictures, and of an array; and what is said where they do not fit."""
    for number, name in enumerate(("cat", "dog", "cat2")):
        (tmp_path / "folders" / name).mkdir(parents=True)
        for index in range(2 + number):
            Image.new("L", (8, 8), 40 * number + index).save(tmp_path / "folders" / name / f"{index}.png")
    assert classes_of(own(tmp_path / "folders")) == Classes(("cat", "cat2", "dog"), (2, 4, 3))
    (tmp_path / "flat").mkdir()
    for index in range(6):
        Image.new("L", (8, 8), 10 * index).save(tmp_path / "flat" / f"{index}.png")
    table = tmp_path / "flat" / "labels.csv"
    table.write_text("file,label\n" + "".join(f"{index}.png,{'ab'[index % 2]}\n" for index in range(6)))
    assert classes_of(own(tmp_path / "flat")) == Classes(("a", "b"), (3, 3))
    table.write_text("file,label\n" + "".join(f"{index}.png,{'ab'[index % 2]}\n" for index in range(5)))
    with pytest.raises(DataError, match=r"has none here: .* labels.csv has labels for only 5 of 6 images, so they are not used"):
        classes_of(own(tmp_path / "flat"))
    array = np.zeros((50, 8, 8), np.uint8)
    np.savez(tmp_path / "right.npz", images=array, labels=np.arange(50) % 5)
    assert len(classes_of(own(tmp_path / "right.npz"))) == 5
    np.savez(tmp_path / "few.npz", images=array, labels=np.arange(49) % 5)
    with pytest.raises(DataError, match="has none here: .* The array labels has 49 labels for 50 images, so they are not used"):
        classes_of(own(tmp_path / "few.npz"))


def test_modes_are_classes() -> None:
    data = load_dataset(TrainConfig(dataset="25-gaussians", labels="conditional"))
    classes = classes_of(data)
    assert len(classes) == 25 and min(classes.counts) > 1800 and classes.names[24] == "mode 25"
    assert data.labels is not None
    spreads = [data.data[data.labels == number].std(0).max() for number in range(25)]
    assert max(spreads) < 0.02  # sd 0.05 / 2.828
    with pytest.raises(ConfigError, match="labels must be ignore for the points of ring, which have no classes: choose 8-gaussians or 25"):
        parse_config({"dataset": "ring", "labels": "conditional"})


def test_classes_are_found_by_name_or_number() -> None:
    classes = Classes(("T-shirt", "ankle boot", "7"), (1, 2, 3))
    assert [classes.find(text) for text in ("t-shirt", " Ankle Boot ", "7", "1")] == [0, 1, 2, 1]
    with pytest.raises(ValueError, match="There is no class 'skirt': choose one of T-shirt, ankle boot, 7."):
        classes.find("skirt")


def test_what_a_stranger_wrote_about_classes_is_checked() -> None:
    good = Classes(("a", "b"), (3, 4)).to_meta()
    assert Classes.from_meta(json.loads(json.dumps(good))) == Classes(("a", "b"), (3, 4))
    for bad in (
        None,
        {},
        [],
        {"names": ["a"], "counts": [1]},
        {"names": ["a", "b"], "counts": [1]},
        {"names": ["a", "b"], "counts": [1, -1]},
    ):
        with pytest.raises(ValueError, match="damaged"):
            Classes.from_meta(bad)
    with pytest.raises(ValueError, match="damaged"):
        Classes.from_meta({"names": ["x"] * 2000, "counts": [1] * 2000})


def test_rows_of_the_grid_and_shares() -> None:
    assert rows_of_grid(10) == tuple(range(10)) and len(set(rows_of_grid(1000))) == 16 and rows_of_grid(1000)[-1] == 999
    classes = Classes(("a", "b", "c"), (0, 30, 10))
    assert shared_out(400, classes).bincount(minlength=3).tolist() == [0, 300, 100]
    first, second = images([0, 1] * 3, ("a", "b")), images([1, 0] * 3, ("a", "b"))
    assert first.fingerprint == second.fingerprint and labels_hash(first) != labels_hash(second)
