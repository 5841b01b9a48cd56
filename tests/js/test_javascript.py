"""The JavaScript's own tests, run by Node; the numbers that they hold it against; what Python sends and JavaScript reads."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pages.components import film, lab_stage, live_chart, live_image, moment_picture, moment_points, timeline
from pages.parts.explore import latent_explorer
from pages.parts.lab import drawing_pad
from tests.js import python_numbers
from tests.js.node_runner import needs_node, node
from tests.project import PROJECT
from tests.small import SMALL_ON_POINTS
from wgan_core.lab.laboratory import Laboratory


@pytest.mark.slow
@needs_node
def test_javascript() -> None:
    node("--test", *map(str, sorted(Path(__file__).parent.glob("*.test.js"))))


def test_the_numbers_are_still_pythons() -> None:
    kept, now = json.loads(python_numbers.FILE.read_text(encoding="utf-8")), python_numbers.numbers()
    assert _differences(kept, now) == [], "python -m tests.js.python_numbers writes them anew"


def _differences(kept: Any, now: Any, where: str = "numbers") -> list[str]:
    """The places at which two JSON values differ by more than rounding."""
    if isinstance(kept, dict) and isinstance(now, dict) and kept.keys() == now.keys():
        return [each for key in kept for each in _differences(kept[key], now[key], f"{where}.{key}")]
    if isinstance(kept, list) and isinstance(now, list) and len(kept) == len(now):
        return [each for at, (old, new) in enumerate(zip(kept, now, strict=True)) for each in _differences(old, new, f"{where}[{at}]")]
    same = now == pytest.approx(kept, rel=1e-6, abs=1e-9) if isinstance(kept, float) else kept == now
    return [] if same else [f"{where}: {kept!r}, now {now!r}"]


# Headers.


NONE = np.empty((0, 2))
TRACK = timeline.Track(0, False, [], [], NONE[:, 0], NONE[:, 0], "", [])


def _documented(path: str, typedef: str) -> set[str]:
    """The properties that a JSDoc typedef of an object names."""
    text = (PROJECT / "pages" / path).read_text(encoding="utf-8")
    (block,) = [block for block in re.findall(r"/\*\*.*?\*/", text, re.DOTALL) if f"@typedef {{object}} {typedef}\n" in block]
    return set(re.findall(r"@property \{.*\} \[?(\w+)", block))


def _header(packed: bytes) -> set[str]:
    return set(json.loads(packed[4 : 4 + int.from_bytes(packed[:4], "little")])) - {"stamp"}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What components are given."""
    found: list[Any] = []

    def component(*, data: Any, **_: Any) -> SimpleNamespace:
        found.append(data)
        return SimpleNamespace(points=None)

    for module in (film, live_chart, live_image, moment_picture, moment_points, timeline, drawing_pad):
        monkeypatch.setattr(module, "_component", component)
    monkeypatch.setattr(live_chart, "plotly_url", lambda: "url")
    return found


def test_headers_of_films_charts_and_pictures_are_as_javascript_reads_them(sent: list[Any]) -> None:
    import plotly.graph_objects as go

    film.film(b"", frame_count=1, columns=1, frame_width=8, frame_height=8, key="film", alt="")
    live_chart.live_chart(go.Figure(), key="chart", alt="")
    live_image.live_image(b"", key="image", alt="")
    moment_picture.moment_picture((0, b""), {}, store="", cursor="", key="moments", alt="", caption="")
    moment_points.moment_points((0, NONE), NONE, {}, limit=1, store="", cursor="", key="points", alt="", caption="")
    timeline.timeline(TRACK, cursor="", at=None, key="timeline", on_move=print)
    drawing_pad.drawing_pad("", key="pad")
    *packed, pad = sent
    wanted = [("film", "FilmHeader"), ("live_chart", "ChartHeader"), ("live_image", "ImageHeader")]
    wanted += [("moment_view", "MomentsHeader"), ("moment_points", "OfPoints"), ("timeline", "TimelineHeader")]
    documented = [_documented(f"components/{name}.js", typedef) for name, typedef in wanted]
    documented[4] |= documented[3]
    assert [_header(each) for each in packed] == documented
    assert set(pad) == _documented("parts/lab/drawing_pad.js", "PadData")


def test_headers_of_the_laboratory_are_as_javascript_reads_them() -> None:
    lab = Laboratory((SMALL_ON_POINTS,))
    header, _ = lab_stage.message(lab, lab.frames(), [])
    (panel,) = header["panels"]
    for found, typedef in ((header, "LookHeader"), (panel, "PanelHeader"), (panel["weights"][0], "LayerHeader")):
        assert set(found) == _documented("components/look.js", typedef)


def test_headers_of_the_explorer_are_as_javascript_reads_them() -> None:
    source: Any = SimpleNamespace(latent_dim=3, step=1, told=None, networks=SimpleNamespace(makes_points=False))
    header, _ = latent_explorer.message(source, "weights", [0], [])
    assert set(header) == _documented("parts/explore/latent_explorer.js", "ExplorerHeader")
    assert set(header["state"]) == _documented("parts/explore/place.js", "Place")


# What npm is told.


def test_no_package_host_is_named_and_nothing_of_npm_ships() -> None:
    lock, package = ((PROJECT / name).read_text(encoding="utf-8") for name in ("package-lock.json", "package.json"))
    assert "http" not in lock + package
    assert "resolved" not in lock
    assert "dependencies" not in json.loads(package) and json.loads(package)["private"]
