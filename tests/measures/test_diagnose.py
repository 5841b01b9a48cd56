"""What a specimen of a run tells, against closed forms and textbook autograd."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn

from tests.trainers import same, states, train
from wgan_core.config import TrainConfig
from wgan_core.data.dataset import Dataset, ImageDataset, to_unit_range
from wgan_core.measures import diagnose
from wgan_core.measures.diagnose import (
    Specimen,
    clip_boundary,
    critic_depth,
    examine,
    generator_depth,
    mode_gap,
    overfit_gap,
    take_specimen,
)
from wgan_core.training.models import DCGANCritic, DCGANGenerator, MLPCritic, MLPGenerator
from wgan_core.training.trainer import Trainer


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def real_of(dataset: Dataset, n: int = 48) -> torch.Tensor:
    return to_unit_range(dataset.data[:n])


# The specimen.


def test_a_specimen_stays_as_it_was_taken(config: TrainConfig, dataset: ImageDataset) -> None:
    trainer = train(Trainer(config, dataset), 7)
    z = torch.randn(10, config.latent_dim, generator=rng())
    images, scores = trainer.sample(z), trainer.score(trainer.sample(z))
    specimen = take_specimen(trainer)
    train(trainer, 7)
    assert torch.equal(specimen.generate(z), images)
    assert torch.allclose(specimen.critic(images.double())[:, 0].float(), scores, rtol=1e-5)
    assert (specimen.step, specimen.generator_updates, specimen.config) == (7, 2, config)
    assert all(parameter.dtype == torch.float64 and not parameter.requires_grad for parameter in specimen.critic.parameters())


def test_taking_and_examining_a_specimen_changes_nothing_of_the_run(config: TrainConfig, dataset: ImageDataset) -> None:
    trainer, other = train(Trainer(config, dataset), 7), train(Trainer(config, dataset), 7)
    specimen = take_specimen(trainer)
    examine(specimen, real_of(dataset))
    mode_gap(specimen, n=32)
    overfit_gap(specimen, real_of(dataset), real_of(dataset))
    assert trainer.generator.training and trainer.critic.training
    assert all(parameter.requires_grad for network in (trainer.generator, trainer.critic) for parameter in network.parameters())
    train(trainer, 7)
    train(other, 7)
    assert same(states(trainer), states(other))


def test_the_moving_average_can_be_taken_instead(config: TrainConfig, dataset: ImageDataset) -> None:
    trainer = train(Trainer(config.replace(ema_decay=0.9), dataset), 9)
    z = torch.randn(4, config.latent_dim, generator=rng())
    assert torch.equal(take_specimen(trainer, averaged=True).generate(z), trainer.sample(z, averaged=True))
    assert not torch.equal(take_specimen(trainer).generate(z), trainer.sample(z, averaged=True))


def test_train_mode_takes_the_statistics_of_batches_of_the_runs_size(config: TrainConfig, dataset: ImageDataset) -> None:
    trainer = train(Trainer(config, dataset), 3)
    specimen = take_specimen(trainer)
    z = torch.randn(2 * config.batch_size, config.latent_dim, generator=rng())
    generator = copy.deepcopy(trainer.generator).train()
    with torch.no_grad():
        expected = torch.cat([generator(z[: config.batch_size]), generator(z[config.batch_size :])])
    assert torch.equal(specimen.generate(z, "train"), expected)
    assert torch.equal(specimen.generate(z, "train"), expected)
    assert not torch.allclose(specimen.generate(z), expected, atol=1e-3)


# The clip boundary.


def test_the_share_of_weights_at_the_boundary() -> None:
    critic = MLPCritic((2,), (4,), 0.2).requires_grad_(False)
    first, last = (layer for layer in critic.layers if isinstance(layer, nn.Linear))
    first.weight.copy_(torch.tensor([[0.1, -0.1], [0.0991, -0.0989], [0.0, 0.05], [0.1, 0.02]]))
    first.bias.fill_(0.1)  # does not count
    last.weight.copy_(torch.tensor([[0.2, -0.1, 0.0, 0.0]]))
    one, two = clip_boundary(critic, 0.1)
    assert (one.name, two.name) == ("layer 1", "layer 2")
    assert (one.at_boundary, one.beyond) == (0.5, 0)
    assert (two.at_boundary, two.beyond) == (0.25, 0.25)
    assert one.counts.sum() == 8 and two.counts.sum() == 4
    # Symmetric, and wide enough for both the weights and ±c.
    assert one.edges[[0, -1]].tolist() == pytest.approx([-0.1, 0.1])
    assert two.edges[[0, -1]].tolist() == pytest.approx([-0.2, 0.2])
    assert clip_boundary(critic, 1.0)[0].edges[[0, -1]].tolist() == [-1, 1]
    assert clip_boundary(critic, 1.0)[0].at_boundary == 0
    # Two weights of −0.1 and nearly −0.1 in the first bin, the zero just right of the middle.
    assert one.counts[0] == 2 and one.counts[30] == 1 and one.counts[-1] == 3


def test_the_share_moves_with_c(config: TrainConfig, dataset: ImageDataset) -> None:
    trainer = train(Trainer(config, dataset), 30)
    before = take_specimen(trainer)
    trainer.configure(config.replace(clip_value=0.02))
    trainer.train_step()
    wide, narrow = (clip_boundary(s.critic, s.config.clip_value) for s in (before, take_specimen(trainer)))
    assert [layer.clip_value for layer in (wide[0], narrow[0])] == [0.05, 0.02]
    assert narrow[0].at_boundary > wide[0].at_boundary + 0.2
    assert max(layer.beyond for layer in (*wide, *narrow)) == 0


def test_default_weights_are_mostly_clipped_at_the_first_update() -> None:
    """U(−1/√n, 1/√n) clipped to c: a share of 1 − c √n ends at the boundary; 84, 89 and 92 % for the walkthrough's critic."""
    critic = MLPCritic((1, 32, 32), (512, 256), 0.2).requires_grad_(False)
    for parameter in critic.parameters():
        parameter.clamp_(-0.005, 0.005)
    expected = [1 - 0.005 * math.sqrt(n) for n in (1024, 512, 256)]
    assert [layer.at_boundary for layer in clip_boundary(critic, 0.005)] == pytest.approx(expected, abs=0.05)


