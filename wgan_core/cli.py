"""The command line: `python -m wgan_core train | sample | info`. Exit status: 0 done, 1 the run failed, 2 an input that cannot be used."""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from wgan_core.config import PRESETS, SETTINGS, ConfigError, SettingInfo, describe_range

_GROUPS = {
    "recipe": "the recipe",
    "run": "budget, seed, device",
    "data": "data",
    "networks": "networks",
    "record": "what is recorded and kept",
}


class UsageError(Exception):
    """An input that cannot be used; its text is one sentence."""


class _Parser(argparse.ArgumentParser):
    """Raises instead of printing its usage, so that every bad input is one line."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}. Try --help.")


def main(argv: Sequence[str]) -> int:
    """Run a command line (without the program's name). Returns the exit status."""
    try:
        options, unknown = _parser().parse_known_args(argv)
        if unknown:
            raise UsageError(_unknown(unknown[0]))
        command: Callable[[argparse.Namespace], int] = options.command
        return command(options)
    except UsageError as error:
        return _refuse(str(error))
    except ConfigError as error:
        return _refuse(str(error))
    except BrokenPipeError:
        return 0
    except Exception as error:
        # Imported late: `--help` and a mistyped flag need no torch.
        from wgan_core.data import DataError
        from wgan_core.store import StoreError

        if isinstance(error, (DataError, StoreError, ValueError)):
            return _refuse(str(error))
        raise


def _refuse(sentence: str) -> int:
    print("wgan_core: " + " ".join(sentence.split()), file=sys.stderr)
    return 2


def _unknown(word: str) -> str:
    flags = [info.flag for info in SETTINGS.values()] + ["--preset", "--out", "--resume", "--step", "--count", "--json"]
    close = difflib.get_close_matches(word.split("=")[0], flags, n=1)
    return f"{word} is not known here" + (f": did you mean {close[0]}?" if close else ". Try --help.")


def _parser() -> _Parser:
    parser = _Parser(prog="python -m wgan_core", description="Train Wasserstein GANs, sample from them, look at runs.", allow_abbrev=False)
    commands = parser.add_subparsers(required=True, metavar="train | sample | info", parser_class=_Parser)

    train = commands.add_parser("train", help="train a new run, or go on with one", allow_abbrev=False)
    train.add_argument("--preset", metavar="P", help=f"start from a preset: {', '.join(PRESETS)}")
    train.add_argument("--out", type=Path, metavar="RUN_DIR", help="folder of the new run (default: a new one in checkpoints/)")
    train.add_argument("--resume", type=Path, metavar="RUN_DIR", help="go on with this run; live settings may be changed")
    _add_settings(train)
    train.set_defaults(command=_train)

    sample = commands.add_parser("sample", help="make images with a saved generator", allow_abbrev=False)
    sample.add_argument("run", type=Path, metavar="RUN_DIR")
    sample.add_argument("--step", type=int, metavar="N", help="a saved step (default: the newest)")
    sample.add_argument("--count", type=int, default=64, metavar="N", help="how many images (default 64)")
    sample.add_argument("--seed", type=int, default=0, metavar="S", help="of the latents (default 0)")
    sample.add_argument("--out", type=Path, required=True, metavar="FILE", help="grid.png, or samples.npz with arrays `images` and `z`")
    sample.set_defaults(command=_sample)

    info = commands.add_parser("info", help="what a run is and how far it got", allow_abbrev=False)
    info.add_argument("run", type=Path, metavar="RUN_DIR")
    info.add_argument("--json", action="store_true", help="one JSON object")
    info.set_defaults(command=_info)
    return parser


def _add_settings(parser: argparse.ArgumentParser) -> None:
    """One flag for each field of the config. Values stay text here; the config checks them."""
    for group, title in _GROUPS.items():
        section = parser.add_argument_group(title)
        for info in SETTINGS.values():
            if info.group == group:
                section.add_argument(info.flag, dest=info.name, metavar="VALUE", help=_flag_help(info))


def _flag_help(info: SettingInfo) -> str:
    default = ",".join(map(str, info.default)) if info.kind == "widths" else info.default
    unit = f", {info.unit}" if info.unit else ""
    live = " May change while a run trains." if info.live else ""
    return f"{info.help} {describe_range(info)}{unit}; default {default!r}.{live}".replace("%", "%%")


def _given_settings(options: argparse.Namespace) -> dict[str, Any]:
    """The settings that the user named, as text."""
    return {name: value for name in SETTINGS if (value := getattr(options, name)) is not None}


def _train(options: argparse.Namespace) -> int:
    from wgan_core import cli_train

    given = _given_settings(options)
    if options.resume is not None:
        for flag, value in (("--preset", options.preset), ("--out", options.out)):
            if value is not None:
                raise UsageError(f"{flag} cannot be given with --resume: a run keeps its settings and its folder.")
        return cli_train.resume(options.resume, given)
    if options.preset is not None and options.preset not in PRESETS:
        close = difflib.get_close_matches(options.preset, PRESETS, n=1)
        hint = f": did you mean {close[0]}?" if close else f": choose one of {', '.join(PRESETS)}."
        raise UsageError(f"There is no preset {options.preset!r}{hint}")
    start = PRESETS.get(options.preset) if options.preset else None
    return cli_train.train(start, given, options.out)


def _sample(options: argparse.Namespace) -> int:
    import numpy as np

    from wgan_core import images
    from wgan_core.recorder import fixed_latents
    from wgan_core.saved import load_networks, newest_readable
    from wgan_core.store import RunFolder

    suffix = options.out.suffix.lower()
    if suffix not in (".png", ".npz"):
        raise UsageError("--out must end in .png (a grid) or .npz (the arrays).")
    if not 1 <= options.count <= 100_000:
        raise UsageError(f"--count must be a whole number from 1 to 100,000, not {options.count}.")
    if not 0 <= options.seed < 2**63:
        raise UsageError(f"--seed must be a whole number from 0, not {options.seed}.")
    folder = RunFolder.open(options.run)
    networks = newest_readable(folder) if options.step is None else load_networks(folder, options.step)
    z = fixed_latents(options.seed, options.count, networks.latent_dim).numpy()
    try:
        if suffix == ".png":
            options.out.write_bytes(images.png(images.tile(networks.pixels(z))))
        else:
            np.savez(options.out, images=networks.images(z), z=z)
    except OSError as error:
        raise UsageError(f"{options.out} cannot be written ({error.strerror}).") from None
    print(f"{options.count} images of {folder.path.name} at step {networks.step}: {options.out}")
    return 0


def _info(options: argparse.Namespace) -> int:
    from wgan_core.store import RunFolder

    facts = _facts(RunFolder.open(options.run))
    if options.json:
        print(json.dumps(facts))
        return 0
    for name, value in facts.items():
        shown = ", ".join(f"{key} {item}" for key, item in value.items()) if isinstance(value, dict) else value
        print(f"{name.replace('_', ' '):>22}  {', '.join(map(str, shown)) if isinstance(shown, list) else shown}")
    return 0


def _facts(folder: Any) -> dict[str, Any]:
    """What `info` tells, as plain values."""
    from wgan_core.history import column

    rows, steps = folder.read_metrics(), folder.steps()
    step = int(max(steps[-1] if steps else 0, rows[-1, 0] if len(rows) else 0))
    seconds = float(rows[-1, 2]) if len(rows) else 0.0
    dataset = folder.meta.get("dataset", {})
    return {
        "run_id": folder.run_id,
        "status": folder.status(),
        "created": folder.meta.get("created", ""),
        "note": folder.meta.get("note", ""),
        "step": step,
        "generator_updates": int(rows[-1, 1]) if len(rows) else 0,
        "training_seconds": round(seconds, 1),
        "steps_per_second": round(float(rows[-1, 0]) / seconds, 1) if seconds else None,
        "wasserstein_estimate": float(column(rows, "wasserstein_estimate")[-1]) if len(rows) else None,
        "saved_steps": steps,
        "edits": [f"step {edit['step']}: {edit['field']} {edit['old']} -> {edit['new']}" for edit in folder.edits()],
        "megabytes": round(sum(file.stat().st_size for file in folder.path.rglob("*") if file.is_file()) / 1e6, 2),
        "dataset": {name: dataset.get(name) for name in ("name", "images", "shape", "source", "fingerprint")},
        "config": folder.config_at(step).model_dump(mode="json"),
    }
