"""Pictures as people have them: tones, suffixes, stacks, links, shapes, splits."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from tests.data_sets import load_images
from wgan_core.config import TrainConfig
from wgan_core.data import picture
from wgan_core.data.dataset import DataError, ImageDataset
from wgan_core.data.image_folder import classes_in
from wgan_core.data.load import load_dataset


def noise(seed: int, shape: tuple[int, ...] = (8, 8)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def save(path: Path, array: np.ndarray, **options: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path, **options)
    return path


def own(folder: Path | str, size: int = 8, **settings: object) -> ImageDataset:
    return load_images(TrainConfig(dataset="image-folder", data_root=str(folder), image_size=size).replace(**settings))


# Tones.


@pytest.mark.parametrize(
    ("kind", "low", "high"), [("float32", 0, 1), ("float32", -80, 0), ("uint16", 0, 4080), ("uint16", 300, 65000), ("int32", -1000, 3000)]
)
def test_the_range_that_the_files_use_becomes_black_to_white(tmp_path: Path, kind: str, low: int, high: int) -> None:
    ramp = np.linspace(low, high, 32).astype(kind)
    for index in range(4):
        save(tmp_path / f"{index}.tif", np.tile(np.roll(ramp, index), (32, 1)))
    data = own(tmp_path, 32)
    expected = np.round((ramp.astype(float) - ramp[0]) / (float(ramp[-1]) - float(ramp[0])) * 255)
    np.testing.assert_array_equal(data.images[1, 0, 5].numpy(), np.roll(expected, 1))
    (note,) = data.notes
    assert (
        note == f"4 pictures have more than 256 tones: the lowest number in the files, {low}, became black, and the highest, {high}, white."
    )


def test_one_range_for_all_files_or_each_its_own_or_that_of_the_format(tmp_path: Path) -> None:
    for name, top in (("a", 1000), ("b", 4000)):
        save(tmp_path / f"{name}.png", np.tile(np.linspace(0, top, 8).astype("uint16"), (8, 1)))
    tops = {tones: own(tmp_path, tones=tones).images.amax((1, 2, 3)).tolist() for tones in ("used", "each", "format")}
    assert tops == {"used": [64, 255], "each": [255, 255], "format": [4, 16]}


def test_all_16_bits_of_a_colour_are_read(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 4096, (2, 8, 8, 3)).astype(">u2")
    pixels[0, 0, 0], pixels[1, 0, 0] = 0, 4095

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    for index, rows in enumerate(pixels):
        head = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 16, 2, 0, 0, 0))
        body = chunk(b"IDAT", zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows)))
        (tmp_path / f"{index}.png").write_bytes(b"\x89PNG\r\n\x1a\n" + head + body + chunk(b"IEND", b""))
    np.testing.assert_array_equal(own(tmp_path).images.permute(0, 2, 3, 1).numpy(), np.round(pixels.astype(float) / 4095 * 255))


def test_what_is_no_number_is_black(tmp_path: Path) -> None:
    rows = np.tile(np.linspace(5, 9, 8, dtype="float32"), (8, 1))
    save(tmp_path / "a.tif", rows)
    rows = rows.copy()
    rows[0, 7], rows[1, 7] = np.nan, np.inf
    save(tmp_path / "b.tif", rows)
    images = own(tmp_path).images[:, 0]
    assert images[0, 0, 7] == 255 and images[1, 0, 7] == 0 and images[1, 1, 7] == 255 and images[1, 2, 7] == 255


# Files.


def test_files_are_known_by_what_they_hold(tmp_path: Path) -> None:
    for index in range(3):
        colours = np.tile(noise(index)[..., None], 3)
        colours[0, 0] = 255, 0, 0
        save(tmp_path / f"a{index}.jfif", colours, format="JPEG")
        save(tmp_path / f"b{index}.avif", colours)
        save(tmp_path / f"c{index}", colours, format="PNG")
        save(tmp_path / f"d{index}.dat", colours, format="WEBP")
        (tmp_path / f"IMG_{index}.HEIC").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    (tmp_path / "notes.txt").write_text("no picture, and not called like one")
    data = own(tmp_path)
    assert len(data) == 12
    assert data.notes[0].startswith("3 files could not be read as images") and "IMG_0.HEIC, IMG_1.HEIC, IMG_2.HEIC." in data.notes[0]
    assert "pillow-heif" in data.notes[0]


def test_a_folder_of_nothing_but_unreadable_pictures_names_them(tmp_path: Path) -> None:
    (tmp_path / "IMG_1.HEIC").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    with pytest.raises(DataError, match=r"no image that can be read .* 1 file could not be read .*: IMG_1\.HEIC\."):
        own(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_names_in_any_encoding(tmp_path: Path) -> None:
    for index, name in enumerate((b"caf\xe9", b"\x83e\x83X\x83g", "中文".encode())):
        folder = os.fsdecode(os.fsencode(tmp_path) + b"/" + name)
        os.mkdir(folder)
        Image.fromarray(noise(index)).save(os.path.join(folder, "a.png"))
        Path(folder, "b.png").write_bytes(b"torn")
    data = own(tmp_path)
    assert len(data) == 3 and "中文" in data.class_names
    for text in (*data.class_names, *data.notes, data.source):
        text.encode("utf-8")


def test_links_are_followed_and_loops_do_no_harm(tmp_path: Path) -> None:
    for index in range(3):
        save(tmp_path / "set" / "cats" / f"{index}.png", noise(index))
        save(tmp_path / "elsewhere" / f"{index}.png", noise(10 + index))
    (tmp_path / "set" / "dogs").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "set" / "cats" / "up").symlink_to(tmp_path / "set")
    (tmp_path / "elsewhere" / "round").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "gone").symlink_to(tmp_path / "nowhere")
    data = own(tmp_path / "set")
    assert len(data) == 6 and data.class_names == ("cats", "dogs")
    assert data.labels is not None and data.labels.tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("form", ['  "{}"  ', "'{}'", " {}\n", "file://{}"])
def test_pasted_paths(tmp_path: Path, form: str) -> None:
    folder = tmp_path / "my pictures"
    for index in range(2):
        save(folder / f"{index}.png", noise(index))
    text = form.format(str(folder).replace(" ", "%20") if "file" in form else folder)
    assert len(own(text)) == 2


# Stacks and animations.


def test_every_page_of_a_stack_or_the_first(tmp_path: Path) -> None:
    pages = [Image.fromarray(noise(index)) for index in range(5)]
    pages[0].save(tmp_path / "stack.tif", save_all=True, append_images=pages[1:])
    save(tmp_path / "single.png", noise(9))
    data = own(tmp_path)
    assert len(data) == 6
    np.testing.assert_array_equal(data.images[1:, 0].numpy(), [noise(index) for index in range(5)])
    assert data.notes == ("1 file with several pages or frames gave 5 images (setting frames: first uses one of each file).",)
    assert len(own(tmp_path, frames="first")) == 2


def test_frames_of_an_animation_and_a_stack_that_is_cut_off(tmp_path: Path) -> None:
    frames = [Image.fromarray(np.full((8, 8), 80 * index, dtype=np.uint8)) for index in range(4)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    assert own(tmp_path).images.float().mean((1, 2, 3)).tolist() == [0, 80, 160, 240]
    big = [Image.fromarray(noise(index, (64, 64))) for index in range(4)]
    big[0].save(tmp_path / "b.tif", save_all=True, append_images=big[1:])
    whole = (tmp_path / "b.tif").read_bytes()
    (tmp_path / "b.tif").write_bytes(whole[: len(whole) * 6 // 10])
    assert 4 < len(own(tmp_path)) < 8


# Colours and shapes.


def test_grey_in_colour_is_grey_unless_one_picture_is_not(tmp_path: Path) -> None:
    for index in range(3):
        save(tmp_path / f"{index}.jpg", np.tile(noise(index)[..., None], 3))
    data = own(tmp_path)
    assert data.channels == 1 and any("stored in colour" in note for note in data.notes)
    single = np.asarray(Image.open(tmp_path / "1.jpg").convert("L"))
    np.testing.assert_array_equal(data.images[1, 0].numpy(), single)
    assert own(tmp_path, channels="rgb").channels == 3
    save(tmp_path / "red.png", np.full((8, 8, 3), (200, 10, 10), dtype=np.uint8))
    assert own(tmp_path).channels == 3
    grey = own(tmp_path, channels="grey").images
    assert grey.shape[1] == 1 and (grey[3] == round(0.299 * 200 + 0.587 * 10 + 0.114 * 10)).all()


def test_the_luminance_is_pillows() -> None:
    colours = torch.from_numpy(noise(3, (5, 3, 16, 16)))
    expected = [np.asarray(Image.fromarray(one.permute(1, 2, 0).numpy()).convert("L")) for one in colours]
    np.testing.assert_array_equal(picture.to_grey(colours)[:, 0].numpy(), expected)


def test_crop_pad_and_squash(tmp_path: Path) -> None:
    wide = np.zeros((8, 24), dtype=np.uint8)
    wide[:, :8], wide[:, 8:16], wide[:, 16:] = 50, 100, 150
    for name in ("a.png", "b.png"):
        save(tmp_path / name, wide)
    cropped = own(tmp_path)
    assert (cropped.images == 100).all() and any("67% of each picture is cut off" in note for note in cropped.notes)
    padded = own(tmp_path, 24, fit="pad")
    assert padded.notes == () and (padded.images[0, 0, :8] == 0).all() and (padded.images[0, 0, 16:] == 0).all()
    np.testing.assert_array_equal(padded.images[0, 0, 8:16].numpy(), wide)
    squashed = own(tmp_path, 24, fit="squash").images[0, 0]
    assert (squashed[:, 2] == 50).all() and (squashed[:, 12] == 100).all() and (squashed[:, 21] == 150).all()


def test_large_photographs_are_decoded_small_and_look_the_same(tmp_path: Path) -> None:
    smooth = Image.fromarray(noise(0, (6, 8, 3))).resize((1600, 1200), Image.Resampling.BICUBIC)
    for name in ("a.jpg", "b.jpg"):
        smooth.save(tmp_path / name, quality=95)
    expected = np.asarray(smooth.crop((200, 0, 1400, 1200)).resize((32, 32), Image.Resampling.BILINEAR)).astype(int)
    found = own(tmp_path, 32).images[0].permute(1, 2, 0).numpy().astype(int)
    assert np.abs(found - expected).mean() < 2


# Splits, classes, copies.


def split(tmp_path: Path, *parts: str) -> None:
    for part in parts:
        for name in ("cat", "dog"):
            for index in range(4 if part.lower() == "train" else 2):
                save(tmp_path / part / name / f"{index}.png", noise(hash((part, name, index)) % 1000))


def test_test_images_are_held_out(tmp_path: Path) -> None:
    split(tmp_path, "Train", "test", "val")
    data = own(tmp_path)
    assert len(data) == 8 and data.class_names == ("cat", "dog")
    assert data.notes == ("The 8 files in the folder Train are trained on; the 8 in test, val are held out.",)
    config = TrainConfig(dataset="image-folder", data_root=str(tmp_path), image_size=8)
    held_out = load_dataset(config, held_out=True)
    assert len(held_out) == 8 and held_out.labels is not None and held_out.labels.tolist() == [0, 0, 1, 1, 0, 0, 1, 1]
    assert classes_in(str(tmp_path)) == ("cat", "dog")


def test_a_folder_called_train_beside_others_is_a_class(tmp_path: Path) -> None:
    split(tmp_path, "train", "bus")
    data = own(tmp_path)
    assert len(data) == 12 and data.class_names == ("bus", "train")
    with pytest.raises(DataError, match="no held-out part"):
        load_dataset(TrainConfig(dataset="image-folder", data_root=str(tmp_path), image_size=8), held_out=True)


def test_mirrored_copies(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save(tmp_path / name / "1.png", noise(ord(name)))
    plain, doubled = own(tmp_path), own(tmp_path, flip="horizontal")
    assert len(doubled) == 4 and torch.equal(doubled.images[:2], plain.images)
    assert torch.equal(doubled.images[2:], plain.images.flip(3))
    assert doubled.labels is not None and doubled.labels.tolist() == [0, 1, 0, 1]
    assert len(load_dataset(TrainConfig(image_size=8, flip="horizontal"))) == 2 * 1797


def test_runs_of_earlier_versions_read_what_they_read(tmp_path: Path) -> None:
    """The whole range of 16 bits, first pages, no links, only the known suffixes, colours by the files' own modes."""
    save(tmp_path / "a.png", np.tile(np.arange(0, 4096, 512, dtype="uint16"), (8, 1)))
    pages = [Image.fromarray(noise(index)) for index in range(3)]
    pages[0].save(tmp_path / "b.tif", save_all=True, append_images=pages[1:])
    save(tmp_path / "c.jfif", noise(4), format="JPEG")
    config = TrainConfig(dataset="image-folder", data_root=str(tmp_path), image_size=8)
    data = load_dataset(config, classic=True)
    assert data.data.shape == (2, 1, 8, 8) and int(data.data[0].max()) == round(3584 / 257)
    save(tmp_path / "d.png", np.tile(noise(4)[..., None], 3))
    assert load_dataset(config, classic=True).data.shape == (3, 3, 8, 8)


def test_headers_and_pixels_agree_on_the_number_of_frames() -> None:
    pages = [Image.fromarray(noise(index)) for index in range(3)]
    buffer = io.BytesIO()
    pages[0].save(buffer, "TIFF", save_all=True, append_images=pages[1:])
    header = picture.look(buffer.getvalue(), picture.Reading(8))
    assert header is not None and header.frames == len(picture.read(buffer.getvalue(), picture.Reading(8))) == 3
