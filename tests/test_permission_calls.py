"""Whatever changes something is done by the pages only in functions that ask first whether the visitor may."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.project import PROJECT

DOES = {
    "start_now", "send", "resume", "branch", "change_labels", "delete", "restore", "erase", "import_runs", "keep_upload", "keep_images",
    "delete_upload", "save_direction", "delete_direction", "try_speed", "pin", "unpin", "begin",
}  # fmt: skip
"""Called in a page, these change something on the server, or have it compute for long."""
STARTS = {"run_manager", "downloads", "paper_jobs"}
"""`.start` of these."""
ASKS = {"refused", "_refused", "said"}
EXEMPT = {
    ("pages/shared/people.py", "note_who"): "writes down what was allowed",
    ("pages/parts/lab/lab_setup.py", "_drawn"): "a drawing of at most some thousand points, made by the visitor in the laboratory",
}


def acting(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Functions and what they do, where they do it without asking."""
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
        names = {_name(call) for call in calls}
        if names & ASKS:
            continue
        for call in calls:
            if _name(call) in DOES or (_name(call) == "start" and _owner(call) in STARTS):
                yield function.name, _name(call)


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id if isinstance(call.func, ast.Name) else ""


def _owner(call: ast.Call) -> str:
    inner = call.func.value if isinstance(call.func, ast.Attribute) else None
    return _name(inner) if isinstance(inner, ast.Call) else ""


def test_nothing_is_done_without_asking() -> None:
    found = {
        (file.relative_to(PROJECT).as_posix(), function): what
        for file in (PROJECT / "pages").rglob("*.py")
        for function, what in acting(ast.parse(file.read_text(encoding="utf-8")))
    }
    assert {place: what for place, what in found.items() if place not in EXEMPT} == {}


def test_it_would_be_found() -> None:
    bad = (
        "def f():\n    run_manager().start(config)\ndef g():\n    if refused('x'): return\n    run.send(1)\ndef h(run):\n    run.send(2)\n"
    )
    assert list(acting(ast.parse(bad))) == [("f", "start"), ("h", "send")]
