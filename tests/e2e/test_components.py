"""The browser components keep what people did to them - zoom, legend, frame - while new data arrives several times a second."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from pages.components import plotly_asset
from pages.components.film import film
from pages.shared.frame import _STYLE as PAGE_STYLE

PROJECT = Path(__file__).parents[2]
SCRIPT = '''
import io
import numpy as np
import plotly.graph_objects as go
import streamlit as st
from PIL import Image
from pages.components.film import film
from pages.components.live_chart import live_chart
from pages.components.live_image import live_image

st.set_page_config(layout="wide")

def png(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()

def sheet():
    """Ten frames of 8x6 pixels, four in a row; frame i is grey of level 20 i."""
    pixels = np.zeros((18, 32), np.uint8)
    for frame in range(10):
        row, column = divmod(frame, 4)
        pixels[6 * row : 6 * row + 6, 8 * column : 8 * column + 8] = 20 * frame
    return png(pixels)

@st.fragment(run_every=0.3)
def live():
    count = st.session_state["count"] = st.session_state.get("count", 0) + 1
    x = np.arange(100 + 10 * count)
    figure = go.Figure()
    figure.add_scatter(x=x, y=np.sin(x / 9), name="first", mode="lines")
    figure.add_scatter(x=x, y=np.cos(x / 9), name="second", mode="lines")
    figure.update_layout(hovermode="x unified", margin={"l": 8, "r": 8, "t": 30, "b": 8})
    figure.update_layout(legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"})
    figure.update_xaxes(title="critic updates", automargin=True)
    live_chart(figure, key="moving", alt="Two waves")
    live_chart(go.Figure(go.Bar(y=[1, 3, 2])), key="still", alt="Three bars", height=200)
    noise = np.random.default_rng(count).integers(0, 256, (32, 32 + 16 * (count % 2)), dtype=np.uint8)
    live_image(png(noise), key="picture", alt="Noise", caption=f"picture {count}", width=192)

left, right = st.columns([2, 1])
with left:
    live()
with right:
    labels = [f"step {frame}" for frame in range(10)]
    film(sheet(), frame_count=10, columns=4, frame_width=8, frame_height=6, key="film", alt="Grey levels", labels=labels, cursor="grey")
    live_chart(go.Figure(go.Scatter(y=np.arange(10), mode="markers")), key="linked", alt="Ten points", height=200, cursor="grey")
    st.session_state["runs"] = st.session_state.get("runs", 0) + 1
    st.button("Run again")
    st.write(f"run {st.session_state['runs']}")
'''

CAPTION = "document.querySelector('.st-key-picture [data-testid=stBidiComponentIsolated]').shadowRoot.querySelector('figcaption')"
MOVING, STILL = '[aria-label="Two waves"]', '[aria-label="Three bars"]'
FRAME = "document.querySelector('.st-key-film [data-testid=stBidiComponentIsolated]').shadowRoot.querySelector('canvas')"
SHOWN_FRAME = f"{FRAME}.getContext('2d').getImageData(4, 3, 1, 1).data[0] / 20"


@pytest.fixture(scope="module")
def app(streamlit_server: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    script = tmp_path_factory.mktemp("components") / "script.py"
    script.write_text(SCRIPT)
    return streamlit_server(script)


TICK_COLOUR = f"(tick => tick && getComputedStyle(tick).fill)(document.querySelector('{STILL} .xtick text'))"


def themed(name: str) -> str:
    """The configured text colour of a theme, as browsers print it."""
    colour = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text())["theme"][name]["textColor"]
    return "rgb({}, {}, {})".format(*bytes.fromhex(colour[1:]))


def chart(page: Any, expression: str) -> Any:
    """Value of a JavaScript expression about `el`, the moving chart's element."""
    return page.evaluate(f"(() => {{ const el = document.querySelector('{MOVING}'); return {expression}; }})()")


def wait_for_chart(page: Any, condition: str) -> None:
    page.wait_for_function(f"(() => {{ const el = document.querySelector('{MOVING}'); return el?.calcdata && ({condition}); }})()")


def wait_for_updates(page: Any, updates: int = 5) -> None:
    """Each update draws ten more points."""
    points = chart(page, "el.calcdata[0].length")
    wait_for_chart(page, f"el.calcdata[0].length >= {points + 10 * updates}")


