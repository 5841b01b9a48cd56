"""How steep a critic is: measured slopes, and upper bounds from its weights.

With K the critic's Lipschitz constant and 1-Lipschitz activations: K_emp ≤ K ≤ K_spec ≤ K_box. K_spec is the product of the layers'
spectral norms. With it, weak duality is a theorem: (mean f(x) − mean f(y)) / K_spec ≤ W1 of the same two samples, whatever the weights.
K_emp is the steepest slope found. So estimate / K_emp is only a value for display and not a bound: on other samples it may exceed W1.

All functions take a critic that maps [n, ...] to scores [n, 1], compute in its own dtype and leave it unchanged. The dtype should be
float64, because norms of deep, strongly clipped critics underflow in float32. Pass a copy that nothing trains.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse.linalg import LinearOperator, svds
from torch import Tensor, nn
from torch.nn.utils.parametrizations import _SpectralNorm

from wgan_core.training.residual import ResidualBlock

CHUNK = 256
"""Number of samples that go through the critic together."""
_BATCH_NORM = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)
_ONE_LIPSCHITZ = (nn.ReLU, nn.Tanh, nn.Identity, nn.Flatten)


@dataclass(frozen=True)
class Bound:
    """A constant, or the reason why there is none."""

    value: float | None
    reason: str = ""
    """In words, if `value` is None."""


@dataclass(frozen=True)
class GradientNorms:
    """‖∇f‖₂ at single samples, each [n]."""

    real: NDArray[np.float64]
    fake: NDArray[np.float64]
    between: NDArray[np.float64]
    """At random points, uniform on the straight lines between real and generated samples, as in the gradient penalty."""
    alignment: float
    """‖E ∇f‖ / √E ‖∇f‖² over all three groups. 1: the gradient is the same everywhere, so the critic is linear there and only sees a
    difference of the means. 0: its directions cancel. nan: the critic is flat."""

    @property
    def largest(self) -> float:
        """The largest norm in all three groups."""
        return float(max(self.real.max(), self.fake.max(), self.between.max()))

    def quantiles(self, at: tuple[float, ...] = (0.05, 0.25, 0.5, 0.75, 0.95)) -> dict[str, list[float]]:
        """Quantiles of each of the three groups, by name."""
        return {name: np.quantile(getattr(self, name), at).tolist() for name in ("real", "fake", "between")}


def weighted_layers(network: nn.Module) -> list[tuple[str, nn.Module]]:
    """Linear and convolution layers by name. In networks that are plain sequences they are in the order of computation."""
    kinds = (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)
    return [(name, module) for name, module in network.named_modules() if isinstance(module, kinds)]


def why_no_slope(critic: nn.Module) -> str:
    """The reason why the critic has no slope at a single sample, in words; "" if it has one."""
    if any(isinstance(module, _BATCH_NORM) or hasattr(module, "running_mean") for module in critic.modules()):
        return (
            "The critic has BatchNorm, so in training the score of an image depends on the others in its batch, and the critic has no "
            "Lipschitz constant. To get one, choose layer or none as the norm in the critic."
        )
    return ""


def why_no_bound(critic: nn.Module) -> str:
    """The reason why the weights give no bound on the critic's slope, in words; "" if they do."""
    if slope := why_no_slope(critic):
        return slope
    for module in critic.modules():
        if isinstance(module, (nn.GroupNorm, nn.LayerNorm)):
            return "The critic has layer normalisation, which divides by the spread of its input: the weights alone do not bound its slope."
        if isinstance(module, ResidualBlock):
            return "The critic adds up what goes through its layers and what goes past them, so the product of their norms is no bound."
        if not _is_bounded(module):
            return f"The critic has a layer ({type(module).__name__}) for which no bound is known here."
    return ""


def _is_bounded(module: nn.Module) -> bool:
    """Whether a bound on the module's slope is known. A container counts as bounded here, because its contents are checked separately."""
    if isinstance(module, nn.Conv2d):
        return module.padding_mode == "zeros" and not isinstance(module.padding, str)
    if isinstance(module, nn.LeakyReLU):
        return abs(module.negative_slope) <= 1
    return isinstance(module, (*_ONE_LIPSCHITZ, _SpectralNorm, nn.Linear, nn.Sequential)) or any(True for _ in module.children())


# Measured slopes.


def gradient_norms(critic: nn.Module, real: Tensor, fake: Tensor, rng: torch.Generator) -> GradientNorms:
    """Gradient norms at `real` and `fake` [n, ...] of equal shape, and at points between them that are drawn with `rng` (a CPU
    generator)."""
    alpha = torch.rand((len(real), *[1] * (real.ndim - 1)), generator=rng, dtype=real.dtype)
    parts = [gradients(critic, points) for points in (real, fake, alpha * real + (1 - alpha) * fake)]
    real_norms, fake_norms, between_norms = (part.norm(dim=1).double().numpy() for part in parts)
    everywhere = torch.cat(parts)
    size = everywhere.square().sum(1).mean().sqrt()
    alignment = float(everywhere.mean(0).norm() / size) if size else math.nan
    return GradientNorms(real_norms, fake_norms, between_norms, alignment)


def gradients(critic: nn.Module, points: Tensor) -> Tensor:
    """∇f at each of `points` [n, ...], flattened: [n, d]."""
    found: list[Tensor] = []
    for part in points.detach().split(CHUNK):
        part = part.clone().requires_grad_()
        # Samples do not mix in the critic, so the gradient of the sum consists of the samples' gradients.
        (gradient,) = torch.autograd.grad(critic(part).sum(), part)
        found.append(gradient.flatten(1))
    return torch.cat(found)


