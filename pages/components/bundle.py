"""Bundles a component's JavaScript into one text, because Streamlit takes it inline and inline modules cannot import each other.

The files are ordinary ES modules, which editors, TypeScript and Node read as they are. In the bundle each module becomes a function that is
called once and returns the module's exports, so two files may use the same name for different things. This is not a JavaScript parser: it
knows the few forms of `import` and `export` that the files use, each at the beginning of a line, and refuses all others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PAGES = Path(__file__).parents[1]
"""The folder that holds all modules."""

_COMMENT = re.compile(r"^[ \t]*(?://[^\n]*|/\*(?:(?!\*/).)*\*/[ \t]*)\n", re.MULTILINE | re.DOTALL)
_IMPORT = re.compile(r'\s*import \{([\w\s,$]*)\} from "([^"\n]*)";\n')
_EXPORT = re.compile(r"^export (const|class|function\*?|async function) (\w+)", re.MULTILINE)
_DEFAULT = re.compile(r"^export default function (\w+)", re.MULTILINE)
_REFUSED = re.compile(r"^.*(?:^\s*(?:import|export)\b|\bimport\s*[(.]).*$", re.MULTILINE)
_SEVERAL = re.compile(r"^(?:export )?const \w+ = [^;{}()\n]*,\s*\w+ = ", re.MULTILINE)
_NAME = re.compile(r"(\w+)(?: as (\w+))?")


class BundleError(ValueError):
    """The JavaScript cannot be bundled. The message names the file and the reason."""


@dataclass(frozen=True)
class _Module:
    body: str
    """The code without its imports and without the word `export`."""
    imports: list[tuple[Path, dict[str, str]]]
    """The imported files, each with a map from exported names to the names used here."""
    exports: dict[str, str]
    """A map from exported names to the names inside the module."""


def bundle(entry: Path, pages: Path = PAGES) -> str:
    """One self-contained ES module with the default export of `entry`. The same files always give the same text.

    Comment lines are left out, because Streamlit sends the text along with every message.

    Args:
        entry: the file whose default export is the component.
        pages: the folder that all imported files must be in.

    Raises:
        BundleError: a file is missing or outside `pages`, modules import each other in a circle, an imported name is not exported, or an
            `import` or `export` has a form that the bundler does not know.
    """
    modules: dict[Path, _Module] = {}
    _collect(entry.resolve(), pages.resolve(), modules, ())
    if "default" not in modules[entry.resolve()].exports:
        raise BundleError(f"{_named(entry, pages)} exports no default function, which Streamlit calls.")
    parts = [_wrapped(path, module, pages) for path, module in modules.items()]
    return "\n".join([*parts, f"export default {_variable(entry.resolve(), pages)}.default;\n"])


def _collect(path: Path, pages: Path, modules: dict[Path, _Module], importers: tuple[Path, ...]) -> None:
    """Add the module at `path` to `modules`, after everything that it imports."""
    if path in importers:
        circle = " imports ".join(_named(each, pages) for each in (*importers[importers.index(path) :], path))
        raise BundleError(f"These modules import each other in a circle: {circle}.")
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
        raise BundleError(f"{named} has a line that the bundler does not understand: {refused[0].strip()}")
    return _Module(body.strip(), imports, exports)


def _target(address: str, importer: Path, pages: Path) -> Path:
    """The file that an import refers to."""
    named = _named(importer, pages)
    if not address.startswith(("./", "../")) or not address.endswith(".js"):
        raise BundleError(f'{named} imports "{address}", but only relative paths that end with .js can be imported.')
    path = (importer.parent / address).resolve()
    if not path.is_relative_to(pages.resolve()):
        raise BundleError(f'{named} imports "{address}", which is outside the folder {pages.name}.')
    return path


def _names(text: str, named: str) -> dict[str, str]:
    """The names between the braces of an import: a map from exported names to the names used here."""
    names: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        if (found := _NAME.fullmatch(part)) is None:
            raise BundleError(f"{named} imports {part!r}, which is not a name.")
        names[found[1]] = found[2] or found[1]
    return names


def _wrapped(path: Path, module: _Module, pages: Path) -> str:
    """The module as the definition of a variable that holds its exports."""
    lines = [f"// {_named(path, pages)}", f"const {_variable(path, pages)} = (() => {{"]
    for imported, names in module.imports:
        taken = ", ".join(name if name == here else f"{name}: {here}" for name, here in names.items())
        lines.append(f"const {{ {taken} }} = {_variable(imported, pages)};")
    given = ", ".join(name if name == here else f"{name}: {here}" for name, here in module.exports.items())
    return "\n".join([*lines, module.body, f"return {{ {given} }};", "})();", ""])


def _variable(path: Path, pages: Path) -> str:
    """A variable name that belongs to this module only. It is unique because file names contain no $."""
    name = "$" + _named(path, pages).removesuffix(".js").replace("/", "$")
    if not re.fullmatch(r"[\w$]+", name) or name.count("$") != len(path.relative_to(pages.resolve()).parts):
        raise BundleError(f"{_named(path, pages)}: module names may contain letters, digits and underscores only.")
    return name


def _named(path: Path, pages: Path) -> str:
    """The path as it appears in messages."""
    path, pages = path.resolve(), pages.resolve()
    return path.relative_to(pages).as_posix() if path.is_relative_to(pages) else path.name
