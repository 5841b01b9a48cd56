"""The laboratory's WGANs: what is done at each stage, and what is said to be seen, against textbook loops and other libraries."""

from __future__ import annotations

from typing import Any

import numpy as np
import ot
import pytest
import torch
from scipy import stats

from tests.counting import drawing_to_text
from wgan_core.config import ConfigError, TrainConfig
from wgan_core.data import toy
from wgan_core.data.dataset import DataError, Dataset
from wgan_core.data.load import load_dataset
from wgan_core.lab import drawing, figures, stages
from wgan_core.lab.frame import GRID, MESH, MESH_EDGE, POINTS, View
from wgan_core.lab.laboratory import Laboratory, enough
from wgan_core.lab.setup import BASE, EXPERIMENTS, check, needs_restart, twin_of
from wgan_core.training.trainer import Trainer

SMALL = BASE.replace(generator_widths=(12,), critic_widths=(16, 8), batch_size=32, n_critic=3)
PENALISED = SMALL.replace(lipschitz="gradient-penalty", optimizer="adam")


class Clock:
    """Seconds that pass when told to, and a little at each look at them."""

    def __init__(self, tick: float = 0.0) -> None:
        self.now, self.tick = 100.0, tick

    def __call__(self) -> float:
        self.now += self.tick
        return self.now


def trainer(config: TrainConfig = SMALL) -> Trainer:
    return Trainer(config, load_dataset(config))


def weights(one: Trainer) -> list[torch.Tensor]:
    return [parameter.detach().clone() for network in (one.generator, one.critic) for parameter in network.parameters()]


def same(first: list[torch.Tensor], second: list[torch.Tensor]) -> bool:
    return all(torch.equal(x, y) for x, y in zip(first, second, strict=True))


def largest(one: Trainer) -> float:
    return max(float(parameter.detach().abs().max()) for parameter in one.critic.parameters())


# One cycle, taken apart.


@pytest.mark.parametrize("config", [SMALL, PENALISED, SMALL.replace(lipschitz="none"), SMALL.replace(critic_norm="layer")])
def test_cycles_are_the_engines_training_bit_for_bit(config: TrainConfig) -> None:
    apart, plain = trainer(config), trainer(config)
    seen = [[(stage.part, stage.update) for stage in stages.cycle([apart], "both")] for _ in range(4)]
    for _ in range(12):
        plain.train_step()
    assert apart.step == 12 and apart.generator_updates == 4
    assert same(weights(apart), weights(plain))
    one_update = ["batch", "scores", "ascent", "clip"]
    assert seen[0] == [*((part, update) for update in (1, 2, 3) for part in one_update), ("push", 0), ("move", 0)]


def test_each_stage_has_done_what_it_tells_of() -> None:
    one = trainer(SMALL.replace(clip_value=0.02, critic_lr=0.01))
    one.train_step()
    view = View(one.config, one.data)
    before, beyond = weights(one), []
    for stage in stages.cycle([one], "both"):
        now = weights(one)
        critic_moved = not same(now[4:], before[4:])
        generator_moved = not same(now[:4], before[:4])
        assert critic_moved == (stage.part in ("ascent", "clip"))
        assert generator_moved == (stage.part == "move")
        outside = [layer.beyond for layer in view.look(one).layers]
        assert (max(outside) > 0) == (stage.part == "ascent") == (largest(one) > 0.02)
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
    flat = torch.cat([layer.weight.detach().flatten() for layer in one.critic.layers if hasattr(layer, "weight")])  # pyright: ignore
    share = float((flat.abs() >= 0.99 * 0.05).float().mean())
    assert told == f"Estimate {first.estimate:.4g} → {now.estimate:.4g}. {share:.0%} of the weights are at ±c."
    moved = stages.numbers(stages.Stage("move", 0, 3), one.config, first, now)
    assert moved == f"Mean score of generated points {first.generated_score:.4g} → {now.generated_score:.4g}."


# What is seen, against other ways to compute it.


