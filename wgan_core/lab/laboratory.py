"""One or two WGANs of points, trained a little at each look. No thread: nothing happens while nobody looks."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Literal

import torch

from wgan_core.config import TrainConfig
from wgan_core.data.dataset import Dataset
from wgan_core.data.load import load_dataset
from wgan_core.lab.frame import Frame, Truth, View
from wgan_core.lab.stages import Stage, Who, cycle
from wgan_core.measures import lipschitz
from wgan_core.training.device import compute_beside_training
from wgan_core.training.trainer import Trainer

Pace = Literal["slow", "cycles", "full"]
"""slow: stage by stage; cycles: one cycle at each look; full: as much as fits."""

MEASURE_EVERY = 0.3
"""Seconds between two measurements of the truth while it trains."""
MOST_ROWS = 1000


class Laboratory:
    """WGANs in lockstep: the same data, seed, and number of updates.

    Args:
        configs: one or two, of the same data set, seed, batch size and n_critic.
        clock: seconds, monotonic.

    Raises:
        DataError: the data cannot be used.
    """

    def __init__(self, configs: tuple[TrainConfig, ...], clock: Callable[[], float] = time.monotonic) -> None:
        compute_beside_training()
        data = enough(load_dataset(configs[0]), configs[0].batch_size)
        self.trainers = tuple(Trainer(config, data) for config in configs)
        self.view = View(configs[0], data.data)
        self.who: Who = "both"
        self.pace: Pace = "full"
        self.stage_seconds = 1.5
        """How long slow motion shows a stage of full length."""
        self.playing = False
        self.stage: Stage | None = None
        """Where slow motion stands; None outside it."""
        self.before: tuple[Frame, ...] = ()
        """How the WGANs looked before the stage."""
        self.notice = ""
        """Why it does not go on, in words."""
        self._stages: Iterator[Stage] | None = None
        self._until_cycle_ends = False
        self._clock = clock
        self._shown_for = 0.0
        self._last_look = clock()
        self._trained_for = self._drawing = 0.0
        self._history: list[tuple[Truth, ...]] = []
        self._measured_at = -math.inf
        self._measured_step = (-1, -1)
        self._changes = 0
        self._measured_changes = -1
        self._frames: tuple[Frame, ...] | None = None

    @property
    def configs(self) -> tuple[TrainConfig, ...]:
        """Of the WGANs, as they train now."""
        return tuple(trainer.config for trainer in self.trainers)

    def configure(self, configs: tuple[TrainConfig, ...]) -> None:
        """Take over live settings. Raises ValueError if others differ, see `setup.needs_restart`."""
        for trainer, config in zip(self.trainers, configs, strict=True):
            trainer.configure(config)
        self._changed()

    # What a user can ask for.

    def play(self) -> None:
        """Go on, from wherever it stands, also in the middle of a cycle."""
        self.playing, self._until_cycle_ends, self.notice = True, False, ""
        self._last_look = self._clock()
        self._trained_for = 0.0

    def pause(self) -> None:
        """Stand still; in slow motion within the cycle."""
        self.playing = False

    def play_cycle(self) -> None:
        """Go on to the end of the cycle and stand still there."""
        self.play()
        self._until_cycle_ends = True

    def critic_step(self) -> None:
        """One critic update, clip included; of one that slow motion has begun, the rest."""
        self.playing = False
        if not self._end_stages():
            self._critic_update()

    def generator_step(self) -> None:
        """One generator update, whatever the count of critic updates is."""
        self.playing = False
        self._end_stages()
        self._generator_update()

    def set_pace(self, pace: Pace, who: Who) -> None:
        """How fast, and which networks train. A stage that was begun is brought to its end."""
        if (pace, who) != (self.pace, self.who):
            self._end_stages()
            self.pace, self.who = pace, who

    def advance(self, period: float) -> None:
        """Train as far as the pace wants, if it plays. To be called at every look.

        period: seconds between two looks to aim at. At full pace training gets what drawing leaves of it, but a fifth at least.
        """
        now = self._clock()
        gap, self._last_look = now - self._last_look, now
        if not self.playing:
            return
        match self.pace:
            case "slow":
                self._advance_slowly(gap)
            case "cycles":
                self._whole_cycle()
            case "full":
                if self._trained_for:
                    self._drawing += 0.2 * (min(gap - self._trained_for, period) - self._drawing)
                until = now + max(period - self._drawing, period / 5)
                while self.playing and self._clock() < until:
                    self._one_step()
                self._trained_for = self._clock() - now

    # Training.

    def _one_step(self) -> None:
        # It may be the generator's turn already, after critic updates by hand.
        if self.who == "critic" or (self.who == "both" and not self.trainers[0].generator_is_due):
            self._critic_update()
        if self.who == "generator" or (self.who == "both" and self.trainers[0].generator_is_due):
            self._generator_update()

    def _whole_cycle(self) -> None:
        updates = self.trainers[0].generator_updates
        for _ in range(self.trainers[0].critic_updates_wanted):
            if not self.playing or self.trainers[0].generator_updates > updates:
                break
            self._one_step()

    def _critic_update(self) -> None:
        for trainer in self.trainers:
            trainer.ascend()
            trainer.clip()
        self._changed()
        first = self.trainers[0]
        if self.who == "critic" and first.critic_updates_since_generator % first.critic_updates_wanted == 0:
            self._cycle_ended()

    def _generator_update(self) -> None:
        for trainer in self.trainers:
            trainer.update_generator()
        self._changed()
        self._cycle_ended()

    def _cycle_ended(self) -> None:
        if self._until_cycle_ends:
            self.playing = self._until_cycle_ends = False

    def _changed(self) -> None:
        """Something else is to be seen."""
        self._frames = None
        self._changes += 1
        first = self.trainers[0]
        # A look at one number of each; NaN and infinity spread through everything within a step or two.
        for trainer in self.trainers:
            if not math.isfinite(float(trainer.critic_optimizer.param_groups[0]["params"][0].detach().sum())):
                self.playing = False
                self.notice = (
                    f"The critic's weights ran away to infinity at critic update {first.step:,}: restart, with a smaller learning rate or "
                    "something that keeps the critic Lipschitz."
                )

    # Slow motion.

    @property
    def rest(self) -> float:
        """Seconds for which nothing new is to be seen if it plays on."""
        return max(0.0, self.stage.duration * self.stage_seconds - self._shown_for) if self.stage is not None else 0.0

    def _advance_slowly(self, gap: float) -> None:
        # One stage at most, however long nobody looked: whoever comes back finds the stage that was left.
        self._shown_for += gap
        if not self.rest:
            self._next_stage()

    def _next_stage(self) -> None:
        if self._stages is None:
            self._stages = cycle(self.trainers, self.who)
        self.before = self.frames()
        self._shown_for = 0.0
        self.stage = next(self._stages, None)
        self._changed()
        if self.stage is None:
            self._stages = None
            self._cycle_ended()
            if self.playing:
                self._next_stage()

    def _end_stages(self) -> bool:
        """Leave slow motion; a critic update that was begun is finished. Returns whether one was."""
        begun = self.stage is not None and self.stage.part == "ascent"
        if begun and self._stages is not None:
            next(self._stages)
        self.stage = self._stages = None
        self._shown_for = 0.0
        self._changed()
        return begun

    # What there is to see.

    def frames(self) -> tuple[Frame, ...]:
        """How each WGAN looks now."""
        compute_beside_training()
        if self._frames is None:
            self._frames = tuple(self.view.look(trainer) for trainer in self.trainers)
        return self._frames

    def why_no_slope(self) -> list[str]:
        """Why critics have no slope, in words; empty where all have one."""
        return list(dict.fromkeys(filter(None, (lipschitz.why_no_slope(trainer.critic) for trainer in self.trainers))))

    def truth(self) -> tuple[tuple[Truth, ...], ...]:
        """Estimate beside exact W1 of each WGAN, oldest first: measured anew now and then while it plays, at once where it stands still."""
        due = self._clock() - self._measured_at >= (MEASURE_EVERY if self.playing else 0)
        if due and (not self._history or self._changes != self._measured_changes):
            step = self.trainers[0].step, self.trainers[0].generator_updates
            if self._history and step == self._measured_step:  # between two stages of one update, such as before and after the clip
                self._history.pop()
            self._history.append(tuple(self.view.measure(trainer) for trainer in self.trainers))
            self._measured_at, self._measured_step, self._measured_changes = self._clock(), step, self._changes
            if len(self._history) > MOST_ROWS:
                self._history = self._history[::2]
        return tuple(self._history)


def enough(data: Dataset, batch_size: int) -> Dataset:
    """`data`, repeated as a whole if it has fewer points than one batch."""
    if len(data) >= batch_size:
        return data
    times = math.ceil(batch_size / len(data))
    return Dataset(data.name, torch.cat([data.data] * times), source=data.source, notes=data.notes)
