"""The exported script: an independent program that must compute what the engine computes, bit for bit where the kernels allow."""

from __future__ import annotations

import ast
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
from torchvision.utils import save_image

from tests.exported import DCGAN, PENALTY, RESNET, ROUNDS_OTHERWISE, WALKTHROUGH, compare, module, tensors
from tests.kernels import assert_same, rounds_as_a_plain_loop
from tests.loops import begin
from wgan_core.config import POINT_SETS, PRESETS, TrainConfig
from wgan_core.data import toy
from wgan_core.data.dataset import ImageDataset
from wgan_core.data.load import load_dataset
from wgan_core.export import ExportError, export, program
from wgan_core.export.of_run import program_of
from wgan_core.export.program import script, write_program
from wgan_core.latent.seeds import fixed_latents
from wgan_core.runs.messages import Set
from wgan_core.store.folder import RunFolder
from wgan_core.store.ledger import Edit
from wgan_core.training.trainer import Trainer


@pytest.mark.slow
@pytest.mark.arithmetic
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="mlp-clip"),
        pytest.param(PENALTY, id="mlp-penalty-adam"),
        pytest.param({"clipped": "weights", "critic_norm": "layer"}, id="clip-weights-only-layer-norm"),
        pytest.param({"lipschitz": "none", "leaky_slope": 0, "image_size": 8}, id="none-relu-as-they-are"),
        pytest.param({"weight_init": "normal", "critic_norm": "batch", "n_critic": 1, "generator_widths": (8,)}, id="normal-batch-norm"),
        pytest.param({**DCGAN, **PENALTY, "critic_norm": "layer"}, id="dcgan-penalty-layer-norm"),
        pytest.param({**PENALTY, "gp_every": 3, "gp_share": "half"}, id="mlp-lazy-penalty"),
        pytest.param({**DCGAN, **PENALTY, "gp_every": 4, "gp_share": "quarter"}, id="dcgan-lazy-penalty"),
        pytest.param({**DCGAN, **PENALTY, "generator_norm": "none", "generator_output": "linear"}, id="dcgan-no-norm-linear"),
        pytest.param({"generator_norm": "none", "generator_output": "linear"}, id="mlp-no-norm-linear"),
        pytest.param({"critic_warmup": "original", "critic_norm": "layer", "n_critic": 2}, id="warm-up"),
        pytest.param({"critic_gradients": "accumulated"}, id="never-zeroed"),
        pytest.param({"objective": "minimax", "lipschitz": "none", "optimizer": "adam"}, id="minimax-gan"),
        pytest.param({"objective": "least-squares", "lipschitz": "none", "optimizer": "adam"}, id="least-squares-gan"),
        pytest.param({"objective": "hinge", "lipschitz": "none", "optimizer": "adam"}, id="hinge-gan"),
        pytest.param({**PENALTY, "lipschitz": "one-sided-penalty"}, id="mlp-one-sided-penalty"),
        pytest.param({**PENALTY, "lipschitz": "r1-penalty", "objective": "non-saturating"}, id="gan-r1-penalty"),
        pytest.param({**PENALTY, "lipschitz": "divergence-penalty", "dataset": "8-gaussians"}, id="points-divergence-penalty"),
        pytest.param({"lipschitz": "spectral-norm", "objective": "hinge", "optimizer": "adam"}, id="spectral-norm-hinge"),
        pytest.param({**DCGAN, "lipschitz": "spectral-norm", "weight_init": "normal"}, id="dcgan-spectral-norm-normal-weights"),
        pytest.param({"objective": "non-saturating", **PENALTY}, id="non-saturating-gan-penalty"),
        pytest.param({"lr_schedule": "linear", "n_critic": 2}, id="linear-schedule"),
        pytest.param({"lr_schedule": "cosine", "lr_end": 0.0, **PENALTY}, id="cosine-schedule-penalty"),
        pytest.param(
            {
                "lr_schedule": "steps",
                "clip_schedule": "cosine",
                "clip_end": 0.02,
                "n_critic_schedule": "linear",
                "n_critic_end": 1,
                "max_steps": 150,
            },
            id="schedules",
        ),
        pytest.param({**PENALTY, "gp_lambda_schedule": "steps", "n_critic_schedule": "cosine", "max_steps": 200}, id="schedules-penalty"),
        pytest.param(
            {"clip_schedule": "steps", "clip_end": 0.02, "n_critic_schedule": "linear", "n_critic_end": 1, "schedule_updates": 30},
            id="schedules-over-generator-updates",
        ),
        pytest.param({"dataset": "8-gaussians", "generator_norm": "none", **PENALTY}, id="points-penalty-no-batch-norm"),
        # Sizes for which many libraries choose another kernel where there are more rows.
        pytest.param({"batch_size": 13, "generator_widths": (9, 7), "critic_widths": (9, 7, 5)}, id="odd-sizes"),
        pytest.param({"batch_size": 13, "critic_widths": (9, 7, 5), "generator_norm": "none", **PENALTY}, id="odd-sizes-penalty"),
    ],
)
def test_200_steps_are_the_engines(changes: dict[str, Any]) -> None:
    config = WALKTHROUGH.replace(**changes)
    compare(config, script(write_program(config)), 200, load_dataset(config))


