"""The generator in the browser: it draws the same images as PyTorch, follows each drag, and sends the latent to the server afterwards."""

from __future__ import annotations

import queue
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pages.parts.explore.latent_state import plane_name
from tests.waiting import until
from wgan_core.config import TrainConfig
from wgan_core.data import toy
from wgan_core.latent import directions
from wgan_core.latent.place import from_params
from wgan_core.latent.saved import SavedNetworks, newest_readable
from wgan_core.latent.seeds import fixed_latents
from wgan_core.latent.vectors import Latents
from wgan_core.runs.launch import new_loop
from wgan_core.store.folder import RunFolder

PROJECT = Path(__file__).parents[2]
SIDE = 32


def shipped(name: str) -> SavedNetworks:
    return newest_readable(RunFolder.open(PROJECT / "checkpoints" / name))


@pytest.fixture(scope="module")
def dcgan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder of a small DCGAN, a few steps old."""
    path = tmp_path_factory.mktemp("runs") / "small-dcgan"
    changes = {"architecture": "dcgan", "image_size": SIDE, "dcgan_width": 8, "latent_dim": 10, "batchnorm_eps": 1e-5, "batch_size": 16}
    config = TrainConfig(n_critic=1, max_steps=4, instruments_budget=0, generator_lr=1e-3, device="cpu", threads=1).replace(**changes)
    loop = new_loop(config, path, queue.SimpleQueue())
    while loop.tick():
        pass
    return path


@pytest.fixture(scope="module")
def url(streamlit_server: Callable[..., str]) -> str:
    """A server with the runs that the project ships."""
    return streamlit_server(WGAN_RUNS_ROOT=str(PROJECT / "checkpoints"))


def painted(page: Any) -> np.ndarray:
    """What the browser has drawn, uint8 [h, w]."""
    page.locator(".explorer[data-drawn]").wait_for()
    numbers = page.locator(".explorer .image").evaluate(
        "c => [c.height, c.width, ...c.getContext('2d').getImageData(0, 0, c.width, c.height).data.filter((_, i) => i % 4 === 0)]"
    )
    return np.array(numbers[2:], np.uint8).reshape(numbers[0], numbers[1])


def link(page: Any) -> dict[str, str]:
    return page.evaluate("Object.fromEntries(new URLSearchParams(location.search))")


def named(page: Any, dimensions: int) -> Latents:
    """The latent that the page's address names."""
    return latent_of(page, int(link(page)["seed"]), dimensions)


def latent_of(page: Any, seed: int, dimensions: int) -> Latents:
    """The latent of another seed, moved as the page's address says."""
    place, problems = from_params(link(page), dimensions)
    assert not problems
    return place.latent(fixed_latents(seed, 1, dimensions)[0].numpy(), plane_name(seed))


def farthest(page: Any, networks: SavedNetworks) -> int:
    """By how many of 256 levels the browser's image differs from PyTorch's, at the worst pixel."""
    wanted = networks.pixels(named(page, networks.latent_dim)[None])[0, :, :, 0]
    return int(np.abs(painted(page).astype(int) - wanted).max())


