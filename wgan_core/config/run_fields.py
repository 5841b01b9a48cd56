"""The settings of how long a run is, and of where and how exactly it trains."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from wgan_core.config.setting_info import setting

DeviceName = Literal["auto", "cpu", "cuda", "mps"]


class RunFields(BaseModel):
    """Part of `TrainConfig`, whose fields are all the settings of a run."""

    max_steps: int = setting(
        100_000,
        label="Length of the run",
        group="run",
        unit="critic updates",
        live=True,
        ge=1,
        le=1_000_000_000,
        help="The run finishes at this step. A step is one critic update. You can raise it later and continue the run.",
    )
    seed: int = setting(
        0,
        label="Seed",
        group="run",
        ge=0,
        le=2**31 - 1,
        help="Fixes the initial weights, the noise, the order of the data, and any points that are drawn. On one CPU with one version of "
        "PyTorch, the same settings and seed give the same run, bit for bit.",
    )
    device: DeviceName = setting(
        "auto",
        label="Device",
        group="run",
        help="auto uses cuda if available, otherwise mps (Apple), otherwise cpu.",
    )
    threads: int = setting(
        0,
        label="CPU threads",
        group="run",
        ge=0,
        le=256,
        help="Threads used for computation on the CPU; 0: one for each core, up to four. The results do not depend on their number.",
    )
    precision: Literal["float32", "tf32", "bfloat16"] = setting(
        "float32",
        label="Precision",
        group="run",
        help="tf32, bfloat16: matrix products and convolutions use 11 or 8 significant bits instead of 24; weights, optimiser and losses "
        "stay in float32. tf32 is for NVIDIA GPUs (since 2020); elsewhere it is float32. bfloat16 is faster on processors that support it "
        "(recent Intel and AMD server CPUs, NVIDIA GPUs), and much slower on others.",
    )
    rounding: Literal["fast", "exact"] = setting(
        "fast",
        label="Rounding",
        group="run",
        help="exact: on a CPU, every update is rounded as in the exported script, so that the script computes the run's weights bit for "
        "bit wherever the processor allows. A little slower. fast: the script's weights agree up to rounding. The run itself can be "
        "repeated bit for bit either way.",
    )
