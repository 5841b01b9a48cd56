"""The real images nearest to generated ones: by their pixels, or by what the critic sees in them. On the CPU, in the calling thread.

By pixels a blurred image lies near everything, and the same digit a little to the right lies far; the critic's features forgive both more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wgan_core.data.dataset import ImageDataset, to_unit_range
from wgan_core.measures.distances import nearest_candidates
from wgan_core.training.device import compute_beside_training
from wgan_core.training.models import DCGANCritic, MLPCritic

By = Literal["pixels", "critic"]

TYPICAL_SAMPLE = 500
"""Real images that `Neighbours.typical` looks at."""
MOST_CACHED = 512 * 2**20
"""Bytes of the critic's features that are kept; where all would be more, they are computed anew for every question."""
_CHUNK = 2048
_QUERIES_AT_ONCE = 2048
_MEASURED_AT_ONCE = 32
_SPARE = 8  # candidates beyond k, of which the coarse measure may have missed the order


class Neighbours:
    """Finds the images of a data set that are nearest to others.

    Args:
        dataset: the real images.
        critic: in eval mode, as `SavedNetworks` keeps it; for distances by "critic".

    Raises:
        ValueError: a critic in training mode, whose BatchNorm would let an image's features depend on its neighbours in the batch.
    """

    def __init__(self, dataset: ImageDataset, critic: MLPCritic | DCGANCritic | None = None) -> None:
        if critic is not None and critic.training:
            raise ValueError("Neighbours needs a critic in eval mode: call its eval() first.")
        self._images = dataset.images.cpu()
        self._critic = critic
        self._features: Tensor | None = None
        self._typical: dict[By, float] = {}

    def __len__(self) -> int:
        """How many images the data set has."""
        return len(self._images)

    def nearest(self, images: NDArray[np.uint8] | Tensor, k: int = 5, by: By = "pixels") -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The rows of the data set nearest to each image, the nearest first (of equals the one that comes first), and their distances.

        Args:
            images: uint8 [n, channels, height, width], as in the data set.
            k: how many, at most as many as the data set has.
            by: "pixels": Euclidean distance with pixels in [-1, 1]. "critic": of the activations of the critic's last hidden layer, in
                units of their own.

        Returns:
            Both [n, k].

        Raises:
            ValueError: images of another shape or type, a k out of range, or "critic" without a critic.
        """
        queries = torch.as_tensor(images)
        if queries.dtype != torch.uint8 or queries.shape[1:] != self._images.shape[1:]:
            wanted = " × ".join(map(str, self._images.shape[1:]))
            raise ValueError(f"Neighbours of these data are asked for with uint8 images of {wanted} (channels × height × width).")
        if not 1 <= k <= len(self._images):
            raise ValueError(f"k must be between 1 and {len(self._images)}, the images of the data set.")
        if by == "critic" and self._critic is None:
            raise ValueError("Without a critic images can be compared by their pixels only.")
        compute_beside_training()
        found = [self._nearest(part, k, by) for part in queries.split(_QUERIES_AT_ONCE)]
        return np.concatenate([index for index, _ in found]), np.concatenate([distance for _, distance in found])

    def pictures(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The images of these rows [n] of the data set, [n, height, width, channels]."""
        return self._images[torch.from_numpy(rows)].permute(0, 2, 3, 1).contiguous().numpy()

    def typical(self, by: By = "pixels") -> float:
        """The median distance of a real image to the nearest other one, over `TYPICAL_SAMPLE` images that are always the same.

        Raises:
            ValueError: fewer than two real images, or "critic" without a critic.
        """
        if by not in self._typical:
            if len(self._images) < 2:
                raise ValueError("A typical distance needs at least two real images.")
            rows = torch.randperm(len(self._images), generator=torch.Generator().manual_seed(0))[:TYPICAL_SAMPLE]
            # The nearest of all is the image itself, or a copy of it, at distance 0 as well.
            self._typical[by] = float(np.median(self.nearest(self._images[rows], 2, by)[1][:, 1]))
        return self._typical[by]

    def _nearest(self, queries: Tensor, k: int, by: By) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        looked_at = self._seen(queries, by)
        candidates = nearest_candidates(looked_at, self._parts(by), k + _SPARE).sort(1).values
        distances = torch.cat(
            [
                self._measure(part, rows, by)
                for part, rows in zip(looked_at.split(_MEASURED_AT_ONCE), candidates.split(_MEASURED_AT_ONCE), strict=True)
            ]
        )
        # Stable, on candidates in the order of the data set: of equals the first one.
        ordered = distances.sort(dim=1, stable=True)
        return candidates.gather(1, ordered.indices)[:, :k].numpy(), ordered.values[:, :k].numpy()

    def _measure(self, queries: Tensor, rows: Tensor, by: By) -> Tensor:
        """The distances of `queries` [n, d] to their candidates, rows of the data set [n, m], in float64 [n, m]."""
        if by == "critic" and self._features is not None:
            pool = self._features[rows.flatten()]
        else:
            pool = self._seen(self._images[rows.flatten()], by)
        return (pool.view(*rows.shape, queries.shape[1]).double() - queries[:, None].double()).norm(dim=2)

    def _parts(self, by: By) -> Iterator[Tensor]:
        """The data set as `_seen`, some rows after the others."""
        if by == "critic" and self._features is None and self._fits():
            self._features = torch.cat([self._seen(part, by) for part in self._images.split(_CHUNK)])
        if by == "critic" and self._features is not None:
            yield from self._features.split(_CHUNK)
        else:
            yield from (self._seen(part, by) for part in self._images.split(_CHUNK))

    def _fits(self) -> bool:
        one = self._seen(self._images[:1], "critic")
        return one.numel() * one.element_size() * len(self._images) <= MOST_CACHED

    def _seen(self, images: Tensor, by: By) -> Tensor:
        """What distances are taken of, float32 [n, d]."""
        scaled = to_unit_range(images)
        return scaled.flatten(1) if by == "pixels" or self._critic is None else critic_features(self._critic, scaled)


@torch.no_grad()
def critic_features(critic: MLPCritic | DCGANCritic, images: Tensor) -> Tensor:
    """The activations of the critic's last hidden layer, float32 [n, d], of images [n, c, h, w] in [-1, 1]; its score is linear in them."""
    return critic.layers[:-1](images.flatten(1) if isinstance(critic, MLPCritic) else images).flatten(1)
