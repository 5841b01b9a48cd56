"""Messages of components that arrive after their component has left the page."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest


def late_message() -> None:
    from pages.components import moment_picture

    _, _, missing = moment_picture.message((1, b"a"), {}, store="run", cursor="c", key="gone", alt="", caption="")
    missing()  # as Streamlit calls it when another tab has been opened meanwhile


def test_a_message_of_a_picture_that_has_left_the_page_is_ignored() -> None:
    test = AppTest.from_function(late_message).run()
    assert not test.exception
