"""Data sets and folders of images, the good and the bad."""

from __future__ import annotations

import errno
import gzip
import os
import struct
import zlib
from pathlib import Path
from urllib.error import URLError

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits

from wgan_core.config import TrainConfig
from wgan_core.data import (
    DATASETS,
    DataError,
    DataMissing,
    ImageDataset,
    data_root,
    download,
    is_available,
    load_dataset,
    to_uint8,
    to_unit_range,
)

SHARED = next(
    (
        path
        for path in (Path(os.environ.get("WGAN_DATA_ROOT", "")), Path(__file__).parents[2] / "shared" / "data")
        if (path / "MNIST").is_dir()
    ),
    None,
)
needs_data = pytest.mark.skipif(
    SHARED is None, reason="no MNIST and Fashion-MNIST files here (set WGAN_DATA_ROOT to a folder that has them)"
)


def folder_config(folder: Path, size: int = 8) -> TrainConfig:
    return TrainConfig(dataset="image-folder", data_root=str(folder), image_size=size)


def save(path: Path, colour: object, mode: str = "RGB", size: tuple[int, int] = (20, 20)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path)  # type: ignore[arg-type]
    return path


def test_scaling_is_exact_and_invertible() -> None:
    values = torch.arange(256, dtype=torch.uint8)
    scaled = to_unit_range(values)
    assert (scaled[0], scaled[255], scaled.dtype) == (-1.0, 1.0, torch.float32)
    assert torch.equal(to_uint8(scaled), values)
    assert to_uint8(torch.tensor([-3.0, 0.0, 1.2])).tolist() == [0, 128, 255]


def test_digits_use_the_full_range_and_are_scikit_learns() -> None:
    data = load_dataset(TrainConfig(dataset="digits", image_size=8))
    bundle = load_digits()
    assert data.images.shape == (1797, 1, 8, 8) and data.images.dtype == torch.uint8
    np.testing.assert_array_equal(data.images[:, 0].numpy(), np.round(bundle.images * 255 / 16))
    assert data.labels is not None and (data.labels.numpy() == bundle.target).all()


def test_resizing_is_antialiased_as_pillow_does_it() -> None:
    small = load_dataset(TrainConfig(dataset="digits", image_size=8))
    large = load_dataset(TrainConfig(dataset="digits", image_size=32))
    for index in (0, 999):
        expected = np.array(Image.fromarray(small.images[index, 0].numpy()).resize((32, 32), Image.Resampling.BILINEAR)).astype(int)
        assert np.abs(large.images[index, 0].numpy().astype(int) - expected).max() <= 1


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
    config = TrainConfig(dataset=name, image_size=32)  # type: ignore[arg-type]
    assert is_available(config)
    train, test = load_dataset(config), load_dataset(config, held_out=True)
    assert train.images.shape[1:] == (1, 32, 32) and len(train.class_names) == 10
    assert train.fingerprint != test.fingerprint
    assert train.labels is not None and set(train.labels.tolist()) == set(range(10))


def test_sets_without_a_held_out_part_say_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="digits has no held-out images: choose"):
        load_dataset(TrainConfig(dataset="digits"), held_out=True)
    with pytest.raises(DataError, match="A folder of images has no held-out part"):
        load_dataset(folder_config(tmp_path), held_out=True)


def test_the_data_root_is_the_setting_then_the_environment_then_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WGAN_DATA_ROOT", "/from/environment")
    assert data_root(TrainConfig(data_root=str(tmp_path))) == tmp_path
    assert data_root(TrainConfig()) == Path("/from/environment")
    monkeypatch.delenv("WGAN_DATA_ROOT")
    assert data_root(TrainConfig()).parts[-2:] == ("wgan-playground", "data")


# Downloads.


@pytest.fixture
def mnist(tmp_path: Path) -> TrainConfig:
    return TrainConfig(dataset="mnist", data_root=str(tmp_path / "data"))


