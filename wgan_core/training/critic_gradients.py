"""The gradients of an MLP critic's estimate and penalty, written out by hand. This needs fewer and larger matrix products than autograd and
gives the same numbers up to rounding, usually to the last bit.

The real samples, the generated ones and the penalty each give a part of the gradient, in a vector of its own. So the parts can be computed
side by side, and their sum does not depend on which is ready first. They are added in the order of autograd, which starts with what was
computed last: penalty, generated, real. Another order would change the last bits, and RMSprop amplifies that where a gradient is close to 0
(1e-5, at worst 2e-3, after 50 updates).

The penalty: the slope of an MLP with LeakyReLU is constant between kinks. So the gradient of the gradient only has to follow the
computation of the slope backwards, and needs neither a graph nor what autograd keeps and copies for one.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from wgan_core.training.classes import to_outputs
from wgan_core.training.critic_loss import slope_norm
from wgan_core.training.flat import FlatParameters
from wgan_core.training.mean_pass import MeanPass
from wgan_core.training.models import MLPCritic
from wgan_core.training.penalties import PENALTIES, Penalty

Places = dict[nn.Linear, tuple[Tensor, Tensor]]
"""Where the gradients of each layer's weight and bias are written."""


class CriticGradients:
    """Computes the parts of the critic's loss and their gradients, for an MLP critic without norms.

    Args:
        critic: the critic.
        flat: its parameters and their gradient, to which `terms` have to be added after all parts are computed.
        batch: number of real samples, and of generated ones.
        dtype: type of the matrix products of the hidden layers; everything else has the parameters' type.
        penalty: what is made of the slope, if there is a penalty.
    """

    def __init__(self, critic: MLPCritic, flat: FlatParameters, batch: int, dtype: torch.dtype, *, penalty: Penalty | None) -> None:
        *self._hidden, self._last = self._layers = [layer for layer in critic.layers if isinstance(layer, nn.Linear)]
        self._slope = next(layer.negative_slope for layer in critic.layers if isinstance(layer, nn.LeakyReLU))
        self._dtype, self._penalty = dtype, penalty or PENALTIES["gradient-penalty"]
        first, *others = [flat.gradient, *(torch.zeros_like(flat.gradient) for _ in range(1 if penalty is None else 2))]
        self.terms = others
        """What is added to `flat.gradient`, in this order, to make the gradient of the loss."""
        places = [self._places(flat, vector) for vector in (first, *others)]
        self._penalty_places, of_fake, of_real = (places[0], *places) if penalty is None else places
        weight = self._last.weight
        on_score = torch.full((batch, 1), 1 / batch, dtype=weight.dtype, device=weight.device)
        self._fake = MeanPass(self._layers, self._slope, on_score, of_fake, dtype)
        self._real = MeanPass(self._layers, self._slope, -on_score, of_real, dtype)

    def _places(self, flat: FlatParameters, vector: Tensor) -> Places:
        views = flat.views(vector)
        return {layer: (views[2 * index], views[2 * index + 1]) for index, layer in enumerate(self._layers)}

    @torch.no_grad()
    def without_penalty(self) -> None:
        """For an update without a penalty, if there is one at others: its gradients are 0."""
        for place in self._penalty_places.values():
            for gradient in place:
                gradient.zero_()

    @torch.no_grad()
    def of_real(self, samples: Tensor, classes: Tensor | None = None) -> Tensor:
        """The scores [batch, 1] of real samples [batch, ...] of `classes` [batch, classes]. Writes the gradients of −E f(real)."""
        return self._real(samples, classes)

    @torch.no_grad()
    def of_fake(self, samples: Tensor, classes: Tensor | None = None) -> Tensor:
        """The scores [batch, 1] of generated samples [batch, ...]. Writes the gradients of E f(fake)."""
        return self._fake(samples, classes)

    @torch.no_grad()
    def of_penalty(self, between: Tensor, factor: float | Tensor, classes: Tensor | None = None) -> Tensor:
        """`factor` times the penalty on the slope at `between` [points, ...], 0-dim. Writes its gradients."""
        (_, *activations), weights = self._forward(between.flatten(1).to(self._dtype))
        on_score = to_outputs(torch.ones(len(between), 1, dtype=self._last.weight.dtype, device=between.device), classes)
        slope, on_outputs = on_score @ self._last.weight, []
        for weight, activation in zip(reversed(weights), reversed(activations), strict=True):
            on_outputs.insert(0, self._through_activation(slope, activation))
            slope = on_outputs[0] @ weight
        slope = slope.to(between.dtype)
        norm = slope_norm(slope)
        # The same products in the same order as in autograd, to get the same bits.
        scale = factor * torch.ones_like(norm) / len(between) * self._penalty.derivative(norm) / (2 * norm)
        self._write_gradients(scale[:, None] * (2 * slope), activations, weights, on_outputs, on_score)
        return factor * self._penalty.of_slope(norm).mean()

    def _write_gradients(
        self, on_slope: Tensor, activations: list[Tensor], weights: list[Tensor], on_outputs: list[Tensor], on_score: Tensor
    ) -> None:
        """Follow the computation of the slope backwards, from the input to the score. Each weight was multiplied by one of `on_outputs`."""
        for layer, weight, activation, on_output in zip(self._hidden, weights, activations, on_outputs, strict=True):
            on_slope = on_slope.to(self._dtype)
            self._penalty_places[layer][0].copy_(on_output.t() @ on_slope)
            on_slope = self._through_activation(on_slope @ weight.t(), activation)
        self._penalty_places[self._last][0].copy_(on_score.t() @ on_slope.to(on_score.dtype))
        for layer in self._layers:  # a shift does not change the slope
            self._penalty_places[layer][1].zero_()

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
