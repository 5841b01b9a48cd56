"""Training on points in the plane, from the networks to the run folder."""

from __future__ import annotations

import io
import json
import queue
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from tests.data_sets import modes
from tests.kernels import assert_same, rounds_as_a_plain_loop
from tests.networks import linear_layer
from tests.small import SMALL_ON_POINTS
from tests.trainers import take_over
from wgan_core.cli.main import main
from wgan_core.config import PRESETS, SETTINGS, ConfigError, TrainConfig
from wgan_core.data import toy
from wgan_core.data.dataset import Dataset
from wgan_core.data.load import load_dataset
from wgan_core.figures import images
from wgan_core.figures import training as figures
from wgan_core.latent.saved import newest_readable
from wgan_core.latent.seeds import fixed_latents
from wgan_core.runs.launch import new_loop
from wgan_core.runs.messages import Snapshot
from wgan_core.store.folder import RunFolder, StoreError
from wgan_core.training.models import build_critic, build_generator
from wgan_core.training.trainer import Trainer

TINY = SMALL_ON_POINTS.replace(
    dataset="8-gaussians",
    leaky_slope=0.0,
    generator_widths=(16, 16, 16),
    critic_widths=(16, 16, 16),
    batch_size=32,
    clip_value=0.1,
    max_steps=50,
)
TINY_FLAGS = [
    word
    for name, value in TINY.model_dump().items()
    if value != getattr(TrainConfig(), name)
    for word in (SETTINGS[name].flag, ",".join(map(str, value)) if isinstance(value, tuple) else str(value))
]


# Data and networks.


def test_the_data_are_the_distributions_points_as_they_are() -> None:
    data, other = (load_dataset(TINY.replace(seed=seed)) for seed in (4, 5))
    assert data.kind == "points" and data.data.dtype == torch.float32 and data.data.shape == (50_000, 2)
    np.testing.assert_array_equal(data.data, toy.draw("8-gaussians", 50_000, seed=4))
    assert data.fingerprint == load_dataset(TINY.replace(seed=4)).fingerprint != other.fingerprint
    trainer = Trainer(TINY.replace(seed=4), data)
    assert torch.equal(trainer.next_batch(), data.data[torch.randperm(50_000, generator=torch.Generator().manual_seed(4 * 1_000_003))[:32]])


def test_held_out_points_are_others_of_the_same_distribution() -> None:
    training, held_out = (load_dataset(TINY, held_out=part).data.numpy() for part in (False, True))
    assert not {*map(bytes, training)} & {*map(bytes, held_out)}
    means = modes("8-gaussians").means
    assert np.linalg.norm(held_out[:, None] - means, axis=2).min(1).max() < 6 * 0.02 / 1.414


def test_fewer_points_than_a_batch() -> None:
    with pytest.raises(ValueError, match="^few has 5 points, fewer than one batch of 32: lower the batch size or add points.$"):
        Trainer(TINY, Dataset("few", torch.zeros(5, 2)))


@pytest.mark.parametrize("depth", [1, 12])
def test_networks_for_points_take_their_shape_from_the_data(depth: int) -> None:
    config = TINY.replace(generator_widths=(8,) * depth, critic_widths=(9,) * depth)
    generator, critic = build_generator(config, (2,)), build_critic(config, (2,))
    kinds = [type(layer) for layer in generator.layers]
    assert kinds == [nn.Linear, nn.LeakyReLU] * depth + [nn.Linear]
    with torch.no_grad():
        linear_layer(generator, -1).bias.fill_(7)
        points = generator(torch.randn(5, 2))
    assert points.shape == (5, 2) and float(points.mean()) > 5  # no tanh
    scores = critic(points)
    assert scores.shape == (5, 1) and len(list(critic.parameters())) == 2 * (depth + 1)


def test_the_generators_norm_is_a_setting() -> None:
    for norm, count in (("batch", 2), ("none", 0)):
        for shape in ((2,), (1, 8, 8)):
            generator = build_generator(TINY.replace(generator_norm=norm), shape)
            assert sum(isinstance(layer, nn.BatchNorm1d) for layer in generator.layers) == count
            assert isinstance(generator.layers[-1], nn.Tanh) == (len(shape) == 3)


def test_convolutions_are_refused_for_points() -> None:
    with pytest.raises(ConfigError, match="^architecture must be mlp for the points of ring: dcgan is for images only.$"):
        TrainConfig(architecture="mlp").replace(architecture="dcgan", dataset="ring")
    with pytest.raises(ValueError, match="^Convolutions are for images only: choose the architecture mlp for points.$"):
        build_critic(TrainConfig(architecture="dcgan"), (2,))


# The textbook loops.


