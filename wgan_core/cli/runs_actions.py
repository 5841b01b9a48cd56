"""What `wgan runs` does with runs: compare their settings, label them, delete and restore them, pack and unpack them."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wgan_core.cli.find_run import find_run
from wgan_core.cli.table import Column, lines

Action = Callable[[argparse.Namespace], int]


def add_actions(actions: Any) -> None:
    """Add the subcommands of `runs`."""

    def add(name: str, help_text: str, action: Action, *words: tuple[str, dict[str, Any]]) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = actions.add_parser(name, help=help_text, allow_abbrev=False)
        for word, options in words:
            parser.add_argument(word, **options)
        parser.set_defaults(command=action, parser=parser)
        return parser

    run = ("run", {"metavar": "RUN", "help": "its folder, the name of one in checkpoints/, its number or its title"})
    runs = ("runs", {"metavar": "RUN", "nargs": "+", "help": "see RUN in `runs rename --help`"})
    remove = ("--remove", {"action": "store_true", "help": "take it away again"})
    add("diff", "in what two or more runs differ", diff, runs)
    add("rename", "give a run a title; its id stays", rename, run, ("title", {"metavar": "TITLE", "help": "'' takes it away again"}))
    add("note", "write a note about a run", note, run, ("text", {"metavar": "TEXT", "help": "'' takes it away again"}))
    add("tag", "put tags on a run", tag, run, ("tags", {"metavar": "TAG", "nargs": "+"}), remove)
    add("pin", "list runs before all others", pin, runs, remove)
    empty = ("--empty", {"action": "store_true", "help": "delete for good what is in the trash"})
    add("trash", "move runs to the trash, or list it", trash, ("runs", {"metavar": "RUN", "nargs": "*"}), empty)
    add(
        "restore", "take runs out of the trash", restore, ("names", {"metavar": "NAME", "nargs": "+", "help": "as `runs trash` lists them"})
    )
    out = ("--out", {"type": Path, "metavar": "FILE", "help": "default: a zip in the current folder, named after the run"})
    add("export", "pack runs into one zip", export, runs, out)
    add("import", "take runs out of a zip", import_zip, ("zip", {"type": Path, "metavar": "ZIP"}))


def diff(options: argparse.Namespace) -> int:
    """Print the settings that differ, with live edits, a column a run. Raises StoreError."""
    from wgan_core.compare.differences import described, differences
    from wgan_core.store.folder import RunFolder, run_number

    folders = [RunFolder.open(find_run(text)) for text in options.runs]
    if len(folders) < 2:
        return _refuse("Name two or more runs to compare.")
    found = differences([described(folder) for folder in folders])
    if not found:
        print("They have the same settings and data.")
        return 0
    columns = [Column("SETTING", [one.label for one in found], least=12)]
    for at, folder in enumerate(folders):
        number = run_number(folder.path.name)
        heading = f"#{number}" if number is not None else folder.path.name
        columns.append(Column(heading, [one.values[at] for one in found], least=8))
    for line in lines(columns, shutil.get_terminal_size((80, 24)).columns):
        print(line)
    return 0


def _refuse(sentence: str) -> int:
    raise ValueError(sentence)


def rename(options: argparse.Namespace) -> int:
    """Give a run a title. Raises StoreError or TextError."""
    return _label(options.run, title=options.title)


def note(options: argparse.Namespace) -> int:
    """Give a run a note. Raises StoreError or TextError."""
    return _label(options.run, note=options.text)


def tag(options: argparse.Namespace) -> int:
    """Put tags on a run, or take them away. Raises StoreError or TextError."""
    return _label(options.run, **{"remove_tags" if options.remove else "add_tags": options.tags})


def pin(options: argparse.Namespace) -> int:
    """Pin runs, or unpin them. Raises StoreError."""
    for run in [find_run(text) for text in options.runs]:
        _label(str(run), pinned=not options.remove)
    return 0


def _label(text: str, **changes: Any) -> int:
    from wgan_core.library.labels import change_labels

    run = find_run(text)
    labels = change_labels(run, **changes)
    said = [f"title {labels.title!r}"] if labels.title else []
    said += [f"tags {', '.join(labels.tags)}"] if labels.tags else []
    said += ["a note"] if labels.note else []
    said += ["pinned"] if labels.pinned else []
    print(f"{run.name}: {'; '.join(said) or 'no labels'}")
    return 0


def trash(options: argparse.Namespace) -> int:
    """Move runs to the trash; without any, list what is in it; with --empty, delete that for good. Raises StoreError."""
    from wgan_core.library.trash import DAYS, delete, deleted_runs, erase
    from wgan_core.store.folder import runs_root

    root = runs_root()
    if options.runs and options.empty:
        return _refuse("--empty deletes the whole trash: give it without a run.")
    if options.runs:
        found = [find_run(text) for text in options.runs]
        if strays := [run for run in found if run.parent.resolve() != root.resolve()]:
            return _refuse(f"{strays[0].name} is not in {root}: only runs there have a trash.")
        for one in delete(root, [run.name for run in found]):
            print(f"{one.name} is in the trash for {DAYS} days: runs restore {one.name}")
        return 0
    deleted = deleted_runs(root)
    if options.empty:
        erase(root, deleted)
        print(f"{len(deleted)} deleted for good.")
        return 0
    for one in deleted:
        print(f"{one.when:%Y-%m-%d %H:%M} UTC  {one.name}")
    if not deleted:
        print("The trash is empty.")
    return 0


def restore(options: argparse.Namespace) -> int:
    """Take the last deleted run of each name out of the trash. Raises StoreError."""
    from wgan_core.library.trash import deleted_runs, restore
    from wgan_core.store.folder import runs_root

    root = runs_root()
    last = {one.name: one for one in reversed(deleted_runs(root))}
    if missing := [name for name in options.names if name not in last]:
        return _refuse(f"There is no {missing[0]!r} in the trash: `runs trash` lists it.")
    for name in restore(root, [last[name] for name in dict.fromkeys(options.names)]):
        print(f"{name} is back.")
    return 0


def export(options: argparse.Namespace) -> int:
    """Write a zip. Raises StoreError."""
    from wgan_core.library.zip_export import export_runs, file_name
    from wgan_core.store.layout import StoreError

    found = [find_run(text) for text in options.runs]
    roots = {run.parent for run in found}
    if len(roots) > 1:
        return _refuse("These runs lie in different folders: export those of one folder at a time.")
    target: Path = options.out or Path(file_name([run.name for run in found]))
    begun = False
    try:
        with target.open("xb") as file:
            begun = True
            export_runs(roots.pop(), [run.name for run in found], file)
    except FileExistsError:
        raise StoreError(f"{target} exists already: delete it, or choose another file name with --out.") from None
    except BaseException as error:
        if begun:
            target.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise StoreError(f"{target} cannot be written ({error.strerror or error}).") from None
        raise
    print(f"{len(found)} run{'s' if len(found) > 1 else ''}, {target.stat().st_size / 1e6:.1f} MB: {target}")
    return 0


def import_zip(options: argparse.Namespace) -> int:
    """Import a zip. Raises StoreError."""
    from wgan_core.library.zip_import import import_runs
    from wgan_core.store.folder import runs_root
    from wgan_core.store.layout import StoreError

    try:
        file = options.zip.open("rb")
    except OSError as error:
        raise StoreError(f"{options.zip} cannot be read ({error.strerror or error}).") from None
    with file:
        for name in import_runs(runs_root(), file):
            print(f"Imported {name}")
    return 0
