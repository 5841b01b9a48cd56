"""Training on a CUDA GPU: captured updates against plain loops on the same card, and what must stay to the last bit."""

from __future__ import annotations

import copy
import queue
import threading
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.loops import begin, go_on
from tests.trainers import all_weights, largest_weight, same, states, train
from wgan_core.bench.compare import textbook_loop
from wgan_core.config import PRESETS, TrainConfig
from wgan_core.data.dataset import Dataset, ImageDataset
from wgan_core.data.load import load_dataset
from wgan_core.runs.loop import RunLoop
from wgan_core.runs.messages import Set
from wgan_core.runs.recorder import Recorder
from wgan_core.runs.replay import replay
from wgan_core.store.folder import RunFolder
from wgan_core.training.cuda_graph import Captured, _choices, kernels
from wgan_core.training.trainer import Trainer
from wgan_core.training.world import World

pytestmark = [pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA GPU here"), pytest.mark.slow]

WALKTHROUGH = PRESETS["walkthrough"].replace(device="cuda", seed=3, n_critic=5)
PENALTY = {"lipschitz": "gradient-penalty", "optimizer": "adam", "critic_lr": 1e-4, "generator_lr": 1e-4}
CONVOLUTIONS = {"architecture": "dcgan", "dcgan_width": 8, "batch_size": 16, **PENALTY}
RECIPES: dict[str, dict[str, Any]] = {
    "clipping": {},
    "penalty": PENALTY,
    "convolutions": CONVOLUTIONS,
    "convolutions-clipped": {**CONVOLUTIONS, "lipschitz": "clip", "critic_norm": "batch", "optimizer": "rmsprop"},
    "layer-norm": {**PENALTY, "critic_norm": "layer"},
    "weights-only": {"clipped": "weights"},
    "accumulated": {"critic_gradients": "accumulated"},
    "gan": {"objective": "non-saturating", "lipschitz": "none", "optimizer": "adam"},
    "schedule": {"lr_schedule": "cosine", "max_steps": 40},
    "average": {"ema_decay": 0.99},
    "warm-up": {"critic_warmup": "original"},
    "lazy-penalty": {**PENALTY, "gp_every": 3, "gp_share": "half"},
    "schedules": {"clip_schedule": "linear", "n_critic_schedule": "linear", "max_steps": 40},
    "residual": {**CONVOLUTIONS, "architecture": "resnet"},
    "hinge": {"objective": "hinge"},
    "one-sided": {**PENALTY, "lipschitz": "one-sided-penalty"},
    "r1": {**PENALTY, "lipschitz": "r1-penalty"},
    "spectral-norm": {**CONVOLUTIONS, "lipschitz": "spectral-norm"},
    "augmented": {"augment": "all", **CONVOLUTIONS},
    "classes": {"labels": "conditional"},
    "classes-of-convolutions": {"labels": "conditional", **CONVOLUTIONS},
}


def blobs(count: int = 640) -> ImageDataset:
    """Random blobs on black, as sparse as digits are."""
    coarse = torch.rand(count, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    images = nn.functional.interpolate((coarse - 0.6).clamp(min=0) * 2.5, size=(32, 32), mode="bilinear")
    return ImageDataset("blobs", (images * 255).round().to(torch.uint8), torch.arange(count) % 10, tuple("0123456789"))


def textbook(trainer: Trainer, steps: int, dtype: torch.dtype) -> Tensor:
    """All weights of generator and critic after a tutorial's loop on the card, on the batches and latents that `trainer` will draw."""
    config, device = trainer.config, trainer.device
    generator, critic = (copy.deepcopy(network).to(dtype) for network in (trainer.generator, trainer.critic))
    for network in (generator, critic):
        for parameter in network.parameters():
            parameter.data, parameter.grad = parameter.data.clone(), None
    of_generator = torch.optim.RMSprop(generator.parameters(), lr=config.generator_lr)
    of_critic = torch.optim.RMSprop(critic.parameters(), lr=config.critic_lr)
    rng = torch.Generator(device).manual_seed(config.seed + 1)

    def noise() -> Tensor:
        return torch.randn(config.batch_size, config.latent_dim, generator=rng, device=device).to(dtype)

    for step in range(steps):
        epoch, index = divmod(step, len(trainer.data) // config.batch_size)
        order = torch.randperm(len(trainer.data), generator=torch.Generator().manual_seed(config.seed * 1_000_003 + epoch)).to(device)
        rows = order[index * config.batch_size : (index + 1) * config.batch_size]
        of_critic.zero_grad()
        fake = generator(noise()).detach()
        loss = critic(fake).mean() - critic(trainer.data[rows].to(dtype) / 127.5 - 1).mean()
        loss.backward()
        of_critic.step()
        for parameter in critic.parameters():
            parameter.data.clamp_(-config.clip_value, config.clip_value)
        if (step + 1) % config.n_critic == 0:
            of_generator.zero_grad()
            (-critic(generator(noise())).mean()).backward()
            of_generator.step()
    networks = (generator, critic)
    return torch.cat([tensor.flatten().double() for network in networks for tensor in network.state_dict().values()])


def test_captured_updates_are_the_textbook_loop_up_to_rounding() -> None:
    """After 50 critic updates and 10 of the generator: no farther from the loop in float64 than the loop in float32 is, times three."""
    trainer = Trainer(WALKTHROUGH, blobs())
    exact, rounded = (textbook(trainer, 50, dtype) for dtype in (torch.float64, torch.float32))
    moved = (exact - all_weights(trainer)).norm()
    ours = all_weights(train(trainer, 50))
    of_the_loop, of_ours = (float((found - exact).norm() / moved) for found in (rounded, ours))
    print(f"distance from float64, as a share of the way: textbook {of_the_loop:.2e}, captured {of_ours:.2e}")
    assert of_ours <= 3 * of_the_loop + 1e-6
    assert of_the_loop < 0.02


def uncaptured(config: TrainConfig, data: Dataset) -> Trainer:
    """A trainer that launches every kernel by itself."""
    trainer = Trainer(config, data)
    trainer._captured = trainer._ahead._place = None
    return trainer


@pytest.mark.parametrize("recipe", RECIPES)
def test_captured_updates_are_those_that_are_not_captured(recipe: str) -> None:
    config = WALKTHROUGH.replace(**RECIPES[recipe])
    start = all_weights(Trainer(config, blobs()))
    captured, plain = train(Trainer(config, blobs()), 20), train(uncaptured(config, blobs()), 20)
    assert (captured.step, captured.generator_updates) == (plain.step, plain.generator_updates)
    moved = (all_weights(plain) - start).norm()
    apart = float((all_weights(captured) - all_weights(plain)).norm() / moved)
    print(f"{recipe}: {apart:.2e} of the way apart")
    assert apart < 0.02
    if captured.averaged_generator is not None and plain.averaged_generator is not None:
        for one, other in zip(captured.averaged_generator.parameters(), plain.averaged_generator.parameters(), strict=True):
            torch.testing.assert_close(one, other, atol=2e-4, rtol=0)


EXPORTED: dict[str, dict[str, Any]] = {
    "clipping": {},
    "penalty": {**PENALTY, "critic_norm": "layer"},
    "convolutions": CONVOLUTIONS,
}


@pytest.mark.parametrize("recipe", EXPORTED)
def test_captured_updates_are_those_of_the_exported_program(recipe: str) -> None:
    """Which has PyTorch's own optimisers and draws its own batches, over 30 steps: estimates and generator losses."""
    config = WALKTHROUGH.replace(dataset="digits", image_size=16, **EXPORTED[recipe])
    trainer = Trainer(config, load_dataset(config))
    program = textbook_loop(config, trainer)
    ours, theirs = [], []
    with kernels("float32"):
        for _ in range(30):
            scores = trainer.train_step()
            ours.append([float(scores.real - scores.fake), float(trainer.last_generator_loss)])
            _, estimate, loss = next(program)
            theirs.append([float(estimate), float(loss)])
    ours, theirs = torch.tensor(ours[5:]), torch.tensor(theirs[5:])
    print(f"{recipe}: {float((ours - theirs).abs().max() / theirs.abs().max()):.2e}")
    assert ((ours - theirs).abs().amax(0) <= 0.01 * theirs.abs().amax(0)).all()


EDITS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "clip_value": ({}, {"clip_value": 0.001}),
    "critic_lr": ({}, {"critic_lr": 5e-4}),
    "generator_lr": ({}, {"generator_lr": 5e-4}),
    "n_critic": ({}, {"n_critic": 2}),
    "gp_lambda": (PENALTY, {"gp_lambda": 1.0}),
    "max_steps": ({"lr_schedule": "linear", "max_steps": 30}, {"max_steps": 300}),
}


@pytest.mark.parametrize("edited", EDITS)
def test_an_edit_takes_effect_at_its_step_without_another_capture(edited: str, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe, change = EDITS[edited]
    config = WALKTHROUGH.replace(**recipe)
    captured, plain, unedited = Trainer(config, blobs()), uncaptured(config, blobs()), Trainer(config, blobs())
    for trainer in (captured, plain, unedited):
        train(trainer, 8)
    monkeypatch.setattr(Captured, "__init__", lambda *args: pytest.fail("captured again"))
    for trainer in (captured, plain):
        trainer.configure(config.replace(**change))
    for trainer in (captured, plain, unedited):
        train(trainer, 3)
    apart = float((all_weights(captured) - all_weights(plain)).norm())
    effect = float((all_weights(captured) - all_weights(unedited)).norm())
    assert apart < 0.1 * effect
    if edited == "clip_value":
        assert largest_weight(captured) == pytest.approx(0.001)


PRECISIONS = [{"precision": "float32"}, {"precision": "tf32"}, {"precision": "bfloat16"}]


@pytest.mark.parametrize("recipe", [*RECIPES, "tf32", "bfloat16", "convolutions-tf32", "convolutions-bfloat16"])
def test_twice_as_long_is_the_same_as_resumed(recipe: str) -> None:
    name, _, precision = recipe.rpartition("-") if recipe.endswith(("tf32", "bfloat16")) else (recipe, "", "float32")
    config = WALKTHROUGH.replace(**RECIPES[name] if name else {}, precision=precision)
    through = train(Trainer(config, blobs()), 13)
    saved = {
        part: {name: tensor.detach().cpu().clone() for name, tensor in tensors.items()} for part, tensors in through.state_dict().items()
    }
    train(through, 14)
    resumed = Trainer(config, blobs())
    resumed.load_state_dict(saved)
    train(resumed, 14)
    assert same(states(through), states(resumed))


def test_tf32_rounds_less_than_bfloat16() -> None:
    start = all_weights(Trainer(WALKTHROUGH, blobs()))
    full, tf32, bfloat16 = (all_weights(train(Trainer(WALKTHROUGH.replace(**one), blobs()), 10)) for one in PRECISIONS)
    moved = (full - start).norm()
    of_tf32, of_bfloat16 = (float((one - full).norm() / moved) for one in (tf32, bfloat16))
    print(f"from float32, as a share of the way: tf32 {of_tf32:.2e}, bfloat16 {of_bfloat16:.2e}")
    assert 0 < of_tf32 < 0.5 * of_bfloat16
    assert not torch.backends.cudnn.deterministic and torch.backends.cuda.matmul.fp32_precision != "tf32"


def test_several_runs_in_one_process_train_as_each_alone() -> None:
    configs = [WALKTHROUGH.replace(seed=1), WALKTHROUGH.replace(seed=2, precision="tf32"), WALKTHROUGH.replace(**CONVOLUTIONS)]
    alone = [states(train(Trainer(config, blobs()), 60)) for config in configs]
    together: dict[int, dict[str, Tensor]] = {}

    def run(number: int) -> None:
        together[number] = states(train(Trainer(configs[number], blobs()), 60))

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(configs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [same(alone[number], together[number]) for number in range(len(configs))] == [True] * 3


def test_a_process_of_several_trains_without_capturing(tmp_path: Path) -> None:
    torch.distributed.init_process_group("nccl", init_method=f"file://{tmp_path / 'meeting'}", rank=0, world_size=1)
    world = World(0, 1, torch.device("cuda"))
    kept = [(place, name, getattr(place, name)) for place, name, _ in _choices("float32")]
    try:
        together, alone = (train(Trainer(WALKTHROUGH, blobs(), one), 20) for one in (world, None))
        moved = (all_weights(alone) - all_weights(Trainer(WALKTHROUGH, blobs()))).norm()
        assert together._captured is None and float((all_weights(together) - all_weights(alone)).norm() / moved) < 0.02
    finally:
        world.close()
        for place, name, value in kept:
            setattr(place, name, value)


def test_a_run_with_edits_is_replayed_and_resumed_to_the_last_bit(tmp_path: Path, config: TrainConfig) -> None:
    config = config.replace(device="cuda", n_critic=4, save_every=86_400.0, max_steps=500)
    edits = {30: Set({"clip_value": 0.02, "n_critic": 3}), 50: Set({"critic_lr": 2e-4})}
    begin(tmp_path / "run", config, 120, edits)
    found = replay(RunFolder.open(tmp_path / "run"))
    assert found.drifted is None and max(found.same) == 120
    begin(tmp_path / "first", config, 61, edits)
    go_on(tmp_path / "first", 59)
    last = [RunFolder.open(tmp_path / name).read_step(120) for name in ("run", "first")]
    assert all(torch.equal(last[0][part][name], last[1][part][name]) for part in last[0] for name in last[0][part])


def end_of(loop: RunLoop) -> tuple[int, str]:
    """The step at which a run fails, and what its user is told."""
    try:
        while loop.tick():
            pass
    except ArithmeticError as error:
        words = loop.fail(error)
        return loop.trainer.step, words
    raise AssertionError("the run did not fail")


def test_numbers_that_are_not_finite_end_a_run_at_the_same_step_with_the_same_words(tmp_path: Path) -> None:
    points = torch.randn(640, 2, generator=torch.Generator().manual_seed(0))
    points[600] = float("nan")
    config = TrainConfig(dataset="ring", batch_size=16, generator_widths=(16,), critic_widths=(16,), max_steps=100, log_every=1)
    ends, rows = [], []
    for device in ("cpu", "cuda"):
        config = config.replace(device=device)
        folder = RunFolder.create(tmp_path / device, config)
        folder.hold()
        loop = RunLoop(Trainer(config, Dataset("points", points)), Recorder(folder), queue.SimpleQueue())
        ends.append(end_of(loop))
        rows.append(loop.recorder.history.view()[:, 0].tolist())
        folder.release()
    assert "became infinite or not a number at step" in ends[0][1]
    assert 0 < ends[0][0] <= 40 and len(rows[0]) == ends[0][0] - 1
    assert ends[0] == ends[1] and rows[0] == rows[1]
