"""The Glossary page, and the terms as the other pages get them."""

from __future__ import annotations

from pages.components.terms import as_data
from tests.app_page import page, texts
from wgan_core.glossary import TERMS
from wgan_core.lessons.catalog import LESSONS


def test_every_term_is_explained() -> None:
    shown = texts(page("glossary")).replace("\\", "")
    assert all(f"**{term.name}**: {term.says}" in shown for term in TERMS)
    assert all(f"./learn?lesson={term.lesson})" in shown for term in TERMS if term.lesson)


def test_a_link_to_a_term_shows_it_first() -> None:
    assert page("glossary", term="floor").markdown[1].value.startswith("**Floor**")
    assert len(page("glossary", term="no-such-term").markdown) == len(page("glossary").markdown)


def test_words_are_looked_for_also_in_the_explanations() -> None:
    test = page("glossary")
    test.text_input[0].set_value("  EARTH mover ").run()
    assert [element.value.split(":")[0] for element in test.markdown[1:]] == ["**W1**"]
    test.text_input[0].set_value("zzz").run()
    assert "No term has this word" in test.info[0].value


def test_pages_get_the_terms_that_they_mark_with_their_lessons() -> None:
    given = {str(term["name"]): term for term in as_data()}
    assert given.keys() == {term.name for term in TERMS if term.words}
    assert given["Clip value"]["title"] == LESSONS["clipping"].title
    assert given["Ledger"]["title"] == given["Ledger"]["lesson"] == ""
