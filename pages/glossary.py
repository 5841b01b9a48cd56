"""The Glossary page: every term of art in a sentence or two, with a link to the lesson in which one meets it."""

from __future__ import annotations

import streamlit as st

from pages.shared.frame import within_frame
from wgan_core.glossary import GROUPS, TERMS, Term
from wgan_core.lessons.catalog import LESSONS


def glossary() -> None:
    """A search field, the term that a link asked for, and all terms in groups."""
    st.title("Glossary")
    st.markdown("The words that the pages use, each in a sentence or two. On the other pages they are dotted: point at one to read it.")
    asked = next((term for term in TERMS if term.anchor == st.query_params.get("term")), None)
    if asked is not None:
        with st.container(border=True):
            st.markdown(_entry(asked))
    wanted = st.text_input("Find a word", placeholder="for example: estimate").strip().lower()
    found = 0
    for group in GROUPS:
        entries = [_entry(term) for term in group.terms if wanted in f"{term.name} {term.says} {' '.join(term.words)}".lower()]
        if entries:
            st.subheader(group.title)
            st.markdown("\n\n".join(entries))
        found += len(entries)
    if not found:
        st.info("No term has this word: try a shorter one, or look through the whole list with the field empty.")


def _entry(term: Term) -> str:
    lesson = f" [Lesson: {LESSONS[term.lesson].title}](./learn?lesson={term.lesson})" if term.lesson else ""
    return f"**{_plain(term.name)}**: {_plain(term.says)}{lesson}"


def _plain(text: str) -> str:
    """`text` without a meaning in Markdown."""
    return text.replace("_", r"\_").replace("*", r"\*").replace("~", r"\~")


within_frame()
glossary()