def zoom(page: Any, while_down: Callable[[], None] = lambda: None) -> list[float]:
    """Zoom in by dragging the mouse over the second quarter of the plot. Returns the new range of x."""
    box = page.locator(f"{MOVING} .nsewdrag").bounding_box()
    x, y = box["x"] + box["width"] / 4, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + box["width"] / 8, y)
    while_down()
    page.mouse.move(x + box["width"] / 4, y)
    page.mouse.up()
    wait_for_chart(page, "!el._fullLayout.xaxis.autorange")
    return chart(page, "el._fullLayout.xaxis.range")


def count_draws(page: Any) -> Any:
    """The chart whose figure never changes; from now on it counts how often it is drawn, as its property `draws`."""
    page.wait_for_selector(f"{STILL} .xtick")
    still = page.query_selector(STILL)
    still.evaluate("el => { el.draws = 0; el.on('plotly_afterplot', () => el.draws++); }")
    return still


def test_zoom_legend_and_hover_survive_updates(app: str, browser_page: Any) -> None:
    page = browser_page
    loads: list[str] = []
    page.on("request", lambda request: loads.append(request.url) if "plotly-" in request.url else None)
    page.goto(app)
    wait_for_chart(page, "el.calcdata.length === 2")
    still = count_draws(page)
    chart(page, "el.mark = 'mine'")

    page.locator(f"{MOVING} .legendtoggle").nth(1).click()
    wait_for_chart(page, "el._fullData[1].visible === 'legendonly'")
    drawn: list[int] = []

    def two_messages_pass() -> None:
        drawn.append(chart(page, "el.calcdata[0].length"))
        shown = f"Number({CAPTION}.textContent.split(' ')[1])"
        page.wait_for_function(f"{shown} >= {page.evaluate(shown) + 2}")
        drawn.append(chart(page, "el.calcdata[0].length"))

    zoomed = zoom(page, two_messages_pass)
    assert drawn[0] == drawn[1], "redrawn under the zoom box"
    assert [x / drawn[0] for x in zoomed] == pytest.approx([0.25, 0.5], abs=0.02)
    page.locator(f"{MOVING} .nsewdrag").hover()
    wait_for_updates(page)
    assert chart(page, "el.mark") == "mine"
    assert chart(page, "el._fullLayout.xaxis.range") == zoomed
    assert chart(page, "el._fullData.map((trace) => trace.visible)") == [True, "legendonly"]
    assert chart(page, "el.querySelectorAll('.hoverlayer .legend').length") == 1
    assert len(loads) == 1
    assert still.evaluate("el => el.draws") == 0, "an unchanged figure was drawn again"

    page.locator(f'{MOVING} [data-title="Reset axes"]').click()
    wait_for_chart(page, "el._fullLayout.xaxis.autorange")
    wait_for_updates(page, 2)
    assert chart(page, "el._fullLayout.xaxis.range[1] - el.calcdata[0].length") == pytest.approx(-1, abs=1)


def test_chart_follows_the_theme_and_keeps_its_zoom(app: str, open_page: Any) -> None:
    page = open_page(color_scheme="dark")
    page.goto(app)
    wait_for_chart(page, "el.calcdata.length === 2")
    still = count_draws(page)
    assert page.evaluate(TICK_COLOUR) == themed("dark")
    assert chart(page, "getComputedStyle(el.querySelector('.main-svg')).backgroundColor") == "rgba(0, 0, 0, 0)"
    zoomed = zoom(page)
    chart(page, "el.mark = 'mine'")
    page.emulate_media(color_scheme="light")
    page.wait_for_function(f"{TICK_COLOUR} === '{themed('light')}'")
    wait_for_updates(page, 2)
    assert still.evaluate("el => el.draws") == 1, "not once for the new theme"
    assert chart(page, "[el.mark, el._fullLayout.xaxis.range]") == ["mine", zoomed]


def test_messages_that_overtake_each_other_take_nothing_away(app: str, open_page: Any) -> None:
    """Streamlit ends the components' earlier calls then, as if they had left the page."""
    page = open_page(color_scheme="dark")
    page.goto(app)
    wait_for_chart(page, "el.calcdata.length === 2")
    zoomed = zoom(page)
    page.locator(".st-key-film").get_by_role("button", name="Pause").click()
    shown = page.evaluate(SHOWN_FRAME)
    for scheme in 5 * ["light", "dark"]:
        page.emulate_media(color_scheme=scheme)
    wait_for_updates(page, 2)
    assert chart(page, "el._fullLayout.xaxis.range") == zoomed
    assert page.evaluate(SHOWN_FRAME) == shown


