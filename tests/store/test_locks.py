"""Who uses a run folder."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from wgan_core.store.locks import is_held, is_read, reading, training_lock


def test_a_folder_is_held_while_something_trains_into_it(tmp_path: Path) -> None:
    assert not is_held(tmp_path)
    with training_lock(tmp_path):
        assert is_held(tmp_path)
    assert not is_held(tmp_path)


def test_a_folder_is_read_until_the_last_reader_has_ended(tmp_path: Path) -> None:
    assert not is_read(tmp_path)
    with reading(tmp_path):
        with reading(tmp_path):
            assert is_read(tmp_path)
        assert is_read(tmp_path)
    assert not is_read(tmp_path) and list(tmp_path.iterdir()) == []


def test_what_a_killed_reader_left_does_not_count(tmp_path: Path) -> None:
    (tmp_path / ".reading-0123abcd").touch()
    assert not is_read(tmp_path) and list(tmp_path.iterdir()) == []


def test_a_folder_that_is_gone_can_still_be_left(tmp_path: Path) -> None:
    with reading(tmp_path / "gone"):
        assert not is_read(tmp_path / "gone")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_in_a_strangers_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".reading-0123abcd").symlink_to(tmp_path / "mine")
    assert not is_read(tmp_path / "run")
    assert (tmp_path / "mine").read_text() == "precious"
