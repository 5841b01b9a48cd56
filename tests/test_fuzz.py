"""Damaged and hostile inputs of every kind end in a result or in one sentence. The long form is `python -m tests.fuzz`."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests import fuzz
from tests.small import SMALL, SMALL_ON_POINTS
from wgan_core.data.dataset import DataError
from wgan_core.data.load import load_dataset

TRIES = {kind: 4 if kind == "links" else 42 for kind in fuzz.KINDS}
"""508 in all."""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[fuzz.Bench]:
    folder = tmp_path_factory.mktemp("fuzz")
    with fuzz.own_places(folder):
        yield fuzz.Bench(folder)


@pytest.mark.slow
@pytest.mark.parametrize("kind", fuzz.KINDS)
def test_damaged_input_ends_in_a_sentence(bench: fuzz.Bench, kind: str) -> None:
    assert [problem for seed in range(TRIES[kind]) if (problem := fuzz.one_try(kind, bench, seed))] == []


def damaged_header() -> bytes:
    """A NumPy array whose header, a line of Python, does not end."""
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((6, 8, 8), np.float32))
    return buffer.getvalue().replace(b"8), }", b"8),99")


@pytest.mark.parametrize("config", [SMALL.replace(dataset="image-folder"), SMALL_ON_POINTS.replace(dataset="csv")])
def test_a_header_that_does_not_end_is_a_sentence(tmp_path: Path, config: fuzz.TrainConfig) -> None:
    file = tmp_path / "odd.npy"
    file.write_bytes(damaged_header())
    with pytest.raises(DataError, match=r"^odd\.npy cannot be read"):
        load_dataset(config.replace(data_root=str(file)))


def test_an_index_with_another_letter_in_it_changes_no_list(bench: fuzz.Bench) -> None:
    root = bench.fresh("images")
    before = fuzz.Library(root, fuzz.run_title).entries()
    file = root / fuzz.INDEX
    changed = file.read_bytes().replace(b"A title", b"B title")
    assert changed != file.read_bytes()
    file.write_bytes(changed)
    assert fuzz.Library(root, fuzz.run_title).entries() == before


@pytest.mark.parametrize("names", [("notes",), ("images",), ("images.npy",)])
def test_a_file_that_is_no_array_in_an_archive_of_arrays_is_a_sentence(tmp_path: Path, names: tuple[str, ...]) -> None:
    file = tmp_path / "odd.npz"
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, b"no array")
    with pytest.raises(DataError, match=r"odd\.npz"):
        load_dataset(SMALL.replace(dataset="image-folder", data_root=str(file)))
