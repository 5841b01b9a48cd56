"""Who may do what: every action as every role."""

from __future__ import annotations

import pytest

from wgan_core.access.permissions import NEEDS, Action, Visitor, may
from wgan_core.access.person import COLOURS, NameRefused, Person, checked_name, new_secret, person_in, person_of, same_name
from wgan_core.access.serving import Serving

ADA, BOB = person_of("secret a", "Ada", COLOURS[0]), person_of("secret b", "Bob", COLOURS[1])
ROLES: dict[str, tuple[Serving, Visitor, Person | None]] = {
    "personal": (Serving(), Visitor(), BOB),
    "class, unnamed": (Serving(mode="class"), Visitor(), ADA),
    "class, owner": (Serving(mode="class"), Visitor(ADA), ADA),
    "class, another": (Serving(mode="class"), Visitor(BOB), ADA),
    "class, nobody's run": (Serving(mode="class"), Visitor(BOB), None),
    "class, teacher": (Serving(mode="class"), Visitor(BOB, is_teacher=True), ADA),
    "class, looks on": (Serving(mode="class"), Visitor(ADA, is_teacher=True, only_looks=True), ADA),
    "read only": (Serving(mode="read only"), Visitor(ADA, is_teacher=True), ADA),
    "read only, still": (Serving(mode="read only", experiments=False), Visitor(), None),
}
# y: yes, -: no. One column for each of ROLES, in their order.
TABLE: dict[Action, str] = {
    "start": "y-yyyy---",
    "branch": "y-yyyy---",
    "download data": "y----y---",
    "upload": "y-yyyy---",
    "delete upload": "y-y--y---",
    "import": "y-yyyy---",
    "measure speed": "y-yyyy---",
    "experiment": "yyyyyy-y-",
    "film": "yyyyyy-y-",
    "search": "yyyyyy-y-",
    "paper": "yyyyyy-y-",
    "steer": "y-y--y---",
    "resume": "y-y--y---",
    "pin step": "y-y--y---",
    "label": "y-y--y---",
    "delete": "y-y--y---",
    "restore": "y-y--y---",
    "erase": "y-y--y---",
    "save direction": "y-y--y---",
    "export": "yyyyyyyyy",
    "name a path": "y--------",
}


def test_the_table_has_every_action() -> None:
    assert set(TABLE) == set(NEEDS)


@pytest.mark.parametrize("action", TABLE)
@pytest.mark.parametrize("role", ROLES)
def test_every_action_as_every_role(action: Action, role: str) -> None:
    serving, who, owner = ROLES[role]
    answer = may(serving, who, action, owner)
    assert bool(answer) == (TABLE[action][list(ROLES).index(role)] == "y")
    assert bool(answer.why) != answer.ok and (not answer.why or answer.why.endswith("."))


def test_who_owns_a_run_is_said_and_a_name_is_asked_for() -> None:
    assert "belongs to Ada: only Ada and the teacher" in may(Serving(mode="class"), Visitor(BOB), "steer", ADA).why
    assert may(Serving(mode="class"), Visitor(), "start").needs_name
    assert not may(Serving(mode="read only"), Visitor(), "start").needs_name


def test_the_same_name_is_not_the_same_person() -> None:
    impostor = person_of("another secret", "Ada", ADA.colour)
    assert impostor.id != ADA.id and not may(Serving(mode="class"), Visitor(impostor), "delete", ADA)
    assert same_name("Ada", "ＡDA") and not same_name("Ada", "Adam")


def test_a_person_goes_through_json_and_nothing_else_does() -> None:
    assert person_in(ADA.to_meta()) == ADA and "secret" not in str(ADA.to_meta())
    for wrong in (
        None,
        [],
        "Ada",
        {},
        ADA.to_meta() | {"id": "x"},
        ADA.to_meta() | {"name": ""},
        ADA.to_meta() | {"colour": "red;x"},
        {"id": 3},
    ):
        assert person_in(wrong) is None
    assert person_of("a", "Ada", "url(x)").colour == COLOURS[0]
    assert len({new_secret() for _ in range(100)}) == 100


@pytest.mark.parametrize("name", ["", "  ", "x" * 31, "a\u202eb", "a\x00b", "\u200b"])
def test_names_that_cannot_be_used(name: str) -> None:
    with pytest.raises(NameRefused):
        checked_name(name)


def test_blanks_in_a_name_are_taken_together() -> None:
    assert checked_name("  Ada \n Lovelace ") == "Ada Lovelace"