def drag(page: Any, name: str, by: float) -> None:
    """Drag the thumb of a slider by this share of its width."""
    box = page.get_by_role("slider", name=name, exact=True).bounding_box()
    thumb = page.get_by_role("slider", name=name, exact=True).locator(".thumb").bounding_box()
    x, y = thumb["x"] + thumb["width"] / 2, thumb["y"] + thumb["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by * box["width"], y, steps=12)


def test_the_picture_follows_the_finger_and_is_pytorchs(url: str, browser_page: Any) -> None:
    page, networks = browser_page, shipped("walkthrough-fashion-mnist")
    received: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: received.append(len(data))))
    page.goto(f"{url}/explore?run=walkthrough-fashion-mnist&seed=3")
    first = painted(page)
    assert max(received) > 1_000_000  # the weights, once
    received.clear()
    page.wait_for_url(re.compile("step="))
    assert farthest(page, networks) <= 1
    # A slider: the picture moves while the finger is down, and the server hears of it at the end.
    drag(page, "z1", 0.3)
    held = painted(page)
    assert not np.array_equal(held, first) and "z" not in link(page)
    page.mouse.up()
    page.wait_for_url(re.compile(r"[?&]z=1"))
    page.get_by_text("Moved: z1.").wait_for()
    assert farthest(page, networks) <= 1
    # The pad, then truncation by the keyboard.
    pad = page.locator(".explorer .pad").bounding_box()
    page.mouse.move(pad["x"] + 100, pad["y"] + 100)
    page.mouse.down()
    page.mouse.move(pad["x"] - 37, pad["y"] + 171, steps=15)
    page.mouse.up()
    page.wait_for_url(re.compile("xy="))
    assert farthest(page, networks) <= 1
    # The image itself is a handle too.
    image, place = page.locator(".explorer .image").bounding_box(), link(page)["xy"]
    page.mouse.move(image["x"] + 200, image["y"] + 200)
    page.mouse.down()
    page.mouse.move(image["x"] + 120, image["y"] + 160, steps=8)
    page.mouse.up()
    page.wait_for_function("place => new URLSearchParams(location.search).get('xy') !== place", arg=place)
    assert farthest(page, networks) <= 1
    page.get_by_role("slider", name="Truncation ψ").press("ArrowLeft")
    page.wait_for_url(re.compile("psi=0.9"))
    assert farthest(page, networks) <= 1
    assert max(received) < 200_000, "the weights were sent again"
    # A link is the whole state; undo goes back step by step.
    moved, address = painted(page), page.url
    page.goto("about:blank")
    page.goto(address)
    assert np.array_equal(painted(page), moved)
    page.locator(".explorer .home").click()
    page.wait_for_function("() => !location.search.includes('xy=')")
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url(re.compile("xy="))
    until(lambda: np.array_equal(painted(page), moved))


def test_a_page_of_seeds_to_click_on(url: str, browser_page: Any) -> None:
    page, networks = browser_page, shipped("walkthrough-mnist")
    page.goto(f"{url}/explore?run=walkthrough-mnist&seed=10&at=0.5,0.25")
    painted(page)
    page.locator(".explorer .view").select_option("64")
    until(lambda: painted(page).shape == (8 * 33 - 1, 8 * 33 - 1))
    sheet = painted(page)
    page.wait_for_url(re.compile("show=64"))
    page.reload()
    assert np.array_equal(painted(page), sheet)
    box = page.locator(".explorer .image").bounding_box()
    page.mouse.click(box["x"] + 2.5 / 8 * box["width"], box["y"] + 1.5 / 8 * box["height"])  # second row, third column: the tenth
    page.wait_for_url(re.compile("seed=20"))
    until(lambda: painted(page).shape == (32, 32))
    page.locator(".explorer .image[aria-label*='seed 20']").wait_for()
    assert link(page)["xy"] == "0.5,0.25" and farthest(page, networks) <= 1
    assert np.array_equal(painted(page), sheet[33:65, 66:98]) and "show" not in link(page)
    # The first one is the seed's own: it stays, and is shown alone.
    page.locator(".explorer .view").select_option("64")
    page.wait_for_url(re.compile("show=64"))
    page.mouse.click(box["x"] + 0.5 / 8 * box["width"], box["y"] + 0.5 / 8 * box["height"])
    page.wait_for_function("() => !location.search.includes('show=')")
    assert painted(page).shape == (32, 32) and link(page)["seed"] == "20"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_of_many_images_the_current_one_has_a_frame(url: str, open_page: Callable[..., Any], scheme: str) -> None:
    page = open_page(color_scheme=scheme)
    page.goto(f"{url}/explore?run=walkthrough-mnist")
    painted(page)
    frame, words = page.locator(".explorer .frame"), page.get_by_text("The framed image is the current one")
    words.wait_for()
    sheet, box = page.locator(".explorer .image").bounding_box(), frame.bounding_box()
    assert [box[side] for side in ("x", "y", "width", "height")] == pytest.approx(
        [sheet["x"], sheet["y"], *[32 / 263 * sheet[side] for side in ("width", "height")]], abs=0.5
    )
    assert frame.evaluate("frame => getComputedStyle(frame).outlineWidth") == "2px"
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)  # it lets the click through
    words.wait_for(state="hidden")
    assert frame.is_hidden()


