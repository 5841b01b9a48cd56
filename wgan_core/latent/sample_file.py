"""Samples of a saved generator as files: a picture, a folder of pictures, arrays, or a table of points."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from wgan_core.data import toy
from wgan_core.figures import images
from wgan_core.latent.saved import SavedNetworks
from wgan_core.latent.vectors import Latents

MAX_IN_PICTURE = 10_000
"""Images of a grid, or points of a scatter plot."""
_REAL_POINTS = 512
_AT_ONCE = 500

Progress = Callable[[int], None]
"""Called with the number of samples that have been written so far."""


def is_folder(path: str) -> bool:
    """Whether `path` is meant as a folder: it ends in a separator, or there is such a folder."""
    return path.endswith(("/", os.sep)) or os.path.isdir(path)


def write_samples(path: Path, networks: SavedNetworks, z: Latents, dataset: str, progress: Progress = lambda done: None) -> None:
    """Write the samples that `networks` make from latents `z` [n, latent_dim], in the format given by the ending of `path`.

    .png: a grid of images, or a scatter plot of points, with real points behind them if the distribution of `dataset` is known. .npz:
    arrays `images` [n, c, h, w] in [-1, 1], or `points` [n, 2], and `z`, made and written in parts; of networks that are told classes, also
    `labels` [n]. .csv: only for points, one per line,
    with headings.

    Raises ValueError for images as .csv, and OSError if the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix == ".csv" and not networks.makes_points:
        raise ValueError(
            ".csv is for points, and this run makes images: choose .png (a grid), .npz (the arrays) or a folder (one file each)."
        )
    if suffix == ".png":
        path.write_bytes(images.png(_picture(networks, z, dataset)))
    elif suffix == ".csv":
        with path.open("wb") as file:
            np.savetxt(file, networks.samples(z), fmt="%.9g", delimiter=",", header="x,y", comments="")
    else:
        _write_arrays(path, networks, z, progress)


def write_parts(path: Path, networks: SavedNetworks, z: Latents, per_file: int, progress: Progress = lambda done: None) -> list[Path]:
    """Write arrays as `write_samples` does, `per_file` samples in each of several files: name-0001.npz, name-0002.npz, ... Returns them."""
    written: list[Path] = []
    for start in range(0, len(z), per_file):
        part = path.with_name(f"{path.stem}-{len(written) + 1:04d}{path.suffix}")
        _write_arrays(part, networks, z[start : start + per_file], lambda done, start=start: progress(start + done))
        written.append(part)
    return written


def write_folder(path: Path, networks: SavedNetworks, z: Latents, progress: Progress = lambda done: None) -> None:
    """Write one PNG for each latent into the folder `path`, as programs read them that compute an FID: 000000.png, 000001.png, ...

    Raises:
        ValueError: the run makes points, or the folder holds something already, which would be counted too.
        OSError: the folder cannot be written.
    """
    if networks.makes_points:
        raise ValueError("A folder is for images, and this run makes points: choose .csv or .npz.")
    path.mkdir(parents=True, exist_ok=True)
    if any(path.iterdir()):
        raise ValueError(f"{path} holds files already, and they would be counted with the new ones: choose an empty or a new folder.")
    digits = max(6, len(str(len(z) - 1)))
    done = 0
    for part in _parts(z):
        for pixels in networks.pixels(part):
            (path / f"{done:0{digits}d}.png").write_bytes(images.png(pixels))
            done += 1
        progress(done)


def _parts(z: Latents) -> Iterator[Latents]:
    return (z[start : start + _AT_ONCE] for start in range(0, len(z), _AT_ONCE))


def _write_arrays(path: Path, networks: SavedNetworks, z: Latents, progress: Progress) -> None:
    """An .npz file as numpy.savez writes it, but never held in memory as a whole."""
    name = "points" if networks.makes_points else "images"
    shape = (len(z), *networks.generator.sample_shape)

    def made() -> Iterator[np.ndarray]:
        done = 0
        for part in _parts(z):
            yield networks.samples(part)
            done += len(part)
            progress(done)

    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        _write_array(archive, name, shape, made())
        _write_array(archive, "z", z.shape, (part for part in _parts(z)))
        if networks.classes is not None:
            labels = (shared for part in _parts(z) if (shared := networks.shared_out(len(part))) is not None)
            _write_array(archive, "labels", (len(z),), labels, np.int64)


def _write_array(
    archive: zipfile.ZipFile, name: str, shape: Sequence[int], parts: Iterator[np.ndarray], kind: type[np.generic] = np.float32
) -> None:
    header = {"descr": np.lib.format.dtype_to_descr(np.dtype(kind)), "fortran_order": False, "shape": tuple(shape)}
    with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
        np.lib.format.write_array_header_1_0(file, header)
        for part in parts:
            file.write(np.ascontiguousarray(part, dtype=kind).tobytes())


def _picture(networks: SavedNetworks, z: Latents, dataset: str) -> images.Pixels:
    if not networks.makes_points:
        return images.tile(networks.pixels(z))
    real = toy.draw(dataset, _REAL_POINTS, seed=0, stream=2) if dataset in toy.DISTRIBUTIONS else None
    return images.scatter(networks.samples(z), real, toy.view_limit(dataset), side=512)
