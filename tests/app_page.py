"""Opening a page of the app in a test."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.project import PROJECT


def page(name: str, **params: str) -> AppTest:
    """A page, opened with these URL parameters."""
    test = AppTest.from_file(str(PROJECT / "app.py"), default_timeout=30)
    for key, value in params.items():
        test.query_params[key] = value
    test.switch_page(f"pages/{name}.py")
    test.run()
    assert not test.exception, test.exception
    return test


def link(test: AppTest) -> dict[str, str]:
    """The page's URL parameters."""
    return {name: value if isinstance(value, str) else value[0] for name, value in dict(test.query_params).items()}
