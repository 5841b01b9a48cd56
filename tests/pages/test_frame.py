"""Every page of the navigation, opened without a browser."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from pages.shared import frame
from tests.app_page import SECONDS, page
from tests.project import PROJECT
from wgan_core.runs.manager import RunManager


def pages_of_the_navigation() -> list[str]:
    """The files that the navigation has, as it gives them to Streamlit."""
    given: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frame.st, "session_state", {})
        patch.setattr(frame.st, "set_page_config", lambda **_: None)
        patch.setattr(frame.st, "html", lambda _, **__: None)
        patch.setattr(frame.st, "Page", lambda file, **_: file)
        patch.setattr(frame.st, "navigation", lambda pages, **_: given.extend(pages) or SimpleNamespace(url_path=""))
        frame.navigation()
    return given


NAMES = [Path(file).stem for file in pages_of_the_navigation()]


def test_the_navigation_has_every_file_of_the_folder() -> None:
    assert sorted(pages_of_the_navigation()) == sorted(str(file.relative_to(PROJECT)) for file in (PROJECT / "pages").glob("*.py"))


@pytest.mark.parametrize("name", NAMES)
def test_every_page_opens_with_no_run_at_all(manager: RunManager, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    ran: list[str] = []
    monkeypatch.setattr(frame, "within_frame", lambda: ran.append(Path(sys._getframe(1).f_code.co_filename).stem))
    test = page(name)
    assert ran == [name]  # it, and not the page that Streamlit takes where it knows none of this name
    assert len(test.main) > 0 and not test.error and not test.warning


@pytest.mark.parametrize("name", NAMES)
def test_a_page_opened_by_its_address_first_gets_its_frame(manager: RunManager, name: str) -> None:
    """Streamlit runs a file in pages/ alone until st.navigation has been called once."""
    test = AppTest.from_file(str(PROJECT / "pages" / f"{name}.py"), default_timeout=SECONDS)
    called: list[str] = []

    def rerun() -> None:
        called.append("rerun")
        st.stop()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("pages.shared.frame.navigation", lambda: called.append("navigation"))
        patch.setattr("pages.shared.frame.st.rerun", rerun)
        test.run()
    assert called == ["navigation", "rerun"] and not test.exception and not test.title
