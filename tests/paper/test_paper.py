"""The papers' results on small experiments: a right WGAN meets each criterion, and one with a mistake in it does not."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from wgan_core.config import js_bound
from wgan_core.paper import boundary, depth, gaussians, lines, methods, overfitting, quality, surfaces
from wgan_core.paper.digits import PENALISED
from wgan_core.paper.result import Check, Progress
from wgan_core.training.flat_optimizer import FlatOptimizer
from wgan_core.training.objective import cross_entropy
from wgan_core.training.packing import Taken
from wgan_core.training.trainer import Trainer

pytestmark = pytest.mark.slow


def missed(checks: Iterable[Check]) -> list[int]:
    """Which checks failed, by their place."""
    return [place for place, check in enumerate(checks) if not check.passed]


# Mistakes, built into the engine itself.


@pytest.fixture
def without_clipping(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wgan_core.training.trainer.clip_weights", lambda parameters, clip_value: None)
    right = FlatOptimizer.step
    monkeypatch.setattr(FlatOptimizer, "step", lambda self, terms=(), **_: right(self, terms))


@pytest.fixture
def with_the_wrong_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    """The critic lowers its estimate."""
    right = Trainer._ascend

    def wrong(self: Trainer, real: Callable[[], Tensor], fake: Taken, alpha: Tensor | None, classes: Tensor | None, **rest: Any) -> Any:
        scores = right(self, fake.images, fake._replace(images=real), alpha, classes, **rest)
        return scores._replace(real=scores.fake, fake=scores.real)

    monkeypatch.setattr(Trainer, "_ascend", wrong)


@pytest.fixture
def with_the_norm_over_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gradient penalty's norm is taken along the batch instead of along a sample."""

    def wrong(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, alpha: Tensor, penalty: Any) -> Tensor:
        between = (alpha * real + (1 - alpha) * fake).requires_grad_()
        (gradient,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
        return ((gradient.square().sum(0) + 1e-12).sqrt() - 1).square().mean()

    monkeypatch.setattr("wgan_core.training.critic_passes._written_out", lambda *args: None)
    monkeypatch.setattr("wgan_core.training.critic_passes.gradient_penalty", wrong)


# Two lines.

THETAS = np.array([-1, -0.5, -0.1, 0, 0.3, 0.7, 1])


def swept(thetas: np.ndarray = THETAS, discriminator_updates: int = 0, **changes: Any) -> lines.Sweep:
    critic = lines.CRITIC.replace(**changes)
    return lines.sweep(thetas, 0, Progress(), critic=critic, critic_updates=200, discriminator_updates=discriminator_updates)


def test_lines() -> None:
    found = swept(discriminator_updates=250)
    assert missed(lines.checks(found)) == []
    assert found.transport == pytest.approx(np.abs(THETAS), abs=1e-12)
    assert found.box == pytest.approx(0.01**2 * math.sqrt(2) * 256)


def test_lines_without_clipping(without_clipping: None) -> None:
    assert 2 in missed(lines.checks(swept()))


def test_lines_with_the_wrong_sign(with_the_wrong_sign: None) -> None:
    assert 2 in missed(lines.checks(swept()))


def test_lines_with_another_k_for_each_theta() -> None:
    """Each critic is linear and within its bound; fitting K anew for each θ would hide that the K differ."""
    parts = [swept(THETAS[:3]), swept(THETAS[3:], clip_value=0.012)]
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in ("theta", "transport", "estimate", "js")}
    assert missed(lines.checks(lines.Sweep(**columns, box=parts[1].box)))[:1] == [1]


def test_lines_with_a_discriminator_that_learns_nothing_and_points_at_other_heights() -> None:
    found = swept(THETAS[2:5])
    assert missed(lines.checks(found)) == [3]
    biased = replace(found, transport=found.transport + 0.01)
    assert missed(lines.checks(biased)) == [0, 3]


def test_the_bound_of_the_best_discriminator_is_the_divergence() -> None:
    """Bernoulli(0.9) against Bernoulli(0.2), in closed form."""
    real, fake = np.array([0.1, 0.9]), np.array([0.8, 0.2])
    middle = (real + fake) / 2
    divergence = float((real * np.log(real / middle) + fake * np.log(fake / middle)).sum() / 2)
    logits = torch.from_numpy(np.log(real / fake))
    drawn = [logits[torch.arange(2).repeat_interleave(torch.from_numpy((10 * p).round()).long())] for p in (real, fake)]
    assert js_bound(float(cross_entropy(*drawn))) == pytest.approx(divergence)
    assert js_bound(float(cross_entropy(*torch.zeros(2, 3, dtype=torch.float64)))) == pytest.approx(0)


