"""Zips of runs: what goes out comes back, and what is no zip of runs is refused before anything is written."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import struct
import sys
import warnings
import zipfile
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest

from tests.loops import begin
from tests.run_folders import make_run
from wgan_core.config import TrainConfig
from wgan_core.library import zip_import
from wgan_core.library.labels import change_labels, read_labels
from wgan_core.library.members import belongs
from wgan_core.library.trash import delete
from wgan_core.library.zip_end import Directory, directory_of
from wgan_core.library.zip_export import export_runs, file_name
from wgan_core.library.zip_import import MAX_ENTRIES, ZipError, import_runs
from wgan_core.store.folder import NoRun, RunFolder, StoreError
from wgan_core.store.locks import is_read


def contents(folder: Path) -> dict[str, bytes]:
    files = [file for file in sorted(folder.rglob("*")) if file.is_file() and file.name != ".lock"]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def zipped(root: Path, *names: str) -> io.BytesIO:
    target = io.BytesIO()
    export_runs(root, names, target)
    return target


def made(files: dict[str, bytes | str], **attributes: int) -> io.BytesIO:
    """A zip of these files, made by hand."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name)
            member.compress_type = zipfile.ZIP_DEFLATED
            for attribute, value in attributes.items():
                setattr(member, attribute, value)
            archive.writestr(member, content)
    return target


@pytest.fixture
def run(tmp_path: Path) -> dict[str, bytes | str]:
    """The files of a run in a folder `a`."""
    return {f"a/{path}": content for path, content in contents(make_run(tmp_path / "made" / "a")).items()}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of runs, empty."""
    root = tmp_path / "runs"
    root.mkdir()
    return root


def refused(root: Path, file: io.BytesIO) -> str:
    """The sentence; nothing may have been written."""
    with pytest.raises(ZipError) as caught:
        import_runs(root, file)
    assert list(root.iterdir()) in ([], [root / ".library.lock"])
    assert str(root) not in str(caught.value) and "\n" not in str(caught.value) and len(str(caught.value)) < 250
    return str(caught.value)


# Out and back.


def test_a_run_comes_back_to_the_last_byte(tmp_path: Path, root: Path, config: TrainConfig) -> None:
    begin(tmp_path / "mine" / "a", config, 40)
    change_labels(tmp_path / "mine" / "a", title="Sharp")
    make_run(tmp_path / "mine" / "b")
    assert import_runs(root, zipped(tmp_path / "mine", "a", "b", "a")) == ["a", "b"]
    assert contents(root / "a") == contents(tmp_path / "mine" / "a") and contents(root / "b") == contents(tmp_path / "mine" / "b")
    assert RunFolder.open(root / "a").read_step(40) and read_labels(root / "a").title == "Sharp"
    assert sorted(entry.name for entry in root.iterdir()) == [".library.lock", "a", "b"]


def test_only_what_belongs_to_a_run_is_exported(tmp_path: Path, root: Path) -> None:
    run = make_run(tmp_path / "a")
    for path in (".lock", "secret.txt", ".config.json-0123abcd", "steps/.00000100-0123abcd/critic.safetensors", "other/x.png"):
        (run / path).parent.mkdir(exist_ok=True)
        (run / path).write_bytes(b"x")
    names = zipfile.ZipFile(zipped(tmp_path, "a")).namelist()
    assert "a/config.json" in names and "a/steps/00000100/critic.safetensors" in names
    assert not any(word in name for name in names for word in ("secret", "lock", "-0123abcd", "other"))


def test_a_step_that_vanishes_while_it_is_exported_is_left_out_whole(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that trains thins out its steps."""
    run = make_run(tmp_path / "a")
    real = Path.open

    def open_or_gone(path: Path, *arguments: Any) -> object:
        if path.name == "generator.safetensors" and path.parent.name == "00000100":
            shutil.rmtree(path.parent)
        return real(path, *arguments)

    monkeypatch.setattr(Path, "open", open_or_gone)
    target = zipped(tmp_path, "a")
    monkeypatch.undo()
    import_runs(root, target)
    assert RunFolder.open(root / "a").steps() == [200] == RunFolder.open(run).steps()


