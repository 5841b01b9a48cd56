"""What a training step must and must not do."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from tests.counting import parameter_count
from tests.networks import linear_layer
from tests.trainers import all_weights, largest_weight, train
from wgan_core.config import ConfigError, TrainConfig
from wgan_core.data.dataset import ImageDataset
from wgan_core.latent.seeds import fixed_latents
from wgan_core.runs.recorder import Recorder
from wgan_core.store.folder import RunFolder
from wgan_core.training.critic_loss import clip_weights, gradient_penalty
from wgan_core.training.flat_optimizer import _fused_rmsprop
from wgan_core.training.models import build_critic, build_generator, initialise
from wgan_core.training.objective import OBJECTIVES, wasserstein_estimate
from wgan_core.training.state import StateMismatch
from wgan_core.training.trainer import Trainer

pytestmark = pytest.mark.arithmetic


def test_losses_have_the_sign_of_the_paper() -> None:
    real, fake = torch.tensor([[3.0], [5.0]]), torch.tensor([[1.0], [-2.0]])
    assert wasserstein_estimate(real, fake).item() == 4.0 - -0.5
    assert OBJECTIVES["wasserstein"].generator_loss(fake).item() == 0.5


def test_a_trained_critic_scores_real_images_higher(config: TrainConfig, dataset: ImageDataset) -> None:
    trainer = Trainer(config.replace(n_critic=1000), dataset)
    first = trainer.train_step()
    train(trainer, 40)
    last = trainer.train_step()
    assert float(last.real - last.fake) > float(first.real - first.fake)
    assert float(last.real - last.fake) > 0.01


def test_a_small_generator_step_raises_the_score_of_what_it_makes(config: TrainConfig, dataset: ImageDataset) -> None:
    trainer = train(Trainer(config.replace(n_critic=1000, generator_lr=1e-5), dataset), 20)
    z = torch.randn(256, config.latent_dim, generator=torch.Generator().manual_seed(1))
    critic_before = torch.cat([parameter.detach().flatten().clone() for parameter in trainer.critic.parameters()])
    gradients_before = [parameter.grad.clone() for parameter in trainer.critic.parameters() if parameter.grad is not None]
    with torch.no_grad():
        before = trainer.critic(trainer.generator(z)).mean()
    trainer.generator_step(z)
    with torch.no_grad():
        after = trainer.critic(trainer.generator(z)).mean()
    assert after > before
    assert torch.equal(critic_before, torch.cat([parameter.detach().flatten() for parameter in trainer.critic.parameters()]))
    for parameter, gradient in zip(trainer.critic.parameters(), gradients_before, strict=True):
        assert parameter.requires_grad
        assert parameter.grad is not None and torch.equal(parameter.grad, gradient)


def test_the_generator_never_meets_an_unclipped_critic(config: TrainConfig, dataset: ImageDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = Trainer(config.replace(critic_lr=0.1), dataset)
    largest: list[float] = []
    real_step = trainer.generator_step

    def spy(z: torch.Tensor, classes: torch.Tensor | None) -> torch.Tensor:
        largest.append(max(float(parameter.detach().abs().max()) for parameter in trainer.critic.parameters()))
        return real_step(z, classes)

    monkeypatch.setattr(trainer, "generator_step", spy)
    train(trainer, 15)
    trainer.configure(trainer.config.replace(clip_value=0.01))
    train(trainer, 15)
    assert largest[:5] == [pytest.approx(0.05)] * 5
    assert largest[5:] == [pytest.approx(0.01)] * 5


def test_clipping_reaches_every_parameter_and_only_what_lies_outside(config: TrainConfig) -> None:
    critic = build_critic(config, (1, 8, 8))
    with torch.no_grad():
        for parameter in critic.parameters():
            parameter.copy_(torch.linspace(-1, 1, parameter.numel()).reshape(parameter.shape))
    expected = [parameter.detach().numpy().clip(-0.3, 0.3) for parameter in critic.parameters()]
    clip_weights(critic.parameters(), 0.3)
    for parameter, array in zip(critic.parameters(), expected, strict=True):
        assert (parameter.detach().numpy() == array.astype("float32")).all()


def test_critic_gradients_are_those_of_one_batch(config: TrainConfig, dataset: ImageDataset) -> None:
    """The walkthrough's own code never zeroes them; here a second step must not contain the first."""
    trainer = Trainer(config.replace(critic_lr=1e-12, clip_value=10), dataset)
    real, z = trainer.next_batch(), trainer.draw_noise(16)
    trainer.critic_step(real, z)
    once = [parameter.grad.clone() for parameter in trainer.critic.parameters() if parameter.grad is not None]
    trainer.critic_step(real, z)
    for parameter, gradient in zip(trainer.critic.parameters(), once, strict=True):
        assert parameter.grad is not None and torch.allclose(parameter.grad, gradient, rtol=1e-4, atol=1e-9)