def test_float16_weights_at_the_boundary_are_not_beyond_it() -> None:
    critic = MLPCritic((2,), (4,), 0.2).requires_grad_(False)
    for parameter in critic.parameters():
        parameter.fill_(float(torch.tensor(0.005).half()))
    assert [(layer.at_boundary, layer.beyond) for layer in clip_boundary(critic, 0.005)] == [(1, 0), (1, 0)]


@pytest.mark.parametrize("broken", [math.inf, -math.inf, math.nan])
def test_weights_that_are_not_finite_are_left_out_of_the_histogram(broken: float) -> None:
    critic = MLPCritic((2,), (4,), 0.2).requires_grad_(False)
    first, last = (layer for layer in critic.layers if isinstance(layer, nn.Linear))
    first.weight.copy_(torch.tensor([[0.1, broken], [0.05, 0.0], [0.0, 0.05], [0.2, 0.02]]))
    last.weight.fill_(broken)
    one, two = clip_boundary(critic, 0.1)
    assert one.counts.sum() == 7 and one.edges[[0, -1]].tolist() == pytest.approx([-0.2, 0.2])
    assert (one.at_boundary, one.beyond) == (0.125, 0.25 if math.isinf(broken) else 0.125)  # the shares are of all weights
    assert two.counts.sum() == 0 and two.edges[[0, -1]].tolist() == pytest.approx([-0.1, 0.1])
    assert clip_boundary(critic, None)[1].counts.sum() == 0


def test_without_a_clip_value_there_is_no_share() -> None:
    layer = clip_boundary(MLPCritic((2,), (4,), 0.2), None)[0]
    assert math.isnan(layer.at_boundary) and math.isnan(layer.beyond) and layer.counts.sum() == 8


