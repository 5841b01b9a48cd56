"""Generated images for several critic updates in one pass.

The generator does not change between two of its updates. So its images for the critic updates in between can be computed together, and
large matrix products run nearly twice as fast as small ones. The mathematics is the same as with one pass per batch: BatchNorm takes its
statistics over each batch separately, and the running statistics are updated when a batch is taken. The bits are the same too, provided
that the rows of a matrix product do not depend on how many rows there are. On one thread this holds for most kernels, unless the sizes
are odd.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, Protocol, TypeGuard

import torch
from torch import Tensor, nn
from torch.nn import functional

from wgan_core.training.classes import with_classes
from wgan_core.training.convolution_pass import ConvolutionPass, widest_layer
from wgan_core.training.crew import Crew
from wgan_core.training.joint_norm import JointBatchNorm
from wgan_core.training.models import DCGANGenerator, MLPGenerator
from wgan_core.training.penalty_plan import PenaltyPlan

MAX_BATCHES = 32
_MAX_NUMBERS = 2**23
"""Numbers in the widest layer, so that one pass takes tens of megabytes at most."""


Packable = MLPGenerator | DCGANGenerator


def is_packable(generator: nn.Module, device: torch.device, threads: int) -> TypeGuard[Packable]:
    """Whether images are made ahead: by an MLP, because large products are quicker, and by convolutions on several threads of a CPU,
    because each makes a batch. That does not change a bit of the images."""
    if isinstance(generator, MLPGenerator):
        return True
    alone = not any(isinstance(layer, JointBatchNorm) for layer in generator.modules())
    return isinstance(generator, DCGANGenerator) and device.type == "cpu" and threads > 1 and alone


def batches_that_fit(generator: Packable, batch_size: int) -> int:
    """How many batches are made at once."""
    if isinstance(generator, DCGANGenerator):
        widest = widest_layer(generator)
    else:
        widest = max(module.out_features for module in generator.layers if isinstance(module, nn.Linear))
    return max(1, min(MAX_BATCHES, _MAX_NUMBERS // (batch_size * widest)))


class Taken(NamedTuple):
    """A batch of generated images. Both functions are to be called once, and may be called side by side."""

    images: Callable[[], Tensor]
    """Gives the images or points [batch, *sample_shape]."""
    follow: Callable[[], None]
    """Updates the running statistics of the generator's BatchNorm."""


class Pack(Protocol):
    """Batches of images that are taken one after the other."""

    taken: int

    @property
    def left(self) -> int:
        """Number of batches not yet taken."""
        ...

    def take(self) -> Taken:
        """The next batch."""
        ...

    def skip(self, count: int) -> None:
        """Skip batches that had been taken before the training state was saved."""
        ...


class FixedPack(Pack, Protocol):
    """A pack that is filled again and again."""

    capacity: int

    def fill(self, latents: Sequence[Tensor]) -> Pack:
        """Begin a new pack, with up to `capacity` batches of latents."""
        ...


class PackedImages:
    """The images that `generator` makes from several batches of latents, each [batch, latent_dim], in train mode.

    crew: makes the images, in passes side by side.
    """

    def __init__(self, generator: Packable, latents: list[Tensor], crew: Crew) -> None:
        self.taken = 0
        self._shape = generator.sample_shape
        if isinstance(generator, DCGANGenerator):
            passes: list[Pass] | list[ConvolutionPass] = crew.do([partial(ConvolutionPass, generator, z) for z in latents])
        else:
            joint = any(isinstance(layer, JointBatchNorm) for layer in generator.layers)  # each pass is an exchange between processes
            groups = _in_groups(latents, 1 if joint else _passes(len(latents)))
            passes = crew.do([partial(Pass, generator, group) for group in groups])
        self._batches = [(made, index) for made in passes for index in range(made.count)]

    @property
    def left(self) -> int:
        """Number of batches not yet taken."""
        return len(self._batches) - self.taken

    def take(self) -> Taken:
        """The next batch."""
        batches, index = self._batches[self.taken]
        self.taken += 1
        return Taken(lambda: batches.images(index).view(-1, *self._shape), lambda: batches.follow(index))

    def skip(self, count: int) -> None:
        """Skip batches that had been taken before the training state was saved."""
        self.taken += count


def _passes(count: int) -> int:
    """The number of passes for so many batches. The same on every machine, because the last bits may depend on it."""
    return 4 if count >= 16 else 2 if count >= 2 else 1


def _in_groups(latents: list[Tensor], count: int) -> list[list[Tensor]]:
    """The batches in `count` groups whose sizes differ by one at most, so that no thread has to wait for a large one."""
    size, larger = divmod(len(latents), count)
    starts = [index * size + min(index, larger) for index in range(count + 1)]
    return [latents[start:end] for start, end in itertools.pairwise(starts)]


