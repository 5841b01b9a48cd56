"""Opening a page of the app in a test, reading it and pressing its buttons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from tests.project import PROJECT

# Above what the slowest page takes on a machine that is busy with other things.
SECONDS = 60


def page(name: str, session: Mapping[str, Any] | None = None, /, **params: str) -> AppTest:
    """A page, opened with these URL parameters. session: what its session holds before."""
    test = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=SECONDS)
    for key, value in params.items():
        test.query_params[key] = value
    for key, value in (session or {}).items():
        test.session_state[key] = value
    test.switch_page(f"pages/{name}.py")
    test.run()
    assert not test.exception, test.exception
    return test


def link(test: AppTest) -> dict[str, str]:
    """The page's URL parameters."""
    return {name: value if isinstance(value, str) else value[0] for name, value in dict(test.query_params).items()}


def texts(test: AppTest, *, helps: bool = False) -> str:
    """Everything the page says in words. helps: with what stands behind the question marks."""
    kinds = (test.markdown, test.caption, test.error, test.warning, test.info, test.success, test.title, test.header, test.subheader)
    elements = [element for kind in kinds for element in kind]
    return "\n".join(f"{element.value} {getattr(element, 'help', '') or ''}" if helps else str(element.value) for element in elements)


def buttons(test: AppTest, label: str) -> list[Button]:
    """Those whose label is `label`; where there is none, those whose label holds it."""
    exact = [button for button in test.button if button.label == label]
    return exact or [button for button in test.button if label in button.label]


def button(test: AppTest, label: str) -> Button:
    found = buttons(test, label)
    assert found, f"no button {label!r} among {[button.label for button in test.button]}"
    return found[0]


def press(test: AppTest, label: str) -> None:
    button(test, label).click().run()
    assert not test.exception, test.exception