@pytest.mark.slow
@pytest.mark.arithmetic
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({**RESNET, "weight_init": "normal", "generator_norm": "none"}, id="resnet-32-normal"),
        pytest.param({**RESNET, **PENALTY, "image_size": 64, "critic_norm": "layer", "weight_init": "he"}, id="resnet-64"),
        pytest.param({**RESNET, **PENALTY, "generator_output": "linear"}, id="resnet-32-pytorch"),
        pytest.param({**DCGAN, "upsampling": "nearest", "n_critic": 2}, id="upsampling-28"),
        pytest.param({**DCGAN, "upsampling": "nearest", "image_size": 16, "weight_init": "normal", "n_critic": 2}, id="upsampling-16"),
        pytest.param({**DCGAN, "augment": "translation-cutout", "n_critic": 2, **PENALTY}, id="augmented-dcgan-penalty"),
        pytest.param({"augment": "all", "n_critic": 2}, id="augmented-mlp"),
        pytest.param({"augment": "colour", "objective": "non-saturating", "n_critic": 1}, id="augmented-gan"),
    ],
)
def test_steps_of_deeper_networks_and_of_augmented_ones_are_the_engines(changes: dict[str, Any]) -> None:
    config = WALKTHROUGH.replace(**changes)
    compare(config, script(write_program(config)), 4, load_dataset(config))


@pytest.mark.arithmetic
def test_a_dcgan_with_normal_weights_on_rgb_begins_the_same(tmp_path: Path) -> None:
    """On pictures that come close to what a folder may hold: two kinds, one transparent, one turned, a hidden one, one that is none."""
    rng = np.random.default_rng(0)
    for index in range(20):
        pixels = rng.integers(0, 256, (20 + index % 3, 33, 4 if index == 3 else 3), dtype=np.uint8)
        turned = Image.Exif()
        turned[0x0112] = 6 if index == 4 else 1
        Image.fromarray(pixels[:, :, 0] if index == 5 else pixels).save(tmp_path / f"{index:02}.png", exif=turned)
    (tmp_path / "00a.png").write_text("hello")
    (tmp_path / ".hidden.png").write_bytes((tmp_path / "00.png").read_bytes())
    config = WALKTHROUGH.replace(
        **{**DCGAN, "image_size": 32}, dataset="image-folder", data_root=str(tmp_path), weight_init="normal", critic_norm="batch"
    )
    text = script(write_program(config, shape=(3, 32, 32)))
    assert str(tmp_path) not in text
    text = text.replace('DATA_ROOT = "images"', f"DATA_ROOT = {str(tmp_path)!r}")
    compare(config, text, 10, load_dataset(config))


def downloaded(channels: int, side: int) -> tuple[ImageDataset, list[tuple[Image.Image, int]]]:
    """Images as the engine has them once they are resized to 32 px, and as torchvision would hand them over."""
    from wgan_core.data.dataset import resize

    pixels = np.random.default_rng(1).integers(0, 256, (50, side, side, channels), dtype=np.uint8)
    pictures = [(Image.fromarray(picture.squeeze()), 0) for picture in pixels]
    return ImageDataset("some", resize(torch.from_numpy(pixels).permute(0, 3, 1, 2), 32)), pictures


