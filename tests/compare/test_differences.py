"""What differs between runs, against cases worked out by hand."""

from __future__ import annotations

import json
import queue
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.loops import begin, drive
from wgan_core.compare.differences import NO_EFFECT, Difference, described, differences
from wgan_core.config import SETTINGS, TrainConfig
from wgan_core.runs.branch import branched_loop
from wgan_core.runs.messages import SaveNow, Set
from wgan_core.store.folder import RunFolder, StoreError
from wgan_core.store.parent import Parent

A = TrainConfig()
DATA = {"name": "digits", "images": 1797, "fingerprint": "0123456789abcdef"}


def folder(
    path: Path, config: TrainConfig = A, *edits: tuple[int, str, Any], dataset: dict[str, Any] = DATA, parent: Parent | None = None
) -> RunFolder:
    made = RunFolder.create(path, config, dataset=dataset, parent=parent)
    for step, field, new in edits:
        made.append_ledger(step, "edit", field=field, old=None, new=new)
    return made


def found(*folders: RunFolder | tuple[RunFolder, int]) -> dict[str, tuple[str, ...]]:
    sides = [described(*one) if isinstance(one, tuple) else described(one) for one in folders]
    return {one.name: one.values for one in differences(sides)}


def test_equal_runs_differ_in_nothing(tmp_path: Path) -> None:
    assert found(folder(tmp_path / "a"), folder(tmp_path / "b"), folder(tmp_path / "c")) == {}


def test_each_setting_that_differs_is_named_with_all_values_and_nothing_else(tmp_path: Path) -> None:
    other = A.replace(clip_value=0.01, critic_widths=(64, 32), seed=12345)
    assert found(folder(tmp_path / "a"), folder(tmp_path / "b", other), folder(tmp_path / "c")) == {
        "clip_value": ("0.005", "0.01", "0.005"),
        "critic_widths": ("512-256", "64-32", "512-256"),
        "seed": ("0", "12345", "0"),
    }


def test_edits_stand_with_their_steps(tmp_path: Path) -> None:
    edited = folder(tmp_path / "b", A, (1200, "clip_value", 0.01), (5000, "clip_value", 0.02), (5000, "n_critic", 5))
    assert found(folder(tmp_path / "a"), edited) == {
        "clip_value": ("0.005", "0.005, 0.01 after step 1,200, 0.02 after step 5,000"),
        "n_critic": ("25", "25, 5 after step 5,000"),
    }


def test_the_same_value_by_another_way_is_a_difference_but_not_an_edit_at_step_0_nor_one_that_was_undone_at_once(tmp_path: Path) -> None:
    set_later = folder(tmp_path / "a", A, (100, "n_critic", 5))
    set_first = folder(tmp_path / "b", A.replace(n_critic=5))
    set_at_0 = folder(tmp_path / "c", A, (0, "n_critic", 5))
    undone = folder(tmp_path / "d", A.replace(n_critic=5), (70, "n_critic", 9), (70, "n_critic", 5))
    assert found(set_later, set_first) == {"n_critic": ("25, 5 after step 100", "5")}
    assert found(set_first, set_at_0, undone) == {}


def test_two_steps_of_one_run_differ_in_the_edits_between_them(tmp_path: Path) -> None:
    run = folder(tmp_path / "a", A, (100, "n_critic", 5), (300, "clip_value", 0.01))
    assert found((run, 200), (run, 400)) == {"clip_value": ("0.005", "0.005, 0.01 after step 300")}
    assert found((run, 101), (run, 300)) == {}  # an edit made at a step holds from the next one on
    assert found((run, 100), (run, 101)) == {"n_critic": ("25", "25, 5 after step 100")}


def test_settings_without_effect_are_no_difference(tmp_path: Path) -> None:
    penalty = A.replace(lipschitz="gradient-penalty", clip_value=0.3)
    assert found(folder(tmp_path / "a"), folder(tmp_path / "b", penalty)) == {
        "lipschitz": ("clip", "gradient-penalty"),
        "clip_value": ("0.005", NO_EFFECT),
        "clipped": ("all", NO_EFFECT),
        "gp_lambda": (NO_EFFECT, "10"),
        "gp_every": (NO_EFFECT, "1"),
        "gp_share": (NO_EFFECT, "all"),
    }
    points = A.replace(dataset="ring")
    unseen = points.replace(image_size=8, generator_output="linear", clip_value=0.005, gp_lambda=7, adam_beta1=0.1)
    assert found(folder(tmp_path / "c", points), folder(tmp_path / "d", unseen)) == {}
    dcgan = A.replace(architecture="dcgan")
    assert found(folder(tmp_path / "e", dcgan), folder(tmp_path / "f", dcgan.replace(critic_widths=(3,), generator_widths=(4,)))) == {}


