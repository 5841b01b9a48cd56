"""Program text for loading the data and drawing batches."""

from __future__ import annotations

from dataclasses import dataclass

from wgan_core.config import TrainConfig
from wgan_core.data.catalog import DATASETS
from wgan_core.data.toy import TRAINING_POINTS, view_limit
from wgan_core.export import classes_text, pictures_text
from wgan_core.export.classes_text import is_told
from wgan_core.export.points_text import POINTS, points_loader
from wgan_core.export.sections import Section
from wgan_core.training.models import SampleShape

# The class in torchvision, and the side of its images. Images of the right size are not resized.
_TORCHVISION: dict[str, tuple[str, int]] = {
    "fashion-mnist": ("FashionMNIST", 28),
    "mnist": ("MNIST", 28),
    "kmnist": ("KMNIST", 28),
    "cifar10": ("CIFAR10", 32),
}
READABLE = ("digits", *_TORCHVISION, "image-folder", *POINTS)
"""The data sets that an exported program can load."""
_RESIZE = 'interpolate({}, (IMAGE_SIZE, IMAGE_SIZE), mode="bilinear", antialias=True)'


@dataclass(frozen=True)
class DataText:
    """The parts of a program that concern its data: import lines, constants at the top, functions."""

    imports: tuple[str, ...]
    constants: tuple[str, ...]
    section: Section


def data_text(config: TrainConfig, shape: SampleShape) -> DataText:
    """The data set of `config`, read the same way as in `wgan_core.data`, bit for bit."""
    if config.dataset == "digits":
        return _digits(config, shape)
    if config.dataset in POINTS:
        return _points(config)
    return _folder(config, shape) if config.dataset == "image-folder" else _downloaded(config, shape)


def _digits(config: TrainConfig, shape: SampleShape) -> DataText:
    resized, told = config.image_size != 8, is_told(config)
    images = "digits.images" if told else "load_digits().images"
    lines = [
        "def load_data():",
        f'    """All images as one tensor [1797, 1, {shape[1]}, {shape[2]}] in [-1, 1], the range of the generator\'s tanh."""',
        *(["    digits = load_digits()"] if told else []),
        f"    pixels = torch.from_numpy({images})[:, None] * (255 / 16)  # they range from 0 to 16",
        "    pixels = pixels.round().to(torch.uint8)",
        *([f"    pixels = {_RESIZE.format('pixels')}"] if resized else []),
        *(["    pixels = torch.cat([pixels, pixels.flip(-1)])  # each also mirrored"] if config.flip == "horizontal" else []),
        *(_digits_told(config) if told else ["    return pixels / 127.5 - 1"]),
        "",
        "",
        *_batches(config, "real"),
    ]
    says = f"1,797 handwritten digits of 8 × 8 pixels that come with scikit-learn{_says_resized(config, resized)}."
    imports = ("from sklearn.datasets import load_digits", *_interpolate(resized), *_tensor_dataset(config))
    return DataText(imports, (), Section("The data", says, "\n".join(lines)))


def _digits_told(config: TrainConfig) -> list[str]:
    mirrored = ".repeat(2)" if config.flip == "horizontal" else ""
    return [
        f"    labels = torch.from_numpy(digits.target).long(){mirrored}",
        "    return TensorDataset(pixels / 127.5 - 1, labels)",
        "",
        "",
        *classes_text.OF_TENSORS.split("\n"),
    ]


def _tensor_dataset(config: TrainConfig) -> tuple[str, ...]:
    return ("from torch.utils.data import TensorDataset",) if is_told(config) else ()


_PLAIN = """\
def load_data():
    return datasets.{name}(DATA_ROOT, download=True, transform=to_tensor)"""
_MIRRORED = """\
def mirrored(image):
    return to_tensor(image).flip(-1)


def load_data():
    plain = datasets.{name}(DATA_ROOT, download=True, transform=to_tensor)
    return ConcatDataset([plain, datasets.{name}(DATA_ROOT, transform=mirrored)])"""


