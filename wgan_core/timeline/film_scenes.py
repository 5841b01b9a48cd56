"""What a film shows: one picture for each kept moment."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wgan_core.data import toy
from wgan_core.figures import images
from wgan_core.latent.saved import load_networks
from wgan_core.latent.vectors import Latents
from wgan_core.store.folder import RunFolder, StoreError
from wgan_core.timeline.reading import Timeline

FEWEST = 2
"""Moments that make a film."""


@dataclass(frozen=True)
class Scene:
    """What is seen at a step. The picture is drawn when it is needed, because all together may be large."""

    step: int
    draw: Callable[[int], Image.Image]
    """A square picture of so many pixels per side."""


def scenes_of(
    folder: RunFolder, *, averaged: bool = False, latents: Latents | None = None, told: Sequence[float] | None = None
) -> list[Scene]:
    """The scenes of a time-lapse of `folder`: of the fixed latents at every kept moment, or of `latents` [n, latent_dim] at every step
    whose networks are kept.

    averaged: of the averaged generator.
    told: of a run that is told classes, the class or mixture that `latents` become, [classes]; None: each class its share.

    Raises StoreError if there are fewer than two.
    """
    timeline = Timeline.of(folder)
    scenes = _of_fixed(timeline, averaged) if latents is None else _of_latents(timeline, averaged, latents, told)
    if len(scenes) < FEWEST:
        what = "pictures" if latents is None else "networks"
        average = " of the averaged generator" if averaged else ""
        raise StoreError(f"A film needs the {what}{average} of at least two steps, and this run keeps {len(scenes) or 'none'}.")
    return scenes


def _of_fixed(timeline: Timeline, averaged: bool) -> list[Scene]:
    if not timeline.has_points:
        return [Scene(one.step, _grid_of(one.data)) for one in timeline.pictures(averaged=averaged) if _opens(one.data)]
    limit, data = toy.view_limit(timeline.folder.config.dataset), timeline.data_points()
    return [Scene(one.step, _scatter_of(one.points, data, limit)) for one in timeline.clouds(averaged=averaged)]


def _of_latents(timeline: Timeline, averaged: bool, latents: Latents, told: Sequence[float] | None) -> list[Scene]:
    """Of the steps whose networks can be read."""
    folder, limit = timeline.folder, toy.view_limit(timeline.folder.config.dataset)
    if latents.shape[1] != folder.config.latent_dim:
        raise StoreError(f"The latents have {latents.shape[1]} numbers each, and this run's have {folder.config.latent_dim}.")
    data, scenes = timeline.data_points(), list[Scene]()
    for step in [moment.step for moment in timeline.moments if moment.full or moment.light]:
        try:
            networks = load_networks(folder, step, averaged=averaged)
        except StoreError:  # damaged, or thinned out meanwhile
            continue
        networks = networks.of_class(told) if told is not None and networks.classes is not None else networks
        if networks.makes_points:
            scenes.append(Scene(step, _scatter_of(networks.samples(latents), data, limit)))
        else:
            scenes.append(Scene(step, _pixels_of(networks.pixels(latents))))
    return scenes


def _opens(data: bytes) -> bool:
    try:
        Image.open(io.BytesIO(data)).verify()
    except (OSError, SyntaxError, ValueError):
        return False
    return True


def _grid_of(data: bytes) -> Callable[[int], Image.Image]:
    return lambda side: _square(Image.open(io.BytesIO(data)).convert("RGB"), side)


def _pixels_of(pixels: NDArray[np.uint8]) -> Callable[[int], Image.Image]:
    return lambda side: _square(images.to_pil(images.tile(pixels)).convert("RGB"), side)


def _scatter_of(points: NDArray[np.float32], data: NDArray[np.float32], limit: float) -> Callable[[int], Image.Image]:
    return lambda side: images.to_pil(images.scatter(points, data if len(data) else None, limit, side=side))


def _square(picture: Image.Image, side: int) -> Image.Image:
    """The picture as large as fits; small ones keep sharp pixels."""
    factor = side / max(picture.size)
    sharp = Image.Resampling.NEAREST if factor >= 2 else Image.Resampling.LANCZOS
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    sheet = Image.new("RGB", (side, side), "white")
    sheet.paste(picture.resize(size, sharp), ((side - size[0]) // 2, (side - size[1]) // 2))
    return sheet