# The gradient against depth.


def test_gradients_at_each_layer_are_those_of_textbook_autograd() -> None:
    critic = MLPCritic((3,), (5, 4), 0.2).double()
    real, fake = torch.randn(2, 8, 3, generator=rng(), dtype=torch.float64)
    found = critic_depth(critic, real, fake)
    weights = [layer for layer in critic.layers if isinstance(layer, nn.Linear)]
    h0 = torch.cat((real, fake)).requires_grad_()
    h1 = nn.functional.leaky_relu(weights[0](h0), 0.2)
    h2 = nn.functional.leaky_relu(weights[1](h1), 0.2)
    scores = weights[2](h2)
    loss = scores[8:].mean() - scores[:8].mean()
    expected = torch.autograd.grad(loss, [h0, h1, h2, *[layer.weight for layer in weights]])
    assert found.log10_norms == pytest.approx([math.log10(float(g.norm())) for g in expected[:3]], abs=1e-9)
    assert found.weight_rms == pytest.approx([float(g.square().mean().sqrt()) for g in expected[3:]], rel=1e-9)
    assert found.names == ("critic layer 1", "critic layer 2", "critic layer 3")


def test_the_generators_gradient_goes_through_both_networks() -> None:
    generator, critic = MLPGenerator(3, (1, 4, 4), (6, 7), 0.2, 0.8), MLPCritic((1, 4, 4), (5,), 0.2)
    z = torch.randn(16, 3, generator=rng())
    found = generator_depth(generator.eval(), critic, z)
    assert found.names == ("generator layer 1", "generator layer 2", "generator layer 3", "critic layer 1", "critic layer 2")
    twice = copy.deepcopy(generator).double().train()
    made = twice(z.double())
    made.retain_grad()
    (-copy.deepcopy(critic).double()(made).mean()).backward()
    assert made.grad is not None
    assert found.log10_norms[3] == pytest.approx(math.log10(float(made.grad.norm())), abs=1e-9)
    gradients = [layer.weight.grad for layer in twice.layers if isinstance(layer, nn.Linear)]
    expected = [float(gradient.square().mean().sqrt()) for gradient in gradients if gradient is not None]
    assert found.weight_rms[:3] == pytest.approx(expected, rel=1e-9)
    assert not generator.training and all(parameter.grad is None for parameter in (*generator.parameters(), *critic.parameters()))


def test_convolutions_have_a_depth_too() -> None:
    generator, critic = DCGANGenerator(5, (1, 28, 28), 4, 1e-5), DCGANCritic((1, 28, 28), 4, 0.2, "layer")
    found = generator_depth(generator, critic, torch.randn(4, 5, generator=rng()))
    assert len(found.names) == 8 and np.isfinite(found.log10_norms).all() and (found.weight_rms > 0).all()


@pytest.mark.parametrize("c", [0.1, 0.01, 0.001])
def test_a_deep_clipped_critic_loses_the_gradient_at_the_rate_of_theory(c: float) -> None:
    """Weights of random sign at ±c: each ReLU layer multiplies the norm by about c √(w/2). For c = 0.001 the norms fall to 1e-24, whose
    squares float32 does not have."""
    width, slopes = 128, []
    for seed in range(3):
        critic = MLPCritic((2,), (width,) * 12, 0.0).requires_grad_(False)
        for parameter in critic.parameters():
            parameter.copy_(c * torch.randn(parameter.shape, generator=rng(seed)).sign() * (parameter.ndim > 1))
        points = torch.randn(128, 2, generator=rng(1))
        found = critic_depth(critic, points, points.flip(0) + 3)
        assert np.isfinite(found.log10_norms).all()
        # The first layer has two inputs, the last one output: the twelve between are what the theory is about.
        slopes.append(-np.polyfit(np.arange(11), found.log10_norms[1:12], 1)[0])
        assert found.slope == pytest.approx(slopes[-1], abs=0.15)
    assert np.mean(slopes) == pytest.approx(math.log10(c * math.sqrt(width / 2)), abs=0.06)


