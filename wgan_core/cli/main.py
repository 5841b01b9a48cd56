"""The command line: `wgan train | sample | info | runs | replay | bench | export | film | pin | paper`, or the same after `python -m
wgan_core`.

Exit status: 0 done; 1 a run failed, a replay drifted or a paper's criterion was not met; 2 an input cannot be used.
"""

from __future__ import annotations

import argparse
import difflib
import io
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from wgan_core.cli import export as cli_export
from wgan_core.cli import paper as cli_paper
from wgan_core.cli import past as cli_past
from wgan_core.cli import runs as cli_runs
from wgan_core.cli.bench import add_bench, bench_presets, run_bench
from wgan_core.cli.called import UsageError, counting_number, program, speaker
from wgan_core.cli.info import print_info
from wgan_core.cli.quality import run_quality
from wgan_core.cli.versions import ShowVersions
from wgan_core.config import PRESETS, SETTINGS, ConfigError, SettingInfo, TrainConfig, describe_range

_GROUPS = {
    "recipe": "the recipe",
    "run": "length, seed, device",
    "data": "data",
    "networks": "networks",
    "record": "what is recorded and saved",
}
_COMMANDS = ("train", "sample", "info", "runs", "replay", "bench", "export", "film", "pin", "paper")
_MAX_IMAGES = 1_000_000


