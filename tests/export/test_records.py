"""Exports of what runs have recorded: tables as a spreadsheet reads them, and TensorBoard's event files read back without the library."""

from __future__ import annotations

import csv
import io
import struct
import subprocess
import sys
import zipfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.loops import begin
from tests.project import PROJECT
from wgan_core.cli.main import main
from wgan_core.config import TrainConfig
from wgan_core.export import ExportError, export_in_subprocess
from wgan_core.export.records import RECORDS, export_records, zip_of_records
from wgan_core.export.tables import readings_csv, steps_csv
from wgan_core.runs.messages import SaveNow, Set
from wgan_core.store.folder import RunFolder
from wgan_core.store.history import column
from wgan_core.store.locks import is_read
from wgan_core.store.parent import Parent
from wgan_core.store.readings import Reading

SWD = Reading("sliced-w1", 20, 6, 0.25, 0.07, 0.005, 512, "pixels", "eval", "held-out", 0.1)
HEALTH = Reading("critic-health", 20, 6, 2.0, details={"bounds": {"display_w1": {"value": 1.5}}})


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run with an edit, two saved steps, pictures and readings."""
    from tests.small import SMALL

    path = tmp_path_factory.mktemp("records") / "run"
    begin(path, SMALL.replace(max_steps=100, log_every=2), 30, {10: Set({"n_critic": 4}), 20: SaveNow()})
    folder = RunFolder.open(path)
    folder.append_readings([SWD, HEALTH, Reading("advice", 20, 6, 1.0, details={"advice": []})])
    return folder


# Tables.


def read(table: bytes) -> list[dict[str, str]]:
    assert table.startswith(b"\xef\xbb\xbf")  # by which Excel knows the encoding
    return list(csv.DictReader(io.StringIO(table.decode("utf-8-sig"), newline="")))


def test_one_row_a_step_with_units_in_the_header(run: RunFolder) -> None:
    rows, recorded = read(steps_csv(run)), run.read_metrics()
    assert len(rows) == len(recorded) and list(rows[0])[:5] == [
        "Step (critic updates)",
        "Generator updates",
        "Real images seen",
        "Training time (s)",
        "Wasserstein estimate (critic score)",
    ]
    np.testing.assert_allclose(
        [float(row["Wasserstein estimate (critic score)"]) for row in rows], column(recorded, "wasserstein_estimate"), rtol=1e-8
    )
    assert [int(row["Real images seen"]) for row in rows] == (column(recorded, "step") * run.config.batch_size).astype(int).tolist()
    # The edit was made at step 10 and holds from the next one on. Settings that were never changed have no column.
    assert {row["Step (critic updates)"]: row["n_critic"] for row in rows if int(row["Step (critic updates)"]) in (10, 12)} == {
        "10": str(run.config.n_critic),
        "12": "4",
    }
    assert not any("Clip value" in name for name in rows[0])


def test_what_is_undefined_is_an_empty_cell(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path / "run", TrainConfig())
    folder.append_metrics(np.array([[5, 0, 0.5, np.inf, 1, np.nan, 2, 3]]))
    (row,) = read(steps_csv(folder))
    assert row["Wasserstein estimate (critic score)"] == "" and row["Generator loss (critic score)"] == ""


def test_a_branch_counts_the_samples_of_its_parent(tmp_path: Path) -> None:
    parent = Parent("parent", 10, {"batch_size": (64, 16)})
    folder = RunFolder.create(tmp_path / "run", TrainConfig(batch_size=16), parent=parent)
    folder.append_metrics(np.array([[5, 0, 1, 1, 1, 1, 1, 1], [15, 0, 1, 1, 1, 1, 1, 1]], dtype=float))
    assert [row["Real images seen"] for row in read(steps_csv(folder))] == ["320", "720"]


def test_readings_with_floor_and_unit_but_no_advice_and_no_formula(tmp_path: Path, run: RunFolder) -> None:
    slope, distance = sorted(read(readings_csv(run)), key=lambda row: row["Measure"], reverse=True)
    assert (distance["Measure"], distance["Value"], distance["Floor (same unit)"], distance["Compared with"]) == (
        "Sliced W1",
        "0.25",
        "0.07",
        "held-out data",
    )
    assert slope["Measure"] == "Steepest slope (K_emp)" and slope["Floor (same unit)"] == ""
    folder = RunFolder.create(tmp_path / "odd", TrainConfig())
    folder.append_readings([Reading("modes", 1, 1, 2.0, unit='=HYPERLINK("http://x")')])
    assert read(readings_csv(folder))[0]["Unit"].startswith("'=")


# TensorBoard, read without tensorboardX's reader: frames, checksums and then the messages.


def _remainder(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
    return byte


REMAINDERS = [_remainder(byte) for byte in range(256)]


def crc32c(data: bytes) -> int:
    """The Castagnoli checksum (RFC 3720, appendix B.4)."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ REMAINDERS[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def test_the_checksum_of_the_rfc() -> None:
    assert crc32c(bytes(32)) == 0x8A9136AA and crc32c(b"123456789") == 0xE3069283


