"""Run folders with anything at all in their files: one sentence, and everything else goes on."""

from __future__ import annotations

import json
import os
import queue
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st

from tests.app_page import page, texts
from tests.loops import begin
from tests.small import SMALL
from wgan_core.cli.main import main
from wgan_core.export.of_run import program_of
from wgan_core.latent.directions import saved_directions
from wgan_core.latent.saved import load_networks
from wgan_core.runs.branch import branched_config
from wgan_core.runs.launch import resumed_loop, snapshot_from_folder
from wgan_core.runs.manager import RunManager
from wgan_core.runs.replay import replay
from wgan_core.store.files import parse_json
from wgan_core.store.folder import RunFolder, StoreError, list_runs
from wgan_core.store.readings import Reading, advice_in, newest, share_of_training, to_line, value_in_words

ROUNDS = int(os.environ.get("WGAN_FUZZ", "40"))
"""Mutations of each file. The long form is run by hand."""
NESTED = "[" * 100_000
LONG = "9" * 400
LINE_FILES = ("ledger.jsonl", "health.jsonl", "metrics.csv")
FILES = ("config.json", "directions.json", *LINE_FILES)
VECTOR = [0.5] * SMALL.latent_dim


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with something in each of its files."""
    path = tmp_path_factory.mktemp("trained") / "run"
    begin(path, SMALL, 8)
    folder = RunFolder.open(path)
    folder.append_ledger(4, "edit", field="n_critic", old=3, new=4)
    health = {"bounds": {"empirical": {"value": 1.0, "reason": ""}}, "layers": []}
    folder.append_readings(
        [
            Reading("sliced-w1", 4, 1, 0.25, 0.07, 0.005, 512, "unit", "eval", "held-out", 0.1, 12.0, 0.3),
            Reading("critic-health", 4, 1, 1.0, details=health),
            Reading("advice", 4, 1, 1, details={"advice": [{"key": "a", "level": "warning", "text": "A.", "setting": "n_critic"}]}),
        ]
    )
    (path / "directions.json").write_text(json.dumps([{"name": "smile", "vector": VECTOR, "sd": 1.5, "note": "mine", "step": 4}]))
    return path


@pytest.fixture
def root(runs: Path, trained: Path) -> Path:
    """Two runs: `sound`, and `odd`, which the tests damage."""
    for name in ("sound", "odd"):
        shutil.copytree(trained, runs / name)
    return runs


def damage(path: Path, change: Callable[[Any], object]) -> None:
    meta = json.loads((path / "config.json").read_text())
    change(meta)
    (path / "config.json").write_text(json.dumps(meta))


# One damaged run, three pages, one sentence.

DAMAGES: dict[str, Callable[[Path], object]] = {
    "a config that is a list": lambda path: damage(path, lambda meta: meta.update(config=[[1, 2]])),
    "nested without end": lambda path: (path / "config.json").write_text(NESTED),
    "empty": lambda path: (path / "config.json").write_text(""),
    "a number without end": lambda path: damage(path, lambda meta: meta.update(config=meta["config"] | {"seed": int(LONG)})),
    "a number longer than Python reads": lambda path: (path / "config.json").write_text("9" * 10_000),
    "half a character": lambda path: damage(path, lambda meta: meta.update(note="\ud800")),
    "versions that are a list": lambda path: damage(path, lambda meta: meta.update(versions=[1])),
    "not a text": lambda path: (path / "config.json").write_bytes(b"\xff\xfe\x00"),
    "too large": lambda path: (path / "config.json").write_text(" " * 2_000_000),
    "a link": lambda path: ((path / "config.json").unlink(), (path / "config.json").symlink_to("/etc/hosts")),
    "a folder for the curves": lambda path: ((path / "metrics.csv").unlink(), (path / "metrics.csv").mkdir()),
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_info_on_a_damaged_run_is_one_sentence(root: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    DAMAGES[kind](root / "odd")
    with pytest.raises(StoreError) as caught:
        RunFolder.open(root / "odd")
    assert main(["info", str(root / "odd")]) == 2
    assert capsys.readouterr().err == f"wgan_core: {caught.value}\n"


@pytest.mark.slow
@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_run_is_shown_as_damaged_and_all_else_goes_on(manager: RunManager, root: Path, kind: str) -> None:
    DAMAGES[kind](root / "odd")
    with pytest.raises(StoreError) as caught:
        RunFolder.open(root / "odd")
    assert str(caught.value).startswith(str(root / "odd"))
    sentence = str(caught.value).replace(f"{root}/", "")  # visitors see no folder of the server
    assert "\n" not in sentence and len(sentence) < 400

    home = page("home")
    shown = texts(home)
    assert (
        "**sound**" in [link.proto.label for link in home.get("page_link")] and "**odd** :red-badge[damaged]" in shown and sentence in shown
    )
    test = page("train", run="odd")
    assert [error.value for error in test.error] == [sentence] and "deleted or moved" not in texts(test)
    test = page("explore", run="odd")
    (choice,) = [box for box in test.selectbox if box.label == "Run"]
    assert choice.value == "odd" and "odd (damaged)" in choice.options and not test.warning
    assert [error.value for error in test.error] == [sentence]
    choice.set_value("sound").run()
    assert not test.exception and not test.error and "Critic score" in texts(test)

    assert [run.run_id for run in list_runs(root)] == ["sound"]


@pytest.mark.slow
def test_a_run_is_chosen_before_a_damaged_one_and_damaged_ones_alone_are_listed_too(manager: RunManager, root: Path) -> None:
    DAMAGES["empty"](root / "odd")
    (choice,) = [box for box in page("explore").selectbox if box.label == "Run"]
    assert choice.value == "sound"
    shutil.rmtree(root / "sound")
    shown = texts(page("explore"))
    assert "There is no trained run yet" in shown and "config.json is damaged" in shown
    assert "**odd** :red-badge[damaged]" in texts(page("home"))


def test_what_is_no_run_folder_is_not_listed(manager: RunManager, root: Path) -> None:
    (root / "notes").mkdir()
    (root / "README.md").write_text("about these runs")
    shutil.rmtree(root / "odd")
    for name in ("home", "explore"):
        test = page(name)
        assert "damaged" not in texts(test) + str(test.main)
    assert "deleted or moved" in texts(page("train", run="notes"))


@pytest.mark.slow
def test_a_line_of_the_ledger_that_is_no_entry_costs_nothing_but_itself(manager: RunManager, root: Path) -> None:
    before = RunFolder.open(root / "odd").ledger()
    for name in ("ledger.jsonl", "health.jsonl"):
        with (root / "odd" / name).open("a") as file:
            file.write("\n".join((NESTED, f'{{"step": {LONG}, "what": "edit"}}', '{"step": 5, "what": "x" * 9}', "x" * 2_000_000, "")))
    folder = RunFolder.open(root / "odd")
    assert folder.ledger() == before and len(folder.readings()) == 3
    for name in ("home", "train", "explore"):
        test = page(name, run="odd")
        assert not test.error and "damaged" not in texts(test)


def test_clocks_of_a_reading_are_numbers(root: Path) -> None:
    line = json.loads(to_line(Reading("sliced-w1", 4, 1, 0.25)))
    with (root / "odd" / "health.jsonl").open("a") as file:
        for name in ("seconds", "trained", "spent"):
            file.write(json.dumps(line | {name: None}) + "\n")
    assert len(RunFolder.open(root / "odd").readings()) == 3


@pytest.mark.parametrize("field", ["self", "brightness", "x" * 5000])
def test_a_run_edited_by_a_later_version_can_be_looked_at_but_not_continued(root: Path, field: str) -> None:
    folder = RunFolder.open(root / "odd")
    with (root / "odd" / "ledger.jsonl").open("a") as file:
        file.write(json.dumps({"step": 5, "what": "edit", "field": field, "old": 1, "new": 2}) + "\n")
    assert folder.config_at(5) == folder.config_at(4)
    assert not page("explore", run="odd").exception and not page("train", run="odd").exception
    sentence = rf"The setting {field[:60]}, edited at step 5, is not known to this version"
    for attempt in (
        lambda: resumed_loop(root / "odd", {}, queue.SimpleQueue()),
        lambda: branched_config(folder, folder.steps()[0], {}),
        lambda: replay(folder),
        lambda: program_of(folder),
    ):
        with pytest.raises(StoreError, match=sentence) as caught:
            attempt()
        assert len(str(caught.value)) < 300
    assert not folder.is_held()


def test_two_directions_of_one_name_are_damage(root: Path) -> None:
    path = root / "odd" / "directions.json"
    path.write_text(json.dumps(2 * json.loads(path.read_text())))
    with pytest.raises(StoreError, match=r"directions.json is damaged: repair or delete it\."):
        saved_directions(RunFolder.open(root / "odd"))


@pytest.mark.parametrize(
    "text",
    [NESTED, NESTED + "]" * 100_000, "[" * 40 + "]" * 40, LONG, "9" * 10_000, "-" + LONG, "1e999", "NaN", "-Infinity", '"\\udc00"', "{"],
)
def test_json_that_no_run_holds_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):
        parse_json(text)


def test_json_that_a_run_holds_is_read() -> None:
    held = {"a": [1, -2.5, None, True, "ü😀"], "b": {"c": [[[]]] * 40}, "n": 10**17}
    assert parse_json(json.dumps(held)) == held


@pytest.mark.parametrize(
    "text", ["[" * 100 + "]" * 100, '{"a":' * 100 + "1" + "}" * 100, "[" * 100_000, '"' + "[" * 50 + '", ' + "[" * 100]
)
def test_what_is_nested_too_deep_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Near the limit of recursion, Python's own finalisers fail and write to the terminal."""
    monkeypatch.setattr(json, "loads", lambda *args, **kwargs: pytest.fail("parsed"))
    with pytest.raises(ValueError, match="nested too deep"):
        parse_json(text)


