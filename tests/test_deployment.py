"""The files for servers: what they name exists, and they fit together. Neither Docker nor systemd is needed."""

from __future__ import annotations

import configparser
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from tests.project import PROJECT
from wgan_core.access.serving import Serving, read_serving

DOCKERFILE, COMPOSE, UNIT, EXAMPLE, SERVING = (
    (PROJECT / name).read_text(encoding="utf-8")
    for name in ("Dockerfile", "compose.yaml", "deploy/wgan-playground.service", "deploy/playground.example.toml", "docs/SERVING.md")
)


def instructions() -> list[tuple[str, str]]:
    """Of the Dockerfile: each with its arguments, in one line."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE, flags=re.MULTILINE).replace("\\\n", " ")
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in text.splitlines() if line.strip()]


def test_the_dockerfile_has_known_instructions_and_copies_what_is_there() -> None:
    known = {"FROM", "ENV", "WORKDIR", "COPY", "RUN", "USER", "VOLUME", "EXPOSE", "HEALTHCHECK", "STOPSIGNAL", "CMD"}
    assert {name for name, _ in instructions()} <= known and instructions()[0][0] == "FROM"
    allowed = {line.lstrip("!") for line in (PROJECT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    for name, text in instructions():
        for source in shlex.split(text)[:-1] if name == "COPY" else ():
            assert (PROJECT / source).exists() and source in allowed, source


def test_the_image_needs_all_that_app_py_imports_and_starts_it() -> None:
    copied = {source for name, text in instructions() if name == "COPY" for source in shlex.split(text)[:-1]}
    assert {"app.py", "serve.py", "pages", "wgan_core", "static", ".streamlit", "requirements.txt"} <= copied
    users = [place for place, (name, _) in enumerate(instructions()) if name == "USER"]
    assert users and instructions()[-1] == ("CMD", '["streamlit", "run", "serve.py"]') and users[-1] < len(instructions()) - 1


def test_runs_and_uploads_of_the_image_are_in_the_volume() -> None:
    (env,) = (text for name, text in instructions() if name == "ENV")
    values = dict(word.split("=", 1) for word in shlex.split(env))
    (volume,) = (text for name, text in instructions() if name == "VOLUME")
    for name in ("WGAN_RUNS_ROOT", "WGAN_DATA_ROOT", "XDG_CACHE_HOME"):
        assert Path(values[name]).is_relative_to(volume)
    assert f":{volume}\n" in COMPOSE and values["STREAMLIT_SERVER_ADDRESS"] == "0.0.0.0"


def test_compose_serves_this_machine_only_and_in_no_personal_mode() -> None:
    assert '"127.0.0.1:8501:8501"' in COMPOSE and "EXPOSE 8501" in DOCKERFILE
    assert "WGAN_MODE: ${WGAN_MODE:-class}" in COMPOSE and "WGAN_TEACHER_KEY: ${WGAN_TEACHER_KEY:?" in COMPOSE
    yaml = pytest.importorskip("yaml")
    found = yaml.safe_load(COMPOSE)
    (service,) = found["services"].values()
    assert [volume.split(":")[0] for volume in service["volumes"]] == list(found["volumes"])


def test_the_unit_is_sound_and_listens_on_this_machine() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # pyright: ignore[reportAttributeAccessIssue]
    unit.read_string(UNIT)
    assert set(unit.sections()) == {"Unit", "Service", "Install"}
    command = shlex.split(unit["Service"]["ExecStart"])
    assert command[1:3] == ["run", "serve.py"] and "127.0.0.1" in command and (PROJECT / command[2]).exists()
    assert command[0].startswith(unit["Service"]["WorkingDirectory"])
    assert "Environment=WGAN_MODE=class" in UNIT


def test_the_example_can_be_read_and_names_every_setting(tmp_path: Path) -> None:
    (tmp_path / "playground.toml").write_text(EXAMPLE, encoding="utf-8")
    assert read_serving(tmp_path, {}) == Serving(mode="class")
    assert set(vars(Serving())) == {name for name in vars(Serving()) if re.search(rf"^(# )?{name} = ", EXAMPLE, re.MULTILINE)}
    assert tomllib.loads(EXAMPLE)["mode"] == "class"


def test_what_the_page_about_serving_names_is_there() -> None:
    for name in re.findall(r"\]\(\.\./([^)]+)\)", SERVING):
        assert (PROJECT / name).exists(), name
    for name in re.findall(r"WGAN_([A-Z_]+)", SERVING):
        assert name.lower() in vars(Serving()) or name == "PLAYGROUND_FILE", name
