"""`wgan bench --quality`: how good the images of presets get in the same time, as a table, with sample grids in a folder."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wgan_core.cli.table import Column, lines
from wgan_core.config import POINT_SETS, PRESETS, ConfigError, TrainConfig

if TYPE_CHECKING:
    from wgan_core.bench.quality import Contestant, Result

QUALITY_PRESETS = ("showcase", "walkthrough", "pytorch-gan", "pytorch-gan-gp")
"""Compared if no presets are named."""
PEERS = ("pytorch-gan", "pytorch-gan-gp")
"""Recipes of another collection, which are also trained as there: by a plain loop."""
_WIDTH = 200


def add_quality(bench: argparse.ArgumentParser) -> None:
    """Add the flags."""
    quality = bench.add_argument_group("how good the images get")
    quality.add_argument(
        "--quality", action="store_true", help="instead of the speed, measure how good the images of presets get in the same time"
    )
    quality.add_argument(
        "--seconds", metavar="S,S", default="60,300", help="training times, in seconds (default 60,300); measuring is not counted"
    )
    quality.add_argument(
        "--steps", metavar="N,N", help="instead of equal times, compare after so many steps, each recipe on one thread; seconds are told"
    )
    quality.add_argument("--seeds", type=int, default=3, metavar="N", help="number of runs of each recipe, from --seed on (default 3)")
    quality.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="wall: seconds as they pass. cpu: seconds of one core, each recipe on one thread, for a machine that has other "
        "things to do (default wall)",
    )
    quality.add_argument(
        "--out", metavar="FOLDER", type=Path, default=Path("quality"), help="for sample grids and results (default quality)"
    )


def run_quality(names: Sequence[str], given: dict[str, Any], options: argparse.Namespace) -> None:
    """Train, measure and print. given: settings that all presets get."""
    from wgan_core.bench.quality import Judge, has_schedule, race
    from wgan_core.data.load import load_dataset

    clock = "steps" if options.steps else options.clock
    marks = _whole_marks(options.steps) if options.steps else _marks(options.seconds)
    if not 1 <= options.seeds <= 1000:
        raise ConfigError(f"--seeds must be a whole number from 1 to 1,000, not {options.seeds}.")
    configs = {name: _at_this_pace(PRESETS[name].replace(**given), clock) for name in names}
    judges: dict[tuple[Any, ...], Judge] = {}
    keep = Keeper(options.out, clock, quiet=options.json)
    for seed in range(options.seeds):
        for name, start in configs.items():
            config = start.replace(seed=start.seed + seed)
            dataset = load_dataset(config)
            key = (config.dataset, dataset.fingerprint)
            judge = judges[key] = judges.get(key) or Judge(config, dataset)
            for program in ("engine", "textbook") if name in PEERS and not has_schedule(config) else ("engine",):
                race(name, config, dataset, judge, marks, clock, program, keep.take)
    if options.json:
        print(json.dumps({"clock": clock, "results": [result.as_dict() for result in keep.results]}))
        return
    threads = _threads() if clock == "wall" else 1
    text = "\n\n".join(tables(keep.results, clock, threads))
    (options.out / "table.txt").write_text(f"{text}\n", encoding="utf-8")
    print(text)
    print(f"\nSample grids and results are in {options.out}.")


def _at_this_pace(config: TrainConfig, clock: str) -> TrainConfig:
    """The config with the threads of this clock. Raises ConfigError for several threads with the clock of one core."""
    if clock != "wall" and config.threads > 1:
        flag = f"--{'steps' if clock == 'steps' else 'clock cpu'}"
        raise ConfigError(f"{flag} counts the seconds of one core, so --threads must be 1 with it: leave one of the two out.")
    return config if clock == "wall" else config.replace(threads=1)


def _threads() -> int:
    from wgan_core.training.device import train_on_this_thread

    return train_on_this_thread().size


def _marks(text: str) -> tuple[float, ...]:
    try:
        found = tuple(sorted({float(part) for part in text.split(",")}))
    except ValueError:
        found = ()
    if not found or not all(0 < mark <= 86_400 for mark in found):
        raise ConfigError(f"--seconds must be numbers up to 86,400, such as 60,300, not {text[:40]!r}.")
    return found


def _whole_marks(text: str) -> tuple[float, ...]:
    found = {part.strip() for part in text.split(",")}
    if not all(part.isascii() and part.isdecimal() and 0 < int(part) <= 10**9 for part in found):
        raise ConfigError(f"--steps must be whole numbers above 0, such as 1000,2000, not {text[:40]!r}.")
    return tuple(sorted(float(part) for part in found))


class Keeper:
    """Writes results and sample grids into a folder as they come."""

    def __init__(self, folder: Path, clock: str, *, quiet: bool) -> None:
        self.results: list[Result] = []
        self._clock = clock
        self._folder = folder
        self._quiet = quiet
        folder.mkdir(parents=True, exist_ok=True)

    def take(self, result: Result, contestant: Contestant) -> None:
        """Keep one result."""
        self.results.append(result)
        with (self._folder / "results.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(result.as_dict()) + "\n")
        until = f"{result.steps}steps" if self._clock == "steps" else f"{result.seconds:g}s"
        name = f"{result.dataset}-{result.image_size}-{result.name}-{result.program}-{until}-seed{result.seed}.png"
        (self._folder / name).write_bytes(grid(result, contestant))
        if not self._quiet:
            quality = f"FD-CNN {result.fd_cnn.value:.1f}" if result.fd_cnn is not None else f"distance {result.distance.value:.3g}"
            print(f"{result.name}, {result.program}, seed {result.seed}: {quality} after {result.seconds:g} s", file=sys.stderr)


def grid(result: Result, contestant: Contestant) -> bytes:
    """The samples of a run's fixed latents as a PNG file."""
    from wgan_core.data import toy
    from wgan_core.figures import images
    from wgan_core.latent.seeds import fixed_latents
    from wgan_core.timeline.fixed import GRID, SCATTER, as_pixels, as_points

    points = result.dataset in POINT_SETS
    samples = contestant.sample(fixed_latents(result.seed, SCATTER if points else GRID, contestant.latent_dim))
    if points:
        return images.png(images.scatter(as_points(samples), None, toy.view_limit(result.dataset)))
    return images.png(images.tile(as_pixels(samples)))


