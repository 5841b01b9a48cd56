"""One or two WGANs of points, trained a little at each look. No thread: nothing happens while nobody is looking."""

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
"""slow: stage by stage; cycles: one cycle at each look; full: as much as there is time for."""

MEASURE_EVERY_SECONDS = 0.3
"""Seconds between two measurements of the exact distance during training."""
MAX_ROWS = 1000


class Laboratory:
    """WGANs in lockstep: the same data, seed and number of updates.

    Args:
        configs: one or two, with the same data set, seed, batch size and n_critic.
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
        """Seconds that slow motion shows a stage of full length."""
        self.playing = False
        self.stage: Stage | None = None
        """The stage at which slow motion is; None outside slow motion."""
        self.before: tuple[Frame, ...] = ()
        """How the WGANs looked before the stage."""
        self.notice = ""
        """Why training has stopped, in words."""
        self._stages: Iterator[Stage] | None = None
        self._until_cycle_ends = False
        self._clock = clock
        self._shown_seconds = 0.0
        self._last_look = clock()
        self._trained_seconds = self._drawing_seconds = 0.0
        self._history: list[tuple[Truth, ...]] = []
        self._measured_at = -math.inf
        self._measured_step = (-1, -1)
        self._changes = 0
        self._measured_changes = -1
        self._frames: tuple[Frame, ...] | None = None

    @property
    def configs(self) -> tuple[TrainConfig, ...]:
        """The configs of the WGANs in their present state."""
        return tuple(trainer.config for trainer in self.trainers)

    def configure(self, configs: tuple[TrainConfig, ...]) -> None:
        """Adopt live settings. Raises ValueError if other settings differ, see `setup.needs_restart`."""
        for trainer, config in zip(self.trainers, configs, strict=True):
            trainer.configure(config)
        self._changed()

    # The user's commands.

    def play(self) -> None:
        """Start or continue, also from the middle of a cycle; not after a notice, because what became infinite stays so."""
        if self.notice:
            return
        self.playing, self._until_cycle_ends = True, False
        self._last_look = self._clock()
        self._trained_seconds = 0.0

    def pause(self) -> None:
        """Stop; in slow motion, also within a cycle."""
        self.playing = False

    def play_cycle(self) -> None:
        """Continue to the end of the cycle and stop there."""
        self.play()
        self._until_cycle_ends = self.playing

    def critic_step(self) -> None:
        """One critic update, including the clip. If slow motion has begun an update, the rest of that one."""
        self.playing = False
        if not self._end_stages():
            self._critic_update()

    def generator_step(self) -> None:
        """One generator update, whatever the number of critic updates so far."""
        self.playing = False
        self._end_stages()
        self._generator_update()

    def set_pace(self, pace: Pace, who: Who) -> None:
        """Set the speed, and which networks train. A stage under way is completed first."""
        if (pace, who) != (self.pace, self.who):
            self._end_stages()
            self.pace, self.who = pace, who

    def advance(self, period: float) -> None:
        """While playing, train as far as the pace asks for. To be called at every look.

        period: the intended seconds between two looks. At full pace, training gets the time that drawing leaves, but at least a fifth.
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
                if self._trained_seconds:
                    self._drawing_seconds += 0.2 * (min(gap - self._trained_seconds, period) - self._drawing_seconds)
                until = now + max(period - self._drawing_seconds, period / 5)
                while self.playing and self._clock() < until:
                    self._one_step()
                self._trained_seconds = self._clock() - now

    # Training.

    def train(self, updates: int) -> None:
        """Train for this many updates, however long they take: of the critic, or of the generator if only the generator trains.

        Stops early, with a notice, if the weights become infinite.
        """
        for _ in range(updates):
            if self.notice:
                return
            self._one_step()

    def _one_step(self) -> None:
        # After critic updates by hand, the generator update may already be due.
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
        """Note that there is something new to show."""
        self._frames = None
        self._changes += 1
        first = self.trainers[0]
        # Checking one sum per critic is enough: NaN and infinity spread through everything within a step or two.
        for trainer in self.trainers:
            if not math.isfinite(float(trainer.critic_optimizer.param_groups[0]["params"][0].detach().sum())):
                self.playing = False
                self.notice = (
                    f"The critic's weights became infinite at critic update {first.step:,}: restart, with a smaller learning rate or "
                    "something that keeps the critic Lipschitz."
                )

    # Slow motion.

    @property
    def rest(self) -> float:
        """Seconds until there is something new to show, if it keeps playing."""
        return max(0.0, self.stage.duration * self.stage_seconds - self._shown_seconds) if self.stage is not None else 0.0

    def _advance_slowly(self, gap: float) -> None:
        # One stage at most, however long nobody was looking, so that the user finds the stage where they left it.
        self._shown_seconds += gap
        if not self.rest:
            self._next_stage()

    def _next_stage(self) -> None:
        if self._stages is None:
            self._stages = cycle(self.trainers, self.who)
        self.before = self.frames()
        self._shown_seconds = 0.0
        self.stage = next(self._stages, None)
        self._changed()
        if self.stage is None:
            self._stages = None
            self._cycle_ended()
            if self.playing:
                self._next_stage()

    def _end_stages(self) -> bool:
        """Leave slow motion. A critic update that was begun is completed; returns whether there was one."""
        begun = self.stage is not None and self.stage.part == "ascent"
        if begun and self._stages is not None:
            next(self._stages)
        self.stage = self._stages = None
        self._shown_seconds = 0.0
        self._changed()
        return begun

    # What there is to show.

    def frames(self) -> tuple[Frame, ...]:
        """The picture of each WGAN now."""
        compute_beside_training()
        if self._frames is None:
            self._frames = tuple(self.view.look(trainer) for trainer in self.trainers)
        return self._frames

    def why_no_slope(self) -> list[str]:
        """The reasons why critics have no slope, in words; empty if all of them have one."""
        return list(dict.fromkeys(filter(None, (lipschitz.why_no_slope(trainer.critic) for trainer in self.trainers))))

    def truth(self) -> tuple[tuple[Truth, ...], ...]:
        """Estimate and exact W1 of each WGAN, oldest first. A new measurement is added from time to time while playing, and at once
        otherwise."""
        due = self._clock() - self._measured_at >= (MEASURE_EVERY_SECONDS if self.playing else 0)
        if due and (not self._history or self._changes != self._measured_changes):
            step = self.trainers[0].step, self.trainers[0].generator_updates
            if self._history and step == self._measured_step:  # between two stages of the same update, such as before and after the clip
                self._history.pop()
            self._history.append(tuple(self.view.measure(trainer) for trainer in self.trainers))
            self._measured_at, self._measured_step, self._measured_changes = self._clock(), step, self._changes
            if len(self._history) > MAX_ROWS:
                self._history = self._history[::2]
        return tuple(self._history)


def enough(data: Dataset, batch_size: int) -> Dataset:
    """`data`, repeated as a whole if it has fewer points than one batch."""
    if len(data) >= batch_size:
        return data
    times = math.ceil(batch_size / len(data))
    return Dataset(data.name, torch.cat([data.data] * times), source=data.source, notes=data.notes)
