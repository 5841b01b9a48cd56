"""Generated images for several critic updates in one pass.

The generator stands still between two of its updates. What it makes for the critic updates in between can be computed at once, and large
matrix products run nearly twice as fast as small ones. The mathematics is that of one pass for each batch: BatchNorm takes its statistics
over each batch alone, and the running statistics move when a batch is taken. The bits are the same too where the library gives a row of a
product the same ones however many rows there are: on one thread most do, unless the sizes are odd.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from wgan_core.training.joint_norm import JointBatchNorm
from wgan_core.training.models import MLPGenerator

MOST_BATCHES = 32
_MOST_NUMBERS = 2**23
"""In the widest layer, so that a pass takes tens of megabytes at most."""


def batches_that_fit(generator: MLPGenerator, batch_size: int) -> int:
    """How many batches one pass may make."""
    widest = max(module.out_features for module in generator.layers if isinstance(module, nn.Linear))
    return max(1, min(MOST_BATCHES, _MOST_NUMBERS // (batch_size * widest)))


class PackedImages:
    """What `generator` makes of several batches of latents, each [batch, latent_dim], in train mode.

    In memory the batches are interleaved, [batch, n, features]: seen as [batch, n · features], BatchNorm takes each feature of each batch
    for a channel of its own, which is just its statistics over that batch, in one call.
    """

    @torch.no_grad()
    def __init__(self, generator: MLPGenerator, latents: list[Tensor]) -> None:
        self._shape = generator.sample_shape
        self._batch, self._count = len(latents[0]), len(latents)
        self._before_norm: list[tuple[nn.BatchNorm1d, Tensor]] = []
        self._joint_moments: list[tuple[JointBatchNorm, Tensor, Tensor]] = []
        self.taken = 0
        x = torch.stack(latents, dim=1).flatten(0, 1)
        for layer in generator.layers:
            if isinstance(layer, JointBatchNorm):
                x = self._joint_norm(layer, x)
            else:
                x = self._norm(layer, x) if isinstance(layer, nn.BatchNorm1d) else layer(x)
        self._images = x.view(self._batch, self._count, -1)

    def _norm(self, layer: nn.BatchNorm1d, x: Tensor) -> Tensor:
        x = x.view(self._batch, -1)
        self._before_norm.append((layer, x.view(self._batch, self._count, -1)))
        weight, bias = layer.weight.repeat(self._count), layer.bias.repeat(self._count)
        return functional.batch_norm(x, None, None, weight, bias, training=True, eps=layer.eps).view(self._batch * self._count, -1)

    def _joint_norm(self, layer: JointBatchNorm, x: Tensor) -> Tensor:
        """The statistics of all batches over all processes, in one exchange."""
        mean, variance = layer.moments(x.view(self._batch, -1))
        self._joint_moments.append((layer, mean.view(self._count, -1), variance.view(self._count, -1)))
        scale = layer.weight.repeat(self._count) * torch.rsqrt(variance + layer.eps)
        normed = (x.view(self._batch, -1).float() - mean) * scale + layer.bias.repeat(self._count)
        return normed.to(x.dtype).view(self._batch * self._count, -1)

    @property
    def left(self) -> int:
        """Batches not yet taken."""
        return self._count - self.taken

    @torch.no_grad()
    def take(self) -> Tensor:
        """The next batch of images or points [batch, *sample_shape]. Moves the running statistics of the generator's BatchNorm."""
        for layer, x in self._before_norm:
            assert layer.running_mean is not None and layer.running_var is not None and layer.num_batches_tracked is not None
            layer.num_batches_tracked.add_(1)
            momentum = layer.momentum if layer.momentum is not None else 1 / float(layer.num_batches_tracked)
            torch.batch_norm_update_stats(x[:, self.taken].contiguous(), layer.running_mean, layer.running_var, momentum)
        for layer, means, variances in self._joint_moments:
            layer.follow(means[self.taken], variances[self.taken], self._batch)
        self.taken += 1
        return self._images[:, self.taken - 1].view(self._batch, *self._shape)

    def skip(self, count: int) -> None:
        """Pass over batches that were taken before the training state was saved."""
        self.taken += count


class Draw(NamedTuple):
    """The random numbers of one critic update."""

    z: Tensor
    """Latents [batch, latent_dim]."""
    alpha: Tensor | None
    """Where between real and generated images the gradient penalty is taken, uniform on [0, 1], [batch, 1, ...]; None without one."""


