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
    """Write what `networks` make of latents `z` [n, latent_dim], in the form that the ending of `path` names.

    .png: a grid of images, or a scatter of points in front of real ones where the distribution of `dataset` is known. .npz: arrays `images`
    [n, c, h, w] in [-1, 1], or `points` [n, 2], and `z`. .csv: points only, one a line, with headings.

    Raises ValueError for images as .csv, OSError where it cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix == ".csv" and not networks.makes_points:
        raise ValueError(".csv is for points, and this run makes images: choose .png (a grid) or .npz (the arrays).")
    if suffix == ".png":
        path.write_bytes(images.png(_picture(networks, z, dataset)))
        return
    # Into an open file: given a name that ends in .NPZ, savez would add .npz to it.
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