def by_hand(critic: torch.nn.Module, points: np.ndarray) -> np.ndarray:
    """Scores of a critic of Linear and LeakyReLU layers in float64, with NumPy."""
    x = points.astype(np.float64)
    layers = [layer for layer in critic.layers if isinstance(layer, torch.nn.Linear)]  # pyright: ignore
    for index, layer in enumerate(layers):
        x = x @ layer.weight.detach().double().numpy().T + layer.bias.detach().double().numpy()
        x = np.where(x > 0, x, 0.2 * x) if index + 1 < len(layers) else x
    return x[:, 0]


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
    assert truth.w1 == pytest.approx(float(ot.emd2([], [], cost)), abs=1e-9)  # pyright: ignore
    assert truth.estimate == pytest.approx(frame.estimate, abs=1e-6)
    rise = np.abs(by_hand(one.critic, x)[:, None] - by_hand(one.critic, y)[None])
    gradients = np.hypot(*frame.uphill.T).max()
    assert truth.steepest >= max((rise / cost).max(), gradients) * (1 - 1e-5)
    # No pair anywhere is steeper than the product of the layers' norms.
    norms = [np.linalg.norm(layer.weight.detach().double().numpy(), 2) for layer in one.critic.layers if isinstance(layer, torch.nn.Linear)]  # pyright: ignore
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
    expected = [float(ot.emd2([], [], ot.dist(x, y, metric="euclidean"))) for x, y in pairs]  # pyright: ignore
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
    assert same(weights(watched), weights(alone))
    assert torch.equal(watched.draw_noise(4), alone.draw_noise(4))
    assert watched.generator.training and watched.critic.training


def test_the_same_points_are_followed(seen: tuple[Trainer, View]) -> None:
    one, view = seen
    first = view.look(one)
    assert np.array_equal(first.generated, view.look(one).generated)
    assert np.array_equal(View(one.config, one.data).real.numpy(), view.real.numpy())


# The laboratory: playing, pausing, stepping.


def lab(*configs: TrainConfig, tick: float = 0.0) -> Laboratory:
    return Laboratory(configs or (SMALL,), Clock(tick))


def test_nothing_happens_until_it_plays_and_while_it_is_paused() -> None:
    one = lab(tick=0.001)
    one.advance(0.1)
    assert one.trainers[0].step == 0
    one.play()
    one.advance(0.1)
    done = one.trainers[0].step
    assert done > 0
    one.pause()
    one.advance(0.1)
    assert one.trainers[0].step == done


def test_full_speed_is_the_engines_training() -> None:
    one, plain = lab(PENALISED, tick=0.001), trainer(PENALISED)
    one.play()
    for _ in range(3):
        one.advance(0.05)
        one.frames(), one.truth()
    for _ in range(one.trainers[0].step):
        plain.train_step()
    assert plain.step > 50 and same(weights(one.trainers[0]), weights(plain))


def test_full_speed_leaves_time_to_draw_and_a_fifth_for_training() -> None:
    clock = Clock()
    one = Laboratory((SMALL,), clock)
    one._one_step = lambda: setattr(clock, "now", clock.now + 0.001)  # pyright: ignore
    one.play()
    trained: list[float] = []
    for drawing_takes in [0.03] * 40 + [5.0] * 40:
        begun = clock.now
        one.advance(0.1)
        trained.append(clock.now - begun)
        clock.now += drawing_takes
    assert trained[0] == pytest.approx(0.1, abs=0.0011)
    assert trained[39] == pytest.approx(0.07, abs=0.0011)
    assert trained[-1] == pytest.approx(0.02, abs=0.0011)


def test_cycle_by_cycle_shows_every_generator_update() -> None:
    one = lab()
    one.set_pace("cycles", "both")
    one.play()
    for expected in range(1, 5):
        one.advance(0.1)
        assert one.trainers[0].generator_updates == expected and one.trainers[0].step == 3 * expected


@pytest.mark.parametrize("pace", ["slow", "cycles", "full"])
def test_one_cycle_ends_after_the_generators_update(pace: Any) -> None:
    clock = Clock(0.001)
    one = Laboratory((SMALL,), clock)
    one.set_pace(pace, "both")
    one.play_cycle()
    for _ in range(40):
        one.advance(0.1)
        clock.now += 10
    assert not one.playing and one.stage is None
    assert (one.trainers[0].step, one.trainers[0].generator_updates) == (3, 1)


def test_one_cycle_of_the_critic_alone_is_n_critic_updates() -> None:
    one = lab()
    one.set_pace("cycles", "critic")
    one.play_cycle()
    one.advance(0.1)
    one.advance(0.1)
    assert not one.playing and (one.trainers[0].step, one.trainers[0].generator_updates) == (3, 0)


def test_slow_motion_shows_each_stage_for_its_time() -> None:
    clock = Clock()
    one = Laboratory((SMALL,), clock)
    one.set_pace("slow", "both")
    one.stage_seconds = 2.0
    one.play()
    one.advance(0.1)
    assert one.stage == stages.Stage("batch", 1, 3) and one.rest == 2.0
    clock.now += 1.9
    one.advance(0.1)
    assert one.stage == stages.Stage("batch", 1, 3) and one.rest == pytest.approx(0.1)
    clock.now += 0.1
    one.advance(0.1)
    assert one.stage == stages.Stage("scores", 1, 3)
    clock.now += 1000  # whoever comes back finds the next stage, not the end
    one.advance(0.1)
    assert one.stage == stages.Stage("ascent", 1, 3)
    for _ in range(2):
        clock.now += 2
        one.advance(0.1)
    assert one.stage == stages.Stage("batch", 2, 3) and one.rest == pytest.approx(2.0 * stages.QUICK)


