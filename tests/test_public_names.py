"""What `wgan_core` itself offers, and that it costs no PyTorch before it is used."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

import wgan_core
from tests.project import PROJECT
from wgan_core.config import PRESETS

NAMES = [
    "PRESETS",
    "ConfigError",
    "DataError",
    "Dataset",
    "ImageDataset",
    "RunFolder",
    "StoreError",
    "TrainConfig",
    "Trainer",
    "list_runs",
    "load_dataset",
    "load_networks",
]


def test_these_names_are_public() -> None:
    assert wgan_core.__all__ == NAMES
    assert set(NAMES) <= set(dir(wgan_core))
    assert {getattr(wgan_core, name).__name__ for name in NAMES if name != "PRESETS"} == {*NAMES} - {"PRESETS"}
    assert wgan_core.PRESETS is PRESETS


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'wgan_core' has no attribute 'Discriminator'"):
        wgan_core.Discriminator  # noqa: B018


@pytest.mark.parametrize(
    "code",
    [
        "import wgan_core; wgan_core.__version__",
        "from wgan_core import PRESETS, TrainConfig",
        "import contextlib, wgan_core.cli.main as cli\nwith contextlib.suppress(SystemExit): cli.main(['train', '--help'])",
        "import "
        + ", ".join(f"wgan_core.{path.name}" for path in sorted((PROJECT / "wgan_core").iterdir()) if (path / "__init__.py").is_file()),
    ],
)
def test_no_torch_is_loaded_by(code: str) -> None:
    check = f"import sys\n{code}\nsys.exit('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", check], cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_readmes_python_example_runs() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    example = re.search(r"From Python:\n\n```python\n(.*?)```", readme, re.DOTALL)
    assert example is not None
    code = example.group(1)
    assert "from wgan_core import" in code and "range(1000)" in code
    done = subprocess.run(
        [sys.executable, "-c", code.replace("range(1000)", "range(20)")],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    float(done.stdout)
