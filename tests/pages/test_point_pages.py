"""The pages on points in the plane, without a browser."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streamlit as st

from pages.parts.explore import point_view
from pages.parts.train import pictures as pictures_view
from tests.app_page import button, page, press, texts
from tests.small import ENDLESS, SMALL_ON_POINTS
from tests.waiting import wait_for, wait_while_it_trains
from wgan_core.config import TrainConfig
from wgan_core.data import toy
from wgan_core.data.load import load_dataset
from wgan_core.latent.saved import newest_readable
from wgan_core.latent.seeds import fixed_latents
from wgan_core.latent.vectors import as_in_links, path_through
from wgan_core.runs.manager import RunManager
from wgan_core.runs.run import Run
from wgan_core.store.folder import RunFolder
from wgan_core.timeline.reading import Timeline


@pytest.fixture
def config() -> TrainConfig:
    """Of the runs here."""
    return SMALL_ON_POINTS


@pytest.fixture
def charts(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The figures and their descriptions that the pages draw, by key, newest."""
    drawn: dict[str, Any] = {}

    def draw(figure: Any, *, key: str, alt: str, **options: Any) -> None:
        drawn[key] = {trace.name: np.column_stack((trace.x, trace.y)) for trace in figure.data}
        drawn[key] |= {"alt": alt, "frame": (figure.layout.xaxis.range, figure.layout.yaxis.range)}

    def along_time(newest: Any, real: Any, kept: Any, *, key: str, **options: Any) -> None:
        drawn[key] = {"step": newest[0], "generated": newest[1], "real": real, "kept": kept, **options}

    monkeypatch.setattr(point_view, "live_chart", draw)
    monkeypatch.setattr(pictures_view, "moment_points", along_time)
    return drawn


def test_a_run_on_points_is_watched_as_a_scatter(manager: RunManager, finished: Run, charts: dict[str, Any]) -> None:
    test = page("train", run=finished.run_id)
    pictures, chart = finished.snapshot.pictures, charts["points-generated"]
    assert pictures is not None
    np.testing.assert_array_equal(chart["real"], pictures.real)
    np.testing.assert_array_equal(chart["generated"], pictures.samples)
    assert chart["limit"] == 1.25 and chart["step"] == 60 and chart["behind"] is None
    assert chart["alt"] == "512 generated points from fixed latents at step {step}, and 512 real ones"
    assert chart["caption"].endswith("from the same 512 latents at every step, in front of real ones.")
    assert "**Critic scores of these points**" in texts(test)


def test_the_past_of_a_run_on_points_has_its_critics_landscape(manager: RunManager, finished: Run, charts: dict[str, Any]) -> None:
    test = page("train", run=finished.run_id, at="55")
    behind = charts["points-generated"]["behind"]
    assert (behind.at, behind.step, behind.scores.shape) == (55, 60, (49, 49))  # the nearest step whose networks are kept
    assert "**Critic scores of these points**, at step 60, the kept step nearest to 55" in texts(test)


@pytest.mark.slow
def test_a_run_on_points_that_trains_counts_points(endless: Run, charts: dict[str, Any]) -> None:
    wait_while_it_trains(endless, lambda: bool(endless.snapshot.steps_per_second))
    test = page("train", run=endless.run_id)
    assert "points/s" in test.get("progress")[0].proto.text
    assert len(charts["points-generated"]["real"])


def test_a_run_on_points_from_its_folder_shows_the_points_it_kept(manager: RunManager, finished: Run, charts: dict[str, Any]) -> None:
    st.cache_resource.clear()  # as a server that was started anew
    test = page("train", run=finished.run_id)
    assert not test.error and not test.warning
    chart, kept = charts["points-generated"], Timeline.of(RunFolder.open(manager.root / finished.run_id)).clouds()[-1]
    assert chart["step"] == kept.step == 60 and len(chart["real"])
    np.testing.assert_array_equal(chart["generated"], kept.points)


