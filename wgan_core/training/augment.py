"""Differentiable augmentation: what the critic sees is shifted, partly covered or recoloured at random, real and generated images alike
(DiffAugment, Zhao et al. 2020, arXiv 2006.10738; the amounts are those of mit-han-lab/data-efficient-gans).

So a critic of few images cannot learn them by heart as they are, and because the generator learns through the same changes, its images do
not take them on. The gradient penalty is taken between augmented images, at the critic's own input: its slope there is what makes the
estimate a distance between the augmented images.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from wgan_core.config import TrainConfig
from wgan_core.training.packing import Taken

Change = Literal["colour", "translation", "cutout"]
CHANGES: dict[str, tuple[Change, ...]] = {
    "none": (),
    "colour": ("colour",),
    "translation": ("translation",),
    "cutout": ("cutout",),
    "translation-cutout": ("translation", "cutout"),
    "all": ("colour", "translation", "cutout"),
}
"""By the setting `augment`, in the order in which they are made."""
NUMBERS = 7
"""Uniform numbers for each image: brightness, saturation, contrast; shift down, across; covered place down, across."""
_SHIFT, _COVERED = 0.125, 0.5
"""The furthest shift and the side of what is covered, as shares of the image's side."""


def augmented(images: Tensor, numbers: Tensor, changes: tuple[Change, ...]) -> Tensor:
    """`images` [batch, channels, side, side] in [-1, 1], changed as `numbers` [batch, NUMBERS], uniform on [0, 1), say. Float32, and no
    longer within [-1, 1] after a change of colour."""
    images = images.float()
    for change in changes:
        images = _FUNCTIONS[change](images, numbers)
    return images


def _recoloured(images: Tensor, numbers: Tensor) -> Tensor:
    """Brightness by up to a quarter of the range, saturation (of RGB) times 0 to 2, contrast times 0.5 to 1.5."""
    brightness, saturation, contrast = numbers[:, :3, None, None, None].unbind(1)
    images = images + (brightness - 0.5)
    if images.shape[1] > 1:
        grey = images.mean(1, keepdim=True)
        images = (images - grey) * (2 * saturation) + grey
    mean = images.mean((1, 2, 3), keepdim=True)
    return (images - mean) * (contrast + 0.5) + mean


def _shifted(images: Tensor, numbers: Tensor) -> Tensor:
    """Shifted by up to an eighth of the side in each direction, with 0, middle grey, where nothing is left."""
    side = images.shape[-1]
    furthest = int(side * _SHIFT + 0.5)
    places = torch.arange(side, device=images.device)
    down, across = (places + _whole(numbers[:, index], 2 * furthest + 1) - furthest for index in (3, 4))
    inside = _within(down, side)[:, None, :, None] & _within(across, side)[:, None, None, :]
    rows = down.clamp(0, side - 1)[:, None, :, None].expand(images.shape)
    columns = across.clamp(0, side - 1)[:, None, None, :].expand(images.shape)
    return images.gather(2, rows).gather(3, columns) * inside


def _covered(images: Tensor, numbers: Tensor) -> Tensor:
    """A square of half the side is 0, middle grey; its middle lies anywhere in the image."""
    side = images.shape[-1]
    size = int(side * _COVERED + 0.5)
    places = torch.arange(side, device=images.device)
    down, across = (places - _whole(numbers[:, index], side + 1 - size % 2) + size // 2 for index in (5, 6))
    return images * ~(_within(down, size)[:, None, :, None] & _within(across, size)[:, None, None, :])


_FUNCTIONS: dict[Change, Callable[[Tensor, Tensor], Tensor]] = {"colour": _recoloured, "translation": _shifted, "cutout": _covered}


def _whole(uniform: Tensor, count: int) -> Tensor:
    """Uniform numbers [batch] as whole ones from 0 to count − 1, [batch, 1]."""
    return (uniform * count).long().clamp(max=count - 1)[:, None]


def _within(places: Tensor, count: int) -> Tensor:
    return (places >= 0) & (places < count)


SEED_FACTOR = 2_654_435_761
"""Keeps the numbers of runs with neighbouring seeds apart."""
Samples = tuple[Callable[[], Tensor], Taken]
"""What gives the real samples of a critic update, and its generated ones."""


class Augmentation:
    """The augmentation of a run; with the setting "none" it leaves everything as it is.

    Its random numbers depend on the seed and the step alone. So they need no saved state, like the order of the data.

    Args:
        config: the run's settings.
        device: of the images.
        rows: the rows of a batch that this process has; None for all. Numbers are drawn for all.
    """

    def __init__(self, config: TrainConfig, device: torch.device, rows: slice | None) -> None:
        self._changes = CHANGES[config.augment]
        self._seed, self._batch = config.seed, config.batch_size
        self._device, self._rows = device, rows
        self._drawn = torch.zeros(3, config.batch_size if rows is None else rows.stop - rows.start, NUMBERS, device=device)
        self._drawn_for: int | None = None

    def draw(self, step: int) -> None:
        """Draw the numbers of a step, unless they were drawn last. On a GPU they lie at one place,
        where a captured graph finds them."""
        if not self._changes or step == self._drawn_for:
            return
        rng = torch.Generator().manual_seed((self._seed * SEED_FACTOR + step) % 2**32)
        drawn = torch.rand(3, self._batch, NUMBERS, generator=rng)
        drawn = drawn if self._rows is None else drawn[:, self._rows]
        if self._device.type == "cuda":  # from memory that the GPU can read by itself, so that this does not wait for earlier steps
            self._drawn.copy_(drawn.pin_memory(), non_blocking=True)
        else:
            self._drawn = drawn.to(self._device)
        self._drawn_for = step

    def of_step(self, real: Callable[[], Tensor], fake: Taken, step: int) -> Samples:
        """What the critic sees of both batches in the critic update that is the run's `step`, counted from 1."""
        return self._both(real, fake, self._numbers(step)) if self._changes else (real, fake)

    def of_any(self, real: Callable[[], Tensor], fake: Taken, rng: torch.Generator) -> Samples:
        """The same for an update that is no step of the run, with numbers from `rng`."""
        if not self._changes:
            return real, fake
        return self._both(real, fake, torch.rand(2, self._batch, NUMBERS, generator=rng, device=rng.device).to(self._device))

    def of_generator(self, samples: Tensor, step: int) -> Tensor:
        """What the critic sees of the samples that the generator learns from after the run's `step`."""
        return augmented(samples, self._numbers(step)[2], self._changes) if self._changes else samples

    def _numbers(self, step: int) -> Tensor:
        """For the real and the generated images of a step, and for those of the generator's update behind it, [3, batch, NUMBERS]. The
        same on every device, because they are drawn on the CPU."""
        self.draw(step)
        return self._drawn

    def _both(self, real: Callable[[], Tensor], fake: Taken, numbers: Tensor) -> Samples:
        images = fake.images
        return (
            lambda: augmented(real(), numbers[0], self._changes),
            Taken(lambda: augmented(images(), numbers[1], self._changes), fake.follow),
        )
