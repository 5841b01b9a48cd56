"""A run as an event file for TensorBoard, written by tensorboardX: scalars, pictures, histograms of weights, settings with last results.

The x axis is critic updates. Clock times are chosen so that TensorBoard's relative time is the training time.
"""

from __future__ import annotations

import datetime
import io
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wgan_core.config import SETTINGS, TrainConfig, has_js_bound, in_use
from wgan_core.data.toy import view_limit
from wgan_core.figures import images
from wgan_core.figures.curves import thin
from wgan_core.store.folder import RunFolder, StoreError
from wgan_core.store.history import column
from wgan_core.store.readings import ADVICE, DISTANCES, KINDS, Reading, newest
from wgan_core.timeline.reading import Timeline

if TYPE_CHECKING:
    from tensorboardX import SummaryWriter

MAX_POINTS = 20_000
"""Of a curve. A longer one is thinned so that it looks the same."""
MAX_HISTOGRAM_STEPS = 40
MAX_PICTURES = 64
_BINS = 64
_Kept = TypeVar("_Kept")
_CURVES = {
    "wasserstein_estimate": "training/wasserstein_estimate",
    "critic_loss": "training/critic_loss",
    "generator_loss": "training/generator_loss",
    "real_score": "scores/real",
    "fake_score": "scores/generated",
    "generator_updates": "progress/generator_updates",
}
_FILE = "events.out.tfevents.{created:010d}.wgan"
"""TensorBoard finds files by the part before the number. The library's own name would hold the name of this machine."""


def worth_telling(configs: Sequence[TrainConfig]) -> tuple[str, ...]:
    """The settings that TensorBoard lists as hyperparameters: of one run all that have an effect; of several those that differ, because it
    shows only the first few."""
    used = [name for name in _OF_THE_EXPERIMENT if any(in_use(config, name) for config in configs)]
    different = [name for name in used if len({getattr(config, name) for config in configs}) > 1]
    return tuple(different if len(configs) > 1 and different else used)


def write_events(folder: RunFolder, target: Path, hyperparameters: Sequence[str]) -> None:
    """Write an event file of the run into the empty folder `target`. Raises StoreError or OSError.

    hyperparameters: the settings to list as such, see `worth_telling`.
    """
    from tensorboardX import SummaryWriter

    clock = _Clock(folder)
    with SummaryWriter(str(target), max_queue=1000) as writer:
        _scalars(writer, folder, clock)
        _readings(writer, folder.readings(), clock)
        _edits(writer, folder, clock)
        _pictures(writer, folder, clock)
        _histograms(writer, folder, clock)
        _hyperparameters(writer, folder, hyperparameters)
    for number, file in enumerate(sorted(target.glob("events.out.tfevents.*"))):
        file.rename(target / _FILE.format(created=int(clock.begin) + number))


class _Clock:
    """Clock times of steps, in seconds since 1970, as if the run had trained without a pause since it was created."""

    def __init__(self, folder: RunFolder) -> None:
        rows = folder.read_metrics()
        self._steps = np.concatenate(([0.0], column(rows, "step")))
        self._seconds = np.concatenate(([0.0], column(rows, "seconds")))
        try:
            self.begin = datetime.datetime.fromisoformat(str(folder.meta.get("created", ""))).timestamp()
        except (ValueError, OverflowError, OSError):
            self.begin = time.time()

    def at(self, step: float) -> float:
        return self.begin + float(np.interp(step, self._steps, self._seconds))


def _scalars(writer: SummaryWriter, folder: RunFolder, clock: _Clock) -> None:
    rows = folder.read_metrics()
    steps = column(rows, "step")
    tags = dict(_CURVES)
    if has_js_bound(folder.config):
        tags |= {"js_bound": "training/jensen_shannon_bound"}
    for name, tag in tags.items():
        values = column(rows, name)
        finite = np.isfinite(values)
        at, shown = steps[finite], values[finite]
        kept = thin(at, shown, MAX_POINTS)
        for step, value in zip(at[kept].tolist(), shown[kept].tolist(), strict=True):
            writer.add_scalar(tag, value, int(step), clock.at(step))


def _readings(writer: SummaryWriter, readings: Iterable[Reading], clock: _Clock) -> None:
    for one in sorted(readings, key=lambda one: one.step):
        if one.key == ADVICE or one.key not in KINDS or one.value is None:
            continue
        name = one.key.replace("-", "_")
        for tag, value in _numbers_of(one, name):
            writer.add_scalar(tag, value, one.step, clock.at(one.step))


def _numbers_of(one: Reading, name: str) -> Iterator[tuple[str, float]]:
    """The numbers of a reading with their tags: distances with floor and excess, the critic's slope with the estimate divided by it."""
    assert one.value is not None
    if one.key in DISTANCES:
        yield f"distance/{name}", one.value
        if one.floor is not None:
            yield f"distance_floor/{name}", one.floor
            yield f"distance_above_floor/{name}", one.value - one.floor
    elif one.key == "critic-health":
        yield "critic/steepest_slope", one.value
        scaled = _nested(one.details, "bounds", "display_w1", "value")
        if isinstance(scaled, (int, float)):
            yield "critic/estimate_over_steepest_slope", scaled
    else:
        yield f"samples/{name}" if one.key not in ("critic-lag", "overfit-gap") else f"critic/{name}", one.value


def _nested(found: Any, *path: str) -> Any:
    """A value deep within a stranger's JSON; None if it is not there."""
    for name in path:
        found = found.get(name) if hasattr(found, "get") else None
    return found