def test_chart_says_when_plotly_does_not_load(app: str, browser_page: Any) -> None:
    page = browser_page
    page.route("**/app/static/vendor/*", lambda route: route.abort())
    page.goto(app)
    message = page.locator(".st-key-moving").get_by_role("alert")
    message.wait_for()
    assert "plotly.js could not be loaded from" in message.inner_text()
    page.unroute_all()
    wait_for_chart(page, "el.calcdata.length === 2")  # The next message tries again.
    assert message.is_hidden()


def test_image_element_stays_and_never_shows_a_gap(app: str, browser_page: Any) -> None:
    page = browser_page
    page.goto(app)
    image = page.get_by_role("img", name="Noise")
    image.wait_for()
    swaps = image.evaluate("""(img) => new Promise((resolve) => {
        const swaps = [];
        img.mark = "mine";
        new MutationObserver(() => {
            swaps.push({ src: img.src, painted: img.complete && img.naturalWidth > 0, width: img.getBoundingClientRect().width });
            if (swaps.length === 5) resolve(swaps);
        }).observe(img, { attributeFilter: ["src"] });
    })""")
    assert len({swap["src"] for swap in swaps}) == 5
    assert all(swap["painted"] for swap in swaps)
    assert {swap["width"] for swap in swaps} == {192}
    assert image.evaluate("(img) => [img.mark, getComputedStyle(img).imageRendering]") == ["mine", "pixelated"]
    ratios = image.evaluate("(img) => [img.naturalWidth / img.naturalHeight, img.clientWidth / img.clientHeight]")
    assert ratios[0] == pytest.approx(ratios[1])


def record_frames(page: Any, count: int) -> list[int]:
    """The next frames the film shows, read off its label."""
    return page.locator(".st-key-film .label").evaluate(
        """(label, count) => new Promise((resolve) => {
            const seen = [];
            const observer = new MutationObserver(() => {
                seen.push(Number(label.textContent.replace("step ", "")));
                if (seen.length === count) { observer.disconnect(); resolve(seen); }
            });
            observer.observe(label, { childList: true });
        })""",
        count,
    )


def test_film_plays_pauses_and_seeks_without_the_server(app: str, browser_page: Any) -> None:
    page = browser_page
    page.goto(app)
    film_box = page.locator(".st-key-film")
    film_box.get_by_role("button", name="Pause").wait_for()  # It plays by itself.
    page.wait_for_function(f"{SHOWN_FRAME} === 7")
    page.wait_for_function(f"{SHOWN_FRAME} === 2")  # And begins anew.

    film_box.get_by_role("button", name="Pause").click()
    film_box.get_by_role("slider").focus()
    for key, frame in (("End", 9), ("ArrowLeft", 8), ("Home", 0), ("ArrowLeft", 0), ("ArrowRight", 1)):
        page.keyboard.press(key)
        assert page.evaluate(SHOWN_FRAME) == frame, key
        assert film_box.get_by_text(f"step {frame}", exact=True).is_visible()
    assert page.get_by_text("run 1").is_visible()

    # Neither a new run of the script nor a new theme, which calls the component again, moves the film.
    page.evaluate(f"{FRAME}.mark = 'mine'")
    page.get_by_role("button", name="Run again").click()
    page.get_by_text("run 2").wait_for()
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"{TICK_COLOUR} === '{themed('dark')}'")
    assert page.evaluate(f"[{FRAME}.mark, {SHOWN_FRAME}]") == ["mine", 1]

    film_box.get_by_role("combobox", name="Speed").select_option("4")
    film_box.get_by_role("combobox", name="Repeat").select_option("bounce")
    page.evaluate(f"{FRAME}.focus()")
    page.keyboard.press(" ")
    frames = record_frames(page, 30)
    assert {abs(after - before) for before, after in pairwise(frames)} == {1}
    assert (min(frames), max(frames)) == (0, 9)


def test_film_stands_still_for_those_who_want_less_motion(app: str, open_page: Any) -> None:
    page = open_page(reduced_motion="reduce")
    page.goto(app)
    page.get_by_text("step 0").wait_for()
    assert page.locator(".st-key-film").get_by_role("button", name="Play").is_visible()