def test_a_dead_critic_has_no_slope() -> None:
    critic = MLPCritic((2,), (4, 4), 0.2).requires_grad_(False)
    for parameter in critic.parameters():
        parameter.zero_()
    found = critic_depth(critic, torch.ones(4, 2), torch.zeros(4, 2))
    assert math.isnan(found.slope) and found.log10_norms.tolist() == [-math.inf] * 3


# All at once.


def test_examining_a_run(config: TrainConfig, dataset: ImageDataset) -> None:
    specimen = take_specimen(train(Trainer(config, dataset), 30))
    health = examine(specimen, real_of(dataset), seed=3)
    z = torch.randn(48, config.latent_dim, generator=rng(3))
    fake = specimen.generate(z)
    expected = float(specimen.critic(real_of(dataset).double()).mean() - specimen.critic(fake.double()).mean())
    assert (health.step, health.n) == (30, 48)
    assert health.estimate == pytest.approx(expected, rel=1e-9)
    assert health.norms is not None and len(health.norms.real) == 48
    assert health.constant.value and health.spectral.value and health.box.value
    assert health.constant.value <= health.spectral.value <= health.box.value
    assert health.box.value == pytest.approx(0.05**3 * 8 * 24 * 12)
    assert health.display_w1.value == pytest.approx(expected / health.constant.value)
    assert [layer.clip_value for layer in health.boundary] == [0.05] * 3
    assert health.generator_depth.names[:3] == ("generator layer 1", "generator layer 2", "generator layer 3")
    assert 0 < health.seconds < 10
    assert examine(specimen, real_of(dataset), seed=3).constant == health.constant


def test_examining_points_with_a_grid(config: TrainConfig) -> None:
    data = Dataset("points", torch.randn(200, 2, generator=rng()))
    specimen = take_specimen(train(Trainer(config, data), 30))
    grid = 100 * torch.cartesian_prod(torch.linspace(-1, 1, 9), torch.linspace(-1, 1, 9))
    health, without = examine(specimen, data.data[:64], extra=grid), examine(specimen, data.data[:64])
    assert health.constant.value and without.constant.value and health.spectral.value
    assert without.constant.value <= health.constant.value <= health.spectral.value


@pytest.mark.parametrize(
    ("changes", "missing", "reason"),
    [
        ({"critic_norm": "batch"}, ("constant", "display_w1", "spectral", "box"), "The critic has BatchNorm"),
        ({"critic_norm": "layer"}, ("spectral", "box"), "The critic has layer normalisation"),
        ({"lipschitz": "gradient-penalty"}, ("box",), "The critic's weights are not clipped"),
        ({"lipschitz": "none"}, ("box",), "The critic's weights are not clipped"),
    ],
)
def test_what_is_undefined_has_a_reason_instead(
    changes: dict[str, str], missing: tuple[str, ...], reason: str, config: TrainConfig, dataset: ImageDataset
) -> None:
    health = examine(take_specimen(train(Trainer(config.replace(**changes), dataset), 4)), real_of(dataset))
    for name in ("constant", "display_w1", "spectral", "box"):
        bound = getattr(health, name)
        assert (bound.value is None) == (name in missing), name
        assert bound.reason.startswith(reason) == (name in missing), (name, bound.reason)
    assert (health.norms is None) == ("constant" in missing)


def test_a_flat_critic_has_no_display_value(config: TrainConfig, dataset: ImageDataset) -> None:
    trainer = Trainer(config, dataset)
    with torch.no_grad():
        for parameter in trainer.critic.parameters():
            parameter.zero_()
    assert examine(take_specimen(trainer), real_of(dataset)).display_w1 == diagnose.Bound(None, "The critic is flat.")


# Smaller questions.


def specimen_of(generator: nn.Module, critic: nn.Module, config: TrainConfig) -> Specimen:
    return Specimen(config, 0, 0, generator.eval().requires_grad_(False), critic.eval().requires_grad_(False).double())


