"""Images in archives, arrays, files as torchvision fetches them, beside files of labels; uploads; and what is kept of them."""

from __future__ import annotations

import gzip
import io
import json
import os
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.data_sets import load_images
from wgan_core.config import TrainConfig
from wgan_core.data import image_folder, kept, pixel_table, room
from wgan_core.data.dataset import DataError, ImageDataset
from wgan_core.data.download import is_available
from wgan_core.data.examples import example_strip
from wgan_core.data.load import load_dataset
from wgan_core.data.own_images import preview_own, stamp, why_unusable
from wgan_core.data.picture import Reading
from wgan_core.data.uploads import delete_upload, keep_images, replaces, uploads


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape or (8, 8), dtype=np.uint8)


def png(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()


def own(place: Path | str, size: int = 8, **settings: Any) -> ImageDataset:
    return load_images(TrainConfig(dataset="image-folder", data_root=str(place), image_size=size).replace(**settings))


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / "cache" / name))
    monkeypatch.delenv("WGAN_DATA_ROOT", raising=False)


# Archives.


def archive(path: Path, names: list[str], **options: Any) -> Path:
    with zipfile.ZipFile(path, "w", **options) as file:
        for index, name in enumerate(names):
            file.writestr(name, png(noise(index)))
    return path


def test_a_zip_is_read_like_a_folder_and_not_unpacked(tmp_path: Path) -> None:
    names = ["set/cat/b.png", "set/dog/a.png", "set/cat/a.png", "__MACOSX/set/cat/._a.png", "set/.hidden/c.png"]
    folder = tmp_path / "data"  # where no cache appears beside it, as on a busy machine
    folder.mkdir()
    data = own(archive(folder / "set.zip", names))
    np.testing.assert_array_equal(data.images[:, 0].numpy(), [noise(2), noise(0), noise(1)])
    assert data.class_names == ("cat", "dog") and data.labels is not None and data.labels.tolist() == [0, 0, 1]
    assert data.form == ("zip",) and sorted(path.name for path in folder.iterdir()) == ["set.zip"]
    data = own(archive(folder / "split.zip", ["train/a.png", "train/b.png", "test/c.png"]))
    assert len(data) == 2 and "split" in data.form


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: path.write_bytes(archive(path, ["a.png", "b.png"]).read_bytes()[:-10]), "is damaged|cannot be opened"),
        (lambda path: zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED).writestr("a.png", bytes(50_000_000)), "unpacks to 50 MB from"),
        (lambda path: archive(path, ["a.txt"]).touch(), "no images|one image"),
    ],
    ids=["cut off", "bomb", "empty"],
)
def test_archives_that_cannot_be_used_are_a_sentence(tmp_path: Path, make: Any, sentence: str) -> None:
    make(tmp_path / "a.zip")
    with pytest.raises(DataError, match=sentence):
        own(tmp_path / "a.zip")


def test_a_locked_archive_says_so(tmp_path: Path) -> None:
    content = bytearray(archive(tmp_path / "a.zip", ["a.png", "b.png"]).read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := content.find(mark, at + 1)) >= 0:
            content[at + offset] |= 1
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(DataError, match="a.zip is protected by a password: make an archive without one"):
        own(tmp_path / "a.zip")


# Arrays.


@pytest.mark.parametrize(
    ("array", "channels"),
    [
        (noise(0, 9, 8, 8), 1),
        (noise(0, 9, 8, 8, 1), 1),
        (noise(0, 9, 8, 8, 3), 3),
        (noise(0, 9, 3, 8, 8), 3),
        (noise(0, 9, 8, 8) > 99, 1),
    ],
    ids=["grey", "last", "rgb", "first", "bits"],
)
def test_arrays_of_images(tmp_path: Path, array: np.ndarray, channels: int) -> None:
    np.save(tmp_path / "a.npy", array)
    images = own(tmp_path / "a.npy").images
    assert images.shape == (9, channels, 8, 8)
    bytes_ = array.astype(np.uint8) * 255 if array.dtype == bool else array
    expected = bytes_ if array.shape[1] == channels == 3 else bytes_.reshape(9, 8, 8, channels).transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(images.numpy(), expected)
    assert torch.equal(own(tmp_path).images, images)  # the only array of a folder