# Two Gaussians.


def fitted(updates: int = 600, **changes: Any) -> gaussians.Fit:
    return gaussians.fit(0, Progress(), critic=gaussians.CRITIC.replace(**changes), updates=updates)


def test_gaussians() -> None:
    found = fitted()
    assert missed(gaussians.checks(found)) == []
    assert found.estimate / found.constant == pytest.approx(6, rel=0.02)
    # The slopes at the generated mean, by differences.
    step = found.x[1] - found.x[0]
    at = int(np.argmin(np.abs(found.x + 3)))
    around = found.probability[[at - 1, at + 1]]
    assert found.saturating == pytest.approx(abs(np.diff(np.log(1 - around))[0]) / (2 * step), rel=0.05)
    assert found.non_saturating == pytest.approx(abs(np.diff(np.log(around))[0]) / (2 * step), rel=0.05)


def test_gaussians_with_clipped_biases() -> None:
    assert missed(gaussians.checks(fitted(clipped="all"))) == [0, 1]


def test_gaussians_without_clipping(without_clipping: None) -> None:
    assert missed(gaussians.checks(fitted())) == [0, 1]


def test_gaussians_with_the_wrong_sign(with_the_wrong_sign: None) -> None:
    assert 1 in missed(gaussians.checks(fitted()))


def test_gaussians_with_a_discriminator_that_has_hardly_learned() -> None:
    assert 2 in missed(gaussians.checks(fitted(updates=20)))


# Surfaces.

SMALL = {"batch_size": 128, "critic_lr": 3e-3, "seed": 1}


def surface(config: Any, updates: int = 2000) -> surfaces.Surface:
    return surfaces.surface("8-gaussians", config.replace(**SMALL), updates, Progress())


@pytest.fixture(scope="module")
def clipped_surface() -> surfaces.Surface:
    return surface(surfaces.CLIPPED, 500)


def test_surfaces(clipped_surface: surfaces.Surface) -> None:
    assert missed(surfaces.checks(clipped_surface, surface(surfaces.PENALISED))) == []


def test_surfaces_with_clipping_in_place_of_the_penalty(clipped_surface: surfaces.Surface) -> None:
    assert missed(surfaces.checks(clipped_surface, clipped_surface)) == [0, 1, 2, 3, 4]


def test_surfaces_with_the_norm_over_the_batch(clipped_surface: surfaces.Surface, with_the_norm_over_the_batch: None) -> None:
    assert set(missed(surfaces.checks(clipped_surface, surface(surfaces.PENALISED, 300)))) >= {2, 3, 4}


def test_surfaces_without_a_penalty(clipped_surface: surfaces.Surface) -> None:
    assert set(missed(surfaces.checks(clipped_surface, surface(surfaces.PENALISED.replace(lipschitz="none"), 300)))) >= {0, 2, 3, 4}


def test_the_contrast_of_a_critic_that_is_known() -> None:
    """f = cos(8 φ) on the circle of the modes: 2 from mode to gap."""

    class Waves(torch.nn.Module):
        def forward(self, points: Tensor) -> Tensor:
            radius = points.norm(dim=1, keepdim=True)
            angle = torch.atan2(points[:, 1:], points[:, :1])
            return torch.cos(8 * angle) * (radius - 1.2).clamp(0, 0.3)

    steepest = float(surfaces.lipschitz.gradients(Waves(), surfaces.grid()).norm(dim=1).max())
    radius = 2 / 1.414
    chord = 2 * radius * math.sin(math.pi / 16)
    assert surfaces.contrast(Waves()) == pytest.approx(2 * (radius - 1.2) / (steepest * chord), rel=1e-6)


def test_the_surface_lies_as_its_grid_does() -> None:
    x, y = surfaces.grid().view(surfaces.GRID, surfaces.GRID, 2).unbind(2)
    assert x[0].tolist() == pytest.approx(np.linspace(-2, 2, 61).tolist()) and set(y[0].tolist()) == {-2.0}


# The gradient in a deep critic.


CLIPPED_NAMES = ("c = 0.1", "c = 0.01", "c = 0.001")


def quick(*names: str) -> dict[str, depth.Method]:
    """The same in less time: smaller batches, larger steps."""
    rates, updates = {depth.PENALTY: 5e-4}, {"c = 0.1": 150, depth.PENALTY: 120}
    return {
        name: replace(
            depth.METHODS[name],
            config=depth.METHODS[name].config.replace(batch_size=64, critic_lr=rates.get(name, 2e-4)),
            updates=updates.get(name, 5),
        )
        for name in names
    }


