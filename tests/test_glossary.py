"""The glossary: one source for the pages and the document."""

from __future__ import annotations

import itertools

from tests.project import PROJECT
from wgan_core.glossary import TERMS, as_markdown
from wgan_core.lessons.catalog import LESSONS


def test_the_document_is_made_from_it() -> None:
    document = (PROJECT / "docs" / "GLOSSARY.md").read_text(encoding="utf-8")
    assert document == as_markdown(), "run: python -m wgan_core.glossary > docs/GLOSSARY.md"


def test_a_word_has_one_meaning() -> None:
    words = list(itertools.chain(*(term.words for term in TERMS)))
    assert len(set(words)) == len(words)
    assert len({term.anchor for term in TERMS}) == len(TERMS) and all(term.anchor for term in TERMS)


def test_an_explanation_is_short_and_a_lesson_is_there() -> None:
    for term in TERMS:
        assert 3 <= len(term.says.split()) <= 45, term.name
        assert term.says.endswith("."), term.name
        assert not term.lesson or term.lesson in LESSONS, term.name
