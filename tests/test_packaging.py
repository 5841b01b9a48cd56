"""What `pip install .` installs: the engine and the command `wgan`, with the dependencies of requirements.txt and nothing beside them."""

from __future__ import annotations

import email
import importlib.metadata
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import wgan_core
from tests.project import PROJECT

NEEDED = 77
"""The setuptools that pyproject.toml asks for."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Built by the setuptools that is here, so without a network, from a copy of the project."""
    try:
        version = importlib.metadata.version("setuptools")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("setuptools, which builds the wheel, is not installed here")
    if int(version.split(".")[0]) < NEEDED:
        pytest.skip(f"setuptools {version} cannot build the wheel: it has to be {NEEDED} or newer")
    source, target = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("wgan_core", "pages", "tests"):
        shutil.copytree(PROJECT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "requirements.txt", "README.md", "LICENSE", "app.py"):
        shutil.copy(PROJECT / name, source / name)
    code = f"from setuptools.build_meta import build_wheel; build_wheel({str(target)!r})"
    done = subprocess.run([sys.executable, "-c", code], cwd=source, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    (file,) = target.iterdir()
    return zipfile.ZipFile(file)


def text(wheel: zipfile.ZipFile, name: str) -> str:
    return wheel.read(f"wgan_playground-{wgan_core.__version__}.dist-info/{name}").decode()


@pytest.mark.slow
def test_version_and_dependencies_are_those_of_the_one_place_that_has_them(wheel: zipfile.ZipFile) -> None:
    metadata = email.message_from_string(text(wheel, "METADATA"))
    assert metadata["Version"] == wgan_core.__version__
    lines = (PROJECT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert metadata.get_all("Requires-Dist") == [line for line in lines if line and not line.startswith("#")]
    assert (metadata["License-Expression"], metadata["Requires-Python"]) == ("MIT", ">=3.11")
    assert "WGAN Playground contributors" in text(wheel, "licenses/LICENSE")


def test_every_module_of_the_engine_is_in_it_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert names == {path.relative_to(PROJECT).as_posix() for path in (PROJECT / "wgan_core").rglob("*.py")}


def test_the_command_is_called_wgan(wheel: zipfile.ZipFile) -> None:
    assert text(wheel, "entry_points.txt").split() == ["[console_scripts]", "wgan", "=", "wgan_core.cli.main:wgan"]


def test_the_changelog_tells_of_this_version() -> None:
    changelog = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\n## [{wgan_core.__version__}] - 20" in changelog


def test_runs_of_an_installed_package_are_kept_below_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from wgan_core.store import folder

    monkeypatch.delenv("WGAN_RUNS_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    assert folder.runs_root() == PROJECT / "checkpoints"
    monkeypatch.setattr(folder, "__file__", str(tmp_path / "site-packages" / "wgan_core" / "store" / "folder.py"))
    assert folder.runs_root() == tmp_path / "checkpoints"
    monkeypatch.setenv("WGAN_RUNS_ROOT", str(tmp_path / "mine"))
    assert folder.runs_root() == tmp_path / "mine"
