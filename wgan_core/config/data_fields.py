"""The settings of the data, and of how it is read."""

from __future__ import annotations

from typing import Literal, get_args

from pydantic import BaseModel

from wgan_core.config.setting_info import setting

ImageSetName = Literal["digits", "fashion-mnist", "mnist", "kmnist", "cifar10", "image-folder"]
PointSetName = Literal["8-gaussians", "25-gaussians", "swiss-roll", "ring", "grid", "two-lines", "gaussian", "csv"]
DatasetName = Literal[ImageSetName, PointSetName]
POINT_SETS: frozenset[str] = frozenset(get_args(PointSetName))
"""The data sets of points in the plane; the others hold images."""
POINTS_WITH_CLASSES: tuple[str, ...] = ("8-gaussians", "25-gaussians")
"""Those of several modes, each of which is a class."""


class DataFields(BaseModel):
    """Part of `TrainConfig`, whose fields are all the settings of a run."""

    dataset: DatasetName = setting(
        "digits",
        label="Data set",
        group="data",
        help="digits comes with the installation. fashion-mnist, mnist, kmnist and cifar10 are downloaded once, on request. image-folder "
        "reads any folder of images. The others are points in the plane: 50,000 points drawn from a known distribution, or your own "
        "points from a csv file.",
    )
    data_root: str = setting(
        "",
        label="Data folder or file",
        group="data",
        max_length=4096,
        help="Where downloaded data sets are stored; for image-folder, the folder, zip archive, array or table of images; for csv, the "
        "file of points. If empty: the environment variable WGAN_DATA_ROOT, otherwise a folder in your cache.",
    )
    image_size: int = setting(
        32,
        label="Image size",
        group="data",
        unit="px",
        ge=4,
        le=256,
        help="Images are resized once to this many pixels per side, with antialiasing. It does not apply to points.",
    )
    fit: Literal["crop", "pad", "squash"] = setting(
        "crop",
        label="Shape",
        group="data",
        only_with=("dataset", "image-folder"),
        help="For your own pictures that are not square. crop: the central square is used, and the rest is cut off. pad: the whole picture "
        "is used, with black beside it. squash: the whole picture is stretched to a square.",
    )
    channels: Literal["auto", "grey", "rgb"] = setting(
        "auto",
        label="Colour",
        group="data",
        only_with=("dataset", "image-folder"),
        help="For your own pictures. auto: grey if every picture is grey, also where grey is stored in colour; otherwise RGB. grey, rgb: "
        "all pictures become so.",
    )
    tones: Literal["used", "each", "format"] = setting(
        "used",
        label="Tones",
        group="data",
        only_with=("dataset", "image-folder"),
        help="For your own pictures with more than 256 tones: 12 or 16 bits, numbers with fractions or signs. used: the lowest number in "
        "all files becomes black, and the highest white. each: the same for each picture by itself. format: the whole range that 16 bits "
        "can hold, or 0 to 1 for numbers with fractions.",
    )
    frames: Literal["all", "first"] = setting(
        "all",
        label="Pages and frames",
        group="data",
        only_with=("dataset", "image-folder"),
        help="For your own files that hold several pictures: stacks (TIFF) and animations (GIF, WebP, PNG). all: every page or frame is an "
        "image. first: only the first of each file.",
    )
    flip: Literal["none", "horizontal"] = setting(
        "none",
        label="Mirrored copies",
        group="data",
        help="horizontal: each image is also used mirrored, left for right, which doubles the data. It helps with few pictures of things "
        "that look as natural in a mirror (faces, flowers), and spoils what does not (letters, digits). It does not apply to points.",
    )
    labels: Literal["ignore", "conditional"] = setting(
        "ignore",
        label="Labels",
        group="data",
        help="conditional: both networks are told the class of each image, so that afterwards you choose what is generated. The generator "
        "gets the class beside its latent (arXiv 1411.1784), and the critic has its own score for each class (projection, arXiv "
        "1802.05637). It needs data with classes: digits, fashion-mnist, mnist, kmnist, cifar10, images in one folder for each class or "
        "with a file of labels, or the modes of 8-gaussians and 25-gaussians. ignore: nobody is told.",
    )
    augment: Literal["none", "colour", "translation", "cutout", "translation-cutout", "all"] = setting(
        "none",
        label="Augmentation",
        group="data",
        help="For few pictures: whatever the critic sees, real and generated, is changed at random, so that it cannot learn the pictures "
        "by heart (DiffAugment, Zhao et al. 2020, arXiv 2006.10738). translation: shifted by up to an eighth of the side. cutout: a square "
        "of half the side is covered with grey. colour: brightness, contrast and, of RGB, saturation. all: all three. The estimate and the "
        "gradient penalty are then about the changed images. It has a price: on 200 digits translation brought the share of the estimate "
        "that is learned by heart from 0.6 to about 0.1, but after 1,000 steps FD-CNN was 92 in place of 51 (seeds 0 to 2).",
    )
