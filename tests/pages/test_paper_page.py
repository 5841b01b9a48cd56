"""The Paper results page, with experiments that take no time."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import plotly.graph_objects as go
import pytest

from pages.parts.paper.last_results import last_results
from pages.shared.server import paper_jobs
from tests.app_page import page, texts
from tests.waiting import PATIENCE, until
from wgan_core import paper
from wgan_core.paper import boundary, gaussians, lines
from wgan_core.paper.result import Check, Progress

pytestmark = pytest.mark.usefixtures("manager")  # a server that has no results yet


def wait_until_ended(name: str) -> None:
    until(lambda: (job := paper_jobs().get(name)) is not None and not job.active)


def give(monkeypatch: pytest.MonkeyPatch, module: Any, measure: Callable[[int, Progress], Any]) -> None:
    monkeypatch.setattr(module, "EXPERIMENT", replace(module.EXPERIMENT, measure=measure))


def test_every_experiment_has_its_words_and_its_button() -> None:
    test = page("paper")
    shown = texts(test)
    for name in paper.NAMES:
        found = paper.experiment(name)
        assert found.title in shown and found.criterion in shown and found.fooled_by in shown
        assert test.button(key=f"paper.run.{name}").label == "Run"


def test_before_anything_is_computed_each_shows_the_last_result() -> None:
    test = page("paper")
    assert len(test.get("image")) == len(last_results()) == len(paper.NAMES)
    shown = texts(test)
    for last in last_results().values():
        assert last.picture("light").read_bytes()[8:12] == last.picture("dark").read_bytes()[8:12] == b"WEBP"
        assert all(f"| {check['measured']:.4g} | " in shown for check in last.checks)
    assert shown.count("A picture of the last result before the release: seed 0, computed on ") == len(last_results())
    assert "reproduced]" not in shown  # which is said of results computed here only


def test_a_result_with_its_numbers_and_the_seed_that_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    checks = (Check("share of |x|", 0.123456, low=0.1), Check("slope in [0, 1]", 3.0, high=1.0))
    give(monkeypatch, lines, lambda seed, progress: (checks[:1], go.Figure()))
    give(monkeypatch, gaussians, lambda seed, progress: (checks, go.Figure()))
    test = page("paper")
    test.number_input(key="paper.seed").set_value(7).run()
    for name in ("lines", "gaussians"):
        test.button(key=f"paper.run.{name}").click().run()
        wait_until_ended(name)
    test.run()
    shown = texts(test)
    assert "Two parallel lines :green-badge[reproduced]" in shown and "Two Gaussians :red-badge[not reproduced]" in shown
    assert "| share of \\|x\\| | 0.1235 | ≥ 0.1 | :green[:material/check:] yes |" in shown
    assert "| slope in \\[0, 1] | 3 | ≤ 1 | :red[:material/close: not met] |" in shown
    assert len(re.findall(r"Seed 7, computed in \d+ s\.", shown)) == 2
    assert test.button(key="paper.run.lines").label == "Run again"
    # They belong to the server: another tab sees them too.
    assert ":green-badge[reproduced]" in texts(page("paper"))


def test_one_under_way_can_be_stopped_and_those_behind_it_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = threading.Event()

    def endless(seed: int, progress: Progress) -> Any:
        while True:
            progress.report(0.4)
            begun.set()

    give(monkeypatch, lines, endless)
    give(monkeypatch, gaussians, lambda seed, progress: ((), go.Figure()))
    test = page("paper")
    test.button(key="paper.run.lines").click().run()
    assert begun.wait(PATIENCE)
    test.button(key="paper.run.gaussians").click().run()
    assert test.button(key="paper.run.lines").disabled
    progress = [str(element.proto.text) for element in test.get("progress")]
    assert progress == ["Computing with seed 0 · 40%", "Waiting for the one before it"]
    test.button(key="paper.stop.lines").click().run()
    wait_until_ended("gaussians")
    test.run()
    assert "Stopped before it finished." in texts(test) and ":green-badge" in texts(test)
    assert not test.button(key="paper.run.lines").disabled


def test_an_error_is_a_sentence_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(seed: int, progress: Progress) -> Any:
        raise RuntimeError("no memory")

    give(monkeypatch, boundary, broken)
    test = page("paper")
    test.button(key="paper.run.boundary").click().run()
    wait_until_ended("boundary")
    assert "It stopped because of an error in the program (RuntimeError: no memory)." in texts(test.run())
