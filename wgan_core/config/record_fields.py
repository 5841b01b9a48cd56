"""The settings of what is recorded, saved and measured."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from wgan_core.config.setting_info import setting


class RecordFields(BaseModel):
    """Part of `TrainConfig`, whose fields are all the settings of a run."""

    log_every: int = setting(
        5,
        label="Record every",
        group="record",
        unit="critic updates",
        live=True,
        ge=1,
        le=10_000,
        help="Number of steps between points of the curves, which are also the rows of metrics.csv.",
    )
    save_every: float = setting(
        60.0,
        label="Save at least every",
        group="record",
        unit="s",
        live=True,
        ge=1,
        le=86_400,
        step=10,
        help="Steps are also saved at doubling intervals from the start, so that you can go back through the run's history.",
    )
    instruments_budget: float = setting(
        3.0,
        label="Instruments at most",
        group="record",
        unit="% of training time",
        live=True,
        ge=0,
        le=50,
        step=1,
        help="The share of training time that measuring may take (true distances, the critic's slopes and weights, gradients; see "
        "Diagnosis). It runs on a separate thread and changes no number of the training. 0: nothing is measured.",
    )
    history_budget: int = setting(
        300,
        label="History at most",
        group="record",
        unit="MB",
        live=True,
        ge=0,
        le=1_000_000,
        step=50,
        help="The disk space for the run's past: saved steps, light steps (networks in half precision, to be looked at) and pictures. When "
        "it is full, light steps become fewer, then older saved steps. Steps saved by hand or before an edit, pinned ones and the newest "
        "two always stay. 0: only these are kept.",
    )
    best_by: Literal["off", "distance", "fd-cnn"] = setting(
        "off",
        label="Keep the best step by",
        group="record",
        live=True,
        help="Whether the step with the best samples is saved, pinned and named on the timeline. distance: the first distance to real data "
        "that the instruments read (exact W1 of points, sliced W1 of images). fd-cnn: FD-CNN, for images with classes. A step is better "
        "only if its value is lower by more than noise, twice the standard deviation between two sets of real data.",
    )
    stop_after: int = setting(
        0,
        label="Finish without gain after",
        group="record",
        unit="looks",
        live=True,
        ge=0,
        le=10_000,
        help="The run stops once so many looks in a row have found no step that is better beyond noise. 0: never. A look is one reading "
        "of the measure that the best step is kept by.",
    )
