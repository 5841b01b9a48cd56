"""The home page, without a browser."""

from __future__ import annotations

from pages.shared.text import status_badge
from tests.app_page import page, press, texts
from wgan_core.config import PRESETS
from wgan_core.runs.manager import RunManager
from wgan_core.runs.run import Run


def test_the_quick_start_trains_the_quick_start(manager: RunManager) -> None:
    test = page("home")
    assert "Wasserstein estimate" in texts(test) and "Training runs on: " in texts(test)
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
    shown = texts(page("home"))
    assert f"**{finished.run_id}** {status_badge('finished')}" in shown and "digits, 8 px, step 60" in shown