def test_chart_shows_where_the_film_is_and_a_click_moves_it(app: str, browser_page: Any) -> None:
    page = browser_page
    page.goto(app)
    page.locator(".st-key-film").get_by_role("button", name="Pause").click()
    chart = page.locator('[aria-label="Ten points"]')
    points, line = chart.locator(".points path"), chart.locator(".wgan-chart-cursor")
    line.wait_for()

    def middle(element: Any) -> float:
        box = element.bounding_box()
        return box["x"] + box["width"] / 2

    for key, frame in (("End", 9), ("Home", 0), ("ArrowRight", 1)):
        page.keyboard.press(key)
        assert middle(line) == pytest.approx(middle(points.nth(frame)), abs=1), key
    points.nth(6).scroll_into_view_if_needed()
    box = points.nth(6).bounding_box()
    page.mouse.move(middle(points.nth(6)) - 1, box["y"] + box["height"] / 2)
    chart.locator(".hovertext").wait_for()
    page.mouse.down()
    page.mouse.up()
    page.wait_for_function(f"{SHOWN_FRAME} === 6")
    assert middle(line) == pytest.approx(middle(points.nth(6)), abs=1)

    # The line follows a zoom, and hides when its place is out of sight.
    page.evaluate("""() => {
        const chart = document.querySelector('[aria-label="Ten points"]');
        return globalThis.Plotly.relayout(chart, { "xaxis.range": [5, 8] });
    }""")
    assert middle(line) == pytest.approx(middle(points.nth(6)), abs=1)
    page.locator(".st-key-film").get_by_role("slider").focus()
    page.keyboard.press("Home")
    assert line.is_hidden()


def test_film_refuses_labels_that_do_not_match() -> None:
    with pytest.raises(ValueError, match="A film of 4 frames needs 4 labels, not 2"):
        film(b"", frame_count=4, columns=2, frame_width=8, frame_height=8, key="film", alt="", labels=["a", "b"])


def test_plotly_is_copied_once_and_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plotly_asset.st, "get_option", lambda name: True)
    url = plotly_asset.plotly_url(tmp_path)
    (copied,) = (tmp_path / "vendor").iterdir()
    assert url == f"app/static/vendor/{copied.name}"
    assert b"plotly.js" in copied.read_bytes()[:100] and copied.stat().st_size > 1_000_000
    copied.write_text("kept")
    assert plotly_asset.plotly_url(tmp_path) == url and copied.read_text() == "kept"


def test_plotly_says_what_to_do_when_it_cannot_be_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "vendor").write_text("a file where the folder should be")
    monkeypatch.setattr(plotly_asset.st, "get_option", lambda name: True)
    with pytest.raises(plotly_asset.PlotlyAssetError, match=r"^Make the app's folder static/vendor writable"):
        plotly_asset.plotly_url(tmp_path)
    monkeypatch.setattr(plotly_asset.st, "get_option", lambda name: False)
    with pytest.raises(plotly_asset.PlotlyAssetError, match=r"enableStaticServing = true"):
        plotly_asset.plotly_url(tmp_path)


def test_chart_is_drawn_by_streamlit_when_plotly_cannot_be_served(monkeypatch: pytest.MonkeyPatch) -> None:
    def script() -> None:
        import plotly.graph_objects as go

        from pages.components.live_chart import live_chart

        live_chart(go.Figure(go.Bar(y=[1])), key="chart", alt="A bar")

    def refuse() -> str:
        raise plotly_asset.PlotlyAssetError("Make the folder writable.")

    monkeypatch.setattr("pages.components.live_chart.plotly_url", refuse)
    app = AppTest.from_function(script).run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 1
    assert app.caption[0].value.endswith("How to avoid that: Make the folder writable.")


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb" (WCAG 2.2)."""
    channels = [value / 255 for value in bytes.fromhex(colour[1:])]
    red, green, blue = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_theme_has_enough_contrast(name: str) -> None:
    theme = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text())["theme"][name]
    background, raised = theme["backgroundColor"], theme["secondaryBackgroundColor"]
    texts = [(theme[text], behind) for text in ("textColor", "linkColor", "codeTextColor") for behind in (background, raised)]
    ((on_light, on_dark),) = re.findall(r"--on-primary: light-dark\((#\w+), (#\w+)\)", PAGE_STYLE)
    texts.append((on_light if name == "light" else on_dark, theme["primaryColor"]))  # What a primary button says.
    assert [pair for pair in texts if contrast(*pair) < 4.5] == []
    graphics = [theme["primaryColor"], *theme["chartCategoricalColors"]]
    assert [colour for colour in graphics if contrast(colour, background) < 3] == []
