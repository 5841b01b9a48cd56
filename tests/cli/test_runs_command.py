"""`wgan runs`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.run_folders import add_readings, make_run
from tests.small import SMALL
from wgan_core.cli.main import main
from wgan_core.cli.table import Column, cells_wide, lines, short_duration
from wgan_core.library.labels import change_labels
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
    assert heading.split() == ["RUN", "STATUS", "STEPS", "SLICED-W1", "(FLOOR)", "n_critic"]
    assert first.split() == ["*", "Sharp", "[good]", "finished", "200", "5"]
    assert second.startswith("digits,") and second.split()[-5:] == ["failed", "200", "0.123", "(0.02)", "25"]
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
