"""The gradients of an MLP critic's estimate and penalty, written out by hand. This needs fewer and larger matrix products than autograd and
gives the same numbers up to rounding, usually to the last bit.

The estimate: the real and the generated half go through the layers together. The gradients of the weights are summed for each half
separately and then added, as in two passes of autograd. Another order of summation would change the last bits, and RMSprop amplifies that
where a gradient is close to 0 (1e-5, at worst 2e-3, after 50 updates). So on one thread the result equals autograd's to the last bit,
provided that the rows of a matrix product do not depend on how many rows there are. That depends on the library's kernels, which differ
between processors; for most of them it holds if batch sizes and widths are multiples of 16. Otherwise, and where several threads split the
larger products differently, the result equals autograd's up to rounding.

The penalty: the slope of an MLP with LeakyReLU is constant between kinks. So the gradient of the gradient only has to follow the
computation of the slope backwards, and needs neither a graph nor what autograd keeps and copies for one.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional

from wgan_core.training.critic_loss import slope_norm
from wgan_core.training.models import MLPCritic


class CriticGradients:
    """Computes the parts of the critic's loss and their gradients, for an MLP critic without norms.

    Args:
        critic: each of its parameters has a `grad` tensor, as `FlatParameters` provides.
        batch: number of real images, and of generated ones.
        dtype: type of the matrix products of the hidden layers; everything else has the parameters' type.
    """

    def __init__(self, critic: MLPCritic, batch: int, dtype: torch.dtype) -> None:
        *self._hidden, self._last = (layer for layer in critic.layers if isinstance(layer, nn.Linear))
        self._slope = next(layer.negative_slope for layer in critic.layers if isinstance(layer, nn.LeakyReLU))
        self._dtype = dtype
        weight = self._last.weight
        self._input = torch.empty(2 * batch, self._hidden[0].in_features, dtype=dtype, device=weight.device)
        # Whether a product is added to a weight's gradient in a single call, which is done where it gives the same bits as two calls.
        self._in_one_call = {
            layer: weight.device.type != "cpu" or _adds_after_product(batch, layer.weight.shape) for layer in (*self._hidden, self._last)
        }
        # The gradient of the loss with respect to each score.
        self._on_scores = torch.full((2 * batch, 1), 1 / batch, dtype=weight.dtype, device=weight.device)
        self._on_scores[:batch] = -1 / batch

    @torch.no_grad()
    def estimate(self, real: Tensor, fake: Tensor, *, add: bool) -> tuple[Tensor, Tensor]:
        """The scores [batch, 1] of `real` and `fake` [batch, ...]. The gradients of E f(fake) − E f(real) are written to the parameters'
        `grad`, or added to it."""
        for place, images in zip(self._input.chunk(2), (real, fake), strict=True):
            place.copy_(images.flatten(1))
        activations, weights = self._forward(self._input)
        top = activations[-1].to(self._last.weight.dtype)
        real_top, fake_top = top.chunk(2)
        self._add_gradients(self._last, self._on_scores, top, add)
        on_output = self._on_scores @ self._last.weight
        for index in reversed(range(len(self._hidden))):
            on_output = self._through_activation(on_output, activations[index + 1])
            self._add_gradients(self._hidden[index], on_output, activations[index], add)
            if index > 0:
                on_output = on_output @ weights[index]
        # Each half by itself: the last bits of a product with one column may depend on the number of rows.
        return self._last(real_top), self._last(fake_top)

    def _add_gradients(self, layer: nn.Linear, on_output: Tensor, inputs: Tensor, add: bool) -> None:
        """Add the gradients of a layer's weight and bias. The generated half comes first, as in autograd, which starts with what was
        computed last."""
        if self._dtype != layer.weight.dtype:  # rounded anyway, so a single product is enough
            _accumulate(layer.weight, on_output.t() @ inputs, add)
            _accumulate(layer.bias, on_output.sum(0), add)
            return
        (real_out, fake_out), (real_in, fake_in) = on_output.chunk(2), inputs.chunk(2)
        for out, into, keep in ((fake_out, fake_in, add), (real_out, real_in, True)):
            _accumulate_product(layer.weight, out.t(), into, keep, self._in_one_call[layer])
            _accumulate(layer.bias, out.sum(0), keep)

    @torch.no_grad()
    def penalty(self, between: Tensor, gp_lambda: float) -> Tensor:
        """λ times the gradient penalty at `between` [batch, ...], 0-dim. Its gradients are written to the parameters' `grad`."""
        (_, *activations), weights = self._forward(between.flatten(1).to(self._dtype))
        on_score = torch.ones(len(between), 1, dtype=self._last.weight.dtype, device=between.device)
        slope, on_outputs = on_score @ self._last.weight, []
        for weight, activation in zip(reversed(weights), reversed(activations), strict=True):
            on_outputs.insert(0, self._through_activation(slope, activation))
            slope = on_outputs[0] @ weight
        slope = slope.to(between.dtype)
        norm = slope_norm(slope)
        # The same products in the same order as in autograd, to get the same bits.
        scale = torch.full_like(norm, gp_lambda) / len(between) * (2 * (norm - 1)) / (2 * norm)
        self._write_gradients(scale[:, None] * (2 * slope), activations, weights, on_outputs, on_score)
        return gp_lambda * (norm - 1).square().mean()

    def _write_gradients(
        self, on_slope: Tensor, activations: list[Tensor], weights: list[Tensor], on_outputs: list[Tensor], on_score: Tensor
    ) -> None:
        """Follow the computation of the slope backwards, from the input to the score. Each weight was multiplied by one of `on_outputs`."""
        for layer, weight, activation, on_output in zip(self._hidden, weights, activations, on_outputs, strict=True):
            on_slope = on_slope.to(self._dtype)
            _accumulate(layer.weight, on_output.t() @ on_slope, keep=False)
            on_slope = self._through_activation(on_slope @ weight.t(), activation)
        _accumulate(self._last.weight, on_score.t() @ on_slope.to(on_score.dtype), keep=False)
        for layer in (*self._hidden, self._last):  # a shift does not change the slope
            _accumulate(layer.bias, torch.zeros_like(layer.bias), keep=False)

    def _through_activation(self, gradient: Tensor, activation: Tensor) -> Tensor:
        return torch.ops.aten.leaky_relu_backward(gradient.to(self._dtype), activation, self._slope, True)

    def _forward(self, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """The inputs of all layers for the input `x` [n, inputs], and the hidden layers' weights in the type that was used."""
        activations = [x]
        weights = [layer.weight.to(self._dtype) for layer in self._hidden]
        for layer, weight in zip(self._hidden, weights, strict=True):
            x = functional.linear(activations[-1], weight, layer.bias.to(self._dtype))
            activations.append(functional.leaky_relu_(x, self._slope))
        return activations, weights


def _accumulate(parameter: Tensor, gradient: Tensor, keep: bool) -> None:
    assert parameter.grad is not None
    parameter.grad.add_(gradient) if keep else parameter.grad.copy_(gradient)


def _accumulate_product(parameter: Tensor, left: Tensor, right: Tensor, keep: bool, in_one_call: bool) -> None:
    """Like `_accumulate` with the gradient left @ right."""
    assert parameter.grad is not None
    if in_one_call:
        torch.addmm(parameter.grad, left, right, beta=int(keep), out=parameter.grad)
    else:
        _accumulate(parameter, left @ right, keep)


@cache
def _adds_after_product(batch: int, shape: torch.Size) -> bool:
    """Whether `addmm`, like autograd, completes the product before it adds it to the existing gradient. `shape`: of the weight.

    Some kernels start their sums from the existing values, which changes the last bits. Which kernels do so, and for which sizes, depends
    on the processor and on the version of PyTorch, so it is tried out here. One thread is used, so that the answer does not depend on the
    caller.
    """
    rng, threads = torch.Generator().manual_seed(0), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for _ in range(1 + 1000 // shape.numel()):  # a few numbers could agree by chance
            left, right, there = (torch.randn(*size, generator=rng) for size in ((batch, shape[0]), (batch, shape[1]), shape))
            if not torch.equal(torch.addmm(there, left.t(), right), there + left.t() @ right):
                return False
    finally:
        torch.set_num_threads(threads)
    return True
