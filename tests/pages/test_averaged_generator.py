"""The averaged generator where it is shown: run folder, command line, export, pages."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from pages.parts.train import pictures as pictures_view
from tests.app_page import page
from tests.waiting import trained
from wgan_core.cli.main import main
from wgan_core.config import TrainConfig
from wgan_core.data.dataset import to_uint8
from wgan_core.export import export, file_name
from wgan_core.figures import images
from wgan_core.latent.saved import load_networks, newest_readable
from wgan_core.latent.seeds import fixed_latents
from wgan_core.runs.manager import RunManager
from wgan_core.runs.run import Run
from wgan_core.store.folder import RunFolder, StoreError
from wgan_core.training.models import build_generator

NONE_KEPT = "This run has no averaged generator"


@pytest.fixture
def averaging(manager: RunManager, config: TrainConfig) -> Run:
    return trained(manager, config.replace(ema_decay=0.9, n_critic=1))


@pytest.fixture
def plain(manager: RunManager, config: TrainConfig) -> Run:
    return trained(manager, config)


def folder_of(manager: RunManager, run: Run) -> RunFolder:
    return RunFolder.open(manager.root / run.run_id)


def expected(folder: RunFolder, count: int, part: str = "averaged") -> torch.Tensor:
    """What a part's weights make of the fixed latents, computed here."""
    generator = build_generator(folder.config, (1, 8, 8))
    generator.load_state_dict(folder.read_part(60, part))
    with torch.no_grad():
        return generator.eval()(fixed_latents(0, count, folder.config.latent_dim))


def pixels(made: torch.Tensor) -> np.ndarray:
    return to_uint8(made).permute(0, 2, 3, 1).numpy()


def captions(test: AppTest) -> str:
    return "\n".join(caption.value for caption in test.caption)


# Run folder and files.


def test_the_averages_networks_are_loaded(manager: RunManager, averaging: Run) -> None:
    folder, z = folder_of(manager, averaging), fixed_latents(0, 5, 6).numpy()
    for networks in (load_networks(folder, 60, averaged=True), newest_readable(folder, averaged=True)):
        np.testing.assert_allclose(networks.samples(z), expected(folder, 5).numpy(), atol=1e-6)
    np.testing.assert_allclose(load_networks(folder, 60).samples(z), expected(folder, 5, "generator").numpy(), atol=1e-6)
    assert not torch.allclose(expected(folder, 5), expected(folder, 5, "generator"), atol=1e-3)


def test_the_kept_grids_and_the_pictures_have_both(manager: RunManager, averaging: Run, plain: Run) -> None:
    folder, pictures = folder_of(manager, averaging), averaging.snapshot.pictures
    assert pictures is not None and pictures.averaged is not None and pictures.step == 60
    np.testing.assert_array_equal(pictures.averaged, pixels(expected(folder, 64)))
    assert not np.array_equal(pictures.averaged, pictures.samples) and not pictures.averaged.flags.writeable
    kept = folder.samples(averaged=True)
    assert list(kept) == list(folder.samples()) == [0, 60]
    for part, path in (("averaged", kept[60]), ("generator", folder.samples()[60])):
        grid = np.asarray(Image.open(io.BytesIO(path.read_bytes())))
        np.testing.assert_array_equal(grid, images.tile(pixels(expected(folder, 64, part)))[:, :, 0])
    without = plain.snapshot.pictures
    assert without is not None and without.averaged is None and folder_of(manager, plain).samples(averaged=True) == {}


def test_sampling_on_the_command_line(manager: RunManager, averaging: Run, tmp_path: Path) -> None:
    folder = folder_of(manager, averaging)
    for more, part in ((["--averaged"], "averaged"), (["--averaged", "--step", "60"], "averaged"), ([], "generator")):
        out = tmp_path / f"{len(more)}.npz"
        assert main(["sample", str(folder.path), "--count", "4", "--out", str(out), *more]) == 0
        np.testing.assert_allclose(np.load(out)["images"], expected(folder, 4, part).numpy(), atol=1e-6)