def test_numbers_of_an_array_are_scaled_by_their_range(tmp_path: Path) -> None:
    numbers = np.linspace(-1, 1, 4 * 64, dtype=np.float32).reshape(4, 8, 8)
    np.savez(tmp_path / "a.npz", images=numbers, z=np.zeros((4, 2)))
    data = own(tmp_path / "a.npz")
    np.testing.assert_array_equal(data.images[:, 0].numpy(), np.round((numbers.astype(float) + 1) * 127.5))
    assert data.notes == ("The lowest number in the array, -1, became black, and the highest, 1, white.",) and data.form == ("array",)


def test_labels_and_the_held_out_part_of_an_npz(tmp_path: Path) -> None:
    parts: dict[str, Any] = {
        "x_train": noise(0, 6, 8, 8),
        "y_train": np.array([3, 5] * 3),
        "x_test": noise(1, 2, 8, 8),
        "y_test": np.array([3, 5]),
    }
    np.savez(tmp_path / "a.npz", **parts)
    data = own(tmp_path / "a.npz")
    assert len(data) == 6 and data.class_names == ("3", "5") and data.labels is not None and data.labels.tolist() == [0, 1] * 3
    held_out = load_dataset(TrainConfig(dataset="image-folder", data_root=str(tmp_path / "a.npz"), image_size=8), held_out=True)
    np.testing.assert_array_equal(held_out.data[:, 0].numpy(), parts["x_test"])


@pytest.mark.parametrize(
    ("save", "sentence"),
    [
        (lambda path: np.savez(path, a=np.zeros((2, 2)), b=np.zeros(3)), "a.npz holds a, b, and none of these arrays is called images"),
        (lambda path: np.savez(path, images=np.zeros((5, 7))), "a.npz holds an array of 5 × 7: images are .number, height, width"),
        (lambda path: np.savez(path, images=np.array([{}, {}])), "a.npz cannot be read .it holds Python objects.: save plain numbers"),
        (lambda path: path.write_bytes(b"nothing"), "a.npz cannot be read"),
        (lambda path: np.savez(path, images=np.zeros((1, 8, 8))), "holds one image, and training needs at least two"),
        (lambda path: np.savez(path, images=np.full((3, 8, 8), np.nan)), "holds no finite number"),
    ],
)
def test_arrays_that_are_no_images_are_a_sentence(tmp_path: Path, save: Any, sentence: str) -> None:
    save(tmp_path / "a.npz")
    with pytest.raises(DataError, match=sentence):
        own(tmp_path / "a.npz")


# Labels beside pictures.


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels.csv", "file_name,label\na.png,cat\nb.png,dog\nc.png,cat\n"),
        ("labels.csv", "id;width;class\na;8;cat\nb;8;dog\nc;8;cat\n"),
        (
            "metadata.jsonl",
            "\n".join(f'{{"file_name": "{pair[0]}.png", "label": "{pair[1]}"}}' for pair in ("ax", "by", "cx")),
        ),
        ("dataset.json", json.dumps({"labels": [["sub/a.png", 0], ["b.png", 1], ["c.png", 0]]})),
        ("labels.json", json.dumps({"sub/a.png": "p", "b.png": "q", "c.png": "p"})),
    ],
)
def test_a_file_of_labels(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "sub").mkdir()
    for index, stem in enumerate(("sub/a", "b", "c")):
        (tmp_path / f"{stem}.png").write_bytes(png(noise(index)))
    (tmp_path / name).write_text(text)
    data = own(tmp_path)  # sorted: b, c, sub/a
    assert data.labels is not None and data.labels.tolist() == [1, 0, 0] and len(data.class_names) == 2
    assert data.notes == (f"The labels come from {name}: 2 classes.",)


