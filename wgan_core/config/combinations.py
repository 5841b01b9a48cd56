"""Combinations of settings that make no sense, each refused in one sentence that names both settings."""

from __future__ import annotations

from collections.abc import Callable

from wgan_core.config.data_fields import POINT_SETS, POINTS_WITH_CLASSES, DataFields
from wgan_core.config.methods import PENALTIES
from wgan_core.config.network_fields import NetworkFields
from wgan_core.config.recipe_fields import RecipeFields
from wgan_core.config.record_fields import RecordFields
from wgan_core.config.run_fields import RunFields
from wgan_core.config.schedule_fields import SCHEDULES, ScheduleFields


class AllFields(RecordFields, NetworkFields, DataFields, RunFields, ScheduleFields, RecipeFields):
    """Every setting, before it is known whether they fit together. The order of the settings is that of the bases, from the last."""


DCGAN_SIZES = tuple(sorted(inner * 2**halvings for inner in (4, 5, 6, 7) for halvings in range(1, 7) if inner * 2**halvings <= 256))
"""Image sizes that strided convolutions halve evenly until 4 to 7 px are left: 8, 10, 12, 14, 16, 20, ..., 256."""


RESNET_SIZES = (32, 64)
"""Image sizes for which the WGAN-GP authors describe residual networks."""


def _convolutions_of_points(config: AllFields) -> str | None:
    if config.architecture == "mlp" or config.dataset not in POINT_SETS:
        return None
    return f"architecture must be mlp for the points of {config.dataset}: {config.architecture} is for images only."


def _size_of_residual(config: AllFields) -> str | None:
    if config.architecture != "resnet" or config.image_size in RESNET_SIZES:
        return None
    return f"image_size must be {' or '.join(map(str, RESNET_SIZES))} for the architecture resnet, not {config.image_size}."


def _augmented_points(config: AllFields) -> str | None:
    if config.augment == "none" or config.dataset not in POINT_SETS:
        return None
    return f"augment must be none for the points of {config.dataset}, not {config.augment}: only images can be augmented."


def _start_of_residual(config: AllFields) -> str | None:
    if config.weight_init != "he" or config.architecture == "resnet":
        return None
    return f"weight_init he is for the architecture resnet, not {config.architecture}: choose pytorch or normal."


def _size_of_convolutions(config: AllFields) -> str | None:
    if config.architecture != "dcgan" or config.image_size in DCGAN_SIZES:
        return None
    below = [size for size in DCGAN_SIZES if size < config.image_size][-1:]
    near = " or ".join(map(str, below + [size for size in DCGAN_SIZES if size > config.image_size][:1]))
    why = "its layers halve the side until 4 to 7 px are left."
    return f"image_size must be {near} for the architecture dcgan, not {config.image_size}: {why}"


def _penalty_of_batches(config: AllFields) -> str | None:
    if config.critic_norm != "batch" or config.lipschitz not in PENALTIES:
        return None
    what = "the gradient penalty" if config.lipschitz == "gradient-penalty" else f"lipschitz {config.lipschitz}"
    return (
        f"critic_norm batch cannot be combined with {what}, which is defined for single images "
        "(arXiv 1704.00028, section 4): choose layer or none."
    )


def _schedule_of_another_method(config: AllFields) -> str | None:
    """A schedule of a setting that the run's Lipschitz method does not use."""
    for name, methods in (("clip_value", ("clip",)), ("gp_lambda", PENALTIES)):
        schedule = SCHEDULES[name].shape
        if (shape := getattr(config, schedule)) != "constant" and config.lipschitz not in methods:
            why = f"{schedule} {shape} has no effect with lipschitz {config.lipschitz}"
            return f"{why}: choose {schedule} constant, or lipschitz {methods[0]}."
    return None


def _classes_of_points(config: AllFields) -> str | None:
    if config.labels == "ignore" or config.dataset not in POINT_SETS or config.dataset in POINTS_WITH_CLASSES:
        return None
    return f"labels must be ignore for the points of {config.dataset}, which have no classes: choose {' or '.join(POINTS_WITH_CLASSES)}."


def _norm_of_classes(config: AllFields) -> str | None:
    """The last layer of a critic that is told classes has a row for each, which one singular value would tie together."""
    if config.labels != "conditional" or config.lipschitz != "spectral-norm":
        return None
    return "labels conditional cannot be combined with lipschitz spectral-norm yet: choose labels ignore, or another method."


def _norms_of_norms(config: AllFields) -> str | None:
    if config.critic_norm == "none" or config.lipschitz != "spectral-norm":
        return None
    return (
        f"critic_norm {config.critic_norm} cannot be combined with lipschitz spectral-norm: it rescales what the spectral norm has "
        "bounded; choose critic_norm none, or another method."
    )


def _stop_without_a_measure(config: AllFields) -> str | None:
    if not config.stop_after or config.best_by != "off":
        return None
    return f"stop_after {config.stop_after} needs a measure of what is better: choose best_by distance or fd-cnn, or stop_after 0."


def _best_without_instruments(config: AllFields) -> str | None:
    if config.best_by == "off" or config.instruments_budget:
        return None
    return f"best_by {config.best_by} needs the instruments: set instruments_budget above 0, or best_by off."


def _classifier_of_points(config: AllFields) -> str | None:
    if config.best_by != "fd-cnn" or config.dataset not in POINT_SETS:
        return None
    return f"best_by fd-cnn is for images with classes, and dataset {config.dataset} holds points: choose best_by distance."


REFUSALS: tuple[Callable[[AllFields], str | None], ...] = (
    _convolutions_of_points,
    _size_of_convolutions,
    _size_of_residual,
    _start_of_residual,
    _augmented_points,
    _penalty_of_batches,
    _schedule_of_another_method,
    _classes_of_points,
    _norm_of_classes,
    _norms_of_norms,
    _stop_without_a_measure,
    _best_without_instruments,
    _classifier_of_points,
)
"""Each gives the reason why a config is refused, or None."""
