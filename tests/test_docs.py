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
