"""The limits of one person on a server that many use."""

from __future__ import annotations

from dataclasses import dataclass

from wgan_core.access.serving import Serving


@dataclass(frozen=True)
class Used:
    """What a person uses now."""

    runs: int = 0
    """That train, wait or are paused."""
    megabytes: float = 0.0
    """Of all their runs on the disk."""
    uploads: int = 0
    """That are kept."""


def too_many_runs(serving: Serving, used: Used) -> str:
    """Why another run cannot be started; "" if it can."""
    if serving.max_runs and used.runs >= serving.max_runs:
        many = "one run" if serving.max_runs == 1 else f"{serving.max_runs:,} runs"
        return f"Everybody can have {many} at a time here, waiting or paused ones included: stop one of yours first."
    if serving.max_megabytes and used.megabytes >= serving.max_megabytes:
        return (
            f"Your runs take {used.megabytes:,.0f} MB, and everybody has {serving.max_megabytes:,} MB here: delete some of yours for good "
            "first."
        )
    return ""


def too_many_steps(serving: Serving, steps: int) -> str:
    """Why a run cannot be so long; "" if it can."""
    if serving.max_steps and steps > serving.max_steps:
        return f"A run can have at most {serving.max_steps:,} steps here: set a smaller number of steps."
    return ""


def too_many_uploads(serving: Serving, used: Used) -> str:
    """Why another file cannot be uploaded; "" if it can."""
    if serving.max_uploads and used.uploads >= serving.max_uploads:
        return f"Everybody can upload {serving.max_uploads:,} files here, and you have: delete one of yours, or use it."
    return ""