@pytest.mark.arithmetic
@pytest.mark.parametrize(("name", "channels", "side", "kind"), [("mnist", 1, 28, "MNIST"), ("cifar10", 3, 32, "CIFAR10")])
def test_torchvisions_data_sets_are_read_as_the_engine_reads_them(
    name: str, channels: int, side: int, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset, pictures = downloaded(channels, side)
    config = WALKTHROUGH.replace(dataset=name, image_size=32, data_root="/a/folder/of/this/machine")
    text = script(write_program(config))
    assert "this/machine" not in text and "wgan_core" not in text
    monkeypatch.setenv("WGAN_DATA_ROOT", "/some/where")
    asked: list[tuple[Any, ...]] = []
    exported = module(text)

    def load(root: str, *, download: bool, transform: Any) -> list[tuple[Tensor, int]]:
        asked.append((root, download))
        return [(transform(picture), label) for picture, label in pictures]

    monkeypatch.setattr(exported.datasets, kind, load)
    data = exported.load_data()
    assert asked == [("/some/where", True)]
    compare(config, text, 8, dataset, data)


@pytest.mark.parametrize("name", toy.DISTRIBUTIONS)
def test_points_are_drawn_as_the_engine_draws_them(name: str) -> None:
    config = WALKTHROUGH.replace(dataset=name, seed=11)
    exported = module(script(write_program(config)))
    assert torch.equal(exported.load_data(), load_dataset(config).data)
    assert toy.view_limit(name) == exported.LIMIT


@pytest.mark.parametrize("text", ["x;y\n1;2\n\n3.5;-4\n0;1e1\n", "1,2\n3,7\n", "\ufeffx y\r\n1 2\r\n-3 2.25\r\n"])
def test_a_file_of_points_is_read_as_the_engine_reads_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "own.csv").write_text(text, encoding="utf-8", newline="")
    config = WALKTHROUGH.replace(dataset="csv", data_root=str(tmp_path / "own.csv"))
    exported = module(script(write_program(config)))
    exported.DATA_FILE = tmp_path / "own.csv"
    assert torch.equal(exported.load_data(), load_dataset(config).data)


def test_the_picture_of_points_has_y_upward() -> None:
    exported = module(script(write_program(WALKTHROUGH.replace(dataset="two-lines", generator_norm="none"))))
    shown = exported.picture(torch.tensor([[-1.24, 1.24], [1.24, 0.6], [9.0, 0.0]]))
    assert shown.shape == (1, 256, 256) and shown.sum() == 2
    assert shown[0, 1, 1] == 1 and shown[0, 66, 254] == 1


def test_the_notebooks_cells_are_the_scripts_program() -> None:
    as_notebook, as_script = (write_program(WALKTHROUGH, for_notebook=flag) for flag in (True, False))
    same = {part.code for part in as_notebook.parts} & {part.code for part in as_script.parts}
    assert len(same) == 5  # generator, critic, data, training, samples


@pytest.mark.slow
def test_the_warm_up_is_that_of_the_wgan_authors() -> None:
    """100 critic updates for each of the first 25 generator updates, then n_critic, and 100 again after the 500th."""
    tiny = {"image_size": 4, "latent_dim": 1, "generator_widths": (2,), "critic_widths": (2,), "batch_size": 2, "n_critic": 1}
    exported = module(script(write_program(WALKTHROUGH.replace(**tiny, critic_warmup="original"))))
    generator, critic = exported.build_networks()
    weight, changed = generator.layers[0].weight, []
    version = weight._version
    for step, *_ in itertools.islice(exported.train(generator, critic, exported.load_data()), 3076):
        if weight._version != version:
            version = weight._version
            changed.append(step)
    assert changed == [*range(100, 2501, 100), *range(2501, 2976), 3075, 3076]


@pytest.mark.slow
@pytest.mark.arithmetic
def test_the_average_of_the_generator_is_the_engines() -> None:
    config = WALKTHROUGH.replace(ema_decay=0.9, n_critic=2)
    exported, trainer = module(script(write_program(config))), Trainer(config, load_dataset(config))
    generator, critic = exported.build_networks()
    averaged = copy.deepcopy(generator)
    for _ in itertools.islice(exported.train(generator, critic, exported.load_data(), averaged), 60):
        trainer.train_step()
    assert trainer.averaged_generator is not None
    if not rounds_as_a_plain_loop(config, 16 * 16):
        pytest.skip(ROUNDS_OTHERWISE)
    assert_same(trainer.averaged_generator.state_dict(), exported.settle(averaged).state_dict(), to_the_bit=True, rate=0)
    assert not torch.equal(averaged.layers[0].weight, generator.layers[0].weight)


# Live edits.