class Pass:
    """The images from some of the batches, made together.

    In memory the batches are interleaved as [batch, n, features]. Viewed as [batch, n · features], BatchNorm treats each feature of each
    batch as a separate channel. So a single call takes the statistics over each batch separately.
    """

    @torch.no_grad()
    def __init__(self, generator: MLPGenerator, latents: list[Tensor]) -> None:
        self._batch, self.count = len(latents[0]), len(latents)
        self._before_norm: list[tuple[nn.BatchNorm1d, Tensor]] = []
        self._joint_moments: list[tuple[JointBatchNorm, Tensor, Tensor]] = []
        x = torch.stack(latents, dim=1).flatten(0, 1)
        for layer in generator.layers:
            if isinstance(layer, JointBatchNorm):
                x = self._joint_norm(layer, x)
            else:
                x = self._norm(layer, x) if isinstance(layer, nn.BatchNorm1d) else layer(x)
        self._images = x.view(self._batch, self.count, -1)

    def _norm(self, layer: nn.BatchNorm1d, x: Tensor) -> Tensor:
        x = x.view(self._batch, -1)
        self._before_norm.append((layer, x.view(self._batch, self.count, -1)))
        weight, bias = layer.weight.repeat(self.count), layer.bias.repeat(self.count)
        return functional.batch_norm(x, None, None, weight, bias, training=True, eps=layer.eps).view(self._batch * self.count, -1)

    def _joint_norm(self, layer: JointBatchNorm, x: Tensor) -> Tensor:
        """BatchNorm of all batches over all processes, with a single exchange."""
        mean, variance = layer.moments(x.view(self._batch, -1))
        self._joint_moments.append((layer, mean.view(self.count, -1), variance.view(self.count, -1)))
        scale = layer.weight.repeat(self.count) * torch.rsqrt(variance + layer.eps)
        normed = (x.view(self._batch, -1).float() - mean) * scale + layer.bias.repeat(self.count)
        return normed.to(x.dtype).view(self._batch * self.count, -1)

    def images(self, index: int | Tensor) -> Tensor:
        """A batch of images [batch, features]. Its number may be a tensor [1], which the device reads when it gets there."""
        return _batch_of(self._images, index)

    @torch.no_grad()
    def follow(self, index: int | Tensor) -> None:
        """Update the running statistics."""
        for layer, x in self._before_norm:
            assert layer.running_mean is not None and layer.running_var is not None and layer.num_batches_tracked is not None
            layer.num_batches_tracked.add_(1)
            momentum = layer.momentum if layer.momentum is not None else 1 / float(layer.num_batches_tracked)
            torch.batch_norm_update_stats(_batch_of(x, index).contiguous(), layer.running_mean, layer.running_var, momentum)
        for layer, means, variances in self._joint_moments:
            layer.follow(means[index], variances[index], self._batch)


def _batch_of(x: Tensor, index: int | Tensor) -> Tensor:
    """One of the batches in `x` [batch, n, features]. Its number as an `int` gives a view."""
    return x[:, index] if isinstance(index, int) else x.index_select(1, index)[:, 0]


class Draw(NamedTuple):
    """The random numbers of one critic update."""

    z: Tensor
    """Latents [batch, latent_dim]."""
    alpha: Tensor | None
    """Positions between real and generated images for the gradient penalty, uniform on [0, 1], [points, 1, ...]; None without a penalty."""