def test_a_run_of_an_earlier_version_shows_its_drawn_scatter(manager: RunManager, finished: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("moments", "light"):
        shutil.rmtree(manager.root / finished.run_id / name, ignore_errors=True)
    pictures: list[tuple[bytes, str]] = []
    monkeypatch.setattr(pictures_view, "live_image", lambda png, *, alt, **options: pictures.append((png, alt)))
    st.cache_resource.clear()
    test = page("train", run=finished.run_id)
    assert not test.error and not test.warning
    assert pictures == [((manager.root / finished.run_id / "samples" / "00000060.png").read_bytes(), "Points at step 60")]
    test = page("home")
    assert "two-lines, step 60" in texts(test) and "px" not in texts(test).split("Recent runs")[-1]


def test_exploring_points(manager: RunManager, finished: Run, charts: dict[str, Any]) -> None:
    test = page("explore", run=finished.run_id, seed="5")
    assert not charts.keys() & {"explore-points"}  # the browser draws it
    test.segmented_control(key="explore.where").set_value("on the server").run()
    networks = newest_readable(RunFolder.open(manager.root / finished.run_id))
    z = fixed_latents(5, 1, 2).numpy()
    landed = charts["explore-points"]
    np.testing.assert_allclose(landed["here"], networks.samples(z), atol=1e-6)
    assert landed["generated"].shape == (1024, 2) and landed["frame"] == ((-1.25, 1.25), (-1.25, 1.25))
    assert set(landed["real"][:, 0].tolist()) == {-0.5, 0.5}
    x, y = networks.samples(z)[0]
    assert f"The generator maps this latent to the point ({x:.3g}, {y:.3g})." in texts(test)
    assert "of 256 random points from this generator" in texts(test)
    assert [button.label for button in test.download_button][:2] == ["Latent (.npy)", "Latent as text"]
    keys = [fixed_latents(seed, 1, 2)[0].numpy() for seed in (1, 2, 3)]
    way = charts["explore-way"]
    np.testing.assert_allclose(way["on the path"], networks.samples(path_through(keys, 24)), atol=1e-6)
    np.testing.assert_allclose(way["here"], networks.samples(np.stack(keys)), atol=1e-6)


def test_sliders_and_pins_move_points(manager: RunManager, finished: Run, charts: dict[str, Any]) -> None:
    networks = newest_readable(RunFolder.open(manager.root / finished.run_id))
    test = page("explore", run=finished.run_id)
    test.segmented_control(key="explore.where").set_value("on the server").run()
    for value in (1.5, -2.0):
        test.slider(key="explore.z0").set_value(value).run()
        press(test, "Pin for interpolation")
    z = np.array([[1.5, 0], [-2.0, 0]], dtype=np.float32)
    z[:, 1] = fixed_latents(0, 1, 2)[0, 1]
    np.testing.assert_allclose(charts["explore-points"]["here"], networks.samples(z[1:]), atol=1e-6)
    np.testing.assert_allclose(charts["explore-way"]["here"], networks.samples(as_in_links(z)), atol=1e-6)
    assert "2 pinned: p1 to p2." in texts(test)


# Setting up.


def test_points_have_no_image_size_and_images_have_theirs_back(manager: RunManager) -> None:
    test = page("train", image_size="28", dataset="mnist")
    assert [widget.key for widget in test.number_input if widget.key == "setup.image_size"] == ["setup.image_size"]
    test.selectbox(key="setup.dataset").set_value("ring").run()
    assert not test.exception and not any(widget.key == "setup.image_size" for widget in test.number_input)
    assert toy.TRAINING_POINTS == 50_000 and "A circle of radius 1, without noise. 50,000 points" in texts(test)
    assert not button(test, "Start training").disabled
    test.selectbox(key="setup.dataset").set_value("digits").run()
    assert test.number_input(key="setup.image_size").value == 28


def test_the_toy_preset_starts(manager: RunManager) -> None:
    test = page("train", preset="wgan-gp-toy", device="cpu", critic_widths="8", generator_widths="8")
    assert not any(widget.key == "setup.image_size" for widget in test.number_input)
    press(test, "Start training")
    (run,) = manager.all_active()
    assert run.snapshot.config.dataset == "8-gaussians" and run.snapshot.config.gp_lambda == 0.1


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where uploads are kept."""
    monkeypatch.setenv("WGAN_DATA_ROOT", str(tmp_path / "data"))
    return tmp_path / "data" / "uploads"


def test_an_uploaded_file_can_be_trained_on(manager: RunManager, uploads: Path) -> None:
    test = page("train", dataset="csv", batch_size="4", max_steps=str(ENDLESS), device="cpu")
    content = b"x,y\n" + b"".join(f"{row},{row % 3}\n".encode() for row in range(20))
    test.file_uploader[0].set_value(("my stars.csv", content, "text/csv")).run()
    assert not test.exception and not test.error
    (kept,) = uploads.iterdir()
    assert kept.read_bytes() == content and test.text_input(key="setup.data_root").value == str(kept)
    assert "20 points." in texts(test)
    press(test, "Start training")
    (run,) = manager.all_active()
    wait_while_it_trains(run, lambda: run.snapshot.pictures is not None)
    pictures = run.snapshot.pictures
    assert pictures is not None
    np.testing.assert_array_equal(np.sort(pictures.real[:, 0]), np.sort(load_dataset(run.snapshot.config).data[:, 0]))


def test_a_file_that_cannot_be_used_is_a_sentence_beside_it(manager: RunManager, uploads: Path) -> None:
    test = page("train", dataset="csv")
    assert not test.error
    test.file_uploader[0].set_value(("bad.csv", b"1,2\n3,four\n", "text/csv")).run()
    (sentence,) = [error.value for error in test.error]
    assert sentence.startswith("Line 2 of bad-") and "is not two finite numbers" in sentence
    assert button(test, "Start training").disabled and button(test, "Start training").help == sentence
    test.file_uploader[0].set_value(("good.csv", b"1,2\n3,4\n", "text/csv")).run()
    assert not test.error and "2 points." in texts(test)
    assert not button(test, "Start training").disabled
    test.text_input(key="setup.data_root").set_value("/no/such/file.csv").run()
    assert [error.value[:31] for error in test.error] == ["There is no file …/file.csv: wr"]


@pytest.mark.parametrize("name", ["train", "lab"])
def test_a_link_to_a_file_of_the_server_shows_nothing_of_it(manager: RunManager, tmp_path: Path, name: str) -> None:
    (tmp_path / "hosts").write_text("127.0.0.1\tsecret-1\n::1\tsecret-2\n::2\tsecret-3\n")
    test = page(name, dataset="csv", data_root=str(tmp_path / "hosts"))
    assert not test.exception and "of hosts" not in str(test.main) and "A link cannot open them by itself" in texts(test)
    press(test, "Use these data")
    assert not test.exception and "secret" not in str(test.main)
    assert any("Line 2 of hosts is not two finite numbers: " in text.value for kind in (test.error, test.info) for text in kind)


@pytest.mark.parametrize("dataset", ["image-folder", "mnist"])
def test_a_link_to_a_folder_of_the_server_shows_nothing_of_its_files(manager: RunManager, tmp_path: Path, dataset: str) -> None:
    for folder in (tmp_path, tmp_path / "MNIST" / "raw"):
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("a.png", "b.png", "t10k-images-idx3-ubyte", "train-images-idx3-ubyte", "train-labels-idx1-ubyte"):
            (folder / name).write_text("secret-1\n")
    test = page("train", dataset=dataset, data_root=str(tmp_path))
    press(test, "Use these data")
    assert not test.exception and "secret" not in str(test.main)
    if dataset == "image-folder":  # what is known to be no images is not started from the page
        assert button(test, "Start training").disabled
        manager.start(TrainConfig(dataset="image-folder", data_root=str(tmp_path)))
    else:
        press(test, "Start training")
    (run,) = manager._runs.values()
    wait_for(run, "failed")
    assert "secret" not in run.snapshot.error
    assert "secret" not in str(page("train", run=run.run_id).main)


def test_an_upload_that_cannot_be_kept_is_a_sentence(manager: RunManager, uploads: Path) -> None:
    uploads.parent.write_text("a file where a folder should be")
    test = page("train", dataset="csv")
    test.file_uploader[0].set_value(("good.csv", b"1,2\n3,4\n", "text/csv")).run()
    assert not test.exception and "The upload cannot be saved in" in test.error[0].value