def test_a_file_that_lacks_labels_is_not_used_and_that_is_said(tmp_path: Path) -> None:
    for index, stem in enumerate("abc"):
        (tmp_path / f"{stem}.png").write_bytes(png(noise(index)))
    (tmp_path / "labels.csv").write_text("file,label\na.png,x\nb.png,y\n")
    data = own(tmp_path)
    assert data.labels is None and data.notes == ("labels.csv has labels for only 2 of 3 images, so they are not used.",)


# What torchvision downloads.


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


@pytest.mark.parametrize("below", ["MNIST/raw", "raw", "."])
@pytest.mark.parametrize("packed", [True, False])
def test_the_files_of_mnist_as_they_come(tmp_path: Path, below: str, packed: bool) -> None:
    folder = tmp_path / "data" / below
    folder.mkdir(parents=True)
    for part, count in (("train", 6), ("t10k", 3)):
        for kind, array in (("images-idx3", noise(count, count, 28, 28)), ("labels-idx1", np.arange(count))):
            content = idx(array)
            (folder / f"{part}-{kind}-ubyte{'.gz' if packed else ''}").write_bytes(gzip.compress(content) if packed else content)
    config = TrainConfig(dataset="mnist", data_root=str(tmp_path / "data"), image_size=28)
    assert is_available(config)
    data = load_images(config)
    np.testing.assert_array_equal(data.images[:, 0].numpy(), noise(6, 6, 28, 28))
    assert data.labels is not None and data.labels.tolist() == list(range(6)) and len(load_images(config, held_out=True)) == 3
    theirs = own(folder, 28)  # also as own images
    assert torch.equal(theirs.images, data.images) and theirs.labels is not None


# Uploads.


def test_uploaded_pictures_become_one_archive_that_runs_find_again() -> None:
    files = [(f"{name}.png", png(noise(index))) for index, name in enumerate("ba")]
    path = keep_images([*files, ("labels.csv", b"file,label\na.png,x\nb.png,y\n")])
    assert path == keep_images([files[1], ("labels.csv", b"file,label\na.png,x\nb.png,y\n"), files[0]])
    data = own(path)
    np.testing.assert_array_equal(data.images[:, 0].numpy(), [noise(1), noise(0)])
    assert data.class_names == ("x", "y") and [upload.path for upload in uploads()] == [path]
    delete_upload(path.name)
    assert uploads() == [] and not path.exists()


