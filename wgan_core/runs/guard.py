"""Notices the step whose scores are not finite, without waiting for the device at every step."""

from __future__ import annotations

import torch

from wgan_core.training.trainer import CriticScores, Trainer

LOOK_EVERY = 64
"""On a device for which the host has to wait, so many steps are looked at together."""


class NotFinite(ArithmeticError):
    """A score or a weight became infinite or not a number.

    step: whose scores they were, if it was found some steps later.
    """

    def __init__(self, step: int | None = None) -> None:
        super().__init__()
        self.step = step


class Guard:
    """Watches the scores of every step of a run."""

    def __init__(self) -> None:
        self._unseen: list[CriticScores] = []
        self._last_step = 0

    def watch(self, trainer: Trainer, scores: CriticScores) -> None:
        """Called after each step. Raises NotFinite: on a CPU at once, elsewhere up to `LOOK_EVERY` steps later."""
        if trainer.device.type == "cpu":  # reading the numbers costs nothing there
            if not scores.are_finite:
                raise NotFinite
            return
        self._unseen.append(scores)
        self._last_step = trainer.step
        if len(self._unseen) >= LOOK_EVERY:
            self.look()

    def look(self) -> None:
        """Look at all steps since the last look. Waits for the device. Raises NotFinite."""
        if not self._unseen:
            return
        numbers = torch.stack([number for scores in self._unseen for number in scores if number is not None])
        finite = numbers.view(len(self._unseen), -1).isfinite().all(1).tolist()
        first = self._last_step - len(self._unseen) + 1
        self._unseen.clear()
        if not all(finite):
            raise NotFinite(first + finite.index(False))
