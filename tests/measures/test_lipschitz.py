"""Slopes and bounds of critics, against dense matrices, closed forms, and weak duality."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import nn

from wgan_core.measures import lipschitz
from wgan_core.measures.distances import exact_w1
from wgan_core.training.models import DCGANCritic, MLPCritic


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def mlp(widths: tuple[int, ...], shape: tuple[int, ...] = (2,), seed: int = 0, c: float | None = None, slope: float = 0.2) -> nn.Module:
    """A critic with weights from [-c, c], or standard normal."""
    critic = MLPCritic(shape, widths, slope).double().requires_grad_(False)
    for parameter in critic.parameters():
        parameter.copy_(
            torch.randn(parameter.shape, generator=rng(seed))
            if c is None
            else c * (2 * torch.rand(parameter.shape, generator=rng(seed)) - 1)
        )
    return critic


def linear(weight: list[float]) -> nn.Module:
    critic = nn.Sequential(nn.Flatten(), nn.Linear(len(weight), 1)).double()
    critic[1].weight.data = torch.tensor([weight], dtype=torch.float64)
    return critic


def dense(layer: nn.Module, shape: tuple[int, ...]) -> np.ndarray:
    """The layer's matrix, column by column."""
    size = math.prod(shape)
    inputs = torch.eye(size, dtype=torch.float64).view(size, *shape)
    with torch.no_grad():
        return (layer(inputs) - layer(torch.zeros(1, *shape, dtype=torch.float64))).flatten(1).T.numpy()


CONVOLUTIONS = [
    (nn.Conv2d(2, 5, 4, stride=2, padding=1), (2, 10, 10)),
    (nn.Conv2d(3, 4, 3, stride=1, padding=0), (3, 7, 9)),
    (nn.Conv2d(2, 6, 3, stride=3, padding=2, dilation=2, groups=2), (2, 11, 11)),
    (nn.Conv2d(4, 1, 5), (4, 5, 5)),  # covers everything: one number comes out
    (nn.Conv2d(1, 40, 2), (1, 2, 2)),  # more goes out than in
    (nn.Linear(30, 7), (30,)),
    (nn.Linear(7, 30), (7,)),
    (nn.Linear(9, 1), (9,)),
]


def weight_of(layer: nn.Module) -> torch.Tensor:
    assert isinstance(layer.weight, torch.Tensor)
    return layer.weight


@pytest.mark.parametrize(("layer", "shape"), CONVOLUTIONS)
def test_operator_norms_are_those_of_the_dense_matrix(layer: nn.Module, shape: tuple[int, ...]) -> None:
    layer = layer.double()
    for seed in range(3):
        nn.init.normal_(weight_of(layer), generator=rng(seed))
        expected = np.linalg.svd(dense(layer, shape), compute_uv=False)[0]
        assert lipschitz.operator_norm(layer, shape) == pytest.approx(expected, rel=1e-5)


def test_the_norm_of_the_reshaped_kernel_would_be_too_small() -> None:
    layer = nn.Conv2d(2, 5, 4, stride=2, padding=1).double()
    nn.init.normal_(layer.weight, generator=rng())
    assert float(torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2)) < 0.9 * lipschitz.operator_norm(layer, (2, 10, 10))


def test_a_layer_of_zeros_has_norm_zero() -> None:
    for layer, shape in CONVOLUTIONS[:1] + CONVOLUTIONS[-1:]:
        nn.init.zeros_(weight_of(layer))
        assert lipschitz.operator_norm(layer, shape) == 0


def test_the_spectral_bound_is_the_product_over_the_layers_at_their_true_sizes() -> None:
    critic = DCGANCritic((1, 28, 28), 4, 0.2, "none").double()
    layers = [layer for layer in critic.layers if isinstance(layer, nn.Conv2d)]
    shapes = ((1, 28, 28), (4, 14, 14), (8, 7, 7), (16, 4, 4))
    expected = [np.linalg.norm(dense(layer, shape), 2) for layer, shape in zip(layers, shapes, strict=True)]
    assert lipschitz.spectral_bound(critic, (1, 28, 28)).value == pytest.approx(math.prod(expected), rel=1e-4)


@pytest.mark.parametrize(
    ("widths", "shape", "c", "expected"),
    [
        ((512, 256), (1, 32, 32), 0.005, 0.524),
        ((512, 256), (1, 32, 32), 0.01, 4.19),
        ((512, 256), (1, 28, 28), 0.01, 3.67),
        ((512,) * 3, (2,), 0.01, 1.90),
    ],
)
def test_the_box_bound_of_known_critics(widths: tuple[int, ...], shape: tuple[int, ...], c: float, expected: float) -> None:
    bound = lipschitz.box_bound(MLPCritic(shape, widths, 0.2).double(), shape, c)
    assert bound.value == pytest.approx(expected, abs=0.005)
    assert bound.value == pytest.approx(c ** (len(widths) + 1) * math.sqrt(math.prod(shape)) * math.prod(widths), rel=1e-9)


