"""The settings of the recipe's schedules: how c, λ and n_critic change over a run. That of the learning rates is among `recipe_fields`."""

from __future__ import annotations

import types
from typing import Literal, NamedTuple

from pydantic import BaseModel

from wgan_core.config.methods import PENALTIES
from wgan_core.config.setting_info import setting

Shape = Literal["constant", "linear", "cosine", "steps"]
CHANGING: tuple[Shape, ...] = ("linear", "cosine", "steps")
"""Every shape but the constant one."""
_SHAPES = (
    "constant: not at all. linear, cosine: evenly, or slowly at both ends, to the value below, which is reached at the run's last critic "
    "update, or where the schedules are to end. steps: as linear, but in three jumps, after each quarter of that."
)


class Schedule(NamedTuple):
    """The names of the settings that change another setting over a run."""

    shape: str
    end: str


SCHEDULES: types.MappingProxyType[str, Schedule] = types.MappingProxyType(
    {
        "clip_value": Schedule("clip_schedule", "clip_end"),
        "gp_lambda": Schedule("gp_lambda_schedule", "gp_lambda_end"),
        "n_critic": Schedule("n_critic_schedule", "n_critic_end"),
    }
)
"""The settings that can have a schedule of their own, from their value to another. Both learning rates share one, see `lr_schedule`."""


class ScheduleFields(BaseModel):
    """The schedules of c, λ and n_critic, and the length of all schedules."""

    schedule_updates: int = setting(
        0,
        label="Length of the schedules",
        group="recipe",
        unit="generator updates",
        ge=0,
        le=1_000_000_000,
        help="0: schedules go over the whole run, by its critic updates. Otherwise they end after so many generator updates, which is what "
        "papers count (the WGAN-GP authors' rates fall over 100,000 of them), and the run may go on with the last values. It has no effect "
        "where nothing has a schedule.",
    )

    clip_schedule: Shape = setting(
        "constant",
        label="Clip value schedule",
        group="recipe",
        only_with=("lipschitz", "clip"),
        help=f"How the clip value c changes over the run. {_SHAPES} A smaller c makes the critic's scores smaller, so the estimate changes "
        "with it. From 0.005 to 0.001 within 3,000 steps, walkthrough with n_critic 5 had an FD-CNN of 593 in place of 187 (means of seeds "
        "0 to 2). In quick-start, at constant learning rates, a c that falls to 0.001 leaves a dead critic.",
    )
    clip_end: float = setting(
        0.001,
        label="Clip value c at the end",
        group="recipe",
        only_with=("clip_schedule", *CHANGING),
        live=True,
        gt=0,
        le=10,
        step=0.001,
        help="The clip value that the schedule ends with. It cannot be 0: a critic whose weights are all 0 scores everything alike.",
    )
    gp_lambda_schedule: Shape = setting(
        "constant",
        label="Penalty weight schedule",
        group="recipe",
        only_with=("lipschitz", *PENALTIES),
        help=f"How the penalty weight λ changes over the run. {_SHAPES}",
    )
    gp_lambda_end: float = setting(
        1.0,
        label="Penalty weight λ at the end",
        group="recipe",
        only_with=("gp_lambda_schedule", *CHANGING),
        live=True,
        gt=0,
        le=10_000,
        step=1,
        help="The penalty weight that the schedule ends with. It cannot be 0: nothing would hold the critic then.",
    )
    n_critic_schedule: Shape = setting(
        "constant",
        label="n_critic schedule",
        group="recipe",
        help=f"How n_critic changes over the run. {_SHAPES} In between, the number is rounded to a whole one. Many critic updates at first "
        "and fewer later train the critic well before the generator moves much.",
    )
    n_critic_end: int = setting(
        5,
        label="n_critic at the end",
        group="recipe",
        only_with=("n_critic_schedule", *CHANGING),
        live=True,
        ge=1,
        le=1000,
        help="The number of critic updates per generator update that the schedule ends with.",
    )
