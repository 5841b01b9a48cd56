"""What all of the papers' results have in common: checks, progress, jobs in the background, the command."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from tests.figures_drawn import traces
from tests.waiting import PATIENCE, until
from wgan_core import paper
from wgan_core.cli.main import main
from wgan_core.paper import depth, figures, lines
from wgan_core.paper.jobs import Job, PaperJobs
from wgan_core.paper.result import Check, Experiment, Progress, Result, Stopped


def test_a_check_that_is_no_number_fails() -> None:
    assert not Check("x", math.nan, low=0).passed and not Check("x", math.nan, high=0).passed
    assert Check("x", 1.0, low=1.0).passed and Check("x", 1.0, high=1.0).passed and not Check("x", 1.1, 0.9, 1.0).passed
    assert [Check("x", 0, low=0.7).threshold, Check("x", 0, high=1e-6).threshold, Check("x", 0, 0.9, 1.1).threshold] == [
        "≥ 0.7",
        "≤ 1e-06",
        "0.9 to 1.1",
    ]


@pytest.mark.parametrize("name", paper.NAMES)
def test_every_experiment_says_what_it_is(name: str) -> None:
    found = paper.experiment(name)
    assert found.name == name and found.typical_seconds <= 180
    for text in (found.title, found.source, found.claim, found.criterion, found.fooled_by, found.figure_words):
        assert text and "  " not in text


def test_the_same_seed_gives_the_same_numbers() -> None:
    first, second, other = (
        lines.sweep(np.array([-1.0]), seed, Progress(), critic_updates=20, discriminator_updates=20) for seed in (4, 4, 5)
    )
    assert (first.estimate, first.js) == (second.estimate, second.js)
    assert first.estimate != other.estimate and first.js != other.js


def test_parts_of_a_progress_and_its_stop() -> None:
    seen: list[float] = []
    whole = Progress(seen.append)
    part = whole.part(0.5, 1).part(0, 0.5)
    part.report(0.5)
    part.report(1)
    assert seen == [0.625, 0.75]
    whole.stop()
    with pytest.raises(Stopped):
        part.report(1)


def stub(measure: Callable[[int, Progress], Any]) -> Experiment:
    return replace(paper.experiment("lines"), measure=measure)


def passed_or_not(value: float) -> Callable[[int, Progress], Any]:
    return lambda seed, progress: ((Check("number", value + seed, low=1.0),), go.Figure())


# In the background.


def test_jobs_run_one_after_the_other_and_keep_their_results(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(seed: int, progress: Progress) -> Any:
        progress.report(0.25)
        begun.set()
        assert go_on.wait(PATIENCE)
        return passed_or_not(1.0)(seed, progress)

    monkeypatch.setattr(lines, "EXPERIMENT", stub(slow))
    monkeypatch.setattr(depth, "EXPERIMENT", stub(passed_or_not(0.0)))
    jobs = PaperJobs()
    first = jobs.start("lines", seed=3)
    assert begun.wait(PATIENCE)
    second = jobs.start("depth")
    assert jobs.start("lines") is first  # it goes on
    assert (first.status, first.fraction, second.status) == ("running", 0.25, "waiting")
    go_on.set()
    until(lambda: not any(job.active for job in jobs._jobs.values()))
    results = [jobs.result(name) for name in ("lines", "depth")]
    assert [(result.passed, result.seed) for result in results if result] == [(True, 3), (False, 0)]
    assert jobs.start("lines") is not first


def test_a_job_can_be_stopped_while_it_runs_and_while_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()

    def endless(seed: int, progress: Progress) -> Any:
        begun.set()
        while True:
            progress.report(0.5)

    monkeypatch.setattr(lines, "EXPERIMENT", stub(endless))
    monkeypatch.setattr(depth, "EXPERIMENT", stub(lambda seed, progress: pytest.fail("it was stopped before")))
    jobs = PaperJobs()
    running = jobs.start("lines")
    assert begun.wait(PATIENCE)
    waiting = jobs.start("depth")
    waiting.stop()
    assert waiting.status == "stopped"
    running.stop()
    until(lambda: not any(job.active for job in jobs._jobs.values()))
    assert running.status == waiting.status == "stopped" and jobs.result("lines") is None


def test_an_error_becomes_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(seed: int, progress: Progress) -> Any:
        raise RuntimeError("no memory")

    monkeypatch.setattr(lines, "EXPERIMENT", stub(broken))
    job = PaperJobs().start("lines")
    until(lambda: not job.active)
    assert job.status == "failed" and job.error == "It stopped because of an error in the program (RuntimeError: no memory)."


def test_a_stop_that_comes_too_late_changes_nothing() -> None:
    job = Job("lines", 0, status="done")
    job.stop()
    assert job.status == "done"


# The command.


def test_the_command_tells_by_its_exit_status_whether_it_passed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(lines, "EXPERIMENT", stub(passed_or_not(0.5)))
    assert main(["paper", "lines"]) == 1
    assert "NOT PASSED" in capsys.readouterr().out
    assert main(["paper", "lines", "--seed", "1", "--json", "--out", str(tmp_path / "figure.html")]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["name"], shown["passed"], shown["seed"]) == ("lines", True, 1)
    assert shown["checks"] == [{"what": "number", "measured": 1.5, "threshold": "≥ 1", "passed": True}]
    assert "Two parallel lines: passed" in (tmp_path / "figure.html").read_text(encoding="utf-8")


def test_the_command_lists_the_experiments(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["paper"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(paper.NAMES)
    assert main(["paper", "--json"]) == 0
    assert [each["name"] for each in json.loads(capsys.readouterr().out)] == list(paper.NAMES)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["line"], "There is no experiment 'line': did you mean lines?"),
        (["quux"], "There is no experiment 'quux': choose one of lines, gaussians"),
        (["lines", "--seed", "-1"], "--seed must be a whole number from 0"),
        (["lines", "--out", "figure.pdf"], "--out must end in .html or .png."),
        (["lines", "--out", "nowhere/figure.html"], "There is no folder"),
    ],
)
def test_what_the_command_refuses_before_it_computes(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["paper", *arguments]) == 2
    shown = capsys.readouterr().err
    assert sentence in shown and shown.count("\n") == 1


def test_figures_are_drawn_of_plain_data() -> None:
    result = Result("x", "t", "c", (), go.Figure(), 1.0, 0)
    assert result.passed and result.as_dict()["checks"] == []
    values = np.linspace(-1, 1, 5)
    figure = figures.depth(dict.fromkeys(depth.METHODS, values))
    assert [trace.name for trace in traces(figure)] == list(depth.METHODS)
    assert list(traces(figure)[0].x) == [1, 2, 3, 4, 5]
    # A flat critic is drawn too.
    flat = figures.surfaces({("a", "clipping"): np.zeros((3, 3))}, {"a": np.zeros((2, 2))}, 2.0)
    assert np.isfinite(np.asarray(traces(flat)[0].z)).all()
