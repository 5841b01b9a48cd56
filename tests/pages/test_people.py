"""A server that several people use: who is asked, who may do what, also by what a browser sends without being offered it."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

from pages.parts.runs import trash_view
from pages.parts.train import controls, time_view
from pages.shared import people, person_bar
from pages.shared.library import listed
from pages.shared.server import run_manager
from tests.app_page import button, buttons, link, page, press, texts
from tests.run_folders import make_run
from tests.small import SMALL
from tests.waiting import trained, until, wait_for
from wgan_core.access.permissions import Visitor
from wgan_core.access.person import COLOURS, new_secret, person_of
from wgan_core.config import TrainConfig
from wgan_core.data.uploads import uploads
from wgan_core.library.trash import deleted_runs
from wgan_core.library.upload_owners import count_of, owners_of
from wgan_core.library.zip_export import export_runs
from wgan_core.runs.manager import RunManager
from wgan_core.runs.messages import Pause, Set, Stop
from wgan_core.runs.run import Run
from wgan_core.store.folder import RunFolder

KEY = "the teacher's secret"
SECRETS = {"Ada": new_secret(), "Bob": new_secret()}
ADA, BOB = (person_of(SECRETS[name], name, COLOURS[0]) for name in SECRETS)


@pytest.fixture
def classroom(monkeypatch: pytest.MonkeyPatch, runs: Path) -> Iterator[None]:
    monkeypatch.setenv("WGAN_MODE", "class")
    monkeypatch.setenv("WGAN_TEACHER_KEY", KEY)
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.fixture
def showcase(monkeypatch: pytest.MonkeyPatch, runs: Path) -> Iterator[None]:
    monkeypatch.setenv("WGAN_MODE", "read only")
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def of(name: str) -> dict[str, str]:
    """The session of somebody who has said who they are."""
    return {"people.secret": SECRETS[name], "people.name": name, "people.colour": COLOURS[0]}


def as_teacher(name: str) -> dict[str, str]:
    return of(name) | {"people.teacher": people._token(SECRETS[name])}


@pytest.fixture
def adas(classroom: None, manager: RunManager, config: TrainConfig) -> Run:
    """A run of Ada's that trains until it is stopped."""
    run = manager.start(config.replace(max_steps=10**9), owner=ADA)
    wait_for(run, "running")
    return run


def labels(test: AppTest) -> list[str]:
    """What the line above the page calls the visitor."""
    found: list[str] = []
    blocks: list[Block] = [test.main]
    while blocks:
        inside = [node for node in blocks.pop().children.values() if isinstance(node, Block)]
        protos: list[Any] = [block.proto for block in inside if block.type == "popover"]
        found += [proto.popover.label for proto in protos if proto.popover.label.startswith(("Ada", "Bob"))]
        blocks += inside
    return found


def test_a_name_is_asked_for_when_something_is_started(classroom: None, manager: RunManager) -> None:
    test = page("train", dataset="digits", image_size="8", max_steps="60")
    press(test, "Start training")
    assert not manager.all_active() and not test.toast and "goes on after that" in texts(test)  # one question, and no refusal beside it
    say_name(test, " Ada ")
    assert labels(test) == ["Ada"]
    (run,) = manager.all_active()  # without a second press
    assert run.owner is not None and run.owner.name == "Ada"
    run.stop()
    assert wait_for(run, "stopped") and not test.run().toast and not manager.all_active()  # and only once


def say_name(test: AppTest, name: str) -> None:
    test.text_input(key="people.form-name").set_value(name)
    press(test, "Go on")


def test_with_a_name_that_cannot_be_used_it_is_asked_again_and_goes_on_later(classroom: None, manager: RunManager) -> None:
    test = page("home")
    press(test, "Quick start")
    say_name(test, "   ")
    assert not manager.all_active() and test.error
    say_name(test, "Ada")
    (run,) = manager.all_active()
    run.stop()


def test_whoever_says_their_name_later_starts_nothing_by_it(classroom: None, manager: RunManager) -> None:
    test = page("home")
    press(test, "Quick start")
    test.run()  # the question is closed
    press(test, "Say who you are")
    assert "goes on after that" not in texts(test)
    say_name(test, "Ada")
    assert labels(test) == ["Ada"] and not manager.all_active()


