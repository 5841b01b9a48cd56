"""The line above a page of a server that several people use: who you are, or that it only shows; and the warning where there is none of
this although others can reach the server."""

from __future__ import annotations

import ipaddress

import streamlit as st

from pages.components.identity import identity
from pages.shared import people
from pages.shared.text import as_plain
from wgan_core.access.person import COLOURS, MAX_NAME

_PROBLEM, _KEY_PROBLEM, _OPEN = "people.problem", "people.key-problem", "people.open"
_COLOUR_NAMES = dict(zip(COLOURS, ("Blue", "Green", "Orange", "Violet", "Red", "Grey"), strict=True))
_STYLE = """<style>
    .st-key-person-bar { margin-bottom: -1rem; }
    .person-dot { display: inline-block; width: .8rem; height: .8rem; border-radius: 50%; }
</style>"""


def person_bar() -> bool:
    """Draw the line, above everything else. False if the page must not be shown, because the server's mode cannot be read."""
    if problem := people.serving_problem():
        st.error(as_plain(problem), icon=":material/settings_alert:")
        st.caption("Nothing is shown until whoever runs this server has corrected this and started it again.")
        return False
    serving, visitor = people.serving(), people.visitor()  # asked first, because pages write addresses of their own over “controls=off”
    if serving.mode == "personal":
        if is_open():
            _warn()
        return True
    if visitor.only_looks:
        return True
    if serving.mode == "read only":
        st.caption(":material/visibility: This server shows its runs. You can look at everything and explore, but not start anything.")
        return True
    if not people.has_login():
        identity(people.to_keep(), people.take_over)
    st.html(_STYLE)
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center", key="person-bar"):
        _who()
    return True


def go_on() -> None:
    """Do what somebody wanted to do before they had said who they are."""
    if people.me() is not None and (then := st.session_state.pop(people.THEN, None)) is not None:
        then()


def ask_if_needed() -> None:
    """Ask for a name if somebody has tried to do something that needs one: before the page if that was in a callback, and after it."""
    if st.session_state.pop(people.ASK, False) and people.me() is None and not people.has_login():
        _ask()


def is_open() -> bool:
    """Whether the server listens on an address that other machines can reach."""
    address = str(st.get_option("server.address") or "")
    if address.startswith("unix://") or address == "localhost":
        return False
    try:
        return not ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return True  # none given, which is every address; or a name, which is not that of this machine alone


def _warn() -> None:
    st.warning(
        "**Others can reach this server, and everybody who does can start, stop and delete runs and read its files.** If only you use it, "
        'start it with `--server.address 127.0.0.1`. If others should, write `mode = "class"` or `mode = "read only"` into '
        "`playground.toml` beside `app.py` and start it again; `docs/SERVING.md` says more.",
        icon=":material/lock_open:",
    )


def _who() -> None:
    person = people.me()
    if person is None and people.has_login():
        st.button("Log in", icon=":material/login:", on_click=st.login)
    elif person is None:
        st.button("Say who you are", icon=":material/person:", on_click=_want_to_say, type="tertiary")
    else:
        st.html(f"<span class='person-dot' style='background: {person.colour}'></span>", width="content")
        teacher = " (teacher)" if people.visitor().is_teacher else ""
        with st.popover(f"{as_plain(person.name)}{teacher}", type="tertiary", key=_OPEN, on_change="rerun") as box:
            if box.open:
                _about_me()


def _want_to_say() -> None:
    _forget_wish()
    st.session_state[people.ASK] = True


def _forget_wish() -> None:
    """Nobody wants anything any more that needs a name: what was begun is not done later, when it is no longer expected."""
    for key in (people.ASK, people.THEN, _PROBLEM):
        st.session_state.pop(key, None)


def _said() -> None:
    name, colour = st.session_state.get("people.form-name"), st.session_state.get("people.form-colour")
    if problem := people.call_me(str(name or ""), str(colour or COLOURS[0])):
        st.session_state[_PROBLEM] = problem
        st.session_state[people.ASK] = True


@st.dialog("Who are you?", on_dismiss=_forget_wish)
def _ask() -> None:
    st.markdown("The others see this name beside your runs. It is kept in this browser, which is how your runs are known to be yours.")
    if people.THEN in st.session_state:
        later = st.session_state[people.THEN] is not None
        st.markdown("What you have just begun goes on after that." if later else "After that, do once more what you have just tried.")
    if people.me() is not None:
        st.rerun()  # which closes the question
    _form("Go on")


def _form(label: str) -> None:
    person = people.me()
    with st.form("people.form", border=False):
        st.text_input("Name", person.name if person else "", max_chars=MAX_NAME, key="people.form-name")
        st.segmented_control(
            "Colour",
            COLOURS,
            default=person.colour if person and person.colour in COLOURS else COLOURS[0],
            required=True,
            format_func=_COLOUR_NAMES.__getitem__,
            key="people.form-colour",
        )
        st.form_submit_button(label, type="primary", icon=":material/check:", on_click=_said)
    if problem := st.session_state.pop(_PROBLEM, ""):
        st.error(as_plain(problem))


def _about_me() -> None:
    if people.has_login():
        st.button("Log out", icon=":material/logout:", on_click=st.logout)
        return
    _form("Change")
    if people.serving().teacher_key and not people.visitor().is_teacher:
        st.text_input("Teacher's key", type="password", key="people.key", on_change=_try_key, help="Whoever has it steers every run.")
        if problem := st.session_state.pop(_KEY_PROBLEM, ""):
            st.error(problem)
    st.button(
        "Forget me in this browser",
        icon=":material/person_off:",
        on_click=people.forget_me,
        help="For a computer that others use too. Your runs stay, but only the teacher can change them then.",
    )


def _try_key() -> None:
    st.session_state[_KEY_PROBLEM] = people.try_key(str(st.session_state.get("people.key", "")))
    st.session_state["people.key"] = ""
