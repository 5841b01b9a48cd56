"""CSV files of points."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from wgan_core.config import TrainConfig
from wgan_core.data import cache_folder, point_file
from wgan_core.data.dataset import DataError
from wgan_core.data.load import load_dataset
from wgan_core.data.point_file import keep_upload


def read(tmp_path: Path, content: str | bytes) -> torch.Tensor:
    """The points of a file with that content, as a run gets them."""
    file = tmp_path / "points.csv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return load_dataset(TrainConfig(dataset="csv", data_root=str(file))).data


EXPECTED = [[-2.0, -0.5], [2.0, 0.5], [0.0, 0.0]]  # of (10, 20), (18, 22), (14, 21): middle (14, 21), factor 2


@pytest.mark.parametrize(
    "content",
    [
        "10,20\n18,22\n14,21\n",
        "10,20\n18,22\n14,21",
        "x,y\n10,20\n18,22\n14,21\n",
        "longitude;latitude\r\n10;20\r\n18;22\r\n14;21\r\n",
        "\ufeffx\ty\n10\t20\n18\t22\n14\t21\n",
        "\ufeff10,20\n18,22\n14,21\n",
        "10 20\n\n18   22\n  \n14 21\n\n",
        " 1e1 , 20.0 \r18,22\r14.0,2.1E1\r",
    ],
    ids=[
        "plain",
        "no newline at the end",
        "headings",
        "semicolons, Windows",
        "tabs, byte order mark",
        "byte order mark, no headings",
        "spaces, empty lines",
        "old Mac",
    ],
)
def test_two_columns_however_they_are_written(tmp_path: Path, content: str) -> None:
    points = read(tmp_path, content)
    assert points.dtype == torch.float32
    np.testing.assert_allclose(points, EXPECTED, atol=1e-6)


def test_the_longer_side_reaches_from_minus_2_to_2_and_the_shape_stays(tmp_path: Path) -> None:
    points = np.random.default_rng(0).normal((1e6, -3.0), (50.0, 400.0), (500, 2))
    scaled = read(tmp_path, "\n".join(f"{x:.17g},{y:.17g}" for x, y in points)).numpy().astype(float)
    assert scaled.min(0)[1] == pytest.approx(-2) and scaled.max(0)[1] == pytest.approx(2)
    assert scaled.max(0)[0] == pytest.approx(-scaled.min(0)[0], abs=1e-5)
    np.testing.assert_allclose(np.diff(scaled, axis=0), np.diff(points, axis=0) / np.ptp(points[:, 1]) * 4, atol=1e-5)


def test_the_note_gives_the_way_back(tmp_path: Path) -> None:
    file = tmp_path / "stars.csv"
    file.write_text("10,20\n18,22\n14,21\n")
    data = load_dataset(TrainConfig(dataset="csv", data_root=str(file)))
    assert data.kind == "points" and data.name == "csv" and data.source == str(file)
    (note,) = data.notes
    assert "stars.csv" in note and "x' = (x - 14) / 2, y' = (y - 21) / 2" in note


def test_numbers_near_the_end_of_the_range(tmp_path: Path) -> None:
    np.testing.assert_allclose(read(tmp_path, "-1.5e308,0\n1.5e308,0\n"), [[-2, 0], [2, 0]])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("1\n2\n3\n", "Line 1 of points.csv has 1 column: each line should be two numbers, x and y"),
        ("x,y,z\n1,2,3\n4,5,6\n", "Line 2 of points.csv has 3 columns: "),
        ("1,2\n3,4\n5\n", "Line 3 of points.csv has 1 column: "),
        ("x,y\n1,2\n\n3,four\n", "Line 4 of points.csv is not two finite numbers: "),
        ("1,two\n3,4\n5,6\n", "Line 1 of points.csv is not two finite numbers: "),
        ("nan,nan\n1,2\n", "points.csv holds 1 points, "),
        ("1,2\n3,inf\n", "Line 2 of points.csv is not two finite numbers: "),
        ("1,2\n3,1e999\n", "Line 2 of points.csv is not two finite numbers: "),
        ("", "points.csv holds 0 points, one per line: it should hold from 2 to 1,000,000."),
        ("x,y\n", "points.csv holds 0 points, "),
        ("x,y\n1,2\n", "points.csv holds 1 points, "),
        ("1,2\n1,2\n1,2\n", "All points in points.csv are the same, so there is nothing to learn: add different ones."),
        (b"\xff\xfe\x00\x01", "points.csv cannot be read (it is not text): save it as CSV text in UTF-8."),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(tmp_path: Path, content: str | bytes, sentence: str) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, content)
    assert str(caught.value).startswith(sentence) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        "secret-1\nsecret-2\n",
        "secret-1,secret-2\n3,4\n5,secret-3\n",
        "1,2\nsecret-1,secret-2\n",
        "secret-1 secret-2 secret-3\n",
        "secret-1\n",
        "secret-1,2\n",
        b"secret-1\xff\n",
        b"\xffsecret-1",
        "777,secret-1\n777,3\n",
        "777,777\n777,777\n",
        "777,777e777\n1,2\n",
    ],
)
def test_a_refusal_quotes_nothing_of_the_file(tmp_path: Path, content: str | bytes) -> None:
    """A link names the file, so whoever follows it, or sends it, would read what the server can."""
    with pytest.raises(DataError) as caught:
        read(tmp_path, content)
    assert "secret" not in str(caught.value) and "777" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("", "csv needs a file of points: upload one on the Train page, or write its path into the data folder setting."),
        ("/no/such/points.csv", "There is no file /no/such/points.csv: write the path of a CSV file"),
        (".", "There is no file .: write the path of a CSV file"),
        ("~nobody-of-that-name/p.csv", "There is no file ~nobody-of-that-name/p.csv: "),
        ("p" * 3000, f"{'p' * 3000} cannot be read (File name too long): save it as CSV text in UTF-8."),
    ],
)
def test_a_file_that_is_not_there_is_one_sentence(file: str, sentence: str) -> None:
    with pytest.raises(DataError) as caught:
        load_dataset(TrainConfig(dataset="csv", data_root=file))
    assert str(caught.value).startswith(sentence)


def test_too_many_points_or_bytes_are_refused_before_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(point_file, "MAX_POINTS", 3)
    assert len(read(tmp_path, "x,y\n1,2\n3,4\n5,6\n")) == 3
    with pytest.raises(DataError, match="^points.csv holds 4 points, one per line: it should hold from 2 to 3.$"):
        read(tmp_path, "1,2\n3,4\n5,6\n7,8")
    with pytest.raises(DataError, match="^points.csv has more than 3 lines: keep at most 3 points.$"):
        read(tmp_path, "\n" * 106)
    monkeypatch.setattr(point_file, "MAX_BYTES", 10)
    with pytest.raises(DataError, match="^points.csv has more than 0 MB"):
        read(tmp_path, "1,2\n3,4\n5,6\n7,8")


def test_a_file_has_no_held_out_part(tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_text("1,2\n3,4\n")
    with pytest.raises(DataError, match="no held-out part"):
        load_dataset(TrainConfig(dataset="csv", data_root=str(tmp_path / "points.csv")), held_out=True)


def test_an_upload_is_kept_under_its_name_and_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WGAN_DATA_ROOT", raising=False)
    monkeypatch.setattr(cache_folder.platformdirs, "user_cache_dir", lambda name: str(tmp_path / name))
    first = keep_upload("../my stars.csv", b"1,2\n3,4\n")
    assert first.parent == tmp_path / "wgan-playground" / "data" / "uploads" and first.name.startswith("my-stars-")
    assert first.suffix == ".csv" and first.read_bytes() == b"1,2\n3,4\n"
    assert keep_upload("../my stars.csv", b"1,2\n3,4\n") == first
    other = keep_upload("my stars.csv", b"1,2\n3,5\n")
    assert other != first and first.read_bytes() == b"1,2\n3,4\n"
    assert keep_upload("...", b"1,2\n").name.startswith("points-")
    assert len(list(first.parent.iterdir())) == 3


def test_an_upload_that_cannot_be_kept_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WGAN_DATA_ROOT", raising=False)
    (tmp_path / "wgan-playground").write_text("a file where a folder should be")
    monkeypatch.setattr(cache_folder.platformdirs, "user_cache_dir", lambda name: str(tmp_path / name))
    with pytest.raises(DataError, match="^The upload cannot be saved in .*uploads .*: free some space there.$"):
        keep_upload("stars.csv", b"1,2\n3,4\n")
