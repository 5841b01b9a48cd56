"""`wgan export`: save a run as a file that works without this project."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from wgan_core.export import KINDS, PARTS, ExportError, export, file_name
from wgan_core.export.records import RECORDS, export_records


def add_command(commands: Any) -> argparse.ArgumentParser:
    """Add `export` to the subcommands `commands`. Returns its parser."""
    kinds = " ".join(f"{name}: {kind.help}" for name, kind in (*KINDS.items(), *RECORDS.items()))
    parser: argparse.ArgumentParser = commands.add_parser(
        "export", help="save a script, a notebook, a network, or curves and pictures for other programs", allow_abbrev=False
    )
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN_DIR", help="several for csv and tensorboard, one for the others")
    parser.add_argument("--as", dest="kind", required=True, choices=(*KINDS, *RECORDS), help=kinds)
    parser.add_argument("--step", type=int, metavar="N", help="for onnx and exported-program: a saved step (default: the newest)")
    parser.add_argument(
        "--part",
        choices=PARTS,
        default=PARTS[0],
        help="for onnx and exported-program: which network (default generator); averaged is for runs with --ema-decay",
    )
    parser.add_argument("--opset", type=int, metavar="N", help="for onnx: the version of the operators (default 17), for older runtimes")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="PATH",
        help="default: a file in the current folder, named after the run; of csv and tensorboard, the folder to write into (default: the "
        "current one for csv, tensorboard for tensorboard)",
    )
    parser.set_defaults(command=run_export, parser=parser)
    return parser


def run_export(options: argparse.Namespace) -> int:
    """Write the file. Raises ExportError or StoreError, each with one sentence."""
    from wgan_core.store.folder import RunFolder

    if options.kind in RECORDS:
        return _export_records(options)
    if len(options.runs) > 1:
        raise ExportError(f"A {options.kind} is made of one run: name one, or export several as csv or tensorboard.")
    folder = RunFolder.open(options.runs[0])
    target: Path = options.out or Path(file_name(folder.path.resolve().name, options.kind, options.part))
    if os.path.lexists(target):
        raise ExportError(f"{target} exists already: delete it, or choose another file name with --out.")
    exported = export(folder, options.kind, step=options.step, part=options.part, opset=options.opset)
    _write(target, exported.content)
    print(f"{KINDS[options.kind].title} of {folder.path.resolve().name}: {target}")
    if exported.note:
        print(exported.note)
    return 0


def _export_records(options: argparse.Namespace) -> int:
    from wgan_core.store.folder import RunFolder

    if options.step is not None or options.part != PARTS[0]:
        raise ExportError("--step and --part are for onnx and exported-program: csv and tensorboard hold all steps.")
    target: Path = options.out or Path("tensorboard" if options.kind == "tensorboard" else ".")
    made = export_records([RunFolder.open(run) for run in options.runs], options.kind, target)
    for path in made:
        print(f"{RECORDS[options.kind].title} of {path.name.removesuffix('.csv')}: {path}")
    if options.kind == "tensorboard":
        print(f"See it: tensorboard --logdir {target}")
    return 0


def _write(target: Path, content: bytes) -> None:
    """Write a new file, completely or not at all. Raises ExportError."""
    begun = False
    try:
        # Mode x: a file that was created in the meantime is not overwritten either.
        with target.open("xb") as file:
            begun = True
            file.write(content)
    except OSError as error:
        if begun:
            target.unlink(missing_ok=True)
        raise ExportError(f"{target} cannot be written ({error.strerror}).") from None