@torch.no_grad()
def scores(critic: nn.Module, points: Tensor) -> Tensor:
    """f at each of `points` [n, ...], returned as [n]."""
    return torch.cat([critic(part)[:, 0] for part in points.split(CHUNK)])


def steepest_pair(critic: nn.Module, points: Tensor) -> float:
    """The largest |f(x) − f(y)| / ‖x − y‖ over pairs of `points` [n, ...]. Pairs closer than a millionth of the largest distance are
    skipped."""
    values = scores(critic, points).double()
    rows = points.flatten(1).double()
    distance = torch.cdist(rows, rows)
    distinct = distance > 1e-6 * distance.max()
    rise = (values[:, None] - values[None]).abs()
    return float((rise[distinct] / distance[distinct]).max()) if distinct.any() else 0.0


def empirical_constant(critic: nn.Module, real: Tensor, fake: Tensor, norms: GradientNorms, extra: Tensor | None = None) -> float:
    """K_emp: the steepest slope found among the gradients in `norms`, between pairs of samples, and at `extra` points (in the plane, a
    grid). A lower bound of K."""
    found = [norms.largest, steepest_pair(critic, torch.cat((real, fake)))]
    if extra is not None:
        found.append(float(gradients(critic, extra).norm(dim=1).max()))
    return max(found)


# Bounds from the weights.


def spectral_bound(critic: nn.Module, input_shape: tuple[int, ...]) -> Bound:
    """K_spec: the product of the layers' spectral norms, for inputs of shape [input_shape]."""
    if reason := why_no_bound(critic):
        return Bound(None, reason)
    return Bound(float(np.prod([operator_norm(layer, shape) for layer, shape in _with_input_shapes(critic, input_shape)])))


def box_bound(critic: nn.Module, input_shape: tuple[int, ...], clip_value: float) -> Bound:
    """K_box: the largest K_spec possible with all weights in [-c, c], which is reached if all are +c. For linear layers c^L √d_in Π h_l."""
    if reason := why_no_bound(critic):
        return Bound(None, reason)
    constant = 1.0
    for layer, shape in _with_input_shapes(critic, input_shape):
        ones = copy.deepcopy(layer)
        nn.init.ones_(ones.weight)  # pyright: ignore[reportArgumentType]
        constant *= clip_value * operator_norm(ones, shape)
    return Bound(constant)


def _with_input_shapes(critic: nn.Module, input_shape: tuple[int, ...]) -> list[tuple[nn.Module, tuple[int, ...]]]:
    """Each weighted layer with the shape [...] of its input."""
    shapes: dict[str, tuple[int, ...]] = {}
    layers = weighted_layers(critic)

    def note(name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
        return lambda module, inputs: shapes.update({name: tuple(inputs[0].shape[1:])})

    hooks = [layer.register_forward_pre_hook(note(name)) for name, layer in layers]
    try:
        first = next(critic.parameters())
        with torch.no_grad():
            critic(torch.zeros(1, *input_shape, dtype=first.dtype))
    finally:
        for hook in hooks:
            hook.remove()
    return [(layer, shapes[name]) for name, layer in layers]


@torch.no_grad()
def operator_norm(layer: nn.Module, input_shape: tuple[int, ...]) -> float:
    """The spectral norm of a linear or convolution layer as a linear map, without its bias, on inputs of shape [input_shape].

    Exact for matrices. For convolutions it uses Lanczos bidiagonalisation of the actual operator, including stride and padding (the norm of
    the reshaped kernel is a different number, and too small). Power iteration gives the same value but needs three times as many
    convolutions.
    """
    if isinstance(layer, nn.Linear):
        weight = layer.weight.double()
        gram = weight @ weight.T if weight.shape[0] < weight.shape[1] else weight.T @ weight
        return float(torch.linalg.eigvalsh(gram)[-1].clamp(min=0).sqrt())
    assert isinstance(layer, nn.Conv2d)
    if not layer.weight.any():
        return 0.0
    operator = _convolution(layer, input_shape)
    if min(operator.shape) < 8:  # too small for Lanczos, and cheap to write as a matrix
        return _norm_as_matrix(operator)
    start = np.random.default_rng(0).standard_normal(min(operator.shape))
    values: Any = svds(operator, k=1, tol=cast(int, 1e-6), v0=start, return_singular_vectors=False)
    return float(values[0])


def _norm_as_matrix(operator: LinearOperator) -> float:
    rows, columns = operator.shape
    matrix: Any = operator @ np.eye(columns) if columns < rows else operator.H @ np.eye(rows)
    return float(np.linalg.norm(matrix, 2))


def _convolution(layer: nn.Conv2d, input_shape: tuple[int, ...]) -> LinearOperator:
    """The layer as a linear operator on flattened inputs, with its transpose, in float64."""
    plain = copy.deepcopy(layer).double()
    plain.bias = None

    def there(x: NDArray[np.float64]) -> Tensor:
        return plain(_tensor(x, (1, *input_shape)))

    def back(y: NDArray[np.float64]) -> Tensor:
        with torch.enable_grad():
            x = torch.zeros(1, *input_shape, dtype=torch.float64, requires_grad=True)
            return torch.autograd.grad(plain(x), x, _tensor(y, out))[0]

    size = math.prod(input_shape)
    out = there(np.zeros(size)).shape
    # The type stubs give the signature of the base class.
    make: Any = LinearOperator
    return make(
        (math.prod(out), size), matvec=lambda x: there(x).flatten().numpy(), rmatvec=lambda y: back(y).flatten().numpy(), dtype=np.float64
    )


def _tensor(values: NDArray[np.float64], shape: tuple[int, ...]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values, dtype=np.float64)).view(shape)