def _downloaded(config: TrainConfig, shape: SampleShape) -> DataText:
    name, side = _TORCHVISION[config.dataset]
    resized = config.image_size != side
    lines = [
        "def to_tensor(image):",
        f'    """A PIL image as a tensor [{", ".join(map(str, shape))}] in [-1, 1], the range of the generator\'s tanh."""',
        *_scaled("image", resized),
        "",
        "",
        *(_MIRRORED if config.flip == "horizontal" else _PLAIN).format(name=name).split("\n"),
        *(["", "", *classes_text.of_torchvision(config.flip == "horizontal").split("\n")] if is_told(config) else []),
        "",
        "",
        *_batches(config, "real, _"),
    ]
    title = DATASETS[config.dataset].title
    says = f"{title}, downloaded by torchvision on the first run{_says_resized(config, resized)}."
    imports = (
        "import os",
        "from torchvision import datasets",
        "from torchvision.transforms.functional import pil_to_tensor",
        *_interpolate(resized),
        *(["from torch.utils.data import ConcatDataset"] if config.flip == "horizontal" else []),
    )
    root = f'DATA_ROOT = os.environ.get("WGAN_DATA_ROOT", "data")  # {title} is downloaded into this folder'
    return DataText(imports, (root,), Section("The data", says, "\n".join(lines)))


def _folder(config: TrainConfig, shape: SampleShape) -> DataText:
    labels = ["", "", *classes_text.OF_TENSORS.split("\n")] if is_told(config) else []
    code = "\n".join([pictures_text.loader(config, shape), *labels, "", "", *_batches(config, "real")])
    return DataText(
        (*pictures_text.imports(config), *_tensor_dataset(config)),
        pictures_text.constants(config),
        Section("The data", pictures_text.says(config), code),
    )


def _points(config: TrainConfig) -> DataText:
    says, load = points_loader(config.dataset, TRAINING_POINTS, told=is_told(config))
    labels = ["", "", *classes_text.OF_TENSORS.split("\n")] if is_told(config) else []
    imports, constants = (
        ["import numpy as np", *_tensor_dataset(config)],
        [f"LIMIT = {view_limit(config.dataset)}  # pictures show [-LIMIT, LIMIT] on both axes"],
    )
    if config.dataset == "csv":
        imports += ["from contextlib import suppress", "from pathlib import Path"]
        constants.insert(0, 'DATA_FILE = "points.csv"  # write the path of your file of points here')
    else:
        constants.insert(0, f"POINTS = {TRAINING_POINTS:_}")
    code = "\n".join([load, *labels, "", "", *_batches(config, "real", "points")])
    return DataText(tuple(imports), tuple(constants), Section("The data", says, code))


def _says_resized(config: TrainConfig, resized: bool) -> str:
    return f", resized to {config.image_size} × {config.image_size} with antialiasing" if resized else ""


def _interpolate(resized: bool) -> tuple[str, ...]:
    return ("from torch.nn.functional import interpolate",) if resized else ()


def _scaled(name: str, resized: bool) -> list[str]:
    """Lines that turn the PIL image `name` into the result of a function."""
    if not resized:
        return [f"    return pil_to_tensor({name}) / 127.5 - 1"]
    return [
        f"    pixels = pil_to_tensor({name})[None]",
        f"    pixels = {_RESIZE.format('pixels')}[0]",
        "    return pixels / 127.5 - 1",
    ]


def _batches(config: TrainConfig, target: str, what: str = "images") -> list[str]:
    told = is_told(config)
    return [
        "def batches(data):",
        f'    """Endless batches of real {what}{" and their classes" if told else ""}; the seed fixes the order in every epoch."""',
        "    for epoch in itertools.count():",
        "        rng = torch.Generator().manual_seed(SEED * 1_000_003 + epoch)",
        "        order = torch.randperm(len(data), generator=rng).tolist()",
        f"        for {'real, labels' if told else target} in DataLoader(data, BATCH_SIZE, sampler=order, drop_last=True):",
        f"            yield real.to(DEVICE){', as_rows(labels)' if told else ''}",
    ]