def test_convolutions_too(streamlit_server: Callable[..., str], browser_page: Any, dcgan: Path) -> None:
    page, networks = browser_page, newest_readable(RunFolder.open(dcgan))
    page.goto(f"{streamlit_server(WGAN_RUNS_ROOT=str(dcgan.parent))}/explore?run=small-dcgan&seed=0&at=0.3,0.6")
    assert painted(page).shape == (SIDE, SIDE)
    page.wait_for_url(re.compile("step="))
    assert farthest(page, networks) <= 1


def test_points_too(streamlit_server: Callable[..., str], browser_page: Any, tmp_path: Path) -> None:
    path = tmp_path / "rings"
    config = TrainConfig(dataset="ring", latent_dim=2, generator_norm="none", generator_widths=(16,), critic_widths=(16,), n_critic=1)
    loop = new_loop(config.replace(max_steps=4, instruments_budget=0, device="cpu", threads=1), path, queue.SimpleQueue())
    while loop.tick():
        pass
    page, networks = browser_page, newest_readable(RunFolder.open(path))
    page.goto(f"{streamlit_server(WGAN_RUNS_ROOT=str(tmp_path))}/explore?run=rings&at=0.3,0.6")
    page.locator(".explorer[data-drawn]").wait_for()
    page.wait_for_url(re.compile("step="))

    def drawn() -> list[float]:
        label = page.locator(".explorer .image").get_attribute("aria-label")
        return [float(number) for number in label.split(": (")[1].rstrip(")").split(",")]

    assert drawn() == pytest.approx(networks.samples(named(page, 2)[None])[0].tolist(), abs=6e-4)
    before = drawn()
    page.get_by_role("slider", name="z1", exact=True).press("ArrowRight")
    page.wait_for_url(re.compile("z=1"))
    assert drawn() == pytest.approx(networks.samples(named(page, 2)[None])[0].tolist(), abs=6e-4) and drawn() != before
    here = tuple(networks.samples(named(page, 2)[None])[0] / 2 / toy.view_limit("ring"))
    box = page.locator(".explorer .image").bounding_box()
    ratio = page.locator(".explorer .image").evaluate("c => c.width") / box["width"]
    x, y = ((0.5 + here[0]) * box["width"], (0.5 - here[1]) * box["height"])
    colour = page.locator(".explorer .image").evaluate(
        "(c, [x, y]) => [...c.getContext('2d').getImageData(x, y, 1, 1).data]", [int(x * ratio), int(y * ratio)]
    )
    assert colour == [0x3B, 0x82, 0xD6, 255]  # the dot is where its numbers say, with y upwards
    # Of 64 the nearest to a click is chosen.
    page.locator(".explorer .view").select_option("64")
    page.wait_for_url(re.compile("show=64"))
    latents = [networks.samples(latent_of(page, seed, 2)[None])[0] for seed in range(64)]
    farthest_out = int(np.argmax([abs(point[0]) for point in latents[1:]])) + 1
    x, y = ((0.5 + latents[farthest_out] / 2 / toy.view_limit("ring") * (1, -1)) * box["width"]).tolist()
    page.mouse.click(box["x"] + x, box["y"] + y)
    page.wait_for_url(re.compile(f"seed={farthest_out}(&|$)"))


