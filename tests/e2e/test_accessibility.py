"""What people with a screen reader, a keyboard or little contrast meet: every page is checked by axe-core, in light and dark."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import until

PROJECT = Path(__file__).parents[2]
AXE = PROJECT / "node_modules" / "axe-core" / "axe.min.js"
PAGES = {
    "Home": "",
    "Learn": "learn",
    "a lesson": "learn?lesson=noise",
    "the code": "learn?lesson=code",
    "Train, set-up": "train",
    "Train, a run": "train?run=walkthrough-mnist",
    "Train, a step of the past": "train?run=walkthrough-mnist&at=6400",
    "Runs": "runs",
    "Compare": "compare?runs=walkthrough-mnist,walkthrough-fashion-mnist",
    "Laboratory": "lab",
    "Explore": "explore?run=walkthrough-mnist",
    "Paper results": "paper",
    "Glossary": "glossary",
}
STREAMLITS_OWN: dict[tuple[str, str], str] = {}
"""What axe-core finds in Streamlit's own markup, which this project cannot change, by rule and selector; and the reason."""

# Problems as (rule, selectors of the element, from the document inwards, and why), without Streamlit's own.
FIND = """async own => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, help, nodes }) => nodes.map((node) => ({ id, help, target: node.target.flat(), node })))
    .filter(({ id, target }) => !own.some(([rule, selector]) => rule === id && document.querySelector(target[0])?.matches(selector)))
    .map(({ id, help, target, node }) => [`${id}: ${help}`, target.join(" "), node.html.slice(0, 200), node.failureSummary].join("\\n  "));
}"""

# The focused element, also in a component's own tree, and its ring.
TRIES = 8
FOCUSED = """() => {
  let element = document.activeElement;
  while (element.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
  const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(element);
  return [element.outerHTML.slice(0, 300), outlineStyle, outlineWidth, outlineColor];
}"""


@pytest.fixture(scope="module")
def url(streamlit_server: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> str:
    """A server with copies of the runs that come with the project."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci")
    runs = tmp_path_factory.mktemp("runs")
    for name in ("walkthrough-mnist", "walkthrough-fashion-mnist"):
        shutil.copytree(PROJECT / "checkpoints" / name, runs / name)
    return streamlit_server(WGAN_RUNS_ROOT=str(runs))


def settled(page: Any, address: str) -> None:
    """Open a page and wait until its script has ended and everything that it sent is drawn."""
    page.goto(address)
    page.locator("h1").first.wait_for()
    page.wait_for_function("() => !document.querySelector('[data-testid=stStatusWidget], [data-stale=true], .stSkeleton')")
    page.wait_for_timeout(500)  # charts and pictures appear one after the other


def problems(page: Any) -> list[str]:
    """What axe-core calls serious or critical on the page, and still does some seconds later: a part that is just being drawn may not have
    its name yet, and Streamlit greys what it draws anew."""
    page.add_script_tag(path=str(AXE))
    found: list[str] = []
    for _ in range(TRIES):
        if not (found := page.evaluate(FIND, [list(key) for key in STREAMLITS_OWN])):
            break
        page.wait_for_timeout(1000)
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_serious(url: str, open_page: Callable[..., Any], name: str, scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    settled(page, f"{url}/{PAGES[name]}")
    assert problems(page) == []
    # One heading says what the page is, the tab says it too, and no Markdown is read aloud.
    assert page.locator("h1").count() == 1
    assert page.title().endswith("WGAN Playground") and (name == "Home" or " · " in page.title())
    assert not re.search(r"-badge\[|:material/", page.locator("body").aria_snapshot())


def test_a_run_while_it_trains(url: str, open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.goto(url)
    page.get_by_role("button", name="Quick start").click()
    page.wait_for_url(re.compile(r"/train\?run="))
    page.get_by_role("button", name="Pause").wait_for()
    page.wait_for_timeout(3000)
    assert problems(page) == []
    page.get_by_role("button", name="Pause").click()


def test_axe_core_finds_what_is_wrong(url: str, open_page: Callable[..., Any]) -> None:
    """The check itself: a button without a name and a text that nobody can read are found, also in a component's own tree."""
    page = open_page()
    settled(page, f"{url}/lab")
    page.locator(".lab").first.wait_for()
    page.evaluate("""() => {
      const main = document.querySelector('[data-testid=stMainBlockContainer]');
      main.insertAdjacentHTML('beforeend', '<button></button>');
      main.querySelector('[data-testid=stCaptionContainer] p').style.color = '#ccc';
      const component = [...document.querySelectorAll('*')].find(each => each.shadowRoot?.querySelector('.lab')).shadowRoot;
      component.querySelector('.lab').insertAdjacentHTML('beforeend', '<button></button>');
    }""")
    found = [problem.split(":")[0] for problem in problems(page)]
    assert found.count("button-name") == 2 and "color-contrast" in found


def test_the_focused_element_can_be_seen(url: str, open_page: Callable[..., Any]) -> None:
    """Its ring has a contrast of at least 3 to the page."""
    for scheme, ground in (("light", (255, 255, 255)), ("dark", (15, 20, 27))):
        page = open_page(color_scheme=scheme)
        settled(page, f"{url}/lab")
        page.keyboard.press("Tab")
        for _ in range(20):
            page.keyboard.press("Tab")
            # A page that is being drawn may not have its styles yet.
            until(lambda page=page: page.evaluate(FOCUSED)[1:3] == ["solid", "2px"], lambda page=page: page.evaluate(FOCUSED))
            name, *_, colour = page.evaluate(FOCUSED)
            assert contrast(tuple(int(part) for part in re.findall(r"\d+", colour)[:3]), ground) >= 3, (scheme, name, colour)


def contrast(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    """The contrast ratio of two sRGB colours, from 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: tuple[int, ...]) -> float:
    parts = [part / 255 for part in colour]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
