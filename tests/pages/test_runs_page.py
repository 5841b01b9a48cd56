"""The Runs page, without a browser."""

from __future__ import annotations

import io
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.runs import thumbnails, transfer
from tests.app_page import button, link, page, press, texts
from tests.project import PROJECT
from tests.run_folders import add_readings, make_run
from tests.small import SMALL
from tests.waiting import wait_while_it_trains
from wgan_core.config import PRESETS
from wgan_core.library.labels import Labels, change_labels, read_labels
from wgan_core.library.trash import delete, deleted_runs
from wgan_core.library.zip_export import export_runs
from wgan_core.library.zip_import import import_runs
from wgan_core.runs.manager import RunManager
from wgan_core.runs.run import Run
from wgan_core.store.readings import Reading


@pytest.fixture
def three(manager: RunManager) -> Path:
    """A folder of three runs: a, b and c, the last the newest."""
    for day, (name, n_critic) in enumerate((("a", 1), ("b", 5), ("c", 25)), 1):
        run = make_run(manager.root / name, SMALL.replace(n_critic=n_critic), created=f"2026-03-0{day}T00:00:00+00:00")
        add_readings(run, Reading("sliced-w1", 100, 30, n_critic / 100, 0.005, 0.001, 64), Reading("diversity", 100, 30, 0.5))
    return manager.root


def rows(test: AppTest) -> Any:
    """The table, as pandas has it."""
    (table,) = test.dataframe
    return table.value


def names(test: AppTest) -> list[str]:
    return list(rows(test)["Id"])


def with_selected(*chosen: str, **params: str) -> AppTest:
    return page("runs", {"runs.selected": list(chosen)}, **params)


def test_the_table_says_what_each_run_is(three: Path) -> None:
    test = page("runs")
    table = rows(test)
    assert names(test) == ["c", "b", "a"] and "Showing 3 runs." in texts(test)
    assert list(table["n_critic"]) == [25, 5, 1] and list(table["Status"]) == ["finished"] * 3 and list(table["Steps"]) == [200] * 3
    assert list(table["Sliced W1"]) == [0.25, 0.05, 0.01] and list(table["Sliced W1: floor"]) == [0.005] * 3
    assert list(table["Sliced W1: best step"]) == [100] * 3 and list(table["Diversity"]) == [0.5] * 3
    assert all(picture.startswith("data:image/webp;base64,") for picture in table["Samples"])
    # Settings that do not differ are no columns, and those that do come before the measures.
    assert "Seed" not in table and list(table).index("n_critic") < list(table).index("Sliced W1")


def test_filter_and_order_are_in_the_address(three: Path) -> None:
    assert names(page("runs", filter="n_critic>=5", sort="n_critic:asc")) == ["b", "c"]
    assert names(page("runs", sort="sliced_w1:desc")) == ["c", "b", "a"]
    assert names(page("runs", sort="nonsense", measure="nonsense", view="nonsense")) == ["c", "b", "a"]
    test = page("runs")
    test.text_input(key="filter").set_value("n_critic<5").run()
    assert names(test) == ["a"] and "Showing 1 run of 3." in texts(test)
    test.selectbox(key="runs.measure").set_value("diversity").run()
    assert link(test)["measure"] == "diversity" and list(rows(test)).index("Diversity") < list(rows(test)).index("Sliced W1")


def test_a_filter_that_cannot_be_read_says_why_and_shows_all(three: Path) -> None:
    test = page("runs", filter="n_crtic>=5")
    assert [error.value for error in test.error] == ["Runs have nothing called 'n_crtic': did you mean n_critic?"]
    assert names(test) == ["c", "b", "a"]


def test_a_filter_without_results_says_so(three: Path) -> None:
    assert "No run fits this filter" in texts(page("runs", filter="nothing")) and not page("runs", filter="nothing").dataframe


def test_an_ordinary_gan_has_no_curve_of_the_estimate(manager: RunManager) -> None:
    make_run(manager.root / "a", SMALL.replace(objective="minimax"))
    assert list(rows(page("runs"))["Estimate"]) == [None]


def test_branches_stand_under_their_parents(three: Path) -> None:
    make_run(three / "d", SMALL, parent={"run_id": "a", "step": 100}, created="2026-03-09T00:00:00+00:00")
    test = page("runs", view="branches")
    assert list(rows(test)["Run"]) == ["c", "b", "a", "└ d"]
    assert list(rows(test)["Branch of"])[-1] == "a, step 100"


