"""The frames of a film: the scene, beside it the curve as far as it has come, below it the step and the settings in force.

Drawn with Pillow, which is there anyway: matplotlib would be the largest dependency of the project, for one curve.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from wgan_core.config import SETTINGS, in_use, main_number
from wgan_core.figures.curves import robust_range, smooth, thin
from wgan_core.figures.style import BLUE
from wgan_core.store.folder import RunFolder
from wgan_core.store.history import column
from wgan_core.timeline.film_scenes import Scene
from wgan_core.timeline.schedules import updates_before
from wgan_core.training.rates import values_in_force

_INK, _FAINT, _PAPER = "#1f2328", "#8b919a", "#ffffff"
_SHOWN = ("clip_value", "gp_lambda", "n_critic", "critic_lr", "generator_lr")
"""The settings of the caption: those that may change while a run trains."""
_PALE_BLUE = "#c5daf4"
_SMOOTHING = 0.9
"""Of the curve in front; behind it, pale, is what was recorded."""


@dataclass(frozen=True)
class Look:
    """How a film looks."""

    side: int
    """Pixels per side of the scene."""
    curve: bool
    title: str

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of a frame: even numbers, as video formats require."""
        width = self.side + (self.side if self.curve else 0)
        return width + width % 2, self.side + 2 * self.line + (self.side % 2)

    @property
    def line(self) -> int:
        """Pixels of a line of text; even."""
        return max(16, 2 * round(self.side / 30))


class Frames:
    """Draws the frames of a film.

    Args:
        folder: the run.
        scenes: at least two, ascending.
        look: size and parts.
    """

    def __init__(self, folder: RunFolder, scenes: list[Scene], look: Look) -> None:
        self._folder, self._scenes, self._look = folder, scenes, look
        self._text = ImageFont.load_default(look.line * 0.72)
        self._small = ImageFont.load_default(look.line * 0.58)
        self._last_drawn: tuple[int, Image.Image] | None = None
        self._captions = {scene.step: caption(folder, scene.step) for scene in scenes}
        self._panel = _Panel.of(folder, scenes[-1].step) if look.curve else None

    def all(self, count: int) -> Iterator[Image.Image]:
        """`count` frames from the first scene to the last. Each scene is shown equally long: they lie closer where the run was young."""
        for index in range(count):
            at = index / max(1, count - 1) * (len(self._scenes) - 1)
            before = min(int(at), len(self._scenes) - 2)
            share = at - before
            steps = self._scenes[before].step, self._scenes[before + 1].step
            yield self._frame(round(at), steps[0] + share * (steps[1] - steps[0]))

    def _frame(self, scene: int, reached: float) -> Image.Image:
        look, step = self._look, self._scenes[scene].step
        frame = Image.new("RGB", look.size, _PAPER)
        frame.paste(self._draw(scene), (0, 0))
        draw = ImageDraw.Draw(frame)
        if self._panel is not None:
            self._panel.draw(draw, (look.side, 0, 2 * look.side, look.side), look.line, self._small, max(reached, step))
        margin = look.line // 3
        words = f"Step {step:,}" + (f"  ·  {look.title}" if look.title else "")
        draw.text((margin, look.side + margin / 2), _fitting(draw, words, self._text, look.size[0] - 2 * margin), _INK, self._text)
        settings = _fitting(draw, self._captions[step], self._small, look.size[0] - 2 * margin)
        draw.text((margin, look.side + look.line + margin / 4), settings, _FAINT, self._small)
        return frame

    def _draw(self, scene: int) -> Image.Image:
        if self._last_drawn is None or self._last_drawn[0] != scene:
            self._last_drawn = scene, self._scenes[scene].draw(self._look.side)
        return self._last_drawn[1]


def caption(folder: RunFolder, step: int) -> str:
    """The settings in force after `step` critic updates of a run, in one line."""
    config = folder.config_before(step)
    scheduled = values_in_force(config, max(0, step - 1), updates_before(folder, step))
    values = {name: scheduled.get(name, getattr(config, name)) for name in _SHOWN if in_use(config, name)}
    return "  ·  ".join(f"{SETTINGS[name].label} {value:.3g}" for name, value in values.items())


def _fitting(draw: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float) -> str:
    """The text, cut to the width in pixels."""
    while draw.textlength(text, font) > width and len(text) > 1:
        text = text.rstrip("…")[:-1] + "…"
    return text


@dataclass(frozen=True)
class _Panel:
    """The curve of a run, as far as it goes."""

    name: str
    steps: NDArray[np.float64]
    recorded: NDArray[np.float64]
    smoothed: NDArray[np.float64]
    last: int
    """The step at the right edge."""
    low: float
    high: float

    @classmethod
    def of(cls, folder: RunFolder, last: int) -> _Panel:
        """The curve up to the step `last`."""
        number = main_number(folder.config)
        rows = folder.read_metrics()
        rows = rows[column(rows, "step") <= last]
        steps, values = column(rows, "step"), column(rows, number.column)
        finite = np.isfinite(values)
        steps, values = steps[finite], values[finite]
        low, high = robust_range([values]) or ((values.min(), values.max()) if len(values) else (0.0, 1.0))
        low, high = min(float(low), 0.0), max(float(high), 0.0)
        kept, smoothed = thin(steps, values), smooth(values, _SMOOTHING).astype(np.float64)
        return cls(number.title, steps[kept], values[kept], smoothed[kept], last, low, high if high > low else low + 1)

    def draw(
        self,
        draw: ImageDraw.ImageDraw,
        box: tuple[int, int, int, int],
        line: int,
        font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
        reached: float,
    ) -> None:
        """Draw the curve up to the step `reached`, in the box (left, top, right, bottom)."""
        left, top, right, bottom = box[0] + 4 * line, box[1] + 2 * line, box[2] - line, box[3] - 2 * line
        draw.text((left, box[1] + line / 2), self.name, _INK, font)
        for value in _ticks(self.low, self.high):
            y = bottom - (value - self.low) / (self.high - self.low) * (bottom - top)
            draw.line((left, y, right, y), fill="#e3e6ea", width=1)
            draw.text((left - line / 3, y), f"{value:.4g}", _FAINT, font, anchor="rm")
        for step, anchor in ((0, "la"), (self.last, "ra")):
            draw.text((left if not step else right, bottom + line / 3), f"{step:,}", _FAINT, font, anchor=anchor)
        at = int(np.searchsorted(self.steps, reached, side="right"))
        if not at:
            return
        x = left + self.steps[:at] / max(1, self.last) * (right - left)
        for values, colour in ((self.recorded, _PALE_BLUE), (self.smoothed, BLUE)):
            y = bottom - ((values[:at] - self.low) / (self.high - self.low)).clip(0, 1) * (bottom - top)
            draw.line(np.column_stack((x, y)).ravel().tolist(), fill=colour, width=max(1, line // 8), joint="curve")
        at_x, at_y, radius = float(x[-1]), float(y[-1]), line / 4
        draw.ellipse((at_x - radius, at_y - radius, at_x + radius, at_y + radius), fill=BLUE)


def _ticks(low: float, high: float) -> list[float]:
    """A few round numbers from `low` to `high`."""
    rough = (high - low) / 4
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    return [number * step for number in range(math.ceil(low / step), math.floor(high / step) + 1)]