def test_a_set_that_is_not_there_says_how_to_get_it(mnist: TrainConfig) -> None:
    assert not is_available(mnist)
    with pytest.raises(DataMissing, match=r"^MNIST is not in .*data yet: press Download on the Train page"):
        load_dataset(mnist)


def idx(array: np.ndarray) -> bytes:
    """An array in the file format of MNIST."""
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def fake_fetch(url: str, filename: str, *_: object) -> None:
    """Writes what the network would have brought."""
    count = 60 if "train" in url else 20
    array = np.full((count, 28, 28), 7) if "images" in url else np.arange(count) % 10
    Path(filename).write_bytes(gzip.compress(idx(array)))


def test_a_download_arrives_whole_and_reports_progress(mnist: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torchvision.datasets.utils._get_redirect_url", lambda url, max_hops: url)
    monkeypatch.setattr("torchvision.datasets.utils._urlretrieve", fake_fetch)
    monkeypatch.setattr("torchvision.datasets.utils.check_md5", lambda *_, **__: True)
    seen: list[float] = []
    download(mnist, seen.append)
    assert seen[-1] == 1.0 and all(0 <= fraction <= 1 for fraction in seen)
    assert sorted(path.name for path in Path(mnist.data_root).iterdir()) == ["MNIST"]
    data = load_dataset(mnist)
    assert data.images.shape == (60, 1, 32, 32) and (data.images == 7).all()
    monkeypatch.setattr("torchvision.datasets.utils._urlretrieve", None)
    download(mnist)  # there already: nothing is fetched


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (URLError("no network"), r"MNIST could not be downloaded: check the network and try again, or copy the folder MNIST"),
        (TimeoutError("timed out"), r"MNIST could not be downloaded: check the network"),
        (OSError(errno.ENOSPC, "No space left on device"), r"MNIST cannot be written to .*No space left on device\): make room there"),
    ],
)
def test_a_download_that_breaks_leaves_nothing(
    mnist: TrainConfig, monkeypatch: pytest.MonkeyPatch, error: Exception, sentence: str
) -> None:
    def fail(url: str, filename: str, *_: object) -> None:
        Path(filename).write_bytes(b"half of it")
        raise error

    monkeypatch.setattr("torchvision.datasets.utils._get_redirect_url", lambda url, max_hops: url)
    monkeypatch.setattr("torchvision.datasets.utils._urlretrieve", fail)
    with pytest.raises(DataError, match=sentence) as caught:
        download(mnist)
    assert "\n" not in str(caught.value)
    assert list(Path(mnist.data_root).iterdir()) == []
    assert not is_available(mnist)


def test_a_data_root_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written to .*: make room there or choose another data folder"):
        download(TrainConfig(dataset="kmnist", data_root=str(tmp_path / "file" / "below")))


def test_damaged_files_are_a_sentence(mnist: TrainConfig) -> None:
    raw = Path(mnist.data_root) / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in ("train-images", "t10k-images"):
        (raw / f"{name}-idx3-ubyte").write_bytes(b"torn")
    for name in ("train-labels", "t10k-labels"):
        (raw / f"{name}-idx1-ubyte").write_bytes(b"torn")
    with pytest.raises(DataError, match="The files of MNIST in .* are incomplete or damaged .*: delete that folder and download again"):
        load_dataset(mnist)


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
def test_folders_that_cannot_be_trained_on(tmp_path: Path, make, sentence: str) -> None:  # type: ignore[no-untyped-def]
    make(tmp_path)
    with pytest.raises(DataError, match=sentence):
        load_dataset(folder_config(tmp_path))


def test_no_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="There is no folder .*missing: write the path"):
        load_dataset(folder_config(tmp_path / "missing"))
    with pytest.raises(DataError, match="image-folder needs a folder of images: write its path"):
        load_dataset(TrainConfig(dataset="image-folder"))