def test_seeds_of_one_setting_are_one_row_with_mean_and_spread(manager: RunManager) -> None:
    for seed, value in enumerate((0.1, 0.2, 0.6)):
        run = make_run(manager.root / f"s{seed}", SMALL.replace(seed=seed))
        add_readings(run, Reading("sliced-w1", 100, 30, value, 0.005, 0.001, 64))
    make_run(manager.root / "other", SMALL.replace(n_critic=9))
    test = page("runs", view="groups", sort="sliced_w1:asc")
    table = rows(test)
    assert list(table["n_critic"]) == [3, 9] and list(table["Runs"]) == [3, 1] and list(table["Seeds"]) == ["0, 1, 2", "0"]
    assert table["Sliced W1: mean"][0] == pytest.approx(0.3) and table["Sliced W1: spread"][0] == pytest.approx(
        statistics.stdev((0.1, 0.2, 0.6))
    )
    test.multiselect(key="runs.group").set_value(["dataset"]).run()
    assert list(rows(test)["Runs"]) == [4] and link(test)["group"] == "dataset"
    assert list(rows(page("runs", view="groups", group="status,nonsense"))["Status"]) == ["finished"]


def test_many_runs_are_shown_page_by_page(manager: RunManager, monkeypatch: pytest.MonkeyPatch) -> None:
    first = make_run(manager.root / "run-0", rows=2)
    for number in range(1, 120):
        shutil.copytree(first, manager.root / f"run-{number}")
    made: list[str] = []
    real = thumbnails._made
    monkeypatch.setattr(thumbnails, "_made", lambda path, *rest: (made.append(path), real(path, *rest))[1])
    test = page("runs")
    assert len(names(test)) == 50 == len(made) and "Showing 1 to 50 of 120 runs." in texts(test)
    test.number_input(key="page").set_value(3).run()
    assert len(names(test)) == 20 and "Showing 101 to 120 of 120 runs." in texts(test)
    assert names(page("runs", page="3")) == names(test)


def test_without_runs_it_says_what_to_do(manager: RunManager) -> None:
    test = page("runs")
    assert "A run is one training" in texts(test)
    press(test, "Quick start")
    (run,) = manager.all_active()
    assert run.snapshot.config == PRESETS["quick-start"]


def test_nothing_can_be_done_until_something_is_selected(three: Path) -> None:
    test = page("runs")
    assert button(test, "Open").disabled and button(test, "Explore").disabled and button(test, "Pin").disabled
    assert "Select runs" in texts(test)


def test_one_run_can_be_opened_and_explored(three: Path) -> None:
    test = with_selected("b")
    press(test, "Open")
    assert link(test) == {"run": "b"}
    assert button(with_selected("a", "b"), "Open").disabled


def test_runs_are_pinned_together(three: Path) -> None:
    test = with_selected("a", "b")
    press(test, "Pin")
    assert [read_labels(three / name).pinned for name in "abc"] == [True, True, False]
    assert names(test) == ["b", "a", "c"] and next(iter(rows(test)["Run"])) == "★ b"
    press(test, "Unpin")
    assert not read_labels(three / "a").pinned


def opened(*chosen: str) -> AppTest:
    """With the form for the labels open."""
    return page("runs", {"runs.selected": list(chosen), "runs.labels": True})


def test_a_run_gets_a_title_tags_and_a_note(three: Path) -> None:
    test = opened("b")
    test.text_input[-1].set_value("Sharp <b>digits</b>")
    test.text_area[0].set_value("Two\nlines")
    press(test, "Save")
    assert read_labels(three / "b") == Labels("Sharp <b>digits</b>", (), "Two\nlines")
    assert "Sharp <b>digits</b>" in list(rows(test)["Run"])


def test_the_form_leaves_what_another_window_changed_meanwhile(three: Path) -> None:
    test = opened("b")
    change_labels(three / "b", note="From the other window", add_tags=["other"])
    test.text_input[-1].set_value("From this one")
    press(test, "Save")
    assert read_labels(three / "b") == Labels("From this one", ("other",), "From the other window")


def test_several_runs_get_tags_together_and_keep_their_own(three: Path) -> None:
    change_labels(three / "a", add_tags=["mine", "both"])
    change_labels(three / "b", add_tags=["both"])
    test = opened("a", "b")
    assert test.multiselect[0].value == ["both"]
    test.multiselect[0].set_value(["mine"])
    press(test, "Save")
    assert read_labels(three / "a").tags == ("mine",) and read_labels(three / "b").tags == ("mine",)