@pytest.mark.parametrize("critic", [MLPCritic((1, 8, 8), (30, 20), 0.2), DCGANCritic((1, 28, 28), 4, 0.2, "none")])
def test_the_box_bound_is_reached_where_all_weights_are_c(critic: nn.Module) -> None:
    critic = critic.double()
    shape = (1, 8, 8) if isinstance(critic, MLPCritic) else (1, 28, 28)
    box = lipschitz.box_bound(critic, shape, 0.1).value
    before = lipschitz.spectral_bound(critic.requires_grad_(False), shape).value
    for parameter in critic.parameters():
        parameter.clamp_(-0.1, 0.1)
    clipped = lipschitz.spectral_bound(critic, shape).value
    for parameter in critic.parameters():
        parameter.fill_(0.1)
    assert before is not None and clipped is not None and box is not None
    assert clipped < 0.9 * box
    assert lipschitz.spectral_bound(critic, shape).value == pytest.approx(box, rel=1e-5)
    # All units are active for positive inputs, so a gradient comes as near as the border of the images lets it.
    steepest = float(lipschitz.gradients(critic, torch.ones(1, *shape, dtype=torch.float64)).norm())
    assert steepest == pytest.approx(box, rel=1e-6 if isinstance(critic, MLPCritic) else 0.2)


def test_gradients_of_a_linear_critic_are_its_weights() -> None:
    critic = linear([3.0, -4.0])
    points = torch.randn(20, 2, generator=rng(), dtype=torch.float64)
    norms = lipschitz.gradient_norms(critic, points, points + 1, rng())
    for part in (norms.real, norms.fake, norms.between):
        assert part == pytest.approx(np.full(20, 5.0))
    assert norms.alignment == pytest.approx(1)
    assert norms.quantiles((0.5,)) == {"real": [5.0], "fake": [5.0], "between": [5.0]}
    assert lipschitz.steepest_pair(critic, points) <= 5 + 1e-9
    assert lipschitz.spectral_bound(critic, (2,)).value == pytest.approx(5)


class Bowl(nn.Module):
    """f(x) = ‖x‖² / 2, whose gradient at x is x."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.square().sum(1, keepdim=True) / 2


def test_gradients_are_those_of_each_sample_wherever_it_lies_in_the_batch() -> None:
    points = torch.randn(lipschitz.CHUNK + 10, 3, generator=rng(), dtype=torch.float64)
    assert torch.allclose(lipschitz.gradients(Bowl(), points), points)


def test_points_between_lie_on_the_straight_lines() -> None:
    real, fake = torch.tensor([[2.0, 0.0]] * 500), torch.tensor([[4.0, 0.0]] * 500)
    norms = lipschitz.gradient_norms(Bowl(), real, fake, rng())
    assert norms.real.tolist() == [2.0] * 500 and norms.fake.tolist() == [4.0] * 500
    # Uniform on [2, 4], one for each sample; a normal α would leave the segment.
    assert norms.between.min() >= 2 and norms.between.max() <= 4
    assert norms.between.mean() == pytest.approx(3, abs=0.1) and norms.between.std() == pytest.approx(2 / math.sqrt(12), abs=0.06)
    assert norms.largest == 4.0


def test_alignment_tells_a_linear_critic_from_one_that_bends() -> None:
    circle = torch.tensor([[math.cos(t), math.sin(t)] for t in np.linspace(0, 2 * math.pi, 64, endpoint=False)])
    assert lipschitz.gradient_norms(Bowl(), circle, circle, rng()).alignment == pytest.approx(0, abs=1e-6)
    away = circle + torch.tensor([100.0, 0.0])
    assert lipschitz.gradient_norms(Bowl(), away, away, rng()).alignment == pytest.approx(1, abs=1e-3)


class Jump(nn.Module):
    """Flat nearly everywhere, with a steep step at 0 that no gradient at the samples shows."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x[:, :1] * 1000).clamp(0, 1)


def test_pairs_find_a_steep_place_that_gradients_miss() -> None:
    real, fake = torch.tensor([[1.0, 0.0], [1.1, 0.0]]), torch.tensor([[-1.0, 0.0], [-0.9, 0.0]])
    norms = lipschitz.GradientNorms(np.zeros(2), np.zeros(2), np.zeros(2), math.nan)
    assert lipschitz.empirical_constant(Jump(), real, fake, norms) == pytest.approx(1 / 1.9)
    grid = torch.tensor([[0.0005, 0.0]])
    assert lipschitz.empirical_constant(Jump(), real, fake, norms, grid) == pytest.approx(1000)


def test_equal_points_have_no_slope() -> None:
    assert lipschitz.steepest_pair(Bowl(), torch.ones(5, 2)) == 0
    points = torch.tensor([[1.0, 0.0], [1.0, 0.0], [2.0, 0.0]])
    assert lipschitz.steepest_pair(Bowl(), points) == pytest.approx(1.5)