def test_a_limit_holds_also_for_what_goes_on(classroom: None, manager: RunManager, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WGAN_MAX_STEPS", "10")
    st.cache_resource.clear()
    test = page("home")
    press(test, "Quick start")
    say_name(test, "Ada")
    assert "10 steps" in test.toast[0].value and not manager.all_active()


def test_what_cannot_go_on_by_itself_is_to_be_done_again(classroom: None, manager: RunManager) -> None:
    test = page("train", dataset="digits", image_size="8")
    press(test, "How long will it take?")
    assert not test.toast and "do once more what you have just tried" in texts(test)


def test_a_name_that_somebody_has_is_refused(classroom: None, manager: RunManager) -> None:
    first = page("home")
    press(first, "Say who you are")
    first.text_input(key="people.form-name").set_value("Ada")
    press(first, "Go on")
    second = page("home")
    press(second, "Say who you are")
    second.text_input(key="people.form-name").set_value("ADA")
    press(second, "Go on")
    assert "is called ADA already" in texts(second)


def test_another_sees_the_run_but_no_controls(adas: Run) -> None:
    test = page("train", of("Bob"), run=adas.run_id)
    assert "This run belongs to Ada" in texts(test) and not buttons(test, "Stop") and not buttons(test, "Pause")
    owner = page("train", of("Ada"), run=adas.run_id)
    assert buttons(owner, "Stop") and "belongs to" not in texts(owner)


def test_the_teacher_is_asked_before_steering_anothers_run(adas: Run) -> None:
    test = page("train", as_teacher("Bob"), run=adas.run_id)
    assert not buttons(test, "Stop") and "This is Ada's run." in texts(test)
    press(test, "Steer Ada's run")
    press(test, "Stop")
    wait_for(adas, "stopped")
    ends = [entry for entry in RunFolder.open(people_root(adas)).ledger() if entry.get("status") == "stopped"]
    assert [entry.get("by") for entry in ends] == ["Bob"]


def people_root(run: Run) -> Path:
    from pages.shared.server import run_manager

    return run_manager().root / run.run_id


def test_the_teachers_key_is_not_the_name(classroom: None, manager: RunManager, monkeypatch: pytest.MonkeyPatch) -> None:
    test = page("home", of("Bob") | {"people.teacher": people._token(SECRETS["Ada"])})  # Ada's proof is none for Bob
    assert labels(test) == ["Bob"]
    assert labels(page("home", as_teacher("Bob"))) == ["Bob (teacher)"]


def test_a_wrong_key_makes_everybody_wait(classroom: None, monkeypatch: pytest.MonkeyPatch) -> None:
    now, session = [100.0], dict(of("Ada"))
    monkeypatch.setattr("pages.shared.people.time.monotonic", lambda: now[0])
    monkeypatch.setattr(people.st, "session_state", session)
    assert people.try_key("wrong") == "This is not the teacher's key."
    assert people.try_key(KEY).startswith("Somebody has just typed a wrong key")
    now[0] += people.WRONG_KEY_SECONDS
    assert people.try_key(KEY) == "" and session["people.teacher"] == people._token(SECRETS["Ada"])
    assert KEY not in session["people.teacher"] and KEY not in (people.to_keep() or "")


@pytest.mark.parametrize(
    "kept", ["", "null", "[]", "{", "{}", '{"secret": 3}', '{"secret": "short", "name": "x", "colour": "", "teacher": ""}']
)
def test_what_a_browser_sends_instead_of_what_it_kept(classroom: None, monkeypatch: pytest.MonkeyPatch, kept: str) -> None:
    session: dict[str, str] = {}
    monkeypatch.setattr(people.st, "session_state", session)
    people.take_over(kept)
    assert not session


def test_a_browser_is_known_again(classroom: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people.st, "session_state", as_teacher("Ada"))
    kept = people.to_keep()
    session: dict[str, str] = {}
    monkeypatch.setattr(people.st, "session_state", session)
    monkeypatch.setattr(people.st, "query_params", {})
    people.take_over(kept or "")
    assert people.me() == ADA and people.visitor() == Visitor(ADA, is_teacher=True)


def test_nobody_comes_back_under_a_name_that_another_has(classroom: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people.st, "session_state", ada := dict[str, str]())
    assert people.call_me("Ada", COLOURS[0]) == "" and people.me() is not None
    kept = {"secret": SECRETS["Bob"], "name": "ＡＤＡ", "colour": COLOURS[1], "teacher": ""}  # as its owner may have written it
    monkeypatch.setattr(people.st, "session_state", session := dict[str, str]())
    people.take_over(json.dumps(kept))
    assert people.me() is None  # and is asked for another name
    assert people.call_me("Bob", COLOURS[0]) == "" and people.me() == BOB  # with the runs that were theirs
    monkeypatch.setattr(people.st, "session_state", ada)
    assert people.my_name() == "Ada" and session["people.name"] == "Bob"


def forged_press(test: AppTest, label: str) -> None:
    """What a browser can send although the page has disabled the button."""
    one = button(test, label)
    one.proto.disabled = False
    one.click().run()


# What a browser sends without being offered it: the same functions that the buttons call, called as anybody.


class Forged:
    """The server's session of somebody whose browser sends whatever it likes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, session: dict[str, str]) -> None:
        self.said: list[str] = []
        monkeypatch.setattr(people.st, "session_state", dict(session))
        monkeypatch.setattr(people.st, "query_params", {})
        monkeypatch.setattr(people.st, "toast", lambda text, **_: self.said.append(text))


@pytest.mark.parametrize("who", ["nobody", "Bob"])
def test_commands_to_anothers_run_are_refused(adas: Run, monkeypatch: pytest.MonkeyPatch, who: str) -> None:
    forged = Forged(monkeypatch, of("Bob") if who == "Bob" else {})
    for command in (Pause(), Set({"n_critic": 9}), Stop()):
        controls.send_command(adas.run_id, command)
    time_view.act(adas.run_id, "pin", 0)
    trash_view._delete([adas.run_id], ["it"])
    controls._start_again(adas.run_id, {})
    assert len(forged.said) == 6 and all(forged.said)
    assert adas.snapshot.status == "running" and adas.snapshot.config.n_critic != 9 and not deleted_runs(people_root(adas).parent)


def test_the_teacher_has_to_agree_first_also_by_forged_commands(adas: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    forged = Forged(monkeypatch, as_teacher("Bob"))
    controls.send_command(adas.run_id, Stop())
    assert "press “Steer Ada's run” first" in forged.said[0] and adas.snapshot.status == "running"
    people.agree(adas.run_id)
    controls.send_command(adas.run_id, Stop())
    wait_for(adas, "stopped")


def test_a_run_cannot_be_made_longer_than_everybodys_limit(adas: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    forged = Forged(monkeypatch, of("Ada"))
    controls.send_command(adas.run_id, Set({"max_steps": 300_000}))
    assert "at most 200,000 steps" in forged.said[0] and adas.snapshot.config.max_steps == 10**9


def test_everybody_has_one_run_at_a_time(adas: Run, manager: RunManager) -> None:
    test = page("train", of("Ada"), dataset="digits", image_size="8", max_steps="60")
    press(test, "Start training")
    assert "Everybody can have one run at a time here" in test.toast[0].value and manager.all_active() == [adas]


@pytest.mark.parametrize("session", ["nobody", "Ada"])
def test_a_showcase_starts_and_changes_nothing(showcase: None, manager: RunManager, config: TrainConfig, session: str) -> None:
    run = manager.start(config, owner=ADA)
    wait_for(run, "finished")
    before = {file: file.read_bytes() for file in people_root(run).rglob("*") if file.is_file() and file.name != ".lock"}
    who = of(session) if session == "Ada" else {}
    shown = page("train", who, run=run.run_id)
    assert not buttons(shown, "Resume from") and not buttons(shown, "Stop")
    form = page("train", who)
    assert button(form, "Start training").disabled
    forged_press(form, "Start training")
    forged_press(page("home", who), "Quick start")
    assert manager.all_active() == [] and len(list(manager.root.glob("2*"))) == 1
    assert before == {file: file.read_bytes() for file in people_root(run).rglob("*") if file.is_file() and file.name != ".lock"}
    assert "This server shows its runs" in texts(shown)


def test_a_link_without_controls_only_looks(adas: Run) -> None:
    test = page("train", of("Ada"), run=adas.run_id, controls="off")
    assert not buttons(test, "Stop") and not buttons(test, "Pause")
    home = page("home", controls="off")
    assert button(home, "Quick start").disabled and "link is for looking on" in button(home, "Quick start").help


@pytest.mark.parametrize("name", ["home", "learn", "train", "runs", "compare", "lab", "explore", "paper", "glossary"])
def test_a_link_without_controls_stays_one(classroom: None, name: str) -> None:
    """After a reload too, whatever the page writes into its address; and a page drawn twice writes the same."""
    test = page(name, of("Ada"), controls="off")
    first = link(test)
    assert first["controls"] == "off" and "controls" not in link(page(name, of("Ada")))
    assert link(test.run()) == first
    assert link(page(name, of("Ada"), **first)) == first


def test_only_ones_own_deleted_runs_are_offered(classroom: None, manager: RunManager, config: TrainConfig) -> None:
    run = manager.start(config, owner=ADA)
    wait_for(run, "finished")
    mine = page("runs", of("Ada") | {"runs.selected": [run.run_id]})
    press(mine, "Delete")
    assert [one.name for one in deleted_runs(manager.root)] == [run.run_id]
    assert not buttons(page("runs", of("Bob")), "Restore")
    press(page("runs", of("Ada")), "Restore")
    done = [(entry["what"], entry.get("by")) for entry in RunFolder.open(manager.root / run.run_id).ledger()][-2:]
    assert done == [("deleted", "Ada"), ("restored", "Ada")]


def test_a_wrong_file_shows_one_sentence_and_no_page(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WGAN_MODE", "clas")
    st.cache_resource.clear()
    test = page("train")
    assert "mode is" in test.error[0].value and not test.button and people.allowed("export").ok is False
    st.cache_resource.clear()


@pytest.mark.parametrize(
    ("address", "open_"),
    [
        ("127.0.0.1", False),
        ("localhost", False),
        ("::1", False),
        ("unix:///x", False),
        ("", True),
        ("0.0.0.0", True),
        ("192.168.1.5", True),
        ("lab", True),
    ],
)
def test_a_personal_server_that_others_can_reach_warns(
    manager: RunManager, monkeypatch: pytest.MonkeyPatch, address: str, open_: bool
) -> None:
    monkeypatch.setattr(person_bar.st, "get_option", lambda name: address)
    assert person_bar.is_open() == open_
    if address in ("", "127.0.0.1"):
        assert ("Others can reach this server" in texts(page("glossary"))) == open_


def test_on_a_personal_server_nobody_is_asked(manager: RunManager) -> None:
    test = page("home")
    assert not buttons(test, "Say who you are") and not button(test, "Quick start").disabled


def test_a_waiting_run_says_its_place_and_the_time_until_its_turn(adas: Run, manager: RunManager, config: TrainConfig) -> None:
    until(lambda: adas.snapshot.seconds_left is not None)
    second, third = (manager.start(config.replace(max_steps=10**6), queue=True, owner=BOB) for _ in range(2))
    for run in (second, third):
        test = page("train", of("Bob"), run=run.run_id)
        (said,) = [str(one.proto.text) for one in test.get("progress")]
        assert said.startswith(f"Number {1 if run is second else 2} in the queue. Before it: ") and " left)" in said
    assert re.search(r" Its turn comes in (about|more than) [\d,]+ h \d+ min\.$", said)


# Uploads and films.


def test_a_zip_is_imported_after_the_name_was_said(classroom: None, manager: RunManager, tmp_path: Path) -> None:
    make_run(tmp_path / "elsewhere" / "a", SMALL, created="2026-03-01T00:00:00+00:00")
    export_runs(tmp_path / "elsewhere", ["a"], zipped := io.BytesIO())
    test = page("runs")
    test.file_uploader(key="runs.upload-0").upload("runs.zip", zipped.getvalue(), "application/zip").run()
    assert not test.exception and not listed()
    say_name(test, "Ada")
    assert [(entry.name, entry.owner) for entry in listed()] == [("a", "Ada")] and "Imported a" in texts(test)


def test_an_upload_is_kept_after_the_name_was_said(classroom: None, own_cache: None) -> None:
    test = page("train", dataset="csv")
    test.file_uploader(key="setup-upload").set_value([("mine.csv", b"1,2\n3,4\n5,6\n", "text/csv")]).run()
    assert not test.exception and not uploads()
    say_name(test, "Ada")
    (kept,) = uploads()
    assert [owner.name for owner in owners_of(kept.path)] == ["Ada"]


def upload(session: dict[str, str], content: bytes) -> AppTest:
    """Somebody uploads a file of points."""
    test = page("train", session, dataset="csv")
    test.file_uploader(key="setup-upload").set_value([("mine.csv", content, "text/csv")]).run()
    assert not test.exception
    return test


def delete_as(session: dict[str, str], name: str) -> bool:
    """Whether somebody can delete an upload, also by sending what the page does not offer."""
    test = page("train", session, dataset="csv")
    pressed = test.button(key=f"delete-{name}")
    pressed.proto.disabled = False  # a browser can send anything
    pressed.click().run()
    return not any(one.path.name == name for one in uploads())


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda name: str(tmp_path / "cache" / name))
    monkeypatch.delenv("WGAN_DATA_ROOT", raising=False)


def test_an_upload_is_deleted_by_whoever_brought_it(classroom: None, own_cache: None) -> None:
    upload(of("Ada"), b"1,2\n3,4\n5,6\n")
    (kept,) = uploads()
    assert owners_of(kept.path) == [ADA] and count_of(ADA) == 1 and count_of(BOB) == 0
    assert not delete_as(of("Bob"), kept.path.name) and not delete_as({}, kept.path.name)
    assert delete_as(of("Ada"), kept.path.name) and count_of(ADA) == 0

    upload(of("Ada"), b"1,2\n3,4\n5,6\n")
    upload(of("Bob"), b"1,2\n3,4\n5,6\n")
    assert owners_of(kept.path) == [ADA, BOB]
    assert not delete_as(of("Ada"), kept.path.name)  # Bob needs it
    assert delete_as(as_teacher("Ada"), kept.path.name) and owners_of(kept.path) == []


def test_the_limit_counts_uploads_that_are_kept(classroom: None, own_cache: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WGAN_MAX_UPLOADS", "1")
    upload(of("Ada"), b"1,2\n3,4\n5,6\n")
    refused = upload(of("Ada"), b"7,8\n3,4\n5,6\n")
    assert "Everybody can upload 1 files here" in refused.error[0].value and len(uploads()) == 1
    assert delete_as(of("Ada"), uploads()[0].path.name)
    upload(of("Ada"), b"7,8\n3,4\n5,6\n")
    assert len(uploads()) == 1


def test_a_showcase_without_experiments_makes_no_film(showcase: None, config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WGAN_EXPERIMENTS", "false")
    manager = run_manager()
    run = trained(manager, config)
    test = page("train", run=run.run_id)
    pressed = button(test, "Make the film")
    assert pressed.disabled
    pressed.proto.disabled = False  # a browser can send anything
    pressed.click().run()
    assert "film.job" not in test.session_state
    manager.shutdown()


def test_a_class_makes_two_films_at_a_time(classroom: None, config: TrainConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = run_manager()
    run = trained(manager, config)
    monkeypatch.setattr("pages.shared.film_form.films_in_making", lambda: 2)
    test = page("train", of("Ada"), run=run.run_id)
    press(test, "Make the film")
    assert "film.job" not in test.session_state and "2 films are being made" in test.toast[0].value
    manager.shutdown()
