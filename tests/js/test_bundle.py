"""A component's JavaScript as one text: scopes of their own, and nothing but what the bundler knows."""

from __future__ import annotations

from pathlib import Path

import pytest

from pages.components.bundle import PAGES, BundleError, bundle
from tests.js.node_runner import needs_node, node

COMPONENTS = sorted(path for path in PAGES.rglob("*.js") if "\nexport default function " in path.read_text(encoding="utf-8"))


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """An empty folder for modules; next to it lies one that is none of theirs."""
    (tmp_path / "outside.js").write_text("export const x = 1;\n")
    folder = tmp_path / "pages"
    folder.mkdir()
    return folder


def write(folder: Path, **modules: str) -> Path:
    """Write modules by name, a_b as a/b.js. Returns the path of `entry`."""
    for name, text in modules.items():
        path = folder / f"{name.replace('__', '/')}.js"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder / "entry.js"


def value(text: str, folder: Path) -> str:
    """What the default export of a bundle returns, run by Node."""
    path = folder / "bundle.mjs"
    path.write_text(text)
    return node("--input-type=module", "-e", f'import main from "{path.as_uri()}"; process.stdout.write(String(main()));')


@needs_node
def test_each_module_has_a_scope_of_its_own(pages: Path) -> None:
    entry = write(
        pages,
        parts__a='const kept = "a";\nexport function fromA() {\n  return kept;\n}\n',
        parts__b='import { fromA as other } from "./a.js";\n\nconst kept = "b";\nexport const fromB = () => other() + kept;\n',
        entry='import { fromA } from "./parts/a.js";\nimport {\n  fromB,\n} from "./parts/b.js";\n\nconst kept = "c";\n'
        "export default function main() {\n  return fromA() + fromB() + kept;\n}\n",
    )
    assert value(bundle(entry, pages), pages) == "aabc"


@needs_node
def test_what_several_import_is_there_once(pages: Path) -> None:
    entry = write(
        pages,
        count="export const counts = { made: 0 };\ncounts.made += 1;\nexport class Counter {}\nexport async function later() {}\n",
        one='import { counts } from "./count.js";\nexport const one = counts;\n',
        two='import { Counter, counts } from "./count.js";\nexport const two = counts;\nexport const made = new Counter();\n',
        entry='import { one } from "./one.js";\nimport { two } from "./two.js";\n'
        "export default function main() {\n  return `${one === two} ${one.made}`;\n}\n",
    )
    assert value(bundle(entry, pages), pages) == "true 1"
    assert bundle(entry, pages).count("class Counter") == 1


def test_only_lines_that_are_comments_are_left_out(pages: Path) -> None:
    entry = write(
        pages,
        entry="// one\n/** two\n * import { x } from nowhere\n */\nexport default function main() {\n  // three\n"
        '  const url = "http://four"; // five\n  /* six */ const list = /** @type {const} */ ([url]);\n  /* seven */\n  return list;\n}\n',
    )
    text = bundle(entry, pages)
    assert text == bundle(entry, pages)
    assert not [word for word in ("one", "two", "three", "seven") if word in text]
    assert all(word in text for word in ('"http://four"; // five', "/* six */ const list = /** @type {const} */ ([url]);"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('import { x } from "../outside.js";', "outside the folder pages"),
        ('import { x } from "./gone.js";', "gone.js cannot be read"),
        ('import { x } from "lodash";', "only relative paths that end with .js"),
        ('import { y } from "./a.js";', "imports y, which a.js does not export"),
        ('import { b c } from "./a.js";', "imports 'b c', which is not a name"),
        *(
            (line, "entry.js has a line that the bundler does not understand")
            for line in (
                'import { b-c } from "./a.js";',
                'import * as all from "./a.js";',
                'import a from "./a.js";',
                'import "./a.js";',
                'const early = 1;\nimport { x } from "./a.js";',
                "export let x = 1;",
                "export { x };",
                'export * from "./a.js";',
                "export default 1;",
                "  export const x = 1;",
                'const a = await import("./a.js");',
                "const here = import.meta.url;",
                "export const a = 1, b = 2;",
                "export const { a } = {};",
            )
        ),
    ],
)
def test_everything_else_is_refused(pages: Path, line: str, message: str) -> None:
    entry = write(pages, a="export const x = 1;\n", entry=f"{line}\nexport default function main() {{}}\n")
    with pytest.raises(BundleError, match=message):
        bundle(entry, pages)


def test_circles_are_refused(pages: Path) -> None:
    entry = write(
        pages,
        a='import { b } from "./b.js";\nexport const a = 1;\n',
        b='import { a } from "./a.js";\nexport const b = 1;\n',
        entry='import { a } from "./a.js";\nexport default function main() {}\n',
    )
    with pytest.raises(BundleError, match=r"^These modules import each other in a circle: a.js imports b.js imports a.js.$"):
        bundle(entry, pages)


def test_a_component_has_a_default_function(pages: Path) -> None:
    with pytest.raises(BundleError, match="entry.js exports no default function"):
        bundle(write(pages, entry="export const x = 1;\n"), pages)


def test_names_of_modules_make_variables(pages: Path) -> None:
    with pytest.raises(BundleError, match="my-file.js: module names may contain letters, digits and underscores only"):
        bundle(write(pages, **{"my-file": "export default function main() {}\n"}).with_name("my-file.js"), pages)


@needs_node
@pytest.mark.parametrize("path", COMPONENTS, ids=lambda path: path.stem)
def test_every_component_is_a_module_with_a_default_function(path: Path, tmp_path: Path) -> None:
    made = tmp_path / "bundle.mjs"
    made.write_text(bundle(path), encoding="utf-8")
    script = f'const all = await import("{made.as_uri()}"); process.stdout.write(Object.keys(all) + typeof all.default);'
    assert node("--input-type=module", "-e", script) == "defaultfunction"


def test_all_modules_belong_to_a_component() -> None:
    bundles = "".join(bundle(path) for path in COMPONENTS)
    modules = {path.relative_to(PAGES).as_posix() for path in PAGES.rglob("*.js")} - {"shared/address.js"}  # a script of the frame
    modules = {path.relative_to(PAGES).as_posix() for path in PAGES.rglob("*.js")} - {"shared/address.js"}  # a script of the frame
    assert len(COMPONENTS) > 12
    assert [name for name in modules if f"// {name}\n" not in bundles] == []
