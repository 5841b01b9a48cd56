"""Pictures that are brought to the set-up form: kept, shown before the start, trained on, deleted."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.app_page import button, page, texts
from wgan_core.data.uploads import uploads
from wgan_core.runs.manager import RunManager


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
    assert "5 images. What is faded is cut off: 50% on average." in texts(test)
    test.selectbox(key="setup.fit").select("pad").run()
    assert "5 images." in [caption.value for caption in test.caption]
    test.button(key=f"delete-{upload.path.name}").click().run()
    assert uploads() == [] and test.text_input(key="setup.data_root").value == "" and not test.exception


def test_a_bomb_is_refused_in_a_sentence(manager: RunManager) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(50_000_000))
    test = page("train", dataset="image-folder")
    test.file_uploader(key="setup-images").set_value([("bomb.zip", buffer.getvalue(), "application/zip")]).run()
    assert "bomb.zip holds a file that unpacks to 50 MB" in test.error[0].value and uploads() == []
    assert button(test, "Start training") is not None