@pytest.mark.slow
@pytest.mark.arithmetic
@pytest.mark.parametrize(
    ("schedules", "changed"),
    [
        ({}, 3),
        ({"lr_schedule": "linear"}, 4),
        ({"lr_schedule": "cosine"}, 4),
        ({"clip_schedule": "linear", "n_critic_schedule": "steps", "n_critic_end": 2}, 5),
    ],
    ids=["constant", "linear", "cosine", "clip-and-n_critic"],
)
def test_live_edits_are_in_the_script_at_their_steps(schedules: dict[str, Any], changed: int, tmp_path: Path) -> None:
    """A run is edited seven times; the script, trained as far, has the run's weights."""
    config = WALKTHROUGH.replace(max_steps=80, threads=1, **schedules)
    edits = {
        0: {"critic_lr": 1e-4},
        7: {"clip_value": 0.02},
        20: {"n_critic": 3, "generator_lr": 5e-4},
        31: {"log_every": 7},
        33: {"n_critic": 1, "clip_value": 0.01},
        40: {"max_steps": 300},  # another length matters to a schedule alone
        44: {"clip_end": 0.002},
    }
    begin(tmp_path / "run", config, 60, {step: Set(changes) for step, changes in edits.items()})
    folder = RunFolder.open(tmp_path / "run")
    program = program_of(folder)
    text = script(program)
    assert "Settings that were changed while the run trained are changed at the same steps." in " ".join(text.split())
    assert "CRITIC_LR = 0.0001" in text and text.count("  # at this step the run's settings were changed") == changed
    exported = module(text)
    generator, critic = exported.build_networks()
    for _ in itertools.islice(exported.train(generator, critic, exported.load_data()), 60):
        pass
    if not rounds_as_a_plain_loop(config.replace(n_critic=5), 16 * 16):
        pytest.skip(ROUNDS_OTHERWISE)
    for part, network in (("generator", generator), ("critic", critic)):
        assert_same(folder.read_part(60, part), network.state_dict(), to_the_bit=True, rate=0)


@pytest.mark.arithmetic
def test_lambda_is_edited_too() -> None:
    config = WALKTHROUGH.replace(**PENALTY)
    text = script(write_program(config, edits=[Edit(3, "gp_lambda", None, 0.5), Edit(3, "clip_value", None, 1.0)]))
    assert "if step == 4:" in text and "gp_lambda = 0.5" in text and "clip_value" not in text
    exported, trainer = module(text), Trainer(config, load_dataset(config))
    networks = exported.build_networks()
    training = exported.train(*networks, exported.load_data())
    for _ in range(10):
        if trainer.step == 3:
            trainer.configure(config.replace(gp_lambda=0.5))
        trainer.train_step()
        next(training)
    to_the_bit = rounds_as_a_plain_loop(config, 16 * 16)
    assert_same(tensors(trainer.generator, trainer.critic), tensors(*networks), to_the_bit=to_the_bit, rate=config.critic_lr)


# What it looks like.


def test_the_walkthroughs_script_is_short_and_has_nothing_to_spare() -> None:
    text = script(write_program(PRESETS["walkthrough"]))
    lines = text.splitlines()
    assert len(lines) <= 150 and max(map(len, lines)) <= 100
    for word in ("penalty", "alpha", "adam", "digits", "wgan_core", "Conv2d", "GroupNorm", "mps", "n_critic", "ndim"):
        assert word not in text, word
    imported = {name.name.split(".")[0] for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import) for name in node.names}
    imported |= {str(node.module).split(".")[0] for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)}
    assert imported == {"itertools", "os", "torch", "torchvision"}
    for constant in ("CLIP_VALUE = 0.005", "N_CRITIC = 25", "CRITIC_LR = 5e-5", "BATCH_SIZE = 64", "LATENT_DIM = 100", "STEPS = 187_600"):
        assert constant in text


@pytest.mark.slow
@pytest.mark.parametrize(
    "config",
    [
        *PRESETS.values(),
        WALKTHROUGH.replace(clipped="weights", device="mps", critic_warmup="original", ema_decay=0.99, lr_schedule="cosine"),
        WALKTHROUGH.replace(lr_schedule="linear", clip_schedule="cosine", n_critic_schedule="steps", schedule_updates=1000),
        WALKTHROUGH.replace(augment="all", architecture="dcgan", upsampling="nearest"),
        *(WALKTHROUGH.replace(dataset=name, lipschitz="none") for name in ("image-folder", "csv", *toy.DISTRIBUTIONS)),
    ],
)
def test_every_script_is_formatted_and_free_of_lint(config: TrainConfig, tmp_path: Path) -> None:
    shape = (2,) if config.dataset in POINT_SETS else (3, config.image_size, config.image_size)
    edits = [Edit(30_000, "n_critic", None, 2), Edit(30_000, "critic_lr", None, 1e-3)]
    (tmp_path / "a.py").write_text(script(write_program(config, shape=shape)), encoding="utf-8")
    (tmp_path / "b.py").write_text(script(write_program(config, shape=shape, edits=edits)), encoding="utf-8")
    ruff = [sys.executable, "-m", "ruff"]
    rules = ["--select", "E,F,I,B,UP,SIM,C4,N", "--line-length", "100", "--isolated", "--no-cache"]
    for command in ([*ruff, "check", *rules], [*ruff, "format", "--check", "--isolated", "--line-length", "100", "--no-cache"]):
        done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr


