"""Text from links, notes and run folders is shown as text: no picture is fetched, no link made, no HTML or formula drawn."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block

from pages.shared.text import as_plain, inert
from tests.app_page import page
from tests.project import PROJECT
from tests.waiting import trained
from wgan_core.config import TrainConfig
from wgan_core.library.labels import change_labels
from wgan_core.runs.manager import RunManager

HOSTILE = "![p](http://evil.test/p.png) [l](http://evil.test) <img src=http://evil.test/i> $x$ :red[z] :material/home: http://evil.test/a"
ACTIVE = {
    "a link or a picture": re.compile(r"(?<!\\)\[[^\]]*\]\(http://evil"),
    "HTML": re.compile(r"(?<!\\)<img"),
    "a formula": re.compile(r"(?<!\\)\$x(?<!\\)\$"),
    "a colour": re.compile(r"(?<!\\):red(?<!\\)\["),
    "an icon": re.compile(r"(?<!\\):material/home(?<!\\):"),
}
_AS_MARKDOWN = ("markdown", "caption", "error", "warning", "info", "success", "title", "header", "subheader")


def rendered(test: AppTest) -> Iterator[str]:
    """Everything that the page gives to the browser as Markdown or HTML."""
    nodes: list[Any] = [test.main]
    while nodes:
        for node in nodes.pop().children.values():
            if isinstance(node, Block):
                nodes.append(node)
            elif node.type in _AS_MARKDOWN:
                yield str(node.value)
            for name in ("label", "help"):
                yield str(getattr(node, name, "") or "")


def check(test: AppTest) -> None:
    for text in rendered(test):
        for what, pattern in ACTIVE.items():
            assert not pattern.search(text), f"{what}: {text}"


@pytest.mark.parametrize("escape", [inert, as_plain])
def test_nothing_active_is_left(escape: Any) -> None:
    said = escape(f"{HOSTILE}\n\n# big")
    assert escape is inert or "http://" not in said  # an address may become a link where a sentence of this program may hold one
    assert "\n" not in said and not [what for what, pattern in ACTIVE.items() if pattern.search(said)]


def test_an_ordinary_sentence_stays_as_it_is() -> None:
    for sentence in ("Clip value c must be from 0.0001 to 1: write 0.01.", "3 of 5 (60 %) – “quoted” it's: fine.", "**bold** and `code`"):
        assert inert(sentence) == sentence
    assert inert("# a") == "\\# a" and inert("x\\[y") == "x\\\\\\[y"


OF_PAGES = {
    "train": ("run", "preset", "dataset", "data_root", "clip_value", "branch"),
    "runs": ("filter", "sort"),
    "compare": ("runs",),
    "lab": ("experiment", "drawn", "data_root"),
    "explore": ("run", "directions"),
    "learn": ("lesson",),
}
"""What each page reads alone; with a wrong run it may not come to the others."""


@pytest.mark.parametrize("name", ["home", "learn", "train", "runs", "compare", "lab", "explore", "paper", "glossary"])
def test_a_hostile_link_to_every_page(manager: RunManager, name: str) -> None:
    names = (
        "run preset dataset data_root clip_value branch at step filter sort view measure runs axis curves experiment drawn second lesson "
        "seed directions z latent path controls page compare"
    )
    check(page(name, **dict.fromkeys(names.split(), HOSTILE)))
    for parameter in OF_PAGES.get(name, ()):
        check(page(name, **{parameter: HOSTILE}))


def hostile_readings() -> list[dict[str, Any]]:
    """The last reading of each kind of a run that comes with the project, with hostile text in place of every text."""

    def hostile(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: hostile(part) for name, part in value.items()}
        return [hostile(part) for part in value] if isinstance(value, list) else HOSTILE if isinstance(value, str) else value

    lines = (PROJECT / "checkpoints" / "walkthrough-mnist" / "health.jsonl").read_text().splitlines()
    found = {one["key"]: one for one in map(json.loads, lines) if one["key"] != "advice"}
    found["classes"]["details"]["total"] = HOSTILE
    found["critic-health"]["details"]["bounds"]["spectral"] = {"value": None, "reason": HOSTILE}
    details = {"updates": [0, HOSTILE], "estimates": [0.1, 0.2], "slopes": [1.0, 1.0], "before": 0.1, "after": 0.2}
    found["critic-lag"] = {"key": "critic-lag", "step": 60, "value": 0.5, "n": 64, "details": details}
    return [hostile(one) | {"key": key, "step": 60} for key, one in found.items()]


@pytest.mark.slow
def test_a_hostile_run_on_every_page(manager: RunManager, config: TrainConfig) -> None:
    run, other = trained(manager, config), trained(manager, config)
    folder = manager.root / run.run_id
    change_labels(folder, title=HOSTILE[:110], note=HOSTILE, add_tags=["![x](http://evil.test/t)"])
    meta = json.loads((folder / "config.json").read_text())
    meta["note"] = HOSTILE
    meta["dataset"] |= {"source": HOSTILE, "notes": [HOSTILE], "name": HOSTILE}
    (folder / "config.json").write_text(json.dumps(meta))
    entries = [{"step": 5, "what": "warning", "text": HOSTILE}, {"step": 6, "what": HOSTILE}]
    entries.append({"step": 60, "what": "status", "status": "failed", "error": HOSTILE})
    with (folder / "ledger.jsonl").open("a") as ledger:
        ledger.writelines(json.dumps(entry) + "\n" for entry in entries)
    advice = {"key": "x", "level": "warning", "text": HOSTILE, "setting": HOSTILE, "value": HOSTILE}
    with (folder / "health.jsonl").open("a") as health:
        health.write(json.dumps({"key": "advice", "step": 60, "value": None, "details": {"advice": [advice]}}) + "\n")
        health.writelines(json.dumps(one) + "\n" for one in hostile_readings())
    manager._runs.clear()
    check(page("home"))
    check(page("runs", {"runs.selected": [run.run_id]}))
    for tab in ("Training", "Diagnosis"):
        check(page("train", {"view.tab": tab, "view.instruments": True}, run=run.run_id))
    check(page("compare", runs=f"{run.run_id},{other.run_id}"))
    check(page("explore", run=run.run_id))
