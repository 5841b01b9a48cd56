"""A component's JavaScript as one text: Streamlit takes it inline, and inline modules cannot import each other.

The files are ordinary ES modules, which editors, TypeScript and Node read as they are. Here each becomes a function that is called once
and returns what the module exports, so that two files may each have a `kept`. This is no JavaScript parser: it knows the few forms of
`import` and `export` that the files use, each at the beginning of a line, and refuses all others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PAGES = Path(__file__).parents[1]
"""Modules lie in this folder."""

_COMMENT = re.compile(r"^[ \t]*(?://[^\n]*|/\*(?:(?!\*/).)*\*/[ \t]*)\n", re.MULTILINE | re.DOTALL)
_IMPORT = re.compile(r'\s*import \{([\w\s,$]*)\} from "([^"\n]*)";\n')
_EXPORT = re.compile(r"^export (const|class|function\*?|async function) (\w+)", re.MULTILINE)
_DEFAULT = re.compile(r"^export default function (\w+)", re.MULTILINE)
_REFUSED = re.compile(r"^.*(?:^\s*(?:import|export)\b|\bimport\s*[(.]).*$", re.MULTILINE)
_SEVERAL = re.compile(r"^(?:export )?const \w+ = [^;{}()\n]*,\s*\w+ = ", re.MULTILINE)
_NAME = re.compile(r"(\w+)(?: as (\w+))?")


class BundleError(ValueError):
    """The JavaScript cannot be put together. The message says which file and what about it."""


@dataclass(frozen=True)
class _Module:
    body: str
    """Without imports, and without the word `export`."""
    imports: list[tuple[Path, dict[str, str]]]
    """From which file, and under which name each of its exports is used here."""
    exports: dict[str, str]
    """What it exports, and the name of that within the module."""


def bundle(entry: Path, pages: Path = PAGES) -> str:
    """One ES module that has the default export of `entry` and needs no other. The same files give the same text.

    Lines that are comments are left out: Streamlit sends the text along with every message.

    Args:
        entry: a file whose default export is the component.
        pages: the folder that no import may lead out of.

    Raises:
        BundleError: a file is missing or outside of `pages`, imports go round in a circle, an imported name is not exported, or an
            `import` or `export` is written in another way than the bundler knows.
    """
    modules: dict[Path, _Module] = {}
    _collect(entry.resolve(), pages.resolve(), modules, ())
    if "default" not in modules[entry.resolve()].exports:
        raise BundleError(f"{_named(entry, pages)} exports no default function, which Streamlit calls.")
    parts = [_wrapped(path, module, pages) for path, module in modules.items()]
    return "\n".join([*parts, f"export default {_variable(entry.resolve(), pages)}.default;\n"])


def _collect(path: Path, pages: Path, modules: dict[Path, _Module], importers: tuple[Path, ...]) -> None:
    """Add the module at `path` to `modules`, after all that it imports."""
    if path in importers:
        circle = " imports ".join(_named(each, pages) for each in (*importers[importers.index(path) :], path))
        raise BundleError(f"Imports go round in a circle: {circle}.")
    if path in modules:
        return
    module = _read(path, pages)
    for imported, names in module.imports:
        _collect(imported, pages, modules, (*importers, path))
        for name in names:
            if name not in modules[imported].exports:
                raise BundleError(f"{_named(path, pages)} imports {name}, which {_named(imported, pages)} does not export.")
    modules[path] = module


def _read(path: Path, pages: Path) -> _Module:
    named = _named(path, pages)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise BundleError(f"{named} cannot be read.") from error
    rest = _COMMENT.sub("", text.replace("\r\n", "\n"))
    imports: list[tuple[Path, dict[str, str]]] = []
    while found := _IMPORT.match(rest):
        imports.append((_target(found[2], path, pages), _names(found[1], named)))
        rest = rest[found.end() :]
    exports = {found[2]: found[2] for found in _EXPORT.finditer(rest)}
    if (default := _DEFAULT.search(rest)) is not None:
        exports["default"] = default[1]
    body = _EXPORT.sub(r"\1 \2", _DEFAULT.sub(r"function \1", rest))
    if (refused := _REFUSED.search(body) or _SEVERAL.search(body)) is not None:
        raise BundleError(f"{named} has a line that the bundler does not know: {refused[0].strip()}")
    return _Module(body.strip(), imports, exports)


def _target(address: str, importer: Path, pages: Path) -> Path:
    """The file that an import names."""
    named = _named(importer, pages)
    if not address.startswith(("./", "../")) or not address.endswith(".js"):
        raise BundleError(f'{named} imports "{address}": only relative paths that end with .js can be.')
    path = (importer.parent / address).resolve()
    if not path.is_relative_to(pages.resolve()):
        raise BundleError(f'{named} imports "{address}", which is outside of the folder {pages.name}.')
    return path


def _names(text: str, named: str) -> dict[str, str]:
    """What stands between the braces of an import: the exported names, each with the one it gets here."""
    names: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        if (found := _NAME.fullmatch(part)) is None:
            raise BundleError(f"{named} imports {part!r}, which is no name.")
        names[found[1]] = found[2] or found[1]
    return names


def _wrapped(path: Path, module: _Module, pages: Path) -> str:
    """The module as a variable that holds its exports."""
    lines = [f"// {_named(path, pages)}", f"const {_variable(path, pages)} = (() => {{"]
    for imported, names in module.imports:
        taken = ", ".join(name if name == here else f"{name}: {here}" for name, here in names.items())
        lines.append(f"const {{ {taken} }} = {_variable(imported, pages)};")
    given = ", ".join(name if name == here else f"{name}: {here}" for name, here in module.exports.items())
    return "\n".join([*lines, module.body, f"return {{ {given} }};", "})();", ""])


def _variable(path: Path, pages: Path) -> str:
    """A name for the module that no other has: file names hold no $."""
    name = "$" + _named(path, pages).removesuffix(".js").replace("/", "$")
    if not re.fullmatch(r"[\w$]+", name) or name.count("$") != len(path.relative_to(pages.resolve()).parts):
        raise BundleError(f"{_named(path, pages)}: names of modules are of letters, digits and underscores.")
    return name


def _named(path: Path, pages: Path) -> str:
    """The path as messages name it."""
    path, pages = path.resolve(), pages.resolve()
    return path.relative_to(pages).as_posix() if path.is_relative_to(pages) else path.name
