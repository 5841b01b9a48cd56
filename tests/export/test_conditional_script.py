"""The exported script of a run that is told classes computes what the engine computes, and shows one row a class."""

from __future__ import annotations

import copy
import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from tests.exported import DCGAN, PENALTY, RESNET, ROUNDS_OTHERWISE, WALKTHROUGH, compare, module
from tests.kernels import assert_same, rounds_as_a_plain_loop
from tests.loops import begin
from wgan_core.config import TrainConfig
from wgan_core.data.classes import classes_of
from wgan_core.data.dataset import Dataset
from wgan_core.data.load import load_dataset
from wgan_core.export import export
from wgan_core.export.of_run import program_of
from wgan_core.export.program import script, write_program
from wgan_core.runs.launch import describe_data
from wgan_core.store.folder import RunFolder
from wgan_core.timeline.fixed import fixed_samples
from wgan_core.training.trainer import Trainer

TOLD = WALKTHROUGH.replace(labels="conditional", n_critic=3)
POINTS = {"dataset": "8-gaussians", "generator_norm": "none", "latent_dim": 2}


@pytest.mark.slow
@pytest.mark.arithmetic
@pytest.mark.parametrize(
    ("changes", "steps"),
    [
        pytest.param({"flip": "horizontal", "clip_schedule": "linear", "max_steps": 60}, 40, id="mlp-clip-mirrored"),
        pytest.param({**PENALTY, "gp_every": 2, "gp_share": "half", "critic_warmup": "original"}, 12, id="mlp-lazy-penalty"),
        pytest.param({**PENALTY, "lipschitz": "r1-penalty", "objective": "hinge", "augment": "all"}, 12, id="hinge-r1-augmented"),
        pytest.param({**POINTS, **PENALTY, "lipschitz": "divergence-penalty", "objective": "non-saturating"}, 12, id="points-gan"),
        pytest.param({**DCGAN, **PENALTY, "lipschitz": "one-sided-penalty", "weight_init": "normal"}, 4, id="dcgan-one-sided"),
        pytest.param({**RESNET, "weight_init": "he", "objective": "least-squares"}, 3, id="resnet-least-squares"),
    ],
)
def test_steps_are_the_engines(changes: dict[str, Any], steps: int) -> None:
    config = TOLD.replace(**changes)
    compare(config, script(write_program(config)), steps, load_dataset(config))


def run(config: TrainConfig, steps: int) -> tuple[Any, Trainer, Any, Any, Any]:
    """Engine and script after so many steps: the program, the trainer, and the script's generator, averaged generator and data."""
    exported, trainer = module(script(write_program(config))), Trainer(config, load_dataset(config))
    generator, critic = exported.build_networks()
    data, averaged = exported.load_data(), copy.deepcopy(generator)
    more = (averaged,) if config.ema_decay else ()
    for _ in itertools.islice(exported.train(generator, critic, data, *more), steps):
        trainer.train_step()
    return exported, trainer, generator, averaged, data


@pytest.mark.arithmetic
def test_the_samples_are_a_row_a_class_and_the_average_is_the_engines() -> None:
    config = TOLD.replace(ema_decay=0.9)
    exported, trainer, generator, averaged, data = run(config, 9)
    if not rounds_as_a_plain_loop(config, 16 * 16, 10):
        pytest.skip(ROUNDS_OTHERWISE)
    shown = exported.sample(generator)
    assert shown.shape == (80, 1, 16, 16) and torch.equal(shown, fixed_samples(trainer))
    assert not torch.equal(shown[:8], shown[8:16]) and not torch.equal(shown[0], shown[1])
    settled = exported.settle(averaged, data)
    assert trainer.averaged_generator is not None
    assert_same(trainer.averaged_generator.state_dict(), settled.state_dict(), to_the_bit=True, rate=0)
    assert torch.equal(exported.sample(settled), fixed_samples(trainer, averaged=True))


@pytest.mark.arithmetic
def test_points_of_all_classes_are_shown() -> None:
    config = TOLD.replace(**POINTS)
    exported, trainer, generator, _, data = run(config, 4)
    if rounds_as_a_plain_loop(config, 2, 8):
        assert torch.equal(exported.sample(generator, data), fixed_samples(trainer))
    dataset = load_dataset(config)
    assert dataset.labels is not None and torch.equal(exported.labels_of(data), dataset.labels)


