"""Keeps a run's past while it trains: light steps, moments of the fixed latents, histograms, all within a share of the time and a budget.

Everything is written on the run's own thread, between two steps, and timed. What has cost its share of the training time waits; so a slow
disk or a small network only makes the past coarser. No result of the training depends on any of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from wgan_core.config import SETTINGS
from wgan_core.figures import images
from wgan_core.store.folder import RunFolder
from wgan_core.timeline.fixed import as_pixels, as_points, fixed_classes, fixed_real, fixed_samples, names_of_rows
from wgan_core.timeline.half import halved
from wgan_core.timeline.histograms import take_histograms, to_line
from wgan_core.timeline.room import make_room, thin_light, thin_moments
from wgan_core.timeline.sizes import Sizes, sizes_of
from wgan_core.timeline.thinning import MAX_LIGHT, MAX_MOMENTS, distance_of, is_landmark, is_mark, next_landmark, spacing
from wgan_core.training.trainer import Trainer

MEGABYTE = 1_000_000
SHARE = 0.018
"""Of the training time: above it, only full steps and landmarks are kept. Two percent, less a reserve for what is not timed."""
_LARGEST_POINT = 60_000.0
"""Points farther out are drawn at this distance; float16 ends at 65,504."""

Attempt = Callable[[str, Callable[[], None]], bool]
"""Does something that writes; if the disk refuses, it says that the thing named could not be saved, and returns False."""


@dataclass
class _Pace:
    """How often one kind of thing is kept."""

    share: float
    """Of the training time that it may take."""
    distance: int
    """It is kept at multiples of this, a power of two."""
    cost: float
    """Seconds that the last one took, or a guess."""
    spent: float = 0.0
    """Seconds so far, since the run was started or resumed."""

    def spacing(self, steps_per_second: float) -> int:
        return spacing(self.distance, self.cost, self.share, steps_per_second)

    def is_due(self, step: int, trained: float, steps_per_second: float) -> bool:
        """Whether `step` is one of its multiples, and the time allows it."""
        return step % self.spacing(steps_per_second) == 0 and self.spent + self.cost <= self.share * trained


class Keeper:
    """Keeps the past of the run in `folder`. Used by the run's thread only.

    Args:
        folder: the run folder, held.
        attempt: see `Attempt`.
        say: shows a sentence to the user, or takes it back if it is empty.
        clock: seconds, monotonic.
    """

    def __init__(
        self, folder: RunFolder, attempt: Attempt, say: Callable[[str], None], *, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._folder = folder
        self._attempt = attempt
        self._say = say
        self._clock = clock
        self._moments = _Pace(0.006, distance_of(folder.past.moments()), 0.008)
        self._light = _Pace(0.006, distance_of(folder.past.light_steps()), 0.02)
        self._histograms = _Pace(0.003, 1, 0.02)
        self._full_seconds = 0.0
        self._began: int | None = None
        self._look_at = 0
        self._real: Tensor | None = None
        self.sizes = sizes_of(folder.path)
        """What the folder held when it was last looked at."""

    def offer(self, trainer: Trainer, trained: float) -> None:
        """Keep what is due. Called after each step.

        Args:
            trainer: between two steps.
            trained: seconds of training since the run was started or resumed.
        """
        step = trainer.step
        if self._began is None:
            self._began = step
        if step < self._look_at:
            return
        rate = (step - self._began) / trained if trained > 0 else float("inf")
        if trainer.config.history_budget:
            self._keep_what_is_due(trainer, trained, rate)
        following = [(step // every + 1) * every for every in (pace.spacing(rate) for pace in self._paces)]
        self._look_at = min(*following, next_landmark(step))

    @property
    def _paces(self) -> tuple[_Pace, _Pace, _Pace]:
        return self._moments, self._light, self._histograms

    def _keep_what_is_due(self, trainer: Trainer, trained: float, rate: float) -> None:
        step = trainer.step
        if is_landmark(step) or (self._moments.is_due(step, trained, rate) and self.share(trained) < SHARE):
            self._timed(self._moments, trainer, lambda: self.keep_moment(trainer))
        if self.share(trained) >= SHARE:
            return
        if self._light.is_due(step, trained, rate) and step not in self._folder.steps():
            self._timed(self._light, trainer, lambda: self._keep_light(trainer))
        if self._histograms.is_due(step, trained, rate):
            self._timed(self._histograms, trainer, lambda: self._keep_histograms(trainer))

    def _timed(self, pace: _Pace, trainer: Trainer, action: Callable[[], None]) -> None:
        float(trainer.last_generator_loss)  # waits for the device, whose unfinished steps are not the cost of keeping
        start = self._clock()
        action()
        pace.cost = self._clock() - start
        pace.spent += pace.cost

    def share(self, trained: float) -> float:
        """What keeping the past, with the full steps, has cost so far, as a share of `trained` seconds of training."""
        return (sum(pace.spent for pace in self._paces) + self._full_seconds) / trained if trained > 0 else 0.0

    # Full steps.

    def saved(self, trainer: Trainer, seconds: float) -> None:
        """A full step was saved, which took `seconds`."""
        self._full_seconds += seconds
        start = self._clock()
        self._attempt("The run's history", lambda: self._after_save(trainer))
        self._full_seconds += self._clock() - start

    def _after_save(self, trainer: Trainer) -> None:
        kept = set(self._folder.steps())
        for averaged in (False, True):
            for step, path in self._folder.samples(averaged=averaged).items():
                if step not in kept and not is_mark(step, per_doubling=4):
                    path.unlink(missing_ok=True)
        self.make_room(trainer)

    def make_room(self, trainer: Trainer) -> None:
        """Keep the history within its budget, or say why that cannot be. Raises OSError."""
        budget = trainer.config.history_budget
        self.sizes = make_room(self._folder, budget * MEGABYTE)
        over = self.sizes.history > budget * MEGABYTE
        self._say(_over_budget(self.sizes, budget) if over and budget else "")

    # Light steps, moments, histograms.

    def _keep_light(self, trainer: Trainer) -> None:
        networks = {"generator": trainer.generator, "critic": trainer.critic, "averaged": trainer.averaged_generator}
        halves = {part: halved(network.state_dict()) for part, network in networks.items() if network is not None}
        state = {part: tensors for part, tensors in halves.items() if tensors is not None}
        if len(state) == len(halves):
            self._attempt(f"The light step {trainer.step:,}", lambda: self._write_light(trainer, state))

    def _write_light(self, trainer: Trainer, state: dict[str, dict[str, Tensor]]) -> None:
        past = self._folder.past
        past.write_light(trainer.step, state)
        if len(past.light_steps()) > MAX_LIGHT:
            thin_light(past, MAX_LIGHT)
        self.make_room(trainer)
        self._light.distance = max(self._light.distance, distance_of(past.light_steps()))

    def keep_moment(self, trainer: Trainer) -> None:
        """Keep what the networks make of the fixed latents now."""
        samples = {"samples": fixed_samples(trainer)}
        if trainer.averaged_generator is not None:
            samples["averaged"] = fixed_samples(trainer, averaged=True)
        if all(bool(one.isfinite().all()) for one in samples.values()):
            self._attempt("The picture of the fixed latents", lambda: self._write_moment(trainer, samples))

    def _write_moment(self, trainer: Trainer, samples: dict[str, Tensor]) -> None:
        past, step = self._folder.past, trainer.step
        if trainer.data.ndim == 2:
            if not past.has_data_points():
                past.write_data_points(as_points(fixed_real(trainer)))
            past.write_points(step, {name: _half_points(one) for name, one in samples.items()})
        else:
            for name, one in samples.items():
                past.write_picture(
                    step, images.webp_still(images.sample_grid(as_pixels(one), names_of_rows(trainer.classes))), averaged=name == "averaged"
                )
        if len(steps := list(past.moments())) > MAX_MOMENTS:
            thin_moments(past, MAX_MOMENTS)
            self._moments.distance = max(self._moments.distance, distance_of(past.moments()), 2 * distance_of(steps))

    def _keep_histograms(self, trainer: Trainer) -> None:
        if self._real is None:
            self._real = fixed_real(trainer)
        found = take_histograms(trainer, fixed_samples(trainer), self._real, fixed_classes(trainer))
        if found is not None:
            self._attempt("The histograms", lambda: self._folder.past.append_histograms(to_line(found)))
        # So that their number grows with the logarithm of the run's length.
        while trainer.step >= MAX_MOMENTS * self._histograms.distance:
            self._histograms.distance *= 2


def _half_points(samples: Tensor) -> np.ndarray:
    return as_points(samples).clip(-_LARGEST_POINT, _LARGEST_POINT).astype(np.float16)


def _over_budget(held: Sizes, budget: int) -> str:
    label, taken = SETTINGS["history_budget"].label, f"{held.history / MEGABYTE:,.0f} MB"
    return (
        f"The run's history takes {taken}, more than {label} ({budget:,} MB) allows, because the steps that are left always stay. Training "
        "continues; unpin steps that you do not need, or allow more."
    )
