"""Who is looking, whose a run is, and whether somebody may do something. Every page asks here at the moment of doing it."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import streamlit as st

from pages.shared.serving import serving, serving_problem
from wgan_core.access.permissions import Action, Answer, Visitor, may
from wgan_core.access.person import COLOURS, NameRefused, Person, new_secret, person_in, person_of, same_name

_SECRET, _NAME, _COLOUR, _TEACHER = "people.secret", "people.name", "people.colour", "people.teacher"
_LOOKS, _FORGOTTEN, _AGREED = "people.looks", "people.forgotten", "people.agreed"
ASK = "people.ask"
"""Session state key: somebody wanted to do something and has not said who they are."""
THEN = "people.then"
"""Session state key: what they wanted to do, as a function to call as soon as they have a name; None if they have to do it again."""
WRONG_KEY_SECONDS = 2.0
"""After a wrong teacher's key, the next one is not looked at for so long, whoever tries."""


@dataclass
class _Known:
    """What this server process knows of people."""

    names: dict[str, str] = field(default_factory=dict[str, str])
    """By id."""
    last_wrong_key: float = -1e9
    lock: threading.Lock = field(default_factory=threading.Lock)


@st.cache_resource(show_spinner=False)
def _known() -> _Known:
    return _Known()


# Who is looking.


def visitor() -> Visitor:
    """Who is looking at this page."""
    if st.query_params.get("controls") == "off":
        st.session_state[_LOOKS] = True
    person = me()
    return Visitor(person, person is not None and _is_teacher(), st.session_state.get(_LOOKS, False))


def me() -> Person | None:
    """The person at the browser; None in personal mode, and while they have not said who they are."""
    if serving().mode != "class":
        return None
    if has_login():
        return _logged_in()
    secret, name = st.session_state.get(_SECRET), st.session_state.get(_NAME)
    return person_of(secret, name, st.session_state[_COLOUR]) if secret and name else None


def my_name() -> str:
    """For the ledger; "" if there is no name."""
    person = me()
    return person.name if person is not None else ""


def has_login() -> bool:
    """Whether people log in on this server, through Streamlit's own [auth]."""
    return _user("is_logged_in") is not None


def _user(name: str) -> Any:
    try:
        return getattr(st.user, name, None)
    except Exception:  # without secrets, or without a browser
        return None


def _logged_in() -> Person | None:
    if _user("is_logged_in") is not True:
        return None
    proof = f"{_user('iss')} {_user('sub') or _user('email')}"
    name = str(_user("name") or _user("email") or "Somebody")[:30]
    colour = COLOURS[hashlib.sha256(proof.encode()).digest()[0] % len(COLOURS)]
    try:
        return person_of(proof, name, colour)
    except NameRefused:
        return person_of(proof, "Somebody", colour)


def _is_teacher() -> bool:
    if has_login():
        address = str(_user("email") or "").casefold()
        return bool(address) and _user("email_verified") is not False and address in serving().teachers
    token, secret = st.session_state.get(_TEACHER, ""), st.session_state.get(_SECRET, "")
    return bool(serving().teacher_key and token) and hmac.compare_digest(str(token).encode(), _token(secret).encode())


def _token(secret: str) -> str:
    """What proves that whoever has `secret` once typed the teacher's key. Another's is of no use, and the key cannot be got from it."""
    return hmac.new(serving().teacher_key.encode(), str(secret).encode(), hashlib.sha256).hexdigest()


def try_key(typed: str) -> str:
    """Become the teacher in this browser. Returns why not, or ""."""
    known = _known()
    with known.lock:
        if time.monotonic() - known.last_wrong_key < WRONG_KEY_SECONDS:
            return "Somebody has just typed a wrong key: try again in a few seconds."
        if not serving().teacher_key or not hmac.compare_digest(typed.encode(), serving().teacher_key.encode()):
            known.last_wrong_key = time.monotonic()
            return "This is not the teacher's key."
    st.session_state[_TEACHER] = _token(st.session_state[_SECRET])
    return ""


def call_me(name: str, colour: str) -> str:
    """Say who is at this browser, or change the name. Returns why not, or ""."""
    secret = st.session_state.get(_SECRET) or new_secret()
    try:
        person = person_of(secret, name, colour)
    except NameRefused as error:
        return str(error)
    known = _known()
    with known.lock:
        if any(same_name(person.name, other) and one != person.id for one, other in known.names.items()):
            return f"Somebody here is called {person.name} already: add a letter of your last name."
        known.names[person.id] = person.name
    st.session_state.update({_SECRET: secret, _NAME: person.name, _COLOUR: person.colour})
    return ""


def forget_me() -> None:
    """Nobody is at this browser any more. The runs stay."""
    if (person := me()) is not None:
        _known().names.pop(person.id, None)
    for key in (_SECRET, _NAME, _COLOUR, _TEACHER):
        st.session_state.pop(key, None)
    st.session_state[_FORGOTTEN] = True


def to_keep() -> str | None:
    """What the browser keeps, so that it is known again; None if it should say what it has kept, "" to forget that."""
    kept = {name: st.session_state.get(key, "") for name, key in _KEPT.items()}
    return json.dumps(kept) if kept["secret"] else "" if st.session_state.get(_FORGOTTEN) else None