def to_stage(one: Laboratory, part: str) -> None:
    one.set_pace("slow", "both")
    one.stage_seconds = 0.0
    one.play()
    for _ in range(20):
        if one.stage is not None and one.stage.part == part:
            return
        one.advance(0.1)
    raise AssertionError(part)


def test_the_table_follows_every_stage_of_slow_motion() -> None:
    one = lab(SMALL.replace(clip_value=0.02, critic_lr=0.01))
    slopes = {}
    for part in ("ascent", "clip"):
        to_stage(one, part)
        one.pause()
        before = len(one.truth())
        slopes[part] = one.truth()[-1][0].steepest
        assert slopes[part] == pytest.approx(one.view.measure(one.trainers[0]).steepest, rel=1e-9) and len(one.truth()) == before
    assert slopes["clip"] < slopes["ascent"]  # the same critic update, before and after its clip, in one row
    assert [row[0].step for row in one.truth()] == sorted({row[0].step for row in one.truth()})


def test_pause_holds_inside_the_cycle_with_the_critic_not_clipped_yet() -> None:
    one = lab(SMALL.replace(clip_value=0.02, critic_lr=0.01))
    to_stage(one, "ascent")
    one.pause()
    for _ in range(3):
        one.advance(0.1)
    assert one.stage == stages.Stage("ascent", 1, 3) and largest(one.trainers[0]) > 0.02
    assert max(layer.beyond for layer in one.frames()[0].layers) > 0
    one.play()
    one.advance(0.1)
    assert one.stage == stages.Stage("clip", 1, 3) and largest(one.trainers[0]) <= 0.02
    assert max(layer.beyond for layer in one.frames()[0].layers) == 0 < max(layer.beyond for layer in one.before[0].layers)


@pytest.mark.parametrize("act", ["critic_step", "generator_step", "full", "restart of the pace"])
def test_leaving_slow_motion_never_leaves_out_the_clip(act: str) -> None:
    one, plain = lab(SMALL.replace(clip_value=0.02, critic_lr=0.01), tick=0.01), trainer(SMALL.replace(clip_value=0.02, critic_lr=0.01))
    to_stage(one, "ascent")
    match act:
        case "critic_step" | "generator_step":
            getattr(one, act)()
        case "full":
            one.set_pace("full", "both")
            one.advance(0.1)
        case _:
            one.set_pace("slow", "critic")
    for _ in range(one.trainers[0].step):
        plain.ascend()
        plain.clip()
        if plain.generator_is_due and act == "full":
            plain.update_generator()
    if act == "generator_step":
        plain.update_generator()
    assert one.trainers[0].step >= 1 and same(weights(one.trainers[0]), weights(plain))
    assert one.stage is None


def test_single_steps_stand_still_afterwards() -> None:
    one = lab()
    one.play()
    for _ in range(5):  # more than n_critic: no generator update comes by itself
        one.critic_step()
    one.generator_step()
    one.advance(0.1)
    assert not one.playing and (one.trainers[0].step, one.trainers[0].generator_updates) == (5, 1)


def test_a_run_that_ran_away_stands_still_and_says_so() -> None:
    one = lab(SMALL.replace(lipschitz="none"), tick=0.001)
    with torch.no_grad():
        next(one.trainers[0].critic.parameters()).fill_(float("inf"))
    one.play()
    one.advance(0.1)
    assert not one.playing and one.trainers[0].step <= 2
    assert one.notice.startswith("The critic's weights became infinite at critic update 1: restart")


def test_live_settings_are_taken_over_and_others_refused() -> None:
    one = lab()
    one.configure((SMALL.replace(clip_value=0.003, critic_lr=0.01),))
    one.critic_step()
    assert largest(one.trainers[0]) == pytest.approx(0.003) and one.trainers[0].critic_optimizer.param_groups[0]["lr"] == 0.01
    with pytest.raises(ValueError, match="critic_widths cannot change"):
        one.configure((SMALL.replace(critic_widths=(5,)),))
    assert needs_restart(SMALL, SMALL.replace(critic_widths=(5,))) and not needs_restart(SMALL, SMALL.replace(gp_lambda=2.0, n_critic=9))


# Two in lockstep.


def test_two_of_the_same_stay_the_same() -> None:
    one = lab(SMALL, SMALL, tick=0.001)
    one.play()
    one.advance(0.1)
    to_stage(one, "move")
    first, second = one.trainers
    assert first.step > 20 and same(weights(first), weights(second))


