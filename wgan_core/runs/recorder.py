"""Records a run: curves, ledger, saved steps, sample grids. If the disk fails, there is a notice, but training continues."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from wgan_core.config import is_wasserstein
from wgan_core.data import toy
from wgan_core.figures import images
from wgan_core.runs.guard import NotFinite
from wgan_core.store.folder import RunFolder
from wgan_core.store.history import History, Rows, newest
from wgan_core.store.readings import Reading
from wgan_core.timeline.fixed import as_pixels, as_points, fixed_real, fixed_samples, names_of_rows
from wgan_core.timeline.keeping import Keeper
from wgan_core.timeline.thinning import is_mark
from wgan_core.training.critic_passes import CriticScores
from wgan_core.training.trainer import Trainer

log = logging.getLogger(__name__)

RETRY_SECONDS = 15.0


NoticeKind = Literal["data", "folder", "saving", "refusal", "instruments", "damage", "history", "stopped"]
"""The subject of a notice: the data; the run folder; the disk; a command that was refused; the instruments; a step that cannot be read; a
history that does not fit into its budget; why the run ended by itself."""


class Recorder:
    """Records one run. Used only by the run's thread.

    Args:
        folder: the run folder.
        history: rows that are already recorded (of a resumed run).
        clock: seconds, monotonic.
    """

    def __init__(self, folder: RunFolder, history: History | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.folder = folder
        self.history = history or History()
        self._notices: dict[NoticeKind, str] = {}
        self.saved_steps = tuple(folder.steps())
        self._clock = clock
        self._on_device: list[tuple[int, int, float, Tensor]] = []
        self._unwritten_rows: list[Rows] = []
        self._unwritten_entries: list[tuple[int, str, dict[str, Any]]] = []
        self.readings = folder.readings()
        """What the instruments have read, oldest first."""
        self._unwritten_readings: list[Reading] = []
        self._seconds_before = newest(self.history.view(), "seconds", 0.0)
        self._last_save = clock()
        self._retry_at = -float("inf")
        self._failed_step: int | None = None
        self._owed_by_hand = False
        self.keeper = Keeper(folder, self._try_to_keep, self._say_of_history)
        """Keeps light steps, moments and histograms."""
        self.by = ""
        """Who has sent the command that is being applied; empty: nobody in particular."""
        self._noted = [(entry.pop("step"), entry.pop("what"), entry) for entry in folder.ledger()]

    @property
    def noted(self) -> Sequence[tuple[int, str, dict[str, Any]]]:
        """The entries of the ledger so far: step, what happened, details."""
        return tuple(self._noted)

    # Notices.

    @property
    def notice(self) -> str:
        """The newest notice that still applies; empty if there is none."""
        return next(reversed(self._notices.values()), "")

    def say(self, kind: NoticeKind, text: str) -> None:
        """Show a notice. It replaces an earlier one of its kind."""
        self._notices.pop(kind, None)
        self._notices[kind] = text

    def take_back(self, kind: NoticeKind) -> None:
        """Remove the notice of this kind, because it no longer applies."""
        self._notices.pop(kind, None)

    def _say_of_history(self, text: str) -> None:
        if not text:
            self.take_back("history")
        elif "history" not in self._notices:
            self.say("history", text)

    # Curves and ledger.

    def record(self, trainer: Trainer, scores: CriticScores, seconds: float) -> None:
        """Record a point of the curves. It stays on the device until `flush`."""
        values = torch.stack((scores.real, scores.fake, trainer.last_generator_loss, scores.penalty, scores.loss))
        self._on_device.append((trainer.step, trainer.generator_updates, self._seconds_before + seconds, values))

    def flush(self) -> None:
        """Move recorded points to the host and to metrics.csv. Raises NotFinite if a critic score is not finite."""
        if self._on_device:
            values = torch.stack([row[3] for row in self._on_device]).double().cpu().numpy()
            head = np.array([row[:3] for row in self._on_device], dtype=np.float64)
            self._on_device.clear()
            real, fake, generator_loss, penalty, critic_loss = values.T
            wgan = is_wasserstein(self.folder.config)
            estimate = real - fake if wgan else np.full_like(real, np.nan)
            # Of a discriminator's loss people read how sure it is, so the penalty is left out.
            loss = critic_loss + penalty if wgan else critic_loss
            rows = np.column_stack((head, estimate, loss, generator_loss, real, fake))
            finite = np.isfinite(critic_loss + penalty)
            self.history.append(rows[finite])
            self._unwritten_rows.append(rows[finite])
            if not finite.all():
                raise NotFinite
        self._write()

    def note(self, step: int, what: str, **details: Any) -> None:
        """Add an entry to the ledger, now or as soon as the disk allows it."""
        if self.by:
            details["by"] = self.by
        self._noted.append((step, what, details))
        self._unwritten_entries.append((step, what, details))
        self._write()

    def keep_readings(self, readings: tuple[Reading, ...]) -> None:
        """Add readings to the run's record."""
        self.readings += readings
        self._unwritten_readings.extend(readings)
        self._write()

    def _write(self) -> None:
        """Write what has not been written yet. What cannot be written is kept and tried again later."""
        if (self._unwritten_rows or self._unwritten_entries or self._unwritten_readings) and self._clock() >= self._retry_at:
            self._try("The run's curves and ledger", self._write_all)

    def _write_all(self) -> None:
        if self.folder.restore_if_deleted():
            self._write_again_what_is_gone()
        if self._unwritten_rows:
            self.folder.append_metrics(np.concatenate(self._unwritten_rows))
            self._unwritten_rows.clear()
        if self._unwritten_readings:
            self.folder.append_readings(self._unwritten_readings)
            self._unwritten_readings.clear()
        while self._unwritten_entries:
            step, what, details = self._unwritten_entries[0]
            self.folder.append_ledger(step, what, **details)
            self._unwritten_entries.pop(0)

    def _write_again_what_is_gone(self) -> None:
        """The folder was deleted, or only its config.json: what is still there is not written twice."""

        def gone(name: str) -> bool:
            return not (self.folder.path / name).exists()

        if gone("metrics.csv"):
            self._unwritten_rows = [self.history.view()]
        if gone("ledger.jsonl"):
            self._unwritten_entries = self._noted.copy()
        if gone("health.jsonl"):
            self._unwritten_readings = list(self.readings)
        had, self.saved_steps = self.saved_steps, tuple(self.folder.steps())
        if had and not self.saved_steps:
            self.say("folder", "The run's folder had been deleted. It was written again, without the steps saved before.")
        else:
            self.say("folder", "The run's config.json had been deleted. It was written again; nothing else is lost.")

    def _try(self, what: str, action: Callable[[], None]) -> bool:
        try:
            action()
        except OSError as error:
            log.warning("run %s: %s could not be saved: %s", self.folder.run_id, what, error)
            reason = (error.strerror or str(error)).rstrip(".")
            text = f"{what} could not be saved ({reason}). Training continues, and saving will be tried again; free some disk space."
            self.say("saving", text)
            self._retry_at = self._clock() + RETRY_SECONDS
            return False
        if self._clock() >= self._retry_at:
            self.take_back("saving")
        return True

    def _try_to_keep(self, what: str, action: Callable[[], None]) -> bool:
        """The same for the past. If the run's folder has been deleted, the curves are to write it again first."""
        return self.folder.path.exists() and self._try(what, action)

    # Saved steps and sample grids.

    def save_is_due(self, trainer: Trainer) -> bool:
        """Whether to save this step: at 100, 200, 400, ..., every `save_every` seconds, and again after a failed save."""
        if self._failed_step is not None:
            return self._clock() >= self._retry_at
        return is_mark(trainer.step, per_doubling=1) or self._clock() - self._last_save >= trainer.config.save_every

    def save(self, trainer: Trainer, *, by_hand: bool = False) -> bool:
        """Save the trainer's state and its sample grid. False if the disk did not accept them.

        Raises NotFinite, and saves nothing, if a weight is not finite.
        """
        state = trainer.state_dict()
        if not all(tensor.isfinite().all() for part in state.values() for name, tensor in part.items() if name != "last_generator_loss"):
            raise NotFinite
        self._last_save = self._clock()
        by_hand = by_hand or self._owed_by_hand
        start = time.perf_counter()
        saved = self._try(f"Step {trainer.step}", lambda: self._save_all(trainer, state))
        if saved and by_hand:
            self.note(trainer.step, "saved-by-hand")
        # If a step that the user asked to save cannot be written, the step saved in its place counts as saved by hand.
        self._owed_by_hand = by_hand and not saved
        self._failed_step = None if saved else trainer.step
        if saved:
            self.keeper.saved(trainer, time.perf_counter() - start)
            self.saved_steps = tuple(self.folder.steps())
        return saved

    def _save_all(self, trainer: Trainer, state: dict[str, dict[str, Tensor]]) -> None:
        self._write_all()
        self.folder.write_step(trainer.step, state)
        self.folder.prune()
        self.saved_steps = tuple(self.folder.steps())
        self.keep_grid(trainer)

    def make_room(self, trainer: Trainer) -> None:
        """Keep the history within its budget, which has just been changed."""
        self._try("The run's history", lambda: self.keeper.make_room(trainer))
        self.saved_steps = tuple(self.folder.steps())

    def keep_grid(self, trainer: Trainer) -> None:
        """Save the sample grid as samples/<step>.png, and that of the averaged generator if there is one."""
        for averaged in (False, True) if trainer.averaged_generator is not None else (False,):
            self._keep_grid(trainer, averaged)
        if trainer.data.ndim == 2:  # the picture is a drawing of points, and a page needs the points
            self.keeper.keep_moment(trainer)

    def _keep_grid(self, trainer: Trainer, averaged: bool) -> None:
        samples = self.fixed_samples(trainer, averaged=averaged)
        if samples.ndim == 2:
            real, limit = as_points(self.fixed_real(trainer)), toy.view_limit(trainer.config.dataset)
            picture = images.scatter(as_points(samples), real, limit)
        else:
            picture = images.sample_grid(as_pixels(samples), names_of_rows(trainer.classes))
        self._try("The sample grid", lambda: self.folder.write_sample(trainer.step, images.png(picture), averaged=averaged))

    # The fixed pictures.

    def fixed_samples(self, trainer: Trainer, *, averaged: bool = False) -> Tensor:
        """Samples of the run's fixed latents, from the generator or the averaged generator, with BatchNorm in eval mode: images [64, c, h,
        w] or points [512, 2]."""
        return fixed_samples(trainer, averaged=averaged)

    def fixed_real(self, trainer: Trainer) -> Tensor:
        """As many real images, in [-1, 1], or points (all, if there are fewer). They are the same at every step."""
        return fixed_real(trainer)
