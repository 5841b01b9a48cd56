"""Samples of a saved generator as a file: a picture, arrays, or a table of points."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from wgan_core.data import toy
from wgan_core.figures import images
from wgan_core.latent.saved import SavedNetworks
from wgan_core.latent.vectors import Latents

_REAL_POINTS = 512


def write_samples(path: Path, networks: SavedNetworks, z: Latents, dataset: str) -> None:
    """Write the samples that `networks` make from latents `z` [n, latent_dim], in the format given by the ending of `path`.

    .png: a grid of images, or a scatter plot of points, with real points behind them if the distribution of `dataset` is known. .npz:
    arrays `images` [n, c, h, w] in [-1, 1], or `points` [n, 2], and `z`. .csv: only for points, one per line, with headings.

    Raises ValueError for images as .csv, and OSError if the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix == ".csv" and not networks.makes_points:
        raise ValueError(".csv is for points, and this run makes images: choose .png (a grid) or .npz (the arrays).")
    if suffix == ".png":
        path.write_bytes(images.png(_picture(networks, z, dataset)))
        return
    # Into an open file, because savez would add .npz to a name that ends in .NPZ.
    with path.open("wb") as file:
        if suffix == ".csv":
            np.savetxt(file, networks.samples(z), fmt="%.9g", delimiter=",", header="x,y", comments="")
        elif networks.makes_points:
            np.savez(file, points=networks.samples(z), z=z)
        else:
            np.savez(file, images=networks.samples(z), z=z)


def _picture(networks: SavedNetworks, z: Latents, dataset: str) -> images.Pixels:
    if not networks.makes_points:
        return images.tile(networks.pixels(z))
    real = toy.draw(dataset, _REAL_POINTS, seed=0, stream=2) if dataset in toy.DISTRIBUTIONS else None
    return images.scatter(networks.samples(z), real, toy.view_limit(dataset), side=512)