def test_two_kinds_are_in_step_on_the_same_data() -> None:
    one = lab(SMALL, PENALISED, tick=0.001)
    clipped, penalised = one.trainers
    assert same(weights(clipped), weights(penalised))
    one.play()
    one.advance(0.05)
    one.critic_step()
    one.generator_step()
    assert (clipped.step, clipped.generator_updates) == (penalised.step, penalised.generator_updates)
    assert torch.equal(clipped.next_batch(), penalised.next_batch())
    assert largest(clipped) <= SMALL.clip_value * (1 + 1e-6) < largest(penalised)
    to_stage(one, "clip")
    frames = one.frames()
    assert len(frames) == 2 and not np.array_equal(frames[0].landscape, frames[1].landscape)


def test_history_grows_while_it_plays_and_follows_single_steps_at_once() -> None:
    clock = Clock()
    one = Laboratory((SMALL, PENALISED), clock)
    assert [len(row) for row in one.truth()] == [2]
    assert len(one.truth()) == 1  # nothing has changed
    one.critic_step()
    assert [row[0].step for row in one.truth()] == [0, 1]
    one.set_pace("cycles", "both")
    one.play()
    for _ in range(10):
        one.advance(0.1)
        clock.now += 0.1
        one.truth()
    assert 4 <= len(one.truth()) <= 7


def test_a_long_history_is_thinned_and_keeps_its_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wgan_core.lab.laboratory.MAX_ROWS", 10)
    one = lab()
    for _ in range(25):
        one.critic_step()
        one.truth()
    steps = [row[0].step for row in one.truth()]
    assert len(steps) <= 10 and steps[0] == 1 and steps[-1] == 25


def test_the_chart() -> None:
    one = lab(SMALL, PENALISED)
    one.truth()
    one.critic_step()
    history = one.truth()
    figure = figures.truth(history, ["clip", "penalty"], one.view.floor)
    assert [trace.name for trace in figure.data] == [  # pyright: ignore
        "exact W1 · clip",
        "estimate / steepest slope · clip",
        "exact W1 · penalty",
        "estimate / steepest slope · penalty",
        "floor: real against real",
    ]
    assert list(figure.data[3].y) == [row[1].scaled for row in history] and list(figure.data[2].x) == [0, 1]  # pyright: ignore
    assert list(figure.data[4].y) == [one.view.floor] * 2  # pyright: ignore


# Settings and data.


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_can_be_begun(name: str) -> None:
    chosen = EXPERIMENTS[name]
    configs = (check(chosen.config),) if chosen.twin is None else (check(chosen.config), twin_of(chosen.config, chosen.twin))
    one = Laboratory(configs)
    one.critic_step()
    one.generator_step()
    assert len(one.frames()) == len(configs) and not one.notice


def test_what_cannot_be_watched_is_refused() -> None:
    with pytest.raises(ConfigError, match="for points in the plane, not for mnist"):
        check(SMALL.replace(dataset="mnist"))
    with pytest.raises(ConfigError, match="Critic hidden widths: at most 512 units"):
        check(SMALL.replace(critic_widths=(64, 513)))
    with pytest.raises(ConfigError, match="critic_lr"):
        twin_of(SMALL, {"critic_lr": -1})
    assert twin_of(SMALL, {"clip_value": 0.3, "n_critic": 7, "seed": 5}) == SMALL.replace(clip_value=0.3)


def test_few_points_are_repeated_as_a_whole() -> None:
    data = Dataset("csv", torch.arange(10.0).view(5, 2))
    more = enough(data, 12)
    assert len(more) == 15 and torch.equal(more.data[10:], data.data)
    assert enough(data, 5) is data


def test_drawings_travel_as_text() -> None:
    points = np.array([[-2.5, 2.5], [0.0, -1.0], [0.7, 0.31]], np.float32)
    text = drawing_to_text(points)
    assert len(text) == 8 and set(text) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
    assert drawing.from_text(text) == pytest.approx(points, abs=2.5 / 255 + 1e-6)
    assert drawing_to_text(drawing.from_text(text)) == text
    assert drawing.to_csv(points).decode().splitlines() == ["x,y", "-2.5000,2.5000", "0.0000,-1.0000", "0.7000,0.3100"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ab c", "cut off or changed"),
        ("äö", "cut off or changed"),
        ("AAAA", "cut off or changed"),  # three bytes
        ("", "from 2 to 500 points, not 0"),
        ("AAA", "from 2 to 500 points, not 1"),
        (drawing_to_text(np.zeros((501, 2), np.float32)), "from 2 to 500 points, not 501"),
        (drawing_to_text(np.ones((9, 2), np.float32)), "All points of this drawing are the same"),
    ],
)
def test_text_that_is_no_drawing(text: str, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        drawing.from_text(text)