@pytest.mark.parametrize("flip", ["none", "horizontal"])
def test_the_classes_of_torchvisions_data_sets_are_read(flip: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [Image.fromarray(np.full((28, 28), shade, np.uint8)) for shade in range(30)]
    exported = module(script(write_program(TOLD.replace(dataset="fashion-mnist", image_size=28, flip=flip, batch_size=10))))
    assert exported.CLASSES == 10

    class Downloaded:
        def __init__(self, root: str, *, transform: Any, download: bool = False) -> None:
            self.transform, self.targets = transform, torch.arange(30) % 10

        def __len__(self) -> int:
            return 30

        def __getitem__(self, index: int) -> tuple[Tensor, int]:
            return self.transform(pictures[index]), int(self.targets[index])

    monkeypatch.setattr(exported.datasets, "FashionMNIST", Downloaded)
    data = exported.load_data()
    times = 2 if flip == "horizontal" else 1
    assert exported.labels_of(data).tolist() == [*range(10)] * 3 * times
    for real, classes in itertools.islice(exported.batches(data), 3 * times):
        shades = ((real[:, 0, 0, 0] + 1) * 127.5).round().long()
        assert torch.equal(classes.argmax(1), shades % 10) and classes.sum() == 10


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Three classes below two common folders, one of them with a folder in it."""
    root = tmp_path / "set"
    for index in range(24):
        place = root / "all" / ("b", "a", "c")[index % 3] / ("deep" if index % 4 == 1 else ".")
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.random.default_rng(index).integers(0, 256, (9, 9, 3), dtype=np.uint8)).save(place / f"{index}.png")
    return root


def folder_of(tmp_path: Path, config: TrainConfig, data: Dataset) -> RunFolder:
    return RunFolder.create(tmp_path / "run", config, dataset=describe_data(data, classes_of(data)))


@pytest.mark.arithmetic
def test_folders_are_the_classes(tmp_path: Path, folders: Path) -> None:
    config = TOLD.replace(dataset="image-folder", data_root=str(folders), flip="horizontal", batch_size=8)
    data = load_dataset(config)
    program = program_of(folder_of(tmp_path, config, data))
    assert program.caveat == ""
    text = script(program).replace('DATA_ROOT = "images"', f"DATA_ROOT = {str(folders)!r}")
    assert data.labels is not None and torch.equal(module(text).labels_of(module(text).load_data()), data.labels)
    compare(config, text, 8, data)
    (folders / "all" / "own.png").write_bytes((folders / "all" / "b" / "0.png").read_bytes())
    with pytest.raises(SystemExit, match="needs 3 folders of pictures, one for each class"):
        module(text).load_data()


def test_a_file_of_labels_is_not_read_by_the_script_and_that_is_said(tmp_path: Path, folders: Path) -> None:
    names = sorted(path.relative_to(folders) for path in folders.rglob("*.png"))
    (folders / "labels.csv").write_text("file,label\n" + "".join(f"{name},{index % 4}\n" for index, name in enumerate(names)))
    config = TOLD.replace(dataset="image-folder", data_root=str(folders), batch_size=8)
    data = load_dataset(config)
    assert data.form == ("label-file",) and len(data.class_names) == 4
    program = program_of(folder_of(tmp_path, config, data))
    assert "read the classes from a file of labels" in program.caveat and "CLASSES = 4" in script(program)
    ignoring = config.replace(labels="ignore")
    assert program_of(RunFolder.create(tmp_path / "other", ignoring, dataset=describe_data(data))).caveat == ""


@pytest.mark.slow
def test_many_classes_are_shown_as_on_the_page_and_scripts_are_free_of_lint(tmp_path: Path) -> None:
    folder = TOLD.replace(dataset="image-folder", augment="all", ema_decay=0.9, flip="horizontal")
    discriminator = {"objective": "non-saturating", "gp_share": "quarter", "gp_every": 3, "optimizer": "adam"}
    configs = [
        TOLD.replace(dataset="fashion-mnist", flip="horizontal", **PENALTY),
        TOLD.replace(**POINTS, **discriminator, lipschitz="divergence-penalty", gp_lambda_schedule="cosine"),
        TOLD.replace(**discriminator, **DCGAN, lipschitz="one-sided-penalty", augment="all", ema_decay=0.9),
        WALKTHROUGH.replace(**{**discriminator, "objective": "wasserstein"}, lipschitz="gradient-penalty", gp_lambda_schedule="cosine"),
    ]
    (tmp_path / "folder.py").write_text(script(write_program(folder, shape=(3, 16, 16), classes=40)), encoding="utf-8")
    for index, config in enumerate(configs):
        (tmp_path / f"{index}.py").write_text(script(write_program(config)), encoding="utf-8")
    exported = module((tmp_path / "folder.py").read_text("utf-8"))
    assert exported.sample(exported.build_networks()[0]).shape == (16 * 8, 3, 16, 16)
    ruff = [sys.executable, "-m", "ruff"]
    rules = ["--select", "E,F,I,B,UP,SIM,C4,N", "--line-length", "100", "--isolated", "--no-cache"]
    for command in ([*ruff, "check", *rules], [*ruff, "format", "--check", "--isolated", "--line-length", "100", "--no-cache"]):
        done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_the_notebook_runs_cell_by_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("IPython")
    shown: list[Any] = []
    begin(tmp_path / "run", TOLD.replace(max_steps=12, ema_decay=0.9), 12)
    cells = json.loads(export(RunFolder.open(tmp_path / "run"), "notebook").content)["cells"]
    names: dict[str, Any] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
            names["display"] = shown.append
    assert names["step"] == 12 and shown[-1].size[1] > shown[-1].size[0]  # ten rows of eight
