"""Which numbers of two runs may be laid over each other, and a sentence for those that may not.

The scale of a critic's scores depends on its network and on how it is held Lipschitz: halving c alone divides the bound on them by 2 for
each layer. So a raw estimate says nothing about another critic's. Divided by the critic's steepest slope it is in the unit of the data; a
true distance needs no critic. Both still need the same real data.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from wgan_core.compare.differences import Course, is_drawn
from wgan_core.compare.side import Side
from wgan_core.config import SETTINGS
from wgan_core.store.readings import DISTANCES, Reading

OF_THE_CRITIC = (
    "objective",
    "lipschitz",
    "clip_value",
    "clip_schedule",
    "clip_end",
    "clipped",
    "gp_lambda",
    "gp_lambda_schedule",
    "gp_lambda_end",
    "schedule_updates",
    "architecture",
    "critic_widths",
    "dcgan_width",
    "resnet_width",
    "critic_norm",
    "leaky_slope",
    "image_size",
    "augment",
    "labels",
)
"""Settings that decide how large a critic's scores can be."""


def why_not_raw(sides: Sequence[Side]) -> str:
    """Why the critics' raw numbers (estimate, scores, losses) of these runs cannot be compared; "" if they can."""
    different = [SETTINGS[name].label for name in OF_THE_CRITIC if len({_values(side.described.courses[name]) for side in sides}) > 1]
    if different:
        return (
            "The raw numbers of these critics cannot be compared, because the scale of a critic's scores depends on its network and on how "
            f"it is kept Lipschitz, and these differ: {_listed(different)}. A larger number does not mean a larger distance."
        )
    return why_not_data(sides)


def _values(course: Course) -> tuple[Any, ...]:
    """The values of a setting without their steps: two runs whose c was changed alike, at other steps, differ in it only in between."""
    return tuple(value for _, value in course)


def why_not_data(sides: Sequence[Side]) -> str:
    """Why distances from real data of these runs cannot be compared; "" if they can."""
    if len({side.started.dataset for side in sides}) > 1:
        return "These runs were trained on different data, so these numbers cannot be compared."
    if len({_known(side.data.get("shape")) for side in sides}) > 1:
        return "These runs were trained on images of different sizes, so these numbers cannot be compared."
    if len({_known(side.data.get("fingerprint")) for side in sides if not is_drawn(side.started)}) > 1:
        return (
            "These runs were trained on different data, as their fingerprints show, so a small difference between these numbers says "
            "nothing."
        )
    return ""


def _known(value: object) -> str:
    """A value of a stranger's config.json, in a form that can be compared."""
    return repr(value)[:200]


def why_not_readings(sides: Sequence[Side], readings: Sequence[Reading | None]) -> str:
    """Why these readings of one kind, one for each run, cannot be compared; "" if they can. None: the run has no such reading."""
    if other := why_not_data(sides):
        return other
    there = [one for one in readings if one is not None]
    if not there:
        return ""
    for what, of in _MEASURED_ALIKE:
        if len({of(one) for one in there}) > 1:
            return f"These were measured with {what}, so they cannot be compared."
    return ""


def _classifier(reading: Reading) -> object:
    return _known(reading.details.get("classifier")) if reading.key in ("fd-cnn", "classes") else None


_MEASURED_ALIKE: tuple[tuple[str, Callable[[Reading], object]], ...] = (
    ("other numbers of samples", lambda reading: reading.n if reading.key in DISTANCES else None),
    ("other real data (held-out against training)", lambda reading: reading.reference),
    ("BatchNorm in other modes", lambda reading: reading.mode),
    ("another number of directions", lambda reading: _known(reading.details.get("projections"))),
    ("other classifiers", _classifier),
    (
        "samples of one class in one run, and of all classes in another",
        lambda reading: reading.unit if reading.key == "diversity" else None,
    ),
)


def why_not_seconds(sides: Sequence[Side]) -> str:
    """What to know about seconds as the axis; "" if nothing differs that would matter."""
    different = [
        SETTINGS[name].label for name in ("device", "threads", "precision") if len({getattr(side.started, name) for side in sides}) > 1
    ]
    start = "Seconds depend on the machine and on what else it was doing."
    return f"{start} These runs differ in {_listed(different)}." if different else start


def why_not_latents(sides: Sequence[Side]) -> str:
    """Why the pictures of these runs are not made from the same latents; "" if they are."""
    if len({side.started.latent_dim for side in sides}) > 1:
        return "The pictures are not made from the same latents, because the runs have another number of latent dimensions."
    if len({side.started.seed for side in sides}) > 1:
        return "The pictures are not made from the same latents, because the runs have other seeds."
    return ""


def _listed(labels: Sequence[str]) -> str:
    """A, B and C."""
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
