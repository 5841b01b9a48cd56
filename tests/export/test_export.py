"""Exported notebooks and networks, the command line that makes them, and the page that offers them."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.project import PROJECT
from tests.waiting import PATIENCE
from wgan_core import export as package
from wgan_core.cli.main import main
from wgan_core.config import TrainConfig
from wgan_core.data.dataset import ImageDataset
from wgan_core.data.load import load_dataset
from wgan_core.export import PARTS, ExportError, export, export_in_subprocess, weights
from wgan_core.export.program import write_program
from wgan_core.latent.saved import sample_shape
from wgan_core.store.folder import RunFolder, StoreError
from wgan_core.training.models import build_critic, build_generator
from wgan_core.training.trainer import Trainer

RESNET = {"architecture": "resnet", "image_size": 32, "resnet_width": 4}
DCGAN = {"architecture": "dcgan", "image_size": 28, "dcgan_width": 4, "critic_norm": "layer"}


def trained(path: Path, config: TrainConfig, steps: int = 30) -> RunFolder:
    """A run folder with a saved step; enough generator updates that running statistics and those of a batch differ."""
    size = config.image_size
    pixels = torch.randint(0, 256, (40, 1, size, size), dtype=torch.uint8, generator=torch.Generator().manual_seed(5))
    dataset = load_dataset(config) if config.dataset == "ring" else ImageDataset("random", pixels)
    trainer = Trainer(config, dataset)
    for _ in range(steps):
        trainer.train_step()
    folder = RunFolder.create(path, config, dataset={"shape": list(dataset.data.shape[1:])})
    folder.write_step(steps, trainer.state_dict())
    return folder


@pytest.fixture
def folder(tmp_path: Path, config: TrainConfig) -> RunFolder:
    return trained(tmp_path / "run", config)


def plain(folder: RunFolder, part: str) -> torch.nn.Module:
    """The network as PyTorch has it, in eval mode, built without `wgan_core.latent.saved`."""
    network = (build_generator if part == "generator" else build_critic)(folder.config, sample_shape(folder))
    network.load_state_dict(folder.read_part(folder.steps()[-1], part))
    return network.eval()


def given(folder: RunFolder, part: str, count: int) -> torch.Tensor:
    shape = (count, folder.config.latent_dim) if part == "generator" else (count, *sample_shape(folder))
    return torch.randn(shape, generator=torch.Generator().manual_seed(count))


# Networks.


@pytest.mark.slow
@pytest.mark.parametrize("changes", [{}, DCGAN, RESNET, {"dataset": "ring"}], ids=["mlp", "dcgan", "resnet", "points"])
@pytest.mark.parametrize("part", ["generator", "critic"])
def test_onnx_computes_what_pytorch_computes_at_any_batch_size(tmp_path: Path, config: TrainConfig, part: str, changes: Any) -> None:
    onnx, runtime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    folder = trained(tmp_path / "run", config.replace(**changes))
    made = export(folder, "onnx", part=part)
    assert made.note.startswith("Step 30. Largest difference between onnxruntime and PyTorch: ")
    model = onnx.load_from_string(made.content)
    onnx.checker.check_model(model, full_check=True)
    assert (model.opset_import[0].version, model.ir_version) == (17, 8)  # read by onnxruntime 1.16, tried by hand
    assert all(tensor.data_location == onnx.TensorProto.DEFAULT for tensor in model.graph.initializer)
    assert str(PROJECT).encode() not in made.content and b"site-packages" not in made.content
    session = runtime.InferenceSession(made.content, providers=["CPUExecutionProvider"])
    made_of = "points" if folder.config.dataset == "ring" else "images"
    names = ("z", made_of) if part == "generator" else (made_of, "scores")
    assert (session.get_inputs()[0].name, session.get_outputs()[0].name) == names
    network = plain(folder, part)
    for count in (1, 3, 50):
        x = given(folder, part, count)
        (theirs,) = session.run(None, {names[0]: x.numpy()})
        with torch.no_grad():
            torch.testing.assert_close(torch.from_numpy(theirs), network(x), atol=1e-4, rtol=0)


@pytest.mark.slow
def test_the_opset_is_the_one_asked_for(folder: RunFolder) -> None:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxscript")
    assert onnx.load_from_string(export(folder, "onnx", opset=20).content).opset_import[0].version == 20
    with pytest.raises(ExportError, match="--opset must be a whole number from 16 to 23, not 9"):
        export(folder, "onnx", opset=9)
    with pytest.raises(ExportError, match="--opset is for onnx only"):
        export(folder, "script", opset=17)


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS[:2])
def test_an_exported_program_is_read_back_without_this_project(folder: RunFolder, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    made = export(folder, "exported-program", part=part)
    assert str(PROJECT).encode() not in made.content and b"site-packages" not in made.content
    network = plain(folder, part)
    with monkeypatch.context() as patch:
        for name in [name for name in sys.modules if name.split(".")[0] == "wgan_core"]:
            patch.setitem(sys.modules, name, None)  # so that importing it fails
        read = torch.export.load(io.BytesIO(made.content)).module()
        for count in (1, 5):
            x = given(folder, part, count)
            torch.testing.assert_close(read(x), network(x), atol=1e-6, rtol=0)


def test_a_file_that_differs_from_pytorch_is_not_written(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "_tried", lambda examples: [tuple(torch.randn(4, *one.shape[1:]) for one in examples)])  # others each time
    with pytest.raises(ExportError, match="The file was not written: the exported program differs from PyTorch by .*, more than 1e-04"):
        export(folder, "exported-program")


def test_a_missing_package_is_a_sentence_that_names_it(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ExportError, match=r"^ONNX needs onnx and onnxscript, .*: run `pip install onnx onnxscript` first\.$"):
        export(folder, "onnx")


def test_packages_that_do_not_fit_together_are_a_sentence(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def export_fails(*args: Any, **options: Any) -> None:
        raise AttributeError("module 'onnx_ir' has no attribute 'schemas'")

    monkeypatch.setattr(torch.onnx, "export", export_fails)
    monkeypatch.setattr(weights, "missing_packages", lambda: ())
    with pytest.raises(ExportError, match=r"^PyTorch could not write the network as ONNX \(AttributeError\): .*`pip install -U onnx "):
        export(folder, "onnx")


@pytest.mark.slow
def test_without_onnxruntime_the_file_is_made_and_that_is_said(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxscript")
    find_spec = weights.importlib.util.find_spec
    monkeypatch.setattr(weights.importlib.util, "find_spec", lambda name: None if name == "onnxruntime" else find_spec(name))
    made = export(folder, "onnx")
    assert made.note == "Step 30. Not compared with PyTorch: onnxruntime is not installed." and made.content


@pytest.mark.slow
def test_the_step_is_the_one_asked_for(folder: RunFolder) -> None:
    state = folder.read_step(30)
    for tensor in state["generator"].values():
        tensor.zero_()
    folder.write_step(40, state)
    made = {step: export(folder, "exported-program", step=step) for step in (None, 30, 40)}
    zeros = {step: not torch.export.load(io.BytesIO(it.content)).module()(torch.ones(2, 6)).any() for step, it in made.items()}
    assert zeros == {None: True, 30: False, 40: True}
    with pytest.raises(StoreError, match=r"Step 17 is not saved in this run \(saved: 30, 40\)"):
        export(folder, "exported-program", step=17)


@pytest.mark.slow
def test_made_in_another_process_it_is_the_same(folder: RunFolder) -> None:
    apart = torch.export.load(io.BytesIO(export_in_subprocess(folder.path, "exported-program", step=30, part="critic"))).module()
    x = given(folder, "critic", 3)
    assert torch.equal(apart(x), plain(folder, "critic")(x))
    with pytest.raises(ExportError, match=r"^The export was not finished after 0 s"):
        export_in_subprocess(folder.path, "exported-program", timeout=0.01)


@pytest.mark.parametrize(
    ("stderr", "sentence"),
    [("a warning\nwgan_core: Step 17 is gone.\n", "Step 17 is gone."), ("", "The export ended without an error message.")],
)
def test_what_goes_wrong_in_another_process_is_said_here(
    folder: RunFolder, monkeypatch: pytest.MonkeyPatch, stderr: str, sentence: str
) -> None:
    asked: list[list[str]] = []

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 2, "", stderr)

    monkeypatch.setattr(package.subprocess, "run", run)
    with pytest.raises(ExportError) as caught:
        export_in_subprocess(folder.path, "onnx", step=17)
    assert str(caught.value) == sentence and asked[0][-2:] == ["--step", "17"]


def test_two_processes_export_at_a_time_and_the_others_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    working, most, gate = 0, 0, threading.Lock()
    both = threading.Barrier(package.AT_A_TIME)

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        nonlocal working, most
        with gate:
            working += 1
            most = max(most, working)
        both.wait(PATIENCE)
        with gate:
            working -= 1
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(package.subprocess, "run", run)
    threads = [threading.Thread(target=package.run_command_line, args=([],), kwargs={"timeout": 1.0}) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert (working, most) == (0, 2)
    monkeypatch.setattr(package, "WAIT_SECONDS", 0.01)
    monkeypatch.setattr(package, "_PLACES", threading.BoundedSemaphore(1))
    with package._PLACES, pytest.raises(ExportError, match="try again in a minute"):
        package.run_command_line([], timeout=1.0)


# The notebook.


@pytest.mark.slow
def test_the_notebook_runs_from_top_to_bottom(tmp_path: Path, config: TrainConfig) -> None:
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    folder = RunFolder.create(tmp_path / "run", config.replace(max_steps=100_000))
    text = export(folder, "notebook").content.decode()
    book = nbformat.reads(text, as_version=4)
    nbformat.validate(book)
    assert book.cells[0].cell_type == "markdown" and book.cells[0].source.count("WGAN with weight clipping on Digits") == 1
    sources = "\n".join(cell.source for cell in book.cells if cell.cell_type == "code")
    assert "wgan_core" not in sources and '"cuda" if torch.cuda.is_available()' in sources
    short = "STEPS = 5000  # critic updates per run of the training cell; the run did 100,000"
    assert sources.count(short) == 1
    for cell in book.cells:
        cell.source = cell.source.replace(short, "STEPS = 30")
    (again,) = (cell for cell in book.cells if cell.source.startswith("for step, estimate"))
    book.cells.insert(book.cells.index(again), nbformat.v4.new_code_cell(again.source))  # run twice it goes on
    nbclient.NotebookClient(book, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    shown = [output.data for output in outputs if output.output_type == "display_data"]
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]
    (curve,) = (data["image/svg+xml"] for data in shown if "image/svg+xml" in data)
    assert curve.split('points="')[1].split('"')[0].count(",") == 60
    assert sum("image/png" in data for data in shown) == 1
    (printed,) = (output.text for output in outputs if output.output_type == "stream")
    assert printed.startswith("[Epoch 1] [Batch 30/112] [Critic loss: ") and "[Generator loss: " in printed


def test_a_notebook_of_points_shows_the_averaged_generator(config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    monkeypatch.setattr(pytest.importorskip("IPython.display"), "display", shown.append)
    program = write_program(config.replace(dataset="ring", ema_decay=0.9, max_steps=20), for_notebook=True)
    cells: dict[str, Any] = {}
    for part in program.parts:
        exec(part.code, cells)
    curve, picture = shown
    assert len(cells["estimates"]) == 20 and "<polyline" in curve.data and picture.size == (256, 256)
    expected = cells["to_pil_image"](cells["picture"](cells["sample"](cells["averaged"])))
    assert picture.tobytes() == expected.tobytes() != cells["to_pil_image"](cells["picture"](cells["sample"](cells["generator"]))).tobytes()


# The command line.


def test_the_command_line_writes_the_file_beside_you(
    folder: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for kind, options, name in (
        ("script", [], "run.py"),
        ("notebook", [], "run.ipynb"),
        ("exported-program", ["--part", "critic", "--step", "30"], "run-critic.pt2"),
        ("script", ["--out", "other.txt"], "other.txt"),
    ):
        assert main(["export", "run", "--as", kind, *options]) == 0
        assert (tmp_path / name).stat().st_size > 1000 and f" of run: {name}\n" in capsys.readouterr().out
    assert (tmp_path / "run.py").read_bytes() == export(folder, "script").content
    assert json.loads((tmp_path / "run.ipynb").read_text())["nbformat"] == 4


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("export {run} --as onyx", "Argument --as: invalid choice: 'onyx'"),
        ("export {run}", "The following arguments are required: --as"),
        ("export {run}/nothing --as script", "is not a run folder"),
        (
            "export {run} --as script --out {run}/config.json",
            "config.json exists already: delete it, or choose another file name with --out.",
        ),
        ("export {run} --as script --out {run}", "exists already"),
        ("export {run} --as script --out {run}/no/x.py", "x.py cannot be written (No such file or directory)."),
        ("export {run} --as exported-program --step 17 --out {run}/x", "Step 17 is not saved in this run (saved: 30)."),
        ("export {run} --as script --step 30 --out {run}/x", "A script trains from the beginning"),
        ("export {bare} --as onnx --out {run}/x", "This run has no saved step yet."),
        ("exprot {run}", "There is no command 'exprot': did you mean export?"),
    ],
)
def test_what_cannot_be_exported_is_one_sentence(
    line: str, sentence: str, folder: RunFolder, config: TrainConfig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnxscript")
    RunFolder.create(tmp_path / "bare", config)
    assert main([word.format(run=folder.path, bare=tmp_path / "bare") for word in line.split()]) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("wgan_core: ") and shown.err.count("\n") == 1 and sentence in shown.err
    assert not shown.out and not (folder.path / "x").exists()


def test_a_file_that_does_not_fit_is_not_left_half_written(folder: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    resource = pytest.importorskip("resource", reason="needs a limit on the size of files, as POSIX has")
    limits, before = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        assert main(["export", str(folder.path), "--as", "script", "--out", str(tmp_path / "x.py")]) == 2
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert "x.py cannot be written (File too large)." in capsys.readouterr().err and not (tmp_path / "x.py").exists()


def test_the_names_of_files() -> None:
    assert [package.file_name("r", kind) for kind in package.KINDS] == ["r.py", "r.ipynb", "r.onnx", "r.pt2"]
