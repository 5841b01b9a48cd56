"""Tables of points as other programs write them: read with the right numbers, or refused with the cause and the way out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from wgan_core.config import TrainConfig
from wgan_core.data.dataset import DataError
from wgan_core.data.load import load_dataset
from wgan_core.data.point_text import read_table
from wgan_core.forecast.input_check import check_own_data

POINTS = [[0.5, -1.25], [1234.5, 2.0], [-3.0, 0.125], [4.0, 8.0]]


def points(text: str) -> list[list[float]]:
    return read_table("points.csv", text, 1000).points.tolist()


def lines(form: str) -> str:
    """The four points, each written in that form."""
    return "\n".join(form.format(x=x, y=y, n=n, m=n + 1) for n, (x, y) in enumerate(POINTS)) + "\n"


def comma(text: str) -> str:
    return text.replace(".", ",")


@pytest.mark.parametrize(
    "text",
    [
        lines("{x},{y}"),
        ",x,y\n" + lines("{n},{x},{y}"),
        '"","x","y"\n' + lines('"{m}",{x},{y}'),
        '"x","y"\n' + lines('"row{m}",{x},{y}'),
        "index,x,y\n" + lines("{n},{x},{y}"),
        lines("{m};{x};{y}"),
        '"x","y"\n' + lines('"{x}","{y}"'),
        "# x y\n" + lines("{x:.18e} {y:.18e}"),
        "% made by a program\n% x y\n" + lines("{x}\t{y}"),
        "x,y # metres\n" + lines("{x},{y}"),
        "x;y\n" + comma(lines("{x};{y}")),
        comma(lines("{x}\t{y}")),
        '"x","y"\n' + comma(lines('"{x}"|"{y}"')).replace("|", ","),
        "x;y\n" + comma(lines("{x:.3f};{y:.3f}")).replace("1234,500", "1.234,500"),
        "x;y\n" + comma(lines("{x:.4f};{y:.4f}")).replace("1234,5", "1 234,5"),
        "x;y\n" + comma(lines("{x:.4f};{y:.4f}")).replace("1234,5", "1\u00a0234,5"),
        "x;y\n" + lines("{x};{y}").replace("1234.5", "1,234.5"),
        "x,y\n" + lines('"{x}","{y}"').replace("1234.5", "1,234.5"),
        "x\ty\n" + lines("{x}\t{y}").replace("1234.5", "1'234.5"),
        "sep=;\nx;y\n" + lines("{x};{y}"),
        "Measured on Monday\nx,y\ncm,cm\n" + lines("{x},{y}"),
        lines("{x},{y},"),
        "x,y,\n" + lines("{x},{y},"),
        "[" + lines("[{x}, {y}]") + "",
        "{{" + lines("{{{x}, {y}}}"),
        lines("({x}, {y})"),
        lines("{x}, {y}").replace("0.5", "5.*^-1"),
        lines("{x} {y}").replace("0.5", "5.0D-01"),
        lines("{x};{y}").replace("-", "−"),
        "lon,name,lat\n" + lines("{x},town,{y}"),
        "id;x;y;w\n" + lines("7;{x};{y};1"),
        lines("{x}|{y}"),
        "! Fortran\n" + lines("   {x}    {y}"),
    ],
)
def test_however_it_is_written_the_numbers_are_the_same(text: str) -> None:
    np.testing.assert_allclose(points(text), POINTS)


@pytest.mark.parametrize("missing", ["NA", "NaN", "", "null", "#N/A", "-", "None"])
def test_lines_with_a_missing_number_are_left_out_and_counted(missing: str) -> None:
    table = read_table("points.csv", f"x,y\n1,2\n{missing},3\n4,{missing}\n5,6\n", 1000)
    assert table.points.tolist() == [[1, 2], [5, 6]]
    assert table.notes == ["2 lines of points.csv with a missing number were left out."]


def test_columns_are_chosen_by_their_names_and_that_is_said() -> None:
    table = read_table("p.csv", "time,y,x\n3,1,2\n1,3,4\n2,5,6\n", 1000)
    assert table.points.tolist() == [[2, 1], [4, 3], [6, 5]]
    assert table.notes == ["p.csv has 3 columns: those called x and y were used."]
    assert read_table("p.csv", ",x,y\n0,1,2\n1,3,4\n", 1000).notes == ["The first column of p.csv numbers the lines, so it was left out."]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0,1257,-0,1321\n0,5,0,25\n", "Line 1 of p.csv has 4 columns: .*decimal commas, write a semicolon between"),
        (
            "1,234;2,345\n3,456;4,567\n",
            "In p.csv it is not clear whether commas .* stand for decimals or for thousands: save it",
        ),
        ("x,y,z\n1,2,3\n4,5,6\n", "Line 2 of p.csv has 3 columns: .* Keep two columns, or call them x and y in a first line"),
        ("1,2\n3,4\n5 cm,6\n", "Line 3 of p.csv is not two finite numbers: each line should be two numbers"),
        ("1,2\n3,inf\n", "Line 2 of p.csv is not two finite numbers: one is infinite or too large. Remove that line."),
        ("1,2\n3,1_000\n", "Line 2 of p.csv is not two finite numbers"),
        ("1,2\nx,y\n3,4\n", "Line 2 of p.csv is not two finite numbers"),
        ("1,2\n3,4,5\n", "Line 2 of p.csv has 3 columns"),
        ("x,y\nNA,NA\n", "Line 2 of p.csv is not two finite numbers: .* No other line of it is."),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_cause(text: str, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence) as caught:
        read_table("p.csv", text, 1000)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"PK\x03\x04 and more", "it is an Excel workbook or an archive"),
        (b"\x89PNG\r\n\x1a\n", "it is a picture"),
        (b"\x1f\x8b\x08", "it is packed"),
        (b"1,2\n3,\x00\n", "it is not text"),
    ],
)
def test_files_that_are_no_tables_say_what_they_are(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "p.csv").write_bytes(content)
    with pytest.raises(DataError, match=f"p.csv cannot be read .{sentence}.: save it as CSV text"):
        load_dataset(TrainConfig(dataset="csv", data_root=str(tmp_path / "p.csv")))


@pytest.mark.parametrize("encoding", ["utf-16", "cp1252", "utf-8-sig"])
def test_encodings_of_spreadsheets(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "p.csv").write_bytes("Länge;Höhe\n0,5;1\n1,5;3\n1;2\n".encode(encoding))
    data = load_dataset(TrainConfig(dataset="csv", data_root=f" '{tmp_path / 'p.csv'}' ")).data
    np.testing.assert_allclose(data, [[-1, -2], [1, 2], [0, 0]], atol=1e-6)


def test_a_numpy_array_of_points(tmp_path: Path) -> None:
    np.save(tmp_path / "p.npy", np.array([[0.5, 1], [1.5, 3], [np.nan, 2], [1, 2]]))
    config = TrainConfig(dataset="csv", data_root=str(tmp_path / "p.npy"))
    data = load_dataset(config)
    np.testing.assert_allclose(data.data, [[-1, -2], [1, 2], [0, 0]], atol=1e-6)
    assert data.notes[0] == "1 point of p.npy that is not finite was left out."
    np.save(tmp_path / "p.npy", np.zeros((5, 3)))
    with pytest.raises(DataError, match="p.npy holds an array of 5 × 3: points are"):
        load_dataset(config)


def test_sentinels_and_outliers_are_warned_about(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(2000, 2))
    rows[[3, 77]] = -999
    np.savetxt(tmp_path / "p.csv", rows, delimiter=",")
    config = TrainConfig(dataset="csv", data_root=str(tmp_path / "p.csv"))
    (advice,) = (one for one in check_own_data(config) if one.key == "outliers")
    assert advice.level == "warning" and advice.number == 2 and "such as -999" in advice.text
    np.savetxt(tmp_path / "p.csv", rows[100:], delimiter=",")
    assert "outliers" not in {one.key for one in check_own_data(config)}


@pytest.mark.parametrize(
    ("text", "plain"), [("x,y\n1,2\n3,4\n", True), ("1;2\n3;4\n", True), ("x;y\n1,5;2\n3;4\n", False), ("# c\n1,2\n3,4\n", False)]
)
def test_only_plain_files_are_read_by_an_exported_program(text: str, plain: bool) -> None:
    assert read_table("p.csv", text, 10).plain == plain