@pytest.mark.parametrize(
    "command", ["sample {run} --averaged --out {tmp}/a.png", "export {run} --as onnx --part averaged --out {tmp}/a.onnx"]
)
def test_a_run_without_average_is_one_sentence(
    manager: RunManager, plain: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert main(command.format(run=manager.root / plain.run_id, tmp=tmp_path).split()) == 2
    assert capsys.readouterr().err.startswith(f"wgan_core: {NONE_KEPT}: start a new one") and not list(tmp_path.glob("a.*"))
    with pytest.raises(StoreError, match=NONE_KEPT):
        load_networks(folder_of(manager, plain), 60, averaged=True)


@pytest.mark.slow
def test_the_average_is_exported(manager: RunManager, averaging: Run) -> None:
    folder = folder_of(manager, averaging)
    made = export(folder, "exported-program", part="averaged")
    network = torch.export.load(io.BytesIO(made.content)).module()
    torch.testing.assert_close(network(fixed_latents(0, 3, 6)), expected(folder, 3), atol=1e-6, rtol=0)
    assert file_name("run", "onnx", "averaged") == "run-averaged.onnx" and file_name("run", "onnx") == "run.onnx"


# Pages.


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The pictures on the page by key; AppTest does not see components."""
    seen: dict[str, bytes] = {}
    for place in ("parts.train.pictures", "parts.explore.path_view", "components.live_image"):  # the page imports it anew at each run
        monkeypatch.setattr(f"pages.{place}.live_image", lambda png, key, **options: seen.__setitem__(key, png))
    monkeypatch.setattr("pages.parts.train.pictures.moment_picture", lambda newest, kept, key, **options: seen.__setitem__(key, newest[1]))
    return seen


def grid(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


def test_the_train_page_has_a_second_grid(manager: RunManager, averaging: Run, plain: Run, shown: dict[str, bytes]) -> None:
    page("train", run=averaging.run_id)
    folder = folder_of(manager, averaging)
    for key, part in (("grid-generated", "generator"), ("grid-averaged", "averaged")):
        np.testing.assert_array_equal(grid(shown[key]), images.tile(pixels(expected(folder, 64, part)))[:, :, 0])
    assert "grid-real" in shown
    shown.clear()
    page("train", run=plain.run_id)
    assert shown.keys() == {"grid-generated", "grid-real"}


def test_a_run_of_an_earlier_server_has_both_kept_grids(manager: RunManager, averaging: Run, shown: dict[str, bytes]) -> None:
    manager._runs.clear()
    page("train", run=averaging.run_id)
    folder = folder_of(manager, averaging)
    assert shown["grid-generated"] == folder.samples()[60].read_bytes()
    assert shown["grid-averaged"] == folder.samples(averaged=True)[60].read_bytes()


def test_points_have_a_second_scatter(manager: RunManager, config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    run = trained(manager, config.replace(dataset="two-lines", latent_dim=2, generator_norm="none", ema_decay=0.9))
    drawn: dict[str, np.ndarray] = {}
    captions_drawn: list[str] = []

    def draw(newest: Any, real: Any, kept: Any, *, key: str, caption: str, **options: Any) -> None:
        drawn[key] = newest[1]
        captions_drawn.append(caption)

    monkeypatch.setattr(pictures_view, "moment_points", draw)
    for part in ("pictures", "curves_view"):
        monkeypatch.setattr(f"pages.parts.train.{part}.live_chart", lambda figure, **options: None)
    page("train", run=run.run_id)
    pictures = run.snapshot.pictures
    assert pictures is not None and pictures.averaged is not None
    np.testing.assert_allclose(drawn["points-generated"], pictures.samples, atol=1e-6)
    np.testing.assert_allclose(drawn["points-averaged"], pictures.averaged, atol=1e-6)
    assert captions_drawn[1].startswith("Points of the averaged generator at step {step}")


@pytest.mark.slow
def test_exploring_the_average(manager: RunManager, averaging: Run, plain: Run, shown: dict[str, bytes]) -> None:
    folder = folder_of(manager, averaging)
    test = page("explore", run=averaging.run_id, seed="0")
    assert test.segmented_control(key="explore.generator").value == "averaged" and "generator" not in test.query_params
    test.segmented_control(key="explore.where").set_value("on the server").run()
    np.testing.assert_array_equal(grid(shown["explore-picture"]), pixels(expected(folder, 1))[0, :, :, 0])
    test.segmented_control(key="explore.generator").set_value("as trained").run()
    np.testing.assert_array_equal(grid(shown["explore-picture"]), pixels(expected(folder, 1, "generator"))[0, :, :, 0])
    assert test.query_params["generator"] == "trained" and not test.exception
    for said, choice in (("trained", "as trained"), ("averaged", "averaged")):  # "averaged" is what links of earlier versions say
        test = page("explore", run=averaging.run_id, seed="0", generator=said)
        assert test.segmented_control(key="explore.generator").value == choice
    test = page("explore", run=plain.run_id)
    assert not [box for box in test.segmented_control if box.key == "explore.generator"]


@pytest.mark.slow
def test_the_average_can_be_exported_where_there_is_one(manager: RunManager, averaging: Run, plain: Run) -> None:
    for run, parts in ((averaging, ["Generator", "Critic", "Averaged"]), (plain, ["Generator", "Critic"])):
        test = page("train", run=run.run_id)
        test.session_state[f"export.{run.run_id}"] = True
        test.run()
        test.segmented_control(key="export.kind").set_value("exported-program").run()
        assert test.segmented_control(key="export.part").options == parts
    test = page("train", run=averaging.run_id)
    test.session_state[f"export.{averaging.run_id}"] = True
    test.run()
    test.segmented_control(key="export.kind").set_value("exported-program").run()
    test.segmented_control(key="export.part").set_value("averaged").run()
    assert test.download_button[0].label == f"Download {averaging.run_id}-averaged.pt2"