def masked(data: bytes) -> int:
    crc = crc32c(data)
    return (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def values_in(path: Path) -> dict[str, list[tuple[Any, Any]]]:
    """(event, value) by tag, of the one event file below `path`. Frames: length, its checksum, data, their checksum."""
    from tensorboardX.proto.event_pb2 import Event  # pyright: ignore[reportAttributeAccessIssue]

    (file,) = path.iterdir()
    data, at = file.read_bytes(), 0
    found: dict[str, list[tuple[Any, Any]]] = defaultdict(list)
    while at < len(data):
        (length,) = struct.unpack_from("<Q", data, at)
        assert struct.unpack_from("<I", data, at + 8)[0] == masked(data[at : at + 8])
        body = data[at + 12 : at + 12 + length]
        assert len(body) == length
        assert struct.unpack_from("<I", data, at + 12 + length)[0] == masked(body)
        event = Event.FromString(body)
        for value in event.summary.value:
            found[value.tag].append((event, value))
        at += 16 + length
    assert at == len(data)
    return found


@pytest.fixture(scope="module")
def events(run: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, Any]]]:
    target = tmp_path_factory.mktemp("tensorboard")
    (made,) = export_records([run], "tensorboard", target)
    assert made == target / "run" and [path.name for path in target.iterdir()] == ["run"]
    return values_in(made)


def test_scalars_have_their_steps_and_relative_time_is_training_time(run: RunFolder, events: dict[str, list[tuple[Any, Any]]]) -> None:
    found, rows = events["training/wasserstein_estimate"], run.read_metrics()
    assert [event.step for event, _ in found] == column(rows, "step").astype(int).tolist()
    np.testing.assert_allclose([value.simple_value for _, value in found], column(rows, "wasserstein_estimate"), rtol=1e-6)
    clocks = np.array([event.wall_time for event, _ in found])
    np.testing.assert_allclose(np.diff(clocks), np.diff(column(rows, "seconds")), atol=1e-5)
    scalars = {tag: [(event.step, round(value.simple_value, 6)) for event, value in events[tag]] for tag in events}
    assert scalars["distance/sliced_w1"] == [(20, 0.25)] and scalars["distance_above_floor/sliced_w1"] == [(20, 0.18)]
    assert scalars["critic/estimate_over_steepest_slope"] == [(20, 1.5)] and "samples/advice" not in scalars
    assert scalars["settings/n_critic"] == [(10, run.config.n_critic), (11, 4)]
    # Nothing was recorded of the generator before its first update.
    assert scalars["training/generator_loss"][0][0] > scalars["training/critic_loss"][0][0] - 1


def test_pictures_are_those_that_the_run_keeps(run: RunFolder, events: dict[str, list[tuple[Any, Any]]]) -> None:
    from wgan_core.timeline.reading import Timeline

    found = events["samples/fixed_latents"]
    kept = Timeline.of(run).pictures()
    assert [event.step for event, _ in found] == [picture.step for picture in kept]
    with Image.open(io.BytesIO(found[-1][1].image.encoded_image_string)) as ours, Image.open(io.BytesIO(kept[-1].data)) as theirs:
        assert ours.format == "PNG" and np.array_equal(np.asarray(ours.convert("RGB")), np.asarray(theirs.convert("RGB")))


def test_histograms_hold_every_weight_of_every_kept_step(run: RunFolder, events: dict[str, list[tuple[Any, Any]]]) -> None:
    steps = {event.step for event, _ in events["critic/layers.0.weight"]}
    assert steps >= {20, 30}
    (made,) = (value.histo for event, value in events["critic/layers.0.weight"] if event.step == 20)
    weights = run.read_part(20, "critic")["layers.0.weight"].numpy().ravel().astype(np.float64)
    assert made.num == len(weights) == sum(made.bucket) and made.sum == pytest.approx(weights.sum()) and made.max == weights.max()
    limits = np.array(made.bucket_limit)
    np.testing.assert_array_equal(np.cumsum(made.bucket)[:-1], [np.sum(weights < limit) for limit in limits[:-1]])


