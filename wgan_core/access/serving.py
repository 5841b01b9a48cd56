"""How this server is used: alone, by a class, or as a showcase. Read from `playground.toml` and the environment.

Without either, the mode is *personal*. What cannot be read is an error and never falls back to a mode that allows more.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal, cast, get_args

Mode = Literal["personal", "class", "read only"]
MODES: tuple[Mode, ...] = get_args(Mode)
FILE = "playground.toml"
PREFIX = "WGAN_"
"""Of the environment variables: WGAN_MODE, WGAN_TEACHER_KEY and so on, one for each field. They override the file."""
NAMED_BY = "WGAN_PLAYGROUND_FILE"
"""The environment variable that names another file."""
MIN_KEY = 8
MAX_FILE_BYTES = 100_000
MAX_COUNT = 10**9


class ServingError(ValueError):
    """The file or a variable cannot be used. The message is one sentence for whoever runs the server."""


@dataclass(frozen=True)
class Serving:
    """How this server is used. The limits hold in class mode, for everybody but the teacher; 0 is no limit."""

    mode: Mode = "personal"
    teacher_key: str = ""
    """Whoever types it steers every run. Empty: nobody can."""
    teachers: tuple[str, ...] = ()
    """The e-mail addresses of those who steer every run, where people log in."""
    max_runs: int = 1
    """Of one person at a time, with those that wait."""
    max_steps: int = 200_000
    """Of a run."""
    max_megabytes: int = 500
    """That the runs of one person take on the disk, before another can be started."""
    max_uploads: int = 20
    """Of one person that are kept."""
    yield_seconds: int = 60
    """A run that has been paused so long lets the next one in the queue train."""
    experiments: bool = True
    """Whether the laboratory, the lessons and the paper results may compute in read-only mode. They leave nothing behind."""

    @property
    def is_shared(self) -> bool:
        """Whether people use it who may not do everything."""
        return self.mode != "personal"


def read_serving(folder: Path, environment: Mapping[str, str] | None = None) -> Serving:
    """The server's mode and limits. Raises ServingError.

    folder: that of the project, which may hold `playground.toml`. environment: the process's own by default.
    """
    env = os.environ if environment is None else environment
    named = env.get(NAMED_BY)
    found = _from_file(Path(named).expanduser() if named else folder / FILE, must_exist=bool(named))
    for field in fields(Serving):
        text = env.get(PREFIX + field.name.upper())
        if text is not None and text != "":
            found[field.name] = _from_text(field.name, text)
    return _checked(found)


def _from_file(file: Path, *, must_exist: bool) -> dict[str, Any]:
    if not must_exist and not os.path.lexists(file):
        return {}
    try:
        if not file.is_file() or file.stat().st_size > MAX_FILE_BYTES:
            raise ServingError(f"{file.name} is not a small text file: see docs/SERVING.md for what it may hold.")
        found = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise ServingError(f"{file.name} cannot be read ({getattr(error, 'strerror', None) or 'it is not UTF-8 text'}).") from None
    except tomllib.TOMLDecodeError as error:
        raise ServingError(f"{file.name} is not TOML: {_where(str(error))}") from None
    names = [field.name for field in fields(Serving)]
    for name in found:
        if name not in names:
            raise ServingError(f"{file.name} holds {name[:40]!r}, which is no setting of it: use {', '.join(names)}.")
    return found


def _where(error: str) -> str:
    """The parser's message, which says the line, as a sentence."""
    return f"{error[:200].rstrip('.')}."


def _from_text(name: str, text: str) -> Any:
    """The value in an environment variable, in the form in which the file would give it."""
    default = getattr(Serving(), name)
    if isinstance(default, bool):
        return {"true": True, "1": True, "false": False, "0": False}.get(text.strip().lower(), text)
    if isinstance(default, int):
        plain = text.strip().replace("_", "")
        return int(plain) if plain.isascii() and plain.isdecimal() and len(plain) < 12 else text
    return [part.strip() for part in text.split(",")] if isinstance(default, tuple) else text


def _checked(found: dict[str, Any]) -> Serving:
    for name, value in found.items():
        default = getattr(Serving(), name)
        if name == "mode":
            if value not in MODES:
                raise ServingError(f"mode is {str(value)[:40]!r} in {FILE} or {PREFIX}MODE: it can be {', '.join(map(repr, MODES))}.")
        elif isinstance(default, tuple):
            if not isinstance(value, list) or not all(isinstance(one, str) for one in cast("list[object]", value)):
                raise ServingError(f'{name} in {FILE} has to be a list of addresses, as in {name} = ["ada@example.org"].')
        elif isinstance(default, bool):
            if not isinstance(value, bool):
                raise ServingError(f"{name} in {FILE} has to be true or false.")
        elif isinstance(default, int):
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_COUNT:
                raise ServingError(f"{name} in {FILE} has to be a whole number from 0 (no limit) to {MAX_COUNT:,}.")
        elif not isinstance(value, str):
            raise ServingError(f'{name} in {FILE} has to be text in quotes, as in {name} = "…".')
    key = found.get("teacher_key", "")
    if key and len(key) < MIN_KEY:
        raise ServingError(f"teacher_key in {FILE} is too short to be a secret: use at least {MIN_KEY} letters and digits.")
    teachers = tuple(one.strip().casefold() for one in found.get("teachers", ()))
    values: dict[str, Any] = {**found, "teachers": teachers}
    return Serving(**values)