def test_the_machine_comes_last_and_is_marked(tmp_path: Path) -> None:
    other = A.replace(threads=3, log_every=50, clip_value=0.01)
    rows = differences([described(folder(tmp_path / "a")), described(folder(tmp_path / "b", other))])
    assert [(one.name, one.about) for one in rows] == [("clip_value", "experiment"), ("threads", "machine"), ("log_every", "machine")]


def test_other_data_under_the_same_name_are_told_by_their_fingerprint(tmp_path: Path) -> None:
    other = DATA | {"fingerprint": "fedcba9876543210", "images": 1000}
    assert found(folder(tmp_path / "a"), folder(tmp_path / "b", dataset=other)) == {
        "data": ("1,797 images, fingerprint 01234567", "1,000 images, fingerprint fedcba98")
    }
    odd = folder(tmp_path / "c", dataset={"images": ["x"], "fingerprint": {"a": 1}})
    assert found(folder(tmp_path / "d"), odd) == {"data": ("1,797 images, fingerprint 01234567", NO_EFFECT)}


def test_many_edits_are_counted(tmp_path: Path) -> None:
    edits = [(100 * k, "n_critic", 25 - k) for k in range(1, 11)]
    row = found(folder(tmp_path / "a"), folder(tmp_path / "b", A, *edits))["n_critic"][1]
    assert row == "25, 24 after step 100, 23 after step 200, 7 more edits, 15 after step 1,000"


def test_a_branch_has_its_parents_past(tmp_path: Path, config: TrainConfig) -> None:
    config = config.replace(max_steps=1000)
    begin(tmp_path / "parent", config, 30, {10: Set({"n_critic": 4}), 20: SaveNow()})
    drive(branched_loop(tmp_path / "parent", 20, {"clip_value": 0.02}, tmp_path / "child", queue.SimpleQueue()), 5)
    parent, child = (RunFolder.open(tmp_path / name) for name in ("parent", "child"))
    c = f"{config.clip_value:g}"
    assert found(parent, child) == {
        "clip_value": (c, f"{c}, 0.02 after step 20"),
        "origin": (NO_EFFECT, "branch of parent at step 20"),
    }
    assert found((parent, 20), (child, 15)) == {"origin": (NO_EFFECT, "branch of parent at step 20")}
    shutil.rmtree(tmp_path / "parent")
    gone = described(child).courses["n_critic"]
    assert gone == ((20, 4),)


def test_a_branch_with_another_method_tells_since_when(tmp_path: Path) -> None:
    parent = folder(tmp_path / "parent")
    child = folder(tmp_path / "child", A.replace(lipschitz="gradient-penalty"), parent=Parent("parent", 500))
    rows = found(parent, child)
    assert rows["lipschitz"] == ("clip", "clip, gradient-penalty after step 500")
    assert rows["clip_value"] == ("0.005", "0.005, no effect after step 500")
    assert rows["gp_lambda"] == (NO_EFFECT, "no effect, 10 after step 500")


def test_branches_that_name_each_other_end(tmp_path: Path) -> None:
    one = folder(tmp_path / "one", parent=Parent("two", 5))
    two = folder(tmp_path / "two", parent=Parent("one", 7))
    assert found(one, two)["origin"] == ("branch of two at step 5", "branch of one at step 7")


def test_an_impossible_edit_is_one_sentence(tmp_path: Path) -> None:
    run = folder(tmp_path / "a", A, (5, "clip_value", -3.0))
    with pytest.raises(StoreError, match="impossible edit"):
        described(run)


def test_the_shipped_runs_differ_in_their_data_only(tmp_path: Path) -> None:
    from tests.project import PROJECT

    runs = [described(RunFolder.open(PROJECT / "checkpoints" / name)) for name in ("walkthrough-mnist", "walkthrough-fashion-mnist")]
    # They may also come from versions that round differently.
    assert {one.name for one in differences(runs)} - {"rounding"} == {"dataset", "data"}


def test_every_setting_has_a_course_and_rows_are_plain_data(tmp_path: Path) -> None:
    run = described(folder(tmp_path / "a"))
    assert set(run.courses) == set(SETTINGS) and all(course[0][0] == 0 for course in run.courses.values())
    (row,) = differences([run, described(folder(tmp_path / "b", A.replace(n_critic=7)))])
    assert row == Difference("n_critic", "n_critic", "experiment", ("25", "7"), (((0, 25),), ((0, 7),)))
    assert json.loads(json.dumps(row.courses)) == [[[0, 25]], [[0, 7]]]