class ImagesAhead:
    """Random numbers and generated images for the next critic updates, made several updates ahead.

    For all other code it looks as if they were drawn when needed, because `give_back` undoes what no critic update has used.

    Args:
        generator: makes the images; several batches at once if it `is_packable`.
        rng: the run's random numbers, on the generator's device. It is ahead of what has been used; `position` gives the true state.
        latents: shape of a batch of latents.
        penalty: says for which critic updates, and how many, uniform numbers are drawn; None without a penalty.
        rows: the rows that this process needs; None for all. All rows are drawn, so that several processes draw the same as one would.
        crew: makes the images of several passes side by side.
        classes: for data with classes, gives those of the batch of a step, [rows, classes], which the images get too.
        place: where the images are made instead, if they have a fixed place.
    """

    def __init__(
        self,
        generator: nn.Module,
        rng: torch.Generator,
        latents: tuple[int, int],
        penalty: PenaltyPlan | None,
        rows: slice | None,
        crew: Crew,
        classes: Callable[[int], Tensor] | None = None,
        place: FixedPack | None = None,
    ) -> None:
        self._generator, self._crew, self._classes = generator, crew, classes
        self.rng = rng
        self._latents, self._penalty, self._rows = latents, penalty, rows
        self._place = place
        self._packable = generator if is_packable(generator, rng.device, crew.size) else None
        most = batches_that_fit(self._packable, latents[0]) if self._packable is not None else 1
        self._max_batches = most if place is None else place.capacity
        self._packed: Pack | None = None
        self._draws: list[Draw] = []
        self._first_step = 0
        """The step to which the first of them belongs."""
        self._before_draws = rng.get_state()

    def next(self, step: int, until_generator: int) -> tuple[Taken, Tensor | None]:
        """The images for the critic update after `step`, and the penalty's random numbers, if it has a penalty.

        until_generator: number of critic updates, including this one, before the generator changes.
        """
        if self._packable is None and self._place is None:
            draw = self._draw(step)
            inputs = self._inputs(draw.z, step)
            return Taken(lambda: self._generator(inputs), lambda: None), draw.alpha
        if self._packed is None or not self._packed.left:
            self._packed = self._pack(step, max(1, min(until_generator, self._max_batches)))
        return self._packed.take(), self._draws[self._packed.taken - 1].alpha

    def normal(self, count: int) -> Tensor:
        """Latents [count, latent_dim]. Numbers drawn ahead are given back first."""
        self.give_back()
        return self._normal(count)

    def rows_of(self, size: int, count: int) -> Tensor:
        """Random rows [count] of data with `size` rows. Numbers drawn ahead are given back first."""
        self.give_back()
        drawn = torch.randint(size, (count,), generator=self.rng, device=self.rng.device)
        return drawn if self._rows is None else drawn[self._rows]

    def alpha(self) -> Tensor | None:
        """The penalty's random numbers for one critic update with a penalty. Numbers drawn ahead are given back first."""
        self.give_back()
        return None if self._penalty is None else self._alpha(self._penalty)

    def give_back(self) -> None:
        """Rewind the random numbers to what the critic updates so far have used, and drop the images not yet taken."""
        if self._packed is not None and self._packed.left:
            self.rng.set_state(self.position())
        self._packed = None

    def position(self) -> Tensor:
        """The state that the random numbers would have without drawing ahead."""
        if self._packed is None or not self._packed.left:
            return self.rng.get_state()
        ahead = self.rng.get_state()
        self.rng.set_state(self._before_draws)
        for index in range(self._packed.taken):
            self._draw(self._first_step + index)
        position = self.rng.get_state()
        self.rng.set_state(ahead)
        return position

    def state(self) -> dict[str, Tensor]:
        """The state that `resume` needs. It is saved because on several threads the last bits may depend on how many batches are made at
        once."""
        if self._packed is None or not self._packed.left:
            return {}
        return {"packed_rng": self._before_draws, "packed": torch.tensor([len(self._draws), self._packed.taken])}

    def resume(self, rng: torch.Generator, state: dict[str, Tensor], step: int) -> None:
        """Continue with `rng` after `step`, and recreate what had been made ahead when `state` was saved. A `state` without that part is
        ignored."""
        self.rng, self._packed = rng, None
        before, packed = state.get("packed_rng", torch.empty(0)), state.get("packed", torch.empty(0))
        same_kind = before.dtype == torch.uint8 and len(before) == len(rng.get_state())
        # With several processes every forward pass is an exchange, and they do not all load at the same time. So they draw new ones.
        whole = self._packable is not None and self._rows is None
        if whole and same_kind and packed.shape == (2,) and 0 < int(packed[1]) < int(packed[0]) <= self._max_batches:
            rng.set_state(before.cpu())
            self._packed = self._pack(step - int(packed[1]), int(packed[0]))
            self._packed.skip(int(packed[1]))

    def _pack(self, step: int, count: int) -> Pack:
        self._before_draws, self._first_step = self.rng.get_state(), step
        self._draws = [self._draw(step + index) for index in range(count)]
        inputs = [self._inputs(draw.z, step + index) for index, draw in enumerate(self._draws)]
        if self._place is not None:
            return self._place.fill(inputs)
        assert self._packable is not None
        return PackedImages(self._packable, inputs, self._crew)

    def _inputs(self, z: Tensor, step: int) -> Tensor:
        """What the generator gets for latents `z` in a step."""
        return z if self._classes is None else with_classes(z, self._classes(step))

    def _draw(self, step: int) -> Draw:
        z, penalty = self._normal(self._latents[0]), self._penalty
        return Draw(z, self._alpha(penalty) if penalty is not None and penalty.is_due(step) else None)

    def _normal(self, count: int) -> Tensor:
        drawn = torch.randn(count, self._latents[1], generator=self.rng, device=self.rng.device)
        return drawn if self._rows is None else drawn[self._rows]

    def _alpha(self, penalty: PenaltyPlan) -> Tensor:
        if penalty.at_real:
            drawn = torch.ones(penalty.points, device=self.rng.device)
        else:
            drawn = torch.rand(penalty.points, generator=self.rng, device=self.rng.device)
        return drawn if self._rows is None else drawn[penalty.share_of(self._rows)]
