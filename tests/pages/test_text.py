"""Texts on the pages."""

from __future__ import annotations

import pytest

from pages.shared.text import as_plain


@pytest.mark.parametrize("text", ["digits, clip .05, n_critic 3, 7 more, #1", "walkthrough-mnist", "数字 (2)", "50 % + more", "a = b"])
def test_plain_texts_stay_as_they_are(text: str) -> None:
    assert as_plain(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("**bold** _it_", r"\*\*bold\*\* \_it\_"),
        ("[a](b) ![c](d)", r"\[a\](b) !\[c\](d)"),
        ("<b>x</b> &lt;", r"\<b\>x\</b\> \&lt;"),
        (":red[x] :material/home: :smile:", ":\u2060red\\[x\\] :\u2060material/home: :\u2060smile:"),
        ("$a$ `c` ~~d~~", r"\$a\$ \`c\` \~\~d\~\~"),
        ("# heading", r"\# heading"),
        ("- item", r"\- item"),
        ("1. item", r"1\. item"),
        ("> quote", r"\> quote"),
        ("a\\b", r"a\\b"),
        ("two\n\nlines", "two lines"),
    ],
)
def test_markdown_is_shown_and_not_followed(text: str, shown: str) -> None:
    assert as_plain(text) == shown
