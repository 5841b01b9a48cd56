"""The real images nearest to generated ones, by their pixels or by the critic's features. On the CPU, in the calling thread.

By pixels, a blurred image is near everything, and the same digit slightly shifted is far away. The critic's features are less strict in
both respects.
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
from wgan_core.training.models import Critic, MLPCritic

By = Literal["pixels", "critic"]

TYPICAL_SAMPLE = 500
"""Number of real images used by `Neighbours.typical`."""
MAX_CACHED_BYTES = 512 * 2**20
"""Maximum bytes of the critic's features that are kept in memory. If all would need more, they are computed again for every query."""
_CHUNK = 2048
_QUERIES_AT_ONCE = 2048
_MEASURED_AT_ONCE = 32
_SPARE = 8  # candidates beyond k, because the coarse measure may get the order wrong


class Neighbours:
    """Finds the images of a data set that are nearest to given images.

    Args:
        dataset: the real images.
        critic: in eval mode, as in `SavedNetworks`; needed for distances by "critic".

    Raises:
        ValueError: the critic is in train mode. Its BatchNorm would make an image's features depend on the others in its batch.
    """

    def __init__(self, dataset: ImageDataset, critic: Critic | None = None) -> None:
        if critic is not None and critic.training:
            raise ValueError("Neighbours needs a critic in eval mode: call its eval() first.")
        self._images = dataset.images.cpu()
        self._critic = critic
        self._features: Tensor | None = None
        self._typical: dict[By, float] = {}

    def __len__(self) -> int:
        """Number of images in the data set."""
        return len(self._images)

    def nearest(self, images: NDArray[np.uint8] | Tensor, k: int = 5, by: By = "pixels") -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The rows of the data set nearest to each image, and their distances. The nearest comes first; of equally near ones, the first in
        the data set.

        Args:
            images: uint8 [n, channels, height, width], as in the data set.
            k: number of rows per image, at most as many as the data set has.
            by: "pixels": Euclidean distance with pixels in [-1, 1]. "critic": Euclidean distance between the activations of the critic's
                last hidden layer, in their own units.

        Returns:
            Both [n, k].

        Raises:
            ValueError: the images have another shape or type, k is out of range, or there is no critic for "critic".
        """
        queries = torch.as_tensor(images)
        if queries.dtype != torch.uint8 or queries.shape[1:] != self._images.shape[1:]:
            wanted = " × ".join(map(str, self._images.shape[1:]))
            raise ValueError(f"The images must be uint8 of shape {wanted} (channels × height × width), as in the data set.")
        if not 1 <= k <= len(self._images):
            raise ValueError(f"k must be between 1 and {len(self._images)}, the number of images in the data set.")
        if by == "critic" and self._critic is None:
            raise ValueError("Without a critic, images can only be compared by their pixels.")
        compute_beside_training()
        found = [self._nearest(part, k, by) for part in queries.split(_QUERIES_AT_ONCE)]
        return np.concatenate([index for index, _ in found]), np.concatenate([distance for _, distance in found])

    def pictures(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The images in these rows [n] of the data set, [n, height, width, channels]."""
        return self._images[torch.from_numpy(rows)].permute(0, 2, 3, 1).contiguous().numpy()

    def typical(self, by: By = "pixels") -> float:
        """The median distance from a real image to the nearest other one, over `TYPICAL_SAMPLE` images, always the same ones.

        Raises:
            ValueError: there are fewer than two real images, or there is no critic for "critic".
        """
        if by not in self._typical:
            if len(self._images) < 2:
                raise ValueError("A typical distance needs at least two real images.")
            rows = torch.randperm(len(self._images), generator=torch.Generator().manual_seed(0))[:TYPICAL_SAMPLE]
            # The nearest one is the image itself, or a copy of it, also at distance 0.
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
        # Stable, with candidates in the order of the data set, so that of equally near ones the first comes first.
        ordered = distances.sort(dim=1, stable=True)
        return candidates.gather(1, ordered.indices)[:, :k].numpy(), ordered.values[:, :k].numpy()

    def _measure(self, queries: Tensor, rows: Tensor, by: By) -> Tensor:
        """The distances from `queries` [n, d] to their candidates, rows of the data set [n, m]; float64 [n, m]."""
        if by == "critic" and self._features is not None:
            pool = self._features[rows.flatten()]
        else:
            pool = self._seen(self._images[rows.flatten()], by)
        return (pool.view(*rows.shape, queries.shape[1]).double() - queries[:, None].double()).norm(dim=2)

    def _parts(self, by: By) -> Iterator[Tensor]:
        """The data set in the form of `_seen`, in chunks of rows."""
        if by == "critic" and self._features is None and self._fits():
            self._features = torch.cat([self._seen(part, by) for part in self._images.split(_CHUNK)])
        if by == "critic" and self._features is not None:
            yield from self._features.split(_CHUNK)
        else:
            yield from (self._seen(part, by) for part in self._images.split(_CHUNK))

    def _fits(self) -> bool:
        one = self._seen(self._images[:1], "critic")
        return one.numel() * one.element_size() * len(self._images) <= MAX_CACHED_BYTES

    def _seen(self, images: Tensor, by: By) -> Tensor:
        """The numbers between which distances are measured, float32 [n, d]."""
        scaled = to_unit_range(images)
        return scaled.flatten(1) if by == "pixels" or self._critic is None else critic_features(self._critic, scaled)


@torch.no_grad()
def critic_features(critic: Critic, images: Tensor) -> Tensor:
    """The activations of the critic's last hidden layer for images [n, c, h, w] in [-1, 1], float32 [n, d]. The score is linear in them."""
    return critic.layers[:-1](images.flatten(1) if isinstance(critic, MLPCritic) else images).flatten(1)