def test_a_run_that_is_exported_is_not_deleted_meanwhile(tmp_path: Path) -> None:
    make_run(tmp_path / "a")

    class Target(io.BytesIO):
        tried = False

        def write(self, data: object) -> int:
            if not self.tried:
                self.tried = True
                with pytest.raises(StoreError, match="is being read, for instance by an export"):
                    delete(tmp_path, ["a"])
            return super().write(data)  # pyright: ignore[reportArgumentType]

    target = Target()
    export_runs(tmp_path, ["a"], target)
    assert target.tried and not is_read(tmp_path / "a")


def test_a_run_deleted_meanwhile_cannot_be_exported(tmp_path: Path) -> None:
    with pytest.raises(NoRun, match="The run a is not here any more"):
        zipped(tmp_path, "a")


def test_a_run_whose_name_is_taken_gets_another_folder_and_keeps_its_id(root: Path) -> None:
    make_run(root / "a")
    archive = zipped(root, "a")
    assert [import_runs(root, archive)[0] for _ in range(2)] == ["a-2", "a-3"]
    assert RunFolder.open(root / "a-3").run_id == "a"


def test_what_systems_add_to_zips_is_left_out(root: Path, run: dict[str, bytes | str]) -> None:
    names = ("__MACOSX/a/._config.json", "a/.DS_Store", "a/.lock", "a/steps/", "a/samples/Thumbs.db")
    extra: dict[str, bytes | str] = dict.fromkeys(names, "")
    assert import_runs(root, made(run | extra)) == ["a"]
    assert not list(root.rglob("*DS_Store")) and not (root / "__MACOSX").exists()


def test_a_folder_that_no_run_may_be_called_gets_the_runs_id(root: Path, run: dict[str, bytes | str]) -> None:
    assert import_runs(root, made({f"My run!/{name[2:]}": content for name, content in run.items()})) == ["a"]


def test_names_of_zips() -> None:
    assert file_name(["a"]) == "a.zip" and file_name(["a", "b"]) == "2-runs.zip"


# What is refused.


@pytest.mark.parametrize(
    "name",
    [
        "../a/config.json",
        "a/../../config.json",
        "/a/config.json",
        "a/..",
        "C:/a/config.json",
        "..\\a\\config.json",
        "\\\\server\\a",
        "a//config.json",
        "a/./config.json",
        "a/con\x01fig.json",
    ],
)
def test_paths_that_lead_out(root: Path, run: dict[str, bytes | str], name: str) -> None:
    said = refused(root, made({name: "x"} | run))
    assert "which does not stay inside a run's folder: it was refused." in said
    assert not (root.parent / "a").exists()


def test_links_and_other_special_files(root: Path, run: dict[str, bytes | str]) -> None:
    for kind in (stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK):
        said = refused(root, made(run, external_attr=(kind | 0o777) << 16))
        assert said == "'a/config.json' in this zip is a link or another special file, and runs have none: it was refused."


@pytest.mark.parametrize(
    "name", ["a/evil.py", "a/steps/00000100/x.pkl", "a/samples/x/y.png", "photos/x.jpg", "a/other/x.png", "a/x.safetensors"]
)
def test_foreign_files(root: Path, run: dict[str, bytes | str], name: str) -> None:
    assert refused(root, made(run | {name: "x"})) == f"{name!r} in this zip does not belong to a run: pack run folders only."


def test_a_file_outside_any_folder(root: Path, run: dict[str, bytes | str]) -> None:
    said = refused(root, made({name[2:]: content for name, content in run.items()}))
    assert said == "'config.json' in this zip lies outside any folder: pack the runs' folders, not only what is in them."


def test_folders_that_are_no_runs(root: Path, run: dict[str, bytes | str]) -> None:
    assert (
        refused(root, made(run | {"b/metrics.csv": "x"}))
        == "'b' in this zip is no run, because it has no config.json: pack run folders only."
    )
    assert refused(root, made({})) == "This zip holds no run: a run is a folder with a file config.json in it."


