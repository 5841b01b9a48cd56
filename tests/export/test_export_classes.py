"""What leaves a run that is told classes: samples of a class, ONNX and PyTorch files with a second input."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.loops import begin
from tests.small import SMALL
from wgan_core.cli.main import main
from wgan_core.export.weights import exported_program, onnx_file
from wgan_core.latent.saved import SavedNetworks, load_networks
from wgan_core.store.folder import RunFolder


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "told"
    begin(path, SMALL.replace(labels="conditional"), 6)
    return path


@pytest.fixture
def networks(told: Path) -> SavedNetworks:
    return load_networks(RunFolder.open(told), 6)


def test_samples_of_a_class(told: Path, networks: SavedNetworks, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = str(tmp_path / "s.npz")
    assert main(["sample", str(told), "--class", "7", "--count", "5", "--out", out]) == 0
    with np.load(out) as arrays:
        assert np.allclose(arrays["images"], networks.samples(arrays["z"], np.full(5, 7)), atol=1e-5) and "labels" not in arrays
    assert main(["sample", str(told), "--count", "30", "--out", out]) == 0
    with np.load(out) as arrays:
        assert np.allclose(arrays["images"], networks.samples(arrays["z"], arrays["labels"]), atol=1e-5)
        shares = np.bincount(arrays["labels"], minlength=10)
        assert shares.min() >= 2 and shares.max() <= 4
    assert main(["sample", str(told), "--class", "skirt", "--out", out]) == 2
    assert "There is no class 'skirt': choose one of 0, 1, 2" in capsys.readouterr().err


def test_a_class_of_a_run_that_is_told_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    begin(tmp_path / "run", SMALL, 3)
    assert main(["sample", str(tmp_path / "run"), "--class", "7", "--out", str(tmp_path / "s.npz")]) == 2
    assert "--class is for runs trained with --labels conditional" in capsys.readouterr().err


@pytest.mark.parametrize("part", ["generator", "critic"])
def test_a_pytorch_file_takes_classes(networks: SavedNetworks, part: str) -> None:
    module = torch.export.load(io.BytesIO(exported_program(networks, part).content)).module()
    z, row = torch.randn(3, 6), torch.eye(10)[[2, 5, 5]]
    made = torch.from_numpy(networks.samples(z.numpy(), np.array([2, 5, 5])))
    found, wanted = (module(z, row), made) if part == "generator" else (module(made, row), networks.critic(made, row))
    assert torch.allclose(found, wanted, atol=1e-5)


@pytest.mark.slow
def test_an_onnx_file_takes_classes(networks: SavedNetworks) -> None:
    onnx, runtime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    content = onnx_file(networks, "generator").content
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    z, row = np.random.default_rng(0).standard_normal((3, 6), dtype=np.float32), np.eye(10, dtype=np.float32)[[2, 5, 5]]
    found = session.run(None, {"z": z, "classes": row})[0]
    assert np.allclose(found, networks.samples(z, np.array([2, 5, 5])), atol=1e-5)
    names = {one.key: one.value for one in onnx.load_from_string(content).metadata_props}["classes"]
    assert json.loads(names) == [str(number) for number in range(10)]