def test_a_critic_step_sends_nothing_to_the_generator(config: TrainConfig, dataset: ImageDataset) -> None:
    trainer = train(Trainer(config.replace(n_critic=1000), dataset), 3)
    for parameter in trainer.generator.parameters():
        assert parameter.grad is not None and not parameter.grad.any()


def test_n_critic_counts_across_epochs_and_edits(config: TrainConfig, dataset: ImageDataset) -> None:
    trainer = Trainer(config.replace(n_critic=6), dataset)  # an epoch has four batches
    assert [train(trainer, 1).generator_updates for _ in range(13)] == [0] * 5 + [1] * 6 + [2] * 2
    train(trainer, 3)  # four since the last
    trainer.configure(trainer.config.replace(n_critic=2))
    assert train(trainer, 1).generator_updates == 3  # due at once
    assert train(trainer, 2).generator_updates == 4


def test_the_generator_step_draws_fresh_noise(config: TrainConfig, dataset: ImageDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = Trainer(config.replace(n_critic=1), dataset)
    drawn: list[torch.Tensor] = []
    draw = trainer._ahead._normal
    monkeypatch.setattr(trainer._ahead, "_normal", lambda count: drawn.append(draw(count)) or drawn[-1])
    trainer.train_step()
    assert len(drawn) == 2 and not torch.equal(drawn[0], drawn[1])


def test_an_epoch_shows_every_image_once_and_each_epoch_another_order(config: TrainConfig) -> None:
    numbered = ImageDataset("numbered", torch.arange(64, dtype=torch.uint8).reshape(64, 1, 1, 1).expand(64, 1, 8, 8).contiguous())
    trainer = Trainer(config, numbered)
    epochs: list[list[int]] = []
    for _ in range(2):
        seen: list[int] = []
        for _ in range(4):
            seen += ((trainer.next_batch()[:, 0, 0, 0] + 1) * 127.5).round().int().tolist()
            trainer.step += 1
        epochs.append(seen)
    assert sorted(epochs[0]) == sorted(epochs[1]) == list(range(64))
    assert epochs[0] != epochs[1]


def test_same_seed_same_bits_another_seed_other_bits(config: TrainConfig, dataset: ImageDataset) -> None:
    first, second = train(Trainer(config, dataset), 20), train(Trainer(config, dataset), 20)
    assert torch.equal(all_weights(first), all_weights(second))
    assert not torch.equal(all_weights(first), all_weights(train(Trainer(config.replace(seed=1), dataset), 20)))


def test_looking_at_samples_does_not_change_the_training(config: TrainConfig, dataset: ImageDataset) -> None:
    plain, watched = Trainer(config, dataset), Trainer(config, dataset)
    for _ in range(10):
        plain.train_step()
        watched.train_step()
        watched.sample(fixed_latents(0, 8, config.latent_dim))
    assert torch.equal(all_weights(plain), all_weights(watched))


@pytest.mark.parametrize("steps", [1, 4, 7, 12, 13])
def test_resuming_changes_no_bit(config: TrainConfig, dataset: ImageDataset, tmp_path: Path, steps: int) -> None:
    """Through real files; an epoch has 4 steps and n_critic is 3, so both are cut in the middle."""
    whole = train(Trainer(config, dataset), 2 * steps)
    half = train(Trainer(config, dataset), steps)
    folder = RunFolder.create(tmp_path / "run", config)
    assert Recorder(folder).save(half)
    resumed = Trainer(config, dataset)
    resumed.load_state_dict(folder.read_step(steps))
    assert (resumed.step, resumed.generator_updates) == (steps, steps // 3)
    train(resumed, steps)
    assert torch.equal(all_weights(whole), all_weights(resumed))
    assert torch.equal(whole.last_generator_loss.nan_to_num(), resumed.last_generator_loss.nan_to_num())


def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(config: TrainConfig, dataset: ImageDataset) -> None:
    trainer = train(Trainer(config, dataset), 4)
    before = all_weights(trainer)
    other = train(Trainer(config.replace(critic_widths=(24, 13)), dataset), 4)
    with pytest.raises(StateMismatch, match=r"critic: layers\.2\.weight has shape \[13, 24\] where \[12, 24\] belongs"):
        trainer.load_state_dict(other.state_dict())
    damaged = train(Trainer(config.replace(seed=9), dataset), 4).state_dict()
    damaged["generator"]["layers.0.weight"][0, 0] = math.nan
    with pytest.raises(StateMismatch, match=r"layers\.0\.weight holds numbers that are not finite"):
        trainer.load_state_dict(damaged)
    assert torch.equal(all_weights(trainer), before)


def test_only_live_settings_change_in_a_running_trainer(config: TrainConfig, dataset: ImageDataset) -> None:
    trainer = Trainer(config, dataset)
    trainer.configure(config.replace(critic_lr=0.25, generator_lr=0.125))
    assert trainer.critic_optimizer.param_groups[0]["lr"] == 0.25
    assert trainer.generator_optimizer.param_groups[0]["lr"] == 0.125
    with pytest.raises(ValueError, match="batch_size cannot change while a run trains"):
        trainer.configure(config.replace(batch_size=8))


def test_too_few_images_for_a_batch(config: TrainConfig, dataset: ImageDataset) -> None:
    with pytest.raises(ValueError, match="70 images, fewer than one batch of 128: lower the batch size"):
        Trainer(config.replace(batch_size=128), dataset)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA GPU here")
def test_cuda_where_there_is_none(config: TrainConfig, dataset: ImageDataset) -> None:
    with pytest.raises(ConfigError, match="PyTorch finds no CUDA GPU here: choose auto or cpu"):
        Trainer(config.replace(device="cuda"), dataset)


def test_pytorch_initialisation_is_that_of_pytorch(config: TrainConfig) -> None:
    """Drawn from a generator of our own, it gives what a globally seeded PyTorch gives."""
    torch.manual_seed(42)
    theirs = build_generator(config, (1, 8, 8))
    ours = build_generator(config, (1, 8, 8))
    initialise(ours, "pytorch", torch.Generator().manual_seed(42))
    for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(a, b)


def test_normal_initialisation_reaches_linear_layers(config: TrainConfig) -> None:
    generator = build_generator(config.replace(generator_widths=(256, 256)), (1, 8, 8))
    initialise(generator, "normal", torch.Generator().manual_seed(0))
    linear = [module for module in generator.modules() if isinstance(module, torch.nn.Linear)]
    assert all(float(module.bias.detach().abs().max()) == 0 for module in linear)
    assert float(linear[1].weight.detach().std()) == pytest.approx(0.02, rel=0.02)


def test_networks_are_the_walkthroughs() -> None:
    config = TrainConfig()
    generator, critic = build_generator(config, (1, 32, 32)), build_critic(config, (1, 32, 32))
    # Counted by hand: Linear n·m + m, BatchNorm 2·m.
    assert parameter_count(generator) == 12_928 + (33_024 + 512) + (131_584 + 1024) + (525_312 + 2048) + 1_049_600
    assert parameter_count(critic) == 524_800 + 131_328 + 257
    assert [module.eps for module in generator.modules() if isinstance(module, torch.nn.BatchNorm1d)] == [0.8] * 3
    assert critic(torch.zeros(5, 1, 32, 32)).shape == (5, 1)
    assert build_generator(config, (3, 16, 16))(torch.zeros(4, 100)).shape == (4, 3, 16, 16)


def test_one_latent_gives_one_image_whatever_else_is_in_the_batch(config: TrainConfig, dataset: ImageDataset) -> None:
    trainer = train(Trainer(config, dataset), 6)
    z = fixed_latents(3, 9, config.latent_dim)
    together, alone = trainer.sample(z)[4], trainer.sample(z[4:5])[0]
    assert torch.allclose(together, alone, atol=1e-6)
    assert torch.equal(fixed_latents(7, 1, config.latent_dim)[0], z[4])


# Warm-up, the mistake in the published code, the averaged generator, bfloat16.


def test_the_original_warm_up(config: TrainConfig, dataset: ImageDataset) -> None:
    """100 critic updates before each of the first 25 generator updates and before every 500th, as in the WGAN authors' main.py."""
    trainer = Trainer(config.replace(critic_warmup="original", n_critic=2), dataset)
    wanted = []
    for generator_updates in (0, 24, 25, 499, 500, 501, 1000):
        trainer.generator_updates = generator_updates
        wanted.append(trainer.critic_updates_wanted)
    assert wanted == [100, 100, 2, 2, 100, 2, 100]
    trainer.generator_updates = 24
    assert [train(trainer, 1).generator_updates for _ in range(104)] == [24] * 99 + [25] * 2 + [26] * 2 + [27]


@pytest.mark.slow
def test_gradients_that_are_never_zeroed_pile_up(config: TrainConfig, dataset: ImageDataset, tmp_path: Path) -> None:
    """The walkthrough's published mistake: its sum holds the generator's updates too, outlives a resume, and saturates the weights."""
    fresh, piled = (Trainer(config.replace(critic_gradients=how, max_steps=500), dataset) for how in ("fresh", "accumulated"))
    norms = {}
    for trainer in (fresh, piled):
        train(trainer, 200)
        norms[trainer.config.critic_gradients] = float(trainer._flat_critic.gradient.norm())
    assert norms["accumulated"] > 20 * norms["fresh"]
    at_the_edge = [float((linear_layer(t.critic, 0).weight.abs() > 0.99 * config.clip_value).float().mean()) for t in (fresh, piled)]
    assert at_the_edge[1] > at_the_edge[0] + 0.1

    folder = RunFolder.create(tmp_path / "run", piled.config)
    assert Recorder(folder).save(piled)
    resumed = Trainer(piled.config, dataset)
    resumed.load_state_dict(folder.read_step(200))
    assert torch.equal(all_weights(train(resumed, 4)), all_weights(train(piled, 4)))
    with pytest.raises(StateMismatch, match="the critic's accumulated gradients are missing"):
        piled.load_state_dict(fresh.state_dict())


def test_the_averaged_generator(config: TrainConfig, dataset: ImageDataset, tmp_path: Path) -> None:
    """The recursion written out in float64; its first updates have the decay (1 + n) / (10 + n)."""
    config = config.replace(ema_decay=0.4, n_critic=1)
    trainer = Trainer(config, dataset)
    expected = [parameter.detach().double() for parameter in trainer.generator.parameters()]
    for update in range(12):
        train(trainer, 1)
        decay = min(0.4, (1 + update) / (10 + update))
        now = [parameter.detach().double() for parameter in trainer.generator.parameters()]
        expected = [decay * old + (1 - decay) * new for old, new in zip(expected, now, strict=True)]
    assert trainer.averaged_generator is not None
    for ours, theirs in zip(trainer.averaged_generator.parameters(), expected, strict=True):
        assert torch.allclose(ours.double(), theirs, atol=1e-6)
    z = fixed_latents(0, 4, config.latent_dim)
    assert not torch.allclose(trainer.sample(z), trainer.sample(z, averaged=True), atol=1e-4)

    folder = RunFolder.create(tmp_path / "run", config)
    assert Recorder(folder).save(trainer)
    resumed = Trainer(config, dataset)
    resumed.load_state_dict(folder.read_step(12))
    assert torch.equal(train(resumed, 3).sample(z, averaged=True), train(trainer, 3).sample(z, averaged=True))
    without = {part: tensors for part, tensors in trainer.state_dict().items() if part != "averaged"}
    with pytest.raises(StateMismatch, match=r"averaged: layers\.0\.weight is missing"):
        resumed.load_state_dict(without)


def test_averaging_does_not_change_the_training(config: TrainConfig, dataset: ImageDataset) -> None:
    assert torch.equal(
        all_weights(train(Trainer(config, dataset), 12)), all_weights(train(Trainer(config.replace(ema_decay=0.9), dataset), 12))
    )


def test_the_fused_rmsprop_is_rmsprop() -> None:
    rng = torch.Generator().manual_seed(0)
    ours, theirs = torch.nn.Parameter(torch.zeros(1000)), torch.nn.Parameter(torch.zeros(1000))
    fused, plain = _fused_rmsprop(ours, 1e-3), torch.optim.RMSprop([theirs], lr=1e-3)
    for step in range(300):
        ours.grad = torch.randn(1000, generator=rng) * 10.0 ** -(step % 9)
        theirs.grad = ours.grad.clone()
        fused.step()
        plain.step()
        if step == 0:
            assert torch.allclose(ours.abs(), torch.tensor(1e-2), rtol=1e-3)  # no correction of the first step: lr / sqrt(1 - 0.99)
    assert torch.allclose(ours, theirs, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("changes", [{}, {"lipschitz": "gradient-penalty", "optimizer": "adam"}, {"critic_norm": "layer"}])
def test_bfloat16_trains_and_resumes(config: TrainConfig, dataset: ImageDataset, tmp_path: Path, changes: dict[str, str]) -> None:
    config = config.replace(precision="bfloat16", n_critic=6, **changes)
    trainer = train(Trainer(config, dataset), 8)
    assert all(parameter.dtype == torch.float32 for parameter in trainer.critic.parameters())
    folder = RunFolder.create(tmp_path / "run", config)
    assert Recorder(folder).save(trainer)
    resumed = Trainer(config, dataset)
    resumed.load_state_dict(folder.read_step(8))
    assert torch.equal(all_weights(train(resumed, 8)), all_weights(train(trainer, 8)))
    reference = train(Trainer(config.replace(precision="float32"), dataset), 16)
    assert torch.nn.functional.cosine_similarity(all_weights(trainer), all_weights(reference), dim=0) > 0.999


# The gradient penalty.


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 32, 32), (1, 28, 28), (2,), (3, 5, 7)])
def test_the_penalty_of_a_linear_critic_is_known(shape: tuple[int, ...]) -> None:
    """f(x) = a · x has the slope ‖a‖ everywhere; with ‖a‖ = 3 the penalty is (3 - 1)² = 4, whatever the shape."""
    rng = torch.Generator().manual_seed(0)
    a = torch.randn(shape, generator=rng)
    a *= 3 / a.norm()
    real, fake = torch.randn(6, *shape, generator=rng), torch.randn(6, *shape, generator=rng)
    alpha = torch.rand(6, *[1] * len(shape), generator=rng)
    penalty = gradient_penalty(lambda x: (x * a).flatten(1).sum(1, keepdim=True), real, fake, alpha)
    assert penalty.item() == pytest.approx(4.0, rel=1e-5)