@pytest.mark.parametrize("seed", range(25))
def test_weak_duality_and_the_chain_of_constants(seed: int) -> None:
    """(mean f(x) − mean f(y)) / K_spec ≤ exact W1 of the same two samples, and K_emp ≤ K_spec ≤ K_box, for any weights."""
    draw = np.random.default_rng(seed)
    shape = ((2,), (1, 4, 4))[seed % 2]
    widths = tuple(int(w) for w in draw.integers(1, 40, size=draw.integers(1, 4)))
    c = float(10 ** draw.uniform(-3, 1))
    critic = mlp(widths, shape, seed, c, slope=float(draw.uniform(0, 1)))
    x = torch.from_numpy(draw.normal(size=(64, *shape)))
    y = torch.from_numpy(draw.normal(draw.normal(), draw.uniform(0.1, 2), size=(64, *shape)))
    spectral, box = lipschitz.spectral_bound(critic, shape).value, lipschitz.box_bound(critic, shape, c).value
    assert spectral is not None and box is not None
    estimate = abs(float(lipschitz.scores(critic, x).mean() - lipschitz.scores(critic, y).mean()))
    assert estimate / spectral <= exact_w1(x, y) * (1 + 1e-9)
    norms = lipschitz.gradient_norms(critic, x, y, rng(seed))
    assert lipschitz.empirical_constant(critic, x, y, norms) <= spectral * (1 + 1e-9) <= box * (1 + 1e-6)


def test_weak_duality_is_tight_for_the_best_critic() -> None:
    x = torch.randn(100, 2, generator=rng(), dtype=torch.float64)
    y = x - torch.tensor([0.6, 0.8])
    critic = linear([6.0, 8.0]).requires_grad_(False)
    spectral = lipschitz.spectral_bound(critic, (2,)).value
    assert spectral is not None
    assert float(critic(x).mean() - critic(y).mean()) / spectral == pytest.approx(exact_w1(x, y), rel=1e-6)


def test_weak_duality_for_convolutions() -> None:
    for seed in range(4):
        critic = DCGANCritic((1, 28, 28), 4, 0.2, "none").double().requires_grad_(False)
        x, y = torch.rand(2, 16, 1, 28, 28, generator=rng(seed), dtype=torch.float64)
        y[:, :, seed:] -= 1
        spectral = lipschitz.spectral_bound(critic, (1, 28, 28)).value
        assert spectral is not None
        assert abs(float(critic(x).mean() - critic(y).mean())) / spectral <= exact_w1(x, y)


def test_batchnorm_leaves_the_constant_undefined() -> None:
    critic = MLPCritic((2,), (8, 8), 0.2, "batch").double()
    assert lipschitz.why_no_slope(critic).startswith("The critic has BatchNorm, so in training the score of an image depends on the others")
    for bound in (lipschitz.spectral_bound(critic, (2,)), lipschitz.box_bound(critic, (2,), 0.01)):
        assert bound.value is None and bound.reason == lipschitz.why_no_slope(critic)


def test_layer_norm_has_slopes_but_no_bound_from_the_weights() -> None:
    critic = DCGANCritic((1, 28, 28), 4, 0.2, "layer").double()
    assert lipschitz.why_no_slope(critic) == ""
    bound = lipschitz.spectral_bound(critic, (1, 28, 28))
    assert bound.value is None and "layer normalisation" in bound.reason


@pytest.mark.parametrize(
    ("layer", "named"),
    [
        (nn.ELU(alpha=3), "ELU"),
        (nn.LeakyReLU(1.5), "LeakyReLU"),
        (nn.Conv2d(1, 1, 3, padding=1, padding_mode="circular"), "Conv2d"),
        (nn.Conv2d(1, 1, 3, padding="same"), "Conv2d"),
        (nn.ConvTranspose2d(1, 1, 3), "ConvTranspose2d"),
    ],
)
def test_unknown_layers_have_no_bound(layer: nn.Module, named: str) -> None:
    assert (
        lipschitz.why_no_bound(nn.Sequential(nn.Sequential(layer), nn.Tanh()))
        == f"The critic has a layer ({named}) for which no bound is known here."
    )


def test_nothing_is_changed() -> None:
    critic = MLPCritic((2,), (8, 8), 0.2).double()
    before = {name: tensor.clone() for name, tensor in critic.state_dict().items()}
    points = torch.randn(10, 2, generator=rng(), dtype=torch.float64)
    norms = lipschitz.gradient_norms(critic, points, points + 1, rng())
    lipschitz.empirical_constant(critic, points, points + 1, norms, points)
    lipschitz.spectral_bound(critic, (2,))
    lipschitz.box_bound(critic, (2,), 0.01)
    assert all(torch.equal(tensor, before[name]) for name, tensor in critic.state_dict().items())
    assert all(parameter.grad is None for parameter in critic.parameters())
    assert not any(module._forward_pre_hooks for module in critic.modules())
    assert not points.requires_grad