def take_over(text: str) -> None:
    """Take what the browser has kept, unless somebody has said meanwhile who they are."""
    try:
        found = cast("dict[str, Any]", json.loads(text)) if text else {}
        values = {key: found[name] for name, key in _KEPT.items()}
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    if not all(isinstance(value, str) for value in values.values()) or len(values[_SECRET]) < 32 or st.session_state.get(_SECRET):
        return
    st.session_state.update({_SECRET: values[_SECRET], _TEACHER: values[_TEACHER]})  # their runs stay theirs, whatever their name
    call_me(values[_NAME], values[_COLOUR])  # without a name that cannot be used, or is another's here, they are asked for one


_KEPT = {"secret": _SECRET, "name": _NAME, "colour": _COLOUR, "teacher": _TEACHER}


# What they may do.


def allowed(action: Action, *runs: str) -> Answer:
    """Whether the visitor may do this. runs: the run or runs that it is about. If not, the answer says why."""
    if problem := serving_problem():
        return Answer(False, problem)
    if serving().mode == "personal":  # in which no run is opened to see whose it is
        return may(serving(), visitor(), action)
    return allowed_with(action, [owner_of(run_id) for run_id in runs])


def allowed_with(action: Action, owners: Sequence[Person | None]) -> Answer:
    """The same for runs of these owners."""
    answers = [may(serving(), visitor(), action, owner) for owner in owners or (None,)]
    return next((answer for answer in answers if not answer), answers[0])


def refused(action: Action, *runs: str, then: Callable[[], None] | None = None) -> bool:
    """Whether the visitor may not do this; then says so. To be called where something is done, whatever the page has shown: a browser can
    send anything. then: does it once they have said who they are, if it was only that. It has to ask here again."""
    answer = allowed(action, *runs)
    if not answer:
        say_no(answer, then)
    return not answer


def said(answer: Answer) -> Answer:
    """The answer. If it is no, it is shown."""
    if not answer:
        say_no(answer)
    return answer


def say_no(answer: Answer, then: Callable[[], None] | None = None) -> None:
    """Show why something is not done, or ask for the name if only that is missing. Asking draws the whole page anew, because what was
    pressed may be in a fragment, and the question is outside of it."""
    if answer.needs_name and not has_login():
        st.session_state.update({ASK: True, THEN: then})
        st.rerun()
    st.toast(answer.why, icon=":material/block:", duration="long")


def shuts(action: Action, *runs: str, help: str | None = None, disabled: bool = False) -> dict[str, Any]:
    """The arguments `help` and `disabled` of a button. It is disabled and says why if the visitor may not do this, unless they have only
    to say who they are."""
    answer = allowed(action, *runs)
    return {"help": help, "disabled": disabled} if answer or answer.needs_name else {"help": answer.why, "disabled": True}


def looks_on() -> bool:
    """Whether the visitor came by a link without controls, or may start nothing here, so that there is no use in showing any."""
    return visitor().only_looks or serving().mode == "read only"


def note_who(run_id: str, what: str, **details: Any) -> None:
    """Write into a run's ledger that the visitor did something to it from outside, on a server that several people use."""
    from pages.shared.server import run_manager
    from wgan_core.runs.messages import By, Note
    from wgan_core.store.folder import RunFolder, StoreError, run_path

    if not (name := my_name()):
        return
    run = run_manager().get(run_id)
    if run is not None and run.snapshot.status in ("running", "paused"):
        run.send(By(name, Note(what, details)))  # only the run's own thread writes while it trains
        return
    with contextlib.suppress(StoreError, OSError):
        folder = RunFolder.open(run_path(run_manager().root, run_id))
        if not folder.is_held():
            folder.append_ledger(max(folder.steps(), default=0), what, **details, by=name)


def of_others(*runs: str) -> list[str]:
    """The names of the people to whom these runs belong, other than the visitor. Then it is asked first."""
    person = me()
    if person is None:
        return []
    owners = [owner for run_id in runs if (owner := owner_of(run_id)) is not None and owner.id != person.id]
    return sorted({owner.name for owner in owners}, key=str.casefold)


def asks_first(run_id: str) -> bool:
    """Whether this run is another's, and the visitor has not said yet that they want to steer it all the same."""
    return bool(of_others(run_id)) and run_id not in st.session_state.get(_AGREED, ())


def agree(run_id: str) -> None:
    """The visitor wants to steer another's run."""
    st.session_state[_AGREED] = {*st.session_state.get(_AGREED, ()), run_id}


def owner_of(run_id: str) -> Person | None:
    """Who started a run, from this process or its folder; None if that is not known."""
    from pages.shared.server import run_manager
    from wgan_core.store.folder import StoreError, run_path

    run = run_manager().get(run_id)
    if run is not None and (run.owner is not None or not run.snapshot.ended):
        return run.owner
    try:
        return owner_at(run_path(run_manager().root, run_id))
    except StoreError:
        return None


def owner_at(path: Path) -> Person | None:
    """The owner in a run folder, also in one that is damaged otherwise."""
    from wgan_core.store.files import read_json
    from wgan_core.store.layout import MAX_BYTES

    try:
        meta = read_json(path / "config.json", MAX_BYTES["config.json"])
    except (OSError, ValueError):
        return None
    return person_in(cast("dict[str, Any]", meta).get("owner")) if isinstance(meta, dict) else None