@pytest.mark.slow
def test_running_statistics_that_fit_make_no_difference(config: TrainConfig) -> None:
    torch.manual_seed(0)
    generator = MLPGenerator(config.latent_dim, (1, 8, 8), (16, 24), 0.2, 1e-5)
    config = config.replace(batch_size=256)
    before = mode_gap(specimen_of(generator, nn.Identity(), config))
    generator.train()
    draw = rng(1)
    with torch.no_grad():
        for _ in range(60):
            generator(torch.randn(256, config.latent_dim, generator=draw))
    after = mode_gap(specimen_of(generator, nn.Identity(), config))
    assert before is not None and after is not None
    assert before.n == after.n == 1024
    assert before.ratio > 3  # the statistics that BatchNorm begins with are of no data
    assert after.ratio == pytest.approx(1, abs=0.35)


def test_without_batchnorm_there_are_no_modes(config: TrainConfig) -> None:
    generator = MLPGenerator(config.latent_dim, (1, 8, 8), (16, 24), 0.2, 1e-5, "none")
    assert mode_gap(specimen_of(generator, nn.Identity(), config)) is None


class Constant(nn.Module):
    """Makes the point (3, 0) of every latent."""

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return torch.tensor([[3.0, 0.0]]).expand(len(z), 2)


def test_what_the_critic_knows_by_heart(config: TrainConfig) -> None:
    critic = nn.Linear(2, 1, bias=False)
    critic.weight.data = torch.tensor([[2.0, 0.0]])
    training = torch.tensor([[10.0, 0.0], [12.0, 5.0], [14.0, 1.0], [16.0, 0.0]])
    gap = overfit_gap(specimen_of(Constant(), critic, config), training, training - torch.tensor([4.0, 1.0]))
    assert (gap.gap, gap.estimate, gap.n) == (8, 20, 4)
    assert gap.share == pytest.approx(0.4)
    sd = float((2 * training[:, 0]).std())
    assert gap.standard_error == pytest.approx(sd * math.sqrt(2 / 4))
    assert gap.noise == pytest.approx(2 * sd * math.sqrt(2 / 4) / 20)


def test_more_held_out_samples_than_training_samples_lessen_the_noise(config: TrainConfig) -> None:
    """The variance of a difference of two means is the sum of theirs."""
    critic = nn.Linear(2, 1, bias=False)
    critic.weight.data = torch.tensor([[1.0, 0.0]])
    rng = torch.Generator().manual_seed(0)
    training, held_out = torch.randn(50, 2, generator=rng), torch.randn(800, 2, generator=rng)
    gap = overfit_gap(specimen_of(Constant(), critic, config), training, held_out)
    variances = float(training[:, 0].var()) / 50, float(held_out[:, 0].var()) / 800
    assert gap.standard_error == pytest.approx(math.sqrt(sum(variances)), rel=1e-5) and gap.n == 50


def test_movement_is_in_units_of_the_data() -> None:
    before = torch.zeros(4, 1, 2, 2)
    after = before.clone()
    after[0, 0, 0] = 3.0  # one of four samples moves by √18
    moved = diagnose.movement(before, after, typical=10.0, generator_updates=30)
    assert moved.share == pytest.approx(math.sqrt(18 / 4) / 10) and moved.generator_updates == 30


def test_copied_weights_stay_what_they_were(config: TrainConfig, dataset: ImageDataset) -> None:
    trainer = train(Trainer(config, dataset), 7)
    z = torch.randn(5, config.latent_dim)
    expected, scores = trainer.sample(z), trainer.score(to_unit_range(dataset.data[:5]))
    copied = diagnose.copy_weights(trainer)
    train(trainer, 7)
    specimen = copied.specimen()
    assert (specimen.step, specimen.generator_updates) == (7, 2)
    assert torch.equal(specimen.generate(z), expected) and not torch.equal(trainer.sample(z), expected)
    assert torch.allclose(specimen.critic(to_unit_range(dataset.data[:5]).double())[:, 0].float(), scores, rtol=1e-5)
