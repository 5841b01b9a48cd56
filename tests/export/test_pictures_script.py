"""The exported script reads own pictures as the run did, to the last bit, or says at its top that it does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from wgan_core.config import TrainConfig
from wgan_core.data.dataset import network_input
from wgan_core.data.load import load_dataset
from wgan_core.export.data_text import data_text
from wgan_core.export.of_run import program_of
from wgan_core.export.program import script, write_program
from wgan_core.runs.launch import describe_data
from wgan_core.store.folder import RunFolder


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Every kind that a script reads: sizes, colours, tones, transparency, stacks, links, large JPEG, names, damage."""
    root, elsewhere = tmp_path / "set", tmp_path / "elsewhere"
    (root / "deep" / "er").mkdir(parents=True)
    elsewhere.mkdir()
    Image.fromarray(noise(0, 40, 25, 3)).save(root / "a.png")
    Image.fromarray(noise(1, 8, 8)).save(root / "b.tif")
    Image.fromarray(np.linspace(-3, 900, 200, dtype="int32").reshape(10, 20)).save(root / "c.tif")
    rows = np.linspace(300, 4000, 144).astype("uint16").reshape(12, 12)
    Image.fromarray(rows).save(root / "deep" / "d.png")
    holes = np.linspace(0, 1, 64, dtype="float32").reshape(8, 8)
    holes[0, 0] = np.nan
    Image.fromarray(holes).save(root / "deep" / "er" / "e.tif")
    Image.fromarray(noise(2, 9, 9, 4)).save(root / "f.webp", lossless=True)
    pages = [Image.fromarray(noise(10 + index, 12, 12)) for index in range(3)]
    pages[0].save(root / "g.tif", save_all=True, append_images=pages[1:])
    Image.fromarray(noise(3, 6, 8, 3)).resize((300, 220)).save(root / "h.jfif", format="JPEG")
    Image.fromarray(noise(4, 8, 8, 3)).save(elsewhere / "i.png")
    (root / "linked").symlink_to(elsewhere)
    (root / "deep" / "loop").symlink_to(root)
    (root / "j.png").write_bytes(b"torn")
    (root / ".hidden").mkdir()
    Image.fromarray(noise(5, 8, 8)).save(root / ".hidden" / "k.png")
    return root


def read_by_script(config: TrainConfig, shape: tuple[int, ...], root: Path) -> torch.Tensor:
    text = data_text(config, shape)
    constants = "\n".join(text.constants).replace('DATA_ROOT = "images"', f"DATA_ROOT = {str(root)!r}")
    names: dict[str, Any] = {}
    program = "\n".join(
        ("import itertools", "import torch", *text.imports, f"IMAGE_SIZE = {config.image_size}", constants, text.section.code)
    )
    exec(compile(program, "script", "exec"), names)
    return torch.stack(list(names["load_data"]()))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"fit": "pad", "tones": "each"},
        {"fit": "squash", "frames": "first"},
        {"channels": "grey", "flip": "horizontal"},
        {"tones": "format", "channels": "rgb"},
    ],
)
def test_the_script_reads_the_runs_pictures(folder: Path, settings: dict[str, Any]) -> None:
    config = TrainConfig(dataset="image-folder", data_root=str(folder), image_size=16).replace(**settings)
    data = load_dataset(config)
    assert data.form == () and len(data) == (9 if config.frames == "first" else 11) * (2 if config.flip == "horizontal" else 1)
    read = read_by_script(config, tuple(data.data.shape[1:]), folder)
    assert torch.equal(read, network_input(data.data))


def test_grey_kept_as_colour_is_grey_in_the_script_too(tmp_path: Path) -> None:
    for index in range(3):
        Image.fromarray(np.tile(noise(index, 20, 20, 1), 3)).save(tmp_path / f"{index}.jpg")
    config = TrainConfig(dataset="image-folder", data_root=str(tmp_path), image_size=8)
    data = load_dataset(config)
    assert data.data.shape == (3, 1, 8, 8) and torch.equal(read_by_script(config, (1, 8, 8), tmp_path), network_input(data.data))


def test_mirrored_digits() -> None:
    config = TrainConfig(image_size=8, flip="horizontal")
    read = read_by_script(config, (1, 8, 8), Path())
    assert torch.equal(read, network_input(load_dataset(config).data))
    text = write_program(config.replace(dataset="cifar10", image_size=32)).parts[3].code
    assert "ConcatDataset" in text and "transform=mirrored" in text


@pytest.mark.parametrize(
    ("form", "words"), [(["zip"], "zip archive"), (["array"], "an array of images"), (["split", "x"], "folder for training"), ([], None)]
)
def test_what_the_script_cannot_repeat_is_said_at_its_top(tmp_path: Path, folder: Path, form: list[str], words: str | None) -> None:
    config = TrainConfig(dataset="image-folder", data_root=str(folder), image_size=16)
    about = describe_data(load_dataset(config)) | {"form": form}
    text = script(program_of(RunFolder.create(tmp_path / "run", config, dataset=about)))
    assert (words is None) == ("The run read" not in text and "The run trained only" not in text)
    assert words is None or words in " ".join(text.split('"""')[1].split())


def test_a_run_of_an_earlier_version_says_so(tmp_path: Path, folder: Path) -> None:
    config = TrainConfig(dataset="image-folder", data_root=str(folder), image_size=16)
    about = describe_data(load_dataset(config, classic=True))
    assert "reader" not in json.loads(json.dumps(about))
    program = program_of(RunFolder.create(tmp_path / "run", config, dataset=about))
    assert "with an earlier version" in program.caveat