def plain_networks() -> tuple[nn.Sequential, nn.Sequential]:
    """The toy code's networks, written out."""

    def hidden(inputs: int) -> list[nn.Module]:
        return [nn.Linear(inputs, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU()]

    return nn.Sequential(*hidden(2), nn.Linear(512, 2)), nn.Sequential(*hidden(2), nn.Linear(512, 1))


def batches_of(data: Tensor, seed: int) -> tuple[Tensor, ...]:
    """The first epoch in batches of 256, as the trainer draws it."""
    return data[torch.randperm(len(data), generator=torch.Generator().manual_seed(seed * 1_000_003))].split(256)


def toy_trainer(preset: str) -> tuple[Trainer, nn.Sequential, nn.Sequential]:
    config = PRESETS[preset].replace(device="cpu", seed=3, rounding="exact")
    trainer = Trainer(config, load_dataset(config))
    generator, critic = plain_networks()
    take_over(generator, trainer.generator)
    take_over(critic, trainer.critic)
    return trainer, generator, critic


@pytest.mark.slow
@pytest.mark.arithmetic
def test_the_gradient_penalty_preset_is_the_papers_toy_loop() -> None:
    """20 critic and 4 generator updates of WGAN-GP's algorithm 1 with the toy code's numbers."""
    trainer, generator, critic = toy_trainer("wgan-gp-toy")
    generator_optimizer = torch.optim.Adam(generator.parameters(), lr=1e-4, betas=(0.5, 0.9))
    critic_optimizer = torch.optim.Adam(critic.parameters(), lr=1e-4, betas=(0.5, 0.9))
    rng = torch.Generator().manual_seed(4)
    batches = batches_of(trainer.data, 3)
    for step in range(20):
        real, z, alpha = batches[step], torch.randn(256, 2, generator=rng), torch.rand(256, 1, generator=rng)
        fake = generator(z).detach()
        between = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
        slope = torch.autograd.grad(critic(between).sum(), between, create_graph=True)[0].norm(2, dim=1)
        penalty = 0.1 * ((slope - 1) ** 2).mean()
        loss = critic(fake).mean() - critic(real).mean() + penalty
        critic_optimizer.zero_grad()
        loss.backward()
        critic_optimizer.step()
        ours = trainer.train_step()
        # Adam amplifies rounding: 2e-7 to 2e-4 after 20 updates, by the kernels of the processor.
        assert float(ours.penalty) == pytest.approx(penalty.item(), rel=1e-3)
        assert float(ours.fake - ours.real + ours.penalty) == pytest.approx(loss.item(), abs=1e-5)
        if (step + 1) % 5 == 0:
            generator_optimizer.zero_grad()
            (-critic(generator(torch.randn(256, 2, generator=rng))).mean()).backward()
            generator_optimizer.step()
    assert trainer.generator_updates == 4
    for ours, theirs in ((trainer.generator, generator), (trainer.critic, critic)):
        for (name, a), b in zip(ours.named_parameters(), theirs.parameters(), strict=True):
            # Adam divides by the size of the gradient too: where that is rounding alone, so is the step (of at most 1e-4 each).
            assert torch.quantile((a - b).detach().abs().flatten().double(), 0.99) <= 1e-6, name
            assert (a - b).abs().max() <= 20 * 1e-4, name


@pytest.mark.slow
@pytest.mark.arithmetic
def test_the_clipped_preset_is_the_papers_toy_loop_bit_for_bit_where_the_kernels_allow() -> None:
    trainer, generator, critic = toy_trainer("wgan-toy")
    generator_optimizer = torch.optim.RMSprop(generator.parameters(), lr=5e-5)
    critic_optimizer = torch.optim.RMSprop(critic.parameters(), lr=5e-5)
    rng = torch.Generator().manual_seed(4)
    batches = batches_of(trainer.data, 3)
    for step in range(10):
        fake = generator(torch.randn(256, 2, generator=rng)).detach()
        critic_optimizer.zero_grad()
        (-(critic(batches[step]).mean() - critic(fake).mean())).backward()
        critic_optimizer.step()
        for parameter in critic.parameters():
            parameter.data.clamp_(-0.01, 0.01)
        if (step + 1) % 5 == 0:
            generator_optimizer.zero_grad()
            (-critic(generator(torch.randn(256, 2, generator=rng))).mean()).backward()
            generator_optimizer.step()
        trainer.train_step()
    to_the_bit = rounds_as_a_plain_loop(trainer.config, 2)
    for ours, theirs in ((trainer.generator, generator), (trainer.critic, critic)):
        renamed = dict(zip(ours.state_dict(), theirs.state_dict().values(), strict=True))
        assert_same(ours.state_dict(), renamed, to_the_bit=to_the_bit, rate=5e-5)


def test_the_toy_presets_have_the_published_numbers() -> None:
    penalty, clip = PRESETS["wgan-gp-toy"], PRESETS["wgan-toy"]
    for config in (penalty, clip):
        assert config.dataset == "8-gaussians" and config.batch_size == 256 and config.n_critic == 5 and config.latent_dim == 2
        assert config.max_steps == 5 * 100_000  # generator updates, counted in critic updates here
        assert config.critic_warmup == "none" and config.generator_norm == config.critic_norm == "none" and config.ema_decay == 0
        assert config.clipped == "all" and config.critic_gradients == "fresh" and config.weight_init == "pytorch"
    assert (penalty.optimizer, penalty.lipschitz, clip.optimizer, clip.lipschitz) == ("adam", "gradient-penalty", "rmsprop", "clip")


# A run: pictures, folder, command line.


def snapshot_of(path: Path, config: TrainConfig) -> Snapshot:
    """Where a run of `config` stands after its last step."""
    published: list[Snapshot] = []
    loop = new_loop(config, path, queue.SimpleQueue(), published.append)
    while loop.tick():
        pass
    loop.recorder.folder.release()
    return published[-1]


def test_snapshots_carry_points(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path / "run", TINY)
    pictures = snapshot.pictures
    assert snapshot.status == "finished" and pictures is not None and pictures.step == 50 and pictures.are_points
    for points in (pictures.samples, pictures.real):
        assert points.dtype == np.float32 and points.shape == (512, 2) and not points.flags.writeable
    data = load_dataset(TINY).data.numpy()
    order = torch.randperm(50_000, generator=torch.Generator().manual_seed(0))[:512]
    np.testing.assert_array_equal(pictures.real, data[order])
    networks = newest_readable(RunFolder.open(tmp_path / "run"))
    assert networks.step == 50 and networks.makes_points
    z = fixed_latents(0, 512, 2).numpy()
    np.testing.assert_allclose(pictures.samples, networks.samples(z), atol=1e-6)
    np.testing.assert_allclose(pictures.sample_scores, networks.scores(z), atol=1e-6)
    with torch.no_grad():
        np.testing.assert_allclose(pictures.real_scores, networks.critic(torch.from_numpy(data[order])).flatten(), atol=1e-6)


def test_the_kept_picture_is_a_scatter_of_the_fixed_points(tmp_path: Path) -> None:
    pictures = snapshot_of(tmp_path / "run", TINY).pictures
    assert pictures is not None
    kept = RunFolder.open(tmp_path / "run").samples()[50]
    assert pictures.real is not None
    expected = images.scatter(pictures.samples.astype(np.float32), pictures.real.astype(np.float32), limit=2.0)
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(kept.read_bytes()))), expected)