def missed_in_depth(methods: dict[str, depth.Method]) -> list[str]:
    return [check.what for check in depth.checks(depth.norms(methods, 0, Progress()), methods) if not check.passed]


SLOPE = "decades per layer toward the input"


def test_depth() -> None:
    assert missed_in_depth(quick(*depth.METHODS)) == []


def test_depth_without_clipping(without_clipping: None) -> None:
    assert {f"c = 0.01: {SLOPE}", f"c = 0.001: {SLOPE}"} <= set(missed_in_depth(quick(*CLIPPED_NAMES)))


def test_depth_before_training() -> None:
    methods = {name: replace(method, updates=1) for name, method in quick("c = 0.1", depth.PENALTY).items()}
    assert {f"c = 0.1: {SLOPE}", f"{depth.PENALTY}: {SLOPE}"} <= set(missed_in_depth(methods))


def test_depth_without_a_penalty() -> None:
    methods = quick(depth.PENALTY)
    method = methods[depth.PENALTY]
    methods[depth.PENALTY] = replace(method, config=method.config.replace(lipschitz="none"))
    assert len(missed_in_depth(methods)) == 2


def test_depth_with_the_norm_over_the_batch(with_the_norm_over_the_batch: None) -> None:
    assert f"{depth.PENALTY}: median ‖∇f‖ between real and generated points" in missed_in_depth(quick(depth.PENALTY))


def test_depth_where_a_gradient_has_underflown() -> None:
    gone = depth.Deep(depth.GradientDepth(("a", "b"), np.array([-math.inf, 0.0]), np.zeros(2)), 1.0)
    methods = {"c = 0.001": depth.METHODS["c = 0.001"]}
    assert missed(depth.checks({"c = 0.001": gone}, methods)) == [0, 1]


# Weights at the boundary.


def course(config: Any = boundary.CLIPPED, **changes: Any) -> boundary.Course:
    return boundary.course(config.replace(**{"batch_size": 64, "critic_lr": 5e-5, **changes}), Progress(), 150)


@pytest.fixture(scope="module")
def penalised_course() -> boundary.Course:
    return course(boundary.PENALISED, critic_lr=4e-4)


def test_boundary(penalised_course: boundary.Course) -> None:
    found = course()
    assert missed(boundary.checks(found, penalised_course)) == []
    assert found.steps.tolist() == [0, 1, *range(10, 151, 10)]
    edge = np.abs(found.weights) >= 0.99 * 0.01
    assert found.share[-1] == pytest.approx(edge.mean()) and np.abs(found.weights).max() == pytest.approx(0.01)


def test_boundary_without_clipping(penalised_course: boundary.Course, without_clipping: None) -> None:
    assert missed(boundary.checks(course(), penalised_course)) == [0]


def test_boundary_from_pytorchs_start(penalised_course: boundary.Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boundary, "start_inside", lambda critic, config: None)
    assert 1 in missed(boundary.checks(course(), penalised_course))


def test_boundary_with_c_too_large(penalised_course: boundary.Course) -> None:
    assert 0 in missed(boundary.checks(course(clip_value=0.5), penalised_course))


def test_boundary_with_clipping_in_place_of_the_penalty() -> None:
    found = course()
    assert missed(boundary.checks(found, found)) == [2, 3]


# How fast the images get better.


def small_growth(name: str) -> methods.Growth:
    """The same for images of 8 px, at three times the rates and for fewer updates."""
    config = methods.METHODS[name]
    faster = {rate: 3 * getattr(config, rate) for rate in ("critic_lr", "generator_lr")}
    small = {"image_size": 8, "generator_widths": (64, 128), "critic_widths": (128, 64), "batch_size": 32}
    return methods.growth(config.replace(**faster, **small), Progress(), 1800)


def test_methods_and_a_penalty_that_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {name: small_growth(name) for name in methods.METHODS}
    assert missed(methods.checks(found, good=5.0)) == []
    without = methods.METHODS[methods.ADAM].replace(lipschitz="none")
    monkeypatch.setattr(methods, "METHODS", methods.METHODS | {methods.ADAM: without})
    assert {0, 4} <= set(missed(methods.checks(found | {methods.ADAM: small_growth(methods.ADAM)}, good=5.0)))


# Learned by heart.


