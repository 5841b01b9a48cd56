"""The laboratory's WGANs: what is done at each stage, and what is said to be seen, against textbook loops and other libraries."""

from __future__ import annotations

from typing import Any

import numpy as np
import ot
import pytest
import torch
from scipy import stats

from tests.lab_setup import PENALISED, SMALL, trainer
from tests.networks import linear_layers
from tests.trainers import all_weights, largest_weight, weights
from wgan_core.config import TrainConfig
from wgan_core.data import toy
from wgan_core.lab import stages
from wgan_core.lab.frame import GRID, MESH, MESH_EDGE, POINTS, View
from wgan_core.training.trainer import Trainer

# One cycle, taken apart.


@pytest.mark.parametrize("config", [SMALL, PENALISED, SMALL.replace(lipschitz="none"), SMALL.replace(critic_norm="layer")])
def test_cycles_are_the_engines_training_bit_for_bit(config: TrainConfig) -> None:
    apart, plain = trainer(config), trainer(config)
    seen = [[(stage.part, stage.update) for stage in stages.cycle([apart], "both")] for _ in range(4)]
    for _ in range(12):
        plain.train_step()
    assert apart.step == 12 and apart.generator_updates == 4
    assert torch.equal(all_weights(apart), all_weights(plain))
    one_update = ["batch", "scores", "ascent", "clip"]
    assert seen[0] == [*((part, update) for update in (1, 2, 3) for part in one_update), ("push", 0), ("move", 0)]


