"""Program text for the augmentation, see `wgan_core.training.augment`."""

from __future__ import annotations

from wgan_core.config import TrainConfig
from wgan_core.export.numbers import number
from wgan_core.export.sections import Section
from wgan_core.training.augment import CHANGES, NUMBERS, SEED_FACTOR
from wgan_core.training.models import SampleShape

BEFORE_THE_CRITIC = [
    "# The critic sees both changed at random, so that it cannot learn them by heart.",
    "numbers = augmenting_numbers(step)",
    "real, fake = augment(real, numbers[0]), augment(fake, numbers[1])",
]
"""Lines of the loop, after the images of a critic update are there."""


def seen_by_the_critic(config: TrainConfig, made: str) -> str:
    """What the generator `made`, with the augmentation if there is one."""
    return f"augment({made}, numbers[2])" if is_augmented(config) else made


def is_augmented(config: TrainConfig) -> bool:
    """Whether the program augments."""
    return config.augment != "none"


def section(config: TrainConfig, shape: SampleShape) -> list[Section]:
    """The functions that the loop needs; none without an augmentation."""
    if not is_augmented(config):
        return []
    changes = CHANGES[config.augment]
    body = [line for change in changes for line in _lines(change, shape)]
    helper = [] if changes == ("colour",) else [_WHOLE, "\n\n\n"]
    text = "".join((_NUMBERS, "\n\n\n", *helper, _AUGMENT.format(says=_says(changes)), *(f"\n    {line}" for line in body)))
    return [Section("The augmentation", _WHY, text + "\n    return images")]


_WHY = (
    "With few images, the critic soon knows them by heart. So it sees them changed at random, and the generated ones too (DiffAugment, "
    "arXiv 2006.10738). The changes are differentiable: the generator learns through them, and its images do not take them on."
)
_NUMBERS = f'''\
def augmenting_numbers(step):
    """Uniform numbers for the real and generated images of a step, and for the generator."""
    rng = torch.Generator().manual_seed((SEED * {number(SEED_FACTOR)} + step) % 2**32)
    return torch.rand(3, BATCH_SIZE, {NUMBERS}, generator=rng).to(DEVICE)'''
_WHOLE = '''\
def whole(uniform, count):
    """Uniform numbers [batch] as whole ones from 0 to count - 1, [batch, 1]."""
    return (uniform * count).long().clamp(max=count - 1)[:, None]'''
_AUGMENT = '''\
def augment(images, numbers):
    """Images {says}, as their numbers say."""'''
_IN_WORDS = {"colour": "recoloured", "translation": "shifted", "cutout": "partly covered"}


def _says(changes: tuple[str, ...]) -> str:
    *most, last = [_IN_WORDS[change] for change in changes]
    return f"{', '.join(most)} and {last}" if most else last


def _lines(change: str, shape: SampleShape) -> list[str]:
    channels, side = shape[0], shape[-1]
    if change == "colour":
        lines = [
            "brightness, saturation, contrast = numbers[:, :3, None, None, None].unbind(1)",
            "images = images + (brightness - 0.5)",
        ]
        if channels > 1:
            lines += ["grey = images.mean(1, keepdim=True)", "images = (images - grey) * (2 * saturation) + grey"]
        return [*lines, "mean = images.mean((1, 2, 3), keepdim=True)", "images = (images - mean) * (contrast + 0.5) + mean"]
    places = "places = torch.arange(IMAGE_SIZE, device=images.device)"
    if change == "translation":
        furthest = int(side / 8 + 0.5)
        return [
            places,
            f"down = places + whole(numbers[:, 3], {2 * furthest + 1}) - {furthest}  # where each row comes from",
            f"across = places + whole(numbers[:, 4], {2 * furthest + 1}) - {furthest}",
            "rows = down.clamp(0, IMAGE_SIZE - 1)[:, None, :, None].expand(images.shape)",
            "columns = across.clamp(0, IMAGE_SIZE - 1)[:, None, None, :].expand(images.shape)",
            "inside = ((down >= 0) & (down < IMAGE_SIZE))[:, None, :, None]",
            "inside = inside & ((across >= 0) & (across < IMAGE_SIZE))[:, None, None, :]",
            "images = images.gather(2, rows).gather(3, columns) * inside  # elsewhere 0, middle grey",
        ]
    size = int(side / 2 + 0.5)
    return [
        places,
        f"down = places - whole(numbers[:, 5], {side + 1 - size % 2}) + {size // 2}  # from the edge of what is covered",
        f"across = places - whole(numbers[:, 6], {side + 1 - size % 2}) + {size // 2}",
        f"covered = ((down >= 0) & (down < {size}))[:, None, :, None]",
        f"covered = covered & ((across >= 0) & (across < {size}))[:, None, None, :]",
        "images = images * ~covered",
    ]