def test_brackets_within_texts_and_beside_each_other_are_not_nested() -> None:
    for held in ({"note": "[{" * 500 + '\\"' + "[" * 500}, [[]] * 1000, {'a"[' * 40: [{"b": "]"}] * 500}):
        assert parse_json(json.dumps(held)) == held


# Seeded mutations of everything that a run folder says.

ODD_VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 10**17, int(LONG), 1e300, -0.5, float("nan"), float("inf"), "", "5", "\ud800", "\0", "x" * 5000, [], {}, [[1, 2]],
    [None], {"a": [1]}, {"": {}}, NESTED,
)  # fmt: skip


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value within `value`."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield (*at, key)
        yield from places(value[key], (*at, key))


def put(value: Any, way: tuple[Any, ...], odd: Any) -> None:
    for key in way[:-1]:
        value = value[key]
    value[way[-1]] = odd


def mutated_json(text: str, rng: random.Random) -> str:
    """One value replaced by an odd one, or left out."""
    value = json.loads(text)
    ways = list(places(value))
    if not ways:
        return NESTED
    odd = rng.choice(ODD_VALUES)
    put(value, rng.choice(ways), odd)
    return json.dumps(value).replace(json.dumps(NESTED), NESTED)


def mutated_row(line: str, rng: random.Random) -> str:
    cells = line.split(",")
    cells[rng.randrange(len(cells))] = rng.choice(("", "nan", "inf", "-inf", LONG, "-1", "1e300", "-5", "x", "1_0", "0", "7.5", "'"))
    return ",".join(cells)


