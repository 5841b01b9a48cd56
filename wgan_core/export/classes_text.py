"""Program text for networks that are told classes, see `wgan_core.training.classes`."""

from __future__ import annotations

from wgan_core.config import POINT_SETS, TrainConfig
from wgan_core.data import toy
from wgan_core.data.catalog import DATASETS
from wgan_core.data.classes import rows_of_grid
from wgan_core.export.sections import Section
from wgan_core.timeline.fixed import COLUMNS

PAPER = "arXiv 1802.05637"
"""Of the critic that has a score for each class."""


def is_told(config: TrainConfig) -> bool:
    """Whether both networks are told classes."""
    return config.labels == "conditional"


def usual_number(config: TrainConfig) -> int:
    """The number of classes of a data set that always has the same; 0 if they are not told or depend on the folder."""
    if not is_told(config):
        return 0
    mixture = toy.DISTRIBUTIONS.get(config.dataset)
    return len(mixture.means) if isinstance(mixture, toy.Gaussians) else len(DATASETS[config.dataset].classes)


def constants(config: TrainConfig, classes: int) -> list[str]:
    """Lines for the top of the program."""
    if not is_told(config):
        return []
    names = ", ".join(DATASETS[config.dataset].classes)
    other = "modes, which are numbered" if config.dataset in POINT_SETS else "folders of pictures, sorted by name"
    return [f"CLASSES = {classes}  # {names or other}"]


def imports(config: TrainConfig) -> list[str]:
    """Import lines."""
    return ["from torch.nn.functional import one_hot"] if is_told(config) else []


def section(config: TrainConfig, *, shares: bool) -> list[Section]:
    """The functions that the loop needs; none where no classes are told.

    shares: also the one that gives each class its share.
    """
    if not is_told(config):
        return []
    says = (
        "Both networks are told the class of everything: the generator by numbers after the latent (arXiv 1411.1784), the critic by a "
        f"score for each class ({PAPER}). So afterwards you choose what is generated."
    )
    return [Section("The classes", says, _ROWS + _SHARES if shares else _ROWS)]


_ROWS = '''\
def as_rows(labels):
    """Classes as rows of CLASSES numbers: 1 for the class, 0 for the others."""
    return one_hot(labels, CLASSES).float().to(DEVICE)


def with_classes(z, classes):
    """What the generator gets: latents, each followed by its class, which weighs as much."""
    return torch.cat((z, classes * LATENT_DIM**0.5), dim=1)'''
_SHARES = '''


def shared_out(data, count):
    """Labels [count] in which each class has its share of the data, well mixed."""
    ends = labels_of(data).bincount(minlength=CLASSES).double().cumsum(0)
    at = (torch.arange(count, dtype=torch.float64) + 0.5) * 0.6180339887498949 % 1
    return torch.searchsorted(ends, at * ends[-1], right=True).clamp(max=CLASSES - 1)'''

OF_TENSORS = '''\
def labels_of(data):
    """The classes of all of them, [n]."""
    return data.tensors[1]'''
"""The function that gives the labels of a TensorDataset."""


def of_torchvision(mirrored: bool) -> str:
    """The same for a data set of torchvision, or for its images followed by mirrored ones."""
    found = "torch.as_tensor(data.targets)"
    if mirrored:
        found = "torch.cat([torch.as_tensor(part.targets) for part in data.datasets])"
    return OF_TENSORS.replace("data.tensors[1]", found)


# In the training loop.

DRAWN = [
    "rows = torch.randint(len(labels), (BATCH_SIZE,), generator=rng, device=DEVICE)",
    "classes = as_rows(labels[rows])  # as often as they are in the data",
]
"""Lines that draw the classes of the images that the generator learns from."""


def told(config: TrainConfig, text: str) -> str:
    """Calls of the networks for a batch of samples, with its classes if they are told."""
    if not is_told(config):
        return text
    for inner in ("real", "fake", "made"):
        text = text.replace(f"critic({inner})", f"critic({inner}, classes)")
    return text.replace("generator(z)", "generator(with_classes(z, classes))")


def loop_over(config: TrainConfig) -> str:
    """What the loop takes from `batches`."""
    return "step, (real, classes)" if is_told(config) else "step, real"


def argument(config: TrainConfig, of: str = "") -> str:
    """The classes among the arguments of the penalty; of: the part of the batch."""
    return f", classes{of}" if is_told(config) else ""


# Samples.


def inputs_of_samples(config: TrainConfig, classes: int, count: int) -> list[str]:
    """Lines of `sample` that make the generator's `inputs` from latents `z`: a row of images for each class, or points of all."""
    if config.dataset in POINT_SETS:
        return [f"    inputs = with_classes(z.to(DEVICE), as_rows(shared_out(data, {count})))"]
    rows = rows_of_grid(classes)
    shown, number = "torch.arange(CLASSES)", "CLASSES"
    lines: list[str] = []
    if len(rows) < classes:
        shown, number = "shown", "len(shown)"
        lines = [f"    shown = torch.tensor({list(rows)})"]
    return [
        *lines,
        f"    labels = {shown}.repeat_interleave({COLUMNS})",
        f"    inputs = with_classes(z.repeat({number}, 1).to(DEVICE), as_rows(labels))",
    ]
