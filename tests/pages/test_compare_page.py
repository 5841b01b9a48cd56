"""The Compare page: what it shows of two runs, what stands in its address, and what it says of runs that cannot be compared."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.app_page import link, page, press, texts
from tests.project import PROJECT
from tests.sides import MakeSide, side_maker
from wgan_core.library.labels import change_labels
from wgan_core.runs.manager import RunManager
from wgan_core.store.folder import RunFolder
from wgan_core.store.readings import Reading

SHIPPED = ("walkthrough-mnist", "walkthrough-fashion-mnist")


def swd(step: int, value: float) -> Reading:
    return Reading("sliced-w1", step, step // 5, value, 0.02, 0.002, 1024, "pixel range", reference="held-out")


def html(test: Any) -> str:
    """The tables of the page."""
    return "\n".join(element.proto.body for element in test.get("html"))


@pytest.fixture
def make(manager: RunManager, runs: Path) -> MakeSide:
    """Writes a run where the page looks for it."""
    runs.mkdir(parents=True, exist_ok=True)
    return side_maker(runs)


@pytest.fixture
def two(make: MakeSide) -> None:
    """Two runs whose critics have different scales."""
    make("a", readings=[swd(20, 0.5), swd(40, 0.3)])
    make("b", clip_value=0.01, edits=[(30, "n_critic", 2)], readings=[swd(20, 0.4), swd(40, 0.2)])


@pytest.mark.slow
def test_two_runs(two: None) -> None:
    test = page("compare", runs="a,b")
    tables, said = html(test), texts(test)
    assert "<td>0.005</td><td>0.01</td>" in tables and "<td>5</td><td>5, 2 after step 30</td>" in tables
    assert "CPU threads" not in tables and "B is lowest, by more than the noise." in tables
    assert "same latents" in said and "cannot be compared" not in said  # the raw numbers are not drawn at first
    assert link(test)["runs"] == "a,b" and not test.error


@pytest.mark.slow
def test_raw_estimates_of_critics_of_other_scales_come_with_a_warning_and_what_to_look_at_instead(two: None) -> None:
    test = page("compare", runs="a,b", curves="sliced-w1,wasserstein_estimate")
    (warning,) = test.warning
    assert "Clip value c" in warning.value and "Compare instead: Sliced W1." in warning.value
    assert link(test)["curves"] == "sliced-w1,wasserstein_estimate"


@pytest.mark.slow
def test_the_address_says_axis_cursor_curves_and_the_pair(make: MakeSide) -> None:
    for name in "abc":
        make(name, clip_value=0.01 + 0.01 * ord(name), readings=[swd(20, 0.4)])
    test = page("compare", runs="a,b@20,c", axis="generator_updates", at="4", wipe="CA")
    assert link(test) == {"runs": "a,b@20,c", "axis": "generator_updates", "at": "4"} | ({"wipe": "CA"} if "wipe" in link(test) else {})
    assert "Clip value c" in html(test)
    test = page("compare", runs="a,b", axis="nonsense", at="1e999", curves="x,y", wipe="??")
    assert link(test) == {"runs": "a,b"} and not test.error and not test.warning


@pytest.mark.slow
def test_two_steps_of_one_run_differ_in_the_edits_between_them(two: None) -> None:
    test = page("compare", runs="b@20,b@40")
    assert "<td>5</td><td>5, 2 after step 30</td>" in html(test) and "Clip value" not in html(test)
    test = page("compare", runs="a@20,a@40")
    assert "no setting was changed between these steps" in texts(test)


@pytest.mark.slow
def test_seeds_of_one_setting_become_a_band_unless_that_is_switched_off(make: MakeSide) -> None:
    for name, seed in (("a", 0), ("b", 1), ("c", 2)):
        make(name, seed=seed, readings=[swd(20, 0.4), swd(40, 0.3 + 0.01 * seed)])
    test = page("compare", runs="a,b,c")
    assert "Sliced W1 over seeds: ABC 0.31 (0.3 to 0.32, 3 seeds)." in texts(test) and "other seeds" in texts(test)
    (toggle,) = [one for one in test.toggle if "Seeds" in one.label]
    toggle.set_value(False).run()
    assert not test.exception and link(test)["bands"] == "off" and "over seeds" not in texts(test)


BAD: dict[str, tuple[str, str]] = {
    "vanished": ("a,b,gone", "There is no run 'gone' here: it may have been deleted or moved."),
    "no id": ("a,b,../x", "There is no run '../x' here"),
    "no step": ("a,b,a@x", "names no step"),
    "a step that was never reached": ("a,b,a@999", "trained to step 40 only"),
    "damaged": ("a,b,odd", "config.json is damaged"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_opened_is_a_sentence_and_the_others_are_compared(two: None, make: MakeSide, runs: Path, kind: str) -> None:
    make("odd").folder.path.joinpath("config.json").write_text("{")
    names, sentence = BAD[kind]
    test = page("compare", runs=names)
    (error,) = test.error
    assert sentence in error.value and str(runs) not in error.value
    assert "<td>0.005</td><td>0.01</td>" in html(test)


@pytest.mark.slow
def test_one_run_none_and_nine(two: None, make: MakeSide) -> None:
    assert "Choose at least two runs" in texts(page("compare", runs="a"))
    test = page("compare")
    assert "Choose at least two runs" in texts(test)
    press(test, "Compare the two newest runs")
    assert '<th scope="col">B</th>' in html(test)
    for number in range(9):
        make(f"r{number}")
    test = page("compare", runs=",".join(f"r{number}" for number in range(9)))
    assert "This link names 1 more run than can be compared. The first 8 are shown." in [one.value for one in test.warning]
    assert "Nothing: these runs have the same settings, seed and data." in texts(test)


@pytest.mark.slow
def test_points_beside_images_and_other_data(make: MakeSide, runs: Path) -> None:
    make(
        "points", dataset="8-gaussians", data={"points": 50_000, "shape": [2]}, readings=[Reading("exact-w1", 20, 4, 0.4, 0.1, 0.01, 1024)]
    )
    for name in SHIPPED:
        shutil.copytree(PROJECT / "checkpoints" / name, runs / name)
    test = page("compare", runs=f"points,{SHIPPED[0]}")
    assert not test.error and "This run keeps no pictures." in texts(test)
    assert "trained on different data" in html(test) or "Measured in one run only." in html(test)
    test = page("compare", runs=",".join(SHIPPED))
    assert "Data set" in html(test) and "fingerprint 29cc4e1c" in html(test)
    assert len(test.get("bidi_component")) > 3


@pytest.mark.slow
def test_seeds_that_ended_at_different_steps_are_not_put_into_one_range(make: MakeSide) -> None:
    make("a", steps=(10, 1000), readings=[swd(1000, 0.3)])
    make("b", seed=1, steps=(10, 400), readings=[swd(400, 0.5)])
    said = texts(page("compare", runs="a,b"))
    assert "over seeds" not in said and "The seeds of AB have been trained for different numbers of steps" in said


@pytest.mark.slow
def test_a_link_followed_later_replaces_what_was_compared(two: None, make: MakeSide) -> None:
    make("c")
    test = page("compare", runs="a,b", axis="samples")
    test.query_params["runs"] = "a,c"
    test.run()
    assert not test.exception and link(test)["runs"] == "a,c"


@pytest.mark.slow
def test_a_run_in_training_is_followed_until_it_ends(two: None, runs: Path) -> None:
    folder = RunFolder.open(runs / "a")
    folder.hold()
    try:
        test = page("compare", runs="a,b")
        assert "A is training" in texts(test) and "**A** at step 40" in texts(test)
        folder.append_metrics(np.array([[60, 12, 30, 0.5, 0, 0, 0, 0]], dtype=float))
        test.run()
        assert "The runs end at different steps: A at step 60, B at step 40." in texts(test)
    finally:
        folder.release()
    test.run()
    assert not test.exception and "is training" not in texts(test)


@pytest.mark.slow
def test_runs_are_called_as_on_the_runs_page_and_those_of_one_title_are_told_apart(make: MakeSide, runs: Path) -> None:
    for name in ("a", "b", "c"):
        make(name)
    make("odd").folder.path.joinpath("config.json").write_text("{")
    for name in ("a", "b"):
        change_labels(runs / name, title="Same *title*")
    test = page("compare", runs="a,b@20,c")
    (choice,) = test.multiselect
    assert set(choice.options) == {
        "Same *title* (a) · step 40",
        "Same *title* (b) · step 40",
        "c · step 40",
        "Same *title* (b) at step 20",
    }
    said = texts(test)
    assert r"**A** Same \*title\* (a)" in said and r"**B** Same \*title\* (b) at step 20" in said and "**C** c" in said


@pytest.mark.slow
def test_the_two_newest_runs_are_offered_although_an_older_one_is_pinned(make: MakeSide, runs: Path) -> None:
    for number, name in enumerate("abc"):
        path = make(name).folder.path / "config.json"
        meta = json.loads(path.read_text())
        path.write_text(json.dumps(meta | {"created": f"2026-01-0{number + 1}T00:00:00+00:00"}))
    change_labels(runs / "a", pinned=True)
    test = page("compare")
    press(test, "Compare the two newest runs")
    assert link(test)["runs"] == "c,b"
