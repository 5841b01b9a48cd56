"""Which data a link may name: it reads, shows and creates nothing elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from pages.shared import data_place
from tests.app_page import buttons, link, page, press, texts
from wgan_core.runs.manager import RunManager


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The data folder of this machine, and beside it what no link may open."""
    root = tmp_path / "data"
    (root / "uploads").mkdir(parents=True)
    (root / "uploads" / "stars.csv").write_text("x,y\n" + "".join(f"{row},{row % 3}\n" for row in range(20)))
    (tmp_path / "private.csv").write_text("1,2\n3,4\n5,6\n")
    (root / "way-out").symlink_to(tmp_path)
    monkeypatch.setenv("WGAN_DATA_ROOT", str(root))
    monkeypatch.setattr(data_place, "_trusted", set())
    yield root
    st.cache_resource.clear()


def everything(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*"))


@pytest.mark.parametrize(
    "named", ["{out}/private.csv", "../private.csv", "way-out/private.csv", "{root}/way-out/private.csv", "~/x.csv", "\x00"]
)
@pytest.mark.parametrize("name", ["train", "lab"])
def test_a_link_opens_nothing_outside_the_data_folder(manager: RunManager, data: Path, name: str, named: str) -> None:
    before = everything(data.parent)
    test = page(name, dataset="csv", data_root=named.format(out=data.parent, root=data))
    assert "3 points" not in texts(test) and "A link cannot open them by itself" in texts(test)
    assert everything(data.parent) == before


def test_a_link_opens_what_was_uploaded(manager: RunManager, data: Path) -> None:
    test = page("train", dataset="csv", data_root="uploads/stars.csv")
    assert "20 points." in texts(test) and not buttons(test, "Use these data")


def test_a_path_is_used_after_a_click_and_then_also_after_a_reload(manager: RunManager, data: Path) -> None:
    path = str(data.parent / "private.csv")
    test = page("train", dataset="csv", data_root=path)
    press(test, "Use these data")
    assert "3 points." in texts(test) and link(test)["data_root"] == path
    assert "3 points." in texts(page("train", dataset="csv", data_root=path))


def test_a_typed_path_stays_after_a_reload(manager: RunManager, data: Path) -> None:
    path = str(data.parent / "private.csv")
    test = page("train", dataset="csv")
    test.text_input(key="setup.data_root").set_value(path).run()
    assert "3 points." in texts(test) and "3 points." in texts(page("train", **link(test)))


@pytest.mark.parametrize("mode", ["class", "read only"])
def test_no_path_of_a_shared_server_is_typed_or_shown(manager: RunManager, data: Path, monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setenv("WGAN_MODE", mode)
    st.cache_resource.clear()
    for dataset in ("csv", "image-folder", "mnist"):
        test = page("train", dataset=dataset, data_root=str(data.parent / "private.csv"))
        assert "that are not on this server" in texts(test) and not buttons(test, "Use these data")
        assert not [one for one in test.text_input if one.key == "setup.data_root"]
    test = page("train", dataset="csv", data_root="uploads/stars.csv")
    assert "20 points." in texts(test) and link(test)["data_root"] == "uploads/stars.csv"
    assert str(data) not in str(test.main) and str(data) not in texts(test, helps=True)
    assert not data_place.may_be_read(str(data.parent / "private.csv")) and data_place.may_be_read(str(data / "uploads" / "stars.csv"))