@pytest.mark.parametrize("objective", ["minimax", "non-saturating"])
def test_the_arrows_of_a_gan_are_the_gradients_of_its_loss(objective: Any) -> None:
    """−∂(generator loss)/∂x at each point, times their number, by autograd through PyTorch's own cross-entropy."""
    one = trainer(SMALL.replace(objective=objective, lipschitz="none", optimizer="adam"))
    for _ in range(30):
        one.train_step()
    frame = View(one.config, one.data).look(one)
    points = torch.from_numpy(frame.generated.copy()).requires_grad_()
    logits, target = one.critic(points), float(objective == "non-saturating")
    loss = torch.nn.functional.binary_cross_entropy_with_logits(logits, torch.full_like(logits, target), reduction="sum")
    (slope,) = torch.autograd.grad(loss if target else -loss, points)
    np.testing.assert_allclose(frame.uphill, -slope.numpy(), rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(("objective", "number"), [("minimax", "Jensen-Shannon bound"), ("hinge", "Discriminator loss")])
def test_a_gan_is_spoken_of_as_one(objective: Any, number: str) -> None:
    gan = SMALL.replace(objective=objective, lipschitz="none")
    one, view = trainer(gan), View(gan, trainer(gan).data)
    before = view.look(one)
    assert stages.estimate_word(gan) == number
    for stage in stages.cycle([one], "both"):
        now = view.look(one)
        said = " ".join((*stages.caption(stage, gan), stages.numbers(stage, gan, before, now)))
        assert "critic" not in said.lower() and "wasserstein" not in said.lower() and "Estimate" not in said
    guess = 0 if objective == "minimax" else 2
    assert before.estimate == pytest.approx(guess, abs=0.1)  # an untrained discriminator knows nothing
    assert np.isnan(view.measure(one).scaled)


def test_each_stage_has_done_what_it_tells_of() -> None:
    one = trainer(SMALL.replace(clip_value=0.02, critic_lr=0.01))
    one.train_step()
    view = View(one.config, one.data)
    before, beyond = (weights(one.generator), weights(one.critic)), []
    for stage in stages.cycle([one], "both"):
        now = weights(one.generator), weights(one.critic)
        generator_moved, critic_moved = (not torch.equal(*pair) for pair in zip(before, now, strict=True))
        assert critic_moved == (stage.part in ("ascent", "clip"))
        assert generator_moved == (stage.part == "move")
        outside = [layer.beyond for layer in view.look(one).layers]
        assert (max(outside) > 0) == (stage.part == "ascent") == (largest_weight(one) > 0.02)
        beyond += outside if stage.part == "ascent" else []
        before = now
    assert len(beyond) == 2 * 3  # one update was done before: two are left, of three layers


@pytest.mark.parametrize(("who", "steps", "updates"), [("critic", 6, 0), ("generator", 0, 2), ("both", 6, 2)])
def test_either_network_can_train_alone(who: stages.Who, steps: int, updates: int) -> None:
    one = trainer()
    for _ in range(2):
        list(stages.cycle([one], who))
    assert (one.step, one.generator_updates) == (steps, updates)


def test_a_cycle_of_a_critic_that_is_ahead_begins_with_the_generator() -> None:
    one = trainer()
    for _ in range(7):
        one.ascend()
        one.clip()
    assert [stage.part for stage in stages.cycle([one], "both")] == ["push", "move"]
    assert [stage.update for stage in stages.cycle([one], "both")][:1] == [1]


def test_captions_name_the_numbers_of_this_run() -> None:
    stage = stages.Stage("clip", 2, 5)
    assert stages.caption(stage, SMALL.replace(clip_value=0.03))[0] == "Critic update 2 of 5: clip"
    assert "set back to ±0.03" in stages.caption(stage, SMALL.replace(clip_value=0.03))[1]
    assert "gradient penalty" in stages.caption(stage, PENALISED)[1]
    assert "Nothing keeps this critic" in stages.caption(stage, SMALL.replace(lipschitz="none"))[1]
    assert "One step of Adam" in stages.caption(stages.Stage("ascent", 1, 5), PENALISED)[1]
    one = trainer(SMALL.replace(clip_value=0.05))
    view = View(one.config, one.data)
    first = view.look(one)
    list(stages.cycle([one], "both"))
    now = view.look(one)
    told = stages.numbers(stages.Stage("clip", 1, 3), one.config, first, now)
    flat = torch.cat([layer.weight.detach().flatten() for layer in linear_layers(one.critic)])
    share = float((flat.abs() >= 0.99 * 0.05).float().mean())
    assert told == f"Estimate {first.estimate:.4g} → {now.estimate:.4g}. {share:.0%} of the weights are at ±c."
    moved = stages.numbers(stages.Stage("move", 0, 3), one.config, first, now)
    assert moved == f"Mean score of generated points {first.generated_score:.4g} → {now.generated_score:.4g}."


# What is seen, against other ways to compute it.


def by_hand(critic: torch.nn.Module, points: np.ndarray) -> np.ndarray:
    """Scores of a critic of Linear and LeakyReLU layers in float64, with NumPy."""
    x = points.astype(np.float64)
    layers = linear_layers(critic)
    for index, layer in enumerate(layers):
        x = x @ layer.weight.detach().double().numpy().T + layer.bias.detach().double().numpy()
        x = np.where(x > 0, x, 0.2 * x) if index + 1 < len(layers) else x
    return x[:, 0]


def transport(cost: Any) -> float:
    """The least cost of moving one sample onto the other, by POT."""
    found: Any = ot.emd2([], [], cost)
    return float(found)


@pytest.fixture(scope="module")
def seen() -> tuple[Trainer, View]:
    one = trainer(SMALL.replace(clip_value=0.5, critic_lr=0.01, generator_lr=0.01))
    for _ in range(40):
        one.train_step()
    return one, View(one.config, one.data)


def test_the_landscape_is_the_critics_scores_with_x_to_the_right_and_y_upwards(seen: tuple[Trainer, View]) -> None:
    one, view = seen
    frame = view.look(one)
    axis = np.linspace(-view.limit, view.limit, GRID)
    expected = [[by_hand(one.critic, np.array([[x, y]]))[0] for x in axis[::12]] for y in axis[::12]]
    assert frame.landscape[::12, ::12] == pytest.approx(np.array(expected), abs=1e-5)
    assert view.limit == 2.0
    assert np.ptp(frame.landscape[0]) > 0.01 and np.ptp(frame.landscape[:, 0]) > 0.01
    assert frame.real_score == pytest.approx(by_hand(one.critic, view.real.numpy()).mean(), abs=1e-5)
    assert frame.estimate == pytest.approx(frame.real_score - by_hand(one.critic, frame.generated).mean(), abs=1e-5)


def test_arrows_point_uphill_as_steep_as_the_critic_is(seen: tuple[Trainer, View]) -> None:
    one, view = seen
    frame = view.look(one)
    h = 1e-6
    for axis in range(2):
        step = np.eye(2)[axis] * h
        slope = (by_hand(one.critic, frame.generated + step) - by_hand(one.critic, frame.generated - step)) / (2 * h)
        assert frame.uphill[:, axis] == pytest.approx(slope, abs=1e-5)
    assert stages.mean_slope(frame) == pytest.approx(np.hypot(*frame.uphill.T).mean())


def test_the_mesh_is_the_generators_image_of_equal_shares_of_the_noise(seen: tuple[Trainer, View]) -> None:
    one, view = seen
    mesh = view.look(one).mesh
    quantiles = stats.norm.ppf(np.linspace(MESH_EDGE, 1 - MESH_EDGE, MESH))
    assert view.mesh_lines == pytest.approx(quantiles, abs=1e-6)
    for row, column in ((0, 0), (3, 17), (20, 5)):
        z = torch.tensor([[quantiles[row], quantiles[column]]], dtype=torch.float32)
        assert mesh[row, column] == pytest.approx(one.sample(z)[0].numpy(), abs=1e-6)


@pytest.mark.parametrize(("dimensions", "shape"), [(1, (MESH, 1, 2)), (2, (MESH, MESH, 2)), (5, (MESH, MESH, 2))])
def test_the_mesh_of_any_number_of_latent_dimensions(dimensions: int, shape: tuple[int, ...]) -> None:
    one = trainer(SMALL.replace(latent_dim=dimensions))
    mesh = View(one.config, one.data).look(one).mesh
    assert mesh.shape == shape
    z = torch.zeros(1, dimensions)
    assert mesh[MESH // 2, shape[1] // 2] == pytest.approx(one.sample(z)[0].numpy(), abs=1e-5)


def test_truth_is_exact_and_the_scaled_estimate_never_above_it(seen: tuple[Trainer, View]) -> None:
    one, view = seen
    truth, frame = view.measure(one), view.look(one)
    x, y = view.real.double().numpy(), frame.generated.astype(np.float64)
    cost = ot.dist(x, y, metric="euclidean")
    assert truth.w1 == pytest.approx(transport(cost), abs=1e-9)
    assert truth.estimate == pytest.approx(frame.estimate, abs=1e-6)
    rise = np.abs(by_hand(one.critic, x)[:, None] - by_hand(one.critic, y)[None])
    gradients = np.hypot(*frame.uphill.T).max()
    assert truth.steepest >= max((rise / cost).max(), gradients) * (1 - 1e-5)
    # No pair anywhere is steeper than the product of the layers' norms.
    norms = [np.linalg.norm(layer.weight.detach().double().numpy(), 2) for layer in linear_layers(one.critic)]
    assert truth.steepest <= np.prod(norms)


def test_the_steepest_slope_is_looked_for_in_three_places(seen: tuple[Trainer, View], monkeypatch: pytest.MonkeyPatch) -> None:
    one, view = seen
    generated = view.look(one).generated.astype(np.float64)
    x, grid = view.real.double().numpy(), view.look(one).landscape.astype(np.float64)
    pairs = (
        np.abs(by_hand(one.critic, x)[:, None] - by_hand(one.critic, generated)[None]) / ot.dist(x, generated, metric="euclidean")
    ).max()
    neighbours = max(np.abs(np.diff(grid, axis=axis)).max() for axis in (0, 1)) / (2 * view.limit / (GRID - 1))
    no_gradients = lambda trainer, points: torch.zeros(len(points), 2)  # noqa: E731
    monkeypatch.setattr(View, "_uphill", staticmethod(no_gradients))
    assert view.measure(one).steepest == pytest.approx(max(pairs, neighbours), rel=1e-4)
    monkeypatch.setattr(View, "_steepest_on_grid", lambda self, trainer: 0.0)
    truth = view.measure(one)
    assert truth.steepest == pytest.approx(pairs, rel=1e-4)
    assert truth.scaled == pytest.approx(truth.estimate / truth.steepest)


@pytest.mark.parametrize("seed", range(8))
def test_weak_duality_for_any_weights(seed: int) -> None:
    one = trainer(SMALL.replace(seed=seed, lipschitz="none"))
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in one.critic.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=rng))
    truth = View(one.config, one.data).measure(one)
    assert abs(truth.scaled) <= truth.w1 * (1 + 1e-6)