class _Parser(argparse.ArgumentParser):
    """Raises an error instead of printing the usage, so that every bad input gives one line."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}. Try --help.")


def wgan() -> int:
    """The installed command `wgan`. Returns the exit status."""
    return main(sys.argv[1:])


def main(argv: Sequence[str]) -> int:
    """Run a command line (without the program's name). Returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A pipe on Windows lacks many characters of the help and of folders' names: they are printed as ?, instead of ending the command.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        status = _run(argv)
        sys.stdout.flush()  # so that a closed pipe is noticed here and not when the interpreter exits
        return status
    except UsageError as error:
        return _refuse(str(error))
    except ConfigError as error:
        return _refuse(str(error))
    except BrokenPipeError:
        # The reader has ended, as in `info RUN | head`. Nothing more may be written, not even when the interpreter exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        # Ctrl-C during training does not come here: it saves the run, see cli.train.
        print(f"{speaker()}: Interrupted.", file=sys.stderr)
        return 130
    except Exception as error:
        # Imported late, because `--help` and a mistyped flag need no torch.
        from wgan_core.data.dataset import DataError
        from wgan_core.store.folder import StoreError

        if isinstance(error, (DataError, StoreError, ValueError)):
            return _refuse(str(error))
        raise


def _run(argv: Sequence[str]) -> int:
    if argv and not argv[0].startswith("-") and argv[0] not in _COMMANDS and (hint := _did_you_mean(argv[0], _COMMANDS)):
        raise UsageError(f"There is no command {argv[0]!r}{hint}")
    options, unknown = _parser().parse_known_args(argv)
    if unknown:
        word = unknown[0].split("=")[0]
        flags = re.findall(r"--[a-z-]+", options.parser.format_usage())
        raise UsageError(f"{unknown[0]} is not known here{_did_you_mean(word, flags) or '. Try --help.'}")
    command: Callable[[argparse.Namespace], int] = options.command
    return command(options)


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    """A suggestion to end a sentence with: the entry of `known` that is most similar to `word`. Empty if none is similar."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f": did you mean {close[0]}?" if close else ""


def _refuse(sentence: str) -> int:
    print(f"{speaker()}: {' '.join(sentence.split())}", file=sys.stderr)
    return 2


def _parser() -> _Parser:
    parser = _Parser(prog=program(), description="Train Wasserstein GANs, sample from them, inspect runs.", allow_abbrev=False)
    parser.add_argument("--version", action=ShowVersions, help="show versions (program, Python, libraries) and the device")
    commands = parser.add_subparsers(required=True, metavar=" | ".join(_COMMANDS), parser_class=_Parser)

    train = commands.add_parser("train", help="train a new run, or continue one", allow_abbrev=False)
    train.add_argument("--preset", metavar="P", help=f"start from a preset: {', '.join(PRESETS)}")
    train.add_argument("--out", type=Path, metavar="RUN_DIR", help="folder of the new run (default: a new one in checkpoints/)")
    train.add_argument("--resume", type=Path, metavar="RUN_DIR", help="continue this run; live settings may be changed")
    train.add_argument(
        "--branch",
        metavar="RUN[@STEP]",
        help="a new run that continues from a saved step of another (default: its newest), with other settings where they are given; "
        "RUN is a folder, or the name of one in checkpoints/",
    )
    train.add_argument(
        "--epochs",
        type=counting_number,
        metavar="N",
        help="length of the run in epochs, in place of --max-steps; an epoch is a new permutation of the data, without its incomplete "
        "last batch",
    )
    train.add_argument(
        "--print-every", type=counting_number, metavar="N", help="print epoch, batch and both losses after every N batches; 1: after each"
    )
    _add_settings(train)
    train.set_defaults(command=_train, parser=train)

    sample = commands.add_parser("sample", help="make images or points with a saved generator", allow_abbrev=False)
    sample.add_argument("run", type=Path, metavar="RUN_DIR")
    sample.add_argument("--step", type=int, metavar="N", help="a saved step (default: the newest)")
    sample.add_argument("--averaged", action="store_true", help="use the averaged generator, for runs trained with --ema-decay")
    sample.add_argument("--count", type=int, default=64, metavar="N", help="how many (default 64)")
    sample.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the latents (default 0)")
    sample.add_argument(
        "--out",
        required=True,
        metavar="FILE",
        help="grid.png, samples.npz with the arrays `images` (or `points`), `z` and, with classes, `labels`, points.csv, or a folder "
        "(ending in /) for one PNG each",
    )
    sample.add_argument("--class", dest="of_class", metavar="NAME", help="only this class, for runs trained with --labels conditional")
    sample.add_argument("--per-file", type=int, metavar="N", help="for .npz: so many in each of several files, samples-0001.npz, ...")
    sample.set_defaults(command=_sample, parser=sample)

    info = commands.add_parser("info", help="show what a run is and how far it got", allow_abbrev=False)
    info.add_argument("run", type=Path, metavar="RUN_DIR")
    info.add_argument("--json", action="store_true", help="print one JSON object")
    info.set_defaults(command=print_info, parser=info)

    cli_runs.add_command(commands)

    replay = commands.add_parser("replay", help="train a run again with its edits and compare the weights", allow_abbrev=False)
    replay.add_argument("run", type=Path, metavar="RUN_DIR")
    for name in ("data_root", "device"):
        info = SETTINGS[name]
        replay.add_argument(info.flag, dest=name, metavar="VALUE", help=f"instead of the run's. {_flag_help(info)}")
    replay.set_defaults(command=_replay, parser=replay)

    bench = add_bench(commands)
    _add_settings(bench)
    bench.set_defaults(command=_bench, parser=bench)

    cli_export.add_command(commands)
    cli_past.add_commands(commands)
    cli_paper.add_command(commands)
    return parser


def _add_settings(parser: argparse.ArgumentParser) -> None:
    """Add one flag per field of the config. Values stay text here; the config checks them."""
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
    """The settings that the user gave, as text."""
    return {name: value for name in SETTINGS if (value := getattr(options, name)) is not None}


def _train(options: argparse.Namespace) -> int:
    from wgan_core.cli import train as cli_train
    from wgan_core.cli.per_batch import Extra

    given, extra = _given_settings(options), Extra.of(options)
    if options.resume is not None:
        for flag, value in (("--preset", options.preset), ("--out", options.out)):
            if value is not None:
                raise UsageError(f"{flag} cannot be given with --resume: a run keeps its settings and its folder.")
        if options.branch is not None:
            raise UsageError("--branch cannot be given with --resume: one makes a new run, the other continues one.")
        return cli_train.resume(options.resume, given, extra)
    if options.branch is not None:
        if options.preset is not None:
            raise UsageError("--preset cannot be given with --branch: a branch has its parent's settings, but for those that you give.")
        try:
            return cli_train.branch(options.branch, given, options.out, extra)
        except ConfigError as error:
            raise UsageError(_with_hint(str(error), given)) from None
    start = _preset(options.preset) if options.preset is not None else None
    try:
        return cli_train.train(start, given, options.out, extra)
    except ConfigError as error:
        raise UsageError(_with_hint(str(error), given)) from None


def _preset(name: str) -> TrainConfig:
    if name not in PRESETS:
        hint = _did_you_mean(name, PRESETS) or f": choose one of {', '.join(PRESETS)}."
        raise UsageError(f"There is no preset {name!r}{hint}")
    return PRESETS[name]


def _with_hint(sentence: str, given: dict[str, Any]) -> str:
    """The config's message about a mistyped choice, with the most likely correct choice added."""
    name = sentence.split(" ", 1)[0]
    choices = SETTINGS[name].choices if name in given else ()
    hint = _did_you_mean(given[name], choices) if choices and given[name] not in choices else ""
    return sentence.removesuffix(".") + hint if hint else sentence


def _sample(options: argparse.Namespace) -> int:
    from wgan_core.latent.sample_file import MAX_IN_PICTURE, is_folder
    from wgan_core.latent.saved import load_networks, newest_readable
    from wgan_core.latent.seeds import fixed_latents
    from wgan_core.store.folder import RunFolder

    suffix = Path(options.out).suffix.lower()
    if not is_folder(options.out) and suffix not in (".png", ".npz", ".csv"):
        raise UsageError(
            "--out must end in .png (a grid, or a scatter of points), .npz (the arrays), .csv (points) or / (a folder, one PNG each)."
        )
    most = MAX_IN_PICTURE if suffix == ".png" and not is_folder(options.out) else _MAX_IMAGES
    if not 1 <= options.count <= most:
        raise UsageError(f"--count must be a whole number from 1 to {most:,}, not {options.count}.")
    if options.per_file is not None and (suffix != ".npz" or options.per_file < 1):
        raise UsageError("--per-file must be a whole number from 1, and is for --out with .npz only.")
    if not 0 <= options.seed < 2**63:
        raise UsageError(f"--seed must be a whole number from 0, not {options.seed}.")
    folder = RunFolder.open(options.run)
    averaged: bool = options.averaged
    networks = (
        newest_readable(folder, averaged=averaged) if options.step is None else load_networks(folder, options.step, averaged=averaged)
    )
    if options.of_class is not None:
        networks = _of_class(networks, options.of_class)
    z = fixed_latents(options.seed, options.count, networks.latent_dim).numpy()
    try:
        _write(options, networks, z, folder.config.dataset)
    except OSError as error:
        raise UsageError(f"{options.out} cannot be written ({error.strerror}).") from None
    print(f"{options.count} {'points' if networks.makes_points else 'images'} of {folder.path.name} at step {networks.step}: {options.out}")
    return 0


def _of_class(networks: Any, name: str) -> Any:
    """The networks of the class that is named. Raises UsageError."""
    if networks.classes is None:
        raise UsageError("--class is for runs trained with --labels conditional: the networks of this one are told no classes.")
    try:
        number = networks.classes.find(name)
    except ValueError as error:
        raise UsageError(str(error)) from None
    return networks.of_class([float(other == number) for other in range(len(networks.classes))])


def _write(options: argparse.Namespace, networks: Any, z: Any, dataset: str) -> None:
    """Write the samples, with a progress bar on a terminal. Raises OSError or ValueError."""
    from tqdm import tqdm

    from wgan_core.latent.sample_file import is_folder, write_folder, write_parts, write_samples

    path = Path(options.out)
    with tqdm(total=len(z), unit=" samples", file=sys.stderr, disable=not sys.stderr.isatty(), leave=False) as bar:

        def show(done: int) -> None:
            bar.update(done - bar.n)

        if is_folder(options.out):
            write_folder(path, networks, z, show)
        elif options.per_file is not None:
            write_parts(path, networks, z, options.per_file, show)
        else:
            write_samples(path, networks, z, dataset, show)


def _replay(options: argparse.Namespace) -> int:
    from wgan_core.cli.replay import replay_run
    from wgan_core.store.folder import RunFolder

    here = {name: value for name in ("data_root", "device") if (value := getattr(options, name)) is not None}
    return replay_run(RunFolder.open(options.run), here)


def _bench(options: argparse.Namespace) -> int:
    if not 1 <= options.rounds <= 1000:
        raise UsageError(f"--rounds must be a whole number from 1 to 1,000, not {options.rounds}.")
    if not 0 <= options.busy <= 1000:
        raise UsageError(f"--busy must be a whole number from 0 to 1,000, not {options.busy}.")
    names, given = bench_presets(options), _given_settings(options)
    presets = [_preset(name) for name in names]
    if options.quality:
        run_quality(names, given, options)
    else:
        run_bench(presets[0].replace(**given), options)
    return 0