def test_a_scatter_shows_each_point_where_it_is() -> None:
    generated, real = np.array([[1.0, 1.0], [-0.5, 0.0], [9.0, 9.0]]), np.array([[-1.0, -1.5], [-0.5, 0.0]], dtype=np.float32)
    picture = images.scatter(generated, real, limit=2.0, side=200).astype(int)
    assert picture.shape == (200, 200, 3)
    green, orange = ((picture == colour).all(2) for colour in images.POINT_COLOURS)
    assert orange[50, 150] and orange[100, 75]  # y upward, and in front of the real one
    assert green[175, 50]
    assert orange.sum() + green.sum() < 60 and (picture == 255).all(2).sum() > 200 * 200 - 150
    alone = images.scatter(generated, None, limit=2.0, side=200)
    assert not (alone == images.POINT_COLOURS[0]).all(2).any()


def command(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    status = main([str(word) for word in words])
    shown = capsys.readouterr()
    return status, shown.out, shown.err


@pytest.mark.slow
def test_the_command_line_trains_samples_and_resumes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    status, out, _ = command(capsys, "train", *TINY_FLAGS, "--max-steps", 60, "--out", whole)
    assert status == 0 and "points:   python -m wgan_core sample" in out and "--out points.csv" in out
    assert command(capsys, "train", *TINY_FLAGS, "--max-steps", 31, "--out", halves)[0] == 0
    assert command(capsys, "train", "--resume", halves, "--max-steps", 60)[0] == 0
    for part in ("generator", "critic", "training"):
        first, second = (RunFolder.open(path).read_part(60, part) for path in (whole, halves))
        assert first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)
    assert command(capsys, "replay", whole)[1].startswith("Reproduced, bit for bit")
    facts = json.loads(command(capsys, "info", whole, "--json")[1])["dataset"]
    fingerprint = load_dataset(TINY).fingerprint
    source = "drawn by wgan_core.data.toy, seed 0, training"
    assert facts == {"name": "8-gaussians", "points": 50_000, "shape": [2], "source": source, "fingerprint": fingerprint}