def test_overfitting_tells_few_digits_from_many_and_a_leak_from_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    config = PENALISED.replace(image_size=8, batch_size=32, critic_lr=2e-3)

    def found(updates: int = 2000) -> dict[int, overfitting.Memory]:
        return {count: overfitting.memory(config, count, Progress(), updates) for count in (overfitting.FEW, overfitting.MANY)}

    honest = found()
    assert missed(overfitting.checks(honest)) == []
    assert missed(overfitting.checks({overfitting.FEW: honest[overfitting.MANY], overfitting.MANY: honest[overfitting.MANY]}))[-1] == 3
    halves = overfitting.halves
    # The held-out digits are among those that are trained on.
    monkeypatch.setattr(overfitting, "halves", lambda config: (halves(config)[0], halves(config)[0][: overfitting.FEW]))
    assert {1, 2, 3} <= set(missed(overfitting.checks(found())))


# Estimate against quality.

TINY = {"image_size": 8, "generator_widths": (64,), "critic_widths": (64, 64), "batch_size": 64}


@pytest.fixture(autouse=True, scope="module")
def later_checkpoints() -> Iterator[None]:
    """In so short a run most of the time goes until the critic has learned anything; then at equal distances."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quality, "checkpoints", lambda updates: np.linspace(updates / 4, updates, 12).round().astype(int).tolist())
        yield


def wgan(updates: int = 600, **changes: Any) -> quality.Course:
    config = quality.PENALISED.replace(**(TINY | {"critic_lr": 1e-3, "generator_lr": 5e-4} | changes))
    return quality.wgan(config, updates, Progress())


@pytest.fixture(scope="module")
def courses() -> dict[str, quality.Course]:
    return {
        "good": wgan(900),
        "weak generator": wgan(400, generator_widths=(4,), generator_norm="none"),
        "failing": wgan(400, generator_widths=(32,) * 8, generator_norm="none", weight_init="normal"),
        "clipping": quality.wgan(quality.CLIPPED.replace(**TINY, critic_lr=1e-3, generator_lr=1e-4), 800, Progress()),
    }


@pytest.fixture(scope="module")
def gan_course() -> quality.Course:
    return gan(1e-3)


def gan(rate: float, updates: int = 1500) -> quality.Course:
    config = quality.GAN.replace(**(TINY | {"critic_widths": (256, 128), "generator_lr": 5e-4}), critic_lr=rate)
    return quality.gan(config, updates, Progress())


def test_quality(courses: dict[str, quality.Course], gan_course: quality.Course) -> None:
    assert missed(quality.checks(courses, gan_course)) == []


def test_quality_with_the_wrong_sign(courses: dict[str, quality.Course], gan_course: quality.Course, with_the_wrong_sign: None) -> None:
    assert set(missed(quality.checks(courses | {"good": wgan(300)}, gan_course))) >= {0, 4, 5}


def test_quality_with_a_critic_that_hardly_learns(courses: dict[str, quality.Course], gan_course: quality.Course) -> None:
    stuck = wgan(300, critic_lr=1e-7)
    assert set(missed(quality.checks(courses | {"good": stuck}, gan_course))) & {0, 1}


def test_quality_of_curves_that_only_fall_both(courses: dict[str, quality.Course], gan_course: quality.Course) -> None:
    """Correlated as a whole, but one changes where the other does not."""
    falling = quality.Course(np.arange(12), np.cumsum(-np.arange(1.0, 13)) + 90, np.cumsum(-np.arange(12.0, 0, -1)) + 90)
    assert missed(quality.checks(courses | {"clipping": falling}, gan_course)) == [3]


def test_quality_of_a_gan_that_does_not_saturate_or_does_not_learn(courses: dict[str, quality.Course], gan_course: quality.Course) -> None:
    assert missed(quality.checks(courses, gan(1e-6, 400))) in ([6], [6, 7])
    still = replace(gan_course, sliced=np.full_like(gan_course.sliced, 0.5))
    assert missed(quality.checks(courses, still)) == [7]


def test_quality_of_a_failing_run_that_does_not_fail(courses: dict[str, quality.Course], gan_course: quality.Course) -> None:
    assert set(missed(quality.checks(courses | {"failing": courses["good"]}, gan_course))) >= {5, 8}


def test_nothing_is_trained_on_held_out_digits() -> None:
    training, held_out = quality.split(quality.DIGITS)
    assert (len(training), len(held_out)) == (1300, 497)
    again = quality.as_measured(training.data).flatten(1)
    assert torch.cdist(held_out.flatten(1), again).min() > 0.1
    assert torch.equal(quality.split(quality.DIGITS.replace(seed=5))[1], held_out)