def mutate(path: Path, rng: random.Random) -> None:
    data = path.read_bytes()
    how = rng.choice(("truncated", "nested", "bytes", "empty", "folder", "flipped", *["values"] * 6))
    if how == "folder":
        path.unlink()
        path.mkdir()
    elif how == "values":
        lines = data.decode().splitlines() if path.name in LINE_FILES else [data.decode()]
        for _ in range(rng.randint(1, 4)):
            place = rng.randrange(len(lines))
            try:
                lines[place] = mutated_row(lines[place], rng) if path.suffix == ".csv" else mutated_json(lines[place], rng)
            except (ValueError, RecursionError):  # mutated before, into no JSON
                continue
        path.write_text("\n".join(lines) + "\n", errors="surrogatepass")
    elif how == "flipped":
        at = rng.randrange(len(data))
        path.write_bytes(data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :])
    else:
        at = rng.randrange(len(data) + 1)
        path.write_bytes(
            {"truncated": data[:at], "nested": data[:at] + NESTED.encode() + b"\n" + data[at:], "empty": b""}.get(
                how, data[:at] + b"\xff\xc0\n" + data[at:]
            )
        )


def use_all(path: Path) -> None:
    """Everything that is told of a run folder without training it. Raises StoreError at most."""
    folder = RunFolder.open(path)
    folder.summary()
    assert isinstance(folder.run_id, str)
    for read in (folder.read_metrics, folder.ledger, folder.edits, folder.processes, folder.steps, folder.samples, folder.can_resume):
        read()
    readings = folder.readings()
    advice_in(readings)
    share_of_training(readings)
    assert all(value_in_words(one) for one in newest(readings).values())
    for use in (saved_directions, snapshot_from_folder, lambda folder: load_networks(folder, max(folder.steps(), default=0))):
        try:
            use(folder)
        except StoreError as error:
            assert "\n" not in str(error)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_whatever_a_file_holds_the_store_raises_store_errors_only(root: Path, trained: Path, name: str) -> None:
    rng = random.Random(name)
    for _ in range(ROUNDS):
        shutil.rmtree(root / "odd")
        shutil.copytree(trained, root / "odd")
        mutate(root / "odd" / name, rng)
        try:
            use_all(root / "odd")
        except StoreError as error:
            assert "\n" not in str(error) and len(str(error)) < 500
        list_runs(root)
        assert main(["info", str(root / "odd"), "--json"]) in (0, 2)
        assert main(["info", str(root / "odd")]) in (0, 2)


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_whatever_a_file_holds_the_pages_show_no_stack_trace(manager: RunManager, root: Path, trained: Path, name: str) -> None:
    rng = random.Random(f"pages {name}")
    for _ in range(3):
        shutil.rmtree(root / "odd")
        shutil.copytree(trained, root / "odd")
        mutate(root / "odd" / name, rng)
        for opened in ("home", "train", "explore"):
            st.cache_resource.clear()
            st.cache_data.clear()
            page(opened, run="odd")  # which checks that there is no exception