def test_only_uploads_can_be_deleted(tmp_path: Path) -> None:
    (tmp_path / "precious.zip").write_bytes(b"x")
    for name in ("../../precious.zip", str(tmp_path / "precious.zip"), "precious.zip"):
        with pytest.raises(DataError, match="There is no such upload"):
            delete_upload(name)
    assert (tmp_path / "precious.zip").exists()


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ([("a.txt", b"x")], "There is no picture among these files"),
        ([("a.zip", b"x")], "a.zip is damaged, or no archive"),
        ([("a.zip", b"x"), ("b.zip", b"y")], "Only one archive or array can be used, .* press × on those that you do not want"),
    ],
)
def test_uploads_that_cannot_be_used(files: list[tuple[str, bytes]], sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        keep_images(files)
    assert uploads() == []


@pytest.mark.parametrize(
    ("before", "new", "replaced"),
    [
        (["notes.png"], ["set.zip"], True),
        (["a.zip", "b.png"], ["set.NPZ"], True),
        (["a.png"], ["train.csv.gz"], True),
        (["a.zip"], ["a.png", "b.jpg"], True),
        (["a.png"], ["b.png"], False),
        (["a.png"], ["labels.csv"], False),
        (["a.zip"], ["labels.csv"], False),
        (["a.png"], ["a.zip", "b.zip"], False),
        (["a.zip"], ["b.zip", "b.png"], False),
    ],
)
def test_the_newest_upload_replaces_what_does_not_go_with_it(before: list[str], new: list[str], replaced: bool) -> None:
    assert replaces(before, new) is replaced


def test_limits_are_checked_before_anything_is_unpacked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    content = archive(tmp_path / "a.zip", ["a.png", "b.png", "c.png"]).read_bytes()
    monkeypatch.setattr("wgan_core.data.uploads.MAX_FILES", 2)
    with pytest.raises(DataError, match="a.zip holds more than 2 files"):
        keep_images([("a.zip", content)])
    monkeypatch.setattr("wgan_core.data.uploads.MAX_UNPACKED_BYTES", 100)
    monkeypatch.setattr("wgan_core.data.uploads.MAX_FILES", 20)
    with pytest.raises(DataError, match="a.zip unpacks to 0.0 GB, and at most"):
        keep_images([("a.zip", content)])
    monkeypatch.setattr("wgan_core.data.uploads.MAX_BYTES", 10)
    with pytest.raises(DataError, match="These files have more than 0 MB together"):
        keep_images([("a.png", content)])


# Previews, and what is kept.


def test_examples_show_what_is_cut_off(tmp_path: Path) -> None:
    for index in range(3):
        Image.fromarray(np.full((40, 120), 0, dtype=np.uint8)).save(tmp_path / f"{index}.png")
    found = example_strip(str(tmp_path), Reading(8), height=40)
    assert found is not None
    strip, cut = found
    assert strip.shape == (40, 3 * 120 + 2 * 6, 3) and cut == pytest.approx(2 / 3)
    assert (strip[:, 40:80] == 0).all() and (strip[:, :40] > 180).all()
    padded = example_strip(str(tmp_path), Reading(8, fit="pad"), height=40)
    assert padded is not None and (padded[0][:, :120] == 0).all() and padded[1] == 0


def test_counts_are_never_older_than_the_files(tmp_path: Path) -> None:
    (tmp_path / "set" / "deep").mkdir(parents=True)
    for index in range(3):
        (tmp_path / "set" / "deep" / f"{index}.png").write_bytes(png(noise(index)))
    before = stamp(str(tmp_path / "set"))
    assert preview_own(str(tmp_path / "set"), 2, Reading(8)).count == 3 and stamp(str(tmp_path / "set")) == before
    (tmp_path / "set" / "deep" / "3.png").write_bytes(png(noise(3)))
    assert stamp(str(tmp_path / "set")) != before and preview_own(str(tmp_path / "set"), 2, Reading(8)).count == 4


def test_a_preview_finds_the_readable_ones_and_names_the_others(tmp_path: Path) -> None:
    for index in range(9):
        (tmp_path / f"{index}.png").write_bytes(png(noise(index)) if index % 2 else b"torn")
    seen = preview_own(str(tmp_path), 5, Reading(8))  # every other file is looked at closely: the torn ones, if nobody takes care
    assert (len(seen.images), seen.count) == (4, 4)
    assert seen.left_out.startswith("5 files could not be read as images") and seen.left_out.endswith("0.png, 2.png, 4.png, 6.png, 8.png.")
    assert why_unusable(str(tmp_path), Reading(8)) == ""


def test_what_is_torn_only_inside_is_named_if_it_was_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(4):
        (tmp_path / f"{index}.png").write_bytes(png(noise(index)))
    (tmp_path / "4.png").write_bytes(png(noise(4, 64, 64))[:600])
    assert "4.png" in preview_own(str(tmp_path), 5, Reading(8)).left_out
    monkeypatch.setattr("wgan_core.data.image_folder.MAX_OPENED", 3)
    left_out = preview_own(str(tmp_path), 5, Reading(8)).left_out
    assert left_out.startswith("Among 5 files that were looked at: 1 file could not be read as an image")


def fill(folder: Path, **files: bytes) -> Path:
    folder.mkdir()
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_bytes(content)
    return folder


def test_what_no_run_could_read_is_known_before(tmp_path: Path) -> None:
    """With the sentence of the run itself."""
    one, text = png(noise(0)), b"no picture"
    (tmp_path / "a.zip").write_bytes(b"torn")
    np.save(tmp_path / "one.npy", noise(0, 1, 8, 8))
    np.save(tmp_path / "nothing.npy", np.full((20, 8, 8), np.nan))
    places = [
        fill(tmp_path / "empty"),
        fill(tmp_path / "text", notes_png=text),
        fill(tmp_path / "one", a_png=one),
        fill(tmp_path / "torn", a_png=one, b_png=one[: len(one) // 2]),
        tmp_path / "a.zip",
        tmp_path / "one.npy",
        tmp_path / "nothing.npy",
        tmp_path / "nowhere",
        Path(" "),
    ]
    for place in places:
        with pytest.raises(DataError) as refused:
            own(place)
        assert why_unusable(str(place), Reading(8)) == str(refused.value)


def test_what_a_run_can_read_is_never_refused_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = np.full((20, 8, 8), np.nan)
    numbers[1] = noise(0, 8, 8)
    np.save(tmp_path / "one-finite.npy", numbers)
    places = [
        fill(tmp_path / "names", a_dat=png(noise(0)), b_dat=png(noise(1))),
        fill(tmp_path / "mixed", a_png=b"no picture", b_png=png(noise(0)), c_dat=png(noise(1))),
        tmp_path / "one-finite.npy",
    ]
    for place in places:
        assert len(own(place)) >= 2 and why_unusable(str(place), Reading(8)) == ""
    monkeypatch.setattr("wgan_core.data.image_folder.MAX_OPENED", 1)
    unknown = fill(tmp_path / "unknown", a_png=b"no picture", b_png=b"no picture")
    assert why_unusable(str(unknown), Reading(8)) == ""  # to look through a large folder takes too long


def test_what_was_read_once_is_kept_until_a_file_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "WORTH_SECONDS", 0.0)
    (folder := tmp_path / "set").mkdir()
    for index in range(3):
        (folder / f"{index}.png").write_bytes(png(noise(index)))
    first = own(folder)
    reads: list[object] = []
    read = image_folder._read
    monkeypatch.setattr(image_folder, "_read", lambda file, reading: (reads.append(file), read(file, reading))[1])
    again = own(folder)
    assert not reads and torch.equal(again.images, first.images) and again.notes == first.notes
    assert len(own(folder, fit="pad")) == 3 and len(reads) == 3  # read otherwise: something else
    (folder / "1.png").write_bytes(png(noise(9)))
    os.utime(folder / "1.png", ns=(0, 0))
    np.testing.assert_array_equal(own(folder).images[1, 0].numpy(), noise(9))
    for array in (tmp_path / "cache" / "wgan-playground" / "pictures").glob("*.npy"):
        array.write_bytes(array.read_bytes()[:-64] + bytes(64))  # damaged on the disk
    np.testing.assert_array_equal(own(folder).images[1, 0].numpy(), noise(9))


def test_data_larger_than_memory_is_mapped_from_a_file_and_that_is_said_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(3):
        Image.fromarray(np.linspace(0, 1000 + index, 64).astype("uint16").reshape(8, 8)).save(tmp_path / f"{index}.png")
    plain = own(tmp_path)
    monkeypatch.setattr(room, "free_memory", lambda: 100)
    said: list[str] = []
    config = TrainConfig(dataset="image-folder", data_root=str(tmp_path), image_size=8)
    mapped = load_dataset(config, progress=lambda what, done, total: said.append(what))
    assert torch.equal(mapped.data, plain.images) and any(
        "more than half of the free memory, so they go to a file" in what for what in said
    )
    assert list((tmp_path / "cache" / "wgan-playground" / "pictures").glob("room-*"))


# Tables of pixels, as Kaggle passes MNIST on.


def table(path: Path, images: np.ndarray, labels: Sequence[object] | None, *, head: bool = True, after: bool = False) -> Path:
    pixels = [f"pixel{index}" for index in range(images[0].size)]
    lines = [",".join([*([] if labels is None or after else ["label"]), *pixels, *(["label"] if labels is not None and after else [])])]
    for index, image in enumerate(images):
        cells = [str(number) for number in image.ravel()]
        label = [] if labels is None else [str(labels[index])]
        lines.append(",".join([*cells, *label] if after else [*label, *cells]))
    text = "\n".join(lines if head else lines[1:]) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


@pytest.mark.parametrize("name", ["mnist_train.csv", "train.csv.gz"])
@pytest.mark.parametrize(("head", "after"), [(True, False), (False, False), (True, True)])
def test_a_table_of_pixels(tmp_path: Path, name: str, head: bool, after: bool) -> None:
    pixels, classes = noise(0, 20, 8, 8), [3, 5] * 10
    path = table(tmp_path / name, pixels, [*classes], head=head, after=after)
    data = own(path)
    assert np.array_equal(data.data[:, 0].numpy(), pixels)
    assert data.class_names == ("3", "5") and data.labels is not None and data.labels.tolist() == [0, 1] * 10
    assert preview_own(str(path), 5, Reading(8)).count == 20
    assert data.form == ("array",)  # an exported program says that it reads something else


def test_tables_for_training_and_test_in_a_folder(tmp_path: Path) -> None:
    """As in Kaggle's Fashion-MNIST; its test table may lack the classes."""
    table(tmp_path / "fashion-mnist_train.csv", noise(0, 20, 8, 8), [1, 2] * 10)
    table(tmp_path / "fashion-mnist_test.csv", noise(1, 6, 8, 8), None)
    config = TrainConfig(dataset="image-folder", data_root=str(tmp_path), image_size=8)
    assert np.array_equal(load_images(config).data[:, 0].numpy(), noise(0, 20, 8, 8))
    held_out = load_dataset(config, held_out=True)
    assert np.array_equal(held_out.data[:, 0].numpy(), noise(1, 6, 8, 8)) and held_out.labels is None


def test_a_table_of_colours_and_of_fractions(tmp_path: Path) -> None:
    colours = noise(0, 9, 3, 8, 8)
    assert np.array_equal(own(table(tmp_path / "colours.csv", colours, None)).data.numpy(), colours)
    data = own(table(tmp_path / "fractions.csv", noise(0, 9, 8, 8) / 255, None))
    assert np.abs(data.data[:, 0].numpy().astype(int) - noise(0, 9, 8, 8)).max() <= 1 and "became black" in data.notes[0]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("1,2,3", "Line 4 of t.csv has 3 columns, and the first has 65"),
        ("1" + ",x" * 64, "Line 4 of t.csv holds something other than numbers"),
    ],
)
def test_a_damaged_line_of_a_table_is_named(tmp_path: Path, line: str, why: str) -> None:
    path = table(tmp_path / "t.csv", noise(0, 9, 8, 8), [1] * 9)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:3], line, *lines[3:]]))
    with pytest.raises(DataError, match=why):
        own(path)