def test_mixed_sizes_modes_and_depths_become_one_tensor(tmp_path: Path) -> None:
    save(tmp_path / "a.png", (10, 20, 30), size=(40, 8))
    save(tmp_path / "deep" / "er" / "b.jpg", (200, 200, 200), size=(9, 33))
    save(tmp_path / "c.png", 90, mode="L")
    save(tmp_path / "d.png", (255, 0, 0, 0), mode="RGBA")
    save(tmp_path / "e.png", 1, mode="1")
    save(tmp_path / ".hidden.png", "white")
    (tmp_path / "notes.txt").write_text("not an image, and not named like one")
    data = load_dataset(folder_config(tmp_path))
    assert data.images.shape == (5, 3, 8, 8) and data.labels is None and data.notes == ()
    a, c, d, b, e = (image.float().mean((1, 2)).round().tolist() for image in data.images)
    assert (a, b, c, e) == ([10, 20, 30], [200, 200, 200], [90] * 3, [255] * 3)
    assert d == [255, 255, 255]  # transparent is white


def test_grey_only_where_all_are_grey_and_16_bits_keep_their_tones(tmp_path: Path) -> None:
    save(tmp_path / "a.png", 90, mode="L")
    Image.fromarray(np.full((8, 8), 257 * 60, dtype=np.uint16)).save(tmp_path / "b.png")
    data = load_dataset(folder_config(tmp_path))
    assert data.images.shape == (2, 1, 8, 8)
    assert data.images.float().mean((1, 2, 3)).tolist() == [90, 60]


def test_the_middle_is_kept_and_photographs_stand_upright(tmp_path: Path) -> None:
    wide = np.zeros((10, 30), dtype=np.uint8)
    wide[:, 10:20] = 255
    Image.fromarray(wide).save(tmp_path / "a.png")
    turned = np.zeros((16, 16), dtype=np.uint8)
    turned[:8] = 255
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    Image.fromarray(turned).save(tmp_path / "b.jpg", exif=exif, quality=100)
    middle, photograph = load_dataset(folder_config(tmp_path)).images[:, 0].float()
    assert (middle == 255).all()
    assert photograph[:3].max() < 20 and photograph[5:].min() > 235


def test_first_level_folders_become_classes(tmp_path: Path) -> None:
    for name in ("cats/1.png", "cats/more/2.png", "dogs/3.png"):
        save(tmp_path / name, "gray")
    data = load_dataset(folder_config(tmp_path))
    assert data.class_names == ("cats", "dogs") and data.labels is not None and data.labels.tolist() == [0, 0, 1]
    save(tmp_path / "stray.png", "gray")
    assert load_dataset(folder_config(tmp_path)).labels is None


def bomb(path: Path, side: int) -> None:
    """A valid PNG of side × side white pixels in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    line = b"\0" + b"\xff" * ((side + 7) // 8)
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(line * side)) + chunk(b"IEND", b""))


def test_bombs_torn_and_false_images_are_counted_not_fatal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for index in range(3):
        torn = save(tmp_path / f"good{index}.png", "gray", size=(64, 64))
    whole = torn.read_bytes()
    (tmp_path / "torn.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "empty.jpg").write_bytes(b"")
    bomb(tmp_path / "bomb.png", 10_000)
    decoded: list[tuple[int, int]] = []
    load = Image.Image.load
    monkeypatch.setattr(Image.Image, "load", lambda self: (decoded.append(self.size), load(self))[1])
    data = load_dataset(folder_config(tmp_path))
    assert len(data) == 3
    assert data.notes == (
        "4 files could not be read as images of at most 50 megapixels and were left out: bomb.png, empty.jpg, text.png, torn.png.",
    )
    assert (10_000, 10_000) not in decoded


def test_every_data_set_is_described() -> None:
    for info in DATASETS.values():
        assert info.title and info.description.endswith(".")
    assert {name for name, info in DATASETS.items() if info.needs_download} == {"fashion-mnist", "mnist", "kmnist", "cifar10"}
