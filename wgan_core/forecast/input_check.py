"""Checks before a run starts: whether the data can be learned from, and what an update will cost."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from torch import Tensor

from wgan_core.config import SETTINGS, TrainConfig
from wgan_core.data.dataset import DataError, Dataset
from wgan_core.data.image_folder import MUCH_CUT
from wgan_core.data.own_images import preview_own
from wgan_core.data.picture import Reading
from wgan_core.data.point_file import load_points
from wgan_core.data.room import too_large_for_memory
from wgan_core.instruments.advice import FEW_SAMPLES as FEW
from wgan_core.instruments.advice import Advice
from wgan_core.training.warmup import generator_updates_within, mean_n_critic

_LEVELS = 64
_SCALES = (0.05, 20.0)


_PREVIEW, _PREVIEW_SIDE = 200, 32
_TOO_MUCH_CUT = 0.3
"""Number of images of a folder that are checked. More would take too long on a page."""


def check_own_data(config: TrainConfig) -> tuple[Advice, ...]:
    """`check_data` for the file or folder that `config` names; built-in data sets need no check. For a folder, 200 images are checked.
    Empty if the data cannot be read, because starting the run will report that."""
    if not config.data_root:
        return ()
    try:
        if config.dataset == "csv":
            return check_data(load_points(config.data_root))
        if config.dataset == "image-folder":
            return _check_folder(config)
    except (DataError, OSError, RuntimeError):
        pass
    return ()


def _check_folder(config: TrainConfig) -> tuple[Advice, ...]:
    seen = preview_own(config.data_root, _PREVIEW, replace(Reading.of(config), size=_PREVIEW_SIDE))
    images, count = seen.images, seen.count
    if count < 2:  # too few for any run, so nothing else is worth saying
        return ()
    found = [advice for advice in check_data(images) if advice.key != "few-samples"]
    if (cut := _cut(seen.cut)) is not None:
        found.append(cut)
    if len(images) < count:
        found = [replace(advice, text=f"{len(images)} of the {count:,} images were looked at. {advice.text}") for advice in found]
    large = _larger_than_memory(count * images.channels * config.image_size**2)
    return (*found, *(advice for advice in (too_few(count), large) if advice is not None))


def _cut(share: float) -> Advice | None:
    if share <= MUCH_CUT:
        return None
    text = (
        f"On average, {share:.0%} of each picture is cut off, because only its central square is used. Choose pad or squash under "
        f"{SETTINGS['fit'].label} to use all of it."
    )
    return Advice("cut-off", "warning" if share > _TOO_MUCH_CUT else "note", text, share, "fit")


def _larger_than_memory(size: int) -> Advice | None:
    if not too_large_for_memory(size):
        return None
    text = (
        f"The images take {size / 1e9:,.1f} GB, more than half of the free memory. They go to a file in the cache folder, and training "
        "reads them from there, which is slower. A smaller image size avoids it."
    )
    return Advice("large-data", "note", text, size / 1e9, "image_size")


def check_data(dataset: Dataset) -> tuple[Advice, ...]:
    """Problems found in images (uint8 [n, c, h, w]) or points (float [n, 2]); empty if there are none."""
    checks = (_not_finite, _scale, _outliers, _few, _duplicates) if dataset.kind == "points" else (_range, _constant, _few, _duplicates)
    return tuple(advice for check in checks if (advice := check(dataset.data)) is not None)


Check = Callable[[Tensor], Advice | None]


def _range(images: Tensor) -> Advice | None:
    low, high = int(images.min()), int(images.max())
    if high - low >= _LEVELS:
        return None
    hint = (
        "They look like values from 0 to 1 stored as whole numbers: multiply them by 255." if high <= 1 else "Stretch their contrast first."
    )
    text = f"The pixels only range from {low} to {high}, out of 0 to 255, so all images look nearly the same. {hint}"
    return Advice("narrow-range", "warning", text, high - low, "dataset")


def _constant(images: Tensor) -> Advice | None:
    planes = images.flatten(2)
    count = int((planes.amax(2) == planes.amin(2)).all(1).sum())
    if not count:
        return None
    have = "has" if count == 1 else "have"
    text = f"{count} of {len(images)} images {have} a single colour; remove them, or the generator learns to make such images too."
    return Advice("constant-images", "warning" if count > len(images) / 100 else "note", text, count, "dataset")


def _few(samples: Tensor) -> Advice | None:
    return too_few(len(samples))


def too_few(count: int) -> Advice | None:
    """Advice if `count` samples are too few to learn from, otherwise None."""
    if count >= FEW:
        return None
    text = (
        f"There are {count} samples; below about {FEW} the critic soon knows them by heart, and the estimate then says little about "
        "the generator. Use more data or a small critic; for images an augmentation helps the estimate, but slows the generator down."
    )
    return Advice("few-samples", "warning" if count < FEW / 10 else "note", text, count, "dataset")


def _duplicates(samples: Tensor) -> Advice | None:
    rows = samples.flatten(1).contiguous().cpu().numpy()
    count = len(rows) - len({hashlib.blake2b(row.data, digest_size=16).digest() for row in rows})
    if count <= len(rows) / 100:
        return None
    text = f"{count} of {len(rows)} samples are exact copies of others; the generator will make those more often. Remove the copies."
    return Advice("duplicates", "warning" if count > len(rows) / 10 else "note", text, count, "dataset")


def _not_finite(points: Tensor) -> Advice | None:
    count = int((~points.isfinite().all(1)).sum())
    if not count:
        return None
    hold = "holds" if count == 1 else "hold"
    text = f"{count} of {len(points)} points {hold} a number that is not finite, and training stops at the first one; remove them."
    return Advice("not-finite", "warning", text, count, "dataset")


def _scale(points: Tensor) -> Advice | None:
    finite = points[points.isfinite().all(1)].double()
    spread = float(finite.std(0).max()) if len(finite) > 1 else 0.0
    if _SCALES[0] <= spread <= _SCALES[1]:
        return None
    text = (
        f"The standard deviation of the points is {spread:.2g}, but the networks are made for about 1: scale the points first, or learning "
        "takes much longer."
    )
    return Advice("scale", "warning", text, spread, "dataset")


def _outliers(points: Tensor) -> Advice | None:
    """Points so far out that all others shrink to a dot beside them: more than `_FAR` times the spread of the middle half away."""
    finite = points[points.isfinite().all(1)].double()
    if len(finite) < _FEWEST_FOR_OUTLIERS:
        return None
    low, middle, high = (finite.quantile(share, dim=0) for share in _QUARTERS)
    spread = float((high - low).max())
    distance = (finite - middle).abs().amax(1)
    count = int((distance > _FAR * spread).sum()) if spread > 0 else 0
    if not count or count > len(finite) / 10:
        return None
    lie = "1 point lies" if count == 1 else f"{count:,} points lie"
    text = (
        f"{lie} more than {_FAR} times as far out as the middle half of the points is wide, so that all others shrink to a dot. If the "
        "numbers there stand for missing values, such as -999, remove those lines."
    )
    return Advice("outliers", "warning", text, count, "dataset")


_FAR, _FEWEST_FOR_OUTLIERS, _QUARTERS = 20, 20, (0.25, 0.5, 0.75)


# The cost of a run.


@dataclass(frozen=True)
class Cost:
    """The cost of a run at a measured speed."""

    seconds_per_generator_update: float
    generator_updates: int
    """In the whole run, up to `max_steps`."""
    seconds: float
    """For the whole run."""

    @property
    def text(self) -> str:
        """The cost in words, to be shown beside the controls."""
        return (
            f"{duration(self.seconds_per_generator_update)} per generator update; {self.generator_updates:,} of them in "
            f"{duration(self.seconds)}"
        )


def predicted_cost(config: TrainConfig, steps_per_second: float) -> Cost:
    """The cost of a run at `steps_per_second` critic updates, as measured in an earlier run of these networks or by `try_speed`.

    Raises:
        ValueError: the speed is not positive.
    """
    if not steps_per_second > 0:
        raise ValueError("the speed must be above 0 steps per second")
    updates = generator_updates_within(config)
    return Cost(mean_n_critic(config) / steps_per_second, updates, config.max_steps / steps_per_second)


def duration(seconds: float) -> str:
    """A time in words, in a suitable unit: "40 ms", "2.5 s", "7 min", "3.1 h"."""
    for limit, size, unit in ((1.0, 0.001, "ms"), (90.0, 1.0, "s"), (5400.0, 60.0, "min")):
        if seconds < limit:
            return f"{_short(seconds / size)} {unit}"
    return f"{_short(seconds / 3600)} h"


def _short(value: float) -> str:
    return f"{value:.2g}" if value < 10 else f"{value:,.0f}"