class ImagesAhead:
    """Random numbers and generated images for the critic updates to come, made some updates ahead.

    To everybody else it looks as if they were drawn when needed: what no critic update has taken is given back.

    Args:
        generator: its images; several batches at once if it is an MLP.
        rng: the run's random numbers, on the generator's device. It stands ahead of what was taken: ask `position`.
        latents: shape of a batch of latents.
        alphas: shape of the penalty's uniform numbers; None without a penalty.
        rows: which rows of each are wanted; None for all. All are drawn, so that several processes draw what one would.
    """

    def __init__(
        self,
        generator: nn.Module,
        rng: torch.Generator,
        latents: tuple[int, int],
        alphas: tuple[int, ...] | None,
        rows: slice | None = None,
    ) -> None:
        self._generator = generator
        self.rng = rng
        self._latents, self._alphas, self._rows = latents, alphas, rows
        self._most = batches_that_fit(generator, latents[0]) if isinstance(generator, MLPGenerator) else 1
        self._packed: PackedImages | None = None
        self._draws: list[Draw] = []
        self._before_draws = rng.get_state()

    def next(self, until_generator: int) -> tuple[Tensor, Tensor | None]:
        """Images [batch, ...] for a critic update, and the penalty's numbers.

        until_generator: how many critic updates, this one included, will be done before the generator changes.
        """
        if not isinstance(self._generator, MLPGenerator):
            draw = self._draw()
            with torch.no_grad():
                return self._generator(draw.z), draw.alpha
        if self._packed is None or not self._packed.left:
            self._packed = self._pack(max(1, min(until_generator, self._most)))
        return self._packed.take(), self._draws[self._packed.taken - 1].alpha

    def normal(self, count: int) -> Tensor:
        """Latents [count, latent_dim]. What was drawn ahead is given back before."""
        self.give_back()
        return self._normal(count)

    def alpha(self) -> Tensor | None:
        """The penalty's numbers for one critic update. What was drawn ahead is given back before."""
        self.give_back()
        return self._alpha()

    def give_back(self) -> None:
        """Put the random numbers back to where the critic updates so far have taken them; forget images not taken."""
        if self._packed is not None and self._packed.left:
            self.rng.set_state(self.position())
        self._packed = None

    def position(self) -> Tensor:
        """The state of the random numbers as it would be without drawing ahead."""
        if self._packed is None or not self._packed.left:
            return self.rng.get_state()
        ahead = self.rng.get_state()
        self.rng.set_state(self._before_draws)
        for _ in range(self._packed.taken):
            self._draw()
        position = self.rng.get_state()
        self.rng.set_state(ahead)
        return position

    def state(self) -> dict[str, Tensor]:
        """What `go_on` needs: how many batches are made at once may decide over the last bits on several threads."""
        if self._packed is None or not self._packed.left:
            return {}
        return {"packed_rng": self._before_draws, "packed": torch.tensor([len(self._draws), self._packed.taken])}

    def go_on(self, rng: torch.Generator, state: dict[str, Tensor]) -> None:
        """Take `rng`, and make again what was made ahead when `state` was saved; what is no such state is left alone."""
        self.rng, self._packed = rng, None
        before, packed = state.get("packed_rng", torch.empty(0)), state.get("packed", torch.empty(0))
        same_kind = before.dtype == torch.uint8 and len(before) == len(rng.get_state())
        # Among several processes every forward pass is an exchange, and they do not all load at the same time: these draw anew.
        if self._rows is None and same_kind and packed.shape == (2,) and 0 < int(packed[1]) < int(packed[0]) <= MOST_BATCHES:
            rng.set_state(before.cpu())
            self._packed = self._pack(int(packed[0]))
            self._packed.skip(int(packed[1]))

    def _pack(self, count: int) -> PackedImages:
        assert isinstance(self._generator, MLPGenerator)
        self._before_draws = self.rng.get_state()
        self._draws = [self._draw() for _ in range(count)]
        return PackedImages(self._generator, [draw.z for draw in self._draws])

    def _draw(self) -> Draw:
        return Draw(self._normal(self._latents[0]), self._alpha())

    def _normal(self, count: int) -> Tensor:
        drawn = torch.randn(count, self._latents[1], generator=self.rng, device=self.rng.device)
        return drawn if self._rows is None else drawn[self._rows]

    def _alpha(self) -> Tensor | None:
        if self._alphas is None:
            return None
        drawn = torch.rand(self._alphas, generator=self.rng, device=self.rng.device)
        return drawn if self._rows is None else drawn[self._rows]