# What a stranger's run folder may hold, and what cannot be written.


def test_no_text_of_a_run_folder_gets_into_the_program(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run", WALKTHROUGH.replace(data_root='x"""\nraise SystemExit'), note='"""\nevil()')
    meta = json.loads((tmp_path / "run" / "config.json").read_text())
    evil = '2.15"""\nevil()'
    meta |= {"run_id": evil, "versions": {"torch": evil}, "dataset": {"images": evil, "name": evil, "source": evil}}
    (tmp_path / "run" / "config.json").write_text(json.dumps(meta))
    folder.append_ledger(3, "edit", field="clip_value", old=0.005, new="0.02")
    folder.path.rename(tmp_path / 'run"""evil')
    text = export(RunFolder.open(tmp_path / 'run"""evil'), "script").content.decode()
    assert "evil" not in text and "SystemExit" not in text and "from a run." in text
    assert "            clip_value = 0.02\n" in text


def test_fewer_images_than_the_data_set_has_is_said(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run", PRESETS["walkthrough"], dataset={"images": 8000, "shape": [1, 32, 32]})
    made = export(folder, "script")
    said = "The run saw only 8,000 images, while this program trains on all 60,000: so the weights will differ from the run's."
    assert made.note == said and said in " ".join(made.content.decode().split()) and "bit for bit" not in made.content.decode()


def test_a_run_in_bfloat16_is_written_in_float32_and_that_is_said(tmp_path: Path) -> None:
    made = export(RunFolder.create(tmp_path / "run", WALKTHROUGH.replace(precision="bfloat16")), "script")
    assert made.note == "The run computed in bfloat16, while this program computes in float32: so the weights will differ from the run's."
    assert "bit for bit" not in made.content.decode()


def test_a_setting_that_is_not_written_out_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting of a later version must not be left out silently."""
    monkeypatch.setattr(program, "_WRITTEN", program._WRITTEN.replace("clipped ", ""))
    assert write_program(WALKTHROUGH)
    with pytest.raises(ExportError, match=r"cannot express the setting What is clipped \(clipped\)"):
        write_program(WALKTHROUGH.replace(clipped="weights"))


def test_a_data_set_that_a_script_cannot_load_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "READABLE", ("mnist", "cifar10"))
    with pytest.raises(ExportError, match=r"cannot load the data set digits: it can load mnist, cifar10\."):
        write_program(WALKTHROUGH)


def test_a_script_begins_at_the_beginning(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run", WALKTHROUGH)
    assert export(folder, "script").content
    refused: tuple[dict[str, Any], ...] = ({"step": 0}, {"part": "critic"})
    for options in refused:
        with pytest.raises(ExportError, match="A script trains from the beginning: --step and --part are for onnx and exported-program"):
            export(folder, "script", **options)


@pytest.mark.slow
def test_run_as_a_program_it_prints_and_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The picture is the grid of latents that the page shows."""
    monkeypatch.chdir(tmp_path)
    config = WALKTHROUGH.replace(max_steps=120, threads=1)
    exported = module(script(write_program(config)))
    exported.main()
    generator, critic = exported.build_networks()
    printed: list[str] = []
    for step, estimate, generator_loss in itertools.islice(exported.train(generator, critic, exported.load_data()), 120):
        printed.append(f"step {step}  estimate {float(estimate):.4f}  generator loss {float(generator_loss):.4f}")
    assert capsys.readouterr().out.splitlines() == [printed[99], printed[119]]
    with torch.no_grad():
        images = generator.eval()(fixed_latents(config.seed, 64, config.latent_dim))
    save_image(images, tmp_path / "again.png", nrow=8, normalize=True, value_range=(-1, 1))
    assert (tmp_path / "samples.png").read_bytes() == (tmp_path / "again.png").read_bytes()