@pytest.mark.parametrize("change", [lambda data: data[:-9], lambda data: data[:-6] + b"xxxxxx", lambda data: data[:40] + b"x" + data[41:]])
def test_a_damaged_packed_table_is_a_sentence(tmp_path: Path, change: Any) -> None:
    path = table(tmp_path / "t.csv.gz", noise(0, 90, 8, 8), None)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(DataError, match="t.csv.gz is (damaged|an archive)"):
        own(path)


def test_a_table_that_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixel_table, "_MOST_CHARACTERS", 1000)
    with pytest.raises(DataError, match="store its images as an array"):
        own(table(tmp_path / "t.csv.gz", noise(0, 90, 8, 8), None))


def test_a_table_is_read_once_while_it_stays_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = table(tmp_path / "t.csv", noise(0, 9, 8, 8), None)
    monkeypatch.setattr(kept, "WORTH_SECONDS", 0.0)
    first = own(path)
    monkeypatch.setattr(pixel_table, "_numbers", lambda *_: pytest.fail("read again"))
    pixel_table._last.clear()
    assert own(path).fingerprint == first.fingerprint
    monkeypatch.undo()
    table(path, noise(5, 9, 8, 8), None)
    os.utime(path, ns=(1, 1))
    assert own(path).fingerprint != first.fingerprint


