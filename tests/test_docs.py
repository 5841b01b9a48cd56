"""The documents lead where they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.project import PROJECT

DOCUMENTS = [*PROJECT.glob("*.md"), *(PROJECT / "docs").glob("*.md"), *(PROJECT / ".github").rglob("*.md")]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_within_the_project_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)]+)\)", document.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (document.parent / link.split("#")[0]).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_tables_are_tables(document: Path) -> None:
    """Every line of a table stands below its head, and has as many cells."""
    lines = [re.sub(r"`[^`]*`|\\\|", "", line) for line in document.read_text(encoding="utf-8").splitlines()]
    cells, wrong = 0, list[str]()
    for number, line in enumerate(lines):
        if not line.startswith("|"):
            cells = 0
            continue
        if not cells and not re.fullmatch(r"\|(?: ?:?-+:? ?\|)+", lines[number + 1]):
            wrong.append(f"{number + 1}: no head above")
        cells = cells or line.count("|")
        if line.count("|") != cells:
            wrong.append(f"{number + 1}: {line.count('|') - 1} cells, not {cells - 1}")
    assert wrong == []


def test_the_files_that_contributing_names_are_there() -> None:
    text = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:wgan_core|pages|tests)/[\w/.]*)`", text)
    named = [name for name in named if "NAME" not in name]
    assert len(named) > 20
    assert [name for name in named if not (PROJECT / name).exists()] == []


def test_every_term_of_the_glossary_is_explained_once() -> None:
    lines = [line for line in (PROJECT / "docs" / "GLOSSARY.md").read_text(encoding="utf-8").splitlines() if line.startswith("- ")]
    terms = [line.split(":")[0] for line in lines]
    assert len(terms) > 60 and len(set(terms)) == len(terms)
    assert all(re.match(r"- \*\*.+\*\*.*: \S", line) or ". **" in line for line in lines)