def test_a_run_deleted_in_another_window_is_said_to_be_gone(three: Path) -> None:
    test = opened("b")
    shutil.rmtree(three / "b")
    test.text_input[-1].set_value("New")
    test.button[-1].click().run()
    assert not test.exception
    assert names(test) == ["c", "a"]


def test_a_deleted_run_can_be_brought_back(three: Path) -> None:
    test = with_selected("a", "b")
    press(test, "Delete")
    assert names(test) == ["c"] and "2 runs are in the trash" in texts(test)
    press(test, "Undo")
    assert names(test) == ["c", "b", "a"] and "in the trash" not in texts(test)


def test_the_last_run_can_be_brought_back_too(three: Path) -> None:
    test = with_selected("a", "b", "c")
    press(test, "Delete")
    assert "A run is one training" in texts(test)
    press(test, "Undo")
    assert len(names(test)) == 3


def test_the_trash_restores_one_run_and_is_emptied(three: Path) -> None:
    delete(three, ["a", "b"])
    test = page("runs")
    press(test, "Restore")
    assert len(names(test)) == 2
    press(test, "Delete for good")
    assert deleted_runs(three) == [] and len(names(test)) == 2 and "Empty the trash" not in texts(test)


def test_a_run_that_trains_is_not_deleted(manager: RunManager, endless: Run) -> None:
    test = with_selected(endless.run_id)
    press(test, "Delete")
    (error,) = test.error
    assert error.value.endswith("is being trained or waits for it: stop it first, then delete it.")
    assert names(test) == [endless.run_id]


def test_two_windows_that_delete_one_run(three: Path) -> None:
    first, second = with_selected("b"), with_selected("b")
    press(first, "Delete")
    press(second, "Delete")
    assert [error.value for error in second.error] == ["The run b is not here any more: it was deleted or moved in the meantime."]
    press(first, "Undo")
    assert names(first) == ["c", "b", "a"]


def uploaded(content: bytes) -> AppTest:
    """The page after a zip was put into its field."""
    test = page("runs")
    (field,) = test.file_uploader
    field.upload("runs.zip", content, "application/zip").run()
    assert not test.exception
    return test


def test_runs_come_back_from_a_zip(three: Path) -> None:
    target = io.BytesIO()
    export_runs(three, ["a", "b"], target)
    test = uploaded(target.getvalue())
    assert sorted(names(test)) == ["a", "a-2", "b", "b-2", "c"]
    assert [success.value for success in test.success] == ["Imported 2 runs: selected below."]
    assert test.session_state["runs.selected"] == ["a-2", "b-2"]
    test.run()
    assert not test.success


def test_a_zip_that_is_refused_says_why(three: Path) -> None:
    test = uploaded(b"no zip")
    (error,) = test.error
    assert error.value.startswith("This file is not a zip, or it is damaged") and len(names(test)) == 3


def test_the_selected_runs_are_exported(three: Path) -> None:
    test = with_selected("a")
    (download,) = test.get("download_button")
    assert not download.proto.disabled and page("runs").get("download_button")[0].proto.disabled
    assert import_runs(three / "elsewhere", io.BytesIO(transfer._zip(["a"]))) == ["a"]


def test_damaged_runs_are_listed_and_say_what_is_wrong(three: Path) -> None:
    (three / "b" / "config.json").write_text("{")
    test = with_selected("b")
    assert dict(zip(names(test), rows(test)["Status"], strict=True))["b"] == "damaged"
    (error,) = test.error
    assert "config.json is damaged" in error.value and str(three) not in error.value
    assert button(test, "Open").disabled


def test_a_run_that_trains_is_listed_as_it_is_now(manager: RunManager, endless: Run) -> None:
    wait_while_it_trains(endless, lambda: endless.snapshot.step > 0)
    test = page("runs")
    assert list(rows(test)["Status"]) == ["running"]
    assert next(iter(rows(test)["Steps"])) > 0


def test_the_list_needs_no_pytorch() -> None:
    code = "import sys; import pages.parts.runs.list_view, pages.shared.library, pages.shared.frame"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; print('torch' in sys.modules)"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n"])
def test_a_damaged_picture_leaves_its_place_empty(three: Path, content: bytes) -> None:
    (three / "b" / "samples" / "00000200.png").write_bytes(content)
    pictures = dict(zip(names(page("runs")), rows(page("runs"))["Samples"], strict=True))
    assert not isinstance(pictures["b"], str) and isinstance(pictures["a"], str)
