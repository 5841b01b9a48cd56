"""A trainer's critic and generator updates on a CUDA GPU, each captured once as a graph.

What changes from one update to the next lies at fixed places in the GPU's memory, and is written there before the graph runs: the numbers
of the batch's rows, the latents, the penalty's random numbers, learning rates, the clip value and λ. So no edit while a run trains needs
another capture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from wgan_core.training.batches import Batches
from wgan_core.training.critic_passes import CriticScores
from wgan_core.training.cuda_graph import Captured
from wgan_core.training.device import autocast
from wgan_core.training.models import MLPGenerator
from wgan_core.training.packing import Pass, Taken, batches_that_fit
from wgan_core.training.penalty_plan import PenaltyPlan

MAX_BATCHES = 8
"""In one pass of the generator. A pass is always as large, so that its kernels and bits are the same whatever `n_critic` is."""

Ascend = Callable[[Callable[[], Tensor], Taken, Tensor | None, Tensor | None], CriticScores]
"""A critic update on real samples, generated ones, the penalty's random numbers and the samples' classes."""
Descend = Callable[[Tensor, Tensor | None], Tensor]
"""A generator update on latents and classes; returns the loss."""


class CudaPack:
    """Generated images for the next critic updates; see `PackedImages`. An MLP generator makes them for several updates in one pass.

    Args:
        generator: makes the images.
        latents: shape of a batch of latents, with classes after them if the generator is told any.
        precision: of matrix products.
        memory: the graphs' pool.
    """

    def __init__(self, generator: nn.Module, latents: tuple[int, int], device: torch.device, precision: str, memory: object) -> None:
        self._generator = generator
        self._precision = precision
        self._memory = memory
        packs = isinstance(generator, MLPGenerator)
        self.capacity = min(MAX_BATCHES, batches_that_fit(generator, latents[0])) if packs else 1
        self.taken = 0
        self._count = 0
        self._z = torch.zeros(self.capacity, *latents, device=device)
        self._index = torch.zeros(1, dtype=torch.long, device=device)
        self._make: Captured[Pass] | None = None
        self._pass: Pass | None = None

    @property
    def left(self) -> int:
        return self._count - self.taken

    def fill(self, latents: Sequence[Tensor]) -> CudaPack:
        """Begin a new pack, with up to `capacity` batches of latents. Its images are made when the first is taken."""
        torch.stack(list(latents), out=self._z[: len(latents)])
        self._count, self.taken, self._pass = len(latents), 0, None
        return self

    def take(self) -> Taken:
        """The next batch: what the graph of a critic update finds from now on."""
        if isinstance(self._generator, MLPGenerator):
            if self._pass is None:
                self._make = self._make or Captured(self._pass_of_all, (), self._precision, self._memory)
                self._pass = self._make()
            self._index.fill_(self.taken)
        self.taken += 1
        return Taken(self._images, self._follow)

    def skip(self, count: int) -> None:
        self.taken += count

    def _pass_of_all(self) -> Pass:
        assert isinstance(self._generator, MLPGenerator)
        with autocast(self._index.device, self._precision):
            return Pass(self._generator, list(self._z))

    def _images(self) -> Tensor:
        if self._pass is None:
            return self._generator(self._z[0])
        assert isinstance(self._generator, MLPGenerator)
        return self._pass.images(self._index).view(-1, *self._generator.sample_shape)

    def _follow(self) -> None:
        if self._pass is not None:
            self._pass.follow(self._index)


class CudaSteps:
    """The captured updates of one trainer.

    Args:
        generator: the trainer's.
        batches: its data, on the GPU.
        latents: shape of a batch of latents.
        classes: number of classes that the networks are told; 0 if they are told none.
        penalty: says how many random numbers the penalty needs; None without a penalty.
        precision: of matrix products and convolutions.
        changed: all that updates change.
    """

    def __init__(
        self,
        generator: nn.Module,
        batches: Batches,
        latents: tuple[int, int],
        classes: int,
        penalty: PenaltyPlan | None,
        precision: str,
        changed: Sequence[Tensor],
    ) -> None:
        self._batches = batches
        self._precision = precision
        self._changed = changed
        self._memory = torch.cuda.graph_pool_handle()
        (batch, latent_dim), device = latents, batches.device
        self._rows = torch.zeros(batch, dtype=torch.long, device=device)
        self._alpha = torch.zeros(penalty.points, device=device) if penalty is not None else None
        self._z = torch.zeros(latents, device=device)
        self._classes = torch.zeros(batch, classes, device=device) if classes else None
        self._ascents: dict[tuple[bool, bool], Captured[Tensor]] = {}
        self._descent: Captured[Tensor] | None = None
        self.pack = CudaPack(generator, (batch, latent_dim + classes), device, precision, self._memory)

    def ascend(self, ascend: Ascend, rows: Tensor, fake: Taken, alpha: Tensor | None, *, clip: bool) -> CriticScores:
        """A critic update on the rows [batch] of the data, and on the images that were taken last from `pack`.

        clip: whether `ascend` clips.
        """
        self._rows.copy_(rows)
        place = self._alpha if alpha is not None else None
        if alpha is not None and place is not None:
            place.copy_(alpha)

        def compute() -> Tensor:
            classes = None if self._classes is None else self._batches.classes_of(self._rows)
            scores = ascend(lambda: self._batches.samples_of(self._rows), fake, place, classes)
            return torch.stack([number for number in scores if number is not None])

        kind = (alpha is not None, clip)
        if kind not in self._ascents:
            self._ascents[kind] = self._capture(compute)
        return CriticScores(*self._ascents[kind]().clone().unbind())

    def descend(self, descend: Descend, z: Tensor, classes: Tensor | None) -> Tensor:
        """A generator update on the latents `z`, of `classes` [batch, classes] if there are any. Returns the loss, 0-dim."""
        self._z.copy_(z)
        if classes is not None and self._classes is not None:
            self._classes.copy_(classes)
        self._descent = self._descent or self._capture(lambda: descend(self._z, self._classes))
        return self._descent().clone()

    def _capture(self, compute: Callable[[], Tensor]) -> Captured[Tensor]:
        return Captured(compute, self._changed, self._precision, self._memory)
