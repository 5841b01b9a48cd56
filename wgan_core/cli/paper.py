"""`wgan paper`: compute results of the papers again and check them against their criteria."""

from __future__ import annotations

import argparse
import difflib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wgan_core.paper import NAMES

if TYPE_CHECKING:
    from wgan_core.paper.result import Result


class PaperError(ValueError):
    """An input that cannot be used. The message is one sentence."""


def add_command(commands: Any) -> argparse.ArgumentParser:
    """Add `paper` to the subcommands `commands`. Returns its parser."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "paper", help="compute a result of the WGAN papers again and check it against its criterion", allow_abbrev=False
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help=f"{', '.join(NAMES)}; without a name, they are listed")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="seed of all random numbers (default 0)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--out", type=Path, metavar="FILE", help="also save the figure as .html, or as .png if kaleido is installed")
    parser.set_defaults(command=run_paper, parser=parser)
    return parser


def run_paper(options: argparse.Namespace) -> int:
    """Returns 0 if the criterion is met, 1 if not. Raises PaperError."""
    if options.name is None:
        return _list(options.json)
    if options.name not in NAMES:
        close = difflib.get_close_matches(options.name, NAMES, n=1)
        hint = f"did you mean {close[0]}?" if close else f"choose one of {', '.join(NAMES)}."
        raise PaperError(f"There is no experiment {options.name!r}: {hint}")
    if not 0 <= options.seed < 2**31 - 10_000:
        raise PaperError(f"--seed must be a whole number from 0 to {2**31 - 10_001}, not {options.seed}.")
    _check_out(options.out)
    result = _run(options.name, options.seed)
    if options.out is not None:
        _write(options.out, result)
    print(json.dumps(result.as_dict()) if options.json else _in_words(result))
    return 0 if result.passed else 1


def _list(as_json: bool) -> int:
    from wgan_core.paper import experiment

    known = [experiment(name) for name in NAMES]
    if as_json:
        fields = ("name", "title", "source", "claim", "criterion", "fooled_by", "typical_seconds")
        print(json.dumps([{field: getattr(each, field) for field in fields} for each in known]))
        return 0
    for each in known:
        print(f"{each.name:<10} {each.title}: {each.source}, about {each.typical_seconds} s")
    return 0


def _check_out(out: Path | None) -> None:
    """Check `--out` first, before minutes are spent on a figure that cannot be written."""
    if out is None:
        return
    if out.suffix.lower() not in (".html", ".png"):
        raise PaperError("--out must end in .html or .png.")
    if not out.absolute().parent.is_dir():
        raise PaperError(f"There is no folder {out.absolute().parent}: create it first.")
    if out.suffix.lower() == ".png":
        try:
            import kaleido  # noqa: F401  # pyright: ignore[reportMissingImports]
        except ImportError:
            raise PaperError("A .png needs kaleido (pip install kaleido): install it, or write .html.") from None


def _run(name: str, seed: int) -> Result:
    from tqdm import tqdm

    from wgan_core.paper import run
    from wgan_core.paper.result import Progress

    with tqdm(total=100, unit="%", disable=not sys.stderr.isatty(), bar_format="{l_bar}{bar}| {elapsed}<{remaining}") as bar:

        def show(fraction: float) -> None:
            bar.update(int(100 * fraction) - bar.n)

        return run(name, seed, Progress(show))


def _write(out: Path, result: Result) -> None:
    figure = result.figure
    figure.update_layout(title={"text": f"{result.title}: {'passed' if result.passed else 'not passed'}"}, margin={"t": 90})
    try:
        if out.suffix.lower() == ".png":
            figure.write_image(out, width=1200, height=600, scale=2)
        else:
            out.write_text(figure.to_html(include_plotlyjs=True), encoding="utf-8")
    except OSError as error:
        raise PaperError(f"{out} cannot be written ({error.strerror}).") from None


def _in_words(result: Result) -> str:
    lines = [f"{result.title} (seed {result.seed}, {result.seconds:.1f} s): {'passed' if result.passed else 'NOT PASSED'}"]
    for check in result.checks:
        lines.append(f"  {'ok  ' if check.passed else 'FAIL'}  {check.measured:>12.5g}  {check.threshold:<14}  {check.what}")
    return "\n".join(lines)
