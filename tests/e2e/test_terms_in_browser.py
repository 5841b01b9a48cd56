"""The glossary's terms in a real browser: dotted, explained at the pointer, and listed for those who use the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MARKED = "() => CSS.highlights.get('glossary-term')?.size > 0"
PLACE = """(word) => {
  for (const range of CSS.highlights.get('glossary-term')) {
    const box = range.getBoundingClientRect();
    if (range.toString() === word) return [box.x + box.width / 2, box.y + box.height / 2];
  }
}"""


def test_a_term_is_explained_where_it_occurs(streamlit_server: Callable[..., str], browser_page: Any) -> None:
    page = browser_page
    page.goto(streamlit_server())
    page.wait_for_function(MARKED)
    tip = page.get_by_role("tooltip")
    page.mouse.move(*page.evaluate(PLACE, "critic"))
    tip.wait_for()
    assert tip.inner_text().startswith("Critic: The network f that gives")
    lesson = tip.get_by_role("link", name="Lesson:")
    lesson.hover()  # the way from the word to the link does not close it
    assert tip.is_visible() and lesson.get_attribute("href") == "./learn?lesson=landscape"
    page.keyboard.press("Escape")
    assert tip.is_hidden()


def test_the_terms_of_a_page_are_listed_at_its_end(streamlit_server: Callable[..., str], browser_page: Any) -> None:
    page = browser_page
    page.goto(streamlit_server())
    page.wait_for_function(MARKED)
    words = page.get_by_role("region", name="Words on this page")
    words.get_by_role("button", name="Wasserstein estimate").focus()
    page.keyboard.press("Enter")
    assert words.get_by_role("status").inner_text().startswith("Wasserstein estimate: The gap between the critic's mean scores")
    # What the next page holds, is marked there, and nothing else.
    page.get_by_role("link", name="Laboratory").click()
    page.get_by_role("heading", name="Laboratory", exact=True).wait_for()
    words.get_by_text("The gap between the critic's mean scores").wait_for(state="detached")
    words.get_by_role("button", name="n_critic").wait_for()
