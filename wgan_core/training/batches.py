"""Which samples each step trains on."""

from __future__ import annotations

import torch
from torch import Tensor

from wgan_core.data.dataset import network_input
from wgan_core.training.classes import one_hot


class Batches:
    """Batches of data, by the number of the step.

    Each epoch is a new permutation drawn from (seed, epoch), and an incomplete last batch is left out. So the order depends only on the
    step and needs no saved state.

    Args:
        data: uint8 images or float points, on the run's device.
        labels: int64 [n] on that device, for a conditional run; else None.
        classes: their number.
        batch_size: of the whole batch.
        seed: the run's.
        rows: the rows of each batch that this process needs; None for all.
    """

    def __init__(self, data: Tensor, labels: Tensor | None, classes: int, batch_size: int, seed: int, rows: slice | None) -> None:
        self.device = data.device
        self._data, self._labels, self._classes = data, labels, classes
        self._batch_size, self._seed, self._rows = batch_size, seed, rows
        self._orders: dict[int, Tensor] = {}

    def samples(self, step: int) -> Tensor:
        """Images float [batch, c, h, w] in [-1, 1], or points [batch, 2]."""
        return self.samples_of(self.rows(step))

    def classes(self, step: int) -> Tensor:
        """Their classes, [batch, classes]."""
        return self.classes_of(self.rows(step))

    def samples_of(self, rows: Tensor) -> Tensor:
        """The samples in rows [n] of the data."""
        return network_input(self._data.index_select(0, rows))

    def classes_of(self, rows: Tensor) -> Tensor:
        """The classes [n, classes] of rows [n] of the data."""
        assert self._labels is not None
        return one_hot(self._labels[rows], self._classes)

    def rows(self, step: int) -> Tensor:
        """The numbers of their rows in the data, int64 [batch]."""
        epoch, index = divmod(step, len(self._data) // self._batch_size)
        rows = self._order(epoch)[index * self._batch_size : (index + 1) * self._batch_size]
        return rows if self._rows is None else rows[self._rows]

    def _order(self, epoch: int) -> Tensor:
        order = self._orders.get(epoch)
        if order is None:
            rng = torch.Generator().manual_seed(self._seed * 1_000_003 + epoch)
            order = torch.randperm(len(self._data), generator=rng)
            if self.device.type == "cuda":  # from memory that the GPU can read by itself, so that this does not wait for earlier steps
                order = order.pin_memory()
            order = order.to(self.device, non_blocking=True)
            # Images made ahead already need the classes of the next epoch. Replaced as a whole, because several threads look.
            self._orders = {near: other for near, other in self._orders.items() if abs(near - epoch) == 1} | {epoch: order}
        return order
