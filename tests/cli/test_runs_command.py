"""`wgan runs`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.run_folders import add_readings, add_to_ledger, make_run
from tests.small import SMALL
from wgan_core.cli.main import main
from wgan_core.cli.table import Column, cells_wide, lines, short_duration
from wgan_core.library.labels import Labels, change_labels, read_labels
from wgan_core.store.locks import training_lock
from wgan_core.store.readings import Reading


@pytest.fixture
def two(runs: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of two runs."""
    monkeypatch.setenv("COLUMNS", "80")
    make_run(runs / "20260314-0926-digits-4-3f9a", SMALL.replace(n_critic=5), created="2026-03-14T00:00:00+00:00")
    other = make_run(runs / "20260315-0926-digits-5-3f9b", SMALL.replace(n_critic=25), created="2026-03-15T00:00:00+00:00", status="failed")
    add_readings(other, Reading("sliced-w1", 100, 30, 0.123456, 0.02, 0.001, 64))
    return runs


def said(capsys: pytest.CaptureFixture[str], *words: str, status: int = 0) -> str:
    assert main(["runs", *words]) == status
    out, err = capsys.readouterr()
    return err if status else out


def test_the_list(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change_labels(two / "20260314-0926-digits-4-3f9a", title="Sharp", add_tags=["good"], pinned=True)
    heading, first, second = said(capsys).splitlines()
    assert heading.split() == ["NO", "RUN", "STATUS", "STEPS", "SLICED-W1", "(FLOOR)", "n_critic"]
    assert first.split() == ["4", "*", "Sharp", "[good]", "finished", "200", "5"]
    assert second.startswith(" 5  digits,") and second.split()[-5:] == ["failed", "200", "0.123", "(0.02)", "25"]
    assert all(cells_wide(line) <= 80 for line in (heading, first, second))


def test_filter_sort_and_limit(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "--filter", "n_critic>=6").splitlines()[-1] == "1 of 2 runs"
    by_size = [line.split()[-1] for line in said(capsys, "--sort", "n_critic", "--reverse").splitlines()[1:]]
    assert by_size == ["25", "5"]
    assert len(said(capsys, "--limit", "1").splitlines()) == 3


def test_json_has_one_object_a_line(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = [json.loads(line) for line in said(capsys, "--json").splitlines()]
    assert [one["name"] for one in found] == ["20260315-0926-digits-5-3f9b", "20260314-0926-digits-4-3f9a"]
    assert found[0]["measures"]["sliced-w1"]["floor"] == 0.02 and found[0]["settings"]["n_critic"] == 25


def test_without_runs_it_says_how_to_start_one(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "train --preset quick-start" in said(capsys)


def test_bad_input_gives_one_sentence(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "--filter", "n_crtic>5", status=2).endswith("Runs have nothing called 'n_crtic': did you mean n_critic?\n")
    assert "did you mean n_critic?" in said(capsys, "--sort", "ncritic", status=2)
    assert "'\"half': a quotation mark has no partner" in said(capsys, "--filter", '"half', status=2)


# What is done with runs.


def test_diff_shows_what_differs_with_live_edits_and_nothing_else(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_to_ledger(two / "20260314-0926-digits-4-3f9a", 50, "edit", field="clip_value", old=0.05, new=0.01)
    heading, *rest = said(capsys, "diff", "4", "#5").splitlines()
    assert heading.split() == ["SETTING", "#4", "#5"]
    assert [line.split()[0] for line in rest] == ["Clip", "n_critic"] and "0.01" in rest[0] and rest[1].split() == ["n_critic", "5", "25"]
    assert said(capsys, "diff", "4", "4") == "They have the same settings and data.\n"
    assert "Name two or more runs to compare." in said(capsys, "diff", "4", status=2)


def test_labels(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = two / "20260314-0926-digits-4-3f9a"
    said(capsys, "rename", "4", "Sharp digits")
    said(capsys, "tag", "sharp DIGITS", "good", "for the talk")
    said(capsys, "note", run.name[:15], "Look at the 8s")
    assert said(capsys, "pin", str(run)).endswith("title 'Sharp digits'; tags good, for the talk; a note; pinned\n")
    assert read_labels(run) == Labels("Sharp digits", ("good", "for the talk"), "Look at the 8s", True)
    said(capsys, "tag", "4", "good", "--remove")
    said(capsys, "pin", "4", "--remove")
    said(capsys, "rename", "4", "")
    assert read_labels(run) == Labels("", ("for the talk",), "Look at the 8s")
    assert "A title can have at most 120 characters, and this one has 10,000" in said(capsys, "rename", "4", "x" * 10_000, status=2)


def test_trash_and_restore(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "20260314-0926-digits-4-3f9a"
    assert said(capsys, "trash") == "The trash is empty.\n"
    assert said(capsys, "trash", "4") == f"{name} is in the trash for 30 days: runs restore {name}\n"
    assert name in said(capsys, "trash") and not (two / name).exists()
    assert said(capsys, "restore", name) == f"{name} is back.\n"
    assert "There is no 'x' in the trash" in said(capsys, "restore", "x", status=2)
    said(capsys, "trash", "4", "5")
    assert "without a run" in said(capsys, "trash", "4", "--empty", status=2)
    assert said(capsys, "trash", "--empty") == "2 deleted for good.\n"
    with training_lock(make_run(two / "busy")):
        assert "is being trained" in said(capsys, "trash", "busy", status=2)
    elsewhere = make_run(two.parent / "elsewhere")
    assert "only runs there have a trash" in said(capsys, "trash", str(elsewhere), status=2) and elsewhere.exists()


def test_export_and_import(two: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "both.zip"
    assert said(capsys, "export", "4", "5", "--out", str(target)).startswith("2 runs, ")
    assert "exists already" in said(capsys, "export", "4", "--out", str(target), status=2)
    assert "cannot be written" in said(capsys, "export", "4", "--out", str(tmp_path / "no" / "x.zip"), status=2)
    assert said(capsys, "import", str(target)).splitlines() == [
        "Imported 20260314-0926-digits-4-3f9a-2",
        "Imported 20260315-0926-digits-5-3f9b-2",
    ]
    assert "cannot be read" in said(capsys, "import", str(tmp_path / "none.zip"), status=2)
    target.write_bytes(b"no zip")
    assert "This file is not a zip" in said(capsys, "import", str(target), status=2)


def test_an_export_that_fails_leaves_nothing(two: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(two / "bad")
    (run / "metrics.csv").unlink()
    (run / "metrics.csv").mkdir()
    assert "is a folder where a file should be" in said(capsys, "export", "bad", "--out", str(tmp_path / "x.zip"), status=2)
    assert not (tmp_path / "x.zip").exists()


@pytest.mark.parametrize("text", ["999", "", "..", "/", "nothing", "#", "2026"])
def test_a_run_that_is_not_there_or_could_be_several(two: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    sentence = said(capsys, "pin", text, status=2)
    assert "There is no run" in sentence or "could be any of 2 runs" in sentence


def test_an_unknown_action_is_named(two: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "invalid choice: 'delete' (choose from" in said(capsys, "delete", "4", status=2)


# Tables.


def test_a_table_is_cut_to_the_terminal() -> None:
    columns = [
        Column("A", ["x" * 90, "数字" * 30], least=10),
        Column("B", ["1", "22"], right=True),
        Column("C", ["y" * 9] * 2, optional=True),
    ]
    table = lines(columns, 40)
    assert [cells_wide(line) for line in table[1:]] == [40, 40] and "C" not in table[0]
    assert table[1].endswith("…   1") and table[2].endswith("  22")
    assert lines(columns, 140)[0].split() == ["A", "B", "C"]


@pytest.mark.parametrize(("seconds", "text"), [(0, "0s"), (89, "89s"), (90, "2m"), (5399, "1h29m"), (7500, "2h05m"), (180_000, "2d02h")])
def test_durations_are_short(seconds: float, text: str) -> None:
    assert short_duration(seconds) == text