def test_a_name_that_is_there_twice(root: Path, run: dict[str, bytes | str]) -> None:
    target = made(run)
    with warnings.catch_warnings(), zipfile.ZipFile(target, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("A/Config.json", "{}")
    assert "'A/Config.json' in this zip does not belong" in refused(root, target)
    target = made(run)
    with warnings.catch_warnings(), zipfile.ZipFile(target, "a") as archive:
        warnings.simplefilter("ignore")
        archive.writestr("A/config.json", "{}")
    assert refused(root, target) == "This zip holds 'A/config.json' twice: pack the run folders again."


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x05\x06", b"PK\x05\x06" + bytes(17), b"PK\x03\x04" + bytes(500), b"\0" * 100_000])
def test_files_that_are_no_zips(root: Path, content: bytes) -> None:
    assert refused(root, io.BytesIO(content)).startswith("This file is not a zip, or it is damaged")


def test_a_zip_that_is_cut_off_or_damaged(root: Path, run: dict[str, bytes | str]) -> None:
    whole = made(run).getvalue()
    for cut in (10, 1000, len(whole) // 2, len(whole) - 5):
        assert "damaged or cut off" in refused(root, io.BytesIO(whole[:cut]))
    at = whole.index(b"metrics.csv") + 200
    assert "damaged or cut off" in refused(root, io.BytesIO(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :]))


def test_a_file_that_is_larger_than_the_zip_says(root: Path, run: dict[str, bytes | str]) -> None:
    whole = bytearray(made(run).getvalue())
    size = struct.pack("<L", len(run["a/metrics.csv"]))
    at = whole.rindex(b"PK\x01\x02", 0, whole.rindex(b"a/metrics.csv"))
    assert whole[at + 24 : at + 28] == size
    whole[at + 24 : at + 28] = struct.pack("<L", 10)
    assert "damaged or cut off" in refused(root, io.BytesIO(bytes(whole)))


@pytest.mark.slow
def test_a_bomb(root: Path, run: dict[str, bytes | str]) -> None:
    said = refused(root, made(run | {"a/metrics.csv": bytes(120_000_000)}))
    assert "times as large when it is unpacked, which no run does" in said


def test_a_file_that_is_too_large_for_its_place(root: Path, run: dict[str, bytes | str]) -> None:
    said = refused(root, made(run | {"a/config.json": bytes(2_000_000)}))
    assert said == "'a/config.json' in this zip is larger than any such file of a run (1,000,000 bytes): it was refused."


def many(count: int, told: int, *, large: bool = False) -> io.BytesIO:
    """A zip whose list has `count` entries, and whose end says that they are `told`; `large`: with the records of large zips."""
    entry = struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0) + b"x"
    listed = entry * count
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, told, told, len(listed), 0)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(listed), 1)
    short = (0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF) if large else (told, told, len(listed), 0)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, *short, 0)
    return io.BytesIO(listed + (end64 + locator if large else b"") + end)


