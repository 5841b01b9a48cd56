"""The mode and the limits of a server, from a file and from the environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from wgan_core.access.serving import NAMED_BY, Serving, ServingError, read_serving


def read(tmp_path: Path, text: str | None = None, **env: str) -> Serving:
    if text is not None:
        (tmp_path / "playground.toml").write_text(text, encoding="utf-8")
    return read_serving(tmp_path, env)


def test_without_a_file_the_server_is_personal(tmp_path: Path) -> None:
    assert read(tmp_path) == Serving() and not Serving().is_shared


def test_the_file_says_mode_and_limits(tmp_path: Path) -> None:
    found = read(
        tmp_path, 'mode = "class"\nteacher_key = "a long secret"\nteachers = ["Ada@Example.org "]\nmax_runs = 2\nexperiments = false\n'
    )
    assert (found.mode, found.teacher_key, found.max_runs, found.experiments) == ("class", "a long secret", 2, False)
    assert found.teachers == ("ada@example.org",) and found.is_shared


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    found = read(
        tmp_path, 'mode = "class"\nmax_steps = 10\n', WGAN_MODE="read only", WGAN_MAX_STEPS="5_000", WGAN_TEACHERS="a@b.org, c@d.org"
    )
    assert (found.mode, found.max_steps, found.teachers) == ("read only", 5000, ("a@b.org", "c@d.org"))


def test_another_file_can_be_named_and_has_to_be_there(tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    with pytest.raises(ServingError, match="other.toml is not a small text file"):
        read(tmp_path, **{NAMED_BY: str(other)})
    other.write_text('mode = "read only"', encoding="utf-8")
    assert read(tmp_path, **{NAMED_BY: str(other)}).mode == "read only"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mode = class", "playground.toml is not TOML: .*line 1"),
        ('mode = "clas"', "mode is 'clas' in playground.toml or WGAN_MODE: it can be 'personal', 'class', 'read only'."),
        ("mode = 3", "mode is '3'"),
        ('modus = "class"', "holds 'modus', which is no setting of it: use mode, teacher_key,"),
        ('mode = "class"\nteacher_key = "short"', "teacher_key in playground.toml is too short"),
        ("teacher_key = 12345678", "teacher_key in playground.toml has to be text"),
        ("max_runs = -1", "max_runs in playground.toml has to be a whole number"),
        ("max_runs = true", "max_runs in playground.toml has to be a whole number"),
        ("max_steps = 1e9", "max_steps in playground.toml has to be a whole number"),
        ('experiments = "no"', "experiments in playground.toml has to be true or false"),
        ('teachers = "ada@example.org"', "teachers in playground.toml has to be a list"),
        ("\x00", "playground.toml is not TOML"),
        ("a" * 100_001, "is not a small text file"),
    ],
)
def test_a_wrong_file_is_one_clear_sentence(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ServingError, match=says) as caught:
        read(tmp_path, text)
    said = str(caught.value)
    assert "\n" not in said and said.endswith(".") and "12345678" not in said


@pytest.mark.parametrize(("name", "text"), [("MODE", "all"), ("MAX_RUNS", "two"), ("MAX_RUNS", "9" * 13), ("EXPERIMENTS", "perhaps")])
def test_a_wrong_variable_is_refused(tmp_path: Path, name: str, text: str) -> None:
    with pytest.raises(ServingError, match=name.lower()):
        read(tmp_path, None, **{f"WGAN_{name}": text})


def test_bytes_that_are_no_text_and_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "playground.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ServingError, match="not UTF-8 text"):
        read(tmp_path)
    (tmp_path / "playground.toml").unlink()
    (tmp_path / "playground.toml").mkdir()
    with pytest.raises(ServingError, match="not a small text file"):
        read(tmp_path)
