"""The import contracts in pyproject.toml catch what they are there for: each fault is put into a copy of the project."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.project import PROJECT

LINT = Path(sys.executable).with_name("lint-imports")


def lint(folder: Path) -> tuple[int, str]:
    done = subprocess.run([LINT, "--no-cache"], cwd=folder, capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, " ".join(f"{done.stdout} {done.stderr}".split())


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project's Python files and its contracts."""
    if not LINT.is_file():
        pytest.skip("import-linter is not installed beside this Python")
    for name in ("wgan_core", "pages"):
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "app.py"):
        shutil.copy(PROJECT / name, tmp_path / name)
    return tmp_path


def test_the_code_as_it_is_keeps_them(copy: Path) -> None:
    status, said = lint(copy)
    assert status == 0, said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "line", "complaint"),
    [
        ("wgan_core/stray.py", "", "wgan_core.stray"),
        ("pages/stray.py", "", "pages.stray"),
        ("wgan_core/store/folder.py", "import wgan_core.training.models", "wgan_core.store.folder -> wgan_core.training.models"),
        ("wgan_core/config/setting_info.py", "import wgan_core.config.presets", "no import cycles BROKEN"),
        ("wgan_core/figures/images.py", "import streamlit", "wgan_core never imports streamlit BROKEN"),
        ("pages/parts/lab/lab_view.py", "import pages.parts.train.controls", "pages.parts.lab.lab_view -> pages.parts.train.controls"),
        ("pages/home.py", "import torch", "pages.home -> torch"),
    ],
)
def test_a_fault_breaks_them(copy: Path, file: str, line: str, complaint: str) -> None:
    with (copy / file).open("a") as target:
        target.write(f"\n{line}\n")
    status, said = lint(copy)
    assert status == 1, said
    assert complaint in said