@pytest.mark.parametrize(("told", "large"), [(1_000_000, True), (1, True), (1, False)])
def test_a_million_entries_are_refused_before_they_are_read(root: Path, told: int, large: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = many(1_000_000, told, large=large)
    monkeypatch.setattr(zip_import.zipfile, "ZipFile", lambda *_: pytest.fail("it was opened"))
    assert refused(root, archive) == f"This zip has more than {MAX_ENTRIES:,} entries: put fewer runs into it."


def test_the_end_of_a_zip_is_found_where_python_finds_it(run: dict[str, bytes | str]) -> None:
    archive = made(run)
    found = directory_of(archive)
    assert found is not None and found.entries == len(run)
    for comment in (b"hello", b"x" * 65_535, b"PK\x05\x06", b"PK\x05\x06" + bytes(30)):
        with zipfile.ZipFile(archive, "a") as opened:
            opened.comment = comment
        try:
            expected = len(zipfile.ZipFile(archive).infolist())
        except zipfile.BadZipFile:
            continue
        again = directory_of(archive)
        assert again is not None and again.entries == expected
    assert directory_of(many(3, 3, large=True)) == Directory(3, 3 * 47)


def test_a_zip_with_a_password_or_an_unusual_compression(root: Path, run: dict[str, bytes | str]) -> None:
    whole = bytearray(made({"a/config.json": "{}"}).getvalue())
    at = whole.rindex(b"PK\x01\x02")
    whole[at + 8] |= 1
    assert refused(root, io.BytesIO(bytes(whole))) == "This zip is protected by a password: pack the runs without one."
    whole[at + 8] &= 0xFE
    whole[at + 10] = 14
    assert "compressed in a way that not every computer can read" in refused(root, io.BytesIO(bytes(whole)))


def test_a_run_of_another_version_and_one_that_is_damaged(tmp_path: Path, root: Path, run: dict[str, bytes | str]) -> None:
    old = contents(make_run(tmp_path / "old" / "b", format=0))
    said = refused(root, made(run | {f"b/{path}": content for path, content in old.items()}))
    assert said == "The run 'b' in this zip cannot be used: b was written by another version of the playground (format 0, not 1)."
    said = refused(root, made(run | {"a/config.json": "{"}))
    assert said == "The run 'a' in this zip cannot be used: a/config.json is damaged: restore it from a copy."


def test_a_disk_without_room(root: Path, run: dict[str, bytes | str], monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "free")
    monkeypatch.setattr(zip_import.shutil, "disk_usage", lambda path: usage(zip_import.FREE_BYTES + 10))
    assert "MB are free: make room first." in refused(root, made(run))


def test_if_one_run_cannot_be_put_in_place_none_is(root: Path, run: dict[str, bytes | str], monkeypatch: pytest.MonkeyPatch) -> None:
    both = run | {f"b/{name[2:]}": content for name, content in run.items()}
    real = Path.rename

    def rename(path: Path, target: Path) -> Path:
        if path.name == "b":
            raise OSError(28, "No space left on device")
        return real(path, target)

    monkeypatch.setattr(Path, "rename", rename)
    assert refused(root, made(both)) == "The runs cannot be written (No space left on device): nothing was imported."


@pytest.mark.skipif(sys.platform == "win32", reason="as on Unix")
def test_what_a_killed_import_left_is_removed_a_day_later(root: Path, run: dict[str, bytes | str]) -> None:
    for name, age in ((".import-old", 100_000), (".import-new", 10)):
        (root / name).mkdir()
        now = (root / name).stat().st_mtime
        os.utime(root / name, (now - age, now - age))
    import_runs(root, made(run))
    assert sorted(entry.name for entry in root.iterdir()) == [".import-new", ".library.lock", "a"]


@pytest.mark.parametrize(
    ("path", "does"),
    [
        ("config.json", True),
        ("labels.json", True),
        ("steps/00012000/generator.safetensors", True),
        ("steps/123456789012/averaged.safetensors", True),
        ("samples/00012000-averaged.png", True),
        ("moments/data.safetensors", True),
        ("marks/00012000-branch-20260314-0926-mnist-4-3f9a", True),
        (".lock", False),
        ("steps/12000/generator.safetensors", False),
        ("steps/00012000/generator.pt", False),
        ("steps/generator.safetensors", False),
        ("samples/.hidden", False),
        ("samples/x/y.png", False),
        ("", False),
    ],
)
def test_what_belongs_to_a_run(path: str, does: bool) -> None:
    assert belongs(path) == does


def test_a_zip_without_paths_says_nothing_of_where_data_lie(runs: Path, tmp_path: Path) -> None:
    folder = runs / "mine"
    folder.mkdir(parents=True)
    root = str(tmp_path / "private" / "photos")
    meta = {"format": 1, "run_id": "mine", "config": {"data_root": root}, "dataset": {"source": root}}
    (folder / "config.json").write_text(json.dumps(meta))
    (folder / "ledger.jsonl").write_text(json.dumps({"step": 0, "what": "warning", "text": f"{root} holds 3 files"}) + "\n")
    for hide in (False, True):
        target = io.BytesIO()
        export_runs(runs, ["mine"], target, without_paths=hide)
        texts = b"".join(zipfile.ZipFile(target).read(name) for name in ("mine/config.json", "mine/ledger.jsonl"))
        assert (str(tmp_path).encode() in texts) is not hide and texts.count(b"photos") == 3
