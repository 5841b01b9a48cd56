"""Pictures that are brought to the set-up form: kept, shown before the start, trained on, deleted."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.shared.data_place import trust
from tests.app_page import button, page, press, texts
from wgan_core.data.uploads import uploads
from wgan_core.runs.manager import RunManager
from wgan_core.runs.run import Run


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / "cache" / name))
    monkeypatch.delenv("WGAN_DATA_ROOT", raising=False)


def picture(seed: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (20, 40), dtype=np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def test_pictures_are_uploaded_shown_and_deleted(manager: RunManager) -> None:
    test = page("train", dataset="image-folder")
    files = [(f"{index}.png", picture(index), "image/png") for index in range(5)]
    test.file_uploader(key="setup-images").set_value([*files, ("broken.png", b"torn", "image/png")]).run()
    assert not test.exception and not test.error
    (upload,) = uploads()
    assert test.text_input(key="setup.data_root").value == str(upload.path)
    left_out = "1 file could not be read as an image of at most 50 megapixels and is left out: broken.png."
    assert f"5 images. What is faded is cut off: 50% on average. {left_out}" in texts(test)
    assert not button(test, "Start training").disabled
    test.selectbox(key="setup.fit").select("pad").run()
    assert f"5 images. {left_out}" in [caption.value for caption in test.caption]
    test.button(key=f"delete-{upload.path.name}").click().run()
    assert uploads() == [] and test.text_input(key="setup.data_root").value == "" and not test.exception


def packed(*names: str) -> bytes:
    """An archive of pictures; those called notes.png are none."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for index, name in enumerate(names):
            archive.writestr(name, b"no picture" if name == "notes.png" else picture(index))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("notes.png", b"no picture", "There is no image that can be read in …/pictures-"),
        ("one.zip", packed("a.png"), "There is one image that can be read in …/one-"),
    ],
)
def test_what_cannot_be_trained_on_is_not_started(manager: RunManager, endless: Run, name: str, content: bytes, why: str) -> None:
    test = page("train", dataset="image-folder", image_size="16")
    good = [(f"{index}.png", picture(index), "image/png") for index in range(3)]
    test.file_uploader(key="setup-images").set_value(good).run()
    press(test, "Start training")
    assert not button(test, "Add to the queue").disabled  # the device is busy
    test.file_uploader(key="setup-images").set_value([(name, content, "image/png")]).run()
    for label in ("Start training", "Add to the queue"):
        assert button(test, label).disabled and button(test, label).help.startswith(why), label
    assert test.error[0].value.startswith(why) and "1 images" not in texts(test) and "samples; below" not in texts(test)


def test_without_pictures_there_is_no_start(manager: RunManager) -> None:
    test = page("train", dataset="image-folder")
    assert button(test, "Start training").disabled
    assert "There are no pictures yet: upload some, or write the path of their folder." in texts(test)
    test.selectbox(key="setup.dataset").select("digits").run()
    assert not button(test, "Start training").disabled and "There are no pictures yet" not in texts(test)


def test_a_large_folder_can_be_started_although_its_first_files_are_no_pictures(
    manager: RunManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wgan_core.data.image_folder.MAX_OPENED", 3)
    for index in range(16):
        (tmp_path / f"{index:02}.png").write_bytes(picture(index) if index % 2 else b"no picture")
    trust(str(tmp_path))
    test = page("train", dataset="image-folder", data_root=str(tmp_path))
    assert "There is no image that can be read" in test.error[0].value
    assert not button(test, "Start training").disabled


def bring(test: AppTest, *files: tuple[str, bytes]) -> None:
    """Add files to those in the widget, which keeps its own with their ids."""
    widget = test.file_uploader(key="setup-images")
    kept = [(file.file_id, file.name, file.getvalue(), file.type) for file in test.session_state["setup-images"]]
    widget._files = [*kept, *((str(uuid4()), name, content, "") for name, content in files)]
    test.run()


def take_away(test: AppTest, name: str) -> None:
    """Press × on a file of the widget."""
    widget = test.file_uploader(key="setup-images")
    files = test.session_state["setup-images"]
    widget._files = [(file.file_id, file.name, file.getvalue(), file.type) for file in files if file.name != name]
    test.run()


def test_the_right_archive_replaces_a_wrong_upload(manager: RunManager) -> None:
    test = page("train", dataset="image-folder", image_size="16")
    bring(test, ("notes.png", b"no picture"))
    bring(test, ("empty.zip", packed()))
    assert "empty.zip holds no files" in test.error[0].value
    bring(test, ("right.zip", packed("a.png", "b.png", "c.png")))
    assert not test.error and "3 images." in texts(test) and not button(test, "Start training").disabled
    assert "right.zip replaced the other files in this list. They are not used; × removes them." in texts(test)
    take_away(test, "notes.png")
    take_away(test, "empty.zip")
    assert not test.error and "3 images." in texts(test) and "replaced the other files" not in texts(test)


def test_pictures_are_joined_and_replace_an_archive(manager: RunManager) -> None:
    test = page("train", dataset="image-folder", image_size="16")
    bring(test, ("set.zip", packed("a.png", "b.png", "c.png")))
    bring(test, ("1.png", picture(1)), ("2.png", picture(2)))
    assert not test.error and "2 images." in texts(test) and "1.png, 2.png replaced the other files" in texts(test)
    bring(test, ("3.png", picture(3)), ("4.png", picture(4)))
    assert "4 images." in texts(test) and "1.png, 2.png, 3.png and more replaced the other files" in texts(test)
    take_away(test, "2.png")
    assert "3 images." in texts(test)


def test_several_archives_at_once_say_what_to_press(manager: RunManager) -> None:
    test = page("train", dataset="image-folder")
    bring(test, ("a.zip", packed("a.png", "b.png")), ("b.zip", packed("a.png", "b.png", "c.png")))
    assert "press × on those that you do not want" in test.error[0].value
    take_away(test, "a.zip")
    assert not test.error and "3 images." in texts(test)


def test_a_bomb_is_refused_in_a_sentence(manager: RunManager) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(50_000_000))
    test = page("train", dataset="image-folder")
    test.file_uploader(key="setup-images").set_value([("bomb.zip", buffer.getvalue(), "application/zip")]).run()
    assert "bomb.zip holds a file that unpacks to 50 MB" in test.error[0].value and uploads() == []
    assert button(test, "Start training") is not None