# The tables.


def tables(results: Sequence[Result], clock: str, threads: int) -> list[str]:
    """One for each data set, size and time, or number of steps. They are not to be compared with each other: each data set and size has its
    own classifier."""
    groups: dict[tuple[Any, ...], list[Result]] = {}
    for result in sorted(results, key=lambda one: (one.dataset, one.image_size, one.steps if clock == "steps" else one.seconds)):
        until = result.steps if clock == "steps" else result.seconds
        groups.setdefault((result.dataset, result.image_size, until), []).append(result)
    return [_table(found, clock, threads) for found in groups.values()]


def _table(results: Sequence[Result], clock: str, threads: int) -> str:
    first = results[0]
    recipes: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        recipes.setdefault((result.name, result.program), []).append(result)
    rows = list(recipes.values())
    columns = [
        Column("", [*(f"{name}{', textbook loop' if program == 'textbook' else ''}" for name, program in recipes), "real images"]),
        Column("seconds" if clock == "steps" else "steps", [*(_pace(row, clock) for row in rows), ""], right=True),
        Column(_distance_title(first), _cells(rows, lambda one: one.distance, excess=True), right=True),
        Column("coverage", _cells(rows, lambda one: one.coverage), right=True),
    ]
    if first.fd_cnn is not None:
        columns.insert(2, Column("FD-CNN", _cells(rows, lambda one: one.fd_cnn), right=True))
    if first.classes is not None:
        columns.append(
            Column(f"of {first.all_classes} classes", [*(_counts(row, "classes") for row in rows), str(first.all_classes)], right=True)
        )
    columns += _mode_columns(rows)
    return "\n".join([_heading(first, len(rows[0]), clock, threads), *lines(columns, _WIDTH), *_notes(first)])


def _mode_columns(rows: Sequence[Sequence[Result]]) -> list[Column]:
    """For points of a mixture."""
    from wgan_core.bench.quality import mean_and_sd

    first = rows[0][0]
    if first.modes is None:
        return []
    near = [_number(*mean_and_sd([one.near for one in row if one.near is not None])) for row in rows]
    return [
        Column(f"of {first.all_modes} modes", [*(_counts(row, "modes") for row in rows), str(first.all_modes)], right=True),
        Column("within 3 sd", [*near, f"{first.real_near:.3f}"], right=True),
    ]


def _heading(first: Result, seeds: int, clock: str, threads: int) -> str:
    time = {
        "cpu": f"{first.seconds:g} s of one core (processor time)",
        "wall": f"{first.seconds:g} s on {_many(threads, 'thread')}",
        "steps": f"{first.steps:,} steps (seconds are those of one core)",
    }[clock]
    return f"{first.dataset}, {first.image_size} px, {time}, {_many(seeds, 'seed')}"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count != 1 else ''}"


def _notes(first: Result) -> list[str]:
    of = f"{first.n:,} samples against as many training samples; ± the standard deviation over the seeds, or for real ones between samples."
    if first.accuracy is None:
        return [of]
    return [of, f"Classifier {first.classifier[:8]}, right on {first.accuracy:.1%}: compare FD-CNN and coverage only under the same one."]


def _distance_title(first: Result) -> str:
    return f"excess of {'exact' if first.dataset in POINT_SETS else 'sliced'} W1"


def _pace(results: Sequence[Result], clock: str) -> str:
    """How much of the other a recipe took, on average: steps for equal seconds, seconds for equal steps."""
    return f"{sum(one.seconds if clock == 'steps' else one.steps for one in results) / len(results):,.0f}"


def _counts(results: Sequence[Result], name: str) -> str:
    counts = sorted(getattr(one, name) for one in results)
    return str(counts[0]) if counts[0] == counts[-1] else f"{counts[0]} to {counts[-1]}"


def _cells(rows: Sequence[Sequence[Result]], pick: Callable[[Result], Any], *, excess: bool = False) -> list[str]:
    """Mean and standard deviation of a value for each recipe, and the same between real samples."""
    from wgan_core.bench.quality import mean_and_sd

    found: list[str] = []
    for row in rows:
        mean, sd = mean_and_sd([pick(one).excess if excess else pick(one).value for one in row])
        found.append(_number(mean, sd))
    value = pick(rows[0][0])
    return [*found, _number(0.0 if excess else value.floor, value.floor_sd)]


def _number(mean: float, sd: float) -> str:
    """Both with as many decimals as give the mean three digits, at most three."""
    size = max(abs(mean), 0.0 if math.isnan(sd) else sd)
    decimals = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{mean:.{decimals}f}" if math.isnan(sd) else f"{mean:.{decimals}f} ± {sd:.{decimals}f}"