def test_labels_beside_pictures_and_points_are_no_images(tmp_path: Path) -> None:
    (tmp_path / "labels.csv").write_text("file,label\na.png,1\n")
    (tmp_path / "points.csv").write_text("0.5,1.5\n" * 20)
    assert not any(map(pixel_table.is_pixel_table, tmp_path.iterdir())) and not pixel_table.is_pixel_table(tmp_path / "none.csv")


@pytest.mark.parametrize("beside", ["a.png", "cats/a.png"])
def test_numbers_beside_pictures_are_about_them(tmp_path: Path, beside: str) -> None:
    """Such as 16 measurements of each picture."""
    table(tmp_path / "measured.csv", noise(0, 9, 4, 4), [1, 2, 3] * 3)
    for number in range(3):
        path = tmp_path / beside.replace("a.", f"{number}.")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(png(noise(number)))
    assert len(own(tmp_path)) == 3


def test_an_uploaded_table_may_have_any_name(tmp_path: Path) -> None:
    content = table(tmp_path / "t.csv", noise(0, 9, 8, 8), None).read_bytes()
    for name in ("x\0.csv", "../x.csv", "é ü.csv", "C:\\x.csv", "x" * 300 + ".csv"):
        assert len(own(keep_images([(name, content)]))) == 9


