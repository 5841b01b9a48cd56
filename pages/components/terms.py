"""Explains the glossary's terms wherever they occur on a page: dotted, with an explanation at the pointer, and listed at the page's end."""

from __future__ import annotations

from streamlit.components.v2 import component

from pages.components.bundle import bundle
from pages.components.payload import HERE
from wgan_core.glossary import TERMS
from wgan_core.lessons.catalog import LESSONS

_component = component(
    "wgan_terms",
    html='<section class="terms" aria-label="Words on this page" hidden><h2>Words on this page</h2><ul></ul>'
    '<div class="says" role="status"></div></section>',
    css="""
        .terms { margin-top: 2rem; padding-top: 0.75rem; border-top: 1px solid var(--st-border-color); font-size: 0.875rem; }
        .terms[hidden] { display: none; }
        h2 { margin: 0 0 0.5rem; font-size: 0.875rem; font-weight: 600; }
        ul { display: flex; flex-wrap: wrap; gap: 0.25rem 0.9rem; margin: 0; padding: 0; list-style: none; }
        button { padding: 0.1rem 0; border: 0; background: none; color: inherit; font: inherit; cursor: pointer;
            text-decoration: underline dotted 1px; text-underline-offset: 0.2em; }
        button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
        button[aria-pressed="true"] { font-weight: 600; }
        .says { min-height: 1.4rem; margin-top: 0.5rem; max-width: 45rem; }
    """,
    js=bundle(HERE / "terms.js"),
)


def terms() -> None:
    """Explain the terms on this page. To be called once, after the page."""
    _component(key="terms", data={"terms": as_data()})


def as_data() -> list[dict[str, object]]:
    """The terms that are marked on pages, as terms.js needs them."""
    return [
        {
            "name": term.name,
            "says": term.says,
            "words": list(term.words),
            "anchor": term.anchor,
            "lesson": term.lesson,
            "title": LESSONS[term.lesson].title if term.lesson else "",
        }
        for term in TERMS
        if term.words
    ]
