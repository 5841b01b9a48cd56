"""`wgan bench`: the engine's speed beside that of other programs."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from wgan_core.cli.options import run_options
from wgan_core.cli.quality import QUALITY_PRESETS, add_quality
from wgan_core.config import ConfigError, TrainConfig

JAX_PYTHON = Path(".venv-jax/bin/python")


def add_bench(commands: Any) -> argparse.ArgumentParser:
    """Add the command, without the settings of a run."""
    bench = commands.add_parser("bench", help="compare the speed of the engine with the textbook loop, and with JAX", allow_abbrev=False)
    bench.add_argument(
        "--preset",
        metavar="P",
        help=f"the preset to measure (default walkthrough); with --quality several, such as {','.join(QUALITY_PRESETS)} (the default)",
    )
    bench.add_argument("--json", action="store_true", help="print one JSON object")
    bench.add_argument("--rounds", type=int, default=5, metavar="N", help="number of measurements of each (default 5)")
    bench.add_argument("--vs", choices=("jax",), help="measure also the same training as a program in JAX")
    bench.add_argument(
        "--jax-python", metavar="FILE", type=Path, default=JAX_PYTHON, help=f"a Python that has JAX (default {JAX_PYTHON.as_posix()})"
    )
    bench.add_argument("--busy", type=int, default=0, metavar="N", help="keep N cores busy with other programs meanwhile (default 0)")
    bench.add_argument(
        "--also",
        metavar="SETTINGS",
        action="append",
        default=[],
        help='measure the engine with other settings too, such as "gp_every=4 precision=bfloat16"; may be given several times',
    )
    bench.add_argument("--options", action="store_true", help="instead: what each option costs, beside the preset as it is")
    bench.add_argument("--runs", type=int, default=0, metavar="N", help="instead: N runs at once, of one thread each, beside one alone")
    add_quality(bench)
    return bench


def bench_presets(options: argparse.Namespace) -> list[str]:
    """The names of the presets to measure. Raises ConfigError for flags that do not go together."""
    if options.options:
        _alone("--options measures each option of one preset", options, "quality", "vs", "busy", "also", "runs")
    if not options.quality:
        return [options.preset or "walkthrough"]
    if options.vs or options.busy or options.also or options.runs:
        raise ConfigError("--vs, --busy, --also and --runs measure the speed: leave them out with --quality.")
    return options.preset.split(",") if options.preset else list(QUALITY_PRESETS)


def _alone(what: str, options: argparse.Namespace, *others: str) -> None:
    """Raises ConfigError if one of the `others` is asked for too."""
    if given := next((name for name in others if getattr(options, name)), None):
        raise ConfigError(f"{what}: leave --{given} out with it.")


def run_bench(config: TrainConfig, options: argparse.Namespace) -> None:
    """Measure and print."""
    from wgan_core.bench.compare import Speed, bench

    if options.options:
        run_options(config, options)
        return
    if options.runs:
        _run_several(config, options)
        return
    also = {" ".join(text.split()): _varied(config, text) for text in options.also}
    jax_python = options.jax_python if options.vs else None
    report = bench(config, rounds=options.rounds, jax_python=jax_python, busy=options.busy, also=also)
    if options.json:
        print(json.dumps(report.as_dict()))
        return

    def line(name: str, text: str) -> None:
        print(f"{name:>18}  {text}")

    def speed(name: str, found: Speed) -> None:
        line(name, f"{found.median:8.1f} steps/s  ({found.lowest:.1f} to {found.highest:.1f} in {options.rounds} rounds)")

    speed("engine", report.engine)
    speed("textbook loop", report.textbook)
    if report.jax is not None:
        speed(f"JAX {report.jax_version}", report.jax)
    images, step = report.images_per_second, 1000 / report.engine.median
    line("", f"{images:8,.0f} images/s, {step:.3g} ms a step")
    line("engine / textbook", f"{report.ratio:8.2f}")
    if report.jax_ratio is not None:
        line("engine / JAX", f"{report.jax_ratio:8.2f}")
    for name, found in report.also.items():
        speed("engine with", found.speed)
        line("", f"{found.ratio:8.2f} × the textbook loop: {name}")
    rate = f"{report.step_gflop:.3f} GFLOP a step, {report.matmul_gflops:.0f} GFLOP/s on a core"
    line("matmul", f"{report.share_of_matmul:8.0%} of the rate of matrix products ({rate})")
    if report.gpu_megabytes is not None:
        line("on", f"{report.device}, {report.gpu_megabytes:,.0f} MB of its memory")
        return
    line("on", f"{report.device}, {report.threads} threads{f', {report.busy} cores busy otherwise' if report.busy else ''}")


def _varied(config: TrainConfig, text: str) -> TrainConfig:
    """`config` with the settings in `text`, such as "gp_every=4 gp_share=half". Raises ConfigError."""
    pairs = [part.partition("=") for part in text.split()]
    if not pairs or not all(name and value for name, _, value in pairs):
        raise ConfigError(f'--also takes settings as NAME=VALUE, with spaces in between, such as "gp_every=4 gp_share=half", not {text!r}.')
    return config.replace(**{name: value for name, _, value in pairs})


def _run_several(config: TrainConfig, options: argparse.Namespace) -> None:
    from wgan_core.bench.several import several_runs

    if options.vs or options.busy or options.also:
        raise ConfigError("--runs measures several runs at once: leave out --vs, --busy and --also.")
    report = several_runs(config, options.runs, rounds=options.rounds)
    if options.json:
        print(json.dumps(report.as_dict()))
        return
    print(f"   one run alone  {report.alone:8.1f} steps/s")
    print(f"{report.runs:>3} runs, together {report.together:8.1f} steps/s")
    print(f"           share  {report.share:8.2f} of {report.runs} times one alone, on {report.cores} cores")