def test_an_uploaded_table_becomes_an_array(tmp_path: Path) -> None:
    path = table(tmp_path / "t.csv", noise(0, 9, 8, 8), [1, 2, 3] * 3)
    kept_at = keep_images([("my digits.csv", path.read_bytes())])
    assert kept_at.suffix == ".npz" and kept_at.name.startswith("my-digits-")
    assert np.array_equal(own(kept_at).data[:, 0].numpy(), noise(0, 9, 8, 8)) and len(own(kept_at).class_names) == 3
    with pytest.raises(DataError, match="no images"):
        keep_images([("points.csv", b"1,2\n3,4\n")])


# Other forms that people have.


def test_mnist_files_with_a_dot_in_their_names(tmp_path: Path) -> None:
    pixels = noise(0, 12, 8, 8)
    (tmp_path / "train-images.idx3-ubyte").write_bytes(idx(pixels))
    (tmp_path / "train-labels.idx1-ubyte").write_bytes(idx(np.arange(12, dtype=np.uint8) % 3))
    data = own(tmp_path)
    assert np.array_equal(data.data[:, 0].numpy(), pixels) and data.class_names == ("0", "1", "2")


@pytest.mark.parametrize("labels", [np.eye(3)[np.arange(12) % 3], np.arange(12) % 3 + 0.0, (np.arange(12) % 3)[:, None]])
def test_labels_as_ones_among_zeros_with_fractions_or_in_a_column(tmp_path: Path, labels: np.ndarray) -> None:
    np.savez(tmp_path / "a.npz", images=noise(0, 12, 8, 8), labels=labels)
    data = own(tmp_path / "a.npz")
    assert data.labels is not None and data.labels.tolist() == [0, 1, 2] * 4


def test_numbers_that_are_no_classes_are_not_used(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", images=noise(0, 12, 8, 8), labels=np.linspace(0, 1, 12))
    assert own(tmp_path / "a.npz").labels is None


@pytest.mark.parametrize(
    ("name", "content", "way_out"),
    [
        ("pictures.tar.gz", b"\x1f\x8b123", "unpack it, or make it a zip archive"),
        ("digits.mat", b"MATLAB 5.0", "save its images as an array"),
        ("faces.h5", b"\x89HDF\r\n", "save its images as an array"),
        ("data.parquet", b"PAR1", "save its images as an array"),
        ("data_batch_1", b"\x80\x02cnumpy", "may run programs"),
        ("train-images-idx3-ubyte", b"\0\0\x08\x03\0\0", "the folder that holds them"),
        ("one.png", png(noise(0)), "training needs at least two"),
        ("notes.txt", b"hello", "write the path of a folder of images"),
    ],
)
def test_a_file_that_is_no_data_set_is_called_by_its_kind(tmp_path: Path, name: str, content: bytes, way_out: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=way_out) as raised:
        own(tmp_path / name)
    assert "There is no folder" not in str(raised.value) and name in str(raised.value)


def test_the_folder_of_cifar_is_recognised(tmp_path: Path) -> None:
    for name in ("data_batch_1", "test_batch", "batches.meta"):
        (tmp_path / name).write_bytes(b"\x80\x02")
    with pytest.raises(DataError, match="Choose CIFAR-10 as the data set"):
        own(tmp_path)