def test_the_penalty_looks_between_real_and_generated_images() -> None:
    """f(x) = x²/2 has the slope |x|: the penalty tells where it was taken."""
    real, fake, alpha = torch.full((4, 1), 2.0), torch.full((4, 1), 10.0), torch.tensor([[0.0], [0.25], [0.5], [1.0]])
    penalty = gradient_penalty(lambda x: x.square() / 2, real, fake, alpha)
    assert penalty.item() == pytest.approx(((10 - 1) ** 2 + (8 - 1) ** 2 + (6 - 1) ** 2 + (2 - 1) ** 2) / 4)


def test_a_flat_critic_gets_a_finite_gradient() -> None:
    weight = torch.zeros(3, requires_grad=True)
    gradient_penalty(lambda x: x @ weight[:, None], torch.ones(2, 3), torch.zeros(2, 3), torch.rand(2, 1)).backward()
    assert weight.grad is not None and weight.grad.isfinite().all()


def test_points_are_drawn_uniformly_one_for_each_image(config: TrainConfig, dataset: ImageDataset, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = Trainer(config.replace(lipschitz="gradient-penalty", n_critic=1000), dataset)
    drawn: list[torch.Tensor] = []
    update = trainer._ascend
    monkeypatch.setattr(trainer, "_ascend", lambda *parts, **rest: drawn.append(parts[2]) or update(*parts, **rest))
    train(trainer, 60)
    assert len(drawn) == 60 and drawn[0].shape == (16, 1, 1, 1)
    alpha = torch.cat(drawn).flatten()
    assert alpha.min() >= 0 and alpha.max() < 1
    # Uniform: mean 1/2, variance 1/12; five standard errors.
    assert float(alpha.mean()) == pytest.approx(0.5, abs=5 * (1 / 12 / len(alpha)) ** 0.5)
    assert float(alpha.var()) == pytest.approx(1 / 12, abs=0.01)


def test_only_clipping_clips(config: TrainConfig, dataset: ImageDataset) -> None:
    for method in ("gradient-penalty", "none"):
        assert largest_weight(train(Trainer(config.replace(lipschitz=method), dataset), 5)) > 2 * config.clip_value
    assert largest_weight(train(Trainer(config, dataset), 5)) <= config.clip_value * (1 + 1e-6)


@pytest.mark.slow
def test_the_penalty_holds_the_slope_near_one_and_nothing_does_not(config: TrainConfig, dataset: ImageDataset) -> None:
    slopes = {}
    for method in ("gradient-penalty", "none"):
        trainer = Trainer(config.replace(lipschitz=method, optimizer="adam", n_critic=1000), dataset)
        train(trainer, 300)
        between = (trainer.next_batch() * 0.5 + trainer.sample(trainer.draw_noise(16)) * 0.5).requires_grad_()
        (gradient,) = torch.autograd.grad(trainer.critic(between).sum(), between)
        slopes[method] = float(gradient.flatten(1).norm(dim=1).mean())
    assert slopes["gradient-penalty"] == pytest.approx(1, abs=0.25)
    assert slopes["none"] > 3


@pytest.mark.parametrize("steps", [4, 7])
def test_resuming_changes_no_bit_with_adam_and_the_penalty(config: TrainConfig, dataset: ImageDataset, tmp_path: Path, steps: int) -> None:
    config = config.replace(lipschitz="gradient-penalty", optimizer="adam", adam_beta1=0.3)
    whole = train(Trainer(config, dataset), 2 * steps)
    folder = RunFolder.create(tmp_path / "run", config)
    assert Recorder(folder).save(train(Trainer(config, dataset), steps))
    resumed = Trainer(config, dataset)
    resumed.load_state_dict(folder.read_step(steps))
    assert torch.equal(all_weights(whole), all_weights(train(resumed, steps)))
    with pytest.raises(StateMismatch, match="the optimiser's state of generator_optimizer.0 does not fit"):
        Trainer(config.replace(optimizer="rmsprop"), dataset).load_state_dict(folder.read_step(steps))


def test_the_recorded_critic_loss_contains_the_penalty_and_the_estimate_does_not(
    config: TrainConfig, dataset: ImageDataset, tmp_path: Path
) -> None:
    trainer = Trainer(config.replace(lipschitz="gradient-penalty"), dataset)
    recorder = Recorder(RunFolder.create(tmp_path / "run", trainer.config))
    scores = trainer.train_step()
    recorder.record(trainer, scores, 0.0)
    recorder.flush()
    (row,) = recorder.history.view()
    assert float(scores.penalty) > 0.1
    assert row[3] == pytest.approx(float(scores.real) - float(scores.fake), abs=1e-7)
    assert row[4] == pytest.approx(float(scores.penalty) - row[3], rel=1e-6)