def test_samples_as_table_arrays_and_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    snapshot_of(tmp_path / "run", TINY)
    for name in ("points.csv", "points.npz", "points.png"):
        words = ("sample", tmp_path / "run", "--count", 30, "--seed", 9, "--out", tmp_path / name)
        status, out, _ = command(capsys, *words)
        assert status == 0 and out.startswith("30 points of run at step 50")
    networks = newest_readable(RunFolder.open(tmp_path / "run"))
    z = fixed_latents(9, 30, 2).numpy()
    assert (tmp_path / "points.csv").read_text().startswith("x,y\n")
    table = np.loadtxt(tmp_path / "points.csv", delimiter=",", skiprows=1, dtype=np.float32)
    np.testing.assert_array_equal(table, networks.samples(z))
    arrays = np.load(tmp_path / "points.npz")
    assert sorted(arrays) == ["points", "z"]
    np.testing.assert_array_equal(arrays["points"], table)
    np.testing.assert_array_equal(arrays["z"], z)
    picture = np.asarray(Image.open(tmp_path / "points.png"))
    x, y = ((table[0] / 2 * (1, -1) + 1) * 256).astype(int)
    assert picture.shape == (512, 512, 3) and tuple(picture[y, x]) == images.POINT_COLOURS[1]
    # What was sampled can be trained on.
    (again,) = (load_dataset(TrainConfig(dataset="csv", data_root=str(tmp_path / "points.csv"))).data,)
    assert again.shape == (30, 2)


def test_a_table_of_images_is_refused(tmp_path: Path, config: TrainConfig, capsys: pytest.CaptureFixture[str]) -> None:
    snapshot_of(tmp_path / "run", config.replace(max_steps=1))
    status, _, err = command(capsys, "sample", tmp_path / "run", "--out", tmp_path / "images.csv")
    assert status == 2 and err.count("\n") == 1 and ".csv is for points, and this run makes images" in err
    assert not (tmp_path / "images.csv").exists()


def test_a_run_on_a_file_of_points(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, run = tmp_path / "stars.csv", tmp_path / "run"
    np.savetxt(file, np.random.default_rng(0).normal(size=(200, 2)), delimiter=",")
    flags = [*TINY_FLAGS, "--dataset", "csv", "--data-root", file, "--max-steps", 5]
    status, _, err = command(capsys, "train", *flags, "--out", run)
    assert status == 0 and "The points of stars.csv were shifted and scaled to lie in [-2, 2]" in err
    folder = RunFolder.open(run)
    assert folder.meta["dataset"]["points"] == 200 and folder.meta["dataset"]["shape"] == [2]
    with file.open("a") as lines:
        lines.write("0,0\n")
    status, _, err = command(capsys, "train", "--resume", run, "--max-steps", 10)
    assert status == 2 and "differs from the data that this run was trained on (200 points then, 201 now" in err
    status, _, err = command(capsys, "train", "--dataset", "csv", "--data-root", tmp_path / "none.csv", "--out", tmp_path / "other")
    assert status == 2 and f"There is no file {tmp_path / 'none.csv'}" in err and not (tmp_path / "other").exists()


def test_a_folder_that_does_not_say_what_shape_its_samples_have(tmp_path: Path) -> None:
    snapshot_of(tmp_path / "run", TINY.replace(max_steps=1))
    for shape in ([1, 8, 8], None):
        folder = RunFolder.open(tmp_path / "run")
        folder.meta["dataset"]["shape"] = shape
        with pytest.raises(StoreError, match="does not give the shape of the points"):
            newest_readable(folder)


# The figure.


def test_the_figure_keeps_its_frame_and_draws_what_it_is_given() -> None:
    generated, real = np.array([[0.0, 1.0], [5.0, 5.0]]), np.array([[-1.0, 2.0]])
    figure: Any = figures.scatter(generated, real, limit=2.5)
    assert [trace.name for trace in figure.data] == ["real", "generated"]
    for trace, points in zip(figure.data, (real, generated), strict=True):
        np.testing.assert_array_equal(np.column_stack((trace.x, trace.y)), points)
        assert trace.mode == "markers"
    layout = figure.layout
    assert layout.xaxis.range == layout.yaxis.range == (-2.5, 2.5) and layout.yaxis.scaleanchor == "x"
    way: Any = figures.scatter(generated, None, limit=1.0, path=real, here=generated[:1])
    assert [(trace.name, trace.mode, len(trace.x)) for trace in way.data] == [
        ("generated", "markers", 2),
        ("on the path", "lines", 1),
        ("here", "markers", 1),
    ]
