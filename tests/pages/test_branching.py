"""Branching on the Train page: from a run's page to the form, from the form to the branch, and links that lead nowhere."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from tests.app_page import button, link, page, press, texts
from tests.waiting import wait_for
from wgan_core.config import SETTINGS, TrainConfig
from wgan_core.runs.manager import RunManager
from wgan_core.runs.run import Run
from wgan_core.store.folder import RunFolder, run_path


def test_from_a_run_to_its_branch(manager: RunManager, finished: Run, config: TrainConfig) -> None:
    run_id, last = finished.run_id, finished.snapshot.step
    test = page("train", run=run_id)
    test = page("train", branch=f"{run_id}@{last}")
    said = texts(test)
    assert f"at step {last:,}.**" in said and "repeats its parent exactly" in said
    labels = {widget.label.split(" · ")[0] for kind in (test.number_input, test.selectbox, test.text_input) for widget in kind}
    shaped = {SETTINGS[name].label for name in ("critic_widths", "latent_dim", "generator_norm")}
    assert not any(label.startswith(tuple(shaped)) for label in labels)  # what the networks' sizes depend on is not offered
    test.number_input(key="setup.max_steps").set_value(last + 20).run()
    test.number_input(key="setup.clip_value").set_value(0.03).run()
    assert "Changed from the parent: " in texts(test) and link(test)["branch"] == f"{run_id}@{last}"
    press(test, f"Train on from step {last:,}")
    (branch,) = [run for run in manager._runs.values() if run.run_id != run_id]
    wait_for(branch, "finished")
    folder = RunFolder.open(run_path(manager.root, branch.run_id))
    assert folder.parent is not None and folder.parent.step == last
    assert dict(folder.parent.differs) == {"max_steps": (config.max_steps, last + 20), "clip_value": (config.clip_value, 0.03)}
    assert f"branch of {run_id} at step {last:,}" in texts(page("train", run=branch.run_id))


def test_a_branch_starts_although_its_data_is_not_where_it_was(manager: RunManager, config: TrainConfig, tmp_path: Path) -> None:
    """It looks for them elsewhere, among other places in what was kept in the cache."""
    (folder := tmp_path / "set").mkdir()
    for index in range(4):
        Image.new("L", (8, 8), 50 * index).save(folder / f"{index}.png")
    run = manager.start(config.replace(dataset="image-folder", data_root=str(folder), batch_size=2, max_steps=4))
    wait_for(run, "finished")
    folder.rename(tmp_path / "moved")
    test = page("train", branch=f"{run.run_id}@4")
    assert "There is no folder" in test.error[0].value and not button(test, "Train on from step 4").disabled
    test.text_input(key="setup.data_root").set_value("/nowhere").run()
    assert button(test, "Train on from step 4").disabled


def test_a_run_offers_to_branch(manager: RunManager, finished: Run) -> None:
    test = page("train", {"branch-from": True}, run=finished.run_id)
    test.selectbox(key="branch-step").set_value(0).run()
    press(test, "Branch from here with …")
    assert link(test)["branch"] == f"{finished.run_id}@0" and "run" not in link(test)
    assert button(test, "Train on from step 0")


def test_a_link_to_a_step_that_is_gone(manager: RunManager, finished: Run) -> None:
    for named, sentence in (
        (f"{finished.run_id}@7", "That step is not saved"),
        (f"{finished.run_id}@{'9' * 5000}", "That step is not saved"),
        ("nowhere@0", "no config.json"),
        ("x", "no config.json"),
    ):
        test = page("train", branch=named)
        assert sentence in texts(test) or test.error
        assert button(test, "Start training")  # the ordinary form


def test_an_untrained_run_instead(manager: RunManager, finished: Run) -> None:
    test = page("train", branch=f"{finished.run_id}@{finished.snapshot.step}")
    press(test, "An untrained run instead")
    assert "branch" not in link(test) and button(test, "Start training")