def test_hyperparameters_stand_in_the_run_itself_with_its_last_measures(events: dict[str, list[tuple[Any, Any]]]) -> None:
    from tensorboardX.proto.plugin_hparams_pb2 import HParamsPluginData  # pyright: ignore[reportAttributeAccessIssue]

    content = events["_hparams_/session_start_info"][0][1].metadata.plugin_data.content
    settings = HParamsPluginData.FromString(content).session_start_info.hparams
    assert settings["clip_value"].number_value == pytest.approx(0.05) and settings["lipschitz"].string_value == "clip"
    assert "gp_lambda" not in settings and "threads" not in settings
    metrics = HParamsPluginData.FromString(events["_hparams_/experiment"][0][1].metadata.plugin_data.content).experiment.metric_infos
    assert {one.name.tag for one in metrics} <= set(events) and events["last/sliced_w1"][0][1].simple_value == 0.25


def test_of_several_runs_only_what_differs_is_a_hyperparameter(run: RunFolder) -> None:
    from wgan_core.export.tensorboard import worth_telling

    assert worth_telling([run.config, run.config.replace(n_critic=7, threads=2, gp_lambda=3)]) == ("n_critic",)
    assert "seed" in worth_telling([run.config, run.config]) and "gp_lambda" not in worth_telling([run.config])


def test_no_name_of_this_machine_and_no_path(run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "the-name-of-a-machine")
    (made,) = export_records([run], "tensorboard", tmp_path)
    (file,) = made.iterdir()
    for secret in ("the-name-of-a-machine", str(PROJECT), str(run.path)):
        assert secret.encode() not in file.read_bytes() and secret not in file.name


def test_points_are_drawn(tmp_path: Path, config: TrainConfig) -> None:
    begin(tmp_path / "points", config.replace(dataset="ring", generator_norm="none", latent_dim=2), 12)
    (made,) = export_records([RunFolder.open(tmp_path / "points")], "tensorboard", tmp_path / "out")
    assert values_in(made)["samples/fixed_latents"]


# The command line, and the zip of the pages.


def test_on_the_command_line(run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "new" / "folder")
    for kind in RECORDS:
        assert main(["export", str(run.path), "--as", kind, "--out", out]) == 0
    said = capsys.readouterr().out
    assert "CSV of run" in said and f"tensorboard --logdir {out}" in said
    assert sorted(path.name for path in Path(out).iterdir()) == ["run", "run-readings.csv", "run.csv"]
    assert main(["export", str(run.path), "--as", "csv", "--out", out]) == 2
    assert "exists already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--as", "csv", "--step", "20"], "hold all steps"),
        (["again", "--as", "csv"], "have the same name"),
        (["again", "--as", "script"], "made of one run"),
    ],
)
def test_what_cannot_be_exported_is_a_sentence(
    run: RunFolder, tmp_path: Path, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = [str(run.path) if one == "again" else one for one in arguments]
    assert main(["export", str(run.path), *arguments, "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert sentence in error and error.count("\n") == 1 and not (tmp_path / "out").exists()


def test_without_the_library_it_says_what_to_install(run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ExportError, match="pip install tensorboardX"):
        export_records([run], "tensorboard", tmp_path)


def test_a_run_is_there_completely_or_not_at_all(run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(folder: RunFolder) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("wgan_core.export.tables.readings_csv", full)
    with pytest.raises(ExportError, match="No space left"):
        export_records([run], "csv", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.slow
def test_the_zip_of_the_pages(run: RunFolder) -> None:
    with zipfile.ZipFile(io.BytesIO(zip_of_records([run.path], "csv"))) as packed:
        assert packed.namelist() == ["run-readings.csv", "run.csv"] and packed.read("run.csv") == steps_csv(run)


def test_the_command_line_knows_the_kinds_without_loading_the_library() -> None:
    code = "import sys, wgan_core.cli.export; sys.exit(any(name.split('.')[0] in ('torch', 'tensorboardX') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT).returncode == 0


@pytest.mark.parametrize("make", [lambda path: zip_of_records([path], "csv"), lambda path: export_in_subprocess(path, "onnx")])
def test_a_run_is_not_deleted_while_it_is_exported(run: RunFolder, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], bytes]) -> None:
    read: list[bool] = []

    def command_line(arguments: Sequence[str], *, timeout: float) -> None:
        read.append(is_read(run.path))
        raise ExportError("enough")

    monkeypatch.setattr("wgan_core.export.run_command_line", command_line)
    monkeypatch.setattr("wgan_core.export.records.run_command_line", command_line)
    with pytest.raises(ExportError, match="enough"):
        make(run.path)
    assert read == [True] and not is_read(run.path)
