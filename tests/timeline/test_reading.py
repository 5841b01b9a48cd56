"""A run's past as it is read: what is kept where, what happened, and what is there no more."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from tests.loops import begin, go_on
from tests.project import PROJECT
from tests.small import SMALL
from wgan_core.config import PRESETS
from wgan_core.runs.messages import SaveNow, Set
from wgan_core.store.folder import RunFolder, StoreError
from wgan_core.timeline.reading import Timeline

LONG = SMALL.replace(max_steps=1000)


def timeline(path: Path) -> Timeline:
    return Timeline.of(RunFolder.open(path))


def marks(path: Path) -> list[tuple[int, str, str]]:
    return [(moment.step, mark.kind, mark.text) for moment in timeline(path).moments for mark in moment.marks]


def test_what_is_kept_and_what_happened(tmp_path: Path) -> None:
    begin(tmp_path / "run", LONG, 40, {10: SaveNow(), 20: Set({"clip_value": 0.02, "n_critic": 5})})
    found = timeline(tmp_path / "run")
    assert {0, 10, 40} <= {moment.step for moment in found.moments if moment.full} and found.last == 40
    assert [moment.step for moment in found.moments] == sorted({moment.step for moment in found.moments})
    assert marks(tmp_path / "run") == [
        (0, "start", "The run began"),
        (10, "by-hand", "Saved by hand"),
        (20, "edit", "Clip value c: 0.05 → 0.02"),
        (20, "edit", "n_critic: 3 → 5"),
    ]
    assert (found.settings(20).n_critic, found.settings(21).n_critic) == (3, 5)
    assert [picture.step for picture in found.pictures()] == [moment.step for moment in found.moments if moment.grid]
    assert found.clouds() == () and len(found.data_points()) == 0


def test_the_nearest_step_is_told_with_whether_it_is_the_one(tmp_path: Path) -> None:
    begin(tmp_path / "run", LONG, 40, {10: SaveNow()})
    found = timeline(tmp_path / "run")
    assert found.nearest(40) == (40, True) and found.nearest(0, full=True) == (0, True)
    near = found.nearest(11, full=True)
    assert near is not None and not near.exact and near.step == 10
    assert found.nearest(10**9, full=True) == (40, False)
    shutil.rmtree(tmp_path / "run" / "steps")
    assert timeline(tmp_path / "run").nearest(11, full=True) is None


def test_networks_are_those_of_the_step(tmp_path: Path) -> None:
    loop = begin(tmp_path / "run", LONG, 40)
    for part, network in (("generator", loop.trainer.generator), ("critic", loop.trainer.critic)):
        ours = timeline(tmp_path / "run").networks(40, part)
        assert all(torch.equal(ours[name], tensor) for name, tensor in network.state_dict().items())


def test_what_was_thinned_out_meanwhile_is_a_sentence(tmp_path: Path) -> None:
    begin(tmp_path / "run", LONG, 40, {10: SaveNow()})
    found = timeline(tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "steps" / "00000010")
    shutil.rmtree(tmp_path / "run" / "samples")
    with pytest.raises(StoreError, match=r"Step 10 is not saved in this run \(saved: 0, "):
        found.networks(10, "critic")
    with pytest.raises(StoreError, match=r"^The picture of step 10 is not kept any more: choose another step\.$"):
        found.picture(10)
    assert 10 not in [picture.step for picture in found.pictures()]


def test_what_a_resumed_run_has_left_behind_is_no_mark(tmp_path: Path) -> None:
    begin(tmp_path / "run", LONG, 40, {30: Set({"clip_value": 0.02})})
    for entry in (tmp_path / "run" / "steps").iterdir():
        if int(entry.name) > 0:
            shutil.rmtree(entry)
    go_on(tmp_path / "run", 5)
    assert marks(tmp_path / "run") == [(0, "start", "The run began")]


@pytest.mark.parametrize(
    ("name", "last"),
    [("walkthrough-mnist", 120_000), ("walkthrough-fashion-mnist", 120_000), ("showcase-mnist", 8000), ("showcase-fashion-mnist", 8000)],
)
def test_the_runs_that_come_with_the_project(name: str, last: int) -> None:
    found = timeline(PROJECT / "checkpoints" / name)
    assert found.last == last and found.nearest(0, full=True) is None
    assert "can be explored but neither continued nor branched" in found.why_not_branched(last)
    part = "averaged" if name.startswith("showcase") else "generator"
    assert found.networks(last, part)["layers.0.weight"].dtype == torch.float32
    assert len(found.pictures()) >= 6 and all(picture.mime in ("image/png", "image/webp") for picture in found.pictures())


def test_sizes_add_up(tmp_path: Path) -> None:
    begin(tmp_path / "run", LONG, 40)
    whole = sum(file.stat().st_size for file in (tmp_path / "run").rglob("*") if file.is_file())
    found = timeline(tmp_path / "run").sizes()
    assert found.total == whole
    assert found.full == sum(file.stat().st_size for file in (tmp_path / "run" / "steps").rglob("*.safetensors"))


def test_the_runs_that_come_with_the_project_are_small_and_showcases_are_the_preset() -> None:
    runs = PROJECT / "checkpoints"
    files = [file for kind in ("showcase", "walkthrough") for file in runs.glob(f"{kind}-*mnist/**/*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < 30e6
    for dataset in ("fashion-mnist", "mnist"):
        assert RunFolder.open(runs / f"showcase-{dataset}").config == PRESETS["showcase"].replace(dataset=dataset)
