"""Films: what they show, how long they are, and what is said when there is nothing to show."""

from __future__ import annotations

import io
import queue
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.loops import drive
from tests.small import SMALL, SMALL_ON_POINTS
from wgan_core.cli.main import main
from wgan_core.config import TrainConfig
from wgan_core.latent.saved import load_networks
from wgan_core.latent.seeds import fixed_latents
from wgan_core.runs.launch import new_loop
from wgan_core.runs.messages import SaveNow, Set
from wgan_core.store.folder import RunFolder, StoreError
from wgan_core.timeline.film import FilmCancelled, latents_from, make_film
from wgan_core.timeline.film_frames import Frames, Look, caption
from wgan_core.timeline.film_scenes import Scene, scenes_of
from wgan_core.timeline.reading import Timeline


def trained(path: Path, config: TrainConfig) -> RunFolder:
    drive(new_loop(config.replace(max_steps=1000), path, queue.SimpleQueue()), 40, {5: SaveNow(), 10: Set({"n_critic": 7}), 20: SaveNow()})
    return RunFolder.open(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return trained(tmp_path_factory.mktemp("film") / "run", SMALL.replace(ema_decay=0.9))


@pytest.fixture(scope="module")
def points(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    return trained(tmp_path_factory.mktemp("film") / "points", SMALL_ON_POINTS)


def frames_of(data: bytes) -> list[Image.Image]:
    import av

    with av.open(io.BytesIO(data), "r") as film:
        return [frame.to_image() for frame in film.decode(video=0)]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_a_picture_that_moves(folder: RunFolder, kind: str) -> None:
    film = Image.open(io.BytesIO(make_film(folder, kind, seconds=1, side=96)))
    assert film.size == (192, 128) and getattr(film, "n_frames", 1) >= 8
    first = np.asarray(film.convert("RGB"), dtype=float)
    film.seek(getattr(film, "n_frames", 1) - 1)
    assert np.abs(np.asarray(film.convert("RGB"), dtype=float) - first).mean() > 3


@pytest.mark.slow
def test_a_video_lasts_as_long_as_asked_and_then_stays(folder: RunFolder) -> None:
    shares: list[float] = []
    frames = frames_of(make_film(folder, "mp4", seconds=2, side=97, curve=False, progress=shares.append))
    assert len(frames) == 2 * 30 + 45 and frames[0].size == (96, 128)
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == 1
    end, before, first = (np.asarray(frames[index], dtype=float) for index in (-1, -40, 0))
    assert np.abs(end - before).mean() < 3 < np.abs(end - first).mean()


def test_the_scenes_are_the_kept_moments(folder: RunFolder, points: RunFolder) -> None:
    for run in (folder, points):
        timeline = Timeline.of(run)
        assert [scene.step for scene in scenes_of(run)] == [moment.step for moment in timeline.moments if moment.grid]
        assert scenes_of(run)[-1].draw(100).size == (100, 100)
    assert len(scenes_of(folder, averaged=True)) > 2


def test_one_latent_grows_up_through_the_kept_networks(folder: RunFolder) -> None:
    z = latents_from("7", folder.config.latent_dim)
    np.testing.assert_array_equal(z, fixed_latents(7, 1, folder.config.latent_dim).numpy())
    scenes = scenes_of(folder, latents=z)
    assert [scene.step for scene in scenes] == [moment.step for moment in Timeline.of(folder).moments if moment.full or moment.light]
    shown = np.asarray(scenes[-1].draw(80).convert("L"))[::10, ::10]
    np.testing.assert_array_equal(shown, load_networks(folder, scenes[-1].step).pixels(z)[0, :, :, 0])


def test_frames_go_from_the_first_scene_to_the_last_with_the_settings_in_force(folder: RunFolder) -> None:
    scenes = [Scene(step, lambda side, grey=step: Image.new("RGB", (side, side), (grey, grey, grey))) for step in (0, 5, 40)]
    frames = list(Frames(folder, scenes, Look(96, False, "")).all(9))
    greys = [np.asarray(frame)[48, 48, 0] for frame in frames]
    assert greys == sorted(greys) and {*greys} == {0, 5, 40} and (greys[0], greys[-1]) == (0, 40)
    assert "n_critic 3" in caption(folder, 10) and "n_critic 7" in caption(folder, 11)


def test_the_curve_draws_itself(folder: RunFolder) -> None:
    scenes = [Scene(step, lambda side: Image.new("RGB", (side, side))) for step in (0, 40)]
    blue = [
        (np.abs(np.asarray(frame, dtype=int)[:96, 96:] - (59, 130, 214)).sum(-1) < 60).sum()
        for frame in Frames(folder, scenes, Look(96, True, "")).all(5)
    ]
    assert blue[0] == 0 and blue[1] < blue[-1] and blue[-1] > 40


@pytest.mark.slow
def test_a_film_that_is_not_wanted_any_more_ends(folder: RunFolder) -> None:
    seen: list[float] = []
    with pytest.raises(FilmCancelled):
        make_film(folder, "mp4", seconds=2, side=96, progress=seen.append, cancelled=lambda: len(seen) > 3)
    assert len(seen) == 4


def test_what_cannot_be_filmed_is_a_sentence(tmp_path: Path, folder: RunFolder) -> None:
    empty = RunFolder.create(tmp_path / "empty", SMALL)
    with pytest.raises(StoreError, match=r"^A film needs the pictures of at least two steps, and this run keeps none\.$"):
        make_film(empty, "mp4")
    for problem, arguments in {
        "A film is one of mp4, gif, webp, not 'avi'.": {"kind": "avi"},
        "A film's seconds must be from 1 to 120, not 500.": {"kind": "gif", "seconds": 500},
        "A film's side must be from 96 to 1080, not 4.": {"kind": "gif", "side": 4},
        "The latents have 3 numbers each, and this run's have 6.": {"kind": "gif", "latents": np.zeros((1, 3), np.float32)},
    }.items():
        with pytest.raises(StoreError) as caught:
            make_film(folder, **arguments)
        assert str(caught.value) == problem


@pytest.mark.parametrize("content", [None, b"no archive", b"PK\x03\x04"])
def test_a_file_without_latents_is_a_sentence(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "z.npz").write_bytes(content)
    with pytest.raises(StoreError, match="is neither a seed nor a file with latents"):
        latents_from(str(tmp_path / "z.npz"), 6)


@pytest.mark.slow
def test_the_command_line(tmp_path: Path, folder: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    run, out = str(folder.path), str(tmp_path / "film.webp")
    assert main(["sample", run, "--count", "4", "--out", str(tmp_path / "z.npz")]) == 0
    for extra in ([], ["--averaged", "--no-curve"], ["--latent", "3"], ["--latent", str(tmp_path / "z.npz")]):
        assert main(["film", run, "--out", out, "--seconds", "1", "--size", "96", *extra]) == 0
    assert f"Film of run, 0.0 MB: {out}" in capsys.readouterr().out
    assert main(["film", run, "--out", str(tmp_path / "film.avi")]) == 2
    assert "--out must end in .mp4, .gif, .webp, not .avi." in capsys.readouterr().err
    assert main(["film", run, "--out", str(tmp_path / "no" / "film.mp4")]) == 2
    assert "there is no folder" in capsys.readouterr().err


def test_a_step_is_pinned_on_the_command_line(folder: RunFolder, capsys: pytest.CaptureFixture[str]) -> None:
    run = str(folder.path)
    assert main(["pin", run, "5", "--text", "the first shapes"]) == 0
    assert folder.past.marks()[0].text == "the first shapes" and 5 in folder.protected_steps()
    assert main(["pin", run, "5", "--remove"]) == 0 and main(["pin", run, "5", "--remove"]) == 0
    assert "Step 5 was not pinned." in capsys.readouterr().out and folder.past.marks() == []
    assert main(["pin", run, "7"]) == 2
    assert "Step 7 is not kept, so it cannot be pinned. The nearest kept step is 5." in capsys.readouterr().err
