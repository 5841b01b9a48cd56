"""Data sets and folders of images, the good and the bad."""

from __future__ import annotations

import errno
import gzip
import http.client
import os
import re
import struct
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits

from tests.data_sets import load_images
from tests.project import PROJECT
from tests.waiting import PATIENCE
from wgan_core.config import TrainConfig
from wgan_core.data.catalog import DATASETS, data_root
from wgan_core.data.dataset import DataError, DataMissing, ImageDataset, resize, to_uint8, to_unit_range
from wgan_core.data.download import download, is_available

SHARED = next(
    (path for path in (Path(os.environ.get("WGAN_DATA_ROOT", "")), PROJECT.parent / "shared" / "data") if (path / "MNIST").is_dir()),
    None,
)
needs_data = pytest.mark.skipif(
    SHARED is None, reason="no MNIST and Fashion-MNIST files here (set WGAN_DATA_ROOT to a folder that has them)"
)


def folder_config(folder: Path, size: int = 8) -> TrainConfig:
    return TrainConfig(dataset="image-folder", data_root=str(folder), image_size=size)


def save(path: Path, colour: str | float | tuple[int, ...], mode: str = "RGB", size: tuple[int, int] = (20, 20)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)
    return path


def test_scaling_is_exact_and_invertible() -> None:
    values = torch.arange(256, dtype=torch.uint8)
    scaled = to_unit_range(values)
    assert (scaled[0], scaled[255], scaled.dtype) == (-1.0, 1.0, torch.float32)
    assert torch.equal(to_uint8(scaled), values)
    assert to_uint8(torch.tensor([-3.0, 0.0, 1.2])).tolist() == [0, 128, 255]


def test_digits_use_the_full_range_and_are_scikit_learns() -> None:
    data = load_images(TrainConfig(dataset="digits", image_size=8))
    bundle: Any = load_digits()
    assert data.images.shape == (1797, 1, 8, 8) and data.images.dtype == torch.uint8
    np.testing.assert_array_equal(data.images[:, 0].numpy(), np.round(bundle.images * 255 / 16))
    assert data.labels is not None and (data.labels.numpy() == bundle.target).all()
    assert load_images(TrainConfig(dataset="digits", image_size=32)).images.shape == (1797, 1, 32, 32)