def test_the_floor_is_what_real_points_get(seen: tuple[Trainer, View]) -> None:
    one, view = seen
    drawn = [toy.draw(one.config.dataset, POINTS, 0, stream=stream) for stream in range(40, 60)]
    pairs = zip(drawn[::2], drawn[1::2], strict=True)
    expected = [transport(ot.dist(x, y, metric="euclidean")) for x, y in pairs]
    assert view.floor == pytest.approx(np.mean(expected), abs=3 * np.std(expected) / np.sqrt(8))


@pytest.mark.parametrize(
    "config", [SMALL, PENALISED, SMALL.replace(generator_norm="batch", generator_widths=(12, 12), critic_norm="layer")]
)
def test_looking_changes_nothing(config: TrainConfig) -> None:
    watched, alone = trainer(config), trainer(config)
    view = View(config, watched.data)
    for _ in range(7):
        watched.train_step()
        view.look(watched)
        view.measure(watched)
        alone.train_step()
    assert torch.equal(all_weights(watched), all_weights(alone))
    assert torch.equal(watched.draw_noise(4), alone.draw_noise(4))
    assert watched.generator.training and watched.critic.training


def test_the_same_points_are_followed(seen: tuple[Trainer, View]) -> None:
    one, view = seen
    first = view.look(one)
    assert np.array_equal(first.generated, view.look(one).generated)
    assert np.array_equal(View(one.config, one.data).real.numpy(), view.real.numpy())
