"""The gradients of an MLP critic's estimate and of its penalty, written out: fewer and larger matrix products than autograd makes, and the
same numbers up to rounding, as a rule to the last bit.

The estimate's: both halves, real and generated, go through the layers together. The gradients of the weights are summed for each half by
itself and then added, as two passes of autograd do: another order of the sums differs in the last bits, and RMSprop blows that up where a
gradient is nearly nothing (1e-5, at worst 2e-3, after 50 updates). So on one thread the result is autograd's to the last bit wherever the
rows of a product come out the same however many there are: that is for the library's kernels to decide, which differ from processor to
processor, and most do so for batches and widths that are multiples of 16. Elsewhere, and where several threads divide the larger products
in another way, it is autograd's up to rounding.

The penalty's: the slope of an MLP with LeakyReLU is constant between kinks, so the gradient of the gradient goes back along the slope's own
way only, and needs neither a graph nor what autograd keeps and copies for one.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor, nn
from torch.nn import functional

from wgan_core.training.critic_loss import slope_norm
from wgan_core.training.models import MLPCritic


class CriticGradients:
    """Computes the parts of the critic's loss, and their gradients, of an MLP critic without norms.

    Args:
        critic: whose parameters have a `grad` tensor each, as `FlatParameters` gives them.
        batch: real images, and as many generated ones.
        dtype: what the matrix products of the hidden layers compute in; the rest is the parameters'.
    """

    def __init__(self, critic: MLPCritic, batch: int, dtype: torch.dtype) -> None:
        *self._hidden, self._last = (layer for layer in critic.layers if isinstance(layer, nn.Linear))
        self._slope = next(layer.negative_slope for layer in critic.layers if isinstance(layer, nn.LeakyReLU))
        self._dtype = dtype
        weight = self._last.weight
        self._input = torch.empty(2 * batch, self._hidden[0].in_features, dtype=dtype, device=weight.device)
        # Whether a product is added to the gradient of a layer's weight in one call: where that gives the same bits as two.
        self._in_one_call = {
            layer: weight.device.type != "cpu" or _adds_at_the_end(batch, layer.weight.shape) for layer in (*self._hidden, self._last)
        }
        # Of the loss with respect to each score.
        self._on_scores = torch.full((2 * batch, 1), 1 / batch, dtype=weight.dtype, device=weight.device)
        self._on_scores[:batch] = -1 / batch

    @torch.no_grad()
    def estimate(self, real: Tensor, fake: Tensor, *, add: bool) -> tuple[Tensor, Tensor]:
        """Scores [batch, 1] of `real` and `fake` [batch, ...]; the gradients of E f(fake) − E f(real) are written, or added, to the
        parameters' `grad`."""
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
        # By halves: a product with one column may depend in its last bits on how many rows there are.
        return self._last(real_top), self._last(fake_top)

    def _add_gradients(self, layer: nn.Linear, on_output: Tensor, inputs: Tensor, add: bool) -> None:
        """Of a layer's weight and bias. The generated half comes first: so does autograd, which begins with what was computed last."""
        if self._dtype != layer.weight.dtype:  # rounded anyway, so in one product
            _accumulate(layer.weight, on_output.t() @ inputs, add)
            _accumulate(layer.bias, on_output.sum(0), add)
            return
        (real_out, fake_out), (real_in, fake_in) = on_output.chunk(2), inputs.chunk(2)
        for out, into, keep in ((fake_out, fake_in, add), (real_out, real_in, True)):
            _accumulate_product(layer.weight, out.t(), into, keep, self._in_one_call[layer])
            _accumulate(layer.bias, out.sum(0), keep)

    @torch.no_grad()
    def penalty(self, between: Tensor, gp_lambda: float) -> Tensor:
        """λ times the gradient penalty at `between` [batch, ...], 0-dim; its gradients are written to the parameters' `grad`."""
        (_, *activations), weights = self._forward(between.flatten(1).to(self._dtype))
        on_score = torch.ones(len(between), 1, dtype=self._last.weight.dtype, device=between.device)
        slope, on_outputs = on_score @ self._last.weight, []
        for weight, activation in zip(reversed(weights), reversed(activations), strict=True):
            on_outputs.insert(0, self._through_activation(slope, activation))
            slope = on_outputs[0] @ weight
        slope = slope.to(between.dtype)
        norm = slope_norm(slope)
        # The same products in the same order as autograd's, for the sake of the bits.
        scale = torch.full_like(norm, gp_lambda) / len(between) * (2 * (norm - 1)) / (2 * norm)
        self._write_gradients(scale[:, None] * (2 * slope), activations, weights, on_outputs, on_score)
        return gp_lambda * (norm - 1).square().mean()

    def _write_gradients(
        self, on_slope: Tensor, activations: list[Tensor], weights: list[Tensor], on_outputs: list[Tensor], on_score: Tensor
    ) -> None:
        """Follow the slope's way back, from the input to the score: there each weight was multiplied with `on_outputs`."""
        for layer, weight, activation, on_output in zip(self._hidden, weights, activations, on_outputs, strict=True):
            on_slope = on_slope.to(self._dtype)
            _accumulate(layer.weight, on_output.t() @ on_slope, keep=False)
            on_slope = self._through_activation(on_slope @ weight.t(), activation)
        _accumulate(self._last.weight, on_score.t() @ on_slope.to(on_score.dtype), keep=False)
        for layer in (*self._hidden, self._last):  # a shift changes no slope
            _accumulate(layer.bias, torch.zeros_like(layer.bias), keep=False)

    def _through_activation(self, gradient: Tensor, activation: Tensor) -> Tensor:
        return torch.ops.aten.leaky_relu_backward(gradient.to(self._dtype), activation, self._slope, True)

    def _forward(self, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """What goes into each layer, of the input `x` [n, inputs], and the hidden layers' weights as they were used."""
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
    """As `_accumulate` of left @ right."""
    assert parameter.grad is not None
    if in_one_call:
        torch.addmm(parameter.grad, left, right, beta=int(keep), out=parameter.grad)
    else:
        _accumulate(parameter, left @ right, keep)


@cache
def _adds_at_the_end(batch: int, shape: torch.Size) -> bool:
    """Whether `addmm` finishes a product that is a weight's gradient, of `shape`, before it adds it to what is there, as autograd does.

    Some kernels begin their sums with what is there, and find other last bits. Which do, and for what sizes, depends on the processor and
    on PyTorch's version, so it is tried; on one thread, for the answer must not depend on who asks first.
    """
    rng, threads = torch.Generator().manual_seed(0), torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        for _ in range(1 + 1000 // shape.numel()):  # a few numbers may agree by chance
            left, right, there = (torch.randn(*size, generator=rng) for size in ((batch, shape[0]), (batch, shape[1]), shape))
            if not torch.equal(torch.addmm(there, left.t(), right), there + left.t() @ right):
                return False
    finally:
        torch.set_num_threads(threads)
    return True