@pytest.mark.parametrize("size", [8, 40])
def test_resizing_is_antialiased_in_every_part_as_pillow_does_it(size: int) -> None:
    images = torch.randint(0, 256, (4100, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    resized = resize(images, size)  # more images than are resized at once
    assert resized.shape == (4100, 1, size, size) and resized.dtype == torch.uint8
    for index in (0, 4095, 4096, 4099):
        expected = np.array(Image.fromarray(images[index, 0].numpy()).resize((size, size), Image.Resampling.BILINEAR)).astype(int)
        assert np.abs(resized[index, 0].numpy().astype(int) - expected).max() <= 1
    assert resize(images, 28).data_ptr() == images.data_ptr()  # a size that fits is not touched


def test_colour_images_keep_channels_rows_and_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.arange(2 * 32 * 32 * 3).reshape(2, 32, 32, 3).astype(np.uint8)  # as torchvision has them: channels last

    def read(self: object, root: Path, train: bool, download: bool) -> None:
        assert not download
        self.__dict__.update(data=pixels, targets=[3, 5])

    monkeypatch.setattr("torchvision.datasets.CIFAR10.__init__", read)
    (tmp_path / "cifar-10-batches-py").mkdir()
    data = load_images(TrainConfig(dataset="cifar10", data_root=str(tmp_path), image_size=32))
    assert data.channels == 3 and data.images.is_contiguous()
    assert data.images[1, 2, 7, 11] == pixels[1, 7, 11, 2] and data.images[0, 0, 30, 1] == pixels[0, 30, 1, 0]
    assert data.labels is not None and [data.class_names[label] for label in data.labels] == ["cat", "dog"]


def test_the_fingerprint_sees_every_pixel_and_the_shape() -> None:
    images = torch.zeros((4, 1, 4, 4), dtype=torch.uint8)
    changed = images.clone()
    changed[3, 0, 3, 3] = 1
    prints = {ImageDataset("x", tensor).fingerprint for tensor in (images, images.clone(), changed, images.reshape(1, 1, 8, 8))}
    assert len(prints) == 3


@needs_data
@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
def test_downloaded_sets_are_found_without_the_network(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WGAN_DATA_ROOT", str(SHARED))
    config = TrainConfig(image_size=32).replace(dataset=name)
    assert is_available(config)
    train, test = load_images(config), load_images(config, held_out=True)
    assert train.images.shape[1:] == (1, 32, 32) and len(train.class_names) == 10
    assert train.fingerprint != test.fingerprint
    assert train.labels is not None and set(train.labels.tolist()) == set(range(10))


def test_sets_without_a_held_out_part_say_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="digits has no held-out images: choose"):
        load_images(TrainConfig(dataset="digits"), held_out=True)
    with pytest.raises(DataError, match="A folder of images has no held-out part"):
        load_images(folder_config(tmp_path), held_out=True)


def test_the_data_root_is_the_setting_then_the_environment_then_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WGAN_DATA_ROOT", "/from/environment")
    assert data_root(TrainConfig(data_root=str(tmp_path))) == tmp_path
    assert data_root(TrainConfig()) == Path("/from/environment")
    monkeypatch.delenv("WGAN_DATA_ROOT")
    assert data_root(TrainConfig()).parts[-2:] == ("wgan-playground", "data")
    assert data_root(TrainConfig(data_root="~/images")) == Path.home() / "images"


@pytest.mark.parametrize(
    ("root", "sentence"),
    [("~nobody-of-this-name/data", "There is no home folder for ~nobody"), ("x" * 300, "MNIST cannot be written to x")],
)
def test_a_data_root_that_cannot_be_holds_nothing_and_says_why(
    root: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = TrainConfig(dataset="mnist", data_root=root)
    assert not is_available(config)
    with pytest.raises(DataError):
        load_images(config)
    with pytest.raises(DataError, match=sentence):
        download(config)


# Downloads.


@pytest.fixture
def mnist(tmp_path: Path) -> TrainConfig:
    return TrainConfig(dataset="mnist", data_root=str(tmp_path / "data"))


def test_a_set_that_is_not_there_says_how_to_get_it(mnist: TrainConfig) -> None:
    assert not is_available(mnist)
    with pytest.raises(DataMissing, match=r"^MNIST is not in .*data yet: press Download on the Train page"):
        load_images(mnist)


def idx(array: np.ndarray) -> bytes:
    """An array in the file format of MNIST."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def fake_fetch(url: str, filename: str, *_: object) -> None:
    """Writes what the network would have brought."""
    count = 60 if "train" in url else 20
    array = np.full((count, 28, 28), 7) if "images" in url else np.arange(count) % 10
    Path(filename).write_bytes(gzip.compress(idx(array)))


def fetch_with(monkeypatch: pytest.MonkeyPatch, fetch: object, *, whole: bool = True) -> None:
    """Let torchvision get its files from `fetch(url, filename)`; their checksums are right where they are `whole`."""
    monkeypatch.setattr("torchvision.datasets.utils._get_redirect_url", lambda url, max_hops: url)
    monkeypatch.setattr("torchvision.datasets.utils._urlretrieve", fetch)
    monkeypatch.setattr("torchvision.datasets.utils.check_md5", lambda *_, **__: whole)


def test_a_download_reports_progress_and_is_found_once_it_is_whole(mnist: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[float] = []
    reported = threading.Event()

    def progress(fraction: float) -> None:
        seen.append(fraction)
        if 0 < fraction < 1:
            reported.set()

    def fetch(url: str, filename: str, *_: object) -> None:
        assert Path(mnist.data_root) in Path(filename).parents and not is_available(mnist)
        if not reported.is_set():
            Path(filename).write_bytes(bytes(3_000_000))  # a quarter of the 12 MB
            assert reported.wait(PATIENCE)
        fake_fetch(url, filename)

    fetch_with(monkeypatch, fetch)
    download(mnist, progress)
    assert 0.25 in seen and seen[-1] == 1.0 and all(0 <= fraction <= 1 for fraction in seen)
    assert [path.name for path in Path(mnist.data_root).iterdir()] == ["MNIST"]
    data = load_images(mnist)
    assert data.images.shape == (60, 1, 32, 32) and (data.images == 7).all()
    assert len(load_images(mnist, held_out=True)) == 20
    fetch_with(monkeypatch, None)
    download(mnist)  # there already: nothing is fetched


def test_what_another_process_brought_meanwhile_is_kept(mnist: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = Path(mnist.data_root) / "MNIST"

    def fetch(url: str, filename: str, *_: object) -> None:
        theirs.mkdir(exist_ok=True)
        fake_fetch(url, filename)

    fetch_with(monkeypatch, fetch)
    download(mnist)
    assert list(Path(mnist.data_root).iterdir()) == [theirs] and list(theirs.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (URLError("no network"), r"MNIST could not be downloaded: check the network and try again, or copy the folder MNIST"),
        (TimeoutError("timed out"), r"MNIST could not be downloaded: check the network"),
        (KeyboardInterrupt(), "^$"),
        (http.client.IncompleteRead(b"half"), r"MNIST could not be downloaded: check the network"),
        (RuntimeError("File not found or corrupted."), r"MNIST could not be downloaded: check the network"),
        (PermissionError(errno.EACCES, "Permission denied"), r"MNIST cannot be written to .*Permission denied\): free some space there"),
        (OSError(errno.EROFS, "Read-only file system"), r"MNIST cannot be written to .*Read-only file system\): free some space there"),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            r"MNIST cannot be written to .*No space left on device\): free some space there",
        ),
    ],
)
def test_a_download_that_breaks_leaves_nothing(
    mnist: TrainConfig, monkeypatch: pytest.MonkeyPatch, error: BaseException, sentence: str
) -> None:
    def fail(url: str, filename: str, *_: object) -> None:
        Path(filename).write_bytes(b"half of it")
        raise error

    fetch_with(monkeypatch, fail, whole=False)
    with pytest.raises((DataError, KeyboardInterrupt), match=sentence) as caught:
        download(mnist)
    assert "\n" not in str(caught.value)
    assert list(Path(mnist.data_root).iterdir()) == []
    assert not is_available(mnist)


def test_a_data_root_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written to .*: free some space there or choose another data folder"):
        download(TrainConfig(dataset="kmnist", data_root=str(tmp_path / "file" / "below")))


def test_damaged_files_are_a_sentence(mnist: TrainConfig) -> None:
    raw = Path(mnist.data_root) / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in ("train-images-idx3", "t10k-images-idx3", "train-labels-idx1", "t10k-labels-idx1"):
        (raw / f"{name}-ubyte").write_bytes(b"torn")
    with pytest.raises(DataError, match="The files of MNIST in .* are incomplete or damaged .*: delete that folder and download again"):
        load_images(mnist)


# Folders of images.


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: None, "There are no images in .*: it should hold files such as .png or .jpg"),
        (lambda folder: save(folder / "one.png", "red"), "There is one image that can be read in .*, and training needs at least two"),
        (
            lambda folder: [(folder / name).write_text("hello") for name in ("a.png", "b.png")],
            r"There is no image that can be read in .*needs at least two\. 2 files could not be read .*: a\.png, b\.png",
        ),
    ],
)
def test_folders_that_cannot_be_trained_on(tmp_path: Path, make: Callable[[Path], object], sentence: str) -> None:
    make(tmp_path)
    with pytest.raises(DataError, match=sentence):
        load_images(folder_config(tmp_path))


def test_no_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no folder .*missing: write the path"):
        load_images(folder_config(tmp_path / "missing"))
    for name in ("~nobody-here/pictures", "x" * 4000):
        with pytest.raises(DataError, match="There is no folder"):
            load_images(TrainConfig(dataset="image-folder", data_root=name))
    with pytest.raises(DataError, match="image-folder needs a folder of images: write its path"):
        load_images(TrainConfig(dataset="image-folder"))
    with pytest.raises(DataError, match=f"There is no folder {re.escape(str(Path.home()))}.*no-such-folder-here"):
        load_images(folder_config(Path("~/no-such-folder-here")))


def test_mixed_sizes_modes_and_depths_become_one_tensor(tmp_path: Path) -> None:
    save(tmp_path / "a.png", (10, 20, 30), size=(40, 8))
    save(tmp_path / "deep" / "er" / "b.jpg", (200, 200, 200), size=(9, 33))
    save(tmp_path / "c.png", 90, mode="L")
    save(tmp_path / "d.png", (255, 0, 0, 0), mode="RGBA")
    save(tmp_path / "e.png", 1, mode="1")
    save(tmp_path / ".hidden.png", "white")
    save(tmp_path / ".thumbnails" / "f.png", "white")
    (tmp_path / "notes.txt").write_text("not an image, and not named like one")
    data = load_images(folder_config(tmp_path))
    assert data.images.shape == (5, 3, 8, 8) and data.labels is None
    (note,) = data.notes  # 32 of 40 columns, and 24 of 33 rows, of five pictures
    assert note.startswith("On average, 31% of each picture is cut off")
    a, c, d, b, e = (image.float().mean((1, 2)).round().tolist() for image in data.images)
    assert (a, b, c, e) == ([10, 20, 30], [200, 200, 200], [90] * 3, [255] * 3)
    assert d == [255, 255, 255]  # transparent is white


def test_grey_only_where_all_are_grey_and_16_bits_keep_their_tones(tmp_path: Path) -> None:
    save(tmp_path / "a.png", 90, mode="L")
    Image.fromarray(np.full((8, 8), 257 * 200, dtype=np.uint16)).save(tmp_path / "b.png")
    data = load_images(folder_config(tmp_path).replace(tones="format"))
    assert data.images.shape == (2, 1, 8, 8)
    assert data.images.float().mean((1, 2, 3)).tolist() == [90, 200]


def test_transparency_is_white_in_palettes_and_grey_too_and_print_colours_are_converted(tmp_path: Path) -> None:
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([200, 0, 0])
    palette.save(tmp_path / "a.png", transparency=0)
    save(tmp_path / "b.png", (40, 0), mode="LA")
    save(tmp_path / "c.tif", (0, 255, 255, 0), mode="CMYK")  # no cyan, all magenta and yellow: red
    means = [image.float().mean((1, 2)).tolist() for image in load_images(folder_config(tmp_path)).images]
    assert means == [[255] * 3, [255] * 3, [255, 0, 0]]


def test_folders_are_shrunk_with_antialiasing(tmp_path: Path) -> None:
    lines = np.zeros((64, 64), dtype=np.uint8)
    lines[:, 3::8] = lines[:, 4::8] = 255  # all that is seen by picking the nearest pixels
    for name in ("a.png", "b.png"):
        Image.fromarray(lines).save(tmp_path / name)
    inner = load_images(folder_config(tmp_path)).images[:, :, :, 1:-1]  # at the rim the filter is cut off
    assert inner.min() >= 62 and inner.max() <= 66  # a quarter of 255


def test_the_middle_is_kept_and_photographs_stand_upright(tmp_path: Path) -> None:
    wide = np.zeros((10, 30), dtype=np.uint8)
    wide[:, 10:20] = 255
    Image.fromarray(wide).save(tmp_path / "a.png")
    turned = np.zeros((16, 16), dtype=np.uint8)
    turned[:8] = 255
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    Image.fromarray(turned).save(tmp_path / "b.jpg", exif=exif, quality=100)
    middle, photograph = load_images(folder_config(tmp_path)).images[:, 0].float()
    assert (middle == 255).all()
    assert photograph[:3].max() < 20 and photograph[5:].min() > 235


def test_first_level_folders_become_classes(tmp_path: Path) -> None:
    for name in ("set/cats/1.png", "set/cats/more/2.png", "set/dogs/3.png"):
        save(tmp_path / name, "gray")
    data = load_images(folder_config(tmp_path / "set"))
    assert data.class_names == ("cats", "dogs") and data.labels is not None and data.labels.tolist() == [0, 0, 1]
    assert load_images(folder_config(tmp_path)).class_names == ("cats", "dogs")  # one folder around them is no class
    save(tmp_path / "set" / "stray.png", "gray")
    assert load_images(folder_config(tmp_path / "set")).labels is None


def bomb(path: Path, side: int) -> None:
    """A valid PNG of side × side white pixels in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    line = b"\0" + b"\xff" * ((side + 7) // 8)
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(line * side)) + chunk(b"IEND", b""))


def test_bombs_torn_and_false_images_are_counted_not_fatal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = [save(tmp_path / f"good{index}.png", "gray", size=(64, 64)) for index in range(3)]
    whole = good[0].read_bytes()
    (tmp_path / "torn.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "empty.jpg").write_bytes(b"")
    bomb(tmp_path / "bomb.png", 10_000)
    decoded: list[tuple[int, int]] = []
    load = Image.Image.load
    monkeypatch.setattr(Image.Image, "load", lambda self: (decoded.append(self.size), load(self))[1])
    data = load_images(folder_config(tmp_path))
    assert len(data) == 3
    assert data.notes[:1] == (
        "4 files could not be read as images of at most 50 megapixels and are left out: bomb.png, empty.jpg, text.png, torn.png.",
    )
    assert (10_000, 10_000) not in decoded


def test_every_data_set_is_described() -> None:
    for info in DATASETS.values():
        assert info.title and info.description.endswith(".")
    assert {name for name, info in DATASETS.items() if info.needs_download} == {"fashion-mnist", "mnist", "kmnist", "cifar10"}