def test_fields_and_sliders_say_what_holds(streamlit_server: Callable[..., str], browser_page: Any, dcgan: Path) -> None:
    page, folder = browser_page, RunFolder.open(dcgan)
    networks = newest_readable(folder)
    way = np.eye(10, dtype=np.float32)[2]
    directions.save_direction(folder, directions.Direction("constructor", way, 2.0, "by hand"))
    page.goto(f"{streamlit_server(WGAN_RUNS_ROOT=str(dcgan.parent))}/explore?run=small-dcgan&d=constructor:1&psi=0.5")
    page.get_by_role("slider", name="constructor", exact=True).wait_for()
    page.wait_for_url(re.compile("step="))
    z = fixed_latents(0, 1, 10)[0].numpy()
    # A slider of a dimension shows what it sets, before directions and truncation.
    slider = page.get_by_role("slider", name="z3", exact=True)
    assert float(slider.get_attribute("aria-valuenow")) == pytest.approx(float(z[2]), abs=1e-3)
    found = {"constructor": directions.saved_directions(folder)[0]}

    def off() -> int:
        place, _ = from_params(link(page), 10)
        wanted = networks.pixels(place.latent(z, plane_name(0), found)[None])[0, :, :, 0]
        return int(np.abs(painted(page).astype(int) - wanted).max())

    assert off() <= 1
    # A field shows what was taken of what was typed, and keys pressed in it are not the page's.
    field = page.get_by_role("spinbutton", name="z3", exact=True)
    field.fill("9")
    field.press("Enter")
    page.wait_for_url(re.compile("z=3"))
    assert field.input_value() == "4.00" and off() <= 1
    field.press("Control+z")
    field.press("n")
    page.wait_for_timeout(1000)
    assert link(page)["z"] == "3:4" and link(page)["seed"] == "0"
    page.locator(".explorer .image").press("ArrowRight")  # the image moves as the plane does
    page.wait_for_url(re.compile("xy=0.1"))
    assert off() <= 1


def test_what_goes_wrong_is_said_over_the_picture(url: str, browser_page: Any) -> None:
    page = browser_page
    page.route("**/tf-core.min.js", lambda route: route.abort())
    page.goto(f"{url}/explore?run=walkthrough-mnist")
    page.get_by_text("The generator cannot run in this browser").wait_for()
    page.get_by_role("radio", name="on the server").click()
    page.locator("img[alt^='Image generated from']").wait_for()


def test_directions_and_truncation_are_pytorchs_too(url: str, browser_page: Any) -> None:
    page, networks = browser_page, shipped("walkthrough-fashion-mnist")
    page.goto(f"{url}/explore?run=walkthrough-fashion-mnist&seed=3&at=0.5,0.5&psi=0.8&d=images 1:2,random 2:-1")
    painted(page)
    page.wait_for_url(re.compile("step="))
    place, _ = from_params(link(page), 100)
    known = {one.name: one for one in (*directions.of_images(networks), directions.random_direction(100, 2))}
    z = place.latent(fixed_latents(3, 1, 100)[0].numpy(), plane_name(3), known)
    page.get_by_role("slider", name="images 1").wait_for()
    wanted = networks.pixels(z[None])[0, :, :, 0]
    until(lambda: np.abs(painted(page).astype(int) - wanted).max() <= 1)


def test_a_drawing_finds_its_latent(url: str, browser_page: Any) -> None:
    page = browser_page
    page.goto(f"{url}/explore?run=walkthrough-mnist&view=image")
    before = painted(page)
    page.locator(".sketch canvas").scroll_into_view_if_needed()
    box = page.locator(".sketch canvas").bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.25 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.75 * box["height"], steps=10)
    page.mouse.up()
    page.get_by_role("button", name="Find this drawing").click()
    page.get_by_text("Step 200 of 200").wait_for(timeout=60_000)
    error = float(re.findall(r"error ([\d.]+)", page.get_by_text("Step 200 of 200").inner_text())[0])
    assert error < 0.3  # a one is easy to make; an image of nothing would be off by more than 0.5
    page.get_by_role("button", name="Explore from here").click()
    page.wait_for_url(re.compile("latent="))
    page.locator(".explorer .image[aria-label*='your own latent']").wait_for()
    assert not np.array_equal(painted(page), before)
    drawn = painted(page)
    assert drawn[8:24, 15:17].mean() > 150 and drawn[:, :6].mean() < 20
