"""Draws a set of pictures like one that somebody has of their own: landscapes with a house, in colour, none like another.

    python -m tests.drawn_scenes OUT --count 2000

writes so many PNG files of 128 px into the folder OUT, in folders named by the time of day, which become classes. The same count and seed
give the same pictures with the same version of Pillow.
"""

from __future__ import annotations

import argparse
import colorsys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIDE = 128
_TIMES = {"day": (0.58, 0.45, 0.95), "evening": (0.06, 0.55, 0.95), "night": (0.66, 0.6, 0.35), "grey": (0.6, 0.08, 0.8)}
"""Colour of the sky at the horizon: hue, saturation, value."""
Colour = tuple[int, int, int]


def colour(hue: float, saturation: float, value: float) -> Colour:
    """RGB in 0 to 255."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, min(max(saturation, 0), 1), min(max(value, 0), 1))
    return round(255 * red), round(255 * green), round(255 * blue)


def scene(rng: np.random.Generator) -> tuple[Image.Image, str]:
    """One picture, RGB, 128 × 128 px, and its time of day."""
    time = str(rng.choice(list(_TIMES)))
    hue, saturation, value = _TIMES[time] + rng.normal(0, 0.03, 3)
    sky = np.linspace(0, 1, SIDE)[:, None, None]
    top, horizon = (np.array(colour(hue + 0.03 * above, saturation + 0.3 * above, value - 0.3 * above)) for above in (1, 0))
    picture = Image.fromarray(np.broadcast_to(top + (horizon - top) * sky, (SIDE, SIDE, 3)).round().astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    _light(draw, rng, time)
    light = {"night": 0.35, "grey": 0.7}.get(time, 1.0)
    green = rng.uniform(0.2, 0.38)
    ground = rng.uniform(0.62, 0.8)
    for far in (1.0, 0.5):
        hill = colour(green + 0.15 * far, 0.55 - 0.25 * far, light * (0.5 + 0.25 * far))
        _hills(draw, rng, ground - 0.16 * far, hill)
    draw.rectangle((0, round(ground * SIDE), SIDE, SIDE), fill=colour(green, 0.6, 0.55 * light))
    trees = rng.integers(0, 4)
    for _ in range(trees):
        _tree(draw, rng, ground, light, green)
    _house(draw, rng, ground, light, at_night=time == "night")
    return picture.filter(ImageFilter.GaussianBlur(0.6)), time


def _light(draw: ImageDraw.ImageDraw, rng: np.random.Generator, time: str) -> None:
    """Sun, moon or clouds."""
    if time == "grey" or rng.random() < 0.2:
        for _ in range(rng.integers(2, 5)):
            x, y, wide = rng.uniform(0, SIDE), rng.uniform(8, 50), rng.uniform(15, 35)
            draw.ellipse((x - wide, y - wide / 4, x + wide, y + wide / 4), fill=colour(0.6, 0.03, 0.92 if time != "night" else 0.45))
        return
    x, radius = rng.uniform(12, SIDE - 12), rng.uniform(6, 11)
    y = rng.uniform(50, 75) if time == "evening" else rng.uniform(14, 40)
    tint = {"day": (0.15, 0.3, 1.0), "evening": (0.04, 0.8, 1.0), "night": (0.15, 0.06, 0.95)}[time]
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour(*tint))


def _hills(draw: ImageDraw.ImageDraw, rng: np.random.Generator, height: float, fill: Colour) -> None:
    x = np.arange(SIDE + 1)
    waves = [rng.uniform(2, 7) * np.sin(x / SIDE * rng.uniform(2, 8) + rng.uniform(0, 6.3)) for _ in range(2)]
    outline = list(zip(x.tolist(), (height * SIDE + np.sum(waves, axis=0)).tolist(), strict=True))
    draw.polygon([(0, SIDE), *outline, (SIDE, SIDE)], fill=fill)


def _tree(draw: ImageDraw.ImageDraw, rng: np.random.Generator, ground: float, light: float, green: float) -> None:
    x, foot, tall = rng.uniform(5, SIDE - 5), ground * SIDE + rng.uniform(-2, 14), rng.uniform(20, 40)
    draw.rectangle((x - 1.5, foot - tall / 3, x + 1.5, foot), fill=colour(0.07, 0.6, 0.35 * light))
    leaves = colour(green + rng.uniform(-0.05, 0.05), 0.7, 0.42 * light)
    if rng.random() < 0.5:
        draw.polygon([(x - tall / 4, foot - tall / 4), (x, foot - tall), (x + tall / 4, foot - tall / 4)], fill=leaves)
    else:
        draw.ellipse((x - tall / 3.5, foot - tall, x + tall / 3.5, foot - tall / 4), fill=leaves)


def _house(draw: ImageDraw.ImageDraw, rng: np.random.Generator, ground: float, light: float, *, at_night: bool) -> None:
    wide, tall = rng.uniform(22, 44), rng.uniform(16, 30)
    left, foot = rng.uniform(4, SIDE - 4 - wide), ground * SIDE + rng.uniform(2, 16)
    wall = colour(rng.choice([0.1, 0.12, 0.0, 0.58]), rng.uniform(0.05, 0.45), light * rng.uniform(0.75, 0.95))
    roof = colour(rng.choice([0.0, 0.03, 0.06, 0.6]), rng.uniform(0.4, 0.8), light * rng.uniform(0.35, 0.65))
    draw.rectangle((left, foot - tall, left + wide, foot), fill=wall)
    peak = foot - tall - rng.uniform(8, 18)
    draw.polygon([(left - 3, foot - tall), (left + wide / 2, peak), (left + wide + 3, foot - tall)], fill=roof)
    pane = colour(0.14, 0.7, 1.0) if at_night else colour(0.58, 0.35, 0.45 * light)
    panes = rng.integers(1, 4)
    for index in range(panes):
        x = left + wide * (index + 0.5) / (panes + 1)
        draw.rectangle((x, foot - 0.75 * tall, x + wide / 8, foot - 0.42 * tall), fill=pane)
    door = left + wide * panes / (panes + 1) + wide / 16
    draw.rectangle((door, foot - 0.6 * tall, door + wide / 7, foot), fill=colour(0.07, 0.6, 0.4 * light))


def write_scenes(folder: Path, count: int, seed: int = 0) -> None:
    """Draw `count` pictures into `folder`, which is made."""
    for time in _TIMES:
        (folder / time).mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    for index in range(count):
        picture, time = scene(rng)
        picture.save(folder / time / f"{index:05}.png")


def main(argv: Sequence[str] | None = None) -> None:
    """Draw, and write."""
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m tests.drawn_scenes", description=__doc__, formatter_class=form)
    parser.add_argument("out", type=Path, help="a folder")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    write_scenes(options.out, options.count, options.seed)


if __name__ == "__main__":
    main()
