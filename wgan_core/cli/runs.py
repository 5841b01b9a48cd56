"""`wgan runs`: list the runs, find some among them, and label them."""

from __future__ import annotations

import argparse
import json
import shutil
from typing import Any

from wgan_core.cli.find_run import open_library
from wgan_core.cli.runs_actions import add_actions
from wgan_core.cli.table import Column, lines, short_duration, short_size


def add_command(commands: Any) -> argparse.ArgumentParser:
    """Add `runs` to the subcommands `commands`. Returns its parser."""
    parser: argparse.ArgumentParser = commands.add_parser("runs", help="list, find and label runs", allow_abbrev=False)
    parser.add_argument("--filter", default="", metavar="TEXT", help="for example: 'dataset:mnist n_critic>=5 tag:good sliced_w1<.1'")
    parser.add_argument("--sort", metavar="FIELD", help="by a setting, a measure or another field, such as created or sliced_w1")
    parser.add_argument("--reverse", action="store_true", help="with --sort: the largest first")
    parser.add_argument("--limit", type=int, metavar="N", help="at most N runs")
    parser.add_argument("--json", action="store_true", help="print one JSON object a run, with all that is known")
    parser.set_defaults(command=list_runs, parser=parser)
    add_actions(parser.add_subparsers(metavar="ACTION", title="actions"))
    return parser


def list_runs(options: argparse.Namespace) -> int:
    """Print the runs. Raises FilterError or FieldError."""
    from wgan_core.library.fields import sorted_by
    from wgan_core.library.query import matching

    everything = open_library().entries()
    found = matching(everything, options.filter)
    if options.sort:
        found = sorted_by(found, options.sort, reverse=options.reverse)
    shown = found if options.limit is None else found[: max(0, options.limit)]
    if options.json:
        for entry in shown:
            print(json.dumps(facts(entry)))
        return 0
    for line in _table(shown):
        print(line)
    if not everything:
        print("There are no runs yet. Start one with: train --preset quick-start")
    elif len(shown) < len(everything):
        print(f"{len(shown):,} of {len(everything):,} runs")
    return 0


def facts(entry: Any) -> dict[str, Any]:
    """What is known about a run, as JSON values."""
    from wgan_core.library.entry import to_facts

    measures = {key: one._asdict() for key, one in entry.measures.items()}
    return to_facts(entry) | {"title": entry.title, "note": entry.note, "measures": measures}


def _table(entries: list[Any]) -> list[str]:
    from wgan_core.library.fields import differing, setting_value
    from wgan_core.runs.names import short_number
    from wgan_core.store.folder import run_number
    from wgan_core.store.readings import DISTANCES

    if not entries:
        return []
    numbers = [run_number(entry.name) for entry in entries]
    columns = [
        Column("NO", ["" if number is None else str(number) for number in numbers], right=True),
        Column("RUN", [_called(entry) for entry in entries], least=16, enough=28),
        Column("STATUS", ["damaged" if entry.damaged else entry.status or "unknown" for entry in entries]),
        Column("STEPS", [f"{entry.step:,}" if not entry.damaged else "" for entry in entries], right=True),
    ]
    # The others as far as there is room.
    for key in (key for key in DISTANCES if any(key in entry.measures for entry in entries)):
        columns.append(Column(f"{key.upper()} (FLOOR)", [_measure(entry, key) for entry in entries], optional=True))
    for name in differing(entries) if len(entries) > 1 else ():
        values = [setting_value(entry, name) for entry in entries]
        texts = ["" if value is None else short_number(value) if isinstance(value, float) else str(value) for value in values]
        columns.append(Column(name, texts, right=True, optional=True))
    columns += [
        Column("TIME", [short_duration(entry.seconds) if not entry.damaged else "" for entry in entries], right=True, optional=True),
        Column("SIZE", [short_size(entry.size) for entry in entries], right=True, optional=True),
    ]
    return lines(columns, shutil.get_terminal_size((80, 24)).columns)


def _called(entry: Any) -> str:
    tags = " ".join(f"[{tag}]" for tag in entry.labels.tags)
    return f"{'* ' if entry.labels.pinned else ''}{entry.title}{f' {tags}' if tags else ''}"


def _measure(entry: Any, key: str) -> str:
    """The last value of a distance, with its floor."""
    one = entry.measures.get(key)
    if one is None or one.value is None:
        return ""
    return f"{one.value:.3g}" + (f" ({one.floor:.2g})" if one.floor is not None else "")
