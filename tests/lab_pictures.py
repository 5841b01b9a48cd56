"""Makes the small pictures of the laboratory's experiments: `python -m tests.lab_pictures`. Takes a minute or two on one core.

Each is the critic's landscape with the real and the generated points on it, after 2,000 critic updates with the experiment's seed. Of two
WGANs, the left half shows the first and the right half the second.
The colours are those of pages/components/colours.js.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from pages.shared.lab_pictures import FOLDER
from wgan_core.figures.style import GENERATED, REAL
from wgan_core.lab.laboratory import Laboratory
from wgan_core.lab.setup import EXPERIMENTS, twin_of

UPDATES, SIDE_PX, SHARE_WITHIN_SCALE = 2000, 240, 0.85
THEMES = {"light": ("#ffffff", "#141c26"), "dark": ("#0f141b", "#e3e8ee")}
"""Ground and text, as in .streamlit/config.toml."""

Colour = NDArray[np.float64]


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, experiment in EXPERIMENTS.items():
        configs = (experiment.config,) if experiment.twin is None else (experiment.config, twin_of(experiment.config, experiment.twin))
        lab = Laboratory(configs)
        lab.set_pace("full", experiment.who)
        lab.train(UPDATES)
        for theme in THEMES:
            halves(lab, theme).save(FOLDER / f"{name}-{theme}.webp", "WEBP", quality=80, method=6)
        print(name, lab.frames()[0].step, flush=True)


def halves(lab: Laboratory, theme: str) -> Image.Image:
    """The picture of one WGAN, or half of that of each of two, with a line between them."""
    made = picture(lab, theme, 0)
    if len(lab.trainers) == 2:
        half = SIDE_PX // 2
        made.paste(picture(lab, theme, 1).crop((half, 0, SIDE_PX, SIDE_PX)), (half, 0))
        ImageDraw.Draw(made).line((half, 0, half, SIDE_PX), fill=css(rgb(THEMES[theme][1])), width=3)
    return made


def picture(lab: Laboratory, theme: str, number: int) -> Image.Image:
    """One WGAN's panel, square, with y upwards."""
    frame, limit = lab.frames()[number], lab.view.limit
    ground, text = map(rgb, THEMES[theme])
    middle = (frame.real_score + frame.generated_score) / 2
    extent = float(np.quantile(np.abs(frame.landscape - middle), SHARE_WITHIN_SCALE)) or 1.0
    heights = Image.fromarray(np.clip((frame.landscape[::-1] - middle) / extent, -1, 1)).resize(
        (SIDE_PX, SIDE_PX), Image.Resampling.BICUBIC
    )
    share = np.clip(np.asarray(heights), -1, 1)[..., None]
    towards = np.where(share < 0, rgb(GENERATED), rgb(REAL))
    made = Image.fromarray(np.uint8(np.round(ground + (towards - ground) * 0.75 * np.abs(share)))).convert("RGB")
    draw = ImageDraw.Draw(made)
    for points, colour, ink in ((lab.view.real.numpy(), REAL, 0.3), (frame.generated, GENERATED, 0.15)):
        fill = css(rgb(colour) + (text - rgb(colour)) * ink)
        for x, y in (points / limit * [1, -1] + 1) * SIDE_PX / 2:
            draw.ellipse((x - 2.2, y - 2.2, x + 2.2, y + 2.2), fill=fill, outline=css(ground))
    return made


def rgb(text: str) -> Colour:
    return np.array([int(text[at : at + 2], 16) for at in (1, 3, 5)], float)


def css(colour: Colour) -> str:
    red, green, blue = (round(part) for part in colour.tolist())
    return f"rgb({red},{green},{blue})"


if __name__ == "__main__":
    main()
