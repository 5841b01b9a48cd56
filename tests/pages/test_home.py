"""The home page, without a browser."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from streamlit.testing.v1 import AppTest

from pages.shared.lab_pictures import lab_picture
from pages.shared.shipped import SHIPPED, newest_grid
from pages.shared.text import status_badge
from tests.app_page import page, press, texts
from tests.project import PROJECT
from wgan_core.config import PRESETS
from wgan_core.lab.setup import EXPERIMENTS
from wgan_core.lessons.catalog import LESSONS
from wgan_core.runs.manager import RunManager
from wgan_core.runs.names import run_title
from wgan_core.runs.run import Run


def test_the_quick_start_trains_the_quick_start(manager: RunManager) -> None:
    test = page("home")
    assert "Training runs on: " in texts(test)
    press(test, "Quick start")
    (run,) = manager.all_active()
    assert run.snapshot.config == PRESETS["quick-start"]


def test_a_quick_start_beside_another_run_offers_to_queue(manager: RunManager, endless: Run) -> None:
    test = page("home")
    press(test, "Quick start")
    assert "#1 is running on cpu: stop or pause it first" in texts(test)
    press(test, "Add to the queue")
    assert [run.snapshot.status for run in manager.all_active()] == ["running", "queued"]


def test_home_lists_runs(manager: RunManager, finished: Run) -> None:
    test = page("home")
    assert status_badge("finished") in texts(test) and "digits, 8 px, step 60" in texts(test)
    title = run_title(finished.run_id, finished.snapshot.config)
    assert links(test, f"run={finished.run_id}") == [f"**{title}**", f"Explore {title}"]
    assert len(test.get("image")) == 1 + 1 + pictures()  # its newest grid, besides the diagram and the experiments


def test_the_runs_of_the_project_the_lessons_and_the_experiments_are_cards(manager: RunManager) -> None:
    for name in SHIPPED:
        shutil.copytree(PROJECT / "checkpoints" / name, manager.root / name)
    test = page("home")
    assert len(test.get("image")) == 1 + len(SHIPPED) + pictures()
    for name, (title, _) in SHIPPED.items():
        assert links(test, f"run={name}") == [f"**{title}**", f"How the {title.lower()} were learned"]
    assert [links(test, f"lesson={name}") for name in LESSONS] == [[f"**{n}. {one.title}**"] for n, one in enumerate(LESSONS.values(), 1)]
    assert [links(test, f"experiment={name}") for name in EXPERIMENTS] == [[f"**{one.title}**"] for one in EXPERIMENTS.values()]


def test_the_newest_grid_is_of_the_averaged_generator_if_there_is_one(tmp_path: Path) -> None:
    assert newest_grid(tmp_path) is None
    (tmp_path / "samples").mkdir()
    for name in ("00000900", "00000900-averaged", "00001000"):
        (tmp_path / "samples" / f"{name}.png").touch()
    found = [newest_grid(tmp_path)]
    (tmp_path / "samples" / "00001000-averaged.png").touch()
    assert [path.stem for path in (*found, newest_grid(tmp_path)) if path] == ["00001000", "00001000-averaged"]


def test_home_is_drawn_before_pytorch_is_loaded() -> None:
    """Everything but the name of the device."""
    shared = ", ".join(f"pages.shared.{name}" for name in ("cards", "shipped", "frame", "library"))
    code = f"import sys; import {shared}, wgan_core.lab.setup, wgan_core.lessons.catalog"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; print('torch' in sys.modules)"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def links(test: AppTest, query: str) -> list[str]:
    """The labels of the page's links whose address has these parameters."""
    return [str(link.proto.label) for link in test.get("page_link") if link.proto.query_string == query]


def pictures() -> int:
    """How many experiments of the laboratory have a picture."""
    return sum(lab_picture(name, "light") is not None for name in EXPERIMENTS)