def _edits(writer: SummaryWriter, folder: RunFolder, clock: _Clock) -> None:
    """Each setting that was changed while the run trained, as a curve with a point before and after each change; and all as a text."""
    edits = [edit for edit in folder.edits() if edit.field in SETTINGS]
    for edit in edits:
        before, after = (getattr(config, edit.field) for config in (folder.config_before(edit.step), folder.config_at(edit.step)))
        if isinstance(before, (int, float)) and isinstance(after, (int, float)):
            writer.add_scalar(f"settings/{edit.field}", before, edit.step, clock.at(edit.step))
            writer.add_scalar(f"settings/{edit.field}", after, edit.step + 1, clock.at(edit.step + 1))
    lines = ["| setting | value |", "|---|---|"]
    lines += [f"| {SETTINGS[name].label} | {_plain(getattr(folder.config, name))} |" for name in _OF_THE_EXPERIMENT]
    lines += [f"| {SETTINGS[edit.field].label}, after step {edit.step:,} | {_plain(edit.new)} |" for edit in edits]
    writer.add_text("settings", "\n".join(lines), 0, clock.begin)


_OF_THE_EXPERIMENT = tuple(
    name for name, info in SETTINGS.items() if info.group != "record" and name not in ("data_root", "device", "threads")
)


def _plain(value: Any) -> Any:
    """A setting's value as a number or a text."""
    if isinstance(value, (list, tuple)):
        return "-".join(map(str, value))
    return value if isinstance(value, (int, float)) else str(value)[:200]


def _pictures(writer: SummaryWriter, folder: RunFolder, clock: _Clock) -> None:
    """The pictures of the fixed latents, at most `MAX_PICTURES` of them, spread evenly over what is kept."""
    timeline = Timeline.of(folder)
    parts = (("samples/fixed_latents", False), *([("samples/averaged_generator", True)] if folder.config.ema_decay else []))
    for tag, averaged in parts:
        for step, pixels in _shown(timeline, averaged=averaged):
            writer.add_image(tag, pixels, step, clock.at(step), dataformats="HWC")


def _shown(timeline: Timeline, *, averaged: bool) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    if timeline.has_points:
        dataset = timeline.folder.config.dataset
        real = timeline.data_points()
        clouds = timeline.clouds(averaged=averaged)
        for cloud in _spread(clouds, MAX_PICTURES):
            yield cloud.step, images.scatter(cloud.points, real, view_limit(dataset), 480)
        if clouds:
            return
    # Runs of points of earlier versions have drawings only.
    drawn = timeline.folder.samples(averaged=averaged).items() if timeline.has_points else ()
    kept = tuple((picture.step, picture.data) for picture in timeline.pictures(averaged=averaged)) or tuple(drawn)
    for step, source in _spread(kept, MAX_PICTURES):
        try:
            with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as opened:
                yield step, np.asarray(opened.convert("RGB"))
        except (OSError, ValueError, Image.DecompressionBombError):
            continue  # a damaged picture costs nothing but itself


def _spread(kept: tuple[_Kept, ...], most: int) -> list[_Kept]:
    """At most `most` of what is kept, evenly spread, with the first and the last."""
    if len(kept) <= most:
        return list(kept)
    return [kept[place] for place in np.unique(np.linspace(0, len(kept) - 1, most).round().astype(int))]


def _histograms(writer: SummaryWriter, folder: RunFolder, clock: _Clock) -> None:
    """The weights of both networks at the kept steps, at most `MAX_HISTOGRAM_STEPS` of them."""
    timeline = Timeline.of(folder)
    kept = tuple(moment.step for moment in timeline.moments if moment.full or moment.light)
    for step in _spread(kept, MAX_HISTOGRAM_STEPS):
        for part in ("critic", "generator"):
            try:
                tensors = timeline.networks(step, part)
            except StoreError:
                continue  # thinned out meanwhile, or damaged
            for name, tensor in tensors.items():
                if name.endswith((".weight", ".bias")) and tensor.numel() > 1:
                    _histogram(writer, f"{part}/{name}", tensor.numpy().ravel(), step, clock.at(step))


def _histogram(writer: SummaryWriter, tag: str, weights: NDArray[np.float32], step: int, at: float) -> None:
    values = weights[np.isfinite(weights)].astype(np.float64)
    if not len(values):
        return
    counts, edges = np.histogram(values, bins=_BINS)
    writer.add_histogram_raw(
        tag,
        min=float(values.min()),
        max=float(values.max()),
        num=len(values),
        sum=float(values.sum()),
        sum_squares=float((values**2).sum()),
        bucket_limits=edges[1:].tolist(),
        bucket_counts=counts.tolist(),
        global_step=step,
        walltime=at,
    )


def _hyperparameters(writer: SummaryWriter, folder: RunFolder, names: Sequence[str]) -> None:
    """The settings at the start, and the last value of each measure, in the run itself: the library's own function would make a run of its
    own for them."""
    from tensorboardX.summary import hparams

    last = max((int(step) for step in column(folder.read_metrics(), "step")[-1:]), default=0)
    metrics: dict[str, float] = {"last/step": float(last)}
    for key, one in newest(one for one in folder.readings() if one.value is not None).items():
        if key in KINDS and one.value is not None:
            metrics[f"last/{key.replace('-', '_')}"] = one.value
    estimates = column(folder.read_metrics(), "wasserstein_estimate")
    if len(finite := estimates[np.isfinite(estimates)]):
        metrics["last/wasserstein_estimate"] = float(finite[-200:].mean())
    assert writer.file_writer is not None  # the writer is open
    for summary in hparams({name: _plain(getattr(folder.config, name)) for name in names}, metrics):
        writer.file_writer.add_summary(summary)
    for tag, value in metrics.items():
        writer.add_scalar(tag, value, last)
